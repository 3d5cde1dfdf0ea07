"""The driver and the simulated Whatsminer, which know nothing of each other, over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct

from mother.core.clock import sleep
from mother.core.errors import Declined, Refused
from mother.core.model import Address, CommandKind, ConfiguredPool, Credential
from mother.core.ports import Ports
from mother.core.reading import Mode, Reading
from mother.drivers.base import NO_LOGIN, Device
from mother.drivers.whatsminer import words
from mother.drivers.whatsminer.driver import Whatsminer
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.sim.faults import Fault
from mother.sim.whatsminer.models import MODELS
from mother.sim.whatsminer.state import Whatsminer as Miner
from tests.drivers.whatsminer.recorded import order, pools
from tests.drivers.whatsminer.wire import Clock
from tests.net.turning import in_reactor, listen, reactor

MAC = "c4:11:04:00:00:07"
OLD, PLAIN, NEW = "M30S++_VE40", "M50_VH60", "M60S_VK40"
EFFECT_S = 0.25
"""How long the simulator takes to do what it said yes to."""

TAKES = pytest.mark.parametrize(
    ("model", "third"), [(OLD, False), (PLAIN, False), (NEW, False), (NEW, True)]
)


class Bench(Struct):
    """A simulated miner, the family, where it is, and the clock that both have."""

    miner: Miner
    family: Whatsminer
    address: Address
    clock: Clock

    def device(self, credential: Credential = NO_LOGIN) -> Device:
        """The driver's device; with the login that the miner has."""
        if credential == NO_LOGIN:
            access = self.miner.access
            third = self.address.port == self.family._wire.ports().whatsminer
            word = access.v3_password if third else access.password
            credential = Credential("super" if third else "admin", word)
        return self.family.device(self.address, credential)

    async def told(self, device: Device, kind: CommandKind, **args: object) -> None:
        """Order it, and let it be done."""
        await device.perform(order(kind, **args))
        await sleep(reactor, EFFECT_S)

    async def later(self, device: Device, seconds: float) -> Reading:
        """What it says after so long."""
        self.clock.now += seconds
        self.miner.catch_up()
        return await device.read(self.clock.now)


@asynccontextmanager
async def bench(model: str, third: bool | None = None) -> AsyncIterator[Bench]:
    """A miner that has run for a day, by its newest API or by the one that is named."""
    clock = Clock()
    miner = Miner("127.0.0.1", MAC, clock, model=model, delays={4028: 0.0, 4433: 0.0})
    if MODELS[model].firmware.strict:
        miner.access.change_password("mine")
    open_ = {trade: listen(factory) for trade, factory in miner.services(reactor).items()}
    ports = Ports(
        cgminer=open_[4028].getHost().port,
        whatsminer=open_[4433].getHost().port if 4433 in open_ else 1,
    )
    by_third = 4433 in open_ if third is None else third
    http = Http(reactor)
    wire = Wire(http, Lines(reactor), lambda: 5.0, lambda: ports, clock)
    port = ports.whatsminer if by_third else ports.cgminer
    try:
        yield Bench(miner, Whatsminer(wire), Address("127.0.0.1", port), clock)
    finally:
        await http.close()
        for listening in open_.values():
            await listening.stopListening()


