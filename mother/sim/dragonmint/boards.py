"""How a hashboard's numbers live between events."""

from __future__ import annotations

import math

from mother.sim.faults import between

WINDOWS_S = (5.0, 60.0, 300.0, 900.0)
_NOISE = (0.09, 0.03, 0.008, 0.004)
SLOW_FACTOR = 0.12
HOT_C = 106.0
AMBIENT_C = 31.0


class Board:
    """One hashboard whose true rate only changes at events, so that nothing has to tick.

    Between events the mining program's windows follow an exponential of their own length,
    which is what the recordings show (51 s after a start the 15 min window stood at
    1 - exp(-51/900) of the rate). Rates in the unit of the device's `MHS` fields; times in
    Unix seconds.
    """

    __slots__ = (
        "_levels",
        "_rate",
        "_since",
        "_total",
        "dead",
        "full_rate",
        "hot",
        "index",
        "last_work",
        "missing",
        "slow",
        "steady_c",
        "stuck_c",
        "tag",
    )

    def __init__(self, index: int, full_rate: float, tag: str) -> None:
        self.index = index
        self.tag = f"{tag}/{index}"
        self.full_rate = full_rate * between(0.97, 1.07, self.tag, "rate")
        self.steady_c = between(64.0, 76.0, self.tag, "steady")
        self.stuck_c: float | None = None
        self.dead = self.slow = self.hot = self.missing = False
        self._rate = 0.0
        self._since = 0.0
        self._total = 0.0
        self._levels = (0.0,) * len(WINDOWS_S)
        self.last_work = 0.0

    def start(self, at: float, factor: float) -> None:
        """The mining program starts: all windows and sums from zero."""
        self._levels = (0.0,) * len(WINDOWS_S)
        self._total = 0.0
        self._since = self.last_work = at
        self._rate = self._true_rate(factor)

    def settle(self, at: float, factor: float) -> None:
        """Something changed (health, work, mode): go on from here with the new rate."""
        if at >= self._since:
            self._levels = tuple(self._level(i, at) for i in range(len(WINDOWS_S)))
            self._total = self.total(at)
            if self._rate:
                self.last_work = at
            self._since = at
        self._rate = self._true_rate(factor)

    def cure(self) -> None:
        """All is well again; takes effect with the next `start` or `settle`."""
        self.dead = self.slow = self.hot = self.missing = False
        self.stuck_c = None

    @property
    def hashing(self) -> bool:
        """Whether it finds anything now."""
        return self._rate > 0

    def total(self, now: float) -> float:
        """Hashes since the start, in rate units times seconds."""
        return self._total + self._rate * max(0.0, now - self._since)

    def window(self, index: int, now: float) -> float:
        """What the window of `WINDOWS_S[index]` shows, jitter included."""
        slot = int(now // max(1.0, WINDOWS_S[index] / 20))
        jitter = between(-1.0, 1.0, self.tag, index, slot) * _NOISE[index]
        return self._level(index, now) * (1.0 + jitter)

    def temperature(self, now: float, mining_from: float) -> int:
        """Degrees C: high while it ramps, steady later, cooling when it stands still."""
        if self.stuck_c is not None:
            return round(self.stuck_c)
        if self.hot:
            return round(HOT_C + between(-2.0, 2.0, self.tag, int(now // 30)))
        if not self.hashing:
            idle = max(0.0, now - self.last_work)
            return round(AMBIENT_C + (self.steady_c - AMBIENT_C) * math.exp(-idle / 300))
        ramp = 22.0 * math.exp(-max(0.0, now - mining_from) / 90)
        return round(self.steady_c + ramp + between(-1.5, 1.5, self.tag, int(now // 30)))

    def _level(self, index: int, now: float) -> float:
        left = math.exp(-max(0.0, now - self._since) / WINDOWS_S[index])
        return self._rate + (self._levels[index] - self._rate) * left

    def _true_rate(self, factor: float) -> float:
        if self.dead or self.missing:
            return 0.0
        return self.full_rate * factor * (SLOW_FACTOR if self.slow else 1.0)
