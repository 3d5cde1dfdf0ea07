"""What is met when every simulated model of every family is looked at as the daemon does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred, gatherResults

from mother.core.clock import steady
from mother.core.errors import Refused
from mother.core.model import Address, Description
from mother.core.ports import CGMINER, WEB, WHATSMINER, Ports
from mother.core.reading import Board, Reading
from mother.drivers.base import NO_LOGIN, Family
from mother.drivers.identify import Identifier
from mother.drivers.registry import families
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.knock import Knocker
from mother.net.wire import Wire
from mother.sim.device import SimDevice
from mother.sim.dragonmint.models import MODELS as DRAGONS
from mother.sim.families import FAMILIES, SimFamily
from mother.sim.farm import Farm
from mother.sim.plan import FarmPlan

NETWORK, OFFSET = "127.86.9.0/24", 11_000
WITHIN = 10.0


class Met(Struct, frozen=True):
    """One device: who it says it is, and one reading."""

    description: Description
    reading: Reading


class EachModel(SimFamily, frozen=True):
    """A family of which each model is met as often as any other."""

    @property
    def shares(self) -> Mapping[str, float]:
        return dict.fromkeys(self._imported().MODELS, 1.0)


EACH = {name: EachModel(one.package, one.oui, one.ports) for name, one in FAMILIES.items()}


def _wire(http: Http, reactor: Any) -> Wire:
    ports = Ports(WEB + OFFSET, CGMINER + OFFSET, WHATSMINER + OFFSET, WEB + OFFSET)
    return Wire(http, Lines(reactor), lambda: WITHIN, lambda: ports, steady(reactor))


async def looked_at(reactor: Any) -> dict[str, list[Met]]:
    """By family, one device of each model; AssertionError where one is not recognised."""
    plan = FarmPlan(
        network=NETWORK,
        port=WEB + OFFSET,
        mix={name: len(one.shares) for name, one in EACH.items()},
        models=dict.fromkeys(DRAGONS, 1.0),
    )
    farm = Farm(plan, reactor, steady(reactor), EACH)
    http = Http(reactor)
    wire = _wire(http, reactor)
    known = {family.name: family for family in families(wire)}
    knocker = Knocker(reactor)
    identifier = Identifier(wire, lambda: knocker, tuple, lambda: 2.5)

    async def look(device: SimDevice) -> Met:
        traces = await identifier.traces(device.host, WITHIN)
        claims = {name: family.claims(traces) for name, family in known.items()}
        there = {name: address for name, address in claims.items() if address is not None}
        assert set(there) == {device.family}, f"{device.model}: {there}"
        return await _met(known[device.family], there[device.family])

    await farm.start()
    try:
        looks = [Deferred.fromCoroutine(look(device)) for device in farm.devices]
        met: list[Met] = await gatherResults(looks, consumeErrors=True)
    finally:
        await http.close()
        await farm.stop()
    return {name: [one for one in met if one.description.family == name] for name in known}


async def _met(family: Family, address: Address) -> Met:
    for credential in family.default_credentials or (NO_LOGIN,):
        device = family.device(address, credential)
        try:
            return Met(await device.describe(), await device.read(0.0))
        except Refused:
            continue
    raise AssertionError(f"{family.name} at {address} takes no login of its maker's")


def _boards(told: Callable[[Board], object]) -> Callable[[Reading], object]:
    return lambda reading: any(told(board) is not None for board in reading.boards)


FIELDS: Mapping[str, Callable[[Reading], object]] = {
    "hashrate": lambda r: r.hashrate is not None,
    "the hashrate it shall have, by its own word": lambda r: r.expected_source == "device",
    "uptime": lambda r: r.uptime is not None,
    "accepted and rejected shares": lambda r: None not in r.shares,
    "board: hashrate": _boards(lambda board: board.hashrate),
    "board: temperature": _boards(lambda board: board.temperature),
    "board: temperature of its hottest chip": _boards(lambda board: board.temperature_chip),
    "board: chips that work": _boards(lambda board: board.chips),
    "board: frequency": _boards(lambda board: board.frequency),
    "board: voltage": _boards(lambda board: board.voltage),
    "board: hardware errors": _boards(lambda board: board.hardware_errors),
    "board: serial number": _boards(lambda board: board.serial or None),
    "fans: speed in rpm": lambda r: any(fan.rpm is not None for fan in r.fans),
    "fans: duty in percent": lambda r: r.fan_percent is not None,
    "power, told by the device": lambda r: r.power_source in ("measured", "reported"),
    "power limit or target": lambda r: r.power_target is not None,
    "profile or work mode": lambda r: r.profile,
    "temperature of the air": lambda r: r.ambient is not None,
    "pools with their state": lambda r: any(pool.alive is not None for pool in r.pools),
    "pools with accepted shares": lambda r: any(pool.accepted is not None for pool in r.pools),
}
"""What a reading may hold, in words, and whether this one does."""
