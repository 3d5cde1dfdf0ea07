"""`mother curtail`, `mother resume` and `mother signal`: orders to the schedule that runs."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.control.calls import SHORT_LIVED
from mother.control.client import Denied
from mother.core import amounts
from mother.core.model import Address
from mother.core.units import UNKNOWN, finite, si
from mother.schedule.orders import PREFIX, Preview, Touched
from mother.terminal import ordering
from mother.terminal.arguments import (
    LONGEST_NAME,
    BadInput,
    is_network,
    of_kind,
    scope_in,
    seconds_in,
)
from mother.terminal.errand import Errand, agreed, as_json, many, naming, who
from mother.terminal.logs import one_line
from mother.terminal.process import FAILED, OK
from mother.terminal.table import console_on, say
from mother.terminal.watching import Given, watch

MOST_ROWS = 20
MOST_WATTS = 1e12
PATIENCE = 60.0
"""Seconds that the daemon may take to reckon what an order comes to."""


class Answer(Struct, frozen=True):
    """What `curtail` answers."""

    text: str
    preview: Preview
    order: Given | None = None
    new: bool = False
    dry_run: bool = False


class Orders(Struct, frozen=True):
    """What `curtailments` and `resume` answer."""

    orders: list[Given]
    sleeping: int = 0
    text: str = ""


UNTOLD = "What they draw is not known: a [[schedule.meter]] may tell."


# curtail


@naming
def curtail(errand: Errand) -> int:
    """Show whom it touches, ask, order it, and watch until 95 % have done it."""
    options = errand.options
    body = {**terms_in(errand), "by": who()}
    said = errand.ask("curtail", {**body, "preview": True}, PATIENCE)
    shown = msgspec.convert(said, Answer)
    dry = errand.config.dry_run or shown.dry_run
    console = console_on(sys.stdout)
    if not options.json:
        show(shown, console)
    if dry:
        if options.json:
            sys.stdout.write(as_json(said))
        else:
            say(console, "Dry run: nothing was ordered.")
        return OK
    if shown.order is None and not agreed(question(shown, body), options.yes):
        return FAILED
    said = errand.ask("curtail", {**body, "preview": False}, PATIENCE)
    answer = msgspec.convert(said, Answer)
    text, mark, trouble = answer.text.partition(SHORT_LIVED)
    if mark:
        print(one_line(mark + trouble), file=sys.stderr)
    if options.json:
        sys.stdout.write(as_json(said))
        return OK
    if answer.text != shown.text:
        say(console, text.strip())
    if answer.order is None or not answer.order.running or not answer.preview.touched:
        return OK
    return watch(errand, answer.order.id, console)


def terms_in(errand: Errand) -> dict[str, Any]:
    """The options as the terms of an order. Raises BadInput."""
    options = errand.options
    given = [options.to is not None, options.by is not None, options.all]
    if sum(given) != 1:
        raise BadInput("say how much: one of --to 500kW, --by 20% and --all")
    return {
        "scope": _scope(errand),
        "to": None if options.to is None else _watts(options.to),
        "share": None if options.by is None else _share(options.by),
        "all": bool(options.all),
        "seconds": None if options.for_time is None else seconds_in(options.for_time),
        "why": _words(options.why, "--why", 500),
        "key": _words(options.key, "--key", LONGEST_NAME),
        "ref": _words(options.ref, "--ref", LONGEST_NAME),
        "emergency": bool(options.emergency),
    }


def _scope(errand: Errand) -> str:
    options = errand.options
    if options.group is None:
        return scope_in("all" if options.scope is None else options.scope)
    if options.scope is not None:
        raise BadInput("--group goes without --scope: --group hall-1 is --scope group:hall-1")
    return scope_in(f"group:{options.group}")


def _watts(text: str) -> float:
    if text.strip().startswith("-"):
        raise BadInput(
            f"--to {text}: less than nothing; say what they may draw, as in 500kW, or --all to "
            "put them to sleep"
        )
    try:
        found = amounts.watts(text)
    except ValueError as error:
        raise BadInput(f"--to: {error}") from None
    if not 0 < found <= MOST_WATTS:
        raise BadInput(f"--to {text}: more than nothing, as in 500kW; --all puts them to sleep")
    return found


def _share(text: str) -> float:
    if text.strip().startswith("-"):
        raise BadInput(f"--by {text}: less than nothing; say how much less, as in 20%")
    try:
        found = amounts.share(text)
    except ValueError as error:
        raise BadInput(f"--by: {error}") from None
    if not 0 < found < 1:
        raise BadInput(f"--by {text}: between 0 and 100 %, as in 20%; --all puts them to sleep")
    return found


def _words(text: str | None, option: str, most: int) -> str:
    plain = " ".join((text or "").split())
    if len(plain) > most or not plain.isprintable():
        raise BadInput(f"{option}: at most {most} printable letters")
    return plain


def show(answer: Answer, console: Console) -> None:
    """Whom it touches and what it comes to: a table of a few, the sums of many."""
    shown = answer.preview
    say(console, answer.text)
    if 0 < len(shown.touched) <= MOST_ROWS:
        console.print(_table(shown.touched))
    for line in sums(shown):
        say(console, line)


def sums(shown: Preview) -> list[str]:
    """Sentences: who sleeps, who draws less, who is left out and why, what it saves."""
    lowered = sum(1 for one in shown.touched if one.power_target is not None)
    sleep = len(shown.touched) - lowered
    parts = [
        f"{many(count, noun)} {what}"
        for count, noun, what in (
            (sleep, "miner", "to sleep"),
            (lowered, "miner", "to a lower power target"),
            (shown.asleep, "miner", "asleep already"),
        )
        if count
    ]
    lines = [f"{', '.join(parts)}." if parts else "No miner is touched."]
    for why, count in Counter(dict(shown.skipped)).most_common(5):
        lines.append(f"{many(count, 'miner')} left out: {why}.")
    saved = shown.before - shown.after
    blind = sum(1 for one in shown.touched if not one.draws)
    if (shown.touched and not shown.before) or saved < 0:
        lines.append(UNTOLD)
    else:
        lines.append(
            f"{si(shown.before, 'W')} now, {si(shown.after, 'W')} then: {si(saved, 'W')} less."
        )
        if blind:
            them = f"{many(blind, 'miner')}, of which it is not known what"
            lines.append(f"Not in this: {them} {'it draws' if blind == 1 else 'they draw'}.")
    if shown.over > 0:
        lines.append(f"It cannot be kept: {si(shown.over, 'W')} more than that remain.")
    return lines


def question(answer: Answer, body: Mapping[str, Any]) -> str:
    """What is asked before it is ordered."""
    much = many(len(answer.preview.touched), "miner")
    haste = " at once, whatever their minimum times" if body["emergency"] else ""
    return f"Curtail {much}{haste}?"


def _table(rows: tuple[Touched, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Miner", overflow="fold", max_width=30)
    table.add_column("Now", justify="right", no_wrap=True)
    table.add_column("Then", justify="right", no_wrap=True)
    table.add_column("What", no_wrap=True)
    for one in rows:
        what = "sleeps" if one.power_target is None else f"target {si(one.power_target, 'W')}"
        watts = (si(one.draws, "W"), si(one.then, "W")) if one.draws else (UNKNOWN, UNKNOWN)
        table.add_row(Text(one_line(one.worker)), *watts, Text(what))
    return table


# resume


@naming
def resume(errand: Errand) -> int:
    """End curtailments; where a miner or a scope is named, resume that, as by hand."""
    options = errand.options
    word = options.miner
    if options.offline:
        raise BadInput("--offline: put it on the command line as it is")
    if options.force:
        raise BadInput("--force goes with --offline")
    if word is not None and not is_order(word):
        word = named(errand, word.strip())
        if word is None:
            return ordering.order(errand)
    if options.despite_hold or options.at_once is not None:
        raise BadInput("--despite-hold and --at-once are for miners: name some, or all")
    if word is not None and options.all:
        raise BadInput(f"{word}: one curtailment, or --all of them")
    found = msgspec.convert(errand.ask("curtailments"), Orders)
    running = [one for one in found.orders if one.running]
    console = console_on(sys.stdout)
    if word is None and not running:
        say(console, _nothing_runs(errand, found.sleeping))
        return OK
    if word is None and len(running) > 1 and not options.all:
        for one in running:
            print(one_line(f"{one.id}: {one.text}"), file=sys.stderr)
        raise BadInput(f"{len(running)} curtailments are in force: name one of them, or --all")
    meant = [one for one in running if word is None or one.id == word.strip()]
    for one in meant:
        say(console, f"{one.id}: {one.text}")
    if errand.config.dry_run:
        say(console, "Dry run: nothing was ended.")
        return OK
    if meant and not agreed(f"End {_these(meant)}?", options.yes):
        return FAILED
    target = word.strip() if word is not None else "all" if options.all else meant[0].id
    answer = errand.ask("resume", {"order": target, "by": who()}, PATIENCE)
    say(console, msgspec.convert(answer, Orders).text)
    return OK


def is_order(word: str) -> bool:
    """Whether this is the id of a curtailment, and no miner or scope."""
    return re.fullmatch(PREFIX + r"[0-9a-f]{6}", word.strip()) is not None


class Known(Struct, frozen=True):
    """A miner's names."""

    worker: str
    mac: str
    address: Address


