"""Time plans: which hold now, what they wish, and when that is otherwise. Pure.

A plan goes by the clock on the wall of its zone. Where that is put back, what it shows for the
second time counts for nothing: a plan begins and ends when its time is shown first. Where it is
put forward over a time, that time counts as shown at once. So plans that follow on one another
do so on every day, one from 02:00 until 03:00 may last two hours, or none at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from mother.config.schedule import Plan
from mother.config.subject import ANY, Reach
from mother.schedule.local_time import day_of, instant, local
from mother.schedule.values import Ids, Wish

LOOK_AHEAD = 400
"""So many days are searched for a change."""

ONE_DAY = timedelta(days=1)
SECONDS = ONE_DAY.total_seconds()
WEEK = 7

Members = Callable[[Reach], Ids]
"""Who fits, by DeviceId."""


class Stretch(NamedTuple):
    """From `begin` until `end`, which is not part of it; Unix seconds."""

    begin: float
    end: float


class Span(NamedTuple):
    """A time in which the same plans hold, in the order of the file; maybe none."""

    begin: float
    end: float
    plans: tuple[Plan, ...]


def holds(plan: Plan, now: float) -> bool:
    """Whether it is its time."""
    return running(plan, now) is not None


def running(plan: Plan, now: float) -> Stretch | None:
    """The plan of which day it is now, None: of none."""
    today = day_of(now, plan.zone)
    for day in (today - ONE_DAY, today, today + ONE_DAY):
        found = _on(plan, day)
        if found is not None and found.begin <= now < found.end:
            return found
    return None


def begin_of(plan: Plan, now: float) -> float:
    """When that began which holds now. Raises ValueError where it does not hold."""
    return _held(plan, now).begin


def end_of(plan: Plan, now: float) -> float | None:
    """When it holds no more; None: not within `LOOK_AHEAD` days.

    Of a plan for whole days that is the end of the last of those that follow on one another.
    Raises ValueError where it does not hold.
    """
    end = _held(plan, now).end
    if _is_endless(plan):
        return None
    while end <= now + LOOK_AHEAD * SECONDS:
        following = running(plan, end)
        if following is None:
            return end
        end = following.end
    return None


def next_change(plans: Iterable[Plan], now: float) -> float | None:
    """When the next of them begins to hold, or holds no more; None: not in `LOOK_AHEAD` days."""
    changes = (_next_of(plan, now) for plan in plans)
    return min((change for change in changes if change is not None), default=None)


def spans(plans: Sequence[Plan], begin: float, end: float) -> list[Span]:
    """The whole time from `begin` until `end`, cut where other plans hold."""
    if begin >= end:
        return []
    edges: dict[float, list[tuple[int, int]]] = {begin: []}
    for number, plan in enumerate(plans):
        for one in _within(plan, begin, end):
            edges.setdefault(max(one.begin, begin), []).append((number, 1))
            edges.setdefault(one.end, []).append((number, -1))
    cuts = sorted(cut for cut in edges if cut < end)
    held = [0] * len(plans)
    found: list[Span] = []
    for cut, following in zip(cuts, [*cuts[1:], end], strict=True):
        for number, step in edges[cut]:
            held[number] += step
        now = tuple(plan for plan, count in zip(plans, held, strict=True) if count)
        if found and found[-1].plans == now:
            found[-1] = found[-1]._replace(end=following)
        else:
            found.append(Span(cut, following, now))
    return found


def wishes(plans: Iterable[Plan], now: float, members: Members) -> tuple[Wish, ...]:
    """What those that hold now want, in their order: `plan night until 06:00`."""
    return tuple(
        Wish(
            source=f"plan {plan.name}",
            reason=_reason(plan, now),
            ids=None if plan.reach == ANY else members(plan.reach),
            priority=plan.priority,
            mode=plan.mode,
            profile=plan.profile,
            power_target=plan.power_target,
        )
        for plan in plans
        if holds(plan, now)
    )


def _held(plan: Plan, now: float) -> Stretch:
    found = running(plan, now)
    if found is None:
        raise ValueError(f"plan {plan.name} does not hold")
    return found


def _on(plan: Plan, day: date) -> Stretch | None:
    """When it holds that begins on this day; None: not, or the clock leaps over it."""
    if plan.days and day.weekday() not in plan.days:
        return None
    if plan.dates and day not in plan.dates:
        return None
    last = day if plan.ends > plan.begins else day + ONE_DAY
    begin = instant(datetime.combine(day, plan.begins), plan.zone)
    end = instant(datetime.combine(last, plan.ends), plan.zone)
    return Stretch(begin, end) if begin < end else None


def _is_endless(plan: Plan) -> bool:
    every = not plan.days or len(set(plan.days)) == WEEK
    return plan.begins == plan.ends and every and not plan.dates


def _days(plan: Plan, first: date, last: date) -> Iterator[date]:
    if plan.dates:
        yield from sorted(day for day in plan.dates if first <= day <= last)
        return
    while first <= last:
        yield first
        first += ONE_DAY


def _within(plan: Plan, begin: float, end: float) -> Iterator[Stretch]:
    """What touches this time, in order."""
    first = day_of(begin, plan.zone) - ONE_DAY
    last = day_of(end, plan.zone) + ONE_DAY
    for day in _days(plan, first, last):
        found = _on(plan, day)
        if found is not None and found.begin < end and found.end > begin:
            yield found


def _next_of(plan: Plan, now: float) -> float | None:
    if holds(plan, now):
        return end_of(plan, now)
    first = next(_within(plan, now, now + LOOK_AHEAD * SECONDS), None)
    return None if first is None else first.begin


def _reason(plan: Plan, now: float) -> str:
    end = end_of(plan, now)
    return f"plan {plan.name}" + ("" if end is None else f" until {_shown(end, now, plan.zone)}")


def _shown(at: float, now: float, zone: str) -> str:
    """`06:00` of the next 24 hours, else with the day; midnight is the end of a day."""
    clock = local(at, zone)
    hour = clock.strftime("%H:%M")
    if hour == "00:00":
        clock, hour = clock - ONE_DAY, "24:00"
    if at <= now + SECONDS:
        return hour
    return f"{clock:%a} {hour}" if at < now + (WEEK - 1) * SECONDS else f"{clock:%Y-%m-%d} {hour}"
