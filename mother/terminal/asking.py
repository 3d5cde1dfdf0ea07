"""`mother status` and `mother clear`: talk to the daemon that runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mother.control.client import Denied, NoDaemon, ask
from mother.core.model import Totals
from mother.fleet.views import Row
from mother.terminal.arguments import miner_in
from mother.terminal.errand import Errand, as_json
from mother.terminal.holding import lines_of
from mother.terminal.process import OK
from mother.terminal.scanning import as_data, show_farm
from mother.terminal.table import console_on, say


class Sighting(Struct, frozen=True):
    """A host that answers and is not known."""

    address: str
    family: str
    reason: str


class Kept(Struct, frozen=True):
    """What beside its row is told of a miner: why it is held, and how its wish stands."""

    mac: str
    held: str = ""
    wish: str = ""


class Status(Struct, frozen=True):
    """The daemon's answer, as far as it is shown."""

    totals: Totals
    networks: list[str]
    miners: list[dict[str, Any]]
    unidentified: list[Sighting]
    holds: list[dict[str, Any]] = []
    trouble: str = ""


def status(errand: Errand) -> int:
    """Print the farm as the running daemon sees it."""
    answer = errand.ask("status")
    found = msgspec.convert(answer, Status)
    rows = msgspec.convert(found.miners, list[Row])
    kept = msgspec.convert(found.miners, list[Kept])
    if errand.options.json:
        more = [{"held": one.held, "wish": one.wish} for one in kept]
        miners = [{**as_data(row), **extra} for row, extra in zip(rows, more, strict=True)]
        sys.stdout.write(as_json({**answer, "miners": miners, "holds": found.holds}))
        return OK
    console = console_on(sys.stdout)
    held = frozenset(one.mac for one in kept if one.held)
    if rows:
        show_farm(console, rows, found.totals, held)
    else:
        say(console, f"No miner is known yet in {', '.join(found.networks)}.")
    for line in lines_of(found.holds, time.time()):
        say(console, line)
    if found.trouble:
        say(console, f"Nothing is remembered beyond this run of mother: {found.trouble}.")
    for one in found.unidentified:
        reason = one.reason or "was not identified by the last run"
        say(console, f"{one.address} looks like a {one.family or 'miner'} but {reason}.")
    return OK


def clear(errand: Errand) -> int:
    """Let the daemon heal a miner again that was left for a human."""
    say(console_on(sys.stdout), errand.told("clear", {"miner": miner_in(errand.options.miner)}))
    return OK


def is_served(socket: Path) -> bool:
    """Whether a daemon answers there, after it was said on standard error."""
    try:
        ask(socket, "status")
    except NoDaemon:
        return False
    except Denied:
        pass  # it answers
    print(
        f"another mother runs here and answers on {socket}: stop it first, or give this one a "
        "--state-file in another directory",
        file=sys.stderr,
    )
    return True
