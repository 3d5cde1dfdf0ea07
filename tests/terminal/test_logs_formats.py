"""The log as JSON and in the journal: nothing that a device says breaks a line, nothing is lost."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import ILogObserver, LogEvent, LogLevel
from twisted.python.failure import Failure

from mother.host.journal import Journal
from mother.terminal.formats import JournalLog, JsonLog, PriorityLog, log_for
from mother.terminal.logs import TextLog
from tests.host.sockets import FakeJournal

NOW = 1_700_000_000.25
FIELDS = {"worker": "dragon-1", "ip": "10.1.0.7", "kind": "device.ill"}


def event(text: str, level: object = LogLevel.info, **more: Any) -> LogEvent:
    name = more.pop("name", "mother.x")
    return {
        "log_format": "{text}",
        "text": text,
        "log_level": level,
        "log_namespace": name,
        **more,
    }


def failed() -> LogEvent:
    try:
        raise ValueError("odd\x1b[31m\nline")
    except ValueError:
        return event("it failed", LogLevel.critical, log_failure=Failure())


def as_json(*events: LogEvent) -> list[dict[str, str]]:
    stream = io.StringIO()
    log = JsonLog(stream, lambda: NOW)
    for one in events:
        log(one)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def marked(*events: LogEvent) -> list[str]:
    stream = io.StringIO()
    log = PriorityLog(stream)
    for one in events:
        log(one)
    return stream.getvalue().splitlines()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[FakeJournal]:
    with FakeJournal(str(tmp_path / "j")) as one:
        yield one


def in_journal(journald: FakeJournal, *events: LogEvent) -> list[dict[str, str]]:
    rest = io.StringIO()
    log = JournalLog(Journal(Path(journald.where)), PriorityLog(rest))
    for one in events:
        log(one)
    assert rest.getvalue() == ""
    return journald.entries()


def test_a_json_line_is_one_object_with_time_level_text_and_fields() -> None:
    assert as_json(event("is ill", LogLevel.warn, **FIELDS)) == [
        {
            "time": "2023-11-14T22:13:20.250+00:00",
            "level": "warn",
            "text": "is ill",
            "worker": "dragon-1",
            "ip": "10.1.0.7",
            "kind": "device.ill",
            "traceback": "",
        }
    ]


@given(st.text(st.characters()), st.text(st.characters()))
def test_whatever_a_device_says_stays_in_one_line(text: str, worker: str) -> None:
    (row,) = as_json(event(text, worker=worker))
    assert not set(row["text"] + row["worker"]) & set("\n\r\x00\x1b\x85\u2028")
    (line,) = marked(event(text))
    assert line.startswith("<6>")


@given(st.text(st.characters(), min_size=1))
def test_whatever_a_device_says_makes_one_entry_of_the_journal(text: str) -> None:
    sent: list[dict[str, str]] = []

    class Entries:
        def send(self, fields: dict[str, str]) -> None:
            sent.append(fields)

    JournalLog(Entries(), PriorityLog(io.StringIO()))(event(text))  # type: ignore[arg-type]  # what it sends
    (fields,) = sent
    assert "\n" not in fields["MESSAGE"]
    assert fields["PRIORITY"] == "6"


def test_an_entry_of_the_journal_has_priority_name_and_fields(journald: FakeJournal) -> None:
    assert in_journal(journald, event("is ill", LogLevel.warn, **FIELDS)) == [
        {
            "MESSAGE": "is ill",
            "PRIORITY": "4",
            "SYSLOG_IDENTIFIER": "mother",
            "WORKER": "dragon-1",
            "IP": "10.1.0.7",
            "KIND": "device.ill",
        }
    ]


@pytest.mark.parametrize(
    ("level", "priority"),
    [(LogLevel.info, 6), (LogLevel.warn, 4), (LogLevel.error, 3), (LogLevel.critical, 2)],
)
def test_levels_become_priorities_of_syslog(
    journald: FakeJournal, level: object, priority: int
) -> None:
    (entry,) = in_journal(journald, event("x", level))
    assert entry["PRIORITY"] == str(priority)
    assert marked(event("x", level)) == [f"<{priority}>x"]


def test_a_failure_shows_its_traceback_in_each_form(journald: FakeJournal) -> None:
    (row,) = as_json(failed())
    assert row["text"] == "it failed"
    assert row["traceback"].startswith("Traceback")
    (entry,) = in_journal(journald, failed())
    assert entry["MESSAGE"].startswith("it failed\nTraceback")
    assert "ValueError: odd?[31m" in entry["MESSAGE"]
    lines = marked(failed())
    assert lines[0] == "<2>it failed"
    assert lines[1].startswith("<2>Traceback")
    assert all(line.startswith("<2>") for line in lines)


def test_others_are_heard_from_warn_on_in_each_form(journald: FakeJournal) -> None:
    events = (event("a", name="twisted"), event("b", LogLevel.warn, name="twisted"))
    assert [row["text"] for row in as_json(*events)] == ["b"]
    assert [entry["MESSAGE"] for entry in in_journal(journald, *events)] == ["b"]
    assert marked(*events) == ["<4>b"]


def test_what_the_journal_does_not_take_goes_to_standard_error_and_why_is_said_once(
    tmp_path: Path,
) -> None:
    rest = io.StringIO()
    log = JournalLog(Journal(tmp_path / "none"), PriorityLog(rest))
    for text in ("one", "two"):
        log(event(text, LogLevel.error))
    why, *lines = rest.getvalue().splitlines()
    assert why.startswith("<4>The journal takes no entries (")
    assert lines == ["<3>one", "<3>two"]


def test_a_stream_that_is_gone_costs_the_line_and_not_the_process() -> None:
    stream = io.StringIO()
    stream.close()
    for log in (JsonLog(stream), PriorityLog(stream)):
        log(event("nobody listens"))


def form_of(form: str, stream: Any, environ: dict[str, str]) -> type[ILogObserver]:
    return type(log_for(form, stream, environ))


def test_auto_is_the_journal_where_it_reads_the_stream_and_text_elsewhere(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w") as stream:
        here = os.fstat(stream.fileno())
        read = {"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"}
        assert form_of("auto", stream, read) is JournalLog
        assert form_of("auto", stream, {"JOURNAL_STREAM": "1:2"}) is TextLog
        assert form_of("auto", stream, {}) is TextLog
        assert form_of("text", stream, read) is TextLog
        assert form_of("json", stream, read) is JsonLog
        assert form_of("journal", stream, {}) is JournalLog
    assert form_of("auto", io.StringIO(), {"JOURNAL_STREAM": "1:2"}) is TextLog


def test_half_a_surrogate_pair_costs_a_letter_and_not_the_line(journald: FakeJournal) -> None:
    odd = event("odd \ud800 name", worker="\udfff")
    (row,) = as_json(odd)
    assert (row["text"], row["worker"]) == ("odd ? name", "?")
    (entry,) = in_journal(journald, odd)
    assert entry["MESSAGE"] == "odd ? name"
