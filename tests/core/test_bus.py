from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, cast

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from mother.core.bus import Bus, Sample
from mother.core.model import Event, EventKind, Severity, State, Totals

SAMPLE = Sample("mac:a0:b0:45:00:e3:ab", "dragon-4500e3ab", "T1", State.GONE, False, 1.0, 2.0)
TOTALS = Totals(
    at=2.0,
    miners=1,
    states={"gone": 1},
    hashrate=0,
    expected_hashrate=0,
    boards_alive=0,
    boards_expected=3,
    temperature_max=None,
    accepted=0,
    rejected=0,
)


class Notebook:
    """A sink that writes down what it hears."""

    def __init__(self, name: str = "notebook") -> None:
        self.name = name
        self.heard: list[object] = []

    def sample(self, sample: Sample) -> None:
        self.heard.append(sample)

    def event(self, event: Event) -> None:
        self.heard.append(event)

    def totals(self, totals: Totals) -> None:
        self.heard.append(totals)

    def numbers(self, numbers: Mapping[str, float]) -> None:
        self.heard.append(numbers)


class Broken(Notebook):
    def sample(self, sample: Sample) -> None:
        raise RuntimeError("disk full")

    def event(self, event: Event) -> None:
        raise RuntimeError("disk full")


@pytest.fixture
def bus() -> Bus:
    ids = count(1)
    return Bus("home", lambda: 1_700_000_000.0, lambda: f"id-{next(ids)}")


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def test_every_sink_hears_everything_in_the_order_it_was_said(bus: Bus) -> None:
    sinks = [Notebook(), Notebook()]
    for sink in sinks:
        bus.add(sink)
    numbers = {"loop.scan.runs": 1.0}
    bus.sample(SAMPLE)
    bus.totals(TOTALS)
    bus.numbers(numbers)
    event = bus.tell(EventKind.GONE, Severity.WARNING, "gone")
    for sink in sinks:
        assert sink.heard == [SAMPLE, TOTALS, numbers, event]


def test_an_event_carries_site_time_and_an_id_of_its_own(bus: Bus) -> None:
    content: dict[str, Any] = {"ip": "10.1.0.8"}
    first = bus.tell(
        EventKind.GONE, Severity.WARNING, "gone", device="mac:x", worker="w", content=content
    )
    second = bus.tell(EventKind.BACK, Severity.INFO, "back")
    assert first == Event(
        id="id-1",
        at=1_700_000_000.0,
        site="home",
        kind=EventKind.GONE,
        severity=Severity.WARNING,
        text="gone",
        device="mac:x",
        worker="w",
        content={"ip": "10.1.0.8"},
    )
    assert second.id == "id-2"
    assert second.content == {}


def test_a_sink_that_fails_keeps_nothing_from_the_others(bus: Bus) -> None:
    before, after = Notebook(), Notebook()
    for sink in (before, Broken("store"), after):
        bus.add(sink)
    bus.sample(SAMPLE)
    assert before.heard == after.heard == [SAMPLE]


def test_a_failing_sink_is_named_in_the_log_once(bus: Bus, logged: list[LogEvent]) -> None:
    bus.add(Broken("store"))
    bus.add(Broken("uplink"))
    for _ in range(3):
        bus.sample(SAMPLE)
        bus.tell(EventKind.GONE, Severity.WARNING, "gone")
    named = [event["name"] for event in logged if "name" in event and "log_failure" in event]
    assert named == ["store", "uplink"]


def test_a_sink_that_failed_is_still_given_what_comes(bus: Bus) -> None:
    sink = Broken("store")
    bus.add(sink)
    bus.sample(SAMPLE)
    bus.totals(TOTALS)
    assert sink.heard == [TOTALS]
