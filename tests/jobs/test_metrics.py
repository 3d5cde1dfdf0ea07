"""The metrics loop: spread evenly, nobody waits for anybody, sums at the end."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred

from mother.core.model import EventKind, State
from mother.jobs.metrics import SPREAD, Metrics, phase
from mother.sim.faults import Fault
from tests.fleet.world import World, failures, logged


def test_every_miner_is_read_once_a_round() -> None:
    world = World(miners=10)
    world.adopted()
    asked = [dragon.requests["/api/summary"] for dragon in world.dragons]
    world.daemon.sweep()
    assert [dragon.requests["/api/summary"] for dragon in world.dragons] == [n + 1 for n in asked]


def test_the_polls_are_spread_evenly_over_the_interval() -> None:
    world = World(miners=20)
    world.adopted()
    world.daemon.ear.samples.clear()
    began = world.daemon.now()
    world.daemon.sweep()
    times = [sample.at - began for sample in world.daemon.ear.samples]
    step = 60.0 * SPREAD / 20
    assert len(times) == 20
    assert all(abs(time - place * step) < 0.03 for place, time in enumerate(times))


def test_a_miner_has_the_same_place_in_every_round() -> None:
    world = World(miners=20)
    world.adopted()
    world.daemon.ear.samples.clear()
    for _ in range(2):
        world.daemon.sweep()
    workers = [sample.worker for sample in world.daemon.ear.samples]
    assert workers[:20] == workers[20:]
    assert 0 <= phase("home/mac:a0") < 1


def test_hung_miners_delay_nobody_and_no_round() -> None:
    world = World(miners=10)
    world.adopted()
    world.daemon.change(dragon_timeout=200.0)
    for dragon in world.dragons[:5]:
        dragon.fault = Fault.HANG
    world.daemon.ear.samples.clear()
    began = world.daemon.now()
    for _ in range(3):
        world.daemon.do(world.daemon.metrics.run())
    assert world.daemon.now() - began < 3 * 60
    assert len(world.daemon.ear.samples) == 15
    assert world.daemon.poller.skipped == 10  # one call in flight per miner
    assert len(world.daemon.ear.sums) == 3


def test_a_round_ends_with_the_sums_and_the_daemons_own_numbers() -> None:
    world = World(miners=3)
    world.adopted()
    world.daemon.sweep()
    (sums,) = world.daemon.ear.sums
    assert (sums.miners, sums.states) == (3, {"hashing": 3})
    assert world.daemon.ear.gauges["health.breaker_open"] == 0


def test_an_empty_farm_has_its_round_at_once() -> None:
    world = World()
    world.daemon.do(world.daemon.metrics.run(), most=0.0)
    assert world.daemon.ear.sums[0].miners == 0


def test_sums_wait_until_anybody_can_have_been_met_and_numbers_do_not() -> None:
    world, met = World(miners=3), False
    world.adopted()
    daemon = world.daemon
    gauges = {"loop.scan.runs": 0.0}
    metrics = Metrics(
        daemon.roster, daemon.poller, daemon.view, daemon.bus, lambda: 60.0,
        cast(Any, world.ether), daemon.now, lambda: gauges, lambda: met,
    )  # fmt: skip
    daemon.ear.sums.clear()
    for met in (False, True):
        round_ = Deferred.fromCoroutine(metrics.run())
        world.ether.run(60)
        assert round_.called
        assert bool(daemon.ear.sums) is met
        assert daemon.ear.gauges["loop.scan.runs"] == 0


def test_who_is_given_up_before_its_turn_is_not_asked() -> None:
    world = World(miners=2)
    world.adopted()
    round_ = world.daemon.begin(world.daemon.metrics.run())
    asked = [dragon.requests.total() for dragon in world.dragons]
    for entry in world.daemon.roster:
        world.daemon.roster.remove(entry, world.daemon.now())
    world.ether.run(60)
    assert round_ == [None]
    now = [dragon.requests.total() for dragon in world.dragons]
    assert sum(now) <= sum(asked) + 1  # the one whose turn it was


def test_whose_address_is_somebody_elses_counts_as_not_reachable() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.roster.vacate(entry)
    asked = world.dragon.requests.total()
    for _ in range(2):
        world.daemon.sweep()
    assert world.dragon.requests.total() == asked
    assert world.daemon.ear.samples[-1].state is State.GONE
    assert world.daemon.ear.of(EventKind.FAULT)[0].content["where"] == "stats"


def test_a_shorter_interval_holds_from_the_next_round_on() -> None:
    world = World(miners=4)
    world.adopted()
    world.daemon.change(statsd=type(world.daemon.config.statsd)(None, 8125, "dragons", 10.0, True))
    began = world.daemon.now()
    world.daemon.do(world.daemon.metrics.run())
    assert world.daemon.now() - began < 10


def test_polls_in_flight_at_the_end_are_given_up_without_a_word() -> None:
    world = World(miners=3)
    entries = world.adopted()
    for dragon in world.dragons:
        dragon.fault = Fault.HANG
    with logged() as events:
        world.daemon.do(world.daemon.metrics.run())
        assert any(entry.lock.locked for entry in entries)
        world.daemon.metrics.cancel()
        world.ether.run()
    assert not any(entry.lock.locked for entry in entries)
    assert not failures(events)


def test_a_round_can_be_cancelled() -> None:
    world = World(miners=3)
    world.adopted()
    round_ = Deferred.fromCoroutine(world.daemon.metrics.run())
    outcome: list[object] = []
    round_.addErrback(outcome.append)
    world.ether.run(20)
    round_.cancel()
    assert outcome
    assert not world.daemon.ear.sums
    world.daemon.sweep()
    assert len(world.daemon.ear.sums) == 1
