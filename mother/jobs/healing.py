"""When an ill miner is rebooted: pure rules, each of which may forbid it.

A reboot needs a condition that is good enough to act on now, in a fresh reading; and none of
OBSTACLES. Two reboots that did not cure it leave the miner for a human. Nothing here depends
on when the daemon started.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.reading import Reading
from mother.core.units import finite, moment
from mother.fleet.remembered import (
    REPORTED,
    UNCURABLE,
    BreakerState,
    Condition,
    Ledger,
    Record,
    Watch,
)
from mother.jobs.breaker import allows
from mother.jobs.rules import gap, sentences

AFTER_START = 900.0
AFTER_WRITE = 900.0
COOL_DOWNS = (900.0, 3600.0)
"""Seconds to wait after the first reboot, and after every later one."""

MOST_REBOOTS = 2
HEALTHY_AGAIN = 86400.0
HOUR = 3600.0
FARM_PERCENT = 2
START_JITTER = 60.0

STARTED = "It started lately."
WRITTEN = "It was written to lately."


class Farm(Struct, frozen=True):
    """What the farm has to say: how many miners it has, its last reboots and its breaker."""

    miners: int
    ledger: Ledger = Ledger()
    breaker: BreakerState = BreakerState()


class Case(Struct, frozen=True):
    """All that a decision looks at.

    `now` in Unix seconds; `system_start` is when the device's system started, as far as known.
    `grace` is its family's, in seconds.
    """

    record: Record
    watch: Watch
    reading: Reading | None
    farm: Farm
    settings: DeviceSettings
    now: float
    system_start: float | None = None
    grace: float = 0.0

    @property
    def ripe(self) -> tuple[Condition, ...]:
        """What is worth a reboot."""
        return tuple(
            one for one in self.watch.conditions if one.ripe and one.ailment not in UNCURABLE
        )


class Hold(Struct, frozen=True):
    """Why a reboot is not made now; `until` is when this may have passed, if that is known."""

    why: str
    until: float | None = None


class Decision(Struct, frozen=True):
    """What to do with an ill miner.

    `because` tells a person what is wrong, what was done and what comes next. `not_before` is
    the earliest time of a next reboot, if only time forbids it. `leave`: from now on it is
    left for a human, to be told once (`left` gives the record for that).
    """

    reboot: bool
    because: str = ""
    not_before: float | None = None
    leave: bool = False


def decide(case: Case, zone: tzinfo | None = None) -> Decision:
    """Whether to reboot one miner now; times are told in `zone`, None for this machine's."""
    if not any(one.ill for one in case.watch.conditions):
        return Decision(False)
    holds = [hold for look in OBSTACLES if (hold := look(case)) is not None]
    leave = not case.record.left and case.record.reboots >= MOST_REBOOTS and _settled_ill(case)
    until = [hold.until for hold in holds]
    known = [time for time in until if time is not None]
    not_before = max(known) if known and len(known) == len(until) else None
    return Decision(
        reboot=not holds,
        because=_because(case, holds, not_before, zone),
        not_before=not_before,
        leave=leave,
    )


def observed(record: Record, watch: Watch, reading: Reading | None, now: float) -> Record:
    """The record after a look at the device; to be kept before `decide` is asked.

    A start of the device is noted, a day of health forgives everything, and after the clock
    was set back nothing waits for longer than its wait.
    """
    record = replace(
        record,
        rebooted=_by(record.rebooted, now),
        written=_by(record.written, now),
        not_before=_by(record.not_before, now + COOL_DOWNS[-1]),
        started=_by(_started(record, reading, now), now),
    )
    if watch.well_since is not None and now - watch.well_since >= HEALTHY_AGAIN:
        return cleared(record)
    return record


def rebooted(record: Record, now: float) -> Record:
    """The record once a reboot was sent, whether or not it was seen to succeed."""
    wait = COOL_DOWNS[min(record.reboots, len(COOL_DOWNS) - 1)]
    return replace(
        record,
        reboots=record.reboots + 1,
        rebooted=now,
        written=now,
        not_before=now + wait,
    )


def written(record: Record, now: float) -> Record:
    """The record once anything else was written to the device, an upgrade included."""
    return replace(record, written=now)


def left(record: Record) -> Record:
    """The record of a device that is left for a human."""
    return replace(record, left=True)


def cleared(record: Record) -> Record:
    """Begin anew; what must still be waited for stays."""
    return replace(record, reboots=0, left=False)


def entered(ledger: Ledger, now: float) -> Ledger:
    """The farm's ledger once a reboot was sent."""
    return Ledger((*kept(ledger, now).at, now))


def kept(ledger: Ledger, now: float) -> Ledger:
    """The reboots of the last hour; to be kept before `decide` is asked."""
    return Ledger(tuple(min(at, now) for at in ledger.at if now - at < HOUR))


