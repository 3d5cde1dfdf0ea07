"""What both shapes of an Antminer's `stats` have in common."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mother.core.reading import Board, DeviceFault, Pool, Reading
from mother.core.units import finite
from mother.drivers.antminer.fields import SLEEP, number, profile_of, times
from mother.drivers.antminer.models import Model, model_of

STARTS = 900.0
"""So many seconds after the mining program's start its boards may not hash yet."""


class Beside(Struct, frozen=True):
    """What a reading holds beside `stats`, as it was last asked. `mode` is the configured one."""

    model: str = ""
    pools: tuple[Pool, ...] = ()
    accepted: float | None = None
    rejected: float | None = None
    mode: int | None = None
    faults: tuple[DeviceFault, ...] = ()


class Stats(Struct, frozen=True):
    """One answer. `mode` is the work mode where it tells one, `unit` the controller's own mark.

    `newer`: it has the newer shape.
    """

    reading: Reading
    mode: int | None = None
    unit: str = ""
    newer: bool = False


def starting(beside: Beside, model: str, now: float) -> Reading:
    """It answers, but its mining program is not ready; or it was told to sleep."""
    if beside.mode == SLEEP:
        return _still(beside, model, now, asleep=True)
    return _still(beside, model, now, restarting=True)


def _still(beside: Beside, model: str, now: float, **what: bool) -> Reading:
    known = model_of(model)
    return Reading(
        at=now,
        model=model,
        algorithm=known.algorithm,
        pools=beside.pools,
        hashrate=0.0,
        expected_boards=known.boards,
        accepted=beside.accepted,
        rejected=beside.rejected,
        faults=beside.faults,
        profile=profile_of(beside.mode),
        **what,  # type: ignore[arg-type]  # restarting or asleep
    )


def reading(
    beside: Beside,
    model: str,
    known: Model,
    now: float,
    *,
    boards: tuple[Board, ...],
    windows: dict[str, float],
    expected: float | None,
    power: float | None,
    profile: str | None = None,
    **more: Any,
) -> Reading:
    """A reading of these parts and of what is beside."""
    return Reading(
        at=now,
        model=model,
        algorithm=known.algorithm,
        boards=boards,
        pools=beside.pools,
        hashrate=_shortest(windows, boards),
        windows=windows,
        expected_hashrate=expected or None,
        expected_source="device" if expected else "",
        expected_boards=known.boards,
        power=power,
        power_source="" if power is None else "reported",
        accepted=beside.accepted,
        rejected=beside.rejected,
        faults=beside.faults,
        profile=profile_of(beside.mode) if profile is None else profile,
        **more,
    )


def _shortest(windows: dict[str, float], boards: tuple[Board, ...]) -> float | None:
    for rate in windows.values():
        return rate
    known = [board.hashrate for board in boards if board.hashrate is not None]
    return finite(sum(known)) if known else None


def windows_of(factor: float | None, *told: object) -> dict[str, float]:
    """Those of 5 s, 30 min and the average that are told, in H/s, in this order."""
    windows = {}
    for name, value in zip(("5s", "30m", "av"), told, strict=True):
        rate = times(number(value), factor)
        if rate is not None:
            windows[name] = rate
    return windows


def hashes(windows: dict[str, float]) -> bool:
    """By the shortest window: the average stays long after it fell asleep."""
    return next(iter(windows.values()), 0.0) > 0.0


def idle(beside: Beside, uptime: float | None, windows: dict[str, float]) -> bool:
    """Whether boards may hash nothing and be well: it starts, or no pool gives it work."""
    if uptime is not None and uptime < STARTS:
        return True
    told = [pool.alive for pool in beside.pools if pool.alive is not None]
    return bool(told) and not any(told) and not hashes(windows)


def alive(chips: int, hashrate: float | None, idle: bool) -> bool:
    """A board is that has chips that work, and hashes unless the miner is idle."""
    return chips > 0 and (idle or hashrate is None or hashrate > 0.0)


def working(chips: int, marks: str) -> int:
    """How many chips answer: `o` is one that does, `x` one that does not."""
    return marks.count("o") if "o" in marks or "x" in marks else chips
