"""What plans want as a bar chart: a row for each lane, a letter for each stretch of time."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import Struct
from rich.text import Text

from mother.core.reading import Mode
from mother.core.units import duration
from mother.schedule.local_time import ClockChange, local
from mother.schedule.preview import AS_IT_IS, ASLEEP, Step, Wanted
from mother.terminal.logs import one_line

HOUR = 3600.0
CELLS = tuple(hours * HOUR for hours in (0.5, 1, 2, 3, 4, 6, 12, 24))
"""How much time a cell may be, in seconds; each a part of a day."""

LABELS = (1, 2, 3, 6, 12)
"""Every so many hours one is written below."""

LABEL_CELLS = 4
"""So far apart they are at least."""

FORMS = ("%a %d %b", "%a %d", "%d %b", "%d")
"""How a day is written, the first for which there is room."""

WEEKLY = 6 * HOUR
"""With such cells only Mondays are written."""

LEAST_NAME, NAME_SHARE = 12, 4
CLOCK_MARK = "^"
GAP = "   "

_MARKS = {
    "overclock": ("O", "yellow"),
    "normal": ("N", "green"),
    "underclock": ("U", "cyan"),
    ASLEEP: ("z", "magenta"),
    AS_IT_IS: (".", "bright_black"),
}


class Mark(Struct, frozen=True):
    """How something wanted is drawn."""

    letter: str
    style: str


class Grid(Struct, frozen=True):
    """`count` cells of `cell` seconds from `begin` (Unix seconds), on the clock of `zone`."""

    begin: float
    cell: float
    count: int
    zone: str

    def at(self, number: int) -> float:
        """When a cell begins."""
        return self.begin + number * self.cell


Row = tuple[str, Sequence[Step]]
"""A name, and what is wanted without gaps."""


def brief(wanted: Wanted) -> str:
    """What a letter stands for: who sleeps, sleeps."""
    return ASLEEP if wanted.mode is Mode.SLEEP else wanted.text


def style_of(wanted: Wanted) -> str:
    """Its colour."""
    known = _MARKS.get(brief(wanted)) or _MARKS.get(wanted.profile)
    return known[1] if known else ""


def marks(rows: Iterable[Row]) -> dict[str, Mark]:
    """A letter of its own for all that occurs, by its brief name, as long as there are some."""
    seen = {brief(step.wanted): step.wanted for _, steps in rows for step in steps}
    found = {name: Mark(*_MARKS[name]) for name in _MARKS if name in seen}
    free = set(string.ascii_letters + string.digits) - {letter for letter, _ in _MARKS.values()}
    for name, wanted in sorted(seen.items()):
        if name not in found:
            likely = (letter for letter in (*name.upper(), *name, *sorted(free)) if letter in free)
            letter = next(likely, "#")
            free.discard(letter)
            found[name] = Mark(letter, style_of(wanted))
    return found


def chart(
    rows: Sequence[Row],
    begin: float,
    end: float,
    zone: str,
    changes: Iterable[ClockChange],
    width: int,
) -> list[Text]:
    """The lines: the rows, the hours and days below them, and what the letters mean."""
    longest = max(len(name) for name, _ in rows)
    room = min(longest, max(LEAST_NAME, width // NAME_SHARE))
    grid = grid_for(begin, end, width - room - 1, zone)
    drawn = marks(rows)
    lines = []
    for name, steps in rows:
        line = Text(f"{_cut(one_line(name), room):<{room}} ")
        for mark, some in groupby(_cells(steps, grid, drawn)):
            count = sum(1 for _ in some)
            line.append((mark.letter if mark else " ") * count, _painted(mark) if mark else None)
        lines.append(line)
    below = (_hours(grid), _days(grid), _pointed(grid, changes))
    lines += [Text(" " * (room + 1) + text, style="bright_black") for text in below if text]
    return [*lines, *_legend(drawn, grid, width)]


def grid_for(begin: float, end: float, room: int, zone: str) -> Grid:
    """The finest cells for which there is room, from the last full one of the clock on."""
    for cell in CELLS:
        clock = local(begin, zone)
        into = (clock.hour * 60 + clock.minute) * 60 + clock.second + clock.microsecond / 1e6
        first = begin - into % cell
        count = math.ceil((end - first) / cell)
        if count <= room:
            break
    return Grid(first, cell, min(count, max(1, room)), zone)


def _cells(steps: Sequence[Step], grid: Grid, drawn: Mapping[str, Mark]) -> list[Mark | None]:
    """Of each cell what is wanted in most of it, of equals the first; None: outside."""
    found: list[Mark | None] = []
    for number in range(grid.count):
        begin, end = grid.at(number), grid.at(number + 1)
        parts: dict[str, float] = {}
        for step in steps:
            part = min(end, step.end) - max(begin, step.begin)
            if part > 0:
                name = brief(step.wanted)
                parts[name] = parts.get(name, 0.0) + part
        found.append(drawn[max(parts, key=lambda name: parts[name])] if parts else None)
    return found


def _hours(grid: Grid) -> str:
    """`00          06`: below the cell in which the clock comes to that hour."""
    apart = next((hours for hours in LABELS if hours * HOUR >= LABEL_CELLS * grid.cell), 0)
    if not apart:
        return ""
    places = {}
    before = None
    for number in range(grid.count):
        clock = local(grid.at(number), grid.zone)
        part = (clock.date(), clock.hour // apart)
        exact = clock.hour % apart == 0 and clock.minute == 0
        if part != before and (before is not None or exact):
            places[number] = [f"{part[1] * apart:02}"]
        before = part
    return _placed(places, grid.count)


def _days(grid: Grid) -> str:
    """`Sun 29 Mar`: below the cell in which the day begins; shorter where days are narrow."""
    days = [local(grid.at(number), grid.zone).date() for number in range(grid.count)]
    pairs = zip(days, [None, *days], strict=False)
    begins = {number: day for number, (day, before) in enumerate(pairs) if day != before}
    texts = {
        number: [day.strftime(form) for form in FORMS]
        for number, day in begins.items()
        if grid.cell < WEEKLY or day.weekday() == 0 or number == 0
    }
    return _placed(texts, grid.count)


def _pointed(grid: Grid, changes: Iterable[ClockChange]) -> str:
    numbers = (int((change.at - grid.begin) // grid.cell) for change in changes)
    return _placed({number: [CLOCK_MARK] for number in numbers}, grid.count)


def _placed(texts: Mapping[int, Sequence[str]], count: int) -> str:
    """At each column the first of its texts that does not run into the next one, or none."""
    columns = sorted(texts)
    line = ""
    for column, following in zip(columns, [*columns[1:], count + 1], strict=False):
        room = following - column - 1
        line = line.ljust(column) + next((text for text in texts[column] if len(text) <= room), "")
    return line


def _legend(drawn: Mapping[str, Mark], grid: Grid, width: int) -> list[Text]:
    """What letters mean, and how long they are, in as many lines as that takes."""
    parts = [
        Text.assemble((mark.letter, _painted(mark)), f" {one_line(name)}")
        for name, mark in drawn.items()
    ]
    lines: list[Text] = []
    for part in (*parts, Text(f"(a letter is {duration(grid.cell)})", "bright_black")):
        if lines and len(lines[-1]) + len(GAP) + len(part) <= width:
            lines[-1].append(GAP).append(part)
        else:
            lines.append(part)
    return lines


def _painted(mark: Mark) -> str:
    """As a bar; where nothing is wanted there is none."""
    return mark.style if mark.letter == _MARKS[AS_IT_IS][0] else f"reverse {mark.style}".strip()


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
