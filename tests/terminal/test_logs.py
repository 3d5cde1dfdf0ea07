"""The log as text: one event, one line, whatever a device says."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest
from twisted.logger import LogEvent, LogLevel
from twisted.python.failure import Failure

from mother.terminal.logs import Held, TextLog

NOW = 1_700_000_000.0


def event(text: str, level: object = LogLevel.info, name: str = "mother.x") -> LogEvent:
    return {"log_format": "{text}", "text": text, "log_level": level, "log_namespace": name}


def written(*events: LogEvent) -> str:
    stream = io.StringIO()
    log = TextLog(stream, lambda: NOW)
    for one in events:
        log(one)
    return stream.getvalue()


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as here:
        here.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_line_is_this_machine_s_time_with_its_offset_level_and_sentence() -> None:
    assert written(event("all is well")) == "2023-11-14T23:13:20+0100 info     all is well\n"


def test_others_are_heard_from_warn_on_and_we_from_info_on() -> None:
    text = written(
        event("a", LogLevel.debug),
        event("b", LogLevel.info, "twisted"),
        event("c", LogLevel.warn, "twisted"),
    )
    assert [line.split()[-1] for line in text.splitlines()] == ["c"]


def test_what_a_device_says_stays_in_one_line_and_steers_no_terminal() -> None:
    text = written(event("bad\nnews\r\x1b[2Jgone\x00 {x}"))
    assert text.count("\n") == 1
    assert text.endswith("bad news??[2Jgone? {x}\n")


def failed() -> LogEvent:
    try:
        raise ValueError("odd\x1b[31m")
    except ValueError:
        return {**event("it failed", LogLevel.critical), "log_failure": Failure()}


def test_a_failure_is_followed_by_its_traceback() -> None:
    first, *rest = written(failed()).splitlines()
    assert first.endswith("critical it failed")
    assert rest[0].startswith("Traceback")
    assert rest[-1] == "builtins.ValueError: odd?[31m"


def test_a_stream_that_is_gone_costs_the_line_and_is_told() -> None:
    stream = io.StringIO()
    stream.close()
    gone: list[bool] = []
    TextLog(stream, gone=lambda: gone.append(True))(event("nobody listens"))
    assert gone == [True]


def test_while_a_screen_is_painted_failures_and_only_they_are_kept() -> None:
    held = Held(most=2)
    held(event("fine"))
    for _ in range(3):
        held(failed())
    assert len(held.lines) == 2
    assert "it failed" in held.lines[0]
    assert "ValueError" in held.lines[0]
