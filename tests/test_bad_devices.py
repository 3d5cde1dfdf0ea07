"""Devices that hang, drip, babble, flood or cut their answers cost themselves, and nobody else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import Struct
from twisted.internet.defer import Deferred, gatherResults

from mother.core.errors import DeviceError
from mother.core.model import Address, Command, CommandKind, ConfiguredPool, Credential
from mother.core.ports import Ports
from mother.drivers.base import NO_LOGIN, Device, Family
from mother.drivers.registry import families
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.sim.device import SimDevice
from mother.sim.families import FAMILIES
from mother.sim.faults import WIRE_FAULTS, Fault
from tests.mixed import Fast, Minded, Scene, scene
from tests.net.turning import in_reactor

BAD = sorted(WIRE_FAULTS)
TIMEOUT = 3.0
"""Seconds of the farm's for one exchange."""

PATIENCE = 25.0
"""Seconds of the farm's for a whole call: a Whatsminer's orders may take ten, and this machine may
be busy.
"""

ONE_EACH = {
    "antminer": "S19Pro",
    "whatsminer": "M60S_VK40",
    "avalon": "A1246",
    "axeos": "bitaxe-gamma",
    "dragonmint": "T1",
}
TRADE = {
    "antminer": (4028,),
    "whatsminer": (4028, 4433),
    "avalon": (4028,),
    "axeos": (80,),
    "dragonmint": (80,),
}
"""Where each family's main talk is."""

Call = Callable[[], Awaitable[object]]

ORDERS = frozenset(CommandKind) - {CommandKind.UPGRADE, CommandKind.SET_NETWORK}
"""Those which need no file and no network of their own."""

MUTE = frozenset(WIRE_FAULTS) - {Fault.TRUNCATED}
"""Faults that leave nothing to be recognised; half a page may tell enough."""

MINERS = {
    "antminer": ("S19Pro",) * 16,
    "whatsminer": ("M50_VH60",) * 14,  # newer ones answer so slowly that they are asked seldom
    "avalon": ("A1246",) * 10,
    "axeos": ("bitaxe-gamma",) * 8,
    "dragonmint": ("T1",) * 12,
}
TOTAL = 60
MEMORY = 24e6
"""Bytes: one flood has ten million, and is cut off long before its end."""


class Bad(Struct):
    """A simulated device with a fault, and the family that is to speak to it; `met` has told
    who it is while it was well.
    """

    sim: SimDevice
    family: Family
    address: Address
    met: Device

    def __str__(self) -> str:
        return f"{self.family.name} at {self.address.port} with {self.sim.fault}"

    def device(self) -> Device:
        """As it is made for who knows nothing yet."""
        return device_of(self.family, self.address)


class Bench:
    """All drivers on the farm's time. Exchanges take as long as they need until `hurry`."""

    def __init__(self, one: Scene) -> None:
        self.fast = one.fast
        self.offset = one.offset
        self.timeout = 300.0
        self.http = Http(cast(Any, one.fast))
        lines = Lines(cast(Any, one.fast), lambda: self.timeout)
        ports = Ports(*(port + self.offset for port in (80, 4028, 4433, 80)))
        wire = Wire(self.http, lines, lambda: self.timeout, lambda: ports, one.fast.now)
        self._known = {family.name: family for family in families(wire)}

    def hurry(self) -> None:
        self.timeout = TIMEOUT

    async def meets(self, sim: SimDevice, port: int) -> Bad:
        """The device there, while it is well."""
        family, address = self._known[sim.family], Address(sim.host, port + self.offset)
        met = device_of(family, address)
        await met.describe()
        await met.read(self.fast.now())
        return Bad(sim, family, address, met)


def device_of(family: Family, address: Address) -> Device:
    return family.device(address, (*family.default_credentials, NO_LOGIN)[0])


def calls(bad: Bad, device: Callable[[], Device]) -> Iterator[tuple[str, Call]]:
    """All that can be asked of a device of the family."""
    yield "recognise", lambda: bad.family.recognise(bad.address, TIMEOUT)
    for kind in sorted(ORDERS & bad.family.capabilities.keys()):
        command = order(kind, args_for(kind, bad.family))
        yield kind.value, partial(performed, device, command)
    yield "read", lambda: device().read(1_780_000_000.0)
    yield "settings", lambda: device().settings()
    yield "network", lambda: device().network()
    yield "describe", lambda: device().describe()


async def performed(device: Callable[[], Device], command: Command) -> None:
    await device().perform(command)


def args_for(kind: CommandKind, family: Family) -> dict[str, Any]:
    """What the family's devices could take."""
    pool = ConfiguredPool("stratum+tcp://one.example:3333", "acct", "x")
    user = (*family.default_credentials, NO_LOGIN)[0].username
    args: dict[CommandKind, dict[str, Any]] = {
        CommandKind.SET_POOLS: {"pools": (pool,) * family.most_pools},
        CommandKind.SET_PROFILE: {"profile": next(iter(family.profiles), ""), "level": None},
        CommandKind.LOCATE: {"on": True},
        CommandKind.SET_POWER: {"watts": 3000.0},
        CommandKind.SET_FREQUENCY: {"frequency": 500.0},
        CommandKind.SET_PASSWORD: {"credential": Credential(user, "Other_1")},
    }
    return args.get(kind, {})


