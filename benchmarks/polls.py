"""Polls per CPU-second, with all 114 gauges of a DragonMint sent to statsd.

`python -m benchmarks.polls` prints the table. The daemon runs as a process over 1,000 miners; so
does mother-of-dragons 0.2.8, in turns with it; a C program that decodes nothing is the floor. Both
are asked for a sweep a second, which keeps the one busy and is more than the other can do, and for
one every five seconds, which leaves both much time to be idle.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from benchmarks.apart import apart
from benchmarks.farm import SUMMARY, Farm, absent, farm, least_cost
from benchmarks.process import Running
from benchmarks.programs import PEER, mother_run, peer_run
from benchmarks.results import Row, median_of, show

ROUNDS = 5
BUSY = 1
IDLE = 5
WINDOW = 10.0
TIMES_THE_PEER = 5


class Window(Struct, frozen=True):
    """What a program did in a while of steady work."""

    per_cpu_second: float
    lines_a_poll: float
    polls_a_second: float


def window(ground: Farm, words: list[str], folder: Path) -> Window:
    """Start a program, wait until it polls all miners, and look on for some seconds."""
    with Running(words, folder) as program:
        ground.counters()
        ground.settled(120, program.check)
        ground.counters()
        cpu, began = program.cpu, time.monotonic()
        time.sleep(WINDOW)
        counted = ground.counters()
        spent, wall = program.cpu - cpu, time.monotonic() - began
        program.check()
    polls = counted[SUMMARY]
    return Window(polls / spent, counted["lines"] / polls, polls / wall)


def measure(folder: Path, rounds: int = ROUNDS) -> list[Row]:
    ours: dict[int, list[Window]] = {BUSY: [], IDLE: []}
    peer: dict[int, list[Window]] = {BUSY: [], IDLE: []}
    floor: list[float] = []
    with farm(folder) as ground, absent("silent"):
        for _ in range(rounds):
            for interval in (BUSY, IDLE):
                peer[interval].append(window(ground, peer_run(folder, interval), folder))
                words = mother_run("127.1.0.0/22", interval)
                ours[interval].append(window(ground, words, folder))
            floor.append(least_cost(folder))
    busy = _median(ours[BUSY], _rate) / _median(peer[BUSY], _rate)
    return [
        _row("polls per CPU-second, 114 gauges and 12 uniform ones each", ours[BUSY]),
        _row("— by mother-of-dragons 0.2.8, 114 gauges", peer[BUSY]),
        Row("— ratio of the two", f"{busy:.1f}", f"≥ {TIMES_THE_PEER}", busy >= TIMES_THE_PEER),
        Row("— by a C program that decodes and sends nothing", median_of(floor, 0, "")),
        Row(
            "— statsd lines a poll, ours and the peer's",
            f"{_median(ours[BUSY], _lines):.1f} and {_median(peer[BUSY], _lines):.1f}",
        ),
        _row("the same, mostly idle (200 polls a second)", ours[IDLE]),
        _row("— by mother-of-dragons 0.2.8", peer[IDLE]),
        Row(
            "— ratio of the two",
            f"{_median(ours[IDLE], _rate) / _median(peer[IDLE], _rate):.1f}",
        ),
    ]


def _row(what: str, windows: list[Window]) -> Row:
    return Row(what, median_of([_rate(one) for one in windows], 0, ""))


def _rate(one: Window) -> float:
    return one.per_cpu_second


def _lines(one: Window) -> float:
    return one.lines_a_poll


def _median(windows: list[Window], of: Callable[[Window], float]) -> float:
    return statistics.median(of(one) for one in windows)


if __name__ == "__main__":
    apart("benchmarks.polls", PEER)
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(show(measure(Path(scratch))))
