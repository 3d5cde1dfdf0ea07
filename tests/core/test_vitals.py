"""The vitals of the daemon: whoever does not move is named; a slow farm is no complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from mother.app import MindedJob
from mother.config.model import Config
from mother.core.clock import sleep
from mother.core.loop import Job, Loop
from mother.core.vitals import Vitals
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, HOUR, World


class Hanging:
    """A job that never ends a round."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def run(self) -> None:
        await Deferred()


class Quick(Hanging):
    """A job that ends at once."""

    async def run(self) -> None:
        """Nothing to do."""


def vitals_of(clock: Any, *jobs: Job) -> Vitals:
    loops = [Loop(job, lambda: 10.0, clock, limit=lambda: 60.0) for job in jobs]
    for loop in loops:
        loop.start()
    return Vitals(loops)


def test_who_does_not_move_is_named_with_its_time_and_the_others_are_not() -> None:
    clock = Clock()
    vitals = vitals_of(clock, Quick("health"), Hanging("scan"))
    clock.pump([1.0] * 60)
    assert vitals.complaints() == ()
    clock.pump([1.0] * 35)
    assert vitals.complaints() == ("The scan loop has not moved for 1 min 34 s.",)


def test_the_latest_of_the_loops_tells_how_busy_the_reactor_is() -> None:
    clock = Clock()
    vitals = vitals_of(clock, Quick("a"), Quick("b"))
    clock.pump([1.0] * 20)
    assert vitals.late() == 0
    clock.advance(5.0)
    assert vitals.late() == 4.0


def minded(world: World) -> Vitals:
    """The loops of a daemon, with the limits of their jobs, as the program builds them."""
    daemon = world.daemon
    jobs: tuple[MindedJob, ...] = (daemon.scan, daemon.metrics, daemon.health, daemon.configure)
    daemon.loops = cast(
        Any,
        tuple(
            Loop(loop.job, loop._interval, cast(Any, world.ether), limit=job.limit)
            for loop, job in zip(daemon.loops, jobs, strict=True)
        ),
    )
    daemon.start()
    return Vitals(daemon.loops)


def complaints_within(world: World, vitals: Vitals, seconds: float) -> list[str]:
    """What was complained of while so much time went by, asked every two seconds or so."""
    found: list[str] = []
    end = world.ether.seconds() + seconds
    while world.ether.seconds() < end:
        world.ether.run(2.0)
        found += vitals.complaints()
    return found


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.HANG, Fault.VANISHED, Fault.GARBAGE])
def test_a_farm_that_answers_badly_does_not_stop_a_loop(fault: Fault) -> None:
    world = World(miners=4)
    vitals = minded(world)
    assert complaints_within(world, vitals, 120.0) == []
    for dragon in world.dragons:
        dragon.fault = fault
    assert complaints_within(world, vitals, 2 * HOUR) == []


def test_a_scan_that_takes_hours_is_slow_and_not_stuck() -> None:
    world = World(miners=1)
    daemon = world.daemon

    async def crawl(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> object:
        for host in hosts:
            await sleep(cast(Any, world.ether), 300.0)
            if world.ether.is_open(host, config.dragon_port):
                found(host)
        return None

    daemon.scan._sweep = crawl
    assert complaints_within(world, minded(world), 4 * HOUR) == []


def test_a_scan_whose_sweep_hangs_is_complained_of_and_nobody_else() -> None:
    world = World(miners=1)

    async def hang(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> object:
        return await Deferred()

    world.daemon.scan._sweep = hang
    vitals = minded(world)
    assert complaints_within(world, vitals, 600.0) == []
    assert {text.split()[1] for text in complaints_within(world, vitals, 120.0)} == {"scan"}


@pytest.mark.parametrize(
    ("slow", "least"),
    [
        ({}, 600.0),
        ({"scan_timeout": 300.0, "connect_timeout": 100.0}, 1200.0),
        ({"scan_rate": 0.001}, 3600.0),
    ],
)
def test_a_scan_that_is_told_to_be_slow_has_a_longer_limit(
    slow: dict[str, Any], least: float
) -> None:
    assert World(config=replace(CONFIG, **slow)).daemon.scan.limit() >= least


def test_slow_miners_give_the_other_jobs_more_time_too() -> None:
    quick, slow = (World(config=replace(CONFIG, dragon_timeout=t)).daemon for t in (5.0, 60.0))
    assert slow.health.limit() - quick.health.limit() == 55.0 * 20
    assert slow.configure.limit() - quick.configure.limit() == 55.0 * 40


def test_a_sweep_that_is_spread_over_a_day_has_the_day_to_get_on() -> None:
    statsd = replace(CONFIG.statsd, interval=86_400.0)
    assert World(config=replace(CONFIG, statsd=statsd)).daemon.metrics.limit() >= 86_400.0
