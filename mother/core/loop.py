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


class Job(Protocol):
    """Something worth doing again and again; it knows no timer."""

    name: str

    async def run(self) -> None:
        """One round."""


class Counts(Struct):
    """What a loop did so far. `seconds` is the last round's length, `total` the sum."""

    runs: int = 0
    failures: int = 0
    overruns: int = 0
    seconds: float = 0.0
    total: float = 0.0
    last_end: float = 0.0


class Loop:
    """A service: runs `job` every `interval()` seconds, first after `delay` seconds.

    A round that raises is counted and logged once until a round succeeds again. A round
    that takes longer than the interval is an overrun: the missed rounds are left out, the
    next one starts at once. `interval` is asked before each wait, so a new configuration
    takes effect with `hurry()`.
    """

    log = Logger()

    def __init__(
        self,
        job: Job,
        interval: Callable[[], float],
        clock: IReactorTime,
        delay: float = 0.0,
        failed: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self.job = job
        self.name = job.name
        self.counts = Counts()
        self._interval = interval
        self._clock = clock
        self._delay = delay
        self._failed = failed
        self._running: Deferred[None] | None = None
        self._pause: Deferred[None] | None = None
        self._sick = False
        self._hurried = False
        self._stopping = False

    def start(self) -> None:
        """Begin; the loop goes on until `stop`."""
        if self._running is None:
            self._stopping = False
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

    async def _forever(self) -> None:
        await self._wait(self._delay)
        while True:
            began = self._clock.seconds()
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
        self._pause = sleep(self._clock, seconds)
        try:
            await self._pause
        except CancelledError:
            if self._stopping:
                raise
        finally:
            self._pause = None

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
