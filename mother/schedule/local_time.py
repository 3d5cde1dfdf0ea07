"""Clocks on walls: when they show a time, and when they are put forward or back."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

STEP = 3 * 3600.0
"""Seconds; no zone changes its clocks twice in such a time."""


class ClockChange(Struct, frozen=True):
    """At `at` (Unix seconds) clocks go from `before` to `after`, in seconds east of UTC."""

    at: float
    before: float
    after: float


@lru_cache(256)
def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC is known everywhere. Raises ZoneInfoNotFoundError, ValueError."""
    return UTC if name == "UTC" else ZoneInfo(name)


def local(at: float, zone: str) -> datetime:
    """What the clock shows then, with its offset."""
    return datetime.fromtimestamp(at, zone_of(zone))


def day_of(at: float, zone: str) -> date:
    """The day of the calendar there."""
    return local(at, zone).date()


@lru_cache(16_384)
def instant(wall: datetime, zone: str) -> float:
    """When the clock of the zone first shows this time, or a later one: in Unix seconds.

    `wall` is without a zone. In spring some times are never shown: the first instant after the
    gap counts. In autumn some are shown twice: the first time counts. Later times never come
    before earlier ones, so what ends at a time and what begins at it always meet.
    """
    there = wall.replace(tzinfo=zone_of(zone))
    first, second = there.timestamp(), there.replace(fold=1).timestamp()
    return first if first <= second else _turn(second, first, zone)


def clock_changes(zone: str, begin: float, end: float) -> list[ClockChange]:
    """Those after `begin`, up to `end`."""
    found, at = [], begin
    while at < end:
        following = min(at + STEP, end)
        before, after = _offset(at, zone), _offset(following, zone)
        if before != after:
            found.append(ClockChange(_turn(at, following, zone), before, after))
        at = following
    return found


def _offset(at: float, zone: str) -> float:
    offset = local(at, zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _turn(before: float, after: float, zone: str) -> float:
    """The second at which the offset becomes that of `after`."""
    low, high = math.floor(before), math.ceil(after)
    new = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == new:
            high = middle
        else:
            low = middle
    return float(high)
