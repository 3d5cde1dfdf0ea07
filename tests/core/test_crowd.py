"""A crowd is never wider than asked, and nothing of it outlives its call."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from mother.core.crowd import Gang, each


class Work:
    """Jobs that last until the test ends them, by item."""

    def __init__(self) -> None:
        self.open: dict[int, Deferred[None]] = {}
        self.begun: list[int] = []
        self.cancelled: list[int] = []

    async def job(self, item: int) -> None:
        self.begun.append(item)
        self.open[item] = Deferred()
        try:
            await self.open[item]
        except CancelledError:
            self.cancelled.append(item)
            raise
        finally:
            del self.open[item]


def caught(deferred: Deferred[None]) -> list[Failure]:
    """What the Deferred has failed with, as a list that is filled later too."""
    failures: list[Failure] = []
    deferred.addErrback(failures.append)
    return failures


@pytest.fixture
def work() -> Work:
    return Work()


def test_every_item_is_done_once(work: Work) -> None:
    done = Deferred.fromCoroutine(each(range(7), work.job, 3))
    while work.open:
        work.open[min(work.open)].callback(None)
    assert done.called
    assert sorted(work.begun) == list(range(7))


def test_no_more_than_the_width_is_in_flight(work: Work) -> None:
    Deferred.fromCoroutine(each(range(7), work.job, 3))
    assert sorted(work.open) == [0, 1, 2]
    work.open[1].callback(None)
    assert sorted(work.open) == [0, 2, 3]


def test_it_returns_only_when_the_last_is_done(work: Work) -> None:
    done = Deferred.fromCoroutine(each(range(2), work.job, 5))
    work.open[1].callback(None)
    assert not done.called
    work.open[0].callback(None)
    assert done.called


@pytest.mark.parametrize("width", [0, -3])
def test_a_width_below_one_is_one(work: Work, width: int) -> None:
    Deferred.fromCoroutine(each(range(3), work.job, width))
    assert work.begun == [0]


def test_no_items_are_done_at_once(work: Work) -> None:
    assert Deferred.fromCoroutine(each([], work.job, 4)).called


def test_items_are_taken_only_when_a_worker_is_free(work: Work) -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    Deferred.fromCoroutine(each(source(), work.job, 2))
    assert taken == [0, 1]
    work.open[0].callback(None)
    assert taken == [0, 1, 2]


def test_the_first_error_cancels_the_rest_and_is_raised(work: Work) -> None:
    failures = caught(Deferred.fromCoroutine(each(range(9), work.job, 3)))
    work.open[1].errback(OSError("cut off"))
    assert [(failure.type, str(failure.value)) for failure in failures] == [(OSError, "cut off")]
    assert work.cancelled == [0, 2]
    assert work.begun == [0, 1, 2]


def test_an_error_before_the_first_wait_leaves_the_other_items_alone() -> None:
    tried: list[int] = []

    async def job(item: int) -> None:
        tried.append(item)
        if item == 2:
            raise ValueError(item)

    failures = caught(Deferred.fromCoroutine(each(range(50), job, 4)))
    assert failures[0].type is ValueError
    assert tried == [0, 1, 2]


def test_an_error_of_the_source_cancels_what_is_in_flight_and_is_raised(work: Work) -> None:
    def source() -> Iterator[int]:
        yield 0
        yield 1
        raise LookupError("no such network")

    failures = caught(Deferred.fromCoroutine(each(source(), work.job, 3)))
    assert failures[0].type is LookupError
    assert work.cancelled == [0, 1]


def test_cancelling_it_cancels_all_in_flight_once(work: Work) -> None:
    done = Deferred.fromCoroutine(each(range(9), work.job, 3))
    failures = caught(done)
    done.cancel()
    assert failures[0].type is CancelledError
    assert work.cancelled == work.begun == [0, 1, 2]


def test_a_cancelled_job_is_left_to_clean_up_and_waited_for() -> None:
    closed: Deferred[None] = Deferred()
    cleaned: list[int] = []

    async def job(item: int) -> None:
        try:
            await Deferred()
        finally:
            if item == 1:
                await closed
            cleaned.append(item)

    done = Deferred.fromCoroutine(each(range(3), job, 3))
    failures = caught(done)
    done.cancel()
    assert cleaned == [0, 2]
    assert failures == []
    closed.callback(None)
    assert cleaned == [0, 2, 1]
    assert failures[0].type is CancelledError


def test_a_job_that_hides_its_cancellation_gets_no_further_item() -> None:
    begun: list[int] = []

    async def job(item: int) -> None:
        begun.append(item)
        try:
            await Deferred()
        except CancelledError:
            return

    done = Deferred.fromCoroutine(each(range(9), job, 2))
    failures = caught(done)
    done.cancel()
    assert begun == [0, 1]
    assert failures[0].type is CancelledError


def test_a_whole_network_waits_in_the_iterator_and_not_in_memory(work: Work) -> None:
    tracemalloc.start()
    try:
        Deferred.fromCoroutine(each(iter(range(65_536)), work.job, 100))
        while work.open:
            del work.begun[:]
            work.open[next(iter(work.open))].callback(None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_gang_is_never_wider_than_asked_and_keeps_the_order(work: Work) -> None:
    gang = Gang(2, lambda _: None)
    for item in range(4):
        gang.submit(lambda item=item: work.job(item))  # type: ignore[misc]  # a default binds it
    assert work.begun == [0, 1]
    work.open[1].callback(None)
    assert work.begun == [0, 1, 2]


def test_a_job_that_hands_in_another_does_not_widen_the_gang(work: Work) -> None:
    gang = Gang(1, lambda _: None)

    async def first() -> None:
        gang.submit(lambda: work.job(1))
        work.begun.append(0)

    gang.submit(first)
    assert work.begun == [0, 1]


def test_a_gang_is_drained_when_nothing_waits_or_runs(work: Work) -> None:
    gang = Gang(1, lambda _: None)
    assert gang.drained().called
    gang.submit(lambda: work.job(0))
    gang.submit(lambda: work.job(1))
    drained = gang.drained()
    work.open[0].callback(None)
    assert not drained.called
    work.open[1].callback(None)
    assert drained.called


@pytest.mark.parametrize("error", [OSError, CancelledError])
def test_a_job_of_a_gang_that_fails_costs_only_itself(work: Work, error: type[Exception]) -> None:
    failures: list[Exception] = []
    gang = Gang(1, failures.append)
    gang.submit(lambda: work.job(0))
    gang.submit(lambda: work.job(1))
    work.open[0].errback(error("cut off"))
    assert [type(failure) for failure in failures] == [error]
    assert work.begun == [0, 1]


def test_cancelling_a_gang_cancels_what_runs_and_drops_what_waits_and_comes(work: Work) -> None:
    gang = Gang(1, lambda _: None)
    gang.submit(lambda: work.job(0))
    gang.submit(lambda: work.job(1))
    gang.cancel()
    gang.submit(lambda: work.job(2))
    assert work.begun == work.cancelled == [0]
    assert gang.drained().called


def test_a_job_that_hides_its_cancellation_does_not_let_the_next_one_run(work: Work) -> None:
    async def deaf() -> None:
        try:
            await Deferred()
        except CancelledError:
            return

    gang = Gang(1, lambda _: None)
    gang.submit(deaf)
    gang.submit(lambda: work.job(1))
    gang.cancel()
    assert work.begun == []
    assert gang.drained().called


def test_cancelling_the_wait_for_a_gang_waits_for_its_clean_up() -> None:
    closed: Deferred[None] = Deferred()

    async def job() -> None:
        try:
            await Deferred()
        finally:
            await closed

    gang = Gang(1, lambda _: None)
    gang.submit(job)
    drained = gang.drained()
    failures = caught(drained)
    drained.cancel()
    assert failures == []
    closed.callback(None)
    assert failures[0].type is CancelledError
