"""What `mother status` tells of the schedule: what hinders it, what binds, what is known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mother.control.client import Denied
from mother.core.units import duration, moment, si, three_digits
from mother.terminal.errand import Errand, many

MOST_LINES = 8
"""So many lines at most; the last one counts the rest."""

PATIENCE = 60.0
"""Seconds that the daemon may take to decide for a large farm."""


class Bound(Struct, frozen=True):
    """A limit in force: `miners` together at most `cap` W, None: they sleep."""

    key: str
    reason: str
    miners: int
    cap: float | None = None


class Heard(Struct, frozen=True):
    """A signal as it was last heard."""

    name: str
    value: float | None = None
    at: float | None = None
    unit: str = ""
    silent: bool = False
    trouble: str = ""


class Short(Struct, frozen=True):
    """A limit that is not kept, by `over` W; 0: that is not known."""

    limit: str
    over: float = 0.0
    why: dict[str, int] = {}


class Stands(Struct, frozen=True):
    """The daemon's answer to `schedule`, as far as it is shown."""

    limits: list[Bound] = []
    signals: list[Heard] = []
    plans: list[str] = []
    next_change: float | None = None
    shortfalls: list[Short] = []
    clock_astray: bool = False
    journal: str = ""


def asked(errand: Errand) -> dict[str, Any] | None:
    """The daemon's answer; None where it has no schedule."""
    try:
        return errand.ask("schedule", None, PATIENCE)
    except Denied:
        return None


def lines_of(answer: Mapping[str, Any], orders: Collection[str], now: float) -> list[str]:
    """A sentence for each thing, the worst first; the limits of `orders` are told elsewhere."""
    found = msgspec.convert(answer, Stands)
    lines = [*_hindered(found), *_bound(found, orders), *_heard(found, now), *_planned(found, now)]
    if len(lines) <= MOST_LINES:
        return lines
    left = len(lines) - MOST_LINES + 1
    return [*lines[: MOST_LINES - 1], f"And {left} lines more of the schedule: --json has all."]


def _hindered(found: Stands) -> Iterator[str]:
    if found.clock_astray:
        yield "Nobody keeps this machine's clock right (see timedatectl): plans are not followed."
    if found.journal:
        yield f"Nobody is put to sleep: the journal cannot be written ({found.journal})."
    for one in found.shortfalls:
        if one.over <= 0:
            yield f"Not sure to be kept: {one.limit}{_counted(one.why)}."
        else:
            yield f"Not kept: {one.limit}, by {si(one.over, 'W')}{_counted(one.why)}."


def _counted(why: Mapping[str, int]) -> str:
    said = ", ".join(f"{reason}: {count:,}" for reason, count in why.items())
    return f" ({said})" if said else ""


def _bound(found: Stands, orders: Collection[str]) -> Iterator[str]:
    for one in found.limits:
        if one.key in orders:
            continue
        whom = many(one.miners, "miner")
        if one.cap is None:
            yield f"Limit: {one.reason}: {whom} shall sleep."
        else:
            yield f"Limit: {one.reason}: {whom}, {si(one.cap, 'W')} together at most."


def _heard(found: Stands, now: float) -> Iterator[str]:
    for one in found.signals:
        if one.value is None or one.at is None:
            said = "never heard"
        else:
            age = duration(max(0.0, now - one.at))
            said = f"{three_digits(one.value)} {one.unit}".rstrip() + f", {age} ago"
        silence = ", silent" if one.silent else ""
        trouble = f" ({one.trouble})" if one.trouble else ""
        yield f"Signal {one.name}: {said}{silence}{trouble}."


def _planned(found: Stands, now: float) -> Iterator[str]:
    change = found.next_change
    then = "" if change is None else f"; next change at {moment(change, now)}"
    if found.plans:
        yield f"Plan{'s' * (len(found.plans) > 1)}: {', '.join(found.plans)}{then}."
    elif then:
        yield f"No plan holds now{then}."
