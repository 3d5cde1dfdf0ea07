"""The log: one line for what is new, none for what was said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher

from mother.core.model import Event, EventKind, Severity
from mother.sinks.log import LogSink


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def happened(kind: EventKind, severity: Severity = Severity.INFO, **content: Any) -> Event:
    return Event(
        id="1",
        at=0.0,
        site="s",
        kind=kind,
        severity=severity,
        text=f"text of {kind}",
        worker="dragon-1",
        content={"ip": "10.1.0.1", **content},
    )


def test_an_event_is_one_line_with_worker_and_address_beside_it(logged: list[LogEvent]) -> None:
    LogSink().event(happened(EventKind.ILL, Severity.WARNING))
    (line,) = logged
    assert (line["text"], line["worker"], line["ip"]) == (
        "text of device.ill",
        "dragon-1",
        "10.1.0.1",
    )
    assert line["log_level"] is LogLevel.warn


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.INFO, LogLevel.info),
        (Severity.ERROR, LogLevel.error),
        (Severity.CRITICAL, LogLevel.critical),
    ],
)
def test_a_line_is_as_loud_as_its_event(
    logged: list[LogEvent], severity: Severity, level: object
) -> None:
    LogSink().event(happened(EventKind.BREAKER_OPENED, severity))
    assert [line["log_level"] for line in logged] == [level]


def test_the_first_of_several_faults_is_told_and_the_rest_only_counted(
    logged: list[LogEvent],
) -> None:
    sink = LogSink()
    for first in (True, False, False, True):
        sink.event(happened(EventKind.FAULT, Severity.WARNING, first=first))
    assert len(logged) == 2


def test_a_scan_is_told_again_only_when_its_numbers_change(logged: list[LogEvent]) -> None:
    sink = LogSink()
    for found in (5, 5, 5, 4, 4, 5):
        sink.event(happened(EventKind.SCANNED, total=14, found=found, known=5, first=False))
    assert len(logged) == 3


def test_the_second_scan_is_no_news_when_it_finds_what_the_first_one_found(
    logged: list[LogEvent],
) -> None:
    sink = LogSink()
    sink.event(happened(EventKind.SCANNED, total=14, found=5, known=5, first=True))
    sink.event(happened(EventKind.SCANNED, total=14, found=5, known=5, first=False))
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("result", "lines"), [("done", 0), ("dry-run", 0), ("failed", 1), ("denied", 1)]
)
def test_an_order_is_told_once_by_its_effect_or_by_its_refusal(
    logged: list[LogEvent], result: str, lines: int
) -> None:
    LogSink().event(happened(EventKind.AUDIT, actor="health", result=result))
    assert len(logged) == lines


def test_braces_in_what_a_device_says_are_no_format(logged: list[LogEvent]) -> None:
    LogSink().event(
        Event(
            id="2",
            at=0.0,
            site="s",
            kind=EventKind.GONE,
            severity=Severity.INFO,
            text="{worker} {0}",
        )
    )
    assert logged[-1]["text"] == "{worker} {0}"
