"""The log in its other forms: JSON for machines, and systemd's journal with its fields."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import time
from typing import TextIO

import msgspec
from msgspec import Struct
from twisted.logger import ILogObserver, LogEvent
from zope.interface import implementer

from mother.host import journal
from mother.terminal.logs import Line, TextLog, line_of

IDENTIFIER = "mother"
PRIORITIES = {"debug": 7, "info": 6, "warn": 4, "error": 3, "critical": 2}
"""What syslog(3) calls our levels."""


class JsonLine(Struct, frozen=True):
    """One line of the JSON log; the names are a contract. `time` is ISO 8601 with its offset."""

    time: str
    level: str
    text: str
    worker: str = ""
    ip: str = ""
    kind: str = ""
    traceback: str = ""


@implementer(ILogObserver)
class JsonLog:
    """One event, one line with one object, whatever a device says."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time) -> None:
        self._stream = stream
        self._now = now

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        line = line_of(event)
        if line is None:
            return
        at = datetime.fromtimestamp(self._now(), UTC).astimezone()
        texts = (line.level, line.text, line.worker, line.ip, line.kind, line.traceback)
        row = JsonLine(at.isoformat(timespec="milliseconds"), *map(_writable, texts))
        _write(self._stream, msgspec.json.encode(row).decode() + "\n")


@implementer(ILogObserver)
class PriorityLog:
    """Lines that journald reads from standard error: each begins with its priority, `<6>`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        line = line_of(event)
        if line is not None:
            self.write(line)

    def write(self, line: Line) -> None:
        """The same for what was taken already."""
        mark = f"<{PRIORITIES[line.level]}>"
        rows = [line.text, *line.traceback.splitlines()]
        _write(self._stream, "".join(f"{mark}{row}\n" for row in rows))


@implementer(ILogObserver)
class JournalLog:
    """Entries of the journal with PRIORITY, WORKER, IP and KIND.

    A failure's traceback follows the sentence in MESSAGE. What the journal does not take goes to
    `rest`, and the first time it is said why.
    """

    def __init__(self, entries: journal.Journal, rest: PriorityLog) -> None:
        self._entries = entries
        self._rest = rest
        self._sick = False

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        line = line_of(event)
        if line is None:
            return
        try:
            self._entries.send(_entry(line))
        except OSError as error:
            if not self._sick:
                says = f"The journal takes no entries ({error}): they come without their fields."
                self._rest.write(Line("warn", says))
            self._sick = True
            self._rest.write(line)
        else:
            self._sick = False


def log_for(form: str, stream: TextIO, environ: Mapping[str, str]) -> ILogObserver:
    """The log in this form: text, json, journal, or auto: journal where it reads the stream."""
    if form == "auto":
        form = "journal" if _is_read_by_journal(stream, environ) else "text"
    if form == "journal":
        return JournalLog(journal.Journal(), PriorityLog(stream))
    return JsonLog(stream) if form == "json" else TextLog(stream)


def _entry(line: Line) -> dict[str, str]:
    return {
        "MESSAGE": f"{line.text}\n{line.traceback}".rstrip("\n"),
        "PRIORITY": str(PRIORITIES[line.level]),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "WORKER": line.worker,
        "IP": line.ip,
        "KIND": line.kind,
    }


def _is_read_by_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    try:
        return journal.reads(stream.fileno(), environ)
    except (OSError, ValueError, io.UnsupportedOperation):
        return False


def _writable(text: str) -> str:
    """The text without halves of surrogate pairs, which no encoder takes."""
    return text.encode(errors="replace").decode()


def _write(stream: TextIO, lines: str) -> None:
    """A stream that is gone costs the lines, not the process."""
    try:
        stream.write(lines)
        stream.flush()
    except (OSError, ValueError):
        return
