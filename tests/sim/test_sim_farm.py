"""The served farm: one listener per device that is there, none for one that is not."""

from __future__ import annotations

import socket
import time
from collections.abc import Coroutine
from typing import Any, cast

import pytest
from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.testing import MemoryReactorClock
from twisted.internet.threads import deferToThread

from mother.sim.farm import CannotServe, Farm, FarmReactor
from mother.sim.plan import FarmPlan
from tests.sim.asking import asked, shortly
from tests.sim.serving import Hastened, on_the_reactor, served


@on_the_reactor
async def test_every_device_answers_and_an_absent_address_refuses() -> None:
    async with served(miners=3, network="127.79.1.0/24") as farm:
        port = farm.dragons[0].port
        assert {device.port for device in farm.dragons} == {port}
        for device in farm.dragons:
            assert b"<title>DragonMint</title>" in await asked(device.host, port)
        assert await asked("127.79.1.4", port) == b""
    assert await asked("127.79.1.1", port) == b""


@on_the_reactor
async def test_a_taken_port_is_told_in_one_line_and_nothing_stays_open() -> None:
    async with served(miners=1, network="127.79.2.2/32") as farm:
        port = farm.dragons[0].port
        second = Farm(
            FarmPlan(miners=3, network="127.79.2.0/24", port=port),
            cast(FarmReactor, reactor),
            time.time,
        )
        with pytest.raises(CannotServe, match=rf"^127.79.2.2:{port} is taken: .*--port$"):
            await second.start()
        assert await asked("127.79.2.1", port) == b""


@on_the_reactor
async def test_a_vanished_device_refuses_until_it_comes_back() -> None:
    async with served(network="127.79.3.1/32") as farm:
        [device] = farm.dragons
        device.vanish()
        await shortly()
        assert await asked(device.host, device.port) == b""
        device.come_back()
        await shortly()
        assert await asked(device.host, device.port)


@on_the_reactor
async def test_coming_back_at_once_is_not_lost() -> None:
    async with served(network="127.79.4.1/32") as farm:
        [device] = farm.dragons
        device.vanish()
        device.come_back()
        await shortly()
        assert await asked(device.host, device.port)


@on_the_reactor
async def test_a_device_that_goes_down_cuts_its_connections() -> None:
    async with served(network="127.79.5.1/32") as farm:
        [device] = farm.dragons

        def hold() -> bytes:
            with socket.create_connection((device.host, device.port), timeout=5) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.recv(65536)
                cast(ReactorBase, reactor).callFromThread(device.reboot)
                return connection.recv(65536)

        assert await deferToThread(hold) == b""
        assert await asked(device.host, device.port) == b""


@on_the_reactor
async def test_a_reboot_ends_by_itself_in_the_devices_own_time() -> None:
    async with served(speed=100, network="127.79.6.1/32") as farm:
        [device] = farm.dragons
        device.reboot()
        await shortly()
        assert await asked(device.host, device.port) == b""
        await shortly(1.0)
        assert await asked(device.host, device.port)
        assert device.uptime < 100


@on_the_reactor
async def test_addresses_dealt_anew_are_served_by_other_devices() -> None:
    async with served(speed=50, miners=3, network="127.79.7.0/24") as farm:
        hosts = [device.host for device in farm.dragons]
        farm.deal_addresses_anew()
        await shortly(0.5)
        assert [device.host for device in farm.dragons] == [*hosts[1:], hosts[0]]
        for device in farm.dragons:
            assert await asked(device.host, device.port)


@on_the_reactor
async def test_a_device_moves_to_a_free_address_and_leaves_the_old_one() -> None:
    async with served(network="127.79.8.1/32") as farm:
        [device] = farm.dragons
        device.move("127.79.8.9")
        await shortly()
        assert await asked("127.79.8.9", device.port)
        assert await asked("127.79.8.1", device.port) == b""


