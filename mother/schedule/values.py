"""The words of the schedule loop, shared by those who decide and those who act: no I/O."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from mother.core.reading import Mode
from mother.fleet.undertaken import Curtailment

Ids = frozenset[str]
"""DeviceIds."""


class Unit(Struct, frozen=True):
    """One device as the arbiter sees it.

    `asleep`: it sleeps now (None: not known). `ours`: our journal says that we put it to sleep.
    `held` says why nothing is written to it, empty where it may be. `away`: it does not answer.
    `draws` is what it draws now, `full` what it draws awake at its present wish, `rest` what it
    draws asleep, all in W. `least` is the lowest power target it takes, None where it takes none;
    `target` the one it has. `efficiency` in J/TH, None: not known. `sleeps`: it can;
    `refuses`: it cannot because its firmware said so, though its family can.
    `since` is when it last changed between asleep and awake by us (Unix seconds), `starts` when we
    woke it in the last 24 hours. `planned`: it sleeps by a `Verdict.planned`.
    A person who woke it is obeyed while `woken_for` want it asleep (see `asked`; empty: whoever
    does), and so is one who set its power target while `set_for` hold (see `reasons`; empty:
    whatever holds, as of one that was told of a power target in vain). `vain`: it was told to
    sleep again and again, and does not. `fixed_until`: its power target was written lately, and is
    not written again before (Unix seconds).
    """

    id: str
    worker: str = ""
    asleep: bool | None = False
    ours: bool = False
    held: str = ""
    away: bool = False
    draws: float = 0.0
    full: float = 0.0
    rest: float = 0.0
    least: float | None = None
    target: float | None = None
    efficiency: float | None = None
    sleeps: bool = True
    refuses: bool = False
    since: float | None = None
    starts: tuple[float, ...] = ()
    planned: bool = False
    woken_for: tuple[str, ...] | None = None
    set_for: tuple[str, ...] | None = None
    vain: bool = False
    fixed_until: float = 0.0


class Wish(Struct, frozen=True):
    """What a plan or an order wants of `ids` (None: of all). The highest priority wins, member by
    member; of equals the first. What is None or empty is not said. `by_hand`: a person asked for
    it just now; with ACTIVE a sleeper of ours is woken whatever `min_off` and `starts_a_day` say.
    """

    source: str
    reason: str
    ids: Ids | None = None
    priority: int = 0
    mode: Mode | None = None
    profile: str = ""
    power_target: float | None = None
    by_hand: bool = False


class Limit(Struct, frozen=True):
    """A constraint on `ids` (None: on all): together they may draw `cap` W; None: they sleep.

    `since` is when it began to bind, `until` when it ends by itself. `emergency`: minimum times
    do not count, holds do. `reason` is a part of a sentence: `price 112 > 80`.
    `planned`: it comes from an order or a plan, so that minimum times do not count either.
    """

    key: str
    reason: str
    ids: Ids | None = None
    cap: float | None = None
    since: float = 0.0
    until: float | None = None
    emergency: bool = False
    planned: bool = False


class Bounds(Struct, frozen=True):
    """What the arbiter keeps to: seconds, and starts in 24 hours (0: no limit).

    A power target that differs by no more than the share `dead_band` is not written.
    """

    min_on: float = 1800.0
    min_off: float = 900.0
    starts_a_day: int = 6
    dead_band: float = 0.0


class Verdict(Struct, frozen=True):
    """What one device shall be. `mode` None: it is left alone (`skipped` says why).

    `profile` empty and `power_target` None: as it is. `because` are parts of sentences, the
    strongest first: `price 112 > 80 since 14:05`. `asked_by` are the keys of the limits and the
    sources of the wishes that count. `at_once`: an emergency, the ramp does not count.
    `planned`: it sleeps for plans, orders and emergencies alone, so that `min_off` will not count.
    `firm`: the power target is written however little it differs, or a cap would be exceeded.
    """

    mode: Mode | None
    profile: str = ""
    power_target: float | None = None
    because: tuple[str, ...] = ()
    skipped: str = ""
    asked_by: tuple[str, ...] = ()
    at_once: bool = False
    planned: bool = False
    firm: bool = False


def asked(verdict: Verdict) -> tuple[str, ...]:
    """Who wants it so, whatever the order."""
    return tuple(sorted(set(verdict.asked_by)))


def reasons(verdict: Verdict) -> tuple[str, ...]:
    """What settings that a person chose are measured against."""
    return (verdict.profile, *asked(verdict))


class Shortfall(Struct, frozen=True):
    """A limit that cannot be kept: `over` W remain, for the reasons that `why` counts.

    `over` 0: it seems to be kept, but what some of them draw is not known.
    """

    key: str
    over: float
    why: Mapping[str, int] = {}


class Ruling(Struct, frozen=True):
    """All verdicts by DeviceId; `expected` is what all draw then, in W."""

    verdicts: Mapping[str, Verdict]
    expected: float = 0.0
    shortfalls: tuple[Shortfall, ...] = ()


class Stage(enum.StrEnum):
    """How far a device is on its way to what it shall be."""

    PENDING = "pending"  # it waits for its turn
    SENT = "sent"
    CONFIRMED = "confirmed"  # by its mode, hashrate or power
    DRIFTED = "drifted"  # it was confirmed, and is otherwise now: it is sent again
    UNCONFIRMED = "unconfirmed"  # sent, and nothing shows that it was done: it is tried again
    SKIPPED = "skipped"  # nothing is sent, `why` says why


class Standing(Struct, frozen=True):
    """Where one device is. `since` is when the stage began, `tries` how often it was sent in vain,
    `again` when it is next, `why` what was said.
    """

    stage: Stage
    mode: Mode | None
    profile: str = ""
    power_target: float | None = None
    since: float = 0.0
    tries: int = 0
    again: float = 0.0
    why: str = ""
    first_sent: float | None = None
    confirmed_at: float | None = None


class Sleeper(Struct, frozen=True, omit_defaults=True):
    """One line of the journal: we put this device to sleep, or were about to.

    `address` is `host:port`, `family` its name: enough to wake it without anything else.
    `profile` is what it had before it slept, `draws` W what it drew; `planned` as in its verdict.
    No login is kept here: those are in the configuration and in the state file.
    """

    device: str
    mac: str
    worker: str
    family: str
    address: str
    at: float
    why: str
    profile: str = ""
    draws: float = 0.0
    planned: bool = False


Order: TypeAlias = Curtailment
"""A curtailment that was ordered; it is kept with what else was undertaken."""
