"""What miners may draw together: a fixed cap, one that a signal gives, or the sun's surplus; pure.

A surplus is what a meter feeds into the grid now, with the miners as they are: what they may draw
is that and what they draw themselves. It counts from the moment at which the meter said it, or
what was put to sleep since would be taken away twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mother.config.schedule import Budget
from mother.config.subject import Reach
from mother.core.units import si
from mother.schedule.values import Ids, Limit

RAISE = 900.0
"""Seconds for which a surplus must have been there before more may be drawn: clouds pass."""

SLOTS = 30
"""So many caps of the last RAISE seconds are kept."""


class Told(Struct, frozen=True):
    """The last word of a signal: a number, and when it was said (Unix seconds)."""

    value: float
    at: float


class Past(Struct, frozen=True):
    """What is kept of a budget from round to round.

    `said` is when its signal last spoke (None: never), `drawn` what was drawn then in W, `caps`
    pairs of time and W, the oldest first.
    """

    said: float | None = None
    drawn: float = 0.0
    caps: tuple[tuple[float, float], ...] = ()
    since: float = 0.0


class Asked(Struct, frozen=True):
    """One round's view: `told` gives a signal's word, None where there is none yet.

    `fallback` gives `run` or `curtail` of one that has been silent for too long, None of any
    other; `drawn` what miners draw now in W; `members` who is meant.
    """

    told: Callable[[str], Told | None]
    fallback: Callable[[str], str | None]
    drawn: Callable[[Ids], float | None]
    members: Callable[[Reach], Ids]


def limits(
    budgets: Iterable[Budget], past: Mapping[str, Past], asked: Asked, now: float
) -> tuple[tuple[Limit, ...], dict[str, Past]]:
    """The limits that hold now, and what is to be kept for the next round."""
    found: list[Limit] = []
    kept: dict[str, Past] = {}
    for budget in budgets:
        ids = asked.members(budget.reach)
        state = past.get(budget.name, Past(since=now))
        cap, why, state = _cap(budget, ids, state, asked, now)
        kept[budget.name] = state
        if cap is not None:
            found.append(Limit(f"budget:{budget.name}", why, ids, max(0.0, cap), since=state.since))
    return tuple(found), kept


def _cap(
    budget: Budget, ids: Ids, past: Past, asked: Asked, now: float
) -> tuple[float | None, str, Past]:
    name = f"budget {budget.name}"
    if not budget.signal:
        cap = budget.cap
        left = None if cap is None else cap - budget.reserve
        return left, f"{name}: {_watts(left)} for all of them", past
    fallback = asked.fallback(budget.signal)
    if fallback is not None:
        fixed = budget.cap if fallback == "run" else 0.0
        return fixed, f"{name}: its signal {budget.signal} is silent", past
    told = asked.told(budget.signal)
    if told is None:  # nothing was ever said: the fixed cap, where there is one
        return budget.cap, f"{name}: its signal {budget.signal} has said nothing yet", past
    if not budget.surplus:
        cap = told.value - budget.reserve
        cap = cap if budget.cap is None else min(cap, budget.cap)
        return cap, f"{name}: {_watts(cap)} by {budget.signal}", past
    if told.at != past.said:
        drawn = asked.drawn(ids)
        if drawn is None:  # a surplus means nothing without what is drawn beside it
            return budget.cap, f"{name}: not all of its miners have been read yet", past
        past = replace(past, said=told.at, drawn=drawn)
    if not any(_is_late(at, now) for at, _ in past.caps):
        past = _with(past, past.drawn, now)  # more than now has to be there for some time first
    past = _with(past, past.drawn + told.value - budget.reserve, now)
    cap = min(one for _, one in past.caps)
    cap = cap if budget.cap is None else min(cap, budget.cap)
    return cap, f"{name}: {_watts(cap)} of surplus by {budget.signal}", past


def _with(past: Past, cap: float, now: float) -> Past:
    """With one cap more. Of those in one slot of time the lowest is kept."""
    width = RAISE / SLOTS
    left = [(at, one) for at, one in past.caps if _is_late(at, now)]
    if left and now - left[-1][0] < width and cap >= left[-1][1]:
        return replace(past, caps=tuple(left))
    while left and left[-1][1] >= cap:  # a lower one that came later outlasts them
        left.pop()
    return replace(past, caps=(*left, (now, cap))[-SLOTS:])


def _is_late(at: float, now: float) -> bool:
    return 0.0 <= now - at < RAISE


def _watts(value: float | None) -> str:
    return si(None if value is None else max(0.0, value), "W")
