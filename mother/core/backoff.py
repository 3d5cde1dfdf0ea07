"""How long to wait after the n-th failure in a row."""

from __future__ import annotations

from msgspec import Struct


class Backoff(Struct, frozen=True):
    """Doubling waits: `first`, twice that, ... never above `most` (seconds)."""

    first: float
    most: float

    def wait(self, failures: int) -> float:
        """Seconds to wait after `failures` failures in a row (1 or more)."""
        return min(self.most, self.first * float(2 ** min(max(failures, 1) - 1, 30)))
