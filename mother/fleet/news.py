"""What happened to one miner, told with who and where it is."""

from __future__ import annotations

from typing import Any

from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.roster import Entry


def tell_of(
    bus: Bus, entry: Entry, kind: EventKind, severity: Severity, text: str, /, **content: Any
) -> None:
    """Publish an event about `entry`; `content` gets its address as `ip`."""
    bus.tell(
        kind,
        severity,
        text,
        device=entry.id,
        worker=entry.worker,
        content={"ip": str(entry.address), **content},
    )
