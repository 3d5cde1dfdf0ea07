"""Where miners stand, in words and as a CSV file: pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import asdict, replace

from mother.core.sheets import tame
from mother.fleet.remembered import Place

SAID: tuple[str, ...] = Place.__struct_fields__
FIELDS = tuple(name for name in SAID if name != "serial")
INFORMATIONAL = ("worker", "ip", "model")
COLUMNS = ("mac", "serial", *FIELDS, *INFORMATIONAL)
"""Of the CSV file; the informational ones are for people, and left alone when it is read."""

NOWHERE = Place()
LONGEST = 100
LONGEST_NOTES = 500
"""Letters of a field."""


class Placed(Struct, frozen=True):
    """A device by its MAC address, and what is known of where it stands.

    `serial` is the device's own where it tells one, else that of `place`. `worker`, `ip` and
    `model` are empty for one that was never met.
    """

    mac: str
    place: Place = NOWHERE
    serial: str = ""
    worker: str = ""
    ip: str = ""
    model: str = ""

    @property
    def tells_serial(self) -> bool:
        """Whether its serial is by its own word, which counts more than an operator's."""
        return bool(self.serial) and self.serial != self.place.serial


def longest(field: str) -> int:
    """So many letters may a field have."""
    return LONGEST_NOTES if field == "notes" else LONGEST


def in_words(place: Place) -> str:
    """`Hall 1, rack A3, row 2, slot 4, PDU p1 outlet 7, of Ann`; empty where nothing is known."""
    outlet = f"outlet {place.outlet}" if place.outlet else ""
    power = " ".join(filter(None, (f"PDU {place.pdu}" if place.pdu else "", outlet)))
    parts = (
        place.site,
        f"rack {place.rack}" if place.rack else "",
        f"row {place.row}" if place.row else "",
        f"slot {place.slot}" if place.slot else "",
        power,
        f"of {place.owner}" if place.owner else "",
        place.notes,
    )
    return ", ".join(filter(None, parts))


def laid_over(old: Place, new: Place, whole: bool) -> Place:
    """`old` with what `new` names; with `whole`, what it leaves empty is emptied too."""
    if whole:
        return new
    return replace(old, **{name: text for name, text in asdict(new).items() if text})


def as_csv(rows: Iterable[Placed]) -> str:
    """The file, by site, rack, row and slot; slots that are numbers in their order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=_order):
        place = asdict(row.place)
        told = [row.mac, tame(row.serial), *(tame(place[name]) for name in FIELDS)]
        writer.writerow([*told, *(tame(getattr(row, name)) for name in INFORMATIONAL)])
    return out.getvalue()


_in_order = attrgetter("site", "rack", "row", "slot")


def _order(row: Placed) -> tuple[tuple[tuple[int, str], ...], str, str]:
    parts = tuple(
        (len(text), text) if text.isdigit() else (0, text) for text in _in_order(row.place)
    )
    return parts, row.worker, row.mac
