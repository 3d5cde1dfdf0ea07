"""The driver and the simulated Avalons, over loopback: neither knows how the other is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mother.core.errors import Declined, Unreachable, Unsupported
from mother.core.model import Address, Command, CommandKind, ConfiguredPool
from mother.core.reading import Mode
from mother.drivers.avalon.driver import Avalon, AvalonDevice
from mother.net.jsonline import Lines
from mother.sim.avalon import device as simulated_device
from mother.sim.avalon.state import Avalon as Simulated
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan
from tests.drivers.avalon.miner import NO_LOGIN, NOW, order, wire_of
from tests.net.turning import in_reactor, reactor, until

CGMINER = 4028
MODELS = {"A1246": "Avalon 1246", "Q": "Avalon Q"}
MAC = "b4:a2:eb:00:00:07"


class Stall:
    """One simulated miner on loopback; its time is ours to set."""

    def __init__(self, model: str, mac: str = MAC) -> None:
        self.now = NOW
        berth = Berth("127.0.0.1", mac, model, 86400.0, Fault.NONE, 0.0, family="avalon")
        self.sim: Simulated = simulated_device(berth, FarmPlan(), lambda: self.now)
        self.sim.changed = self.serve
        self._port: Any = None
        self.number = 0

    def serve(self) -> None:
        """Listen, or not, as the miner is there or away."""
        self.sim.catch_up()
        factory = self.sim.services(reactor).get(CGMINER) if self.sim.present else None
        if factory is None:
            self.close()
        elif self._port is None:
            self._port = reactor.listenTCP(self.number, factory, interface="127.0.0.1")
            self.number = self._port.getHost().port

    def close(self) -> None:
        """Nobody listens."""
        port, self._port = self._port, None
        if port is not None:
            port.stopListening()

    @property
    def away(self) -> bool:
        """Whether nobody listens."""
        return self._port is None

    def wait(self, seconds: float) -> None:
        """So much time goes by."""
        self.now += seconds
        self.serve()


@asynccontextmanager
async def stall(model: str, mac: str = MAC) -> AsyncIterator[tuple[Stall, AvalonDevice]]:
    """A simulated miner and the driver's device for it."""
    one = Stall(model, mac)
    one.serve()
    device = Avalon(wire_of(Lines(reactor))).device(Address("127.0.0.1", one.number), NO_LOGIN)
    device.expect(mac)
    try:
        yield one, device
    finally:
        one.close()


def command(kind: CommandKind, **args: Any) -> Command:
    return order(kind, **args)


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_it_is_known_for_what_it_is(model: str) -> None:
    async with stall(model) as (_, device):
        family = Avalon(wire_of(Lines(reactor)))
        assert await family.recognise(device.address, 2.0)
        who = await device.describe()
    assert (who.mac, who.model, who.closed) == (MAC, MODELS[model], "")


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_a_reading_tells_what_it_does(model: str) -> None:
    async with stall(model) as (one, device):
        reading = await device.read(NOW)
        sim = one.sim
    assert reading.mode is Mode.ACTIVE
    assert reading.hashrate == pytest.approx(sim.mode.rate, rel=0.1)
    assert reading.expected_hashrate == pytest.approx(sim.mode.rate, rel=0.01)
    assert len(reading.boards) == reading.expected_boards == sim.kind.boards
    assert reading.boards_alive == sim.kind.boards
    assert {board.chips for board in reading.boards} == {sim.kind.chips}
    assert sum(board.hashrate or 0 for board in reading.boards) == pytest.approx(
        sim.mode.rate, rel=0.1
    )
    assert reading.power == pytest.approx(sim.mode.power, rel=0.15)
    assert reading.uptime == pytest.approx(86400, abs=120)
    assert reading.pools[0].url == sim.pools[0].url
    assert reading.pool_alive
    assert reading.accepted
    assert len(reading.fans) == sim.kind.fans
    assert 50 < (reading.temperature_chip_max or 0) < 100
    assert reading.faults == ()


