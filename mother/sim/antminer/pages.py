"""What each page of an Antminer's web server tells or does, once the login is right."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mother.sim.antminer import conf, stats
from mother.sim.antminer.api import Bmminer
from mother.sim.antminer.recorded import (
    MINER_TYPE,
    NETWORK_INFO,
    OLD_SYSTEM_INFO,
    SYSTEM_INFO,
)
from mother.sim.antminer.state import Antminer
from mother.sim.cgminer import Asked

NO_BMMINER = b"Socket connect failed: Connection refused\n"
MOST_NAME = 64


class Page(msgspec.Struct, frozen=True):
    """An answer: an object for JSON, or bytes; `then` is done once it has been sent."""

    content: dict[str, Any] | bytes
    then: Callable[[], None] | None = None


class Asks(msgspec.Struct, frozen=True):
    """A request to a page: its body, and the file that came with it, if any."""

    body: bytes = b""
    image: bytes | None = None

    def json(self) -> Any:
        """The body decoded; None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


Serve = Callable[["Pages", Asks], Page]


class Pages:
    """The pages of one device."""

    def __init__(self, ant: Antminer, bmminer: Bmminer) -> None:
        self.ant = ant
        self._bmminer = bmminer

    def page(self, name: str, asks: Asks) -> Page | None:
        """The answer of `/cgi-bin/<name>.cgi`; None for one that this firmware has not."""
        serve = (_OLD if self.ant.firmware.old else _PAGES).get(name)
        return None if serve is None else serve(self, asks)

    # Reads

    def system_info(self, asks: Asks) -> Page:
        """As recorded; the old era has more to say."""
        ant = self.ant
        told = {
            **(OLD_SYSTEM_INFO if ant.firmware.old else SYSTEM_INFO),
            **self._network(),
            "hostname": ant.hostname,
            "minertype": ant.kind.type,
            "system_filesystem_version": ant.firmware.filesystem,
            "system_kernel_version": ant.firmware.kernel,
        }
        if not ant.firmware.old:
            told["serinum"] = ant.serial
        return Page(told)

    def network_info(self, asks: Asks) -> Page:
        """What holds now, and under `conf_` what was set."""
        ant = self.ant
        now = {name: value for name, value in self._network().items() if name in NETWORK_INFO}
        return Page(
            {
                **NETWORK_INFO,
                **now,
                "conf_nettype": "Static" if ant.static else "DHCP",
                "conf_hostname": ant.hostname,
                "conf_ipaddress": ant.static.get("ipAddress", ""),
                "conf_netmask": ant.static.get("ipSub", ""),
                "conf_gateway": ant.static.get("ipGateway", ""),
                "conf_dnsservers": ant.static.get("ipDns", ""),
            }
        )

    def miner_conf(self, asks: Asks) -> Page:
        """The whole configuration, passwords of pools included."""
        return Page(self.ant.conf)

    def stats(self, asks: Asks) -> Page:
        """The newer shape; its power only where 4028 tells it too."""
        return Page(stats.new(self.ant) if self.ant.bmminer_up else NO_BMMINER)

    def summary(self, asks: Asks) -> Page:
        """The newer shape."""
        return Page(self._bmminer.new_summary() if self.ant.bmminer_up else NO_BMMINER)

    def pools(self, asks: Asks) -> Page:
        """The newer shape."""
        return Page(self._bmminer.new_pools() if self.ant.bmminer_up else NO_BMMINER)

    def old_summary(self, asks: Asks) -> Page:
        """What 4028 says."""
        up = self.ant.bmminer_up
        return Page(self._bmminer.summary(Asked("summary")) if up else NO_BMMINER)

    def miner_type(self, asks: Asks) -> Page:
        """Model and control board."""
        ant = self.ant
        return Page(
            {
                **MINER_TYPE,
                "miner_type": ant.kind.type,
                "subtype": ant.kind.subtype,
                "fw_version": ant.firmware.filesystem,
            }
        )

    def blink_status(self, asks: Asks) -> Page:
        """Whether the lamp blinks."""
        return Page({"blink": self.ant.blinking})

    # Writes

    def set_miner_conf(self, asks: Asks) -> Page:
        """Replace the whole configuration; the mining program restarts."""
        sent = conf.accepted(asks.json())
        if sent is None:
            return _no("M001", "Illegal request!")
        return _yes("M000", lambda: self.ant.configure(sent))

    def blink(self, asks: Asks) -> Page:
        """Let the lamp blink or not; both `true` and `"true"` are taken."""
        sent = asks.json()
        on = str(sent.get("blink", "")).lower() if isinstance(sent, dict) else ""
        if on not in {"true", "false"}:
            return _no("B001", "Illegal request!")
        self.ant.blinking = on == "true"
        return Page({"code": "B000" if self.ant.blinking else "B100"})

    def old_blink(self, asks: Asks) -> Page:
        """Form field `action`: startBlink, stopBlink, or onPageLoaded, which only asks."""
        if b"startBlink" in asks.body:
            self.ant.blinking = True
        elif b"stopBlink" in asks.body:
            self.ant.blinking = False
        return Page({"isBlinking": self.ant.blinking})

    def reboot(self, asks: Asks) -> Page:
        """Answer nothing but 200, and go."""
        return Page(b"", self.ant.reboot)

    def reset_conf(self, asks: Asks) -> Page:
        """Factory pools and modes; the login stays."""
        return _yes("R000", self.ant.reset_conf)

    def set_network_conf(self, asks: Asks) -> Page:
        """`ipPro` 1 is DHCP, 2 an address of its own; the host name is set with either."""
        sent = asks.json()
        if not isinstance(sent, dict) or str(sent.get("ipPro")) not in {"1", "2"}:
            return _no("N001", "Illegal request!")
        words = {name: str(sent.get(name, "")) for name in _NETWORK}
        fixed = str(sent["ipPro"]) == "2"
        needed = ("ipAddress", "ipSub", "ipGateway")
        if fixed and not all(_is_address(words[name]) for name in needed):
            return _no("N002", "Illegal address!")
        self.ant.hostname = str(sent.get("ipHost") or self.ant.hostname)[:MOST_NAME]
        return _yes(
            "N000", lambda: self.ant.set_network(words if fixed else {}, words["ipAddress"])
        )

    def passwd(self, asks: Asks) -> Page:
        """The login's password; the present one must be told."""
        sent = asks.json()
        words = sent if isinstance(sent, dict) else {}
        new = words.get("newPwd")
        if words.get("curPwd") != self.ant.login[1]:
            return _no("P002", "Wrong password!")
        if not isinstance(new, str) or not new or new != words.get("confirmPwd"):
            return _no("P001", "Illegal request!")
        self.ant.login = (self.ant.login[0], new)
        return _yes("P000")

    def upgrade(self, asks: Asks) -> Page:
        """Flash an image that looks like one, and reboot; the same build runs afterwards."""
        if asks.image is None or not plausible(asks.image):
            return _no("U001", "Firmware file is invalid!")
        return _yes("U000", self.ant.reboot)

    def _network(self) -> dict[str, str]:
        ant = self.ant
        return {
            "nettype": "Static" if ant.static else "DHCP",
            "macaddr": ant.mac.upper(),
            "ipaddress": ant.host,
            "netmask": ant.static.get("ipSub", "255.255.255.0"),
            "gateway": ant.static.get("ipGateway", ""),
            "dnsservers": ant.static.get("ipDns", ""),
        }


