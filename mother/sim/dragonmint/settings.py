"""What can be configured on one device: pools, autotune, network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from msgspec import Struct

from mother.sim.dragonmint import php
from mother.sim.dragonmint.models import Firmware
from mother.sim.dragonmint.replies import RECORDED

MODES = {"efficient": 0.9, "balanced": 1.0, "factory": 1.0, "performance": 1.08}
"""Autotune modes and what each does to the hashrate (the factors are hand-made)."""


class PoolSetting(Struct, frozen=True):
    """One configured pool."""

    url: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"PoolSetting(url={self.url!r}, user={self.user!r}, password='***')"

    @property
    def host(self) -> str:
        """The host in the URL, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def alive(self) -> bool:
        """Simulated pools live, but for `dead...` and `....invalid` hosts."""
        return not (self.host.startswith("dead") or self.host.endswith(".invalid"))


def recorded_pools(mac: str) -> tuple[PoolSetting, ...]:
    """The two recorded pools, with this device's worker name behind the user."""
    worker = "dragon-" + mac.replace(":", "")[-8:]
    return tuple(
        PoolSetting(pool["url"], f"{pool['user'].rpartition('.')[0]}.{worker}", pool["pass"])
        for pool in RECORDED["pools"]["pools"]
    )


def pools_from(fields: php.Form) -> tuple[PoolSetting, ...]:
    """The slots of `updatePools`; one with an empty part is dropped without a word."""
    slots = (
        PoolSetting(*(php.text(fields, f"{name}{slot}") for name in _SLOT)) for slot in (1, 2, 3)
    )
    return tuple(pool for pool in slots if pool.url and pool.user and pool.password)


_SLOT = ("Pool", "UserName", "Password")


class Autotune:
    """The autotune key in the mining program's config and the profile file beside it."""

    __slots__ = ("key", "profile")

    def __init__(self) -> None:
        self.key: str | None = None
        self.profile: tuple[str, str] | None = None

    def mode(self, firmware: Firmware) -> str:
        """What the device reports; without a profile file a default that depends on the build."""
        if self.profile is not None:
            return self.profile[0]
        return "factory" if firmware.modern else "balanced"

    @property
    def level(self) -> str:
        """A text, `2` unless set."""
        return "2" if self.profile is None else self.profile[1]

    @property
    def factor(self) -> float:
        """What the mode does to the hashrate."""
        return MODES[self.key or "balanced"]

    def set(self, mode: str, level: str) -> bool:
        """Save a mode; whether the mining program restarts.

        `balanced` means no key at all: where there is none to remove, nothing is saved. An
        unknown mode does nothing. The others always rewrite and restart.
        """
        if mode not in MODES or (mode == "balanced" and self.key is None):
            return False
        self.key = None if mode == "balanced" else mode
        self.profile = (mode, level or "2")
        return True


class Network(Struct, frozen=True):
    """Network settings but for the address, which is the device's own. DNS 2 may be empty."""

    netmask: str
    gateway: str
    dns1: str
    dns2: str = ""
    dhcp: str = "dhcp"


_STATIC = (
    ("ipaddress", "invalid ip address"),
    ("netmask", "invalid netmask "),
    ("gateway", "invalid gateway "),
)
_DNS = ("invalid dns 1 ", "invalid dns 2 ")


def network_refusal(fields: php.Form) -> str:
    """Why `updateNetwork` says no (trailing blanks are real); empty when it does not."""
    if php.text(fields, "dhcp") == "dhcp":
        return ""
    if php.text(fields, "dhcp") != "static":
        return "invalid dhcp setting"
    for name, message in _STATIC:
        if not _is_address(php.text(fields, name)):
            return message
    for index, message in enumerate(_DNS):
        if not _is_address(php.element(fields, "dns", index)):
            return message
    return ""


def static_network(fields: php.Form) -> Network:
    """The settings of a static `updateNetwork` that was not refused."""
    return Network(
        netmask=php.text(fields, "netmask"),
        gateway=php.text(fields, "gateway"),
        dns1=php.element(fields, "dns", 0),
        dns2=php.element(fields, "dns", 1),
        dhcp="static",
    )


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False
