"""Entries of the journal, as journald would read them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mother.host.journal import REST, Journal, reads
from tests.host.sockets import FakeJournal


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[FakeJournal]:
    with FakeJournal(str(tmp_path / "j")) as one:
        yield one


def test_fields_arrive_as_they_are_and_empty_ones_are_left_out(journald: FakeJournal) -> None:
    Journal(Path(journald.where)).send({"MESSAGE": "a = b", "PRIORITY": "6", "WORKER": ""})
    assert journald.entries() == [{"MESSAGE": "a = b", "PRIORITY": "6"}]


def test_no_line_feed_in_a_value_makes_another_field(journald: FakeJournal) -> None:
    text = "two\nPRIORITY=0\nlines\n"
    Journal(Path(journald.where)).send({"MESSAGE": text, "PRIORITY": "6"})
    assert journald.entries() == [{"MESSAGE": text, "PRIORITY": "6"}]


def test_an_entry_too_large_for_a_datagram_arrives_whole(journald: FakeJournal) -> None:
    text = "long " * 1_000_000
    Journal(Path(journald.where)).send({"MESSAGE": text, "KIND": "x"})
    assert journald.entries() == [{"MESSAGE": text, "KIND": "x"}]


def test_half_a_surrogate_pair_costs_a_letter_and_not_the_entry(journald: FakeJournal) -> None:
    Journal(Path(journald.where)).send({"MESSAGE": "odd \ud800 name"})
    assert journald.entries() == [{"MESSAGE": "odd ? name"}]


def test_a_journal_that_was_started_anew_is_found_again(journald: FakeJournal) -> None:
    journal = Journal(Path(journald.where))
    journal.send({"MESSAGE": "one"})
    journald.close()
    with pytest.raises(OSError, match="No such file"):
        journal.send({"MESSAGE": "two"})
    with FakeJournal(journald.where) as another:
        journal.send({"MESSAGE": "three"})
        assert another.entries() == [{"MESSAGE": "three"}]


def fill(journal: Journal) -> None:
    for _ in range(5000):
        journal.send({"MESSAGE": "x"})


def test_a_journal_that_takes_nothing_holds_us_up_once_and_is_then_left_alone(
    journald: FakeJournal,
) -> None:
    now = [0.0]
    journal = Journal(Path(journald.where), lambda: now[0])
    with pytest.raises(TimeoutError):
        fill(journal)
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(OSError, match="too busy"):
            journal.send({"MESSAGE": "x"})
    assert time.monotonic() - began < 0.2
    now[0] += REST
    journald.entries()
    journal.send({"MESSAGE": "again"})
    assert journald.entries() == [{"MESSAGE": "again"}]


def test_the_journal_reads_the_file_whose_device_and_inode_it_names(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w") as stream, (tmp_path / "other").open("w") as other:
        here = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"}
        assert reads(stream.fileno(), environ)
        assert not reads(other.fileno(), environ)
        for odd in ("", "1", "a:b", "1:2:3"):
            assert not reads(stream.fileno(), {"JOURNAL_STREAM": odd})
        assert not reads(stream.fileno(), {})
