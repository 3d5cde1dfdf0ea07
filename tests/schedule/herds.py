"""Miners for the schedule's tests, as they stand in a roster; and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from mother.core.model import Address, CommandKind, Credential, Description
from mother.core.reading import Reading
from mother.drivers import nameplates
from mother.drivers.base import Capability, Confirm, Nameplate
from mother.fleet.remembered import Place
from mother.fleet.roster import Entry, Roster
from mother.schedule.units import Power, Rated
from mother.schedule.values import Unit
from tests.fleet.toy import Box, Toy, ToyDevice

SLEEPS = (CommandKind.PAUSE, CommandKind.RESUME)


class Kind(Toy):
    """A family by its name and maker, which takes these orders."""

    def __init__(self, name: str, maker: str, takes: Iterable[CommandKind]) -> None:
        super().__init__(name)
        self.maker = maker
        self.capabilities = {kind: Capability(Confirm.TAKEN) for kind in takes}

    def nameplate(self, model: str) -> Nameplate | None:
        return nameplates.of(self.maker, model)


WHATSMINER = Kind("whatsminer", "MicroBT", (*SLEEPS, CommandKind.SET_POWER))
ANTMINER = Kind("antminer", "Bitmain", SLEEPS)
DRAGON = Kind("dragonmint", "DragonMint", ())


def miner(
    number: int, family: Kind = WHATSMINER, model: str = "M30S", place: Place | None = None
) -> Entry:
    """`site/mac:...` at 127.78.0.N, not read yet."""
    mac = f"02:00:00:00:00:{number:02x}"
    address = Address(f"127.78.0.{number}", 4028)
    device: Any = ToyDevice(Box(lambda: 0.0, mac), address, Credential("", ""))
    kind: Any = family
    who = Description(family=family.name, mac=mac, model=model, maker=family.maker)
    entry = Entry(f"m{number}", f"w{number}", kind, device, who)
    entry.place = place or Place()
    return entry


def hashing(entry: Entry, at: float = 0.0, **more: Any) -> Entry:
    """It was read, and hashes for long: 100 TH/s at 3,300 W by its own measure."""
    reading = Reading(at=at, hashrate=1e14, power=3300.0, power_source="measured", uptime=9000.0)
    entry.answered(at, replace(reading, **more))
    return entry


def asleep(entry: Entry, at: float = 0.0, **more: Any) -> Entry:
    """It was read, and sleeps; it does not say what it draws."""
    entry.answered(at, replace(Reading(at=at, hashrate=0.0, asleep=True), **more))
    return entry


def roster_of(*entries: Entry) -> Roster:
    roster = Roster()
    for entry in entries:
        roster.add(entry)
    return roster


def rated(
    ident: str, draws: float = 3000.0, rest: float = 50.0, source: str = "measured", **more: Any
) -> Rated:
    """One as units.py makes it; asleep where that is said."""
    seen = more.pop("seen", True)
    unit = Unit(ident, worker=f"w-{ident}", draws=draws, full=3000.0, rest=rest, **more)
    now = rest if unit.asleep else draws
    return Rated(
        replace(unit, draws=now),
        Power(now, source, 0.05),
        Power(3000.0, "measured", 0.05),
        Power(rest, "guess", 0.5),
        seen=seen,
    )
