"""`mother status`, `mother clear` and `mother retire`: talk to the daemon that runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.text import Text

from mother.control.client import Denied, NoDaemon, ask
from mother.core.model import Totals
from mother.core.units import duration, moment, si
from mother.fleet.places import in_words
from mother.fleet.views import Row
from mother.terminal import curtailing, standing
from mother.terminal.arguments import is_one, miner_in, scope_in
from mother.terminal.errand import Errand, agreed, as_json, many, who
from mother.terminal.herd import Covered
from mother.terminal.holding import lines_of
from mother.terminal.logs import one_line
from mother.terminal.process import FAILED, OK
from mother.terminal.scanning import as_data, show_farm, sighted
from mother.terminal.table import console_on, farm_table, limited, reasons, say, told, worst_first


class Sighting(Struct, frozen=True):
    """A host that answers and is not known."""

    address: str
    family: str
    reason: str
    said: str = ""


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
    curtailments: list[dict[str, Any]] = []
    trouble: str = ""


def status(errand: Errand) -> int:
    """Print the farm, or a part of it, as the running daemon sees it."""
    scope = None if errand.options.scope is None else scope_in(errand.options.scope)
    answer = errand.ask("status")
    found = msgspec.convert(answer, Status)
    rows = msgspec.convert(found.miners, list[Row])
    kept = msgspec.convert(found.miners, list[Kept])
    if scope is not None and scope != "all":
        return _part(errand, scope, rows, kept)
    if errand.options.json:
        more = {"holds": found.holds, "schedule": standing.asked(errand)}
        sys.stdout.write(as_json({**answer, "miners": _as_data(rows, kept), **more}))
        return OK
    console = console_on(sys.stdout)
    held = frozenset(one.mac for one in kept if one.held)
    if rows:
        show_farm(console, rows, found.totals, held)
        absent = len(rows) - found.totals.miners
        if absent > 0:
            say(
                console,
                f"{many(absent, 'miner')} given up: not in these sums, and listed until found "
                f"again or forgotten by `{errand.program} retire`.",
            )
    else:
        say(console, f"No miner is known yet in {', '.join(found.networks)}.")
    orders = [str(one.get("id", "")) for one in found.curtailments]
    for line in (
        *curtailing.lines_of(found.curtailments, errand.program),
        *standing.lines_of(standing.asked(errand) or {}, orders, time.time()),
        *lines_of(found.holds, time.time()),
    ):
        say(console, line)
    if found.trouble:
        say(console, f"Nothing is remembered beyond this run of mother: {found.trouble}.")
    for one in found.unidentified:
        reason = one.reason or "was not identified by the last run"
        say(console, sighted(one.address, one.family, reason, one.said))
    return OK


def _as_data(rows: Sequence[Row], kept: Sequence[Kept]) -> list[dict[str, Any]]:
    return [
        {**as_data(row), "held": one.held, "wish": one.wish}
        for row, one in zip(rows, kept, strict=True)
    ]


def _part(errand: Errand, scope: str, rows: list[Row], kept: list[Kept]) -> int:
    """One miner in sentences, several in a table, or either as JSON."""
    macs = _macs(errand, scope, rows)
    chosen = [pair for pair in zip(rows, kept, strict=True) if pair[0].mac in macs]
    if not chosen:
        raise Denied(f"no miner {scope} is known here: `mother status` lists them", 404)
    if errand.options.json:
        sys.stdout.write(
            as_json({"miners": _as_data([row for row, _ in chosen], [one for _, one in chosen])})
        )
        return OK
    console = console_on(sys.stdout)
    if is_one(scope):
        for row, one in chosen:
            for line in detail(row, one.held, one.wish, time.time()):
                say(console, line)
        return OK
    some = worst_first([row for row, _ in chosen])
    console.print(farm_table(some, None, frozenset(one.mac for _, one in chosen if one.held)))
    for sentence in (*reasons(some), *told(some)):
        say(console, sentence)
    say(console, f"{many(len(some), 'miner')} in {scope}.")
    return OK


def _macs(errand: Errand, scope: str, rows: list[Row]) -> set[str]:
    if is_one(scope):
        return {row.mac for row in rows if scope.lower() in _names(row)}
    covered = errand.ask("covered", {"scope": scope})
    return {one.mac for one in msgspec.convert(covered, Covered).miners}


def _names(row: Row) -> set[str]:
    host, port = row.address.host, row.address.port
    return {row.worker.lower(), row.mac, row.mac.replace(":", ""), host, f"{host}:{port}"}


def detail(row: Row, held: str, wish: str, now: float) -> list[Text]:
    """All that is known of one miner, a line each."""
    expected = si(row.expected_hashrate, "H/s")
    rate = f"{si(row.hashrate, 'H/s')} of {expected}" if row.hashrate is not None else ""
    alive, boards = row.boards_alive, ""
    if alive is not None:
        boards = f"{alive}/{row.boards_expected or '?'}"
    heat = f"{row.temperature_max:.0f} °C" if row.temperature_max is not None else ""
    facts = {
        "place": in_words(row.place) or "not known (`mother place` and `mother places` set it)",
        "address": str(row.address),
        "MAC": row.mac,
        "serial": row.serial,
        "model": row.model,
        "firmware": row.firmware,
        "hashrate": rate,
        "boards": boards,
        "hottest": heat,
        "uptime": "" if row.uptime is None else duration(row.uptime),
        "last seen": moment(row.last_seen, now) if row.last_seen else "",
        "held": held,
        "wish": wish,
    }
    head = one_line(f"{row.worker}: {row.state.value}. {' '.join(row.because)}")
    lines = [*facts.items(), *(("note", f"{one}.") for one in (*row.findings, *limited(row)))]
    shown = [f"  {name:<11}{one_line(text)}" for name, text in lines if text]
    return [Text(line) for line in (head, *shown)]


def retire(errand: Errand) -> int:
    """Forget a device that will not come back."""
    miner = miner_in(errand.options.miner)
    question = f"Forget {miner} for good: history, place, holds and its name in metrics?"
    if not agreed(question, errand.options.yes):
        return FAILED
    say(console_on(sys.stdout), errand.told("retire", {"miner": miner, "by": who()}))
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
