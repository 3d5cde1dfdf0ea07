"""Services start in order and stop last first, and none delays the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from mother.core.stack import Stack

Act = Callable[[], Deferred[None] | None]


class Part:
    """A service that writes down what is asked of it, then does as the test says."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self._diary = diary
        self.starting: Act = lambda: None
        self.stopping: Act = lambda: None

    def start(self) -> Deferred[None] | None:
        self._diary.append(f"{self.name} on")
        return self.starting()

    def stop(self) -> Deferred[None] | None:
        self._diary.append(f"{self.name} off")
        return self.stopping()


class House:
    """Three parts, one upon the other."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.diary: list[str] = []
        self.stack = Stack(self.clock, patience=1.0)
        self.a, self.b, self.c = (Part(name, self.diary) for name in "abc")
        for part in (self.a, self.b, self.c):
            self.stack.add(part)

    def start(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.stack.start())

    def stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.stack.stop())

    def running(self) -> House:
        assert self.start().called
        self.diary.clear()
        return self


def ended_with(deferred: Deferred[None]) -> type[BaseException] | None:
    """The kind of error a Deferred has ended with."""
    caught: list[Failure] = []
    deferred.addErrback(caught.append)
    return caught[0].type if caught else None


def explode() -> None:
    raise OSError("address in use")


@pytest.fixture
def house() -> House:
    return House()


def test_services_start_in_order_and_stop_last_first(house: House) -> None:
    house.start()
    house.stop()
    assert house.diary == ["a on", "b on", "c on", "c off", "b off", "a off"]


def test_a_service_starts_only_when_the_one_below_has_started(house: House) -> None:
    ready: Deferred[None] = Deferred()
    house.a.starting = lambda: ready
    started = house.start()
    assert house.diary == ["a on"]
    ready.callback(None)
    assert house.diary == ["a on", "b on", "c on"]
    assert started.called


def test_a_service_stops_only_when_the_one_above_has_stopped(house: House) -> None:
    gone: Deferred[None] = Deferred()
    house.running().c.stopping = lambda: gone
    stopped = house.stop()
    assert house.diary == ["c off"]
    gone.callback(None)
    assert house.diary == ["c off", "b off", "a off"]
    assert stopped.called


def test_a_service_that_hangs_at_its_stop_is_cancelled_and_left_after_the_patience(
    house: House,
) -> None:
    cancelled: list[Deferred[None]] = []
    house.running().b.stopping = lambda: Deferred(cancelled.append)
    stopped = house.stop()
    house.clock.advance(0.9)
    assert house.diary == ["c off", "b off"]
    house.clock.advance(0.1)
    assert house.diary == ["c off", "b off", "a off"]
    assert stopped.called
    assert len(cancelled) == 1


def test_a_service_that_ignores_its_cancellation_too_holds_nobody(house: House) -> None:
    class Deaf(Part):
        async def _never(self) -> None:
            try:
                await Deferred()
            except CancelledError:
                await Deferred()

        def stop(self) -> Deferred[None]:
            return Deferred.fromCoroutine(self._never())

    house.stack.add(Deaf("deaf", house.diary))
    stopped = house.running().stop()
    house.clock.advance(1.0)
    assert stopped.called
    assert house.diary == ["c off", "b off", "a off"]


def test_a_service_that_fails_to_stop_does_not_keep_the_rest_running(house: House) -> None:
    house.running().b.stopping = explode
    assert house.stop().called
    assert house.diary == ["c off", "b off", "a off"]


def test_a_service_that_stops_with_a_cancellation_of_its_own_does_not_either(house: House) -> None:
    def leak() -> Deferred[None]:
        leaked: Deferred[None] = Deferred()
        leaked.cancel()
        return leaked

    house.running().b.stopping = leak
    stopped = house.stop()
    assert ended_with(stopped) is None
    assert house.diary == ["c off", "b off", "a off"]


def test_stopping_in_time_leaves_no_timer(house: House) -> None:
    house.running().stop()
    assert house.clock.getDelayedCalls() == []


def test_a_failed_start_stops_what_was_started_and_tells_why(house: House) -> None:
    house.c.starting = explode
    assert ended_with(house.start()) is OSError
    assert house.diary == ["a on", "b on", "c on", "b off", "a off"]


def test_what_never_started_is_not_stopped(house: House) -> None:
    house.stop()
    assert house.diary == []


def test_a_second_stop_does_not_stop_anything_twice(house: House) -> None:
    house.running().stop()
    house.stop()
    assert house.diary == ["c off", "b off", "a off"]


def test_a_second_stop_during_the_first_waits_for_it_and_keeps_the_order(house: House) -> None:
    gone: Deferred[None] = Deferred()
    house.running().c.stopping = lambda: gone
    first, second = house.stop(), house.stop()
    assert house.diary == ["c off"]
    assert not second.called
    gone.callback(None)
    assert house.diary == ["c off", "b off", "a off"]
    assert first.called
    assert second.called


def test_a_stop_during_the_start_ends_the_start_and_stops_what_runs(house: House) -> None:
    house.b.starting = Deferred
    starting = house.start()
    assert house.stop().called
    assert ended_with(starting) is CancelledError
    assert house.diary == ["a on", "b on", "a off"]


def test_a_start_that_ignores_the_stop_is_undone_when_it_is_through(house: House) -> None:
    late: Deferred[None] = Deferred()

    async def stubborn() -> None:
        try:
            await Deferred()
        except CancelledError:
            await late

    house.b.starting = lambda: Deferred.fromCoroutine(stubborn())
    starting = house.start()
    house.stop()
    assert house.diary == ["a on", "b on", "a off"]
    late.callback(None)
    assert house.diary == ["a on", "b on", "a off", "b off"]
    assert ended_with(starting) is CancelledError


def test_cancelling_the_stop_is_not_swallowed_and_leaves_the_rest_to_the_next(house: House) -> None:
    house.running().c.stopping = Deferred
    stopping = house.stop()
    stopping.cancel()
    assert ended_with(stopping) is CancelledError
    assert house.diary == ["c off"]
    assert house.stop().called
    assert house.diary == ["c off", "b off", "a off"]


def test_a_stack_can_be_started_again_after_a_stop(house: House) -> None:
    house.running().stop()
    house.diary.clear()
    assert house.start().called
    assert house.diary == ["a on", "b on", "c on"]