def named(errand: Errand, word: str) -> str | None:
    """The id of the curtailment with this key or reference: one in force, else the newest.

    None where there is none, or miners go by that name.
    """
    if not word or word.lower() == "all" or of_kind(word) or is_network(word):
        return None
    try:
        orders = msgspec.convert(errand.ask("curtailments"), Orders).orders
    except Denied:
        return None  # it schedules nothing
    fits = [one for one in orders if word in (one.key, one.ref)]
    if not fits:
        return None
    for one in msgspec.convert(errand.ask("status")["miners"], list[Known]):
        names = {one.worker.lower(), one.mac, one.mac.replace(":", ""), one.address.host}
        if word.lower() in names | {str(one.address)}:
            return None
    return next((one.id for one in reversed(fits) if one.running), fits[-1].id)


def _these(orders: list[Given]) -> str:
    return orders[0].id if len(orders) == 1 else f"these {len(orders)} curtailments"


def _nothing_runs(errand: Errand, sleeping: int) -> str:
    text = "Nothing is curtailed by an order."
    if not sleeping:
        return text
    return (
        f"{text} {many(sleeping, 'miner')} sleep by the schedule all the same: "
        f"`{errand.program} status` says why."
    )


def lines_of(rows: list[dict[str, Any]], program: str) -> list[str]:
    """What is curtailed now, a sentence for each order."""
    found = msgspec.convert(rows, list[Given])
    return [f"{one.text}. `{program} resume {one.id}` ends it." for one in found]


# signal


@naming
def signal(errand: Errand) -> int:
    """Tell the value of a signal that is pushed."""
    name, text = errand.options.name.strip(), errand.options.value.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadInput("NAME: the name of a [[schedule.signal]] of your configuration")
    value = _number(text)
    if value is None or abs(value) > 1e15:
        raise BadInput(f"VALUE {text}: write a number, such as 112.5 or -20")
    told = errand.told("signal", {"name": name, "value": value, "by": who()})
    say(console_on(sys.stdout), told)
    return OK


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?", text):
        return None
    return finite(float(text))
