"""The watchdog is fed while the daemon gets on, and goes hungry while it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from mother.core.loop import Loop
from mother.host.manager import Manager
from mother.host.watchdog import Watchdog
from tests.host.sockets import ServiceManager


class Daemon:
    """A watchdog of six seconds over a daemon that may have complaints."""

    def __init__(self, systemd: ServiceManager) -> None:
        self.systemd = systemd
        self.clock = Clock()
        self.complaints: tuple[str, ...] = ()
        manager = Manager({"NOTIFY_SOCKET": systemd.where, "WATCHDOG_USEC": "6000000"})
        watchdog = Watchdog(manager, lambda: self.complaints)
        self.loop = Loop(watchdog, watchdog.interval, self.clock)
        self.loop.start()

    def meals(self, seconds: int) -> int:
        """How often it is fed while so much time goes by."""
        before = len(self.systemd.heard)
        for _ in range(seconds):
            self.clock.advance(1.0)
            assert self.systemd.heard is not None  # the queue of a socket is short
        return len(self.systemd.heard) - before


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with ServiceManager(str(tmp_path / "n")) as systemd:
        one = Daemon(systemd)
        yield one
        Deferred.fromCoroutine(one.loop.stop())


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def sentences(events: list[LogEvent]) -> list[str]:
    return [event["log_format"].format(**event) for event in events]


def test_it_is_fed_three_times_within_its_time(daemon: Daemon) -> None:
    assert daemon.meals(60) == 30
    assert daemon.systemd.heard[-1] == {"WATCHDOG": "1"}


def test_a_blocked_reactor_is_not_fed(daemon: Daemon) -> None:
    daemon.meals(6)
    before = len(daemon.systemd.heard)
    daemon.clock.advance(30.0)  # nothing ran meanwhile: the next round comes late, once
    assert len(daemon.systemd.heard) - before == 1


def test_while_a_loop_is_stuck_it_is_not_fed_and_that_is_said_once(
    daemon: Daemon, logged: list[LogEvent]
) -> None:
    daemon.meals(6)
    daemon.complaints = ("The scan loop has not moved for 10 min.",)
    assert daemon.meals(6) == 0
    assert daemon.meals(60) == 0
    assert sentences(logged) == [
        "The scan loop has not moved for 10 min. systemd restarts mother within 6 s."
    ]
    assert logged[0]["log_level"] is LogLevel.critical


def test_when_the_loop_moves_again_it_is_fed_again_and_that_is_said(
    daemon: Daemon, logged: list[LogEvent]
) -> None:
    daemon.complaints = ("The scan loop has not moved for 10 min.",)
    daemon.meals(3)
    daemon.complaints = ()
    assert daemon.meals(6) == 3
    assert sentences(logged)[1:] == ["All loops move again: systemd does not restart mother."]
