"""Persons come first: what they order by hand is not undone by the schedule.

Known by the audit line of an order that somebody else than the daemon's own jobs gave. Who is
resumed while we want it asleep is left awake, and no sleeper of ours any more, until something
else wants it asleep or nothing does; who is paused sleeps by that person's will from then on, even
if it slept by ours before; a profile or power target that a person sets stays until something else
is wished. The first outlives the daemon by the journal.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mother.core.model import CommandKind, Event, EventKind
from mother.core.reading import Mode
from mother.schedule.journal import Journal, Line, Mark, Woken
from mother.schedule.judging import PAUSE, RESUME, Judge
from mother.schedule.sending import ACTOR
from mother.schedule.values import Verdict, asked, reasons

JOBS = frozenset({ACTOR, "configure", "health"})
"""Who gives orders without a person."""

SET = frozenset({CommandKind.SET_PROFILE, CommandKind.SET_POWER, CommandKind.SET_FREQUENCY})


class Yielding:
    """Takes persons' orders into the journal; `verdict` is what a device shall be now."""

    def __init__(
        self,
        journal: Journal,
        judge: Judge,
        verdict: Callable[[str], Verdict | None],
        now: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._judge = judge
        self._verdict = verdict
        self._now = now

    def heard(self, event: Event) -> bool:
        """Take note of what a person ordered; whether an order of ours to sleep is void now."""
        told, device = event.content, event.device
        if event.kind is not EventKind.AUDIT or told.get("actor") in JOBS:
            return False
        if told.get("result") != "done" or not device:
            return False
        kind, now = told.get("kind"), self._now()
        if kind == RESUME.value:
            return self._resumed(device, now)
        if kind == PAUSE.value and device in self._journal.sleepers:
            self._journal.tell(Line(woken=Woken(device, now)))
        elif kind in SET:
            verdict = self._verdict(device)
            self._judge.left[device] = () if verdict is None else reasons(verdict)
            if device in self._journal.changes:
                self._journal.tell(Line(kept=Mark(device, now)))
        return False

    def _resumed(self, device: str, now: float) -> bool:
        verdict = self._verdict(device)
        if verdict is None or verdict.mode is Mode.SLEEP:
            wanted = () if verdict is None else asked(verdict)
            self._journal.tell(Line(woken=Woken(device, now, by_hand=True, reasons=wanted)))
            return True
        if device in self._journal.sleepers:
            self._journal.tell(Line(woken=Woken(device, now)))
        return False

    def settle(self, device: str, verdict: Verdict) -> None:
        """A person's word has its end where the reasons are others now."""
        if verdict.mode is None:
            return
        yielded = self._journal.yielded(device)
        if yielded is not None and not self._holds(yielded, verdict):
            self._journal.tell(Line(woken=Woken(device, yielded.at)))
        elif yielded is not None and not yielded.reasons and verdict.asked_by:
            known = replace(yielded, reasons=asked(verdict))
            self._journal.tell(Line(woken=known))  # it was ordered before the first round
        left = self._judge.left.get(device)
        if left == ():
            self._judge.left[device] = reasons(verdict)
        elif left is not None and left != reasons(verdict):
            del self._judge.left[device]

    def _holds(self, yielded: Woken, verdict: Verdict) -> bool:
        if verdict.mode is Mode.SLEEP:
            return yielded.reasons in ((), asked(verdict))
        # a cap that is kept by a lower power target for now, as within a minimum time, binds still
        return not set(yielded.reasons).isdisjoint(verdict.asked_by)
