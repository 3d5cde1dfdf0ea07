"""Start services in order, stop them one by one, last first."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol

from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger


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

    def add(self, service: Service) -> None:
        """Put one on top: it starts after, and stops before, what is there."""
        self._services.append(service)

    async def start(self) -> None:
        """Start all, first to last; on an error stop what was started and raise it."""
        for service in self._services:
            try:
                await _done(service.start)
            except BaseException:
                await self.stop()
                raise
            self._started.append(service)

    async def stop(self) -> None:
        """Stop all that were started, last to first; one that fails or hangs delays none."""
        while self._started:
            service = self._started.pop()
            ending = defer.Deferred.fromCoroutine(_done(service.stop))
            ending.addTimeout(self._patience, self._clock)
            try:
                await ending
            except defer.TimeoutError:
                self.log.warn("{name} did not stop in time", name=service.name)
            except Exception:
                self.log.failure("{name} failed to stop cleanly", name=service.name)


async def _done(call: Callable[[], Awaitable[None] | None]) -> None:
    result = call()
    if inspect.isawaitable(result):
        await result
