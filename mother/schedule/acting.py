"""Turns verdicts into orders: one at a time to each device, again until it is seen to be done.

What is to be done is found anew whenever something is known anew (see `judging`): a round of the
schedule, the end of an order. A device that is to sleep is journalled first, and the line is on
the disk before anything is sent; so whatever ends the daemon, nobody is forgotten asleep. After a
start the journal, the readings and the verdicts lead to the same orders; the door sends nothing to
a device that is so already.

What failed is tried again after 30 s, then twice that, up to 15 min. A device that was confirmed
and is otherwise in a later reading has drifted, and is told again after a minute.

A person is not fought: see `yielding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from random import Random

from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredList,
    TimeoutError,  # noqa: A004
)
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.config.schedule import Schedule
from mother.core.bus import Sample
from mother.core.model import Command, CommandKind, Event, Totals
from mother.core.reading import Mode
from mother.fleet.commands import Outcome
from mother.fleet.roster import Entry, Roster
from mother.schedule.journal import Journal, Line, Mark, NotJournalled, Woken
from mother.schedule.judging import PAUSE, RESUME, Finding, Judge, Step, is_blind
from mother.schedule.progress import CROWDED, Progress
from mother.schedule.ramping import NOWHERE, Ramps, Start
from mother.schedule.sending import ACTOR, Door, Flight, Sending, farewell
from mother.schedule.units import History, keys_of
from mother.schedule.values import Ruling, Stage, Standing, Unit, Verdict
from mother.schedule.yielding import Yielding

ANSWERS = 4
"""So many reads take as long as all that is asked for one order, more or less."""

AT_ONCE = 500
"""So many orders at most are on their way to their devices."""

VAIN = 3
"""Who was told so often, and does not obey, is counted as it is; it is told on."""

PATIENCE = 5.0
"""Seconds that the journal may take to write its last lines."""

SOON = 0.05
"""Seconds in which the ends of orders are gathered before the next begin."""


class Acting:
    """The dispatcher, and a sink, for the orders that persons give.

    `width` orders at most are on their way to devices at once: those that a device has taken and
    that are only waited for do not count, where `wrote` is called.
    """

    log = Logger()
    name = "acting"

    def __init__(
        self,
        door: Door,
        journal: Journal,
        roster: Roster,
        clock: IReactorTime,
        now: Callable[[], float],
        schedule: Callable[[], Schedule],
        groups: Callable[[Entry], Sequence[str]],
        random: Random,
        dry_run: Callable[[], bool] = lambda: False,
        width: int = AT_ONCE,
        may_wake: Callable[[str, float], bool] = lambda device, now: True,
        room: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._roster = roster
        self._clock = clock
        self._now = now
        self._schedule = schedule
        self._groups = groups
        self._dry_run = dry_run
        self._width = width
        self._may_wake = may_wake
        self._began = now()
        self._judge = Judge(door, journal, schedule, groups, self._began)
        run = f"{int(now() * 1000):x}-{random.getrandbits(32):08x}"
        self._sending = Sending(door, journal, self._judge, roster, clock, now, dry_run, run)
        self._yielding = Yielding(journal, self._judge, self.verdict, now)
        woken = [clock.seconds() - (now() - at) for at in journal.woken_since(self._began - 60.0)]
        self._ramps = Ramps(random.random, woken, room)
        self._verdicts: Mapping[str, Verdict] = {}
        self._joules: dict[str, float] = {}
        self._progress = Progress(clock, now, random.random)
        self._flights: dict[str, Flight] = {}
        self._unsent: set[str] = set()
        self._waiting: dict[str, Step] = {}
        self._order: list[str] | None = None
        self._timer: IDelayedCall | None = None
        self._stopping = False

    # what it says

    @property
    def standings(self) -> Mapping[str, Standing]:
        """Where each device is, by DeviceId; to be looked at only."""
        return self._progress.standings

    def verdict(self, device: str) -> Verdict | None:
        """What it shall be; None where nothing was ruled yet."""
        return self._verdicts.get(device)

    @property
    def flying(self) -> int:
        """How many orders are under way, those included that wait for their devices to obey."""
        return len(self._flights)

    def counts(self) -> Mapping[Stage, int]:
        """How many devices are at each stage."""
        return Counter(standing.stage for standing in self.standings.values())

    def sleeping(self) -> int:
        """How many sleep by our order, as far as the journal knows."""
        return len(self._journal.sleepers)

    def history(self, device: str) -> History:
        """What we did to a device, for its Unit."""
        sleeper = self._journal.sleepers.get(device)
        changed = self._journal.changes.get(device)
        entry, standing = self._roster.get(device), self.standings.get(device)
        yielded = self._journal.yielded(device)
        vain = standing is not None and standing.tries >= VAIN
        sleeps = standing is not None and standing.mode is Mode.SLEEP
        return History(
            ours=sleeper is not None,
            since=self._journal.since(device),
            starts=self._journal.starts(device, self._now()),
            drew=0.0 if sleeper is None else sleeper.draws,
            limited=changed is not None and changed.power,
            usual=None if changed is None else changed.watts,
            planned=sleeper is not None and sleeper.planned,
            refuses=entry is not None and self._judge.refuses(entry),
            woken_for=None if yielded is None else yielded.reasons,
            set_for=() if vain and not sleeps else self._judge.left.get(device),
            vain=vain and sleeps,
            lately=self._judge.lately(device),
        )

    # what it is told

    def pursue(self, ruling: Ruling, now: float, units: Iterable[Unit] = ()) -> None:
        """From now on these verdicts hold; returns at once. `units` tell who is efficient."""
        if self._stopping:
            return
        before, self._verdicts = self._verdicts, ruling.verdicts
        self._joules = {one.id: one.efficiency for one in units if one.efficiency is not None}
        for device in [one for one in self.standings if one not in ruling.verdicts]:
            self._progress.forget(device)
            self._waiting.pop(device, None)
            self._sending.missed(device)
        for device, verdict in ruling.verdicts.items():
            known = before.get(device)
            if verdict.at_once and (known is None or not known.at_once):
                self._progress.hurry(device)
            self._look(device, now)
        self._order = None
        self._begin()

    async def wrote(self, entry: Entry, command: Command) -> None:
        """The door is about to write to a device: another order may set out.

        Returns when it is on the disk that this one was told to sleep, so that another run of the
        daemon gives it the time to obey. A disk that takes nothing costs that, and not the order.
        """
        flight = self._flights.get(entry.id)
        if flight is None or command.actor != ACTOR:
            return
        flight.written = True
        self._unsent.discard(entry.id)
        self._ramps.written(entry.id)
        self._soon(SOON)
        mark = Mark(entry.id, self._now())
        if command.kind is RESUME:  # which waits for no disk
            self._journal.tell(Line(waking=mark))
        elif command.kind is PAUSE:
            with suppress(NotJournalled):
                await self._journal.note(Line(telling=mark))

    async def stop(self) -> None:
        """Send nothing more, and say who sleeps or is set. None is woken: the journal knows."""
        self._stopping = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        running = [one.running for one in self._flights.values() if one.running is not None]
        open_ones = {one.device for one in self._flights.values() if one.step.kind is PAUSE}
        for one in list(self._flights.values()):
            one.cancel()
        await DeferredList(running)
        kept = Deferred.fromCoroutine(self._journal.flush()).addTimeout(PATIENCE, self._clock)
        with suppress(TimeoutError):  # the disk hangs, which keeps nobody from ending
            await kept
        sleeping, changed = self.sleeping(), len(self._journal.changes)
        if sleeping or changed:
            asked = len(open_ones & self._journal.sleepers.keys())
            self.log.info("{sentence}", sentence=farewell(sleeping, asked, changed))

    # as a sink

    def event(self, event: Event) -> None:
        """What a person orders counts more than what we are about to send."""
        if not self._yielding.heard(event):
            return
        flight = self._flights.get(event.device)
        if flight is not None and flight.step.kind is PAUSE and not flight.written:
            flight.cancel()

    def sample(self, sample: Sample) -> None:
        """Readings are looked at in the next round."""

    def totals(self, totals: Totals) -> None:
        """Sums change nothing."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts change nothing."""

    # what is to be done

    def _look(self, device: str, now: float, done: CommandKind | None = None) -> None:
        """Find out anew where a device is, and what it lacks; `done` is what it was told last."""
        verdict, entry = self._verdicts.get(device), self._roster.get(device)
        if verdict is None or device in self._flights:
            return
        self._waiting.pop(device, None)
        standing = self._progress.shall_be(device, verdict, now)
        if entry is None:
            self._progress.found(device, Finding(Stage.PENDING, "it is not here"), now)
            return
        self._settle(entry, verdict, now)
        finding = self._judge.judge(entry, verdict, standing, now)
        if finding.step is not None:
            at = 0.0 if entry.reading is None else entry.reading.at
            more = done is not None and finding.step.kind is not done
            if self._progress.lacks(device, finding, at, now, more):
                self._waiting[device], self._order = finding.step, None
            return
        self._progress.found(device, finding, now)
        if finding.stage is Stage.CONFIRMED and verdict.mode is Mode.ACTIVE and not entry.gone:
            line = self._judge.after(entry, verdict, now)
            if line is not None:
                self._journal.tell(line)

    def _settle(self, entry: Entry, verdict: Verdict, now: float) -> None:
        """Let the journal know what a verdict, or a reading, has ended."""
        self._yielding.settle(entry.id, verdict)
        if verdict.mode is Mode.ACTIVE and self._sending.is_awake(entry, self._began):
            self._journal.tell(Line(woken=Woken(entry.id, now)))

    # who begins

    def _begin(self) -> None:
        """Let begin who may."""
        if self._stopping:
            return
        now, soonest = self._clock.seconds(), inf
        self._ramps.again()
        if self._order is None:
            self._order = sorted(self._waiting, key=self._rank)
        dry = self._dry_run()
        if not dry:
            self._progress.pretended.clear()
        order, left = self._order, []
        for place, device in enumerate(order):
            if len(self._unsent) >= self._width:
                left += order[place:]
                break
            step = self._waiting.get(device)
            if step is None or device in self._flights:
                continue
            again = self._progress.again(device)
            delay = None
            if again > now:
                soonest = min(soonest, again)
            elif not (dry and device in self._progress.pretended):
                delay = self._may(device, step, now)
            if delay is None:
                left.append(device)
            else:
                self._fly(device, step, delay)
        if self._order is order:  # else some have ended at once, and lack something else
            self._order = left
        soonest = min(soonest, self._ramps.opens)
        if soonest < inf:
            self._soon(max(SOON, soonest - now))

    def _rank(self, device: str) -> tuple[bool, float, float, float, str]:
        """Emergencies first, then what bounds the end of it all: slow families where nothing
        limits the ramp, else the least efficient off first, and the most efficient on first.
        """
        step, schedule = self._waiting[device], self._schedule()
        ramp = schedule.up if step.up else schedule.down
        limited = ramp.batch or schedule.ramps or (step.up and schedule.resume_percent)
        joules = self._joules.get(device, inf)
        first = joules if step.up else -joules
        at_once = self._verdicts[device].at_once
        if limited:
            return not at_once, 0.0, 0.0, first, device
        entry = self._roster.get(device)
        answers = 0.0 if entry is None else ANSWERS * (entry.latency or 0.0)
        return not at_once, -(step.lag + answers), -step.within, first, device

    def _may(self, device: str, step: Step, now: float) -> float | None:
        """Seconds after which it may begin; None: not yet."""
        schedule, entry = self._schedule(), self._roster.get(device)
        if entry is None:
            return None
        if step.kind is RESUME and not self._may_wake(device, self._now()):
            return None
        keys = keys_of(entry, tuple(self._groups(entry))) if schedule.ramps else NOWHERE
        at_once = self._verdicts[device].at_once
        wakes, restarts = step.kind is RESUME, step.kind not in (PAUSE, RESUME)
        start = Start(device, step.up, wakes, restarts, at_once, keys)
        if restarts and self._ramps.crowded():
            self._progress.waits(device, CROWDED)
        return self._ramps.begin(start, schedule, len(self._roster), now)

    def _fly(self, device: str, step: Step, delay: float) -> None:
        strayed = self.standings[device].stage is Stage.DRIFTED
        flight = Flight(device, step, self._verdicts[device], strayed)
        del self._waiting[device]
        self._progress.hurry(device)
        self._flights[device] = flight
        self._unsent.add(device)
        flying = self._sending.fly(
            flight, delay, partial(self._wanted, flight), partial(self._progress.sent, device)
        )
        flight.running = Deferred.fromCoroutine(flying).addCallback(self._took, flight)
        flight.running.addErrback(self._failed, flight)
        flight.running.addBoth(self._landed, flight)

    def _wanted(self, flight: Flight) -> bool:
        """Whether it is still to be sent."""
        entry, verdict = self._roster.get(flight.device), self._verdicts.get(flight.device)
        standing = self.standings.get(flight.device)
        if self._stopping or entry is None or verdict is None or standing is None:
            return False
        step = self._judge.judge(entry, verdict, standing, self._now()).step
        return step is not None and step.orders == flight.step.orders

    def _took(self, outcome: Outcome | None, flight: Flight) -> None:
        """An order has ended; None: it was not sent."""
        if outcome is None:
            return
        entry = self._roster.get(flight.device)
        blind = entry is not None and is_blind(entry, flight.step.kind)
        self._progress.took(flight.device, outcome, blind, self._now())

    def _failed(self, failure: Failure, flight: Flight) -> None:
        """It was called off, or is a fault of ours."""
        if failure.check(CancelledError):
            return
        self.log.failure("an order of the schedule failed", failure=failure)
        outcome = Outcome("failed", f"unforeseen: {type(failure.value).__name__}", flight.handed)
        self._took(outcome, flight)

    def _landed(self, _: None, flight: Flight) -> None:
        self._flights.pop(flight.device, None)
        self._unsent.discard(flight.device)
        self._ramps.ended(flight.device)
        if not self._stopping:
            self._look(flight.device, self._now(), flight.step.kind)
            self._soon(SOON)

    def _soon(self, wait: float) -> None:
        """See who may begin, at the latest in so many seconds."""
        due = self._clock.seconds() + wait
        if self._stopping:
            return
        if self._timer is not None and self._timer.active():
            if self._timer.getTime() <= due:
                return
            self._timer.cancel()
        self._timer = self._clock.callLater(wait, self._begin)
