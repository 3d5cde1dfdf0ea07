"""How fast something goes, so that a simulated device needs no timer between two events."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mother.sim.faults import between, dice


class Rate:
    """A true rate that changes only at events, and what windows of it show in between.

    A window of so many seconds follows an exponential of that length; the shorter it is, the
    more it trembles. Times in Unix seconds; the unit of the rate is the caller's.
    """

    __slots__ = ("_levels", "_since", "_tag", "_total", "_windows", "started", "true")

    def __init__(self, tag: str, windows: Sequence[float] = (5.0, 60.0, 300.0, 900.0)) -> None:
        self._tag = tag
        self._windows = tuple(windows)
        self._levels = [0.0] * len(self._windows)
        self._since = self.started = 0.0
        self._total = 0.0
        self.true = 0.0

    def start(self, at: float, rate: float) -> None:
        """All windows and sums from zero, at `rate` from now on."""
        self._levels = [0.0] * len(self._windows)
        self._total = 0.0
        self._since = self.started = at
        self.true = rate

    def settle(self, at: float, rate: float) -> None:
        """Something changed: go on from here at the new rate."""
        if at > self._since:
            self._levels = [self._level(i, at) for i in range(len(self._windows))]
            self._total = self.total(at)
            self._since = at
        self.true = rate

    def total(self, now: float) -> float:
        """The rate summed up over the seconds since the start."""
        return self._total + self.true * max(0.0, now - self._since)

    def average(self, now: float) -> float:
        """Over all the time since the start."""
        elapsed = now - self.started
        return self.total(now) / elapsed if elapsed > 0 else 0.0

    def window(self, seconds: float, now: float) -> float:
        """What the window of that length shows."""
        index = self._windows.index(seconds)
        slot = int(now // max(1.0, seconds / 20))
        noise = 0.1 / math.sqrt(max(1.0, seconds / 5))
        stirred = dice(self._tag, index, slot)  # alone, its numbers of neighbours lie together
        return self._level(index, now) * (1 + between(-noise, noise, stirred, self._tag))

    def _level(self, index: int, now: float) -> float:
        left = math.exp(-max(0.0, now - self._since) / self._windows[index])
        return self.true + (self._levels[index] - self.true) * left
