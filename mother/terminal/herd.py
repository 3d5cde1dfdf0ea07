"""One order to many miners: a few at once, an end when most fail, a table of what came of it."""

from __future__ import annotations

import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue

import msgspec
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand, many
from mother.terminal.logs import one_line
from mother.terminal.process import FAILED, OK
from mother.terminal.table import console_on, say

AT_ONCE = 10
MOST_AT_ONCE = 100
LATER = 5.0
"""Seconds until a miner is tried again whose turn to restart has not come."""

IN_A_ROW = 5
"""So many failures one after the other end it; so do as many, once they are the majority."""

MOST_ROWS = 20
GOOD = frozenset({"done", "dry-run"})


class Target(Struct, frozen=True):
    """A miner of the scope; `cannot` says why it would not take the order."""

    worker: str
    mac: str
    address: str
    state: str = ""
    held: str = ""
    cannot: str = ""


class Covered(Struct, frozen=True):
    """The daemon's answer."""

    miners: list[Target]


class Result(Struct, frozen=True):
    """What came of an order: done, dry-run, denied, failed or later; and a sentence.

    `last`: there is no sense in going on.
    """

    result: str
    text: str
    last: bool = False

    @property
    def good(self) -> bool:
        """Whether it is as it was asked for."""
        return self.result in GOOD


Give = Callable[[Target], Result]


class Outcome(Struct):
    """How it went: what came of each, by MAC address, and why it was ended, if it was."""

    results: dict[str, Result]
    stopped: str = ""


def covered(errand: Errand, scope: str, kind: str) -> list[Target]:
    """Who is in the scope. Raises Denied where nobody is."""
    body = {"scope": scope, "kind": kind}
    return msgspec.convert(errand.ask("covered", body), Covered).miners


def parted(found: Iterable[Target], despite_hold: bool) -> tuple[list[Target], Counter[str]]:
    """Who gets the order, and how often each reason leaves one out."""
    chosen, left = [], Counter[str]()
    for one in found:
        why = one.cannot or ("" if despite_hold else one.held)
        if why:
            left[why] += 1
        else:
            chosen.append(one)
    return chosen, left


def is_meant(count: int, question: str, yes: bool) -> bool:
    """Whether the person wants it for so many, who types their number.

    Raises BadInput where there is nobody to ask and `yes` was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask on: add --yes to do it without a question")
    print(f"{question} Type {count} to do it: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print(file=sys.stderr)
    if answer.strip().replace(",", "") == str(count):
        return True
    print("Nothing was done.", file=sys.stderr)
    return False


def at_once_in(text: str | None) -> int:
    """How many get the order at once. Raises BadInput."""
    if text is None:
        return AT_ONCE
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_AT_ONCE:
        return int(text)
    raise BadInput(f"--at-once {text}: a number from 1 to {MOST_AT_ONCE}")


def drive(
    targets: Sequence[Target],
    give: Give,
    at_once: int,
    pause: Callable[[float], None],
    told: Callable[[Outcome], None],
) -> Outcome:
    """Give each its order, `at_once` at a time, until all had it or too many failed.

    Each order has a thread of its own, which ends with the program: the daemon carries out what
    it was told. `told` hears of every step. Passes KeyboardInterrupt on.
    """
    waiting, outcome = deque(targets), Outcome({})
    ended: SimpleQueue[tuple[Target, Result]] = SimpleQueue()
    flying = in_a_row = 0
    resting = False
    while flying or (waiting and not outcome.stopped):
        if resting and not flying:
            pause(LATER)
            resting = False
        while waiting and flying < at_once and not (outcome.stopped or resting):
            job = (waiting.popleft(), give, ended)
            threading.Thread(target=_give, args=job, daemon=True).start()
            flying += 1
        target, result = ended.get()
        flying -= 1
        if result.result == "later":
            waiting.appendleft(target)
            resting = True
            continue
        outcome.results[target.mac] = result
        in_a_row = 0 if result.good else in_a_row + 1
        outcome.stopped = outcome.stopped or _doubt(outcome, result, in_a_row)
        told(outcome)
    return outcome


def _give(target: Target, give: Give, ended: SimpleQueue[tuple[Target, Result]]) -> None:
    result = Result("failed", "unforeseen: the order could not be given", last=True)
    try:
        result = give(target)
    finally:
        ended.put((target, result))


def _doubt(outcome: Outcome, result: Result, in_a_row: int) -> str:
    """Why it should not go on; empty where it should."""
    if result.last:
        return result.text
    if in_a_row >= IN_A_ROW:
        return f"{in_a_row} failed one after the other"
    failed = sum(1 for one in outcome.results.values() if not one.good)
    if failed >= IN_A_ROW and 2 * failed > len(outcome.results):
        return f"{failed} of {len(outcome.results)} failed"
    return ""


class Shown:
    """A bar on a terminal while it goes on; nothing elsewhere."""

    def __init__(self, total: int, what: str) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal or console.is_dumb_terminal,
        )
        self._task = self._bar.add_task(what, total=total, failed="")

    def __enter__(self) -> Shown:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, outcome: Outcome) -> None:
        """So far."""
        failed = sum(1 for one in outcome.results.values() if not one.good)
        words = f"{failed} failed" if failed else ""
        self._bar.update(self._task, completed=len(outcome.results), failed=words)


def summed(targets: Sequence[Target], outcome: Outcome, left: Counter[str], every: bool) -> int:
    """Print the table, and the sums in a line; the exit code."""
    console, results = console_on(sys.stdout), outcome.results
    listed = every or len(targets) <= MOST_ROWS
    rows = [
        (one, results[one.mac])
        for one in targets
        if one.mac in results and (listed or not results[one.mac].good)
    ]
    if rows:
        console.print(_table(rows))
    counts = Counter(one.result for one in results.values())
    parts = [f"{count:,} {what}" for what, count in counts.most_common()]
    never = len(targets) - len(results)
    if never:
        parts.append(f"{never:,} not told")
    if left:
        parts.append(f"{left.total():,} left out")
    say(console, f"{', '.join(parts)}.")
    if outcome.stopped and never:
        say(console, f"Ended early: {outcome.stopped}; {many(never, 'miner')} got no order.")
    return FAILED if never or any(not one.good for one in results.values()) else OK


def _table(rows: Sequence[tuple[Target, Result]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Miner", overflow="fold", max_width=24)
    table.add_column("Result", no_wrap=True)
    table.add_column("What", overflow="fold")
    for one, result in rows:
        style = "green" if result.good else "red"
        text = result.text.removeprefix(f"{one.worker} at {one.address} ")
        table.add_row(
            Text(one_line(one.worker)), Text(result.result, style=style), Text(one_line(text))
        )
    return table
