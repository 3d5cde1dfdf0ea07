"""What a person should know of a miner that is not ill: open doors, shut doors, its own errors."""

from __future__ import annotations

from collections.abc import Iterable

from mother.fleet.roster import Entry

FACTORY_LOGIN = "it has its maker's own login, which everybody knows"


def findings(entry: Entry) -> tuple[str, ...]:
    """A sentence each, without its full stop."""
    found = []
    if entry.factory_login:
        found.append(FACTORY_LOGIN)
    if entry.description.closed:
        found.append(f"it is only read: {entry.description.closed}")
    if entry.via:
        found.append("what it is at is unconfirmed: its gateway only says yes to orders")
    reading = None if entry.gone else entry.reading
    if reading is not None and reading.idles:
        found.append("it has no pool to mine for")
    if reading is not None:
        found += [f"it says: {one.text or 'error'} (code {one.code})" for one in reading.faults]
    return tuple(found)


def open_to_all(entries: Iterable[Entry]) -> int:
    """How many have their maker's own login."""
    return sum(entry.factory_login for entry in entries)
