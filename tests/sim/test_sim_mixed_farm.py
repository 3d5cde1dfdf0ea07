"""A farm of several families: a listener per device and service, all shifted alike."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from mother.sim.farm import CannotServe, Farm, FarmReactor
from mother.sim.faults import Fault
from mother.sim.plan import FarmPlan
from tests.sim.asking import asked, shortly
from tests.sim.serving import on_the_reactor, served
from tests.sim.toy import PAGE, TOYS, Toy


def toys(farm: Farm) -> list[Toy]:
    return [device for device in farm.devices if isinstance(device, Toy)]


def ports_of(farm: Farm) -> tuple[int, int]:
    """Where the first toy has its page and its echo."""
    places = farm.lines()[0].split()[0].partition(":")[2]
    page, echo = map(int, places.split(","))
    return page, echo


async def heard(host: str, page: int, echo: int) -> tuple[bool, bool]:
    """Whether page and echo answer at that address."""
    said = await asked(host, echo, b"hello")
    return PAGE in await asked(host, page), said == b"you said: hello"


@on_the_reactor
async def test_every_service_of_every_device_listens_by_the_same_offset() -> None:
    mix = {"toy": 2, "dragonmint": 1}
    async with served(families=TOYS, mix=mix, network="127.79.20.0/24") as farm:
        page, echo = ports_of(farm)
        assert echo - page == 4028 - 80
        for toy in toys(farm):
            assert await heard(toy.host, page, echo) == (True, True)
        [dragon] = farm.dragons
        assert dragon.port == page
        assert b"<title>DragonMint</title>" in await asked(dragon.host, page)
        assert await asked(dragon.host, echo, b"hello") == b""
    assert await heard("127.79.20.1", page, echo) == (False, False)


@on_the_reactor
async def test_all_ports_of_a_device_go_and_come_and_move_together() -> None:
    plan: dict[str, Any] = {"mix": {"toy": 1}, "network": "127.79.21.1/32"}
    async with served(speed=20, families=TOYS, **plan) as farm:
        [toy], (page, echo) = toys(farm), ports_of(farm)
        toy.reboot(10)
        await shortly()
        assert await heard(toy.host, page, echo) == (False, False)
        await shortly(1.0)
        assert await heard(toy.host, page, echo) == (True, True)
        toy.move("127.79.21.9")
        await shortly()
        assert await heard("127.79.21.9", page, echo) == (True, True)
        assert await heard("127.79.21.1", page, echo) == (False, False)


@on_the_reactor
async def test_a_port_that_the_device_opens_or_shuts_is_opened_or_shut() -> None:
    plan: dict[str, Any] = {"mix": {"toy": 1}, "network": "127.79.22.1/32"}
    async with served(families=TOYS, **plan) as farm:
        [toy], (page, echo) = toys(farm), ports_of(farm)
        toy.open(80)
        await shortly()
        assert await heard(toy.host, page, echo) == (True, False)
        toy.open(4028)
        await shortly()
        assert await heard(toy.host, page, echo) == (False, True)
        toy.open(80, 4028)
        await shortly()
        assert await heard(toy.host, page, echo) == (True, True)


@on_the_reactor
async def test_a_port_taken_by_another_shuts_the_other_ports_again() -> None:
    plan: dict[str, Any] = {"mix": {"toy": 1}, "network": "127.79.23.1/32"}
    async with served(families=TOYS, **plan) as farm:
        [toy], (page, echo) = toys(farm), ports_of(farm)
        toy.open(4028)
        await shortly()
        other = served(families=TOYS, **plan, port=page)
        with pytest.raises(CannotServe, match=rf"^127.79.23.1:{echo} is taken: .*--port$"):
            await other.__aenter__()
        assert await heard(toy.host, page, echo) == (False, True)


def in_memory(**plan: Any) -> tuple[Farm, MemoryReactorClock]:
    memory = MemoryReactorClock()
    farm = Farm(FarmPlan(**plan), cast(FarmReactor, memory), memory.seconds, TOYS)
    done: list[object] = []
    Deferred.fromCoroutine(farm.start()).addBoth(done.append)
    assert done == [None]
    return farm, memory


def test_real_ports_are_those_of_the_trade() -> None:
    farm, memory = in_memory(mix={"toy": 1, "dragonmint": 1}, port=80)
    assert [server[0] for server in memory.tcpServers] == [80, 4028, 80]
    toy, dragon = farm.lines()
    assert toy.startswith("127.77.0.1:80,4028  toy  02:00:00:")
    assert dragon.startswith("127.77.0.2:80  dragonmint  a0:b0:45:")


def test_a_fault_that_the_family_did_not_set_itself_is_set_by_the_farm() -> None:
    farm, _ = in_memory(mix={"toy": 2}, faults={"hot-board": 1})
    assert sorted(device.fault for device in farm.devices) == [Fault.HOT_BOARD, Fault.NONE]


def test_a_fault_goes_to_a_family_that_knows_it() -> None:
    faults = {"http-500": 2, "drip": 3}
    farm, _ = in_memory(mix={"toy": 3, "dragonmint": 2}, faults=faults)
    assert [device.fault for device in farm.dragons] == [Fault.HTTP_500] * 2
    assert [toy.fault for toy in toys(farm)] == [Fault.DRIP] * 3


def test_chance_deals_a_family_only_what_it_knows() -> None:
    farm, memory = in_memory(mix={"toy": 100}, faulty=100, faulty_within=60)
    memory.advance(60)
    assert {device.fault for device in farm.devices} == {
        *(Fault.HOT_BOARD, Fault.GARBAGE, Fault.HANG, Fault.TRUNCATED)
    }
