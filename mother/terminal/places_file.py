"""A CSV file of places, ours or Foreman's list of miners, as rows: pure.

Columns are known by their names, whatever the case. Foreman's names are from general knowledge:
no file of theirs was at hand.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from mother.core.sheets import untamed
from mother.fleet.places import FIELDS, INFORMATIONAL, SAID, longest
from mother.fleet.remembered import Place
from mother.terminal.arguments import BadInput

MOST_ROWS = 20_000
MOST_BYTES = 8 * 1024 * 1024
MOST_TOLD = 50

ALIASES: Mapping[str, tuple[str, ...]] = {
    "mac": ("macaddress", "macaddr"),
    "serial": ("serialnumber", "serialno", "sn"),
    "site": ("sitename", "facility", "locationsite", "building"),
    "rack": ("rackname", "locationrack", "sitemaprack"),
    "row": ("rackrow", "locationrow", "sitemaprow", "shelf"),
    "slot": ("position", "locationslot", "locationindex", "locationposition", "sitemapindex"),
    "pdu": ("pduname", "locationpdu"),
    "outlet": ("pduoutlet", "pduport", "pduplug", "plug"),
    "owner": ("customer", "client", "ownername"),
    "notes": ("note", "comment", "comments", "description"),
}
"""Other names of our columns, without blanks and signs."""

_MAC = re.compile(r"[0-9a-f]{12}")
_SPLIT = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2}|[0-9a-f]{12}")


class Spot(Struct, frozen=True):
    """One row: who, by MAC or else by serial number, and what it says of the place."""

    line: int
    mac: str
    serial: str
    place: Place


class Read(Struct, frozen=True):
    """The file; `used` are pairs of its column and ours, `ignored` its other columns."""

    spots: tuple[Spot, ...]
    used: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


class BadRows(Exception):
    """Rows that cannot be meant: a line for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def mac_in(text: str) -> str:
    """A MAC address in any usual spelling, as we write it; empty for anything else."""
    plain = text.strip().lower()
    if not _SPLIT.fullmatch(plain):
        return ""
    digits = re.sub(r"[^0-9a-f]", "", plain)
    nobodys = digits in ("0" * 12, "f" * 12) or int(digits[:2], 16) & 1
    if not _MAC.fullmatch(digits) or nobodys:
        return ""
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def read(content: bytes, name: str) -> Read:
    """The rows of the file of that name. Raises BadInput for the file, BadRows for rows."""
    rows = _rows(content, name)
    header = next(rows, None)
    if header is None:
        raise BadInput(f"{name}: is empty; `mother places export` shows what it should look like")
    columns, ignored = _columns(header[1])
    _check_columns(columns, header[1], name)
    used = tuple((header[1][place], ours) for ours, place in columns.items())
    bad: list[str] = []
    spots = [one for line, cells in rows if (one := _spot(line, cells, columns, name, bad))]
    _check_twice(spots, name, bad)
    if bad:
        raise BadRows(bad)
    if not spots:
        raise BadInput(f"{name}: has no rows below its first line")
    return Read(tuple(spots), used, ignored)


def _rows(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its line."""
    if len(content) > MOST_BYTES:
        raise BadInput(f"{name}: is longer than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{name}: is no text in UTF-8; save it as `CSV UTF-8`") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    count = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadInput(f"{name} line {line}: {error}") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST_ROWS + 1:
                raise BadInput(f"{name}: has more than {MOST_ROWS:,} rows")
            yield line, cells


def _columns(header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where our columns are, and the names of the others; the exact name goes before others."""
    plain = [re.sub(r"[^a-z0-9]", "", one.lower()) for one in header]
    found = {}
    for ours in ("mac", "serial", *FIELDS):
        names = (ours, *ALIASES[ours])
        place = next((plain.index(one) for one in names if one in plain), None)
        if place is not None:
            found[ours] = place
    taken = set(found.values())
    return found, tuple(one for place, one in enumerate(header) if place not in taken)


def _check_columns(columns: Mapping[str, int], header: Sequence[str], name: str) -> None:
    there = ", ".join(_shown(one) for one in header[:20])
    if not columns.keys() & {"mac", "serial"}:
        raise BadInput(f"{name} line 1: no column is named mac or serial; there are {there}")
    if not columns.keys() & set(FIELDS) and not {"mac", "serial"} <= columns.keys():
        wanted = ", ".join(FIELDS)
        raise BadInput(f"{name} line 1: no column tells a place ({wanted}); there are {there}")


def _spot(
    line: int, cells: Sequence[str], columns: Mapping[str, int], name: str, bad: list[str]
) -> Spot | None:
    """One row; None, and a line in `bad` for each of its faults."""
    said = {
        ours: untamed(cells[place].strip()) if place < len(cells) else ""
        for ours, place in columns.items()
    }
    mac, serial = mac_in(said.get("mac", "")), said.get("serial", "")
    faults = []
    if said.get("mac") and not mac:
        faults.append(f"mac: '{_shown(said['mac'])}' is no MAC address")
    elif not mac and not serial:
        faults.append("mac: is missing" + (", and so is serial" if "serial" in columns else ""))
    for ours, text in said.items():
        if not text.isprintable():
            faults.append(f"{ours}: '{_shown(text)}' holds what cannot be printed")
        elif ours in SAID and len(text) > longest(ours):
            faults.append(f"{ours}: is longer than {longest(ours)} letters")
    bad += [f"{name} line {line}: {fault}" for fault in faults]
    if faults:
        return None
    return Spot(line, mac, serial, Place(**{one: said.get(one, "") for one in SAID}))


def _check_twice(spots: Sequence[Spot], name: str, bad: list[str]) -> None:
    lines: dict[str, int] = {}
    for one in spots:
        key = one.mac or one.serial
        if key in lines:
            bad.append(f"{name} line {one.line}: {key} stands in line {lines[key]} already")
        lines.setdefault(key, one.line)


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:40]


def told_columns(found: Read) -> list[str]:
    """Which columns were used and which not, as sentences."""
    same = [theirs for theirs, ours in found.used if theirs.strip().lower() == ours]
    others = [f"{_shown(t)} as {ours}" for t, ours in found.used if t.strip().lower() != ours]
    lines = [f"Columns used: {', '.join([*map(_shown, same), *others])}."]
    left = [one for one in found.ignored if one.strip()]
    if left:
        known = {one for one in left if one.strip().lower() in INFORMATIONAL}
        words = [
            f"{_shown(one)} (only for people)" if one in known else _shown(one) for one in left
        ]
        lines.append(f"Columns ignored: {', '.join(words[:30])}.")
    return lines
