"""How many devices are remembered, and who is forgotten first: nobody that is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.remembered import DeviceMemory

MOST = 20_000
"""So many devices are remembered, those that are here included."""

NAMED = 5
"""So many of those that were forgotten are told by name."""


def surplus(
    devices: Mapping[str, DeviceMemory], is_here: Callable[[str], bool], most: int = MOST
) -> list[str]:
    """Who must be forgotten: those gone longest, then those of whom only a place is known. Pure."""
    many = len(devices) - most
    if many <= 0:
        return []
    gone = [(_seen(known), ident) for ident, known in devices.items() if not is_here(ident)]
    return [ident for _, ident in sorted(gone)[:many]]


def _seen(known: DeviceMemory) -> float:
    if not known.worker:
        return float("inf")
    return known.last_seen or known.first_seen or 0.0


def tell_forgotten(bus: Bus, names: Sequence[str]) -> None:
    """Say once whom there was no room for."""
    if not names:
        return
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    bus.tell(
        EventKind.RETIRED,
        Severity.WARNING,
        f"{', '.join(names[:NAMED])}{more} forgotten: gone longest, and no more than {MOST:,} "
        "devices are remembered; `mother retire` makes room",
        content={"actor": "mother", "forgotten": len(names)},
    )
