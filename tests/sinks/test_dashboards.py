"""Dashboards made for mother-of-dragons find their series."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mother.config.model import Statsd
from mother.core.model import EventKind
from mother.sinks.statsd import StatsdSink

from .conftest import Receiver
from .dashboards import (
    FARM_COUNTS,
    FARM_GAUGES,
    FARM_TIMES,
    QUERIES,
    series_of,
    unanswered,
    worker_counts,
    worker_gauges,
)
from .farm import NATIVE, WORKER, event, sample, totals
from .minded import Setup
from .real_statsd import PATIENCE, RealStatsd
from .test_statsd_real import Sent

SCAN = event(EventKind.SCANNED, seconds=1.5, found=998)
OF_WORKERS = (
    EventKind.ADDED,
    EventKind.REBOOTED,
    EventKind.UPGRADING,
    EventKind.POOLS_CHANGED,
    EventKind.PROFILE_CHANGED,
    EventKind.REMOVED,
)
FAULTS = ("add", "stats", "health", "firmware")
NEWER = {**NATIVE, "dev.0.Hash-Rate-H": 4.93e12}


def a_day_of_a_farm(sink: StatsdSink) -> None:
    """A healthy T1 and a T2 of newer firmware, and once each that can happen."""
    sink.sample(sample())
    sink.sample(sample(NEWER, worker="dragon-4500e3ac", model="T2"))
    sink.totals(totals())
    sink.event(SCAN)
    for kind in OF_WORKERS:
        sink.event(event(kind, model="T1"))
    for where in FAULTS:
        sink.event(event(EventKind.FAULT, where=where))


class Carbon:
    """A TCP port that takes Graphite's plaintext lines, `name value time`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self.series: set[str] = set()

    def until_answered(self, queries: tuple[str, ...]) -> None:
        """Take what comes until every query has its series."""
        ends = time.monotonic() + PATIENCE
        while missing := unanswered(queries, self.series):
            assert time.monotonic() < ends, missing
            peer, _ = self._listener.accept()
            with peer:
                peer.settimeout(PATIENCE)
                text = b"".join(iter(lambda: peer.recv(65536), b"")).decode()  # noqa: B023
            self.series.update(line.split()[0] for line in text.splitlines() if line)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def farm(receiver: Receiver) -> Setup:
    return Setup(Statsd("127.0.0.1", receiver.port, "dragons", 60, True))


def test_every_query_over_its_names_finds_a_series(farm: Setup, receiver: Receiver) -> None:
    a_day_of_a_farm(farm.sink)
    farm.second()
    assert unanswered(QUERIES, series_of(receiver.lines())) == []


def test_queries_of_version_0_2_0_find_theirs_without_the_type_segment(
    farm: Setup, receiver: Receiver
) -> None:
    farm.change(type_segment=False)
    a_day_of_a_farm(farm.sink)
    farm.second()
    asked = (*worker_gauges("worker.*"), *worker_counts("worker.*"), *FARM_GAUGES, *FARM_COUNTS)
    assert unanswered((*asked, *FARM_TIMES), series_of(receiver.lines())) == []


def test_the_worker_is_at_the_node_that_its_legends_name(farm: Setup, receiver: Receiver) -> None:
    a_day_of_a_farm(farm.sink)
    farm.second()
    asked = f"stats.gauges.dragons.worker.T1.{WORKER}.dev.0.MHS-5m"
    assert asked in series_of(receiver.lines())
    assert asked.split(".")[5] == WORKER


def test_a_query_for_what_nobody_sends_is_told(farm: Setup, receiver: Receiver) -> None:
    a_day_of_a_farm(farm.sink)
    farm.second()
    odd = ("stats.gauges.dragons.worker.*.dev.*.MHS-5m", "stats.gauges.dragons.worker.S9.*.dev.*.x")
    assert unanswered(odd, series_of(receiver.lines())) == list(odd)


@pytest.fixture
def carbon() -> Iterator[Carbon]:
    one = Carbon()
    yield one
    one.close()


@pytest.fixture
def sent_on(statsd_folder: Path, tmp_path: Path, carbon: Carbon) -> Iterator[Sent]:
    """A sink whose statsd hands on to Graphite."""
    statsd = RealStatsd(statsd_folder, tmp_path, carbon.port)
    try:
        yield Sent(statsd.start().port)
    finally:
        statsd.stop()


def test_a_real_statsd_hands_graphite_a_series_for_every_query(
    carbon: Carbon, sent_on: Sent
) -> None:
    a_day_of_a_farm(sent_on.sink)
    sent_on.off()
    carbon.until_answered(QUERIES)
