"""A loop goes on whatever its job does, and ends only when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from mother.core.loop import Loop


class Rounds:
    """A job whose rounds last until the test ends them; it notes when each began."""

    name = "rounds"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began: list[float] = []
        self.flying: Deferred[None] | None = None
        self.answer: Callable[[], Deferred[None] | None] = lambda: None

    async def run(self) -> None:
        self.began.append(self._clock.seconds())
        self.flying = self.answer()
        if self.flying is not None:
            await self.flying


class Farm:
    """One loop of ten seconds over `Rounds`, with the reports of its failures."""

    def __init__(self, delay: float = 0.0) -> None:
        self.clock = Clock()
        self.job = Rounds(self.clock)
        self.interval = 10.0
        self.reports: list[tuple[str, str]] = []
        self.loop = Loop(self.job, lambda: self.interval, self.clock, delay, self._failed)

    def _failed(self, name: str, error: Exception) -> None:
        self.reports.append((name, str(error)))

    def seconds(self, count: int) -> None:
        self.clock.pump([1.0] * count)


@contextmanager
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        events.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        yield events
    finally:
        globalLogPublisher.removeObserver(observe)


def fail(text: str = "no such board") -> Deferred[None]:
    failed: Deferred[None] = Deferred()
    failed.errback(ValueError(text))
    return failed


@pytest.fixture
def farm() -> Farm:
    return Farm()


def test_the_first_round_begins_after_the_delay_and_not_before() -> None:
    farm = Farm(delay=3.0)
    farm.loop.start()
    farm.seconds(2)
    assert farm.job.began == []
    farm.seconds(1)
    assert farm.job.began == [3.0]


def test_rounds_begin_one_interval_apart_however_long_each_takes(farm: Farm) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    farm.seconds(4)
    assert farm.job.flying is not None
    farm.job.flying.callback(None)
    farm.seconds(16)
    assert farm.job.began == [1.0, 11.0]


def test_a_loop_counts_rounds_and_seconds(farm: Farm) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    for _ in range(2):
        farm.seconds(4)
        assert farm.job.flying is not None
        farm.job.flying.callback(None)
        farm.seconds(7)
    counts = farm.loop.counts
    assert (counts.runs, counts.seconds, counts.total, counts.last_end) == (2, 4.0, 7.0, 15.0)
    assert counts.overruns == counts.failures == 0


def test_a_job_that_fails_is_run_again_after_the_interval(farm: Farm) -> None:
    farm.job.answer = fail
    farm.loop.start()
    farm.seconds(21)
    assert farm.job.began == [1.0, 11.0, 21.0]
    assert farm.loop.counts.failures == farm.loop.counts.runs == 3
    assert farm.reports == [("rounds", "no such board")] * 3


def test_a_job_that_fails_at_once_is_run_again_too(farm: Farm) -> None:
    def explode() -> None:
        raise KeyError("DEVS")

    farm.job.answer = explode
    farm.loop.start()
    farm.seconds(11)
    assert farm.loop.counts.failures == 2


def test_only_the_first_failure_and_the_recovery_are_logged(farm: Farm) -> None:
    farm.job.answer = fail
    with logged() as events:
        farm.loop.start()
        farm.seconds(31)
        farm.job.answer = lambda: None
        farm.seconds(20)
    told = [(event["log_level"], event["log_format"]) for event in events]
    assert told == [
        (LogLevel.critical, "The {name} loop failed; it goes on."),
        (LogLevel.info, "The {name} loop works again."),
    ]


def test_a_failure_after_a_recovery_is_logged_again(farm: Farm) -> None:
    with logged() as events:
        farm.loop.start()
        for answer in (fail, lambda: None, fail):
            farm.job.answer = answer
            farm.seconds(10)
    assert [event["log_level"].name for event in events] == ["critical", "info", "critical"]


def test_a_report_that_fails_does_not_end_the_loop(farm: Farm) -> None:
    def report(_: str, __: Exception) -> None:
        raise OSError("disk full")

    loop = Loop(farm.job, lambda: 10.0, farm.clock, 0.0, report)
    farm.job.answer = fail
    loop.start()
    farm.seconds(11)
    assert loop.counts.runs == 2


def test_a_cancellation_that_nobody_asked_of_the_loop_is_a_failure_like_any_other(
    farm: Farm,
) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    farm.seconds(1)
    assert farm.job.flying is not None
    farm.job.flying.cancel()
    farm.seconds(10)
    assert farm.loop.counts.failures == 1
    assert farm.job.began == [1.0, 11.0]


def test_a_round_longer_than_the_interval_is_an_overrun_and_the_next_begins_at_once(
    farm: Farm,
) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    farm.seconds(26)
    assert farm.job.flying is not None
    farm.job.flying.callback(None)
    farm.seconds(1)
    assert farm.job.began == [1.0, 27.0]
    assert farm.loop.counts.overruns == 1
    assert farm.loop.counts.runs == 1


def test_a_round_as_long_as_the_interval_is_no_overrun(farm: Farm) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    farm.seconds(11)
    assert farm.job.flying is not None
    farm.job.flying.callback(None)
    assert farm.loop.counts.runs == 1
    assert farm.loop.counts.overruns == 0


def test_a_stop_between_rounds_ends_the_loop_and_leaves_no_timer(farm: Farm) -> None:
    farm.loop.start()
    farm.seconds(3)
    stopped = Deferred.fromCoroutine(farm.loop.stop())
    assert stopped.called
    assert farm.clock.getDelayedCalls() == []


def test_a_stop_during_a_round_cancels_it_and_waits_for_its_clean_up(farm: Farm) -> None:
    cleaned: Deferred[None] = Deferred()

    class Careful:
        name = "careful"

        async def run(self) -> None:
            try:
                await Deferred()
            finally:
                await cleaned

    loop = Loop(Careful(), lambda: 10.0, farm.clock)
    loop.start()
    farm.seconds(1)
    stopped = Deferred.fromCoroutine(loop.stop())
    assert not stopped.called
    cleaned.callback(None)
    assert stopped.called
    assert farm.clock.getDelayedCalls() == []
    assert loop.counts.failures == 0


def test_two_stops_at_once_leave_the_clean_up_alone_and_both_wait(farm: Farm) -> None:
    cleaned: Deferred[None] = Deferred()

    async def careful() -> None:
        try:
            await Deferred()
        finally:
            await cleaned

    farm.job.answer = lambda: Deferred.fromCoroutine(careful())
    farm.loop.start()
    farm.seconds(1)
    stops = [Deferred.fromCoroutine(farm.loop.stop()) for _ in range(2)]
    assert [stop.called for stop in stops] == [False, False]
    cleaned.callback(None)
    assert [stop.called for stop in stops] == [True, True]


@pytest.mark.parametrize("error", [None, OSError("cut off")], ids=["swallows", "translates"])
def test_a_job_that_hides_its_cancellation_cannot_keep_the_loop_alive(
    farm: Farm, error: Exception | None
) -> None:
    class Stubborn:
        name = "stubborn"
        runs = 0

        async def run(self) -> None:
            self.runs += 1
            try:
                await Deferred()
            except CancelledError:
                if error is not None:
                    raise error from None

    job = Stubborn()
    loop = Loop(job, lambda: 10.0, farm.clock)
    loop.start()
    farm.seconds(1)
    assert Deferred.fromCoroutine(loop.stop()).called
    farm.seconds(30)
    assert job.runs == 1


def test_a_stop_before_the_start_does_nothing(farm: Farm) -> None:
    assert Deferred.fromCoroutine(farm.loop.stop()).called


def test_a_loop_can_be_started_again_after_a_stop(farm: Farm) -> None:
    farm.loop.start()
    farm.seconds(5)
    Deferred.fromCoroutine(farm.loop.stop())
    farm.loop.start()
    farm.seconds(11)
    assert farm.job.began == [1.0, 6.0, 16.0]


def test_a_second_start_does_not_make_a_second_loop(farm: Farm) -> None:
    farm.loop.start()
    farm.loop.start()
    farm.seconds(1)
    assert farm.job.began == [1.0]


def test_hurry_begins_the_next_round_at_once_and_the_new_interval_holds(farm: Farm) -> None:
    farm.interval = 3600.0
    farm.loop.start()
    farm.seconds(5)
    farm.interval = 2.0
    farm.loop.hurry()
    farm.seconds(4)
    assert farm.job.began == [1.0, 5.0, 7.0, 9.0]


def test_hurry_during_a_round_lets_the_next_one_follow_it_directly(farm: Farm) -> None:
    farm.job.answer = Deferred
    farm.loop.start()
    farm.seconds(3)
    farm.loop.hurry()
    assert farm.job.began == [1.0]
    farm.job.answer = lambda: None
    assert farm.job.flying is not None
    farm.job.flying.callback(None)
    farm.seconds(10)
    assert farm.job.began == [1.0, 4.0]


def test_one_hurry_hastens_one_round_only(farm: Farm) -> None:
    farm.loop.start()
    farm.seconds(2)
    farm.loop.hurry()
    farm.seconds(9)
    assert farm.job.began == [1.0, 2.0]


def test_hurry_skips_the_delay_before_the_first_round() -> None:
    farm = Farm(delay=600.0)
    farm.loop.start()
    farm.seconds(1)
    farm.loop.hurry()
    assert farm.job.began == [1.0]


def test_a_hurried_loop_still_stops(farm: Farm) -> None:
    farm.loop.start()
    farm.seconds(1)
    farm.loop.hurry()
    assert Deferred.fromCoroutine(farm.loop.stop()).called
    farm.seconds(30)
    assert len(farm.job.began) == 2


def test_a_loop_that_ends_by_a_bug_of_its_own_says_so(farm: Farm) -> None:
    def interval() -> float:
        raise LookupError("no configuration")

    loop = Loop(farm.job, interval, farm.clock)
    with logged() as events:
        loop.start()
        farm.seconds(1)
    assert [event["log_format"] for event in events] == ["The {name} loop has ended."]
    assert Deferred.fromCoroutine(loop.stop()).called
