"""What the operator should know about a schedule that is not wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from mother.config.model import Config
from mother.config.networks import addresses
from mother.config.schedule import (
    Budget,
    Meter,
    Plan,
    ProfileRow,
    Rule,
    Schedule,
    Switch,
)
from mother.config.schedule_kinds import DAYS
from mother.config.subject import Reach

USUAL_PROFILES = frozenset({"overclock", "normal", "underclock"})
MOST_OVERLAPS = 5
"""So many are told one by one."""

_DAY = timedelta(days=1)
_SAMPLES = (date(2026, 1, 12), date(2026, 7, 13))
"""Mondays on either side of the clock changes: two weeks that stand for all."""

_SAID = ("profile", "mode", "power_target")
_WORDS = ("families", "makers", "models", "firmware", "mac_addresses", "groups", "sites")

Spans = list[tuple[float, float]]
_Reaching = Plan | Rule | Budget | Switch | ProfileRow | Meter


def of_schedule(config: Config, raw: Mapping[str, Any]) -> Iterator[str]:
    """All of them; `raw` is `[schedule]` as the file holds it."""
    schedule = config.schedule
    yield from _zone(schedule, raw)
    yield from _never(schedule.plans)
    yield from _overlapping(schedule.plans)
    yield from _unused(schedule)


def reaches(schedule: Schedule) -> list[tuple[str, Reach]]:
    """For whom each block is, and where it says so."""
    blocks: Mapping[str, Sequence[_Reaching]] = {
        "plan": schedule.plans,
        "rule": schedule.rules,
        "budget": schedule.budgets,
        "facility": schedule.switches,
        "profile": schedule.profiles,
        "meter": schedule.meters,
    }
    return [
        (f"schedule.{kind}[{number}].apply_to", one.reach)
        for kind, rows in blocks.items()
        for number, one in enumerate(rows)
    ]


def _zone(schedule: Schedule, raw: Mapping[str, Any]) -> Iterator[str]:
    """A clock that nobody named."""
    plans = zip(schedule.plans, raw.get("plan", []), strict=True)
    silent = [plan for plan, block in plans if "time_zone" not in block]
    if silent and "time_zone" not in raw:
        yield (
            "schedule.time_zone is not said: plans go by the clock of this machine, "
            f"{silent[0].zone}"
        )


def _never(plans: Iterable[Plan]) -> Iterator[str]:
    """Plans whose dates are on other days than those they name."""
    for number, plan in enumerate(plans):
        if plan.dates and plan.days and not any(_fits(plan, day) for day in plan.dates):
            names = ", ".join(DAYS[day] for day in plan.days)
            yield f"schedule.plan[{number}] never holds: none of its dates is on {names}"


def _unused(schedule: Schedule) -> Iterator[str]:
    named = {one.signal for one in schedule.rules}
    named |= {one.signal for one in schedule.budgets}
    named |= {one.signal for one in schedule.meters}
    for number, signal in enumerate(schedule.signals):
        if signal.name not in named:
            yield f"schedule.signal[{number}]: nothing in the file uses the signal {signal.name}"
    known = USUAL_PROFILES | {plan.profile for plan in schedule.plans}
    for number, row in enumerate(schedule.profiles):
        for name in row.steps:
            if name not in known:
                yield f"schedule.profile[{number}].{name}: no plan has the profile {name}"


def _overlapping(plans: tuple[Plan, ...]) -> Iterator[str]:
    """Plans of one priority that say different things at one time, maybe of the same miners."""
    told = 0
    spans = [_spans(plan, _weeks()) for plan in plans]
    for (one, first), (other, second) in combinations(enumerate(plans), 2):
        if first.priority != second.priority or not _differ(first, second):
            continue
        if not _may_share(first.reach, second.reach):
            continue
        dated = {*first.dates, *second.dates}
        if dated:
            around = sorted({day + _DAY * n for day in dated for n in (-1, 0, 1)})
            common = _common(_spans(first, around), _spans(second, around))
        else:
            common = _common(spans[one], spans[other])
        if not common:
            continue
        told += 1
        if told <= MOST_OVERLAPS:
            yield (
                f"schedule.plan[{other}] ({second.name}) and schedule.plan[{one}] ({first.name}) "
                f"hold at the same time with the same priority: {first.name} counts, which is "
                "first in the file"
            )
    if told > MOST_OVERLAPS:
        yield f"schedule.plan: so do {told - MOST_OVERLAPS} more pairs of plans"


def _differ(first: Plan, second: Plan) -> bool:
    """Whether both say one thing, and not the same."""
    pairs = [(getattr(first, key), getattr(second, key)) for key in _SAID]
    return any(a != b for a, b in pairs if a not in (None, "") and b not in (None, ""))


def _may_share(first: Reach, second: Reach) -> bool:
    """Whether a miner may fit both: no condition of theirs names other words."""
    for key in _WORDS:
        ones, others = set(getattr(first, key)), set(getattr(second, key))
        if ones and others and ones.isdisjoint(others):
            return False
    if first.networks and second.networks:
        return not addresses(first.networks).isdisjoint(addresses(second.networks))
    return True


def _weeks() -> list[date]:
    return [monday + _DAY * number for monday in _SAMPLES for number in range(-1, 8)]


def _fits(plan: Plan, day: date) -> bool:
    return not plan.days or day.weekday() in plan.days


def _spans(plan: Plan, days: Iterable[date]) -> Spans:
    """When it holds that begins on one of these days, in Unix seconds, in order."""
    zone = ZoneInfo(plan.zone)
    found = []
    for day in days:
        if _fits(plan, day) and (not plan.dates or day in plan.dates):
            last = day if plan.ends > plan.begins else day + _DAY
            found.append((_at(day, plan.begins, zone), _at(last, plan.ends, zone)))
    return found


def _at(day: date, clock: time, zone: ZoneInfo) -> float:
    return datetime.combine(day, clock, zone).timestamp()


def _common(ones: Spans, others: Spans) -> bool:
    """Whether two runs of spans have a moment in common."""
    mine, theirs = 0, 0
    while mine < len(ones) and theirs < len(others):
        (begin, end), (start, stop) = ones[mine], others[theirs]
        if begin < stop and start < end:
            return True
        if end <= stop:
            mine += 1
        else:
            theirs += 1
    return False
