"""Events as lines of the log: transitions once, repeated faults only counted."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.logger import Logger, LogLevel

from mother.core.bus import Sample
from mother.core.model import Event, EventKind, Severity, Totals

_LEVELS = {
    Severity.INFO: LogLevel.info,
    Severity.WARNING: LogLevel.warn,
    Severity.ERROR: LogLevel.error,
    Severity.CRITICAL: LogLevel.critical,
}


class LogSink:
    """Writes each event as one line with the fields `worker`, `ip` and `kind` beside it."""

    name = "log"
    log = Logger(namespace="mother")

    def __init__(self) -> None:
        self._known = -1

    def sample(self, sample: Sample) -> None:
        """Readings are no news."""

    def totals(self, totals: Totals) -> None:
        """Sums are no news."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts are no news."""

    def event(self, event: Event) -> None:
        """One line, unless it only repeats what was said."""
        if event.content.get("first") is False and not self._changed(event):
            return
        self.log.emit(
            _LEVELS[event.severity],
            "{text}",
            text=event.text,
            worker=event.worker,
            ip=event.content.get("ip", ""),
            kind=event.kind.value,
        )

    def _changed(self, event: Event) -> bool:
        """A scan is said again only when it finds another number of miners."""
        if event.kind is not EventKind.SCANNED:
            return False
        found = event.content.get("found", 0)
        changed, self._known = found != self._known, found
        return bool(changed)
