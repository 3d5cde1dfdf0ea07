"""The hashboards of a simulated miner: rates, temperatures and what can be wrong with one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mother.sim.faults import Fault, between, dice
from mother.sim.rates import Rate

SLOW_FACTOR = 0.3
HOT_C = 97.0
AMBIENT_C = 28.0
WORK = float(1 << 32)
"""Hashes per unit of share difficulty."""


class Board:
    """One hashboard; its rate changes only at events. Rates in H/s."""

    __slots__ = ("_steady_c", "dead", "full", "hot", "index", "missing", "rate", "slow", "tag")

    def __init__(self, index: int, full: float, tag: str, windows: Sequence[float]) -> None:
        self.index = index
        self.tag = f"{tag}/{index}"
        self.full = full * between(0.98, 1.03, self.tag, "full")
        self.rate = Rate(self.tag, windows)
        self._steady_c = between(58.0, 68.0, self.tag, "steady")
        self.cure()

    def cure(self) -> None:
        """All is well again; shows with the next `start` or `settle`."""
        self.dead = self.slow = self.hot = self.missing = False

    def true(self, factor: float) -> float:
        """What it does when the whole device does `factor` of its nominal rate."""
        if self.dead or self.missing:
            return 0.0
        return self.full * factor * (SLOW_FACTOR if self.slow else 1.0)

    def temperature(self, now: float) -> int:
        """Degrees C of the board; near the room's when it stands still."""
        drift = between(-1.5, 1.5, self.tag, "c", int(now // 30))
        if self.hot:
            return round(HOT_C + drift)
        if not self.rate.true:
            return round(AMBIENT_C + 2 + drift)
        share = min(1.0, self.rate.true / self.full)
        warm = 1 - math.exp(-max(0.0, now - self.rate.started) / 180)
        return round(AMBIENT_C + (self._steady_c - AMBIENT_C) * warm * (0.4 + 0.6 * share) + drift)


class Boards:
    """All boards of a device, and the share of its nominal rate that they are to do."""

    __slots__ = ("_boards", "_tag", "factor")

    def __init__(self, count: int, full: float, tag: str, windows: Sequence[float]) -> None:
        """`full` is the nominal rate of them all."""
        self._boards = [Board(index, full / count, tag, windows) for index in range(count)]
        self._tag = tag
        self.factor = 0.0

    def __iter__(self) -> Iterator[Board]:
        return iter(self._boards)

    def __len__(self) -> int:
        return len(self._boards)

    def __getitem__(self, index: int) -> Board:
        return self._boards[index]

    def start(self, at: float, factor: float) -> None:
        """The mining program starts: all windows and sums from zero."""
        self.factor = factor
        for board in self._boards:
            board.rate.start(at, board.true(factor))

    def settle(self, at: float, factor: float) -> None:
        """Something changed: go on from here."""
        self.factor = factor
        for board in self._boards:
            board.rate.settle(at, board.true(factor))

    def hurt(self, fault: Fault, at: float) -> None:
        """One board, always the same of a device, shows a fault."""
        flag = _FLAGS.get(fault)
        if flag is not None:
            board = self._boards[int(dice(self._tag, "board") * len(self._boards))]
            setattr(board, flag, True)
            self.settle(at, self.factor)

    def cure(self, at: float) -> None:
        """All boards are well again."""
        for board in self._boards:
            board.cure()
        self.settle(at, self.factor)

    @property
    def hashing(self) -> bool:
        """Whether any of them finds anything."""
        return any(board.rate.true for board in self._boards)

    def window(self, seconds: float, now: float) -> float:
        """What they show together."""
        return sum(board.rate.window(seconds, now) for board in self._boards)

    def total(self, now: float) -> float:
        """All hashes since the start."""
        return sum(board.rate.total(now) for board in self._boards)

    def average(self, now: float) -> float:
        """Since the start."""
        return sum(board.rate.average(now) for board in self._boards)

    def work(self, now: float) -> float:
        """The same in units of share difficulty."""
        return self.total(now) / WORK


_FLAGS = {
    Fault.DEAD_BOARD: "dead",
    Fault.SLOW_BOARD: "slow",
    Fault.MISSING_BOARD: "missing",
    Fault.HOT_BOARD: "hot",
}
