"""Watch a curtailment until it is done: a bar on a terminal, the sums at its end."""

from __future__ import annotations

import sys
from collections import Counter

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from mother.control.client import Denied, NoDaemon
from mother.core.units import duration, si
from mother.schedule.orders import Progress
from mother.schedule.values import Stage
from mother.terminal.errand import Errand, many
from mother.terminal.following import EVERY, MOST_SILENCES
from mother.terminal.process import FAILED, INTERRUPTED, OK
from mother.terminal.table import console_on, say

ENOUGH = 0.95
"""Once so many have confirmed, it counts as done: somebody is always away."""

SETTLED = 3.0
"""Seconds after which what is drawn is told once more: readings come after the yes."""

MOST_EMPTY = 30
"""So many looks may show nothing of an order that was just given."""

MOST_NAMED, MOST_REASONS = 20, 5
_UNDER_WAY = (Stage.PENDING, Stage.SENT, Stage.DRIFTED)


class Given(Struct, frozen=True):
    """A curtailment that was ordered, as far as it is shown."""

    id: str
    text: str
    running: bool = True
    key: str = ""
    ref: str = ""


class Looked(Progress, frozen=True, kw_only=True):
    """What the daemon answers: the progress, and the order itself."""

    order: Given


def watch(errand: Errand, order: str, console: Console) -> int:
    """Show the order's progress until 95 % have confirmed, or no more are under way."""
    try:
        last = _once_more(errand, order, _followed(errand, order))
    except KeyboardInterrupt:
        print(
            f"\nThe order goes on; `{errand.program} resume {order}` ends it.",
            file=sys.stderr,
        )
        return INTERRUPTED
    except NoDaemon as error:
        print(f"{error}\n{order} is kept: it goes on once a daemon runs.", file=sys.stderr)
        return FAILED
    if not last.order.running:
        say(console, f"{order} has ended meanwhile.")
        return FAILED
    for line in told(last):
        say(console, line)
    return OK if is_enough(last) else FAILED


def is_enough(now: Progress) -> bool:
    """Whether 95 % of those that it changes have confirmed, or said a yes that is all there is;
    not while nothing is known of them.
    """
    return now.total > 0 and confirmed(now) + now.taken >= ENOUGH * now.total


def is_over(now: Progress) -> bool:
    """Whether there is nothing to wait for."""
    under_way = sum(now.stages.get(stage, 0) for stage in _UNDER_WAY)
    return is_enough(now) or under_way <= now.stuck


def confirmed(now: Progress) -> int:
    """How many have done it, as can be seen."""
    return now.stages.get(Stage.CONFIRMED, 0)


def told(now: Progress) -> list[str]:
    """How it stands, in sentences; who has not confirmed by name."""
    if not now.total:
        return ["Nothing of it can be seen yet: `mother status` shows who sleeps, and why."]
    text = f"{confirmed(now):,} of {many(now.total, 'miner')} confirmed"
    text += "" if now.reached is None else f", {ENOUGH * 100:.0f} % after {duration(now.reached)}"
    if now.taken:
        text += f", {now.taken:,} took the order and cannot be seen to have done it"
    lines = [f"{text}{_saved(now)}."]
    for why, count in Counter(dict(now.left_out)).most_common(MOST_REASONS):
        lines.append(f"{many(count, 'miner')} left out: {why}.")
    if rest := counted(now):
        lines.append(f"The others: {rest}. Those that can are tried again until they confirm.")
    for one in now.unconfirmed[:MOST_NAMED]:
        lines.append(f"{one.worker}: {one.why or 'not confirmed'}.")
    left = len(now.unconfirmed) - MOST_NAMED
    return [*lines, f"And {left:,} more."] if left > 0 else lines


def _saved(now: Progress) -> str:
    """Nothing where what they drew is not known: a sleeper's draw is a guess all the same."""
    if not now.before:
        return ""
    less = now.before - now.now
    saved = f"; {si(now.before, 'W')} before, {si(now.now, 'W')} now"
    return f"{saved}: {si(less, 'W')} less" if less > 0 else saved


def counted(now: Progress) -> str:
    """`12 pending, 3 skipped`: all but the confirmed, and those who took it and show no more."""
    taken = Counter({Stage.UNCONFIRMED: now.taken})
    open_ones = (stage for stage in Stage if stage is not Stage.CONFIRMED)
    rest = [(stage, now.stages.get(stage, 0) - taken[stage]) for stage in open_ones]
    return ", ".join(f"{count:,} {stage}" for stage, count in rest if count)


def _once_more(errand: Errand, order: str, last: Looked) -> Looked:
    if not (last.total and last.order.running):
        return last
    errand.pause(SETTLED)
    try:
        now = _look(errand, order)
    except (NoDaemon, Denied):
        return last
    return now if now.total and is_over(now) else last


def _look(errand: Errand, order: str) -> Looked:
    return msgspec.convert(errand.ask("curtailment", {"order": order}), Looked)


def _followed(errand: Errand, order: str) -> Looked:
    silent = empty = 0
    with _Shown() as shown:
        while True:
            try:
                now = _look(errand, order)
            except NoDaemon:
                silent += 1
                if silent == MOST_SILENCES:
                    raise
            else:
                silent = 0
                empty += not now.total
                shown.tell(now)
                over = empty == MOST_EMPTY or (now.total > 0 and is_over(now))
                if over or not now.order.running:
                    return now
            errand.pause(EVERY)


class _Shown:
    """The bar; nothing without a terminal."""

    def __init__(self) -> None:
        console = console_on(sys.stdout)
        painting = console.is_terminal and not console.is_dumb_terminal
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not painting,
        )
        self._task = self._bar.add_task("Confirmed", total=None, counts="")

    def __enter__(self) -> _Shown:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, now: Progress) -> None:
        """So far."""
        words = f"{si(now.now, 'W')}  {counted(now)}"
        self._bar.update(
            self._task, completed=confirmed(now) + now.taken, total=now.total or None, counts=words
        )
        self._bar.refresh()
