"""Start services in order, stop them one by one, last first."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol

from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure


class Service(Protocol):
    """Something that runs from `start` to `stop`."""

    @property
    def name(self) -> str:
        """For the log."""

    def start(self) -> Awaitable[None] | None:
        """Begin; may be a coroutine."""

    def stop(self) -> Awaitable[None] | None:
        """End, leaving nothing half-written; may be a coroutine."""


class Stack:
    """The services of a process. `patience` is how long one may take to stop, in seconds."""

    log = Logger()

    def __init__(self, clock: IReactorTime, patience: float = 1.0) -> None:
        self._clock = clock
        self._patience = patience
        self._services: list[Service] = []
        self._started: list[Service] = []
        self._starting: defer.Deferred[None] | None = None
        self._wanted = False
        self._one_stop = defer.DeferredLock()

    def add(self, service: Service) -> None:
        """Put one on top: it starts after, and stops before, what is there."""
        self._services.append(service)

    async def start(self) -> None:
        """Start all, first to last; on an error stop what was started and raise it.

        A `stop` meanwhile ends the start with CancelledError.
        """
        self._wanted = True
        try:
            for service in self._services:
                await self._start(service)
        except Exception:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all that were started, last to first; one that fails or hangs delays none."""
        self._wanted = False
        if self._starting is not None:
            self._starting.cancel()
        async with self._one_stop:
            while self._started:
                await self._stop(self._started.pop())

    async def _start(self, service: Service) -> None:
        self._starting = defer.Deferred.fromCoroutine(_done(service.start))
        await self._starting
        self._started.append(service)
        if not self._wanted:
            raise defer.CancelledError

    async def _stop(self, service: Service) -> None:
        """Wait for one at most `patience` seconds, then cancel it and wait no longer."""
        ending = defer.Deferred.fromCoroutine(_done(service.stop))
        outcome: defer.Deferred[str] = defer.Deferred()
        late = self._clock.callLater(self._patience, outcome.callback, "did not stop in time")

        def failed(failure: Failure) -> None:
            if not outcome.called:
                self.log.failure("{name} failed to stop cleanly", failure, name=service.name)

        ending.addErrback(failed)
        ending.addCallback(lambda _: None if outcome.called else outcome.callback(""))
        try:
            complaint = await outcome
        finally:
            if late.active():
                late.cancel()
            ending.cancel()
        if complaint:
            self.log.warn("{name} {complaint}", name=service.name, complaint=complaint)


async def _done(call: Callable[[], Awaitable[None] | None]) -> None:
    result = call()
    if inspect.isawaitable(result):
        await result
