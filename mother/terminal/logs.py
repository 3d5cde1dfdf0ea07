"""The log as lines of text: time, level, sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TextIO

from msgspec import Struct
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    globalLogBeginner,
)
from zope.interface import implementer

OURS = "mother"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def plain(text: str) -> str:
    """The text without what would steer a terminal: devices say what they like."""
    return _CONTROL.sub("?", text)


def one_line(text: str) -> str:
    """The same in one line."""
    return plain(text.strip().replace("\n", " ").replace("\t", " "))


class Line(Struct, frozen=True):
    """One event as it is written, in whatever form; nothing in it steers a terminal.

    `text` is one line; `traceback` many, or empty. The others are empty where it has none.
    """

    level: str
    text: str
    traceback: str = ""
    worker: str = ""
    ip: str = ""
    kind: str = ""


def line_of(event: LogEvent) -> Line | None:
    """Our events from `info` on, everybody else's from `warn` on; None for the rest."""
    level = event.get("log_level", LogLevel.info)
    ours = str(event.get("log_namespace", "")).startswith(OURS)
    if level < (LogLevel.info if ours else LogLevel.warn):
        return None
    text = eventAsText(event, includeTraceback=False, includeTimestamp=False, includeSystem=False)
    fields = {name: one_line(str(event.get(name, ""))) for name in ("worker", "ip", "kind")}
    return Line(level.name, one_line(text), _traceback(event), **fields)


@implementer(ILogObserver)
class TextLog:
    """Writes our events from `info` on, everybody else's from `warn` on; one event, one line.

    A failure is followed by its traceback. Time is this machine's with its offset, as in the
    sentences. A stream that is gone costs the line, not the process; `gone` hears of it.
    """

    def __init__(
        self,
        stream: TextIO,
        now: Callable[[], float] = time.time,
        gone: Callable[[], object] = lambda: None,
    ) -> None:
        self._stream = stream
        self._now = now
        self._gone = gone

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        line = line_of(event)
        if line is None:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self._now()))
        lines = f"{stamp} {line.level:<8} {line.text}\n{line.traceback}"
        try:
            self._stream.write(lines)
            self._stream.flush()
        except (OSError, ValueError):
            self._gone()


@implementer(ILogObserver)
class Held:
    """Keeps the last failures while a screen is painted; `lines` has them in full."""

    def __init__(self, most: int = 5) -> None:
        self.lines: list[str] = []
        self._most = most

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        if "log_failure" in event and len(self.lines) < self._most:
            self.lines.append(f"{one_line(eventAsText(event))}\n{_traceback(event)}")


def _traceback(event: LogEvent) -> str:
    if "log_failure" not in event:
        return ""
    return plain(event["log_failure"].getTraceback().rstrip()) + "\n"


def begin(observer: ILogObserver) -> None:
    """From now on the log goes there."""
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
