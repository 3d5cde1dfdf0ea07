"""The uniform metrics: the same names for every family, one row each."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from mother.core.bus import Sample
from mother.core.model import State, Totals
from mother.core.reading import Board, Pool, Reading


class Metric(Struct, frozen=True):
    """One gauge per miner: its name below `miner.{worker}.`, its unit, and how to get it.

    `value` gives None where there is nothing to say; nothing is sent then. `gone` is what is
    sent for a miner that is gone, None for nothing.
    """

    name: str
    unit: str
    value: Callable[[Sample, Reading], float | None]
    gone: float | None = None


class BoardMetric(Struct, frozen=True):
    """One gauge per hashboard, below `miner.{worker}.board.{index}.`; `gone` as for a miner."""

    name: str
    unit: str
    value: Callable[[Board], float | None]
    gone: float | None = None


class PoolMetric(Struct, frozen=True):
    """One gauge per pool of a miner, below `miner.{worker}.pool.{index}.`; `gone` likewise."""

    name: str
    unit: str
    value: Callable[[Pool], float | None]
    gone: float | None = None


class FarmMetric(Struct, frozen=True):
    """One gauge of the whole farm, below `fleet.`."""

    name: str
    unit: str
    value: Callable[[Totals], float | None]


def _hashrate(sample: Sample, reading: Reading) -> float | None:
    return 0.0 if sample.state is State.ASLEEP else reading.hashrate


def _power(sample: Sample, reading: Reading) -> float | None:
    return 0.0 if sample.state is State.ASLEEP and reading.power is None else reading.power


def _efficiency(sample: Sample, reading: Reading) -> float | None:
    return None if sample.state is State.ASLEEP else reading.efficiency


def at_rest(board: Board) -> Board:
    """The board of a miner that sleeps: it hashes nothing, whatever it last said."""
    return replace(board, hashrate=0.0)


def _number(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _slowest_fan(sample: Sample, reading: Reading) -> float | None:
    told = [fan.rpm for fan in reading.fans if fan.rpm is not None]
    return min(told) if told else None


METRICS: tuple[Metric, ...] = (
    Metric("hashrate", "H/s", _hashrate, gone=0.0),
    Metric("expected_hashrate", "H/s", lambda s, r: r.expected_hashrate),
    Metric("boards_alive", "boards", lambda s, r: r.boards_alive, gone=0.0),
    Metric("boards_expected", "boards", lambda s, r: r.expected_boards),
    Metric("temperature_max", "C", lambda s, r: r.temperature_max),
    Metric("temperature_chip_max", "C", lambda s, r: r.temperature_chip_max),
    Metric("coolant", "C", lambda s, r: r.coolant),
    Metric("fan_percent", "%", lambda s, r: r.fan_percent),
    Metric("fan_rpm_min", "rpm", _slowest_fan),
    Metric("power", "W", _power, gone=0.0),
    Metric("power_target", "W", lambda s, r: r.power_target),
    Metric("efficiency", "J/TH", _efficiency),
    Metric("pool_alive", "0 or 1", lambda s, r: _number(r.pool_alive), gone=0.0),
    Metric("accepted", "shares", lambda s, r: r.shares[0]),
    Metric("rejected", "shares", lambda s, r: r.shares[1]),
    Metric("uptime", "s", lambda s, r: r.uptime),
    Metric("last_seen", "Unix s", lambda s, r: s.last_seen),
    Metric("reachable", "0 or 1", lambda s, r: float(s.reachable), gone=0.0),
)

BOARD_METRICS: tuple[BoardMetric, ...] = (
    BoardMetric("alive", "0 or 1", lambda board: _number(board.alive), gone=0.0),
    BoardMetric("hashrate", "H/s", attrgetter("hashrate"), gone=0.0),
    BoardMetric("temperature", "C", attrgetter("temperature")),
    BoardMetric("temperature_chip", "C", attrgetter("temperature_chip")),
    BoardMetric("chips", "chips", attrgetter("chips")),
    BoardMetric("chips_expected", "chips", attrgetter("chips_expected")),
    BoardMetric("frequency", "MHz", attrgetter("frequency")),
    BoardMetric("accepted", "shares", attrgetter("accepted")),
    BoardMetric("rejected", "shares", attrgetter("rejected")),
    BoardMetric("hardware_errors", "errors", attrgetter("hardware_errors")),
)

POOL_METRICS: tuple[PoolMetric, ...] = (
    PoolMetric("alive", "0 or 1", lambda pool: _number(pool.alive), gone=0.0),
    PoolMetric("active", "0 or 1", lambda pool: _number(pool.active), gone=0.0),
    PoolMetric("accepted", "shares", attrgetter("accepted")),
    PoolMetric("rejected", "shares", attrgetter("rejected")),
)


def _in_state(state: State) -> Callable[[Totals], float]:
    return lambda totals: float(totals.states.get(state.value, 0))


FARM_METRICS: tuple[FarmMetric, ...] = (
    FarmMetric("miners", "miners", lambda t: t.miners),
    *(FarmMetric(f"state.{state.value}", "miners", _in_state(state)) for state in State),
    FarmMetric("given_up", "miners", lambda t: t.given_up),
    FarmMetric("hashrate", "H/s", lambda t: t.hashrate),
    FarmMetric("expected_hashrate", "H/s", lambda t: t.expected_hashrate),
    FarmMetric("boards_alive", "boards", lambda t: t.boards_alive),
    FarmMetric("boards_expected", "boards", lambda t: t.boards_expected),
    FarmMetric("temperature_max", "C", lambda t: t.temperature_max),
    FarmMetric("power", "W", lambda t: t.power),
    FarmMetric("efficiency", "J/TH", lambda t: t.efficiency),
    FarmMetric("accepted", "shares", lambda t: t.accepted),
    FarmMetric("rejected", "shares", lambda t: t.rejected),
)
