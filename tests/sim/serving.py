"""A served farm on a port that the system chose, gone at the end of the test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.posixbase import PosixReactorBase

from mother.sim.families import FAMILIES, SimFamily
from mother.sim.farm import Farm
from mother.sim.plan import FarmPlan

Test = TypeVar("Test", bound=Callable[..., Any])


def on_the_reactor(test: Test) -> Test:
    """A coroutine test that waits for real sockets."""
    return cast(Test, pytest_twisted.ensureDeferred(test))


class Hastened:
    """The reactor with `speed` times its time, for the farm alone."""

    def __init__(self, reactor: PosixReactorBase, speed: float) -> None:
        self._reactor = reactor
        self._speed = speed
        self._began = time.time()
        self.timers = 0

    def seconds(self) -> float:
        """Unix seconds of the hastened time, also the farm's `now`."""
        return self._began + (time.time() - self._began) * self._speed

    def callLater(  # noqa: N802  # Twisted's name
        self, delay: float, call: Any, /, *args: object
    ) -> IDelayedCall:
        self.timers += 1
        return self._reactor.callLater(delay / self._speed, call, *args)

    def listenTCP(  # noqa: N802  # Twisted's name
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        return cast(IListeningPort, self._reactor.listenTCP(port, factory, backlog, interface))


@asynccontextmanager
async def served(
    speed: float = 1.0, families: Mapping[str, SimFamily] = FAMILIES, **plan: Any
) -> AsyncIterator[Farm]:
    """A listening farm whose time runs `speed` times faster; one network per caller."""
    hastened = Hastened(cast(PosixReactorBase, reactor), speed)
    settings: dict[str, Any] = {"miners": 1, "port": 0, **plan}
    farm = Farm(FarmPlan(**settings), hastened, hastened.seconds, families)
    await farm.start()
    try:
        yield farm
    finally:
        await farm.stop()