def farm_limit(miners: int) -> int:
    """How many reboots a farm may have in any hour."""
    return max(1, miners * FARM_PERCENT // 100)


# What forbids a reboot


def _unwanted(case: Case) -> Hold | None:
    return None if case.settings.health_reboot else Hold("Reboots are off.")


def _unseen(case: Case) -> Hold | None:
    if case.reading is None:
        return Hold("")
    if case.now - case.reading.at > gap(case.settings):
        return Hold("It was not read lately.")
    if case.reading.asleep:
        return Hold("It is asleep.")
    return Hold("Not rebooted for that.") if case.reading.restarting else None


def _unripe(case: Case) -> Hold | None:
    if case.ripe:
        return None
    ill = {one.ailment for one in case.watch.conditions if one.ill}
    return Hold("Not rebooted for that." if ill <= REPORTED else "It is watched on first.")


def _hot(case: Case) -> Hold | None:
    return Hold("It is hot: never rebooted.") if case.watch.hot else None


def _given_up(case: Case) -> Hold | None:
    if case.record.left or case.record.reboots >= MOST_REBOOTS:
        return Hold("Left for a human.")
    return None


def _cooling(case: Case) -> Hold | None:
    return _wait("", case.record.not_before, 0.0, case.now)


def _young(case: Case) -> Hold | None:
    after = max(AFTER_START, case.grace)
    holds = [_wait(STARTED, at, after, case.now) for at in _starts(case)]
    return max((h for h in holds if h is not None), key=lambda h: h.until or 0.0, default=None)


def _touched(case: Case) -> Hold | None:
    return _wait(WRITTEN, case.record.written, AFTER_WRITE, case.now)


def _full(case: Case) -> Hold | None:
    limit = farm_limit(case.farm.miners)
    recent = sorted(kept(case.farm.ledger, case.now).at)
    if len(recent) < limit:
        return None
    text = f"The farm's limit of {limit} an hour is reached."
    return Hold(text, recent[len(recent) - limit] + HOUR)


def _broken(case: Case) -> Hold | None:
    return None if allows(case.farm.breaker) else Hold("The breaker is open: nobody is rebooted.")


OBSTACLES: tuple[Callable[[Case], Hold | None], ...] = (
    _unwanted,
    _unseen,
    _unripe,
    _hot,
    _given_up,
    _cooling,
    _young,
    _touched,
    _full,
    _broken,
)


def _wait(why: str, since: float | None, seconds: float, now: float) -> Hold | None:
    return None if since is None or now - since >= seconds else Hold(why, since + seconds)


def _settled_ill(case: Case) -> bool:
    """Ill beyond what the last reboot might still cure, and it was seen so."""
    looks = (_unseen, _unripe, _hot, _young, _touched)
    return all(look(case) is None for look in looks)


def _starts(case: Case) -> list[float | None]:
    up = _uptime(case.reading)
    now = case.now if case.reading is None else min(case.reading.at, case.now)
    return [
        case.record.started,
        None if up is None else now - max(up, 0.0),
        None if case.system_start is None else min(case.system_start, case.now),
    ]


def _started(record: Record, reading: Reading | None, now: float) -> float | None:
    """The last start that is known: it is starting now, or its uptime tells."""
    if reading is None:
        return record.started
    at = min(reading.at, now)
    up = 0.0 if reading.restarting else _uptime(reading)
    if up is None:
        return record.started
    start = at - max(up, 0.0)
    known = record.started
    return start if known is None or start > known + START_JITTER else known


def _uptime(reading: Reading | None) -> float | None:
    """The mining program's uptime; where it is not told, the youngest board's."""
    if reading is None:
        return None
    told = finite(reading.uptime)
    if told is not None:
        return told
    boards = (finite(board.elapsed) for board in reading.boards)
    return min((up for up in boards if up is not None), default=None)


def _by(time: float | None, now: float) -> float | None:
    return None if time is None else min(time, now)


# What a person reads


def _because(case: Case, holds: list[Hold], not_before: float | None, zone: tzinfo | None) -> str:
    ill = [one for one in case.watch.conditions if one.ill]
    history = _history(case.record, not_before, case.now, zone)
    return " ".join(
        part for part in (sentences(ill, case.now), history, _reason(holds, case)) if part
    )


def _reason(holds: list[Hold], case: Case) -> str:
    """The one obstacle to name: the first that time does not end, else the last to end.

    What a reboot of ours brings with it needs no words beside that reboot.
    """
    lasting = [hold.why for hold in holds if hold.until is None]
    if lasting or not holds:
        return next(iter(lasting), "")
    why = max(holds, key=lambda hold: hold.until or 0.0).why
    return "" if _cooling(case) is not None and why in {STARTED, WRITTEN} else why


TIMES = {1: "once", 2: "twice"}


def _history(record: Record, not_before: float | None, now: float, zone: tzinfo | None) -> str:
    said = []
    if record.reboots and record.rebooted is not None:
        times = TIMES.get(record.reboots, f"{record.reboots} times")
        last = "" if record.reboots == 1 else "last "
        said.append(f"rebooted {times}, {last}at {moment(record.rebooted, now, zone)}")
    if not_before is not None:
        said.append(f"next try not before {moment(not_before, now, zone)}")
    text = "; ".join(said).replace("once, at", "once at")
    return f"{text[:1].upper()}{text[1:]}." if text else ""
