"""The log as lines of text: time, level, sentence."""

from __future__ import annotations

import time
import warnings
from typing import TextIO

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    globalLogBeginner,
)
from zope.interface import implementer

OURS = "mother"


@implementer(ILogObserver)
class TextLog:
    """Writes our events from `info` on, everybody else's from `warn` on; one event, one line.

    A failure is followed by its traceback. A stream that is gone costs the line, not the
    process.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: LogEvent) -> None:
        """Take one event."""
        level = event.get("log_level", LogLevel.info)
        ours = str(event.get("log_namespace", "")).startswith(OURS)
        if level < (LogLevel.info if ours else LogLevel.warn):
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(event.get("log_time")))
        failed = "log_failure" in event
        text = eventAsText(
            event, includeTraceback=failed, includeTimestamp=False, includeSystem=False
        )
        try:
            self._stream.write(f"{stamp} {level.name:<8} {text.rstrip()}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


def begin(stream: TextIO) -> None:
    """From now on the log goes to `stream`."""
    with warnings.catch_warnings():
        globalLogBeginner.beginLoggingTo([TextLog(stream)], redirectStandardIO=False)
