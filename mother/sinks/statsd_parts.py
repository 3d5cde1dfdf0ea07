"""The uniform gauges of one miner with its boards and pools, and what vanished ones fall to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, TypeVar

from mother.core.bus import Sample
from mother.core.metrics import (
    BOARD_METRICS,
    METRICS,
    POOL_METRICS,
    BoardMetric,
    PoolMetric,
    at_rest,
)
from mother.core.model import State
from mother.core.reading import Reading

INDEX_LIMIT = 64
"""Boards and pools beyond are no miner's; they would only fill the metrics."""

Gauges = tuple[tuple[str, ...], tuple[float, ...]]
"""Names, such as `hashrate` and `board.0.alive`, and as many values."""

_ALL_ROWS = (1 << len(METRICS)) - 1
_MINER_VALUES = tuple(row.value for row in METRICS)
_BOARD_VALUES = tuple(row.value for row in BOARD_METRICS)
_POOL_VALUES = tuple(row.value for row in POOL_METRICS)


class _Indexed(Protocol):
    @property
    def index(self) -> int:
        """Its place in the device."""


Part = TypeVar("Part", bound=_Indexed)


class Seen:
    """Which boards and pools one miner ever told of, by index, and what of itself, by row.

    statsd repeats a gauge's last value: whatever is in here and not in a reading is sent at
    rest, until it is back.
    """

    __slots__ = ("boards", "gaps", "pools", "rows")

    def __init__(self) -> None:
        self.boards: tuple[int, ...] = ()
        self.pools: tuple[int, ...] = ()
        self.rows = 0  # a bit for each row of METRICS: a number is small
        self.gaps = b""  # what the last reading did not tell, if that is all that was ever told

    def told(self, sample: Sample, reading: Reading) -> Gauges:
        """Everything this reading says, and its boards and pools that vanished at rest."""
        boards, board_indices, self.boards = _there(reading.boards, self.boards)
        pools, pool_indices, self.pools = _there(reading.pools, self.pools)
        if sample.state is State.ASLEEP:
            boards = tuple(map(at_rest, boards))
        values = self._rested([value(sample, reading) for value in _MINER_VALUES])
        values += [value(board) for board in boards for value in _BOARD_VALUES]
        values += [value(pool) for pool in pools for value in _POOL_VALUES]
        gauges = _known(_names(board_indices, pool_indices), values)
        if board_indices == self.boards and pool_indices == self.pools:
            return gauges
        rest = _rest(_others(self.boards, board_indices), _others(self.pools, pool_indices))
        return gauges[0] + rest[0], gauges[1] + rest[1]

    def _rested(self, values: list[float | None]) -> list[float | None]:
        """What the miner itself told once and does not now, at rest."""
        if None not in values:
            self.rows, self.gaps = _ALL_ROWS, b""
            return values
        gaps = bytes([value is None for value in values])
        if gaps == self.gaps:
            return values
        told = sum([1 << place for place, value in enumerate(values) if value is not None])
        self.rows |= told
        self.gaps = gaps if told == self.rows else b""
        if told == self.rows:
            return values
        return [
            METRICS[place].gone if value is None and self.rows >> place & 1 else value
            for place, value in enumerate(values)
        ]

    def gone(self) -> Gauges:
        """What a miner that is gone falls to, with all its boards and pools."""
        rest = _rest(self.boards, self.pools)
        return _GONE[0] + rest[0], _GONE[1] + rest[1]


def _there(
    parts: tuple[Part, ...], seen: tuple[int, ...]
) -> tuple[tuple[Part, ...], tuple[int, ...], tuple[int, ...]]:
    """The parts that can be named, their indices, and all indices that were ever seen."""
    indices = tuple([part.index for part in parts])
    if indices == seen:
        return parts, indices, seen
    parts = tuple(part for part in parts if 0 <= part.index < INDEX_LIMIT)
    indices = tuple(part.index for part in parts)
    return parts, indices, tuple(sorted({*seen, *indices}))


def _others(seen: tuple[int, ...], indices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index for index in seen if index not in indices)


def _known(names: tuple[str, ...], values: list[float | None]) -> Gauges:
    if None not in values:
        return names, tuple(values)  # type: ignore[arg-type]  # none of them is None
    gaps = bytes([value is None for value in values])
    return _told(names, gaps), tuple([value for value in values if value is not None])


@lru_cache(maxsize=1024)
def _told(names: tuple[str, ...], gaps: bytes) -> tuple[str, ...]:
    return tuple(name for name, gap in zip(names, gaps, strict=True) if not gap)


@lru_cache(maxsize=256)
def _names(boards: tuple[int, ...], pools: tuple[int, ...]) -> tuple[str, ...]:
    return (
        *(row.name for row in METRICS),
        *(f"board.{index}.{row.name}" for index in boards for row in BOARD_METRICS),
        *(f"pool.{index}.{row.name}" for index in pools for row in POOL_METRICS),
    )


@lru_cache(maxsize=256)
def _rest(boards: tuple[int, ...], pools: tuple[int, ...]) -> Gauges:
    rest = [
        *_resting("board", boards, BOARD_METRICS),
        *_resting("pool", pools, POOL_METRICS),
    ]
    return tuple(name for name, _ in rest), tuple(value for _, value in rest)


def _resting(
    kind: str, indices: Iterable[int], rows: Iterable[BoardMetric | PoolMetric]
) -> list[tuple[str, float]]:
    rows = [row for row in rows if row.gone is not None]
    return [(f"{kind}.{index}.{row.name}", row.gone or 0.0) for index in indices for row in rows]


_GONE: Gauges = (
    tuple(row.name for row in METRICS if row.gone is not None),
    tuple(row.gone for row in METRICS if row.gone is not None),
)
