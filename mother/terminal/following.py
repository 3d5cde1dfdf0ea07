"""Follow the daemon at its work: a bar on a terminal, a line per news elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from mother.control.client import NoDaemon
from mother.jobs.plan import Progress
from mother.terminal.errand import Errand, many
from mother.terminal.table import console_on, say

EVERY = 1.0
"""Seconds between two looks."""

MOST_SILENCES = 5
"""So many looks in a row may fail, as when the daemon is started anew."""


Reckoned = Callable[[Progress], tuple[int, int]]
"""How many miners are done of how many, for the bar."""


def by_wishes(now: Progress) -> tuple[int, int]:
    """Miners that are as wished of those that have a wish."""
    return now.reached, now.wished


def progress(errand: Errand) -> Progress:
    """How far it is now. Raises NoDaemon and Denied."""
    return msgspec.convert(errand.ask("progress"), Progress)


def follow(errand: Errand, before: Progress, reckoned: Reckoned, what: str) -> Progress:
    """Show the work from `before` until it has settled; how it stands then. `what` is the bar.

    Raises NoDaemon when the daemon stays away, KeyboardInterrupt when a person has seen enough:
    the daemon goes on either way.
    """
    told, silent = before.news, 0
    with _Shown(reckoned, what) as shown:
        while True:
            errand.pause(EVERY)
            try:
                now = progress(errand)
            except NoDaemon:
                silent += 1
                if silent == MOST_SILENCES:
                    raise
                continue
            silent = 0
            shown.tell(fresh(told, now.news), now)
            told = now.news
            if now.settled:
                return now


def fresh(told: Sequence[str], news: Sequence[str]) -> Sequence[str]:
    """Those of the news that were not told: both are ends of the same growing list."""
    for overlap in range(min(len(told), len(news)), 0, -1):
        if told[-overlap:] == news[:overlap]:
            return news[overlap:]
    return news


class _Shown:
    """The bar and the news; without a terminal, the news only."""

    def __init__(self, reckoned: Reckoned, what: str) -> None:
        self._reckoned = reckoned
        self._console = console_on(sys.stdout)
        painting = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}"),
            console=self._console,
            transient=True,
            auto_refresh=False,
            disable=not painting,
        )
        self._task = self._bar.add_task(what, total=None, counts="")

    def __enter__(self) -> _Shown:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def tell(self, news: Sequence[str], now: Progress) -> None:
        """Print what is new above the bar, and move it."""
        for sentence in news:
            say(self._console, sentence)
        done, total = self._reckoned(now)
        self._bar.update(self._task, completed=done, total=total or None, counts=now.text)
        self._bar.refresh()
        self._console.file.flush()


def worse(before: Progress, now: Progress) -> list[str]:
    """What went wrong in between, as sentences."""
    lines = [sentence for sentence in now.stopped if sentence not in before.stopped]
    if now.failed > before.failed:
        lines.append(f"{many(now.failed - before.failed, 'miner')} failed.")
    return lines


def left_working(errand: Errand) -> Text:
    """What is said to the person who does not want to wait."""
    return Text(
        f"The daemon goes on with it; `{errand.program} plan` shows what is left, "
        f"`{errand.program} hold` keeps miners out of it."
    )
