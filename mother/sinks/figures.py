"""Where a sink that is asked, and not only told, finds the daemon's own figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from mother.core.loop import Loop


class Queue(Struct, frozen=True):
    """A queue of the daemon: how many wait in it, and how many it has lost since the start."""

    length: Callable[[], float]
    dropped: Callable[[], float] = lambda: 0.0


class Figures(Struct, frozen=True):
    """What is asked at each scrape."""

    loops: Mapping[str, Loop]
    polls: Callable[[], float]
    failed: Callable[[], float]
    skipped: Callable[[], float]
    queues: Mapping[str, Queue]
    breaker_open: Callable[[], float]