def memory_farm(**plan: Any) -> tuple[Farm, MemoryReactorClock]:
    memory = MemoryReactorClock()
    settings: dict[str, Any] = {"miners": 10, **plan}
    return Farm(FarmPlan(**settings), cast(FarmReactor, memory), memory.seconds), memory


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    held: list[object] = []
    Deferred.fromCoroutine(coroutine).addBoth(held.append)
    assert held == [None]


@on_the_reactor
async def test_quiet_devices_need_no_timer() -> None:
    counting = Hastened(cast(PosixReactorBase, reactor), 1.0)
    plan = FarmPlan(miners=200, network="127.79.9.0/24", port=0)
    farm = Farm(plan, counting, counting.seconds)
    await farm.start()
    await farm.stop()
    assert counting.timers == 0


def test_an_address_that_is_not_loopback_is_never_bound() -> None:
    farm, memory = memory_farm(miners=1)
    run(farm.start())
    farm.dragons[0].move("10.0.0.1")
    assert [server[3] for server in memory.tcpServers] == ["127.77.0.1"]


def test_random_faults_set_in_at_their_time() -> None:
    farm, memory = memory_farm(faulty=40)
    run(farm.start())
    assert all(device.fault == "none" for device in farm.dragons)
    memory.advance(1800)
    assert sum(device.fault != "none" for device in farm.dragons) >= 3


def test_named_faults_hold_from_the_start() -> None:
    farm, memory = memory_farm(faults={"dead-board": 1, "vanished": 1, "slow-board": 1})
    run(farm.start())
    assert len(memory.tcpServers) == 9
    [slow] = [device for device in farm.dragons if device.fault == "slow-board"]
    assert min(board.window(3, memory.seconds()) for board in slow.boards) < 1e6
    memory.advance(1800)
    assert len(memory.tcpServers) == 10


def test_a_stopped_farm_leaves_no_timer_behind() -> None:
    farm, memory = memory_farm(faulty=50, faults={"vanished": 1})
    run(farm.start())
    run(farm.stop())
    farm.dragons[0].vanish(5)
    assert memory.getDelayedCalls() == []


def test_a_factory_fresh_device_has_no_pools_and_the_default_logins() -> None:
    farm, _ = memory_farm(miners=20, factory_fresh=0.5, faults={"dead-board": 3})
    fresh = [device for device in farm.dragons if device.pools is None]
    assert len(fresh) == 10
    for device in fresh:
        assert device.access.refusal("admin", "dragonadmin") == ""
        assert device.autotune.profile is None
        assert not device.ready
        assert not any(board.hashing for board in device.boards)
    assert sum(line.endswith(", factory-fresh") for line in farm.lines()) == 10
    assert sum(device.ready for device in farm.dragons) == 10
    assert all(device.pools is None for device in memory_farm(factory_fresh=True)[0].dragons)


def test_the_builds_of_the_plan_are_those_of_the_devices() -> None:
    bad, worse, url = "t1_20190101_000000", "t1_20190102_000000", "http://127.0.0.1:8000/a.swu"
    farm, memory = memory_farm(failing=(bad,), bricking=(worse,), firmware_url=url)
    run(farm.start())
    one, other, *rest = farm.dragons
    one.reboot(bad)
    other.reboot(worse)
    memory.advance(600)
    assert (one.present, one.ready) == (True, False)
    assert not other.present
    assert all(device.ready for device in rest)
    assert {device.builds.url for device in farm.dragons} == {url}
    other.come_back()
    run(farm.stop())
    assert memory.getDelayedCalls() == []


def test_a_line_tells_address_family_mac_and_fault() -> None:
    farm, _ = memory_farm(miners=2, faults={"hang": 1}, faulty=50)
    for device, line in zip(farm.dragons, farm.lines(), strict=True):
        assert line.startswith(f"{device.host}:{device.port}  dragonmint  {device.mac}  ")
    told = sorted(line.split("  ", 3)[3] for line in farm.lines())
    assert any(each == "hang" for each in told)
    assert any(" in " in each and each.endswith(" s") for each in told)