@TAKES
@in_reactor
async def test_it_is_recognised_and_described(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        assert await found.family.recognise(found.address, 5.0)
        description = await found.device().describe()
    assert (description.mac, description.model) == (MAC, model)
    assert description.firmware == MODELS[model].firmware.version
    assert description.closed == ""


@TAKES
@in_reactor
async def test_it_is_read_whole(model: str, third: bool) -> None:
    about = MODELS[model]
    async with bench(model, third) as found:
        reading = await found.later(found.device(), 0.0)
    assert (reading.mode, reading.model, reading.algorithm) == (Mode.ACTIVE, model, "sha256")
    assert reading.expected_hashrate == pytest.approx(about.rate * 1e9)
    assert reading.hashrate == pytest.approx(about.rate * 1e9, rel=0.05)
    assert reading.power == pytest.approx(about.watts, rel=0.05)
    assert (reading.power_target, reading.profile) == (about.limit, "normal")
    assert (len(reading.boards), reading.boards_alive) == (about.boards, about.boards)
    assert all(board.chips == about.chips and board.serial for board in reading.boards)
    assert reading.temperature_max is not None
    assert reading.temperature_chip_max is not None
    assert [pool.active for pool in reading.pools] == [True, False, False]
    assert (len(reading.fans), reading.faults) == (about.fans, ())
    assert reading.ambient is not None
    assert reading.uptime is not None
    assert reading.uptime > 3600
    assert third or (reading.shares[0] or 0) > 0


@in_reactor
async def test_a_miner_cooled_by_a_liquid_has_no_fans_that_stand() -> None:
    async with bench("M63S_VK30") as found:
        reading = await found.later(found.device(), 0.0)
    assert (reading.fans, reading.expected_boards) == ((), 4)


@TAKES
@in_reactor
async def test_it_sleeps_when_told_and_wakes_when_told(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        device = found.device()
        await device.read(found.clock.now)
        await found.told(device, CommandKind.PAUSE)
        asleep = await found.later(device, 60.0)
        assert (asleep.mode, asleep.hashrate) == (Mode.SLEEP, 0.0)
        assert (await device.settings()).asleep is True
        assert (await found.later(device, 600.0)).mode is Mode.SLEEP
        await found.told(device, CommandKind.RESUME)
        assert (await found.later(device, 10.0)).mode is Mode.TUNING
        awake = await found.later(device, 1800.0)
        assert awake.mode is Mode.ACTIVE
        assert awake.hashrate == pytest.approx(MODELS[model].rate * 1e9, rel=0.1)


@TAKES
@in_reactor
async def test_what_is_set_is_what_is_read_back(model: str, third: bool) -> None:
    wanted = pools(2)
    hidden = tuple(ConfiguredPool(pool.url, pool.user, None) for pool in wanted)
    async with bench(model, third) as found:
        device = found.device()
        await found.told(device, CommandKind.SET_POOLS, pools=wanted)
        await found.told(device, CommandKind.SET_PROFILE, profile="low", level=None)
        await found.told(device, CommandKind.SET_POWER, watts=3000.0)
        found.clock.now += 300.0
        found.miner.catch_up()
        settings = await device.settings()
        assert (settings.pools, settings.profile, settings.power_target) == (hidden, "low", 3000.0)
        assert [pool.password for pool in found.miner.pools] == ["hunter20", "hunter21"]
        await found.told(device, CommandKind.LOCATE, on=True)
        assert found.miner.led == "manual"
        await found.told(device, CommandKind.LOCATE, on=False)
        assert found.miner.led == "auto"


@TAKES
@in_reactor
async def test_its_uptime_begins_anew_after_a_restart(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        device = found.device()
        await found.told(device, CommandKind.RESTART_MINING)
        reading = await found.later(device, 5.0)
        assert reading.uptime is not None
        assert reading.uptime < 30
        await found.told(device, CommandKind.REBOOT)
        assert not found.miner.present


@TAKES
@in_reactor
async def test_more_than_the_model_can_do_is_declined(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        with pytest.raises(Declined):
            await found.device().perform(order(CommandKind.SET_POWER, watts=50_000))


@TAKES
@in_reactor
async def test_a_closed_api_is_told_with_the_step_that_opens_it(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        device = found.device()
        found.miner.access.open = False
        with pytest.raises(Declined, match="WhatsMinerTool"):
            await device.perform(order(CommandKind.PAUSE))
        closed = words.CLOSED_THIRD if third else words.CLOSED_SECOND
        assert (await device.describe()).closed == closed
        assert found.miner.off is False


@TAKES
@in_reactor
async def test_another_password_is_refused(model: str, third: bool) -> None:
    async with bench(model, third) as found:
        device = found.device(Credential("super" if third else "admin", "wrong"))
        with pytest.raises(Refused):
            await device.perform(order(CommandKind.PAUSE))


@in_reactor
async def test_newer_firmware_takes_nothing_with_the_factorys_password() -> None:
    async with bench(NEW, False) as found:
        found.miner.access.change_password("admin")
        with pytest.raises(Declined, match="change the admin password"):
            await found.device().perform(order(CommandKind.PAUSE))


@in_reactor
async def test_a_new_password_is_taken_and_used() -> None:
    async with bench(PLAIN) as found:
        device = found.device()
        new = Credential("admin", "Nu_3")
        await found.told(device, CommandKind.SET_PASSWORD, credential=new)
        assert found.miner.access.password == "Nu_3"
        await found.told(device, CommandKind.PAUSE)
        assert found.miner.off


@in_reactor
async def test_tokens_run_out_only_for_who_asks_for_many() -> None:
    async with bench(PLAIN) as found:
        device = found.device()
        for _ in range(40):
            await device.perform(order(CommandKind.LOCATE, on=True))
        assert found.miner.requests["get_token"] == 1
        for _ in range(31):
            await found.device().perform(order(CommandKind.LOCATE, on=True))
        with pytest.raises(Declined, match="no more tokens"):
            await found.device().perform(order(CommandKind.LOCATE, on=True))
        found.clock.now += 1801.0
        await found.device().perform(order(CommandKind.LOCATE, on=True))


@in_reactor
async def test_a_token_of_before_a_reboot_is_renewed() -> None:
    async with bench(PLAIN) as found:
        device = found.device()
        await device.perform(order(CommandKind.LOCATE, on=True))
        found.miner.access.restarted()
        await device.perform(order(CommandKind.LOCATE, on=False))
        assert found.miner.requests["get_token"] == 2


@TAKES
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Fault.DEAD_BOARD, lambda reading: reading.boards_alive == len(reading.boards) - 1),
        (Fault.MISSING_BOARD, lambda reading: len(reading.boards) == 2),
        (Fault.SLOW_BOARD, lambda reading: reading.hashrate < 0.95 * reading.expected_hashrate),
        (Fault.HOT_BOARD, lambda reading: reading.temperature_max > 85),
    ],
)
@in_reactor
async def test_what_ails_it_is_seen(
    model: str, third: bool, fault: Fault, seen: Callable[[Reading], bool]
) -> None:
    async with bench(model, third) as found:
        device = found.device()
        await found.later(device, 0.0)
        found.miner.fault = fault
        for _ in range(10):
            reading = await found.later(device, 200.0)
        assert seen(reading)
        assert reading.faults
