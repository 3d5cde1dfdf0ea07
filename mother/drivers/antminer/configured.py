"""What an Antminer is set to, from its pages to values and back: pure and lenient.

`get_miner_conf` and `set_miner_conf` name two things differently: what is read as
`bitmain-work-mode` and `bitmain-freq-level` is written as `miner-mode` and `freq-level`, and
the newest firmware wants the mode by both names (asic-rs). What a write leaves out is lost.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mother.core.errors import Garbled, Unsupported
from mother.core.model import ConfiguredPool, Description, NetworkSettings, Settings
from mother.core.reading import DeviceFault
from mother.drivers.antminer.fields import MOST, SLEEP, mode_of, model_name, profile_of, text
from mother.drivers.antminer.models import model_of
from mother.drivers.cgminer import picks

MODES = {"normal": 0, "low-power": 3}
MOST_POOLS = 3

_MODE_KEYS = ("miner-mode", "bitmain-work-mode")
_OLD_MARKS = ("ant_hwv", "bmminer_version", "loadaverage")

Conf = Mapping[str, Any]


def mode_in(conf: Conf) -> int | None:
    """The work mode of `get_miner_conf`; None where it names none, as before the S19."""
    for key in reversed(_MODE_KEYS):
        if key in conf:
            return mode_of(conf[key])
    return None


def settings(conf: Conf) -> Settings:
    """`get_miner_conf`; passwords of pools are in it. Garbled without pools."""
    mode = mode_in(conf)
    return Settings(
        pools=pools_in(conf),
        profile=profile_of(mode) or None,
        asleep=None if mode is None else mode == SLEEP,
    )


def pools_in(conf: Conf) -> tuple[ConfiguredPool, ...]:
    """The slots that are in use, in order of priority."""
    return tuple(
        ConfiguredPool(text(slot.get("url")), text(slot.get("user")), text(slot.get("pass")))
        for slot in _slots(conf)
        if text(slot.get("url"))
    )


def _slots(conf: Conf) -> list[dict[str, Any]]:
    slots = conf.get("pools")
    if not isinstance(slots, list):
        raise Garbled("the configuration holds no pools")
    return [slot if isinstance(slot, dict) else {} for slot in slots[:MOST]]


def with_mode(conf: Conf, mode: int) -> dict[str, Any]:
    """The whole configuration to be written, with this mode."""
    whole = _whole(conf)
    for key in _MODE_KEYS:
        whole[key] = str(mode) if isinstance(conf.get(key), str) else mode
    return whole


def with_pools(conf: Conf, wanted: Sequence[ConfiguredPool]) -> dict[str, Any]:
    """The whole configuration to be written, with these pools.

    A slot that is not in use is emptied. A password that is not told stays what it is there.
    """
    whole = _whole(conf)
    slots = _slots(conf)
    known = {(pool.url, pool.user): pool.password for pool in pools_in(conf)}
    written = []
    for place in range(max(MOST_POOLS, len(slots))):
        slot = dict(slots[place]) if place < len(slots) else {}
        pool = wanted[place] if place < len(wanted) else ConfiguredPool("", "", "")
        password = pool.password
        if password is None:
            password = known.get((pool.url, pool.user)) or ""
        written.append({**slot, "url": pool.url, "user": pool.user, "pass": password})
    whole["pools"] = written
    return whole


def _whole(conf: Conf) -> dict[str, Any]:
    mode = mode_in(conf)
    if mode is None:
        raise Unsupported("this firmware names no work mode: it is read and rebooted only")
    whole = dict(conf)
    for key in _MODE_KEYS:
        whole.setdefault(key, mode)
    if "bitmain-freq-level" in conf and "freq-level" not in conf:
        whole["freq-level"] = conf["bitmain-freq-level"] or "100"
    return whole


def check_pools(wanted: Sequence[ConfiguredPool]) -> None:
    """ValueError, without secrets, for what no miner could take."""
    if len(wanted) > MOST_POOLS:
        raise ValueError(f"an Antminer takes {MOST_POOLS} pools at most, not {len(wanted)}")
    for slot, pool in enumerate(wanted, 1):
        if not pool.url.strip() or not pool.user.strip():
            raise ValueError(f"pool {slot} needs an address and a user")


def network(answer: Mapping[str, Any]) -> NetworkSettings:
    """`get_network_info`: with DHCP what it was given, else what is written there."""
    kind = text(answer.get("conf_nettype")) or text(answer.get("nettype"))
    if not kind:
        raise Garbled("the answer tells no kind of network")
    dhcp = kind.upper() == "DHCP"
    prefix = "" if dhcp else "conf_"
    servers = text(answer.get(f"{prefix}dnsservers"))
    return NetworkSettings(
        dhcp=dhcp,
        address=text(answer.get(f"{prefix}ipaddress")),
        netmask=text(answer.get(f"{prefix}netmask")),
        gateway=text(answer.get(f"{prefix}gateway")),
        dns=tuple(server for server in re.split(r"[\s,;]+", servers) if server),
    )


def check_network(wanted: NetworkSettings) -> None:
    """ValueError for a network in which the miner would be lost."""
    if wanted.dhcp:
        return
    try:
        place = ipaddress.IPv4Interface(f"{wanted.address}/{wanted.netmask}")
        gateway = ipaddress.IPv4Address(wanted.gateway)
        for server in wanted.dns:
            ipaddress.IPv4Address(server)
    except ValueError as error:
        raise ValueError(f"a static network cannot be that: {error}") from None
    if not wanted.dns:
        raise ValueError("a static network needs a DNS server")
    if gateway not in place.network:
        raise ValueError(
            f"the gateway {gateway} is not in the network of {place.ip}: the miner would be lost"
        )


def network_form(wanted: NetworkSettings, hostname: str) -> dict[str, Any]:
    """`set_network_conf` (fields as pyasic writes them); the name is kept."""
    static = not wanted.dhcp
    return {
        "ipHost": hostname,
        "ipPro": 2 if static else 1,
        "ipAddress": wanted.address if static else "",
        "ipSub": wanted.netmask if static else "",
        "ipGateway": wanted.gateway if static else "",
        "ipDns": " ".join(wanted.dns) if static else "",
    }


def description(answer: Mapping[str, Any], version: Mapping[str, Any]) -> Description:
    """Who the miner is: `get_system_info`, and what it says to `version` where it does."""
    told = picks.first(version.get("VERSION"))
    model = model_name(text(answer.get("minertype")) or text(told.get("Type")))[:32]
    return Description(
        family="antminer",
        mac=picks.mac(answer.get("macaddr")),
        model=model,
        algorithm=model_of(model).algorithm,
        firmware=picks.text(answer.get("system_filesystem_version"))
        or picks.text(told.get("CompileTime")),
        hardware=picks.text(told.get("Miner")),
        overview={name[:MOST]: picks.text(said) for name, said in list(answer.items())[:MOST]},
        maker="Bitmain",
        firmware_name="stock",
        serial=picks.text(answer.get("serinum")) or picks.text(answer.get("serial_no")),
        hostname=picks.text(answer.get("hostname")),
    )


def is_old(answer: Mapping[str, Any]) -> bool:
    """Whether `get_system_info` is that of the web pages of S9 to T17."""
    return "firmware_type" not in answer and any(mark in answer for mark in _OLD_MARKS)


def faults(answer: Mapping[str, Any]) -> tuple[DeviceFault, ...]:
    """What `/cgi-bin/summary.cgi` finds wrong: each of its states that is not `s`."""
    states = picks.first(answer.get("SUMMARY")).get("status")
    if not isinstance(states, list):
        return ()
    return tuple(
        DeviceFault(kind, text(state.get("msg"))[:200])
        for state in states[:MOST]
        if isinstance(state, dict)
        and (kind := text(state.get("type"))[:32])
        and text(state.get("status")) not in {"", "s"}
    )
