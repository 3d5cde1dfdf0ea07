"""What a DragonMint's writing calls want in their forms: pure.

ValueError, in a sentence without secrets, for what no miner could take: the firmware drops or
ignores much of it and still says success.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mother.core.model import ConfiguredPool, Credential, NetworkSettings

PROFILES = ("efficient", "balanced", "factory", "performance")
MOST_POOLS = 3

Form = dict[str, str]
T = TypeVar("T")


def argument(args: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """One of a command's args, which must be there and of this kind."""
    value = args.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"the order gives no {name}")  # noqa: TRY004  # as for all bad args
    return value


def pools(wanted: Sequence[ConfiguredPool]) -> Form:
    """`/api/updatePools`: the whole ordered list; a slot that is absent is emptied."""
    if len(wanted) > MOST_POOLS:
        raise ValueError(f"a miner takes {MOST_POOLS} pools at most, not {len(wanted)}")
    form: Form = {}
    for slot, pool in enumerate(wanted, 1):
        fields = {"url": pool.url, "user": pool.user, "password": pool.password or ""}
        empty = [name for name, value in fields.items() if not value.strip()]
        if empty:
            raise ValueError(
                f"pool {slot} has no {empty[0]}: a miner drops such a pool without a word"
            )
        form |= {
            f"Pool{slot}": pool.url,
            f"UserName{slot}": pool.user,
            f"Password{slot}": fields["password"],
        }
    return form


def profile(mode: str, level: str | None) -> Form:
    """`/api/setAutoTune`: without a level the firmware takes its own default, `2`."""
    if mode not in PROFILES:
        raise ValueError(f"a miner has no profile {mode!r}, only {', '.join(PROFILES)}")
    return {"autotune": mode} if level is None else {"autotune": mode, "level": level}


def network(wanted: NetworkSettings) -> Form:
    """`/api/updateNetwork`: a static one needs both DNS servers, as a PHP array."""
    if wanted.dhcp:
        return {"dhcp": "dhcp"}
    if len(wanted.dns) != 2:
        raise ValueError("a static network needs two DNS servers, neither more nor less")
    address = _address(wanted.address, "address")
    gateway = _address(wanted.gateway, "gateway")
    mask = _netmask(wanted.netmask)
    if int(address) & mask != int(gateway) & mask:
        raise ValueError(
            f"the gateway {gateway} is not in the network of {address}: the miner would be lost"
        )
    first, second = (_address(server, "DNS server") for server in wanted.dns)
    return {
        "dhcp": "static",
        "ipaddress": str(address),
        "netmask": wanted.netmask,
        "gateway": str(gateway),
        "dns[0]": str(first),
        "dns[1]": str(second),
    }


def password(new: Credential, admin: str) -> Form:
    """`/api/updatePassword`: `currentPassword` is always the admin's, whoever gets a new one."""
    if not new.username or not new.password:
        raise ValueError("a login needs a user and a password, neither of them empty")
    return {
        "user": new.username,
        "currentPassword": admin,
        "newPassword": new.password,
    }


def download(url: str) -> Form:
    """`/upgrade/download`: the miner fetches it itself."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and _printable(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("the address of the firmware is no http or https URL")
    return {"url": url}


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _address(text: str, what: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError(f"the {what} {text!r} is no IPv4 address") from None


def _netmask(text: str) -> int:
    mask = int(_address(text, "netmask"))
    hosts = mask ^ 0xFFFFFFFF
    if not mask or hosts & (hosts + 1):
        raise ValueError(f"the netmask {text!r} is none: its ones are not at the front")
    return mask
