"""Which lines leave for which sample, event and sum."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from mother.config.model import Statsd
from mother.core.metrics import METRICS
from mother.core.model import EventKind, State

from .conftest import Receiver
from .farm import NATIVE, UNTOLD, WORKER, event, reading, sample, totals
from .minded import Setup

NATIVE_STEM = f"dragons.worker.T1.{WORKER}."
UNIFORM_STEM = f"dragons.miner.{WORKER}."
PARTS = (f"{UNIFORM_STEM}board.", f"{UNIFORM_STEM}pool.")
LINES = len(NATIVE) + len(METRICS) - len(UNTOLD) + 3 * 4 + 2
"""A sample's: of the boards 4 gauges each are known, of the pool 2."""


@pytest.fixture
def farm(receiver: Receiver) -> Setup:
    return Setup(Statsd("127.0.0.1", receiver.port, "dragons", 60, True))


def test_a_sample_is_every_native_gauge_below_type_and_worker(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(sample())
    farm.second()
    came = receiver.values()
    native = {n.removeprefix(NATIVE_STEM): v for n, v in came.items() if n.startswith(NATIVE_STEM)}
    assert len(NATIVE) == 114
    assert native == {name: f"{value:g}|g" for name, value in NATIVE.items()}


def test_a_sample_is_every_uniform_gauge_below_miner(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample())
    farm.second()
    came = receiver.values()
    uniform = {n for n in came if n.startswith(UNIFORM_STEM)}
    assert {n for n in uniform if not n.startswith(PARTS)} == {
        UNIFORM_STEM + row.name for row in METRICS if row.name not in UNTOLD
    }
    assert came[UNIFORM_STEM + "hashrate"] == "16200000000000|g"
    assert came[UNIFORM_STEM + "temperature_max"] == "72|g"
    assert came[UNIFORM_STEM + "reachable"] == "1|g"


def test_without_the_type_segment_the_worker_follows_at_once(
    farm: Setup, receiver: Receiver
) -> None:
    farm.change(type_segment=False)
    farm.sink.sample(sample())
    farm.second()
    assert receiver.values()[f"dragons.worker.{WORKER}.hardware.fan_duty"] == "72|g"


def test_a_missing_or_non_finite_value_sends_nothing(farm: Setup, receiver: Receiver) -> None:
    odd: dict[str, Any] = {"a": nan, "b": inf, "c": -inf, "d": True, "e": "7", "f": None, "g": 7}
    farm.sink.sample(sample(odd))
    farm.second()
    came = receiver.values()
    assert {n for n in came if n.startswith(NATIVE_STEM)} == {NATIVE_STEM + "g"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e16, "10000000000000000"),
        (16200000000000.0, "16200000000000"),
        (234994977010, "234994977010"),
        (536870912.0, "536870912"),
        (0.0021, "0.0021"),
        (5604137.5, "5604137.5"),
    ],
)
def test_whole_numbers_are_written_without_an_exponent(
    farm: Setup, receiver: Receiver, value: float, text: str
) -> None:
    farm.sink.sample(sample({"x": value}))
    farm.second()
    assert receiver.values()[NATIVE_STEM + "x"] == f"{text}|g"


def test_a_negative_gauge_is_set_by_two_lines_of_one_datagram(
    farm: Setup, receiver: Receiver
) -> None:
    names = [f"n{i}" for i in range(200)]
    farm.sink.sample(sample({name: -float(i + 1) for i, name in enumerate(names)}))
    farm.second()
    datagrams = [datagram.split("\n") for datagram in receiver.datagrams()]
    assert len(datagrams) > 1
    for i, name in enumerate(names):
        both = [f"{NATIVE_STEM}{name}:0|g", f"{NATIVE_STEM}{name}:-{i + 1}|g"]
        assert any(both == [line for line in d if line in both] for d in datagrams)


def test_a_gone_miner_falls_to_zero_and_is_not_reachable(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample(state=State.GONE, at_rest={"dev.0.MHS-5m": 0.0}))
    farm.second()
    assert receiver.values() == {
        NATIVE_STEM + "dev.0.MHS-5m": "0|g",
        UNIFORM_STEM + "hashrate": "0|g",
        UNIFORM_STEM + "boards_alive": "0|g",
        UNIFORM_STEM + "power": "0|g",
        UNIFORM_STEM + "pool_alive": "0|g",
        UNIFORM_STEM + "reachable": "0|g",
    }


def test_an_asleep_miner_hashes_nothing_but_is_reachable(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample(state=State.ASLEEP, at_rest={"dev.0.MHS-5m": 0.0}))
    farm.second()
    lines = receiver.lines()
    assert lines.count(NATIVE_STEM + "dev.0.MHS-5m:0|g") == 1
    assert sum(line.startswith(NATIVE_STEM + "dev.0.MHS-5m:") for line in lines) == 1
    assert UNIFORM_STEM + "hashrate:0|g" in lines
    assert UNIFORM_STEM + "reachable:1|g" in lines


