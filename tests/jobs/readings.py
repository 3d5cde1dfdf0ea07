"""Readings of a T1, well and ill, and what comes of judging many of them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.reading import Board, Pool, Reading
from mother.fleet.remembered import Ailment, Watch
from mother.jobs.rules import Verdict, judge

GH = 1e9
CHECK = 300.0
HOUR = 3600.0
START = 1_700_000_000.0

SETTINGS = DeviceSettings(
    health_reboot=True,
    health_check_interval=CHECK,
    health_hashrate_duration=HOUR,
    health_hashrate_minimum=1000.0,
    auto_upgrade=False,
    autotune_mode=None,
    autotune_level=None,
    pools=(),
)

GOOD = Board(
    index=0,
    alive=True,
    status="Alive",
    temperature=70.0,
    hashrate_15m=5400 * GH,
    elapsed=86400.0,
)


def reading(at: float = START, *boards: Board, **changes: Any) -> Reading:
    """A T1 that hashes well, but for what is said."""
    shown = boards or tuple(replace(GOOD, index=i) for i in range(3))
    values: dict[str, Any] = {
        "algorithm": "SHA-256",
        "expected_boards": 3,
        "uptime": 86400.0,
        "pools": (Pool(index=0, alive=True),),
    }
    return Reading(at=at, model="T1", boards=shown, **{**values, **changes})


def with_board(at: float = START, **changes: Any) -> Reading:
    """The same with board 1 changed."""
    return reading(at, GOOD, replace(GOOD, index=1, **changes), replace(GOOD, index=2))


def after(
    seconds: float,
    make: Any,
    watch: Watch | None = None,
    step: float = CHECK,
    settings: DeviceSettings = SETTINGS,
    begin: float = START,
) -> Verdict:
    """The verdict once readings made by `make(at)` were judged every `step` over `seconds`."""
    verdict = judge(watch or Watch(), make(begin), settings, begin)
    at = begin
    while at < begin + seconds:
        at = min(at + step, begin + seconds)
        verdict = judge(verdict.watch, make(at), settings, at)
    return verdict


def ailments(verdict: Verdict) -> list[Ailment]:
    return [one.ailment for one in verdict.findings]


def ripe(verdict: Verdict) -> list[Ailment]:
    return [one.ailment for one in verdict.watch.conditions if one.ripe]


def dead(at: float) -> Reading:
    return with_board(at, alive=False, status="Dead", hashrate_15m=0.0, temperature=0.0)


def slow(at: float) -> Reading:
    return with_board(at, hashrate_15m=999.0 * GH)


def short(at: float) -> Reading:
    return reading(at, GOOD, replace(GOOD, index=1))


def absurd(at: float) -> Reading:
    return with_board(at, temperature=255.0)


def fine(at: float) -> Reading:
    return reading(at)
