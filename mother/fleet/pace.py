"""How often a device is polled at most, and what it hashed in the mean of late."""

from __future__ import annotations

from mother.core.units import finite
from mother.drivers.base import Nature

SLOW = 1.0
PATIENT = 15.0
"""Who takes longer than SLOW seconds to answer is given PATIENT times that between two polls."""

MOST = 600.0

_WEIGHT = 0.3
_SLOTS = 15
_FULL = 0.9


def smoothed(before: float, latency: float) -> float:
    """The mean of a device's latency, in seconds, with one more; one quick answer is proof."""
    return latency if latency < SLOW or not before else before + _WEIGHT * (latency - before)


def pause(nature: Nature, latency: float) -> float:
    """Seconds that must lie between two polls; 0 where the sweep decides."""
    if latency <= SLOW:
        return nature.interval
    return min(MOST, max(nature.interval, PATIENT * latency))


class Mean:
    """The mean of a number over the last `window` seconds, in a few slots of it.

    One that is told seldom is known by two readings: the newest, and one before it.
    """

    __slots__ = ("_at", "_counts", "_key", "_newest", "_since", "_sums", "_width", "window")

    def __init__(self, window: float) -> None:
        self.window = window
        self._width = window / _SLOTS
        self._key: object = None
        self.reset()

    def reset(self) -> None:
        """Begin anew: what was is no part of what comes."""
        self._sums = [0.0] * _SLOTS
        self._counts = [0] * _SLOTS
        self._newest = 0
        self._at = 0.0
        self._since: float | None = None

    def add(self, at: float, value: float | None, key: object) -> None:
        """A reading at `at` (Unix seconds); another `key` (its mode, its profile) begins anew.

        So does a gap of the whole window, and a clock that was set back.
        """
        number = finite(value)
        if number is None:
            return
        slot = int(at / self._width)
        gap = slot - self._newest
        if key != self._key or self._since is None or gap < 0 or self._ended(at):
            self._key = key
            self.reset()
            self._since, self._newest, gap = at, slot, 0
        for passed in range(gap):
            place = (self._newest + 1 + passed) % _SLOTS
            self._sums[place], self._counts[place] = 0.0, 0
        self._newest, self._at = slot, at
        self._sums[slot % _SLOTS] += number
        self._counts[slot % _SLOTS] += 1

    def value(self, now: float) -> float | None:
        """The mean; None until the window is nearly full, or after one without news."""
        if self._since is None or now - self._since < _FULL * self.window:
            return None
        return None if self._ended(now) else sum(self._sums) / sum(self._counts)

    def _ended(self, at: float) -> bool:
        """Whether the newest reading is older by a whole window then."""
        return at - self._at >= self.window
