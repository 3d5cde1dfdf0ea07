"""What the service manager is told, and that telling never hurts."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from mother.host.manager import Manager
from tests.host.sockets import ServiceManager


@pytest.fixture(params=["a path", "an abstract address"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceManager]:
    where = str(tmp_path / "n") if request.param == "a path" else f"@mother-{uuid.uuid4().hex}"
    with ServiceManager(where) as one:
        yield one


def told_of(systemd: ServiceManager, **more: str) -> Manager:
    return Manager({"NOTIFY_SOCKET": systemd.where, **more})


def test_start_reload_and_end_are_told_in_the_words_of_sd_notify(systemd: ServiceManager) -> None:
    manager = told_of(systemd)
    before = time.monotonic_ns() // 1000
    manager.ready()
    manager.reloading()
    manager.ready()
    manager.feed()
    manager.stopping("stopping")
    ready, reloading, again, fed, stopping = systemd.heard
    assert ready == again == {"READY": "1"}
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert fed == {"WATCHDOG": "1"}
    assert stopping == {"STOPPING": "1", "STATUS": "stopping"}


def test_a_status_is_told_when_it_changes_and_is_one_line(systemd: ServiceManager) -> None:
    manager = told_of(systemd)
    for sentence in ("all is well", "all is well", "odd\nREADY=1\x00", "x" * 5000):
        manager.status(sentence)
    assert [one["STATUS"] for one in systemd.heard] == ["all is well", "odd READY=1 ", "x" * 400]


def test_without_a_manager_nothing_is_told_and_nothing_fails() -> None:
    manager = Manager({"WATCHDOG_USEC": "6000000"})
    assert not manager.listens
    assert manager.watchdog is None
    manager.ready()
    manager.status("x")
    manager.close()


@pytest.mark.parametrize("where", ["relative", "/nowhere/at/all", "@nobody-is-there", "@", ""])
def test_a_manager_that_cannot_be_reached_costs_nothing(where: str) -> None:
    manager = Manager({"NOTIFY_SOCKET": where})
    manager.ready()
    manager.status("x")
    manager.stopping("y")
    manager.close()


def test_a_full_queue_does_not_block_and_what_must_arrive_goes_with_the_next(
    tmp_path: Path,
) -> None:
    with ServiceManager(str(tmp_path / "n")) as systemd:
        manager = told_of(systemd)
        began = time.monotonic()
        for number in range(5000):
            manager.status(f"{number}")
        manager.ready()
        assert time.monotonic() - began < 5
        assert 0 < len(systemd.heard) < 5000
        assert systemd.last("READY") == ""
        manager.status("room again")
        assert systemd.heard[-1] == {"READY": "1", "STATUS": "room again"}
        manager.status("and on")
        assert systemd.heard[-1] == {"STATUS": "and on"}


def test_the_watchdog_is_fed_by_the_process_that_it_names_only(tmp_path: Path) -> None:
    usec = {"WATCHDOG_USEC": "6000000"}
    with ServiceManager(str(tmp_path / "n")) as systemd:
        assert told_of(systemd, **usec).watchdog == 6.0
        assert told_of(systemd, **usec, WATCHDOG_PID=str(os.getpid())).watchdog == 6.0
        assert told_of(systemd, **usec, WATCHDOG_PID="1").watchdog is None
        for odd in ("", "0", "soon", "-5", "²"):
            assert told_of(systemd, WATCHDOG_USEC=odd).watchdog is None
