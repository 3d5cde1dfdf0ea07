"""The driver against the simulated miner, which was made apart from it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from mother.core.clock import sleep
from mother.core.errors import Declined, DeviceError, Refused, Unreachable, Unsupported
from mother.core.model import (
    Address,
    CommandKind,
    ConfiguredPool,
    Credential,
    FirmwareImage,
    NetworkSettings,
)
from mother.core.ports import Ports
from mother.core.reading import Mode
from mother.drivers.antminer.driver import Antminer
from mother.drivers.antminer.models import model_of
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.sim.antminer import state, web
from mother.sim.antminer.models import MODELS
from mother.sim.door import Door
from mother.sim.door import Ports as Offset
from mother.sim.faults import Fault
from tests.drivers.antminer.test_driver import order
from tests.net.turning import in_reactor, reactor

NOW = 1_755_615_295.0
MAC = "02:55:97:22:30:72"
KIND = CommandKind
NEWER = ("S19Pro", "S19jPro", "S21")
POOLS = tuple(
    ConfiguredPool(f"stratum+tcp://pool{n}.example:3333", f"farm.{n}", f"x{n}") for n in range(2)
)


class Yard:
    """One simulated miner that lives by a clock of its own, and what talks to it."""

    def __init__(self, model: str, family: Antminer, address: Address, sim: state.Antminer) -> None:
        self.kind = MODELS[model]
        self.family = family
        self.sim = sim
        self.device = family.device(address, Credential("root", "root"))
        self.address = address
        self.clock = Clock()

    async def later(self, seconds: float) -> None:
        """So much later, with a turn of the reactor for listeners to open and shut."""
        for _ in range(10):
            self.clock.advance(seconds / 10)
            await sleep(reactor, 0.005)
        self.sim.changed()
        await sleep(reactor, 0.02)

    async def perform(self, kind: CommandKind, **args: object) -> None:
        """Ordered, and a second later."""
        self.device.expect(MAC)
        await self.device.perform(order(kind, **args))
        await self.later(1.0)

    async def mode(self) -> Mode:
        return (await self.device.read(self.clock.seconds())).mode


class Turning:
    """The reactor with another clock: listeners are real, timers are not."""

    def __init__(self, clock: Clock) -> None:
        self.seconds = clock.seconds
        self.callLater = clock.callLater
        self.listenTCP = reactor.listenTCP


@asynccontextmanager
async def yard(model: str = "S19Pro") -> AsyncIterator[Yard]:
    clock = Clock()
    clock.advance(NOW)
    turning: Any = Turning(clock)
    sim = state.Antminer("127.0.0.1", MAC, clock.seconds, model=model, server=web.server)
    offset = Offset(None)
    with_api = reactor.listenTCP(0, web.server(sim, turning)[80], interface="127.0.0.1")
    offset.offset = with_api.getHost().port - 80
    await with_api.stopListening()
    door = Door(sim, offset, frozenset(), turning)
    door.start()
    http = Http(reactor)
    ports = Ports(offset.of(80), offset.of(4028))
    wire = Wire(http, Lines(reactor), lambda: 5.0, lambda: ports, clock.seconds)
    place = Yard(model, Antminer(wire, 5.0), Address("127.0.0.1", ports.cgminer), sim)
    place.clock = clock
    try:
        yield place
    finally:
        await door.stop()
        await http.close()


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_every_simulated_model_is_recognised_described_and_read(model: str) -> None:
    async with yard(model) as place:
        assert await place.family.recognise(place.address, 5.0)
        found = await place.device.describe()
        reading = await place.device.read(NOW)
    assert found.mac == MAC
    assert f"Antminer {found.model}" == place.kind.type
    assert reading.mode is Mode.ACTIVE
    assert reading.hashrate == pytest.approx(place.kind.rate, rel=0.1)
    assert reading.expected_hashrate == place.kind.rate
    assert len(reading.boards) == reading.expected_boards == place.kind.boards
    assert {board.chips for board in reading.boards} == {place.kind.chips}
    assert all(board.alive and board.temperature for board in reading.boards)
    assert len(reading.fans) == len(place.kind.fans)
    assert all(fan.rpm for fan in reading.fans)
    assert reading.pools[0].active
    assert reading.accepted
    assert model_of(found.model).old == place.kind.firmware.old


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_power_is_told_by_those_that_know_the_newer_stats(model: str) -> None:
    async with yard(model) as place:
        power = (await place.device.read(NOW)).power
    known = place.kind.firmware.new_stats
    assert power == (pytest.approx(place.kind.power, rel=0.1) if known else None)


@pytest.mark.parametrize("model", NEWER)
@in_reactor
async def test_a_miner_is_put_to_sleep_and_woken(model: str) -> None:
    async with yard(model) as place:
        before = (await place.device.settings()).pools
        await place.perform(KIND.PAUSE)
        assert (await place.device.settings()).asleep
        await place.later(60.0)
        assert await place.mode() is Mode.SLEEP
        assert (await place.device.describe()).mac == MAC
        assert await place.family.recognise(place.address, 5.0)
        with pytest.raises(Declined):
            await place.perform(KIND.SET_PROFILE, profile="normal")
        await place.perform(KIND.RESUME)
        assert await place.mode() is Mode.STARTING
        await place.later(600.0)
        assert await place.mode() is Mode.ACTIVE
        assert (await place.device.settings()).pools == before


@pytest.mark.parametrize("model", NEWER)
@in_reactor
async def test_a_profile_and_pools_are_read_back_as_they_were_set(model: str) -> None:
    async with yard(model) as place:
        await place.perform(KIND.SET_PROFILE, profile="low-power")
        assert (await place.device.settings()).profile == "low-power"
        await place.perform(KIND.SET_POOLS, pools=POOLS)
        found = await place.device.settings()
        assert (found.profile, found.pools) == ("low-power", POOLS)
        await place.perform(KIND.SET_POOLS, pools=())
        assert (await place.device.settings()).pools == ()
        await place.perform(KIND.SET_POOLS, pools=POOLS)
        await place.later(600.0)
        reading = await place.device.read(NOW)
    assert reading.profile == "low-power"
    assert [pool.user for pool in reading.pools] == ["farm.0", "farm.1"]
    assert reading.hashrate is not None
    assert reading.hashrate < 0.95 * place.kind.rate


@in_reactor
async def test_what_else_is_configured_survives() -> None:
    async with yard() as place:
        before = dict(place.sim.conf)
        await place.perform(KIND.PAUSE)
        after = place.sim.conf
    changed = {"bitmain-work-mode", "bitmain-freq-level"}
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }


@in_reactor
async def test_the_light_blinks_and_stops() -> None:
    async with yard() as place:
        await place.perform(KIND.LOCATE, on=True)
        assert place.sim.blinking
        await place.perform(KIND.LOCATE, on=False)
        assert not place.sim.blinking


@pytest.mark.parametrize("model", MODELS)
@in_reactor
async def test_a_miner_reboots_and_comes_back(model: str) -> None:
    async with yard(model) as place:
        await place.device.read(NOW)
        await place.perform(KIND.REBOOT)
        with pytest.raises(DeviceError):
            await place.device.read(NOW)
        await place.later(300.0)
        reading = await place.device.read(NOW)
    assert reading.uptime is not None
    assert reading.uptime < 300
    assert place.sim.boots == 1


@in_reactor
async def test_a_password_is_changed_and_the_old_one_is_refused() -> None:
    async with yard() as place:
        new = Credential("root", 'n\u00e9w " pass')
        await place.perform(KIND.SET_PASSWORD, credential=new)
        assert place.sim.login == ("root", new.password)
        assert (await place.device.describe()).mac == MAC
        other = place.family.device(place.address, Credential("root", "root"))
        with pytest.raises(Refused):
            await other.describe()


@in_reactor
async def test_the_network_is_read_back_as_it_was_set() -> None:
    wanted = NetworkSettings(
        dhcp=False,
        address="127.0.0.1",
        netmask="255.0.0.0",
        gateway="127.0.0.254",
        dns=("127.0.0.254", "9.9.9.9"),
    )
    async with yard() as place:
        assert (await place.device.network()).dhcp
        await place.perform(KIND.SET_NETWORK, network=wanted)
        assert await place.device.network() == wanted
        assert (await place.device.describe()).hostname == "Antminer"


@in_reactor
async def test_firmware_is_flashed_or_declined(tmp_path: Path) -> None:
    async with yard("S21") as place:
        for content in (b"\xab\xab\xab\xab" + bytes(5000), b"not this" + bytes(5000)):
            path = tmp_path / "cached"
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            image = FirmwareImage("FR-1.13(251101-S21)", str(path), digest, len(content))
            if content.startswith(b"not"):
                with pytest.raises(Declined, match="invalid"):
                    await place.perform(KIND.UPGRADE, firmware=image)
            else:
                await place.perform(KIND.UPGRADE, firmware=image)
                await place.later(300.0)
    assert place.sim.boots == 1


@pytest.mark.parametrize("model", ["S9", "T17"])
@in_reactor
async def test_the_old_generation_is_read_and_rebooted_only(model: str) -> None:
    async with yard(model) as place:
        assert len((await place.device.settings()).pools or ()) == 3
        for kind, args in ((KIND.PAUSE, {}), (KIND.SET_POOLS, {"pools": POOLS})):
            with pytest.raises(Unsupported):
                await place.perform(kind, **args)


@in_reactor
async def test_a_nonce_that_has_grown_old_is_renewed() -> None:
    async with yard() as place:
        await place.device.settings()
        await place.later(3600.0)
        assert (await place.device.settings()).pools


@in_reactor
async def test_a_board_that_is_dead_or_missing_is_seen() -> None:
    for fault in (Fault.DEAD_BOARD, Fault.MISSING_BOARD):
        async with yard() as place:
            place.sim.fault = fault
            await place.later(60.0)
            reading = await place.device.read(NOW)
        assert reading.boards_alive == 2
        assert len(reading.boards) == 3


@in_reactor
async def test_a_miner_that_vanished_is_unreachable() -> None:
    async with yard() as place:
        await place.device.read(NOW)
        place.sim.fault = Fault.VANISHED
        await place.later(1.0)
        with pytest.raises(Unreachable):
            await place.device.read(NOW)
