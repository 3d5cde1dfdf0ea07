"""Polls per CPU-second, with all 114 gauges of a DragonMint sent to statsd.

`python -m benchmarks.polls` prints the table. The daemon runs as a process over 1,000 miners; so
does mother-of-dragons 0.2.8, in turns with it; a C program that decodes nothing is the floor. Both
are asked for a sweep a second, which keeps the one busy and is more than the other can do.
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
from benchmarks.programs import mother_run, peer_run
from benchmarks.results import Row, median_of, show

ROUNDS = 5
INTERVAL = 1
WINDOW = 8.0
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
    ours: list[Window] = []
    peer: list[Window] = []
    floor: list[float] = []
    with farm(folder) as ground, absent("silent"):
        for _ in range(rounds):
            peer.append(window(ground, peer_run(folder, INTERVAL), folder))
            ours.append(window(ground, mother_run("127.1.0.0/22", INTERVAL), folder))
            floor.append(least_cost(folder))
    ratio = _median(ours, _rate) / _median(peer, _rate)
    return [
        Row(
            "polls per CPU-second, 114 gauges and 12 uniform ones each",
            median_of([_rate(one) for one in ours], 0, ""),
        ),
        Row(
            "— by mother-of-dragons 0.2.8, 114 gauges",
            median_of([_rate(one) for one in peer], 0, ""),
        ),
        Row(
            "— ratio of the two",
            f"{ratio:.1f}",
            f"≥ {TIMES_THE_PEER}",
            ratio >= TIMES_THE_PEER,
        ),
        Row("— by a C program that decodes and sends nothing", median_of(floor, 0, "")),
        Row(
            "statsd lines a poll, ours and the peer's",
            f"{_median(ours, _lines):.1f} and {_median(peer, _lines):.1f}",
        ),
    ]


def _rate(one: Window) -> float:
    return one.per_cpu_second


def _lines(one: Window) -> float:
    return one.lines_a_poll


def _median(windows: list[Window], of: Callable[[Window], float]) -> float:
    return statistics.median(of(one) for one in windows)


if __name__ == "__main__":
    apart("benchmarks.polls")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(show(measure(Path(scratch))))