@pytest.mark.parametrize("mac", [MAC, "b4:a2:eb:00:00:01", "b4:a2:eb:00:00:02"])
@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_it_sleeps_and_wakes(model: str, mac: str) -> None:
    async with stall(model, mac) as (one, device):
        await device.perform(command(CommandKind.PAUSE))
        assert not (await device.read(NOW)).asleep
        one.wait(10)
        reading = await device.read(one.now)
        assert (reading.mode, reading.hashrate, reading.power) == (Mode.SLEEP, 0.0, 0.0)
        assert (await device.settings()).asleep is True
        await device.perform(command(CommandKind.RESUME))
        one.wait(400)
        reading = await device.read(one.now)
        assert reading.mode is Mode.ACTIVE
        assert reading.hashrate
        assert (await device.settings()).asleep is False


@pytest.mark.parametrize("skew", [-86_400.0, 3600.0])
@in_reactor
async def test_it_sleeps_although_its_clock_is_wrong(skew: float) -> None:
    async with stall("Q") as (one, device):
        one.sim.skew = skew
        await device.perform(command(CommandKind.PAUSE))
        one.wait(10)
        assert (await device.read(one.now)).asleep


@in_reactor
async def test_a_q_takes_another_mode() -> None:
    async with stall("Q") as (one, device):
        for profile in ("standard", "super", "eco"):
            await device.perform(command(CommandKind.SET_PROFILE, profile=profile))
            assert (await device.settings()).profile == profile
            one.wait(600)
            reading = await device.read(one.now)
            assert reading.profile == profile
            assert reading.hashrate == pytest.approx(one.sim.mode.rate, rel=0.1)


@in_reactor
async def test_an_a1246_is_sent_no_mode_that_we_only_guess() -> None:
    async with stall("A1246") as (one, device):
        with pytest.raises(Unsupported):
            await device.perform(command(CommandKind.SET_PROFILE, profile="eco"))
        assert one.sim.workmode == one.sim.kind.default_mode


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_new_pools_are_there_after_the_reboot_that_follows(model: str) -> None:
    async with stall(model) as (one, device):
        pools = tuple(
            ConfiguredPool(f"stratum+tcp://new{index}.example.com:3333", "me.1", f"secret{index}")
            for index in range(3)
        )
        await device.perform(command(CommandKind.SET_POOLS, pools=pools))
        await until(lambda: one.away)
        with pytest.raises(Unreachable):
            await device.settings()
        one.wait(300)
        assert (await device.settings()).pools == pools
        assert [pool.url for pool in (await device.read(one.now)).pools] == [
            pool.url for pool in pools
        ]


@in_reactor
async def test_a_reboot_begins_its_uptime_anew() -> None:
    async with stall("A1246") as (one, device):
        before = (await device.read(one.now)).uptime or 0
        await device.perform(command(CommandKind.REBOOT))
        await until(lambda: one.away)
        one.wait(300)
        reading = await device.read(one.now)
    assert before > 80_000
    assert (reading.uptime or 0) < 300


@in_reactor
async def test_a_restart_begins_the_uptime_of_its_mining_anew() -> None:
    async with stall("A1246") as (one, device):
        await device.perform(command(CommandKind.RESTART_MINING))
        await until(lambda: not one.sim.up)
        one.wait(120)
        assert ((await device.read(one.now)).uptime or 0) < 300


@in_reactor
async def test_a_light_where_there_is_one() -> None:
    async with stall("A1246") as (one, device):
        await device.perform(command(CommandKind.LOCATE, on=True))
        assert one.sim.led
        await device.perform(command(CommandKind.LOCATE, on=False))
        assert not one.sim.led
    async with stall("Q") as (_, device):
        with pytest.raises(Declined, match="led"):
            await device.perform(command(CommandKind.LOCATE, on=True))


@in_reactor
async def test_a_dead_board_is_seen() -> None:
    async with stall("A1246") as (one, device):
        one.sim.fault = Fault.DEAD_BOARD
        one.wait(60)
        reading = await device.read(one.now)
    assert reading.boards_alive == 2
    assert reading.expected_boards == 3
