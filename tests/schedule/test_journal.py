"""The journal of sleepers: on the disk before anything is sent, whole again after any crash."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from twisted.internet.defer import CancelledError, Deferred

from mother.fleet.files import Files, append_lines
from mother.fleet.memory import MemoryRefused
from mother.schedule.journal import Changed, Journal, Line, Mark, NotJournalled, Woken, encoded
from mother.schedule.values import Sleeper
from tests.fleet.world import logged
from tests.net.turning import in_reactor, reactor
from tests.schedule.nursery import Hand

NOW = 1_600_000_000.0
DAY = 86400.0
FULL = OSError(28, "No space left on device")


def asleep(device: str, at: float = NOW) -> Line:
    sleeper = Sleeper(device, "02:00:00:00:00:01", device, "toy", "127.78.0.1:4028", at, "price")
    return Line(asleep=sleeper)


def woken(device: str, at: float = NOW, **what: Any) -> Line:
    return Line(woken=Woken(device, at, **what))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sleepers.jsonl"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def journal(path: Path, hand: Hand) -> Journal:
    return opened(path, hand)


def opened(path: Path, hand: Hand | None = None, now: float = NOW) -> Journal:
    journal = Journal(path, hand or Hand(), lambda: now)
    journal.load()
    return journal


def noted(journal: Journal, line: Line) -> list[Any]:
    outcome: list[Any] = []
    coming = Deferred.fromCoroutine(journal.note(line))
    coming.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
    return outcome


def test_who_was_noted_is_known_to_the_next_run(path: Path, journal: Journal) -> None:
    assert noted(journal, asleep("a")) == [None]
    assert noted(journal, asleep("b")) == [None]
    journal.tell(woken("a", start=True))
    later = opened(path)
    assert list(later.sleepers) == ["b"]
    assert later.sleepers["b"] == asleep("b").asleep
    assert later.starts("a", NOW) == (NOW,)
    assert later.since("a") == later.since("b") == NOW


def test_the_file_is_for_its_owner_only(path: Path, journal: Journal) -> None:
    before = os.umask(0)
    try:
        noted(journal, asleep("a"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    opened(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nobody_is_a_sleeper_before_the_line_is_on_the_disk(
    path: Path, journal: Journal, hand: Hand
) -> None:
    hand.slow = True
    outcome = noted(journal, asleep("a"))
    assert (outcome, list(journal.sleepers), path.exists()) == ([], [], False)
    hand.work()
    assert (outcome, list(journal.sleepers)) == ([None], ["a"])
    assert list(opened(path).sleepers) == ["a"]


def test_many_lines_share_one_write(journal: Journal, hand: Hand) -> None:
    hand.slow = True
    outcomes = [noted(journal, asleep(f"{n}")) for n in range(500)]
    while hand.jobs:
        hand.work()
    assert all(outcome == [None] for outcome in outcomes)
    assert len(journal.sleepers) == 500
    assert hand.done == 2  # the first alone, and all the others


def test_a_torn_last_line_costs_nothing_and_is_not_told(path: Path, journal: Journal) -> None:
    noted(journal, asleep("a"))
    noted(journal, asleep("b"))
    path.write_bytes(path.read_bytes()[:-10])
    with logged() as events:
        assert list(opened(path).sleepers) == ["a"]
    assert not [one for one in events if one["log_namespace"].endswith("journal.Journal")]


def test_what_follows_a_torn_line_is_not_torn_with_it(path: Path) -> None:
    path.write_bytes(encoded([asleep("a")]) + b'{"asleep": {"dev')
    append_lines(path, encoded([asleep("b")]))
    assert list(opened(path).sleepers) == ["a", "b"]


@pytest.mark.parametrize(
    "rubbish", [b"\xff\xfe", b"[]", b"7", b'{"asleep": 3}', b"{}", b"{" * 9999]
)
def test_a_broken_line_costs_that_line_and_is_told(path: Path, rubbish: bytes) -> None:
    content = encoded([asleep("a")]) + rubbish + b"\n" + encoded([asleep("b")])
    path.write_bytes(content)
    with logged() as events:
        assert list(opened(path).sleepers) == ["a", "b"]
    (told,) = [one for one in events if one["log_namespace"].endswith("journal.Journal")]
    assert (told["count"], told["first"]) == (1, 2)
    (aside,) = path.parent.glob("sleepers.jsonl.bad-*")
    assert aside.read_bytes() == content
    with logged() as events:
        assert list(opened(path).sleepers) == ["a", "b"]
    assert not [one for one in events if one["log_namespace"].endswith("journal.Journal")]


def test_a_start_shortens_the_file_to_what_still_counts(path: Path, journal: Journal) -> None:
    for n in range(100):
        noted(journal, asleep("a", NOW + n))
        journal.tell(woken("a", NOW + n, start=True))
    noted(journal, asleep("b"))
    journal.tell(Line(telling=Mark("b", NOW + 3)))
    journal.tell(Line(waking=Mark("b", NOW + 7)))
    journal.tell(Line(changed=Changed("c", NOW, profile="eco", power=True, watts=3000.0)))
    journal.tell(Line(changed=Changed("d", NOW)))
    journal.tell(Line(kept=Mark("d", NOW)))
    journal.tell(woken("e", NOW - 2 * DAY, by_hand=True, reasons=("rule price",)))
    later = opened(path, now=NOW + DAY + 96)
    assert len(path.read_text().splitlines()) == 3 + 1 + 1 + 1
    for each in (later, opened(path, now=NOW + DAY + 96)):
        assert list(each.sleepers) == ["b"]
        assert (each.telling("b"), each.waking("b")) == (NOW + 3, NOW + 7)
        assert each.telling("a") is None
        assert each.starts("a", NOW + DAY + 96) == (NOW + 97, NOW + 98, NOW + 99)
        assert list(each.changes) == ["c"]
        word = each.yielded("e")
        assert word is not None
        assert word.reasons == ("rule price",)


def test_a_full_disk_is_told_once_and_nothing_counts_that_is_not_on_it(
    path: Path, journal: Journal, hand: Hand
) -> None:
    hand.full = FULL
    with logged() as events:
        for _ in range(3):
            (error,) = noted(journal, asleep("a"))
            assert isinstance(error, NotJournalled)
            assert "No space left" in str(error)
    assert len([one for one in events if "cannot be written" in one["log_format"]]) == 1
    assert "No space left" in journal.trouble
    assert not journal.sleepers
    hand.full = None
    assert noted(journal, asleep("a")) == [None]
    assert (journal.trouble, list(journal.sleepers)) == ("", ["a"])
    assert list(opened(path).sleepers) == ["a"]


def test_what_was_told_while_the_disk_was_full_is_written_later(
    path: Path, journal: Journal, hand: Hand
) -> None:
    noted(journal, asleep("a"))
    hand.full = FULL
    journal.tell(woken("a", start=True))
    assert not journal.sleepers
    hand.full = None
    assert noted(journal, asleep("b")) == [None]
    assert list(opened(path).sleepers) == ["b"]
    assert journal.starts("a", NOW) == opened(path).starts("a", NOW) == (NOW,)


def test_who_is_woken_while_its_line_is_being_written_is_no_sleeper(
    path: Path, journal: Journal, hand: Hand
) -> None:
    hand.slow = True
    outcome = noted(journal, asleep("a"))
    journal.tell(woken("a", by_hand=True))
    while hand.jobs:
        hand.work()
        assert not journal.sleepers
    assert outcome == [None]
    for each in (journal, opened(path)):
        assert not each.sleepers
        assert each.yielded("a") is not None


def test_who_does_not_wait_any_more_harms_nobody_who_does(journal: Journal, hand: Hand) -> None:
    hand.slow = True
    first = Deferred.fromCoroutine(journal.note(asleep("a")))
    second = Deferred.fromCoroutine(journal.note(asleep("b")))
    third = noted(journal, asleep("c"))
    for one in (first, second):
        one.cancel()
        one.addErrback(lambda failure: failure.trap(CancelledError))
    while hand.jobs:
        hand.work()
    assert third == [None]


def test_an_append_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_lines(path, b"one\n")

    def full(handle: int) -> None:
        raise FULL

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        append_lines(path, b"two\n")
    assert path.read_bytes() == b"one\n"


def test_a_journal_that_cannot_be_read_is_no_empty_one(path: Path) -> None:
    path.mkdir()
    for look in (Journal.load, Journal.peek):
        with pytest.raises(MemoryRefused, match=r"sleepers\.jsonl cannot be read"):
            look(Journal(path, Hand(), lambda: NOW))


def test_a_look_changes_nothing(path: Path, hand: Hand) -> None:
    Journal(path, hand, lambda: NOW).peek()
    assert not path.exists()
    content = encoded([asleep("a"), woken("a"), asleep("b")]) + b"{"
    path.write_bytes(content)
    journal = Journal(path, hand, lambda: NOW)
    journal.peek()
    assert list(journal.sleepers) == ["b"]
    assert path.read_bytes() == content


def test_a_line_of_a_newer_mother_is_understood_as_far_as_it_goes(path: Path) -> None:
    line = msgspec.json.decode(encoded([asleep("a")]))
    line["asleep"]["mood"] = "dreaming"
    path.write_bytes(msgspec.json.encode(line) + b"\n")
    assert list(opened(path).sleepers) == ["a"]


@in_reactor
async def test_lines_are_written_in_the_thread_of_files(path: Path) -> None:
    files = Files(reactor)
    journal = Journal(path, files, lambda: NOW)
    journal.load()
    early = noted(journal, asleep("a"))
    assert not journal.sleepers
    files.start()
    await journal.note(asleep("b"))
    assert early == [None]
    journal.tell(woken("a"))
    await files.stop()
    assert list(opened(path).sleepers) == ["b"]
    with pytest.raises(NotJournalled, match="nothing is written any more"):
        await journal.note(asleep("c"))


@in_reactor
async def test_the_thread_stops_only_when_its_jobs_are_done(tmp_path: Path) -> None:
    files = Files(reactor)
    files.start()
    told: list[str] = []
    job: Callable[[], None] = lambda: told.append("done")  # noqa: E731  # a job
    waiting = files.do(job)
    files.write(tmp_path / "other", b"x")
    await files.stop()
    await waiting
    assert told == ["done"]
    assert (tmp_path / "other").read_bytes() == b"x"
