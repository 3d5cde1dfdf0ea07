"""How the last run ended, as the next one tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from mother.core.bus import Bus
from mother.core.model import EventKind
from mother.fleet.memory import VERSION, FileMemory
from mother.notify.lastrun import RunKeeper, boot_id
from tests.fleet.parts import Disk, Ear

START = 1_700_000_000.0


class Runs:
    """Runs of a daemon on one machine, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.clock.rightNow = START
        self.path = folder / "state.json"
        self.boot = "first-boot"

    def begin(self) -> Ear:
        ear, now = Ear(), self.clock.seconds
        self.memory = FileMemory(self.path, Disk(), cast(Any, self.clock), now)
        self.memory.load()
        bus = Bus("home", now, str)
        bus.add(ear)
        self.keeper = RunKeeper(bus, self.memory, self.clock, now, lambda: self.boot)
        self.keeper.start()
        self.keeper.tell()
        return ear

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds / 10)):
            self.clock.advance(10)

    def end(self) -> None:
        Deferred.fromCoroutine(self.keeper.stop())
        Deferred.fromCoroutine(self.memory.stop())

    def die(self) -> None:
        Deferred.fromCoroutine(self.keeper._stamps.stop())
        for call in self.clock.getDelayedCalls():
            call.cancel()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_the_first_run_and_one_without_its_state_file_tell_nothing(runs: Runs) -> None:
    assert runs.begin().events == []
    runs.die()
    runs.path.unlink()
    assert runs.begin().events == []


def test_a_run_that_ended_in_order_is_no_news(runs: Runs) -> None:
    runs.begin()
    runs.live(1000)
    runs.end()
    assert runs.begin().events == []


def test_a_crash_is_told_with_when_it_was_last_known_to_run(runs: Runs) -> None:
    runs.begin()
    runs.live(1000)
    runs.die()
    runs.live(120)
    (event,) = runs.begin().of(EventKind.CRASHED)
    assert event.text == (
        "mother was started after a crash. It was last known to run at 22:28, 3 min 40 s ago; the "
        "log of that time may say why."
    )


def test_a_crash_right_after_the_start_is_told_too(runs: Runs) -> None:
    runs.begin()
    runs.die()
    assert len(runs.begin().of(EventKind.CRASHED)) == 1


def test_a_restart_of_the_machine_is_no_crash(runs: Runs) -> None:
    runs.begin()
    runs.die()
    runs.boot = "second-boot"
    (event,) = runs.begin().events
    assert event.kind is EventKind.MACHINE_RESTARTED
    assert "power may have failed" in event.text


def test_a_restart_of_the_machine_in_order_is_told_as_such(runs: Runs) -> None:
    runs.begin()
    runs.end()
    runs.boot = "second-boot"
    runs.live(60)
    (event,) = runs.begin().events
    assert event.kind is EventKind.MACHINE_RESTARTED
    assert "was stopped in order at 22:13, 1 min ago" in event.text


def test_where_the_machine_does_not_say_its_boot_a_crash_is_a_crash(runs: Runs) -> None:
    runs.boot = ""
    runs.begin()
    runs.die()
    runs.boot = "known-now"
    assert len(runs.begin().of(EventKind.CRASHED)) == 1


def test_the_file_stays_readable_by_who_does_not_know_of_runs(runs: Runs) -> None:
    runs.begin()
    runs.end()
    kept = msgspec.json.decode(runs.path.read_bytes())
    assert kept["version"] == VERSION == 4
    del kept["farm"]["run"]
    runs.path.write_bytes(msgspec.json.encode(kept))
    assert runs.begin().events == []


def test_the_name_of_a_boot_is_read_from_the_machine(tmp_path: Path) -> None:
    (tmp_path / "boot_id").write_text("0a-b1\n")
    assert boot_id(tmp_path / "boot_id") == "0a-b1"
    assert boot_id(tmp_path / "none") == ""
