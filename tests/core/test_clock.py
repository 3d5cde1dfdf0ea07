"""Waits run on steady time, dates on the wall clock, and both faster in a simulation."""

from __future__ import annotations

import time

import pytest
from twisted.internet.base import ReactorBase
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from mother.core.clock import hasten, sleep, steady


class Reactor(EPollReactor):
    """A reactor of our own that never runs."""

    def installWaker(self) -> None:  # noqa: N802  # Twisted's name
        """Needs none: nothing wakes it."""


@pytest.fixture
def reactor() -> ReactorBase:
    return Reactor()  # type: ignore[no-untyped-call]  # EPollReactor has no annotations


def test_a_sleep_ends_after_its_seconds_and_not_before() -> None:
    clock = Clock()
    slept = sleep(clock, 2.0)
    clock.advance(1.9)
    assert not slept.called
    clock.advance(0.1)
    assert slept.called


def test_a_sleep_below_zero_still_gives_the_reactor_a_turn(reactor: ReactorBase) -> None:
    slept = sleep(reactor, -5.0)
    assert not slept.called
    reactor.runUntilCurrent()
    assert slept.called


def test_a_cancelled_sleep_leaves_no_timer_and_says_cancelled() -> None:
    clock = Clock()
    caught: list[Failure] = []
    slept: Deferred[None] = sleep(clock, 2.0)
    slept.addErrback(caught.append)
    slept.cancel()
    assert clock.getDelayedCalls() == []
    assert caught[0].type is CancelledError


def test_cancelling_a_sleep_that_is_over_does_nothing() -> None:
    clock = Clock()
    slept = sleep(clock, 2.0)
    clock.advance(2.0)
    slept.cancel()
    assert slept.result is None


def test_a_steady_reactor_does_not_follow_a_clock_that_is_set(
    reactor: ReactorBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady(reactor)
    before = reactor.seconds()
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    assert abs(reactor.seconds() - before) < 60
    assert abs(reactor.seconds() - time.monotonic()) < 60


def test_a_steady_reactor_returns_the_wall_clock(reactor: ReactorBase) -> None:
    assert steady(reactor) is time.time


class Watch:
    """Real time, moved by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 500.0
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(time, "time", lambda: 1_000_000.0)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def test_a_hastened_reactor_counts_more_seconds_and_so_does_its_wall_clock(
    reactor: ReactorBase, watch: Watch
) -> None:
    now = hasten(reactor, 60.0)
    began = reactor.seconds()
    watch.seconds += 2.0
    assert reactor.seconds() - began == pytest.approx(120.0)
    assert now() == pytest.approx(1_000_120.0)


def test_a_hastened_reactor_wakes_for_its_timers_earlier(
    reactor: ReactorBase, watch: Watch
) -> None:
    hasten(reactor, 60.0)
    fired: list[bool] = []
    reactor.callLater(120.0, fired.append, True)
    assert reactor.timeout() == pytest.approx(2.0)
    watch.seconds += 1.9
    reactor.runUntilCurrent()
    assert fired == []
    watch.seconds += 0.2
    reactor.runUntilCurrent()
    assert fired == [True]


def test_a_hastened_reactor_without_timers_sleeps_as_long_as_it_likes(
    reactor: ReactorBase, watch: Watch
) -> None:
    hasten(reactor, 60.0)
    assert watch.seconds == 500.0
    assert reactor.timeout() is None
