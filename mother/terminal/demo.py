"""`mother demo`: a simulated farm and the daemon that minds it, on one screen."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from mother.app import Daemon
from mother.core.bus import Sample
from mother.core.model import Event, EventKind, Severity, Totals
from mother.terminal.table import farm_table, headline, reasons, worst_first

QUIET = frozenset({EventKind.AUDIT, EventKind.SCANNED, EventKind.ADDED, EventKind.FAULT})
_STYLES = {Severity.WARNING: "yellow", Severity.ERROR: "red", Severity.CRITICAL: "bold red"}


class News:
    """A sink that keeps the last events for the screen."""

    name = "news"

    def __init__(self, most: int = 8) -> None:
        self.events: deque[Event] = deque(maxlen=most)

    def sample(self, sample: Sample) -> None:
        """The table shows readings."""

    def totals(self, totals: Totals) -> None:
        """The headline shows sums."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Not on this screen."""

    def event(self, event: Event) -> None:
        """Something happened that a person wants to read."""
        if event.kind not in QUIET:
            self.events.append(event)


class Screen:
    """A job that paints the farm; `with` it around the whole demo."""

    name = "screen"

    def __init__(self, daemon: Daemon, speed: float, console: Console) -> None:
        self._daemon = daemon
        self._speed = speed
        self._console = console
        self._news = News()
        self._live = Live(console=console, screen=False, auto_refresh=False, transient=False)
        daemon.bus.add(self._news)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    async def run(self) -> None:
        """Paint once."""
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        rows = worst_first(self._daemon.view.rows())
        why = reasons(rows, 6)
        room = max(6, self._console.height - 9 - len(self._news.events) - len(why))
        totals = self._daemon.view.totals(self._daemon.now())
        note = Text(
            f"simulated farm, time runs {self._speed:g} times faster; Ctrl-C ends it",
            style="bright_black",
        )
        return Group(
            headline(totals),
            note,
            farm_table(rows, room),
            *why,
            Text("Lately", style="bold"),
            *map(_line, self._news.events),
        )


def _line(event: Event) -> Text:
    return Text(
        event.text, style=_STYLES.get(event.severity, ""), overflow="ellipsis", no_wrap=True
    )
