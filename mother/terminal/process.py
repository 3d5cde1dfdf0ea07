"""Run the reactor until a job ends or a signal comes, and end within seconds whatever hangs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

LAST_CALL = 4.5
"""Real seconds after the signal; what has not ended by then is cut off."""

log = Logger()
T = TypeVar("T")


class Served(Generic[T]):
    """One run of the reactor: `code` is the exit code, `result` what the job brought."""

    def __init__(self, reactor: EPollReactor, interrupted: int) -> None:
        self.code = OK
        self.result: T | None = None
        self.error: BaseException | None = None
        self._reactor = reactor
        self._interrupted = interrupted
        self._ending = False
        self._work: Deferred[T] | None = None

    def run(
        self, work: Callable[[], Awaitable[T]], stop: Callable[[], Awaitable[None]], last: bool
    ) -> None:
        """Begin `work`, serve until a signal (with `last`: or its end), then `stop`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

        async def body() -> T:
            return await work()

        def launch() -> None:
            self._work = Deferred.fromCoroutine(body())
            self._work.addCallbacks(self._succeeded, self._failed)
            if last:
                self._work.addCallback(lambda _: self.end())

        async def close() -> None:
            if last and self._work is not None:
                self._work.cancel()
            await stop()

        def closing() -> Deferred[None]:
            closed = Deferred.fromCoroutine(close())
            return closed.addErrback(lambda f: log.failure("could not end cleanly", failure=f))

        self._reactor.addSystemEventTrigger("before", "shutdown", closing)
        self._reactor.callWhenRunning(launch)
        self._reactor.run(installSignalHandlers=False)

    def end(self) -> None:
        """Stop the reactor; asking again changes nothing."""
        if self._ending:
            return
        self._ending = True
        guard = threading.Timer(LAST_CALL, _cut_off)
        guard.daemon = True
        guard.start()
        self._reactor.stop()

    def _on_signal(self, *_: object) -> None:
        self._reactor.callFromThread(self._interrupt)

    def _interrupt(self) -> None:
        if not self._ending:
            self.code = self._interrupted
        self.end()

    def _succeeded(self, result: T) -> None:
        self.result = result

    def _failed(self, failure: Failure) -> None:
        if self._ending and failure.check(CancelledError):
            return
        self.code = FAILED
        self.error = failure.value
        self.end()


def serve(
    reactor: EPollReactor,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
) -> Served[None]:
    """Serve from `start` to a signal, which is the usual end (exit code 0), then `stop`."""
    served: Served[None] = Served(reactor, OK)
    served.run(start, stop, last=False)
    return served


def once(
    reactor: EPollReactor, job: Callable[[], Awaitable[T]], stop: Callable[[], Awaitable[None]]
) -> Served[T]:
    """Run one job to its end; a signal interrupts it (exit code 130)."""
    served: Served[T] = Served(reactor, INTERRUPTED)
    served.run(job, stop, last=True)
    return served


def on_hangup(reactor: EPollReactor, call: Callable[[], Any]) -> None:
    """Call this in the reactor at each SIGHUP."""
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(call))


def _cut_off() -> None:
    try:
        print("mother did not end in time and is cut off", file=sys.stderr, flush=True)
    finally:
        os._exit(FAILED)
