"""`mother reports`: what became of curtailments, as a table, in sentences, as CSV or JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from rich import box
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from mother.core.units import UNKNOWN, duration, moment, si
from mother.schedule.report_sheets import as_csv
from mother.schedule.reports import Report, Undone
from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand, as_json, many, naming
from mother.terminal.logs import one_line
from mother.terminal.process import OK
from mother.terminal.table import console_on, say

PATIENCE = 30.0
MOST_NAMED = 20
"""So many miners are named on a terminal; CSV and JSON name more."""


WHY = "Why"
COLUMNS = ("No.", "Began", "For", "Shed", "of", "95 % in", "Open", WHY)
LEAST = 12
"""Columns of the reason at least; it has what the others leave."""


class Listed(Struct, frozen=True):
    """The daemon's answer, newest first; `trouble` says why they do not outlive it."""

    reports: list[Report]


class One(Struct, frozen=True):
    """The daemon's answer to a single one."""

    report: Report


@naming
def reports(errand: Errand) -> int:
    """All of them, or one."""
    options = errand.options
    if options.csv and options.json:
        raise BadInput("--csv and --json: name one of them")
    if options.report is not None:
        body = {"report": _number(options.report)}
        answer = errand.ask("report", body, PATIENCE)
        found = [msgspec.convert(answer, One).report]
    else:
        answer = errand.ask("reports", None, PATIENCE)
        found = msgspec.convert(answer, Listed).reports
    if options.json:
        sys.stdout.write(as_json(answer))
    elif options.csv:
        sys.stdout.write(as_csv(found))
    elif options.report is not None:
        _tell(found[0], time.time())
    else:
        _list(found, time.time(), errand.program)
    return OK


def _number(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 10 and int(plain)):
        raise BadInput(f"{text[:40]}: no report; name its number, as `mother reports` lists them")
    return int(plain)


# all


def _list(found: Sequence[Report], now: float, program: str) -> None:
    console = console_on(sys.stdout)
    if not found:
        say(console, "No curtailment yet.")
        return
    rows = [_cells(one, now) for one in found]
    wide = [max(map(cell_len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    wide[-1] = max(LEAST, min(wide[-1], console.width - sum(wide[:-1]) - len(wide) + 1))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for name, width in zip(COLUMNS, wide, strict=True):
        side: JustifyMethod = "left" if name == WHY else "right"
        table.add_column(name, justify=side, width=width, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    many_on = sum(1 for one in found if one.ended is None)
    say(
        console,
        f"{many(len(found), 'curtailment')}, {many_on} of them under way; "
        f"`{program} reports {found[0].id}` tells more of one.",
    )


def _cells(one: Report, now: float) -> tuple[str, ...]:
    return (
        str(one.id),
        moment(one.began, now),
        "now" if one.ended is None else _brief(one.seconds),
        si(one.shed, "W"),
        si(one.wanted, "W"),
        UNKNOWN if one.reached is None else _brief(one.reached),
        str(one.unconfirmed_count),
        one_line(one.reason),
    )


def _brief(seconds: float) -> str:
    """`1 h`, `94 s` as it is below two minutes: one part of the duration."""
    return f"{round(seconds)} s" if seconds < 120 else " ".join(duration(seconds).split()[:2])


# one


def _tell(one: Report, now: float) -> None:
    console = console_on(sys.stdout)
    for line in lines_of(one, now):
        words = one_line(line)
        say(console, Text(f"  {words}" if line.startswith("  ") else words))


def lines_of(one: Report, now: float) -> list[str]:
    """One report in lines for people."""
    began = moment(one.began, now)
    end = (
        f"goes on for {duration(one.seconds)}"
        if one.ended is None
        else f"ended {moment(one.ended, now)}, after {duration(one.seconds)}"
    )
    lines = [
        f"Curtailment {one.id}: {one.reason}",
        f"  began      {began}, {end}",
        f"  baseline   {si(one.baseline, 'W')} ({one.source})",
        f"  target     {si(one.target, 'W')}",
        f"  shed       {si(one.shed, 'W')} of {si(one.wanted, 'W')}; {si(one.energy, 'Wh')} in all",
        f"  sleepers   still draw {si(one.resting, 'W')}",
        f"  95 %       {_times(one)}",
        f"  confirmed  {one.confirmed:,} of {many(one.miners, 'miner')}",
    ]
    if one.actor or one.ref:
        ordered = ", ".join(filter(None, (one.actor, one.scope, one.ref and f"ref {one.ref}")))
        lines.insert(1, f"  ordered by {ordered}")
    lines += _named("unconfirmed", one.unconfirmed, one.unconfirmed_count)
    lines += _named("skipped", one.skipped, one.skipped_count)
    return lines


def _times(one: Report) -> str:
    shed = "not shed yet" if one.reached is None else f"shed after {duration(one.reached)}"
    if one.ended is not None and one.reached is None:
        shed = "never shed"
    after = one.confirmed_after
    miners = "" if after is None else f"; of the miners confirmed after {duration(after)}"
    return f"{shed}{miners}"


def _named(word: str, some: Sequence[Undone], count: int) -> list[str]:
    if not count:
        return []
    lines = [f"{count:,} {word}:"]
    for one in some[:MOST_NAMED]:
        tries = f", tried {one.tries} times" if one.tries > 1 else ""
        lines.append(f"  {one.worker or one.device}: {one.why or one.stage}{tries}")
    if count > min(len(some), MOST_NAMED):
        lines.append(f"  and {count - min(len(some), MOST_NAMED):,} more")
    return lines
