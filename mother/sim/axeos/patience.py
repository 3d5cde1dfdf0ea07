"""How much asking the small web server of an AxeOS device bears before it dies for a while."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

BURST = 8
"""Requests that may follow each other at once, as an identification does."""
EVERY_S = 2.5
"""How often it can be asked for long."""
STRIKES = 5
WITHIN_S = 30.0
DEAF_S = 90.0


class Patience:
    """Counts abuse: a request beside another connection, or one too soon after the others.

    STRIKES of them within WITHIN_S and the server takes connections but answers nobody, for
    DEAF_S (reference row AxeOS: "server dies under polling"; the numbers are hand-made).
    """

    def __init__(self, now: Callable[[], float], abused: int = 0) -> None:
        self._now = now
        self.abused = abused
        self.deaths = 0
        self.deaf_until = -math.inf
        self._strikes: deque[float] = deque(maxlen=STRIKES)
        self._left = float(BURST)
        self._last = now()

    @property
    def deaf(self) -> bool:
        """Whether it answers nobody now."""
        return self._now() < self.deaf_until

    def asked(self, connections: int) -> bool:
        """A request came while so many connections are open; says whether it is answered."""
        at = self._now()
        self._left = min(BURST, self._left + (at - self._last) / EVERY_S)
        self._last = at
        if self._left < 1 or connections > 1:
            self._abuse(at)
        self._left = max(0.0, self._left - 1)
        return not self.deaf

    def _abuse(self, at: float) -> None:
        self.abused += 1
        self._strikes.append(at)
        if len(self._strikes) == STRIKES and at - self._strikes[0] < WITHIN_S and not self.deaf:
            self.deaf_until = at + DEAF_S
            self.deaths += 1
            self._strikes.clear()
