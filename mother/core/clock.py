"""The two times: steady seconds for waits, wall-clock seconds for dates."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

Now = Callable[[], float]
"""Unix seconds, wall clock."""


def steady(reactor: ReactorBase) -> Now:
    """Make the reactor's timers immune to a clock that is set; returns the wall clock.

    Must be called before anything is scheduled.
    """
    reactor.seconds = time.monotonic  # Twisted's own seam
    return time.time


def hasten(reactor: ReactorBase, speed: float) -> Now:
    """Let this process live `speed` times faster, for simulations; returns its wall clock.

    Timers, deadlines and the returned wall clock all run on the faster time; `speed` is above 0.
    Must be called before anything is scheduled.
    """
    began, wall = time.monotonic(), time.time()
    unhurried = reactor.timeout

    def seconds() -> float:
        return began + (time.monotonic() - began) * speed

    def timeout() -> float | None:
        wait = unhurried()
        return None if wait is None else wait / speed

    reactor.seconds = seconds  # Twisted's own seam
    reactor.timeout = timeout  # type: ignore[method-assign]  # waits are in real seconds
    return lambda: wall + (seconds() - began)


def sleep(clock: IReactorTime, seconds: float) -> Deferred[None]:
    """A Deferred that fires after `seconds`; cancelling it cancels the timer."""
    call = None

    def cancel(_: Deferred[None]) -> None:
        if call is not None and call.active():
            call.cancel()

    done: Deferred[None] = Deferred(cancel)
    call = clock.callLater(max(0.0, seconds), done.callback, None)
    return done
