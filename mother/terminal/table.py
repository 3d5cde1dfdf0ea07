"""The farm as a table for a terminal: the six states in their colours and words."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from mother.core.model import State, Totals
from mother.core.units import duration, si
from mother.fleet.views import Row

STYLES = {
    State.HASHING: "green",
    State.TUNING: "blue",
    State.ASLEEP: "magenta",
    State.ILL: "dark_orange",
    State.GONE: "red",
    State.UNKNOWN: "bright_black",
}
_URGENT = (State.GONE, State.ILL, State.UNKNOWN, State.TUNING, State.ASLEEP, State.HASHING)


def headline(totals: Totals) -> Text:
    """`48 miners  776 TH/s of 800 TH/s  46 hashing  1 ill  1 gone`."""
    line = Text(f"{totals.miners} miners", style="bold")
    line.append(f"  {si(totals.hashrate, 'H/s')} of {si(totals.expected_hashrate, 'H/s')}")
    for state in State:
        count = totals.states.get(state.value, 0)
        if count:
            line.append(f"  {count} {state.value}", style=STYLES[state])
    if totals.temperature_max is not None:
        line.append(f"  hottest {totals.temperature_max:.0f} °C")
    return line


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """What needs a look stands on top."""
    return sorted(rows, key=lambda row: (_URGENT.index(row.state), row.worker))


def farm_table(rows: Sequence[Row], most: int | None = None) -> Table:
    """One line per miner, at most `most`; the rest is counted in the last line. 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for name in ("Worker", "Address", "Type", "State"):
        table.add_column(name, no_wrap=True)
    for name in ("Hashrate", "Boards", "Temp", "Uptime"):
        table.add_column(name, justify="right", no_wrap=True)
    shown = rows if most is None or len(rows) <= most else rows[: max(1, most - 1)]
    for row in shown:
        table.add_row(*_cells(row))
    if len(shown) < len(rows):
        table.add_row(Text(f"and {len(rows) - len(shown)} more", style="bright_black"))
    return table


def reasons(rows: Sequence[Row], most: int | None = None) -> list[Text]:
    """Why miners are not as they should be, a line each, at most `most`."""
    lines = [
        Text(f"{row.worker}: {' '.join(row.because)}", overflow="ellipsis", no_wrap=True)
        for row in rows
        if row.because
    ]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], Text(f"and {len(lines) - most + 1} more")]
    return lines


def _cells(row: Row) -> list[Text]:
    return [
        Text(row.worker),
        Text(row.address.host),
        Text(row.model),
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
