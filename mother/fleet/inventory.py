"""The inventory file: an export of who is where, and a hint of whom to poll first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import DecodeError
from msgspec.json import decode
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from mother.core.bus import Sample
from mother.core.model import Address, Event, EventKind, Totals
from mother.fleet.files import READABLE, Writer
from mother.fleet.roster import Entry, Roster

DELAY = 2.0
"""Seconds in which changes are gathered."""

_CHANGES = frozenset({EventKind.ADDED, EventKind.MOVED, EventKind.REMOVED})

log = Logger()


class Inventory:
    """A sink and a service: rewrites the file soon after somebody came, moved or was given up."""

    name = "inventory"

    def __init__(self, path: Path, roster: Roster, files: Writer, clock: IReactorTime) -> None:
        self._path = path
        self._roster = roster
        self._files = files
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Wait for the first change."""

    def stop(self) -> None:
        """Write what is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._write()

    def sample(self, sample: Sample) -> None:
        """A reading changes nothing here."""

    def totals(self, totals: Totals) -> None:
        """Sums change nothing here."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts change nothing here."""

    def event(self, event: Event) -> None:
        """Somebody came, moved or was given up."""
        if event.kind in _CHANGES and self._timer is None:
            self._timer = self._clock.callLater(DELAY, self._write)

    def _write(self) -> None:
        self._timer = None
        self._files.write(self._path, export(self._roster), READABLE)


def export(roster: Roster) -> bytes:
    """A JSON list, sorted by worker: ip_address, worker, mac_address, overview."""
    rows = [_row(entry) for entry in sorted(roster, key=lambda entry: entry.worker)]
    return json.dumps(rows, sort_keys=True, indent=2).encode() + b"\n"


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "ip_address": entry.address.host,
        "worker": entry.worker,
        "mac_address": entry.mac,
        "overview": _plain(entry.description.overview),
    }


def _plain(value: Any) -> Any:
    """The same without infinities, which are no JSON: one miner must not spoil the file."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def hints(path: Path, port: int) -> list[Address]:
    """The IPv4 addresses in an inventory file; none where it is missing or not one of ours."""
    try:
        rows = decode(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warn("{path} is no inventory ({error}); scanning without it", path=path, error=error)
        return []
    return [Address(host, port) for host in _hosts(rows)]


def _hosts(rows: Any) -> Iterable[str]:
    for row in rows if isinstance(rows, list) else []:
        host = row.get("ip_address") if isinstance(row, dict) else None
        if isinstance(host, str) and _is_ipv4(host):
            yield host


def _is_ipv4(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except ValueError:
        return False
