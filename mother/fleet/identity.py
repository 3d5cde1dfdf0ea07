"""Who a device is: its MAC address, never its IP address."""

from __future__ import annotations

import re

from mother.core.errors import Stranger, Unreachable
from mother.core.model import Description
from mother.fleet.roster import VIA, Entry

UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")

_USUAL = {"dragonmint": "dragon-{mac8}"}
"""Names that were in use before there were several families."""

RECOGNISED_WITHIN = 10.0
"""Seconds a miner that was away may take to show its page."""


class NobodyHome(Unreachable):
    """Whatever answers at its address, if anything, does not bear its family's mark."""


def device_id(site: str, mac: str) -> str:
    """The key of a device everywhere: `site/mac:a0:b0:45:00:e3:ab`.

    One behind a gateway has `site/via:10.0.0.9:5000:10.1.1.1`.
    """
    return f"{site}/{mac}" if mac.startswith(VIA) else f"{site}/mac:{mac}"


def worker_name(template: str | None, mac: str, model: str, family: str = "dragonmint") -> str:
    """The worker name, such as `dragon-4500e3ab` (the last 8 hex digits of the MAC).

    `template` may hold {mac8}, {mac6}, {mac}, {model} and {family}; without one it is the family
    and those digits. Behind a gateway the member's name stands in place of the last digits. The
    result is one safe segment.
    """
    digits = mac.replace(":", "")
    eight, six = digits[-8:], digits[-6:]
    if mac.startswith(VIA):
        digits, eight = mac, mac.rpartition(":")[2]
        six = eight
    template = template or _USUAL.get(family, "{family}-{mac8}")
    name = template.format(mac8=eight, mac6=six, mac=digits, model=model, family=family)
    return UNSAFE.sub("-", name).strip("-") or digits


async def recognised(entry: Entry) -> None:
    """Return once a miner that was away bears its family's mark again; else Unreachable.

    Until then anything may have been given its address, and a login is for no stranger.
    """
    if not entry.doubtful:
        return
    device = entry.device
    if not await entry.family.recognise(device.address, RECOGNISED_WITHIN):
        raise NobodyHome(f"no {entry.family.name} answers there")
    if entry.device is device:
        entry.doubtful = False


async def confirmed(entry: Entry) -> Description:
    """What the device says of itself, if it is the one we believe; its lock must be held.

    Raises Stranger when another MAC answers, DeviceError when none does.
    """
    await recognised(entry)
    who = await entry.device.describe()
    if who.mac != entry.mac:
        raise Stranger(entry.mac, who.mac)
    return who
