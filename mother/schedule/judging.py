"""What is to be done about one device, by its verdict, the journal and its last reading.

Nothing is sent here and nothing waited for: the same state gives the same finding.

A miner that is asleep, and not in the journal, sleeps by somebody else's will: it is never woken.
One that a person woke while we wanted it asleep is left to that person for as long as the same
limits and wishes want it asleep (`Verdict.asked_by`); the journal remembers them. From the first
verdict on that others ask for, or that lets it run, the schedule decides again. The same holds,
for this run of the daemon, where a person set a profile or power target.

What we changed of a profile or power target is put back once nothing wishes it any more; what it
was before is in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from mother.config.schedule import Schedule
from mother.core.model import CommandKind
from mother.core.reading import Mode, Reading
from mother.core.units import duration
from mother.drivers.base import Confirm
from mother.fleet.roster import Entry
from mother.fleet.subjects import subject_of
from mother.schedule.arbiter import REFUSES
from mother.schedule.journal import Changed, Journal, Line, Mark
from mother.schedule.profiles import Has, Wished, found, is_raise, missing, wished_for
from mother.schedule.units import Lately
from mother.schedule.values import Stage, Standing, Verdict, asked, reasons

PAUSE, RESUME = CommandKind.PAUSE, CommandKind.RESUME

NOT_OURS = "somebody else put it to sleep"
SLEPT_BEFORE = "it slept already, and not by us"
BY_HAND = "a person resumed it: left alone until something else wants it asleep"
SET_BY_HAND = "a person set it: left alone until something else is wished"
UNSEEN = "it was taken, and cannot be read back"
SILENT = "it does not answer"
TOLD = "it was told before the last start, and may still be about to obey"


class Step(Struct, frozen=True):
    """What is sent next: orders in turn. `within` is how long the family may take to show it, `lag`
    how long it takes at least. `doubtful`: it may have been sent before the last start; the
    device's settings tell.
    """

    orders: tuple[tuple[CommandKind, Mapping[str, Any]], ...]
    up: bool
    within: float
    has: Has = Has()
    lag: float = 0.0
    doubtful: bool = False

    @property
    def kind(self) -> CommandKind:
        """Of its first order."""
        return self.orders[0][0]

    @property
    def unknown(self) -> bool:
        """Whether it replaces what the device has not told yet."""
        replaced = {
            CommandKind.SET_PROFILE: self.has.profile,
            CommandKind.SET_POWER: self.has.watts,
        }
        return any(replaced.get(kind, "") is None for kind, _ in self.orders)


class Finding(Struct, frozen=True):
    """How it stands, and the `step` that is missing; `not_before` is when it may be made."""

    stage: Stage
    why: str = ""
    step: Step | None = None
    not_before: float = 0.0


class Written(Struct, frozen=True):
    """What we wrote last of profile and power target in this run, and when."""

    what: Wished
    at: float


class Hindered(Protocol):
    """Says why nothing may be written to a device (see `mother.fleet.commands`)."""

    def obstacle(self, entry: Entry) -> str:
        """Empty where it may."""


class Judge:
    """Judges. `began` is when this run of the daemon did.

    `left` are the reasons for which a person's settings stay, by DeviceId; `refused` the firmware
    that each had when it said that it cannot sleep; `obeying` who was told by the run before.
    """

    def __init__(
        self,
        door: Hindered,
        journal: Journal,
        schedule: Callable[[], Schedule],
        groups: Callable[[Entry], Sequence[str]],
        began: float = 0.0,
    ) -> None:
        self._door = door
        self._journal = journal
        self._schedule = schedule
        self._groups = groups
        self._began = began
        self.written: dict[str, Written] = {}
        self.left: dict[str, tuple[str, ...]] = {}
        self.refused: dict[str, str] = {}
        self.obeying: set[str] = set()

    def refuses(self, entry: Entry) -> bool:
        """Whether its firmware said that it cannot sleep; another one may be able to."""
        return self.refused.get(entry.id) == entry.description.firmware

    def judge(self, entry: Entry, verdict: Verdict, standing: Standing, now: float) -> Finding:
        """What is to be done."""
        if verdict.mode is None:
            return Finding(Stage.SKIPPED, verdict.skipped)
        if entry.gone or entry.reading is None:
            kept = standing.stage is Stage.CONFIRMED and entry.reading is not None
            return Finding(Stage.CONFIRMED) if kept else Finding(Stage.PENDING, SILENT)
        sleeps = verdict.mode is Mode.SLEEP
        finding = (self._sleep if sleeps else self._run)(
            entry, entry.reading, verdict, standing, now
        )
        if finding.step is None:
            return finding
        obstacle = self._door.obstacle(entry)
        return Finding(Stage.SKIPPED, obstacle) if obstacle else finding

    def _sleep(
        self, entry: Entry, reading: Reading, verdict: Verdict, standing: Standing, now: float
    ) -> Finding:
        takes = entry.family.capabilities
        if PAUSE not in takes or RESUME not in takes:
            return Finding(Stage.SKIPPED, f"no {entry.family.name} can sleep and be woken")
        if is_blind(entry, PAUSE):
            if standing.again == inf:
                return Finding(Stage.UNCONFIRMED, UNSEEN)
        elif reading.asleep:
            ours = entry.id in self._journal.sleepers
            return Finding(Stage.CONFIRMED, "" if ours else SLEPT_BEFORE)
        if self.refuses(entry):
            return Finding(Stage.SKIPPED, REFUSES)
        yielded = self._journal.yielded(entry.id)
        if yielded is not None and yielded.reasons in ((), asked(verdict)):
            return Finding(Stage.SKIPPED, BY_HAND)
        told = None if verdict.at_once else self._journal.telling(entry.id)
        return self._patient(_step(((PAUSE, {}),), entry, up=False), entry, told, now)

    def _run(
        self, entry: Entry, reading: Reading, verdict: Verdict, standing: Standing, now: float
    ) -> Finding:
        ours = entry.id in self._journal.sleepers
        if is_blind(entry, RESUME):
            if ours:
                return _step(((RESUME, {}),), entry, up=True)
        elif reading.asleep:
            if not ours:
                return Finding(Stage.SKIPPED, NOT_OURS)
            told = None if verdict.at_once else self._journal.waking(entry.id)
            return self._patient(_step(((RESUME, {}),), entry, up=True), entry, told, now)
        return self._settle(entry, reading, verdict, standing, now)

    def _patient(self, finding: Finding, entry: Entry, told: float | None, now: float) -> Finding:
        """Nobody is told twice by two runs of the daemon before it had the time to obey.

        Where the settings tell whether it was told at all, they are asked first.
        """
        step = finding.step
        if told is None or told >= self._began or step is None:
            return finding
        until = told + step.within
        if until <= now:
            return finding
        if entry.family.capabilities[step.kind].kept and entry.id not in self.obeying:
            return replace(finding, step=replace(step, doubtful=True))
        return replace(finding, why=TOLD, not_before=until)

    def _settle(
        self, entry: Entry, reading: Reading, verdict: Verdict, standing: Standing, now: float
    ) -> Finding:
        """It is awake: profile and power target."""
        left = self.left.get(entry.id)
        if left is not None and left == reasons(verdict):
            return Finding(Stage.SKIPPED if wishes(verdict) else Stage.CONFIRMED, SET_BY_HAND)
        wished = self.wished(entry, verdict)
        settled = Finding(Stage.CONFIRMED)
        if standing.again == inf:
            settled = Finding(Stage.UNCONFIRMED, UNSEEN)
        elif wished.refused:
            settled = Finding(Stage.SKIPPED, wished.refused)
        if wished.profile is None and wished.watts is None:
            return settled
        has = found(entry.settings, entry.settings_at, reading)
        written = self.written.get(entry.id)
        schedule = self._schedule()
        last = None if written is None else written.what
        orders = missing(wished, has, last, 0.0 if verdict.firm else schedule.dead_band)
        if not orders:
            return settled
        if reading.restarting:
            return Finding(Stage.PENDING, "its mining program is starting")
        free = self._free_at(entry.id, schedule.power_gap)
        why = "" if now >= free else f"changed lately: again in {duration(free - now)}"
        finding = _step(tuple(orders), entry, up=_raises(verdict, orders, has), has=has)
        return replace(finding, why=why, not_before=free)

    def _free_at(self, device: str, gap: float) -> float:
        """When its settings may be written again. What never left, in this run, costs no gap."""
        written, changed = self.written.get(device), self._journal.changes.get(device)
        at = max(
            -inf if written is None else written.at,
            -inf if changed is None or changed.at >= self._began else changed.at,
        )
        return at + gap

    def lately(self, device: str) -> Lately:
        """What was written to it last, and when the next may be."""
        written, until = self.written.get(device), self._free_at(device, self._schedule().power_gap)
        return Lately(until) if written is None else Lately(until, written.what.watts, written.at)

    def wished(self, entry: Entry, verdict: Verdict) -> Wished:
        """What is to be set, what is to be put back included."""
        before = self._journal.changes.get(entry.id)
        if not wishes(verdict) and before is None:
            return Wished()
        wished = self._wished(entry, verdict)
        if before is None or wished.refused:
            return wished
        if not verdict.profile and before.profile is not None:
            wished = replace(wished, profile=before.profile, level=before.level)
        if wished.watts is None and before.power:
            wished = replace(wished, watts=_usual(entry, before))
        return wished

    def _wished(self, entry: Entry, verdict: Verdict) -> Wished:
        groups, rows = self._groups(entry), self._schedule().profiles
        return wished_for(verdict, entry.family, subject_of(entry), groups, rows)

    def before(self, entry: Entry, step: Step, now: float) -> Line | None:
        """What is to be journalled before it is sent; None where that is there already."""
        known = self._journal.changes.get(entry.id) or Changed(entry.id, now)
        kinds, has = {kind for kind, _ in step.orders}, step.has
        change = known
        if CommandKind.SET_PROFILE in kinds and known.profile is None and has.profile is not None:
            change = replace(change, profile=has.profile, level=has.level)
        if CommandKind.SET_POWER in kinds and not known.power:
            change = replace(change, power=True, watts=has.watts)
        return None if change == known else Line(changed=replace(change, at=now))

    def after(self, entry: Entry, verdict: Verdict, now: float) -> Line | None:
        """What is to be journalled once a verdict is reached: what was put back is no change."""
        known = self._journal.changes.get(entry.id)
        if known is None:
            return None
        left = known
        if not verdict.profile:
            left = replace(left, profile=None, level=None)
        if self._wished(entry, verdict).watts is None:
            left = replace(left, power=False, watts=None)
        if left == known:
            return None
        nothing = left.profile is None and not left.power
        return Line(kept=Mark(entry.id, now)) if nothing else Line(changed=left)


def wishes(verdict: Verdict) -> bool:
    """Whether it says anything about settings."""
    return bool(verdict.profile) or verdict.power_target is not None


def is_blind(entry: Entry, kind: CommandKind) -> bool:
    """Whether its yes is all there is."""
    capability = entry.family.capabilities.get(kind)
    return capability is not None and capability.confirm is Confirm.TAKEN


def _raises(
    verdict: Verdict, orders: Sequence[tuple[CommandKind, Mapping[str, Any]]], has: Has
) -> bool:
    """Whether it may draw more then; a power target that is asked for where none is known is none
    of that, and what is put back is.
    """
    power = all(kind is CommandKind.SET_POWER for kind, _ in orders)
    if power and has.watts is None and verdict.power_target is not None:
        return False
    return is_raise(orders, has)


def _usual(entry: Entry, before: Changed) -> float | None:
    """The power target that it had; its maker's W where it had none."""
    plate = entry.family.nameplate(entry.model)
    return before.watts or (None if plate is None else plate.power)


def _step(
    orders: tuple[tuple[CommandKind, Mapping[str, Any]], ...],
    entry: Entry,
    up: bool,
    has: Has = Has(),  # noqa: B008  # frozen
) -> Finding:
    takes = entry.family.capabilities
    within = sum(takes[kind].within for kind, _ in orders)
    lag = sum(takes[kind].lag for kind, _ in orders)
    return Finding(Stage.PENDING, step=Step(orders, up, within, has, lag))
