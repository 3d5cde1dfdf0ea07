"""Whether the process gets on: every loop moves within its own limit."""

from __future__ import annotations

from collections.abc import Iterable

from mother.core.loop import Loop
from mother.core.units import duration


class Vitals:
    """What the watchdog, the heartbeat and /healthz go by."""

    def __init__(self, loops: Iterable[Loop]) -> None:
        self._loops = tuple(loops)

    def complaints(self) -> tuple[str, ...]:
        """A sentence for each loop that is stuck; empty while all is well."""
        return tuple(
            f"The {loop.name} loop has not moved for {duration(still)}."
            for loop in self._loops
            if (still := loop.stuck()) > 0
        )

    def late(self) -> float:
        """By how many seconds the latest of the loops began its last round."""
        return max((loop.counts.late for loop in self._loops), default=0.0)
