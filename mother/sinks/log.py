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

_TOLD_OTHERWISE = frozenset({"done", "dry-run"})
"""Results of orders that have an event, and so a line, of their own."""


class LogSink:
    """Writes each event as one line with the fields `worker`, `ip` and `kind` beside it."""

    name = "log"
    log = Logger(namespace="mother")

    def __init__(self) -> None:
        self._scan: tuple[object, ...] = ()

    def sample(self, sample: Sample) -> None:
        """Readings are no news."""

    def totals(self, totals: Totals) -> None:
        """Sums are no news."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts are no news."""

    def event(self, event: Event) -> None:
        """One line, unless it only repeats what was said."""
        if self._repeats(event):
            return
        self.log.emit(
            _LEVELS[event.severity],
            "{text}",
            text=event.text,
            worker=event.worker,
            ip=event.content.get("ip", ""),
            kind=event.kind.value,
        )

    def _repeats(self, event: Event) -> bool:
        if event.kind is EventKind.SCANNED:
            return not self._is_news(event)
        if event.kind is EventKind.AUDIT:
            return event.content.get("result") in _TOLD_OTHERWISE
        return event.content.get("first") is False

    def _is_news(self, event: Event) -> bool:
        """A scan is said again only when it tried or found another number."""
        content = event.content
        scan = (content.get("total"), content.get("found"), content.get("known"))
        before, self._scan = self._scan, scan
        return scan != before
