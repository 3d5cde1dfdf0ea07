"""A loop that does not get on is seen; one that is merely slow, or waits, is not."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from mother.core.loop import ROUND, WAKING, Loop
from mother.core.pulse import Pulse

LIMIT = 30.0
INTERVAL = 10.0


class Rounds:
    """A job whose rounds last until the test ends them; `pulse` is there for who wants it."""

    name = "rounds"

    def __init__(self) -> None:
        self.answer: Callable[[], Deferred[None] | None] = lambda: None
        self.pulse = Pulse()

    async def run(self) -> None:
        flying = self.answer()
        if flying is not None:
            await flying


class Sleepless(Clock):
    """A clock whose waits can be made never to end."""

    broken = False

    def callLater(self, delay: float, *what: object, **how: object) -> object:  # type: ignore[override]  # a clock that fails  # noqa: N802
        return super().callLater(delay + (1e9 if self.broken else 0.0), *what, **how)  # type: ignore[arg-type]  # as given


class Minded:
    """One loop of ten seconds that may stand still for thirty."""

    def __init__(self) -> None:
        self.clock = Sleepless()
        self.job = Rounds()
        self.loop = Loop(self.job, lambda: INTERVAL, self.clock, limit=lambda: LIMIT)

    def seconds(self, count: float) -> float:
        """Let time pass, a second at a time; for how long it is stuck then."""
        self.clock.pump([1.0] * int(count))
        return self.loop.stuck()


def test_a_job_that_hangs_is_stuck_once_its_limit_is_over() -> None:
    minded = Minded()
    minded.job.answer = Deferred
    minded.loop.start()
    assert minded.seconds(LIMIT) == 0
    assert minded.seconds(2) == LIMIT + 1  # the round began a second after the start


def test_rounds_that_end_and_waits_between_them_are_fine() -> None:
    minded = Minded()
    minded.loop.start()
    for _ in range(100):
        assert minded.seconds(1) == 0


def test_a_slow_round_with_a_pulse_is_fine_until_the_pulse_stops() -> None:
    minded = Minded()
    minded.job.answer = Deferred
    minded.loop.start()
    for _ in range(20):
        assert minded.seconds(LIMIT) == 0
        minded.job.pulse.beat()
    assert minded.seconds(1) == 0
    assert minded.seconds(LIMIT) == 0
    assert minded.seconds(1) == LIMIT + 1
    minded.job.pulse.beat()
    assert minded.seconds(1) == 0


def test_a_wait_longer_than_the_limit_is_fine() -> None:
    clock = Clock()
    loop = Loop(Rounds(), lambda: 86_400.0, clock, limit=lambda: LIMIT)
    loop.start()
    for _ in range(24):
        clock.advance(3600.0 - 1)
        assert loop.stuck() == 0
        clock.advance(1)


def test_a_wait_that_does_not_end_is_stuck_a_minute_after_it_should_have_ended() -> None:
    minded = Minded()
    minded.loop.start()
    minded.clock.broken = True
    minded.seconds(2 * INTERVAL)  # the wait that was running ends; the next one does not
    assert minded.seconds(WAKING - INTERVAL) == 0
    assert minded.seconds(INTERVAL) > WAKING


def test_a_loop_that_is_not_started_or_was_stopped_is_not_stuck() -> None:
    minded = Minded()
    minded.job.answer = Deferred
    assert minded.seconds(1000) == 0
    minded.loop.start()
    minded.seconds(100)
    Deferred.fromCoroutine(minded.loop.stop())
    assert minded.seconds(1000) == 0


def test_a_loop_that_died_is_stuck_at_once() -> None:
    minded = Minded()

    def interval() -> float:
        raise RuntimeError("no interval")

    loop = Loop(minded.job, interval, minded.clock, limit=lambda: LIMIT)
    loop.start()
    minded.seconds(1)
    assert loop.stuck() >= 1.0


def test_a_job_whose_rounds_fail_is_not_stuck() -> None:
    minded = Minded()

    def fail() -> Deferred[None]:
        failed: Deferred[None] = Deferred()
        failed.errback(CancelledError())
        return failed

    minded.job.answer = fail
    minded.loop.start()
    assert max(minded.seconds(1) for _ in range(200)) == 0


def test_a_loop_without_a_limit_of_its_own_may_stand_still_for_ten_minutes() -> None:
    clock, job = Clock(), Rounds()
    job.answer = Deferred
    loop = Loop(job, lambda: INTERVAL, clock)
    loop.start()
    clock.advance(1)
    clock.advance(ROUND)
    assert loop.stuck() == 0
    clock.advance(1)
    assert loop.stuck() > ROUND
