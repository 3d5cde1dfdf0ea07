"""`mother places export` and `mother places import`: where miners stand, as a CSV file."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mother.fleet.files import write_atomic
from mother.fleet.places import SAID, Placed, as_csv, laid_over
from mother.fleet.remembered import Place
from mother.terminal import places_file
from mother.terminal.arguments import BadInput
from mother.terminal.errand import Errand, agreed, many, who
from mother.terminal.logs import one_line
from mother.terminal.places_file import BadRows, Spot
from mother.terminal.process import BAD_INPUT, FAILED, OK
from mother.terminal.table import console_on, say

PATIENCE = 60.0
MOST_LINES = 40
PUBLIC = 0o644


class Places(Struct, frozen=True):
    """The daemon's answer: everybody that is remembered."""

    places: list[Placed]


class Answer(Struct, frozen=True):
    """What came of it; `backup` is the file with the former places."""

    text: str
    miners: int
    backup: str = ""


class Change(Struct, frozen=True):
    """One device and its place, before and after; `known` None: it was never met."""

    mac: str
    old: Place
    new: Place
    known: Placed | None


def places(errand: Errand) -> int:
    """Export or import them."""
    what = errand.options.what
    if what == "export":
        return _export(errand)
    if what == "import":
        return _import(errand)
    raise BadInput(f"{what}: write places export, or places import FILE.csv")


def everybody(errand: Errand) -> list[Placed]:
    """Everybody that the daemon remembers, and where they stand."""
    return msgspec.convert(errand.ask("places", None, PATIENCE), Places).places


# export


def _export(errand: Errand) -> int:
    if errand.options.dry_run is True or errand.options.replace:
        raise BadInput("--dry-run and --replace are for places import")
    rows, file = everybody(errand), errand.options.file
    text = as_csv(rows)
    if file is None:
        sys.stdout.write(text)
        return OK
    path = Path(file)
    if path.exists() and not errand.options.yes:
        raise BadInput(f"{file} is there already: name another file, or add --yes to replace it")
    try:
        write_atomic(path, text.encode(), PUBLIC & ~_umask())
    except OSError as error:
        print(f"{file} cannot be written: {error.strerror or error}", file=sys.stderr)
        return FAILED
    placed = sum(1 for row in rows if row.place != Place())
    say(console_on(sys.stdout), f"{many(len(rows), 'miner')} in {file}, {placed:,} of them placed.")
    return OK


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# import


def _import(errand: Errand) -> int:
    options = errand.options
    if options.file is None:
        raise BadInput("places import FILE.csv: name the file; `mother places export` makes one")
    name = Path(options.file).name
    try:
        content = Path(options.file).read_bytes()
    except OSError as error:
        raise BadInput(f"{options.file}: {error.strerror or error}") from None
    try:
        found = places_file.read(content, name)
        known = everybody(errand)
        changes, same = compared(found.spots, known, options.replace, name)
    except BadRows as error:
        return _refused(error.lines)
    console = console_on(sys.stdout)
    for line in places_file.told_columns(found):
        say(console, line)
    _show(changes, console, options.all)
    for line in _sums(changes, same):
        say(console, line)
    if options.dry_run is True or not changes:
        if changes:
            say(console, "Dry run: nothing was changed.")
        return OK
    if not agreed(f"Write {many(len(changes), 'place')}?", options.yes):
        return FAILED
    return _write(errand, changes, console)


def _refused(lines: Sequence[str]) -> int:
    for line in lines[: places_file.MOST_TOLD]:
        print(line, file=sys.stderr)
    if len(lines) > places_file.MOST_TOLD:
        print(f"and {len(lines) - places_file.MOST_TOLD} more", file=sys.stderr)
    print("Nothing was changed.", file=sys.stderr)
    return BAD_INPUT


def compared(
    spots: Iterable[Spot], known: Sequence[Placed], whole: bool, name: str
) -> tuple[list[Change], int]:
    """What the rows would change, and how many say what is so already. Raises BadRows."""
    by_mac = {row.mac: row for row in known}
    by_serial: dict[str, list[Placed]] = {}
    for one in known:
        by_serial.setdefault(one.serial.lower(), []).append(one)
    bad, changes, same, seen = [], [], 0, dict[str, int]()
    for spot in spots:
        mac = spot.mac
        if not mac:
            fits = by_serial.get(spot.serial.lower(), [])
            if len(fits) != 1:
                why = "no known miner has it" if not fits else "several miners have it"
                why += ", so the row needs a mac"
                bad.append(f"{name} line {spot.line}: serial: '{spot.serial[:40]}': {why}")
                continue
            mac = fits[0].mac
        if mac in seen:
            bad.append(f"{name} line {spot.line}: {mac} stands in line {seen[mac]} already")
            continue
        seen[mac] = spot.line
        row = by_mac.get(mac)
        old = Place() if row is None else row.place
        new = laid_over(old, spot.place, whole)
        if row is not None and row.tells_serial:
            new = replace(new, serial="")
        if old == new:
            same += 1
        else:
            changes.append(Change(mac, old, new, row if row and row.worker else None))
    if bad:
        raise BadRows(bad)
    return changes, same


def _show(changes: Sequence[Change], console: Console, every: bool) -> None:
    if not changes:
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Miner", overflow="fold", max_width=20)
    table.add_column("Place: now -> then", overflow="fold")
    shown = changes if every or len(changes) <= MOST_LINES else changes[: MOST_LINES - 1]
    for one in shown:
        name = one.mac if one.known is None else one.known.worker
        table.add_row(Text(one_line(name)), Text(one_line("; ".join(_differs(one)))))
    if len(shown) < len(changes):
        more = f"and {len(changes) - len(shown):,} more; --all lists them"
        table.add_row(Text(more, style="bright_black"))
    console.print(table)


def _differs(one: Change) -> list[str]:
    old, new = asdict(one.old), asdict(one.new)
    lines = []
    for name in SAID:
        if old[name] != new[name]:
            before = f"{old[name]} -> " if old[name] else ""
            lines.append(f"{name}: {before}{new[name] or '(empty)'}")
    return lines


def _sums(changes: Sequence[Change], same: int) -> list[str]:
    lines = [f"{many(len(changes), 'place')} to write, {same:,} are so already."]
    new = [one for one in changes if one.known is None and one.new != Place()]
    if new:
        them, theirs = ("it is", "its") if len(new) == 1 else ("they are", "their")
        lines.append(
            f"{many(len(new), 'MAC address')} mother has not met yet: {theirs} place is kept until "
            f"{them} found."
        )
    return lines


def _write(errand: Errand, changes: Sequence[Change], console: Console) -> int:
    rows: list[Mapping[str, object]] = [
        {"mac": one.mac, "place": asdict(one.new)} for one in changes
    ]
    body = {"rows": rows, "by": who(), "backup": True}
    answer = msgspec.convert(errand.ask("place", body, PATIENCE), Answer)
    say(console, answer.text)
    if answer.backup:
        say(
            console,
            f"The former places are in {answer.backup}; to put them back: {errand.program} places "
            f"import {shlex.quote(answer.backup)} --replace",
        )
    return OK
