"""Tests that need the real reactor, and its parts by their types."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from twisted.internet import reactor as the_reactor

from mother.core.clock import sleep

T = TypeVar("T", bound=Callable[..., Any])

reactor: Any = the_reactor
_pytest_twisted: Any = import_module("pytest_twisted")


def in_reactor(test: T) -> T:
    """Run this coroutine function as a test while the reactor turns."""
    turned: T = _pytest_twisted.ensureDeferred(test)
    return turned


def listen(factory: Any, host: str = "127.0.0.1") -> Any:
    """A listening port for a Twisted factory, with a number given by the system."""
    return reactor.listenTCP(0, factory, interface=host)


async def until(true: Callable[[], object]) -> None:
    """Turn the reactor until this holds; for two seconds at most."""
    for _ in range(200):
        if true():
            return
        await sleep(reactor, 0.01)
    raise AssertionError("it never came true")
