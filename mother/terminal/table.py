"""The farm as a table for a terminal: the six states in their colours and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.core.model import State, Totals
from mother.core.units import duration, si
from mother.fleet.views import Row
from mother.terminal.logs import one_line

MOST_NAMES = 3
"""So many miners are named where many have something in common."""

STYLES = {
    State.HASHING: "green",
    State.TUNING: "blue",
    State.ASLEEP: "magenta",
    State.ILL: "dark_orange",
    State.GONE: "red",
    State.UNKNOWN: "bright_black",
}
_URGENT = (State.GONE, State.ILL, State.UNKNOWN, State.TUNING, State.ASLEEP, State.HASHING)

FILE_WIDTH = 200
"""Columns where there is no terminal: a file or a pipe keeps names and sentences whole."""


def console_on(stream: TextIO) -> Console:
    """A console that never wraps or cuts for the sake of a terminal that is not there."""
    console = Console(file=stream)
    return console if console.is_terminal else Console(file=stream, width=FILE_WIDTH)


def say(console: Console, sentence: str | Text) -> None:
    """One sentence: wrapped on a terminal, one line elsewhere; brackets mean nothing."""
    text = Text(one_line(sentence)) if isinstance(sentence, str) else sentence
    console.print(text, soft_wrap=not console.is_terminal)


def headline(totals: Totals) -> Text:
    """`48 miners  776 TH/s of 800 TH/s  hottest 81 °C`."""
    many = "1 miner" if totals.miners == 1 else f"{totals.miners} miners"
    line = Text(many, style="bold")
    line.append(f"  {si(totals.hashrate, 'H/s')} of {si(totals.expected_hashrate, 'H/s')}")
    if totals.temperature_max is not None:
        line.append(f"  hottest {totals.temperature_max:.0f} °C")
    return line


def states(totals: Totals) -> Text:
    """`46 hashing  1 ill  1 gone`: the states that occur, each in its colour."""
    line = Text()
    for state in State:
        count = totals.states.get(state.value, 0)
        if count:
            line.append(f"{'  ' if line else ''}{count} {state.value}", style=STYLES[state])
    return line


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """What needs a look stands on top."""
    return sorted(rows, key=lambda row: (_URGENT.index(row.state), row.worker))


def farm_table(
    rows: Sequence[Row], most: int | None = None, held: frozenset[str] = frozenset()
) -> Table:
    """One line per miner, at most `most`; the rest is counted in the last line. 80 columns.

    `held` are MAC addresses; the word takes its room from the uptime, which is told shorter.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    state, uptime = (12, 6) if held else (7, 10)
    for name, width in (("Worker", 15), ("Address", 9), ("Type", 4), ("State", state)):
        table.add_column(name, min_width=width, no_wrap=True)
    for name, width in (("Hashrate", 9), ("Boards", 6), ("Temp", 6), ("Uptime", uptime)):
        table.add_column(name, justify="right", min_width=width, no_wrap=True)
    shown = rows if most is None or len(rows) <= most else rows[: max(1, most - 1)]
    for row in shown:
        cells = _cells(row)
        if held and row.uptime is not None:
            cells[-1] = Text(" ".join(duration(row.uptime).split()[:2]))
        if row.mac in held:
            cells[3].append(" held", style="magenta")
        table.add_row(*cells)
    if len(shown) < len(rows):
        table.add_row(Text(f"and {len(rows) - len(shown)} more", style="bright_black"))
    return table


def reasons(rows: Sequence[Row]) -> list[Text]:
    """Why miners are not as they should be, a sentence each."""
    return [Text(one_line(f"{row.worker}: {' '.join(row.because)}")) for row in rows if row.because]


def told(rows: Sequence[Row]) -> list[Text]:
    """What a person should know of miners that are not ill: one line for all that share it."""
    who: dict[str, list[str]] = {}
    for row in rows:
        for finding in row.findings:
            who.setdefault(finding, []).append(row.worker)
    lines = []
    for finding, workers in who.items():
        more = len(workers) - MOST_NAMES
        names = ", ".join(workers[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
        lines.append(Text(one_line(f"{names}: {finding}.")))
    return lines


def _cells(row: Row) -> list[Text]:
    return [
        Text(one_line(row.worker)),
        Text(row.address.host),
        Text(one_line(row.model)),
        Text(row.state.value, style=STYLES[row.state]),
        Text(si(row.hashrate, "H/s")),
        Text(_boards(row)),
        Text("–" if row.temperature_max is None else f"{row.temperature_max:.0f} °C"),
        Text("–" if row.uptime is None else duration(row.uptime)),
    ]


def _boards(row: Row) -> str:
    if row.boards_alive is None:
        return "–"
    return f"{row.boards_alive}/{row.boards_expected or '?'}"