IMAGE_MARKS = (b"\xab\xab\xab\xab", b"\x1f\x8b")
SMALLEST_IMAGE = 1024


def plausible(image: bytes) -> bool:
    """Whether a file may be firmware: a maker's bundle or a packed archive of some size."""
    return len(image) >= SMALLEST_IMAGE and image.startswith(IMAGE_MARKS)


_NETWORK = ("ipAddress", "ipDns", "ipGateway", "ipSub")

_READS: Mapping[str, Serve] = {
    "get_system_info": Pages.system_info,
    "get_network_info": Pages.network_info,
    "get_miner_conf": Pages.miner_conf,
    "reboot": Pages.reboot,
}
_PAGES: Mapping[str, Serve] = {
    **_READS,
    "stats": Pages.stats,
    "summary": Pages.summary,
    "pools": Pages.pools,
    "miner_type": Pages.miner_type,
    "get_blink_status": Pages.blink_status,
    "set_miner_conf": Pages.set_miner_conf,
    "blink": Pages.blink,
    "reset_conf": Pages.reset_conf,
    "set_network_conf": Pages.set_network_conf,
    "passwd": Pages.passwd,
    "upgrade": Pages.upgrade,
}
_OLD: Mapping[str, Serve] = {
    **_READS,
    "miner_summary": Pages.old_summary,
    "blink": Pages.old_blink,
}


def _yes(code: str, then: Callable[[], None] | None = None) -> Page:
    return Page({"stats": "success", "code": code, "msg": "OK!"}, then)


def _no(code: str, message: str) -> Page:
    return Page({"stats": "error", "code": code, "msg": message})


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False