@pytest.mark.parametrize(
    ("kind", "content", "names"),
    [
        (
            EventKind.ADDED,
            {"model": "T1"},
            {"dragons.manager.dragons.added", NATIVE_STEM + "action.added"},
        ),
        (EventKind.REMOVED, {}, {"dragons.manager.dragons.removed"}),
        (EventKind.REBOOTED, {"model": "T1"}, {NATIVE_STEM + "action.rebooted"}),
        (EventKind.UPGRADING, {"model": "T1"}, {NATIVE_STEM + "action.upgraded"}),
        (EventKind.UPGRADED, {"model": "T1"}, set()),
        (EventKind.POOLS_CHANGED, {"model": "T1"}, {NATIVE_STEM + "action.poolsChanged"}),
        (EventKind.PROFILE_CHANGED, {"model": "T1"}, {NATIVE_STEM + "action.autotuneChanged"}),
        (
            EventKind.FAULT,
            {"where": "add"},
            {"dragons.manager.dragons.exception", "dragons.manager.dragons.add_exception"},
        ),
        (
            EventKind.SIGHTED,
            {"where": "add"},
            {"dragons.manager.dragons.exception", "dragons.manager.dragons.add_exception"},
        ),
        (
            EventKind.FAULT,
            {"where": "stats"},
            {"dragons.manager.dragons.exception", "dragons.manager.dragons.stats_exception"},
        ),
        (
            EventKind.FAULT,
            {"where": "health"},
            {"dragons.manager.dragons.exception", "dragons.manager.dragons.health_exception"},
        ),
        (EventKind.FAULT, {"where": "elsewhere"}, {"dragons.manager.dragons.exception"}),
        (EventKind.ILL, {}, {"dragons.manager.dragons.ill"}),
        (EventKind.WELL, {}, set()),
    ],
)
def test_an_event_raises_its_counters_by_one(
    farm: Setup, receiver: Receiver, kind: EventKind, content: dict[str, Any], names: set[str]
) -> None:
    farm.sink.event(event(kind, **content))
    farm.second()
    assert sorted(receiver.lines()) == sorted(f"{name}:1|c" for name in names)


def test_an_event_without_a_model_goes_below_the_type_last_sampled(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.sample(sample(model="B29+"))
    farm.sink.event(event(EventKind.REBOOTED))
    farm.second()
    assert f"dragons.worker.B29-plus.{WORKER}.action.rebooted:1|c" in receiver.lines()


def test_a_worker_whose_type_becomes_known_is_sent_below_it(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.event(event(EventKind.ADDED))
    farm.sink.sample(sample({"x": 1.0}))
    farm.second()
    came = receiver.values()
    assert f"dragons.worker.unknown.{WORKER}.action.added" in came
    assert NATIVE_STEM + "x" in came


def test_a_scan_is_timed_in_milliseconds_and_counted(farm: Setup, receiver: Receiver) -> None:
    farm.sink.event(event(EventKind.SCANNED, seconds=1.5, found=998))
    farm.second()
    assert receiver.values() == {
        "dragons.manager.scan_timed": "1500.000000|ms",
        "dragons.manager.scan.count": "998|g",
    }


def test_the_farms_sums_go_below_fleet_and_unknown_ones_are_left_out(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.totals(totals())
    farm.second()
    came = receiver.values()
    assert came["dragons.manager.dragons.count"] == "5|g"
    assert came["dragons.fleet.hashrate"] == "64800000000000|g"
    assert came["dragons.fleet.state.gone"] == "1|g"
    assert came["dragons.fleet.state.ill"] == "0|g"
    assert "dragons.fleet.temperature_max" not in came


def test_the_daemons_own_gauges_come_with_the_sinks_count_of_lost_lines(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.numbers({"loop.scan.runs": 3.0, "loop.odd name.runs": 1.0})
    farm.second()
    came = receiver.values()
    assert came["dragons.loop.scan.runs"] == "3|g"
    assert came["dragons.loop.odd-name.runs"] == "1|g"
    assert came["dragons.sink.statsd.dropped"] == "0|g"


def test_nothing_waits_longer_than_a_second_and_nothing_is_sent_earlier(
    farm: Setup, receiver: Receiver
) -> None:
    farm.sink.event(event(EventKind.REMOVED))
    assert receiver.lines() == []
    farm.second()
    assert receiver.lines() == ["dragons.manager.dragons.removed:1|c"]


def test_miners_share_full_datagrams_that_fit_a_frame(farm: Setup, receiver: Receiver) -> None:
    for number in range(20):
        farm.sink.sample(sample(worker=f"dragon-{number:08x}"))
    farm.second()
    datagrams = receiver.datagrams()
    assert max(map(len, datagrams)) <= 1432
    assert sum(map(len, datagrams)) / len(datagrams) > 1200
    assert sum(datagram.count("\n") + 1 for datagram in datagrams) == 20 * LINES


def test_the_reading_is_not_changed_by_sending_it(farm: Setup) -> None:
    one = sample(state=State.ASLEEP, at_rest={"dev.0.MHS-5m": 0.0})
    farm.sink.sample(one)
    assert one.reading == reading()
