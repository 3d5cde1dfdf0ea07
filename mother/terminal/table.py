"""The farm as a table for a terminal: the six states in their colours and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
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

_LEAST = {
    "Worker": 15,
    "Address": 9,
    "Type": 4,
    "State": 7,
    "Hashrate": 9,
    "Boards": 6,
    "Temp": 6,
    "Uptime": 10,
}
"""The columns of the farm's table, and how wide they are at least."""

_NUMBERS = frozenset({"Hashrate", "Boards", "Temp", "Uptime"})
_NAMING: Mapping[str, Callable[[Row], str]] = {
    "Worker": lambda row: one_line(row.worker),
    "Address": lambda row: row.address.host,
    "Type": lambda row: one_line(row.model),
}
_LEFT_OUT = ("Uptime", "Temp", "Boards", "Type")
"""Where there is no room, in this order."""

TYPE_LEAST = 10
"""To so many columns types are cut before a column is left out."""

BRIEF, HELD_STATE = 6, 12
"""Columns of an uptime that is told shorter, and of `hashing held`."""

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


class FarmTable:
    """One line per miner, at most `most`; the rest is counted in the last line.

    Worker, address and state are whole wherever the terminal has room for them. Where it has not
    for all, the uptime is told shorter, then types are cut, then columns are left out. `held` are
    MAC addresses of those that bear the word.
    """

    def __init__(self, rows: Sequence[Row], most: int | None, held: frozenset[str]) -> None:
        self._shown = rows if most is None or len(rows) <= most else rows[: max(1, most - 1)]
        self._more = len(rows) - len(self._shown)
        self._held = held
        self._wide = dict(_LEAST) | ({"State": HELD_STATE} if held else {})
        for name, told in _NAMING.items():
            self._wide[name] = max([self._wide[name], *(cell_len(told(row)) for row in rows)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        """As wide as there is room."""
        yield self._within(options.max_width)

    def _within(self, room: int) -> Table:
        wide = dict(self._wide)
        brief = bool(self._held) or _needed(wide) > room
        if brief:
            wide["Uptime"] = BRIEF
        wide = _fitted(wide, room)
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        for name, width in wide.items():
            folds = name == "Worker"
            table.add_column(
                name,
                justify="right" if name in _NUMBERS else "left",
                width=width,
                no_wrap=not folds,
                overflow="fold" if folds else "ellipsis",
            )
        for row in self._shown:
            cells = self._cells(row, brief)
            table.add_row(*(cells[name] for name in wide))
        if self._more:
            table.add_row(Text(f"and {self._more} more", style="bright_black"))
        return table

    def _cells(self, row: Row, brief: bool) -> dict[str, Text]:
        cells = _cells(row)
        if brief and row.uptime is not None:
            cells["Uptime"] = Text(" ".join(duration(row.uptime).split()[:2]))
        if row.mac in self._held:
            cells["State"].append(" held", style="magenta")
        return cells


def farm_table(
    rows: Sequence[Row], most: int | None = None, held: frozenset[str] = frozenset()
) -> FarmTable:
    """The table of these miners, as wide as what it is printed on."""
    return FarmTable(rows, most, held)


def _needed(wide: Mapping[str, int]) -> int:
    """Columns of the terminal, with one between two of the table."""
    return sum(wide.values()) + len(wide) - 1


def _fitted(wide: Mapping[str, int], room: int) -> dict[str, int]:
    """The columns that have room, and how wide they are; long names are folded at the last."""
    left = dict(wide)
    for name in ("", *_LEFT_OUT):
        left.pop(name, None)
        over = _needed(left) - room
        if over <= max(0, left.get("Type", 0) - TYPE_LEAST):
            if over > 0:
                left["Type"] -= over
            return left
    left["Worker"] = max(_LEAST["Worker"], left["Worker"] - over)
    return left


def reasons(rows: Sequence[Row]) -> list[Text]:
    """Why miners are not as they should be, a sentence each."""
    return [Text(one_line(f"{row.worker}: {' '.join(row.because)}")) for row in rows if row.because]


def told(rows: Sequence[Row]) -> list[Text]:
    """What a person should know of miners that are not ill: one line for all that share it."""
    who: dict[str, list[str]] = {}
    for row in rows:
        for finding in (*row.findings, *limited(row)):
            who.setdefault(finding, []).append(row.worker)
    lines = []
    for finding, workers in who.items():
        more = len(workers) - MOST_NAMES
        names = ", ".join(workers[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
        lines.append(Text(one_line(f"{names}: {finding}.")))
    return lines


def limited(row: Row) -> tuple[str, ...]:
    """Why the schedule has it as it is, in one sentence: `asleep because: price 112 > 80`."""
    return (f"{_lot(row)}: {', '.join(row.limits)}",) if row.limits else ()


def _lot(row: Row) -> str:
    if row.state is State.ASLEEP:
        return "asleep, and shall run" if row.wanted in ("active", "limited") else "asleep because"
    if row.state is State.UNKNOWN and row.wanted == "active":
        return "shall run because"
    lots = {"sleep": "shall sleep", "limited": "limited", "": "left as it is"}
    return f"{lots.get(row.wanted, row.state.value)} because"


def _cells(row: Row) -> dict[str, Text]:
    return {
        **{name: Text(told(row)) for name, told in _NAMING.items()},
        "State": Text(row.state.value, style=STYLES[row.state]),
        "Hashrate": Text(si(row.hashrate, "H/s")),
        "Boards": Text(_boards(row)),
        "Temp": Text("–" if row.temperature_max is None else f"{row.temperature_max:.0f} °C"),
        "Uptime": Text("–" if row.uptime is None else duration(row.uptime)),
    }


def _boards(row: Row) -> str:
    if row.boards_alive is None:
        return "–"
    return f"{row.boards_alive}/{row.boards_expected or '?'}"
