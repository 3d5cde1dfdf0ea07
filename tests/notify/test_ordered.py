"""What orders of ours make of miners: left out of the farm's hashrate until they are steady."""

from __future__ import annotations

import pytest

from mother.core.bus import Sample
from mother.core.model import CommandKind, Event, EventKind, Severity, State
from mother.core.reading import Reading
from mother.notify.ordered import SETTLES, Ordered

AT = 1_700_000_000.0
ONE = "home/mac:1"


def event(kind: EventKind, /, **content: str) -> Event:
    return Event(
        id="1", at=AT, site="home", kind=kind, severity=Severity.INFO, text="", device=ONE,
        content=content,
    )  # fmt: skip


def sample(after: float, rate: float) -> Sample:
    reading = Reading(AT + after, hashrate=rate, expected_hashrate=100.0)
    return Sample(ONE, "w", "M30S", State.HASHING, True, AT + after, AT + after, reading, {}, None)


@pytest.mark.parametrize(
    "kind", [EventKind.PROFILE_CHANGED, EventKind.POWER_CHANGED, EventKind.CLOCK_CHANGED]
)
def test_who_shall_make_something_else_is_measured_against_what_it_makes_then(
    kind: EventKind,
) -> None:
    ordered = Ordered()
    ordered.event(event(kind))
    ordered.sample(sample(60.0, 20.0))
    assert ordered.is_changing(ONE)
    ordered.sample(sample(SETTLES, 70.0))
    assert not ordered.is_changing(ONE)
    assert ordered.pace(ONE) == 0.7


@pytest.mark.parametrize(
    "kind", [CommandKind.SET_PROFILE, CommandKind.SET_POWER, CommandKind.SET_FREQUENCY]
)
def test_what_failed_may_have_been_taken_all_the_same(kind: CommandKind) -> None:
    ordered = Ordered()
    ordered.event(event(EventKind.AUDIT, kind=kind.value, result="denied"))
    assert not ordered.is_changing(ONE)
    ordered.event(event(EventKind.AUDIT, kind=kind.value, result="failed"))
    assert ordered.is_changing(ONE)


@pytest.mark.parametrize("end", [SETTLES, -1.0])
def test_who_was_woken_is_given_time_and_shall_make_what_it_made_before(end: float) -> None:
    ordered = Ordered()
    ordered.event(event(EventKind.RESUMED))
    ordered.sample(sample(60.0, 20.0))
    assert ordered.is_changing(ONE)
    ordered.sample(sample(end, 20.0))
    assert not ordered.is_changing(ONE)
    assert ordered.pace(ONE) == 1.0