def order(kind: CommandKind, args: dict[str, Any]) -> Command:
    ident = {"id": "1", "key": "1", "actor": "test", "reason": "test"}
    return Command(**ident, at=0.0, expires=1e12, device="d", kind=kind, args=args)  # type: ignore[arg-type]  # all of them are texts


async def wrongs(bad: Bad, fast: Fast) -> list[str]:
    """What it does that no device may bring a driver to."""
    found = []
    for name, call in (*calls(bad, lambda: bad.met), *calls(bad, bad.device)):
        began = fast.seconds()
        try:
            answer = await call()
            if name == "recognise" and answer and bad.sim.fault in MUTE:
                found.append(f"{bad}: {name} says yes")
        except DeviceError:
            pass
        except Exception as error:
            found.append(f"{bad}: {name} raises {error!r}")
        took = fast.seconds() - began
        most = TIMEOUT + 2.0 if name == "recognise" else PATIENCE
        if took > most:
            found.append(f"{bad}: {name} takes {took:.1f} s")
    return found


@pytest.mark.parametrize("family", ONE_EACH)
@in_reactor
async def test_nothing_but_device_errors_leaves_a_driver_and_in_time(
    tmp_path: Path, family: str
) -> None:
    models = {family: (ONE_EACH[family],) * len(BAD)}
    async with scene(tmp_path, "127.86.80.0/28", models, speed=30.0) as one:
        bench = Bench(one)
        try:
            met = [
                await bench.meets(sim, port) for sim in one.farm.devices for port in TRADE[family]
            ]
            for sim, fault in zip(one.farm.devices, BAD, strict=True):
                sim.fault = fault
            bench.hurry()
            found = await gatherResults(
                [Deferred.fromCoroutine(wrongs(bad, one.fast)) for bad in met]
            )
        finally:
            await bench.http.close()
    assert [wrong for each in found for wrong in each] == []


@in_reactor
async def test_a_tenth_that_turns_bad_costs_the_rest_nothing(tmp_path: Path) -> None:
    async with (
        scene(tmp_path, "127.86.81.0/26", MINERS, speed=10.0) as one,
        one.minded("--dragon-timeout=20", "--statsd-interval=30") as mind,
    ):
        await mind.met(TOTAL)
        await mind.until(lambda: mind.daemon.loops["scan"].counts.runs)
        ill = turned_bad(one)
        one.reads.clear()
        grown = await grows(mind, sweeps=4)
        assert grown < MEMORY
        assert failing(mind) == ill
        assert mind.daemon.loops["metrics"].counts.seconds < 40.0
        for sim in one.farm.devices:
            gaps = [later - sooner for sooner, later in pairwise(one.reads[sim.mac])]
            assert sim.mac in ill or (len(gaps) >= 2 and max(gaps) < 60.0), sim.model
        assert mind.daemon.vitals.complaints() == ()


async def grows(mind: Minded, sweeps: int) -> int:
    """By how many bytes the process grows meanwhile, at most."""
    counts = mind.daemon.loops["metrics"].counts
    target = counts.runs + sweeps
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await mind.until(lambda: counts.runs >= target, 40.0)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@in_reactor
async def test_a_tenth_that_is_bad_from_the_start_does_not_keep_the_others_from_being_found(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, "127.86.82.0/26", MINERS, speed=10.0) as one:
        ill = turned_bad(one)
        async with one.minded("--dragon-timeout=20", "--scan-timeout=30") as mind:
            scans = mind.daemon.loops["scan"].counts
            await mind.until(lambda: scans.runs, 30.0)
            assert scans.seconds < 90.0
            await mind.met(TOTAL - len(ill))
            assert {entry.mac for entry in mind.daemon.roster} == {
                sim.mac for sim in one.farm.devices
            } - ill
            for sim in one.farm.devices:
                sim.fault = Fault.NONE
            await mind.met(TOTAL, 60.0)


def turned_bad(one: Scene) -> set[str]:
    """The MACs of those that show every fault of the wire from now on, one of each."""
    step = len(one.farm.devices) // len(BAD)
    chosen = one.farm.devices[step // 2 :: step][: len(BAD)]
    for sim, fault in zip(chosen, BAD, strict=True):
        sim.fault = fault
    assert len({sim.family for sim in chosen}) == len(FAMILIES)
    return {sim.mac for sim in chosen}


def failing(mind: Minded) -> set[str]:
    """Who could not be read the last time."""
    return {entry.mac for entry in mind.daemon.roster if entry.failures}
