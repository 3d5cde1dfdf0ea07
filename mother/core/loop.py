"""Run a job again and again, and count what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.core.clock import sleep
from mother.core.pulse import Pulse


class Job(Protocol):
    """Something worth doing again and again; it knows no timer."""

    name: str

    async def run(self) -> None:
        """One round."""


class Counts(Struct):
    """What a loop did so far. `seconds` is the last round's length, `total` the sum.

    `late` is by how much the last round began later than it was due: the reactor was busy.
    """

    runs: int = 0
    failures: int = 0
    overruns: int = 0
    seconds: float = 0.0
    total: float = 0.0
    last_end: float = 0.0
    late: float = 0.0


ROUND = 600.0
"""Seconds in which a round must get a step further, unless its loop is given another limit."""

WAKING = 60.0
"""Seconds after which a wait that does not end is broken, not late."""


class Loop:
    """A service: runs `job` every `interval()` seconds, first after `delay` seconds.

    A round that raises is counted and logged once until a round succeeds again. A round
    that takes longer than the interval is an overrun: the missed rounds are left out, the
    next one starts at once. `interval` is asked before each wait, so a new configuration
    takes effect with `hurry()`.

    A round is expected to get on: within `limit()` seconds it ends, or its job's `pulse`, where
    the job has one, beats again; `stuck()` tells for how long it did not.
    """

    log = Logger()

    def __init__(
        self,
        job: Job,
        interval: Callable[[], float],
        clock: IReactorTime,
        delay: float = 0.0,
        failed: Callable[[str, Exception], None] | None = None,
        limit: Callable[[], float] = lambda: ROUND,
    ) -> None:
        self.job = job
        self.name = job.name
        self.counts = Counts()
        self._interval = interval
        self._clock = clock
        self._delay = delay
        self._failed = failed
        self._limit = limit
        self._pulse: Pulse | None = getattr(job, "pulse", None)
        self._beats = 0
        self._moved = 0.0
        self._due: float | None = None
        self._running: Deferred[None] | None = None
        self._pause: Deferred[None] | None = None
        self._sick = False
        self._hurried = False
        self._stopping = False

    def start(self) -> None:
        """Begin; the loop goes on until `stop`."""
        if self._running is None:
            self._stopping = False
            self._moved = self._clock.seconds()
            self._running = Deferred.fromCoroutine(self._forever())
            self._running.addErrback(self._end)

    async def stop(self) -> None:
        """Cancel the round in flight and wait until it has ended. Not to be called by the job."""
        running = self._running
        if running is not None:
            if not self._stopping:
                self._stopping = True
                running.cancel()
            await running
            self._running = None

    def hurry(self) -> None:
        """Start the next round now, or right after the one in flight."""
        if self._pause is not None:
            self._pause.cancel()
        else:
            self._hurried = True

    def stuck(self) -> float:
        """For how many seconds the loop has not moved though it should; 0 where all is well."""
        now = self._clock.seconds()
        if self._running is None or self._stopping:
            return 0.0
        if self._running.called:
            return max(now - self._moved, 1.0)  # it has ended, which no loop does by itself
        if self._due is not None:
            overdue = now - self._due
            return overdue if overdue > WAKING else 0.0
        beats = self._pulse.beats if self._pulse is not None else 0
        if beats != self._beats:
            self._beats, self._moved = beats, now
        still = now - self._moved
        return still if still > self._limit() else 0.0

    async def _forever(self) -> None:
        await self._wait(self._delay)
        while True:
            began = self._moved = self._clock.seconds()
            await self._round()
            if self._stopping:
                return
            spent = self._clock.seconds() - began
            interval = self._interval()
            self._count(spent, interval)
            await self._wait(interval - spent)

    async def _wait(self, seconds: float) -> None:
        if self._hurried:
            self._hurried = False
            seconds = 0.0
        self._due = self._clock.seconds() + max(seconds, 0.0)
        self._pause = sleep(self._clock, seconds)
        try:
            await self._pause
            self.counts.late = max(self._clock.seconds() - self._due, 0.0)
        except CancelledError:
            if self._stopping:
                raise
        finally:
            self._pause = self._due = None

    async def _round(self) -> None:
        try:
            await self.job.run()
        except CancelledError as error:
            if self._stopping:
                raise
            self._note(error)  # the job leaked one of its own; nobody asked us to end
        except Exception as error:
            self._note(error)
        else:
            if self._sick:
                self.log.info("The {name} loop works again.", name=self.name)
            self._sick = False

    def _note(self, error: Exception) -> None:
        self.counts.failures += 1
        if not self._sick:
            self.log.failure("The {name} loop failed; it goes on.", name=self.name)
        self._sick = True
        if self._failed is not None:
            try:
                self._failed(self.name, error)
            except Exception:
                self.log.failure("The {name} loop could not report its failure.", name=self.name)

    def _count(self, spent: float, interval: float) -> None:
        self.counts.runs += 1
        self.counts.seconds = spent
        self.counts.total += spent
        self.counts.last_end = self._clock.seconds()
        if spent > interval:
            self.counts.overruns += 1

    def _end(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.log.failure("The {name} loop has ended.", failure=failure, name=self.name)
