"""`mother hold`, `mother release` and `mother holds`: miners that are left alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from mother.core.units import duration, moment
from mother.terminal.arguments import BadInput, scope_in, seconds_in
from mother.terminal.errand import Errand, as_json, many, who
from mother.terminal.process import OK
from mother.terminal.table import console_on, say


class Hold(Struct, frozen=True):
    """Miners that get no automatic write; `until` in Unix seconds, None: until released.

    `name` is what a person calls the scope, and `miners` how many are in it now.
    """

    scope: str
    why: str = ""
    by: str = ""
    until: float | None = None
    name: str = ""
    miners: int = 0


def hold(errand: Errand) -> int:
    """Leave them alone for so long, or until they are released."""
    scope = scope_in(errand.options.scope)
    length = errand.options.for_time
    seconds = None if length is None else seconds_in(length)
    why = (errand.options.why or "").strip()
    if not why:
        raise BadInput('--why is missing: say it for those who find the hold, --why "board swap"')
    if len(why) > 500:
        raise BadInput("--why: at most 500 letters")
    return _said(errand, "hold", {"scope": scope, "seconds": seconds, "why": why, "by": who()})


def release(errand: Errand) -> int:
    """End a hold; with `all`, every one."""
    return _said(errand, "release", {"scope": scope_in(errand.options.scope), "by": who()})


def holds(errand: Errand) -> int:
    """List what is held, by whom, until when and why."""
    found = errand.ask("status").get("holds", [])
    if errand.options.json:
        sys.stdout.write(as_json({"holds": found}))
        return OK
    console = console_on(sys.stdout)
    for line in lines_of(found, time.time()) or ["Nothing is held."]:
        say(console, line)
    return OK


def lines_of(found: Iterable[object], now: float) -> list[str]:
    """A sentence per hold."""
    return [sentence(one, now) for one in msgspec.convert(list(found), list[Hold])]


def sentence(one: Hold, now: float) -> str:
    """`model:T1 (12 miners) is held by ann until 14:30, for 2 h 10 min more: board swap`."""
    whom = f"{one.name or one.scope} ({many(one.miners, 'miner')})"
    by = f" by {one.by}" if one.by else ""
    if one.until is None:
        end = " until it is released"
    else:
        end = f" until {moment(one.until, now)}, {duration(one.until - now)} more"
    return f"{whom} is held{by}{end}{f': {one.why}' if one.why else ''}"


def _said(errand: Errand, call: str, body: dict[str, object]) -> int:
    say(console_on(sys.stdout), errand.told(call, body))
    return OK
