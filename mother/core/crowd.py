"""Bounded fan-out: a few workers that share what is to be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList, FirstError
from twisted.python.failure import Failure

from mother.core.pulse import Pulse

T = TypeVar("T")


async def each(
    items: Iterable[T],
    job: Callable[[T], Awaitable[None]],
    width: int,
    pulse: Pulse | None = None,
) -> None:
    """Run `job` for every item, at most `width` at once; returns when all are done.

    `pulse` beats after each item. `items` is asked for the next one only when a worker is
    free. `job` keeps its own errors: the first one that escapes takes no further items, cancels
    what is in flight and is raised here. Cancelling the caller cancels what is in flight too.
    Either way nothing runs any more when this returns: each job is cancelled once and its clean-up
    is waited for.
    """
    halted = False
    beat = (pulse or Pulse()).beat
    source = _until(items, lambda: halted)

    async def worker() -> None:
        nonlocal halted
        try:
            for item in source:
                await job(item)
                beat()
        except BaseException:
            halted = True
            raise

    workers = [Deferred.fromCoroutine(worker()) for _ in range(max(1, width))]
    try:
        await _outcome(workers)
    except Exception:
        halted = True
        for one in workers:
            one.cancel()
        await DeferredList(workers)
        raise


def _until(items: Iterable[T], halted: Callable[[], bool]) -> Iterator[T]:
    for item in items:
        yield item
        if halted():
            return


def _outcome(workers: list[Deferred[None]]) -> Deferred[None]:
    """Fires when all have ended, fails with the first failure; cancelling it cancels no worker.

    A DeferredList awaited directly would cancel each worker itself, a second time, and so
    interrupt the clean-up that the first cancellation began.
    """
    outcome: Deferred[None] = Deferred()

    def fail(failure: Failure) -> None:
        first = failure.value
        outcome.errback(first.subFailure if isinstance(first, FirstError) else failure)

    everyone = DeferredList(workers, fireOnOneErrback=True, consumeErrors=True)
    everyone.addCallbacks(lambda _: outcome.callback(None), fail)
    return outcome


class Gang:
    """Jobs handed in one by one, at most `width` at once; the rest wait in order.

    A job that raises is handed to `failed` and costs only itself.
    """

    def __init__(self, width: int, failed: Callable[[Exception], None]) -> None:
        self._width = max(1, width)
        self._failed = failed
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque()
        self._hired = 0
        self._busy: set[Deferred[None]] = set()
        self._idlers: list[Deferred[None]] = []
        self._closed = False

    def submit(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job()` as soon as there is room; after `cancel` it is dropped."""
        if self._closed:
            return
        self._waiting.append(job)
        if self._hired < self._width:
            self._hire()

    def drained(self) -> Deferred[None]:
        """Fires when nothing is waiting or running.

        Cancelling it cancels the gang, and fails only when all jobs have ended.
        """
        return Deferred.fromCoroutine(self._drain())

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting)

    def cancel(self) -> None:
        """Drop what waits and cancel what runs."""
        self._closed = True
        self._waiting.clear()
        for worker in tuple(self._busy):
            worker.cancel()

    async def _drain(self) -> None:
        try:
            await self._idle()
        except CancelledError:
            self.cancel()
            await self._idle()
            raise

    def _idle(self) -> Deferred[None]:
        idle: Deferred[None] = Deferred(self._idlers.remove)
        self._idlers.append(idle)
        self._tell_idlers()
        return idle

    def _hire(self) -> None:
        self._hired += 1  # before the first job, which may hand in more
        worker = Deferred.fromCoroutine(self._work())
        self._busy.add(worker)
        worker.addBoth(self._leave, worker)

    async def _work(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            try:
                await job()
            except CancelledError as error:
                if self._closed:
                    raise
                self._failed(error)
            except Exception as error:
                self._failed(error)

    def _leave(self, _: object, worker: Deferred[None]) -> None:
        self._busy.discard(worker)
        self._hired -= 1
        self._tell_idlers()

    def _tell_idlers(self) -> None:
        if not self._hired:
            idlers, self._idlers = self._idlers, []
            for idle in idlers:
                idle.callback(None)
