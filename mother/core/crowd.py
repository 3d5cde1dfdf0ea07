"""Bounded fan-out: a few workers that share one iterator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredList, FirstError

T = TypeVar("T")


async def each(items: Iterable[T], job: Callable[[T], Awaitable[None]], width: int) -> None:
    """Run `job` for every item, at most `width` at once; returns when all are done.

    `job` keeps its own errors: the first one that escapes cancels what is in flight and is
    raised here. Cancelling the caller cancels what is in flight too.
    """
    source: Iterator[T] = iter(items)

    async def worker() -> None:
        for item in source:
            await job(item)

    workers = [Deferred.fromCoroutine(worker()) for _ in range(max(1, width))]
    everyone = DeferredList(workers, fireOnOneErrback=True, consumeErrors=True)
    try:
        await everyone
    except FirstError as first:
        first.subFailure.raiseException()
    finally:
        for one in workers:
            one.cancel()
