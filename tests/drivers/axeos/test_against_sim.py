"""The driver and the simulated devices, over loopback: neither knows how the other is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mother.core.errors import Declined, Unreachable, Unsupported
from mother.core.model import Address, CommandKind, ConfiguredPool
from mother.core.ports import Ports
from mother.core.reading import Mode
from mother.drivers.axeos.driver import AxeOS, AxeOSDevice
from mother.drivers.base import NO_LOGIN, Traces
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.sim.axeos import device as simulated_device
from mother.sim.axeos.state import Axe
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan
from tests.drivers.axeos.wire import order
from tests.net.turning import in_reactor, reactor, until

MAC = "24:58:7c:00:00:07"
NOW = 1_780_000_000.0
HOST = "127.83.40.7"
"""Where nobody's client gets the port while the device is away."""

SUPRA, ULTRA, GAMMA, HEX = "bitaxe-supra", "bitaxe-ultra", "bitaxe-gamma", "bitaxe-supra-hex"
MODELS = {
    SUPRA: ("Bitaxe Supra", 1),
    ULTRA: ("Bitaxe Ultra", 1),
    GAMMA: ("Bitaxe Gamma", 1),
    HEX: ("Bitaxe Supra Hex", 6),
}
WISHED = (
    ConfiguredPool("stratum+tcp://one.example:3333", "farm.axe", "hunter2"),
    ConfiguredPool("stratum+tcp://two.example:4444", "farm.axe", None),
)


class Shelf:
    """One simulated device on loopback; its time is ours to set."""

    def __init__(self, model: str) -> None:
        self.now = NOW
        berth = Berth(HOST, MAC, model, 86400.0, Fault.NONE, 0.0, family="axeos")
        self.sim: Axe = simulated_device(berth, FarmPlan(), lambda: self.now)
        self.sim.changed = self.serve
        self._port: Any = None
        self._factory = self.sim.services(reactor)[80]
        self.number = 0
        self.away = False

    def serve(self) -> None:
        """Listen, or not, as the device is there or away."""
        if not self.sim.present:
            self.close()
        elif self._port is None:
            self.away = False
            self._port = reactor.listenTCP(self.number, self._factory, interface=HOST)
            self.number = self._port.getHost().port

    def close(self) -> None:
        """Nobody listens any more; `away` once that is done."""
        port, self._port = self._port, None
        if port is not None:
            port.stopListening().addCallback(lambda _: setattr(self, "away", True))

    def wait(self, seconds: float) -> None:
        """So much time goes by."""
        self.now += seconds
        self.serve()


@asynccontextmanager
async def shelf(model: str) -> AsyncIterator[tuple[Shelf, AxeOS, AxeOSDevice]]:
    """A simulated device, the family, and its device for it."""
    one = Shelf(model)
    one.serve()
    http = Http(reactor)
    family = AxeOS(Wire(http, Lines(reactor), lambda: 2.0, Ports, lambda: one.now))
    device = family.device(Address(HOST, one.number), NO_LOGIN)
    device.expect(MAC)
    try:
        yield one, family, device
    finally:
        await http.close()
        one.close()


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_it_is_known_for_what_it_is(model: str) -> None:
    async with shelf(model) as (_, family, device):
        page = await Http(reactor).exchange(device.address, b"GET", "/", deadline=2.0, fresh=True)
        shown = Traces(HOST, frozenset({80}), page_port=80, status=200, page=page.body)
        assert family.claims(shown) == Address(HOST, 80)
        assert await family.recognise(device.address, 2.0)
        who = await device.describe()
        assert (who.mac, who.model, who.closed) == (MAC, MODELS[model][0], "")


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_a_reading_tells_what_it_does(model: str) -> None:
    async with shelf(model) as (one, _, device):
        one.wait(3600)
        found = await device.read(NOW)
        expected = one.sim.expected * 1e9
    assert found.mode is Mode.ACTIVE
    assert found.expected_hashrate == pytest.approx(expected, rel=0.01)
    assert found.hashrate == pytest.approx(expected, rel=0.3)
    assert (found.boards_alive, found.expected_boards) == (1, 1)
    assert (found.boards[0].chips, found.boards[0].chips_expected) == (MODELS[model][1],) * 2
    assert found.power is not None
    assert 5 < found.power < 100
    assert found.uptime == pytest.approx(90_000, abs=120)
    assert found.faults == ()
    assert found.pools[0].active is True


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_a_day_of_polls_wears_nobody_out(model: str) -> None:
    async with shelf(model) as (one, family, device):
        for _ in range(40):
            one.wait(family.nature.interval)
            assert (await device.read(one.now)).hashrate is not None
        assert one.sim.abused == 0


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_pools_are_set_count_after_its_restart_and_read_as_they_were_wished(
    model: str,
) -> None:
    async with shelf(model) as (one, _, device):
        await device.perform(order(CommandKind.SET_POOLS, pools=WISHED))
        one.wait(2.0)
        await until(lambda: one.away)
        with pytest.raises(Unreachable):
            await device.read(one.now)
        one.wait(60)
        found = await device.settings()
        assert [(pool.url, pool.user) for pool in found.pools or ()] == [
            (pool.url, pool.user) for pool in WISHED
        ]
        assert one.sim.pools[0] == ("one.example", 3333, "farm.axe")
        await device.perform(order(CommandKind.SET_POOLS, pools=WISHED[:1]))
        await until(lambda: one.away)
        one.wait(60)
        assert len((await device.settings()).pools or ()) == 1


@pytest.mark.parametrize("model", [SUPRA, GAMMA])
@in_reactor
async def test_clock_and_voltage_are_set_and_read_back(model: str) -> None:
    async with shelf(model) as (one, _, device):
        await device.perform(order(CommandKind.SET_FREQUENCY, frequency=500.0, voltage=1.2))
        found = await device.settings()
        assert (found.frequency, found.voltage) == (500.0, 1.2)
        with pytest.raises(Declined, match="menu"):
            await device.perform(order(CommandKind.SET_FREQUENCY, frequency=900.0))
        assert not one.away


@in_reactor
async def test_newer_firmware_pauses_and_resumes() -> None:
    async with shelf(GAMMA) as (one, _, device):
        await device.perform(order(CommandKind.PAUSE))
        one.wait(30)
        asleep = await device.read(one.now)
        assert (asleep.mode, asleep.asleep) == (Mode.SLEEP, True)
        assert (await device.settings()).asleep is True
        await device.perform(order(CommandKind.RESUME))
        one.wait(60)
        assert not (await device.read(one.now)).asleep


@pytest.mark.parametrize("kind", [CommandKind.PAUSE, CommandKind.RESUME])
@in_reactor
async def test_older_firmware_says_that_it_cannot(kind: CommandKind) -> None:
    async with shelf(SUPRA) as (_, _, device):
        with pytest.raises(Unsupported, match=r"2\.14"):
            await device.perform(order(kind))


@in_reactor
async def test_a_reboot_begins_its_uptime_anew() -> None:
    async with shelf(GAMMA) as (one, _, device):
        await device.perform(order(CommandKind.REBOOT))
        await until(lambda: one.away)
        one.wait(60)
        uptime = (await device.read(one.now)).uptime
        assert uptime is not None
        assert uptime < 61


@in_reactor
async def test_locating_is_taken() -> None:
    async with shelf(GAMMA) as (_, _, device):
        await device.perform(order(CommandKind.LOCATE, on=True))
