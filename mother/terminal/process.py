"""Run the reactor until a job ends or a signal comes, and end within seconds whatever hangs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from io import TextIOWrapper
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
NOTHING_NAMED = 4
"""Of `check-config --network-named`: a code that no failure has, which must not pass for it."""

LAST_CALL = 4.5
"""Real seconds after the signal; what has not ended by then is cut off."""

PARTING = 0.2
"""Real seconds for the words that say so."""

ENDING = (signal.SIGINT, signal.SIGTERM)

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
        self._guard: threading.Timer | None = None
        self._ending = False
        self._work: Deferred[T] | None = None

    def run(
        self, work: Callable[[], Awaitable[T]], stop: Callable[[], Awaitable[None]], last: bool
    ) -> None:
        """Begin `work`, serve until a signal (with `last`: or its end), then `stop`."""
        before = {number: signal.signal(number, self._on_signal) for number in ENDING}

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
        for number, handler in before.items():
            signal.signal(number, handler)
        if self._guard is not None:
            self._guard.cancel()  # what follows, such as printing, may take its time

    def end(self) -> None:
        """Stop the reactor; asking again changes nothing."""
        if self._ending:
            return
        self._ending = True
        self._watch_the_clock()
        self._reactor.stop()

    def _watch_the_clock(self) -> None:
        if self._guard is None:
            self._guard = threading.Timer(LAST_CALL, _cut_off)
            self._guard.daemon = True
            self._guard.start()

    def _on_signal(self, *_: object) -> None:
        self._watch_the_clock()  # a reactor that is blocked hears of no signal
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


def forgiving_streams() -> None:
    """What a terminal cannot show is replaced, not an error; a stream that is closed is none."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115  # for good
            setattr(sys, name, nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _cut_off() -> None:
    try:
        words = threading.Thread(target=_say_so, daemon=True)
        words.start()
        words.join(PARTING)  # what reads the stream may hang too
    finally:
        os._exit(FAILED)


def _say_so() -> None:
    print("mother did not end in time and is cut off", file=sys.stderr, flush=True)


def explained(served: Served[Any]) -> int:
    """The exit code, after it was said what went wrong."""
    error = served.error
    if isinstance(error, BrokenPipeError):
        raise error
    if isinstance(error, OSError):
        print(error, file=sys.stderr)
    elif error is not None:
        print(f"mother failed: {error!r}", file=sys.stderr)
    return served.code
