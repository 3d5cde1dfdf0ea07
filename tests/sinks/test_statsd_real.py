"""What a real statsd makes of what is sent."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from mother.config.model import Statsd
from mother.core.metrics import FARM_METRICS, METRICS
from mother.core.model import EventKind, State
from mother.sinks.statsd import StatsdSink

from .farm import NATIVE, WORKER, event, sample, talkative, totals
from .names import Names
from .real_statsd import RealStatsd

NATIVE_STEM = f"dragons.worker.T1.{WORKER}."
UNIFORM_STEM = f"dragons.miner.{WORKER}."


class Sent:
    def __init__(self, port: int) -> None:
        settings = Statsd("127.0.0.1", port, "dragons", 60, True)
        self._clock = Clock()
        self.sink = StatsdSink(lambda: settings, self._clock, Names())
        self.sink.start()

    def off(self) -> None:
        self._clock.advance(1)


@pytest.fixture
def sent(statsd: RealStatsd) -> Sent:
    return Sent(statsd.port)


def test_every_name_of_a_farm_arrives_and_no_line_is_bad(sent: Sent, statsd: RealStatsd) -> None:
    sent.sink.sample(talkative())
    sent.sink.totals(totals())
    sent.sink.event(event(EventKind.SCANNED, seconds=1.5, found=998))
    sent.sink.event(event(EventKind.ADDED, model="T1"))
    sent.sink.event(event(EventKind.REBOOTED, model="T1"))
    sent.sink.event(event(EventKind.FAULT, where="stats"))
    sent.sink.numbers({"loop.scan.runs": 3.0})
    sent.off()
    gauges = statsd.eventually("gauges", "dragons.loop.scan.runs", 3)
    expected = {NATIVE_STEM + name: value for name, value in NATIVE.items()}
    assert {n: v for n, v in gauges.items() if n.startswith(NATIVE_STEM)} == expected
    assert {UNIFORM_STEM + row.name for row in METRICS} <= gauges.keys()
    sums = {f"dragons.fleet.{row.name}" for row in FARM_METRICS}
    assert sums - gauges.keys() == {"dragons.fleet.temperature_max", "dragons.fleet.efficiency"}
    assert gauges["dragons.manager.scan.count"] == 998
    assert gauges["dragons.manager.dragons.count"] == 5
    counters = statsd.table("counters")
    assert counters["dragons.manager.dragons.added"] == 1
    assert counters["dragons.manager.dragons.exception"] == 1
    assert counters["dragons.manager.dragons.stats_exception"] == 1
    assert counters[NATIVE_STEM + "action.added"] == 1
    assert counters[NATIVE_STEM + "action.rebooted"] == 1
    assert statsd.table("timers") == {"dragons.manager.scan_timed": 1500}
    assert statsd.bad_lines == 0


def test_a_gone_miners_hashrate_reads_zero(sent: Sent, statsd: RealStatsd) -> None:
    sent.sink.sample(sample())
    sent.off()
    statsd.eventually("gauges", UNIFORM_STEM + "hashrate", 16.2e12)
    sent.sink.sample(sample(state=State.GONE, at_rest={"dev.0.MHS-5m": 0.0}))
    sent.off()
    gauges = statsd.eventually("gauges", UNIFORM_STEM + "reachable", 0)
    assert gauges[UNIFORM_STEM + "hashrate"] == 0
    assert gauges[NATIVE_STEM + "dev.0.MHS-5m"] == 0
    assert gauges[NATIVE_STEM + "dev.1.MHS-5m"] == NATIVE["dev.1.MHS-5m"]
    assert statsd.bad_lines == 0


def test_a_negative_gauge_is_set_and_not_subtracted(sent: Sent, statsd: RealStatsd) -> None:
    for value in (20.0, -7.5, -12.25):
        sent.sink.sample(sample({"x": value}))
        sent.off()
        statsd.eventually("gauges", NATIVE_STEM + "x", value)
    assert statsd.bad_lines == 0


@pytest.mark.parametrize("value", [1e16, 234994977010, 1e-05, 1e21, 1.5e300, 0.1 + 0.2])
def test_numbers_of_any_size_are_digested(sent: Sent, statsd: RealStatsd, value: float) -> None:
    sent.sink.sample(sample({"x": value}))
    sent.off()
    statsd.eventually("gauges", NATIVE_STEM + "x", value)
    assert statsd.bad_lines == 0


def test_names_with_odd_characters_stay_whole(sent: Sent, statsd: RealStatsd) -> None:
    sent.sink.sample(sample({"x": 1.0}, worker="rack 7/ä:|@#%", model="B29+"))
    sent.off()
    statsd.eventually("gauges", "dragons.worker.B29-plus.rack-7______.x", 1)
    assert statsd.bad_lines == 0
