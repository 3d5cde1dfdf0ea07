"""Samples to feed a sink with; the names are those that mother-of-dragons 0.2.8 sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mother.core.bus import Sample
from mother.core.model import Event, EventKind, Severity, State, Totals
from mother.core.reading import Board, Fan, Pool, Reading

BOARD_NAMES = [
    "Alive",
    "Temperature",
    "MHS-av",
    "MHS-5s",
    "MHS-1m",
    "MHS-5m",
    "MHS-15m",
    "Accepted",
    "Rejected",
    "Hardware-Errors",
    "Utility",
    "Last-Share-Pool",
    "Last-Share-Time",
    "Total-MH",
    "Diff1-Work",
    "Difficulty-Accepted",
    "Difficulty-Rejected",
    "Last-Share-Difficulty",
    "Last-Valid-Work",
    "Device-Hardware",
    "Device-Rejected",
    "Device-Elapsed",
    "Hash-Rate",
]
POOL_NAMES = [
    "Getworks",
    "Accepted",
    "Rejected",
    "Works",
    "Discarded",
    "Stale",
    "Get-Failures",
    "Remote-Failures",
    "Last-Share-Time",
    "Diff1-Shares",
    "Difficulty-Accepted",
    "Difficulty-Rejected",
    "Difficulty-Stale",
    "Last-Share-Difficulty",
    "Work-Difficulty",
    "Stratum-Difficulty",
    "Best-Share",
    "Pool-Rejected",
    "Pool-Stale",
    "Bad-Work",
    "Current-Block-Height",
    "Current-Block-Version",
]

NATIVE: dict[str, float] = {
    "hardware.fan_duty": 72.0,
    **{f"dev.{i}.{n}": 1000.0 * i + k for i in range(3) for k, n in enumerate(BOARD_NAMES)},
    **{f"pool.{i}.{n}": 9000.5 * i + k for i in range(2) for k, n in enumerate(POOL_NAMES)},
}

WORKER = "dragon-4500e3ab"

UNTOLD = frozenset({"temperature_chip_max", "coolant", "fan_rpm_min", "power_target"})
UNTOLD_OF_BOARDS = frozenset({"temperature_chip", "chips", "chips_expected", "frequency"})
"""The uniform metrics that no DragonMint tells."""


def reading(native: Mapping[str, float] = NATIVE) -> Reading:
    return Reading(
        at=1_700_000_000.0,
        model="T1",
        algorithm="sha256",
        boards=tuple(
            Board(i, alive=True, temperature=70.0 + i, accepted=100, rejected=1) for i in range(3)
        ),
        pools=(Pool(0, alive=True, active=True),),
        fan_percent=72.0,
        hashrate=16.2e12,
        expected_hashrate=16.0e12,
        expected_boards=3,
        uptime=4000.0,
        power=1480.0,
        native=native,
    )


def sample(
    native: Mapping[str, float] = NATIVE,
    state: State = State.HASHING,
    worker: str = WORKER,
    model: str = "T1",
    at_rest: Mapping[str, float] | None = None,
) -> Sample:
    """A miner at one moment; gone means without a reading, as the poller says it."""
    gone = state is State.GONE
    return Sample(
        device="mac:a0:b0:45:00:e3:ab",
        worker=worker,
        model=model,
        state=state,
        reachable=not gone,
        last_seen=1_700_000_000.0,
        at=1_700_000_060.0,
        reading=None if gone else reading(native),
        at_rest=at_rest or {},
    )


def talkative() -> Sample:
    """A miner that tells everything that any miner of any family tells."""
    told = replace(
        reading(),
        boards=tuple(
            replace(
                board,
                hashrate=5.4e12,
                hardware_errors=7,
                temperature_chip=80.0 + board.index,
                chips=112,
                chips_expected=114,
                frequency=545.0,
            )
            for board in reading().boards
        ),
        pools=(Pool(0, alive=True, active=True, accepted=300, rejected=3),),
        fans=(Fan(0, 6000.0), Fan(1, 0.0), Fan(2)),
        coolant=41.5,
        power_target=1500.0,
        accepted=1234.0,
        rejected=5.0,
    )
    return replace(sample(), reading=told)


def event(kind: EventKind, worker: str = WORKER, **content: Any) -> Event:
    return Event(
        id="1",
        at=1_700_000_000.0,
        site="home",
        kind=kind,
        severity=Severity.INFO,
        text="it happened",
        worker=worker,
        content=content,
    )


def totals() -> Totals:
    return Totals(
        at=1_700_000_000.0,
        miners=5,
        states={"hashing": 4, "gone": 1},
        hashrate=64.8e12,
        expected_hashrate=80e12,
        boards_alive=12,
        boards_expected=15,
        temperature_max=None,
        accepted=1200,
        rejected=12,
    )
