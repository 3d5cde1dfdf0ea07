"""1,000 Antminers: found in a silent /16 and identified, and polls per CPU-second.

`python -m benchmarks.antminers [--write]` prints the table, and puts it into docs/benchmarks.md.
Both is done by pyasic-rs 0.8.6 too, in turns with ours. It takes some 20 minutes, most of them
spent on pyasic-rs's scans.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from benchmarks.apart import apart
from benchmarks.farm import MINERS, Farm, absent, farm
from benchmarks.process import Running, Spent, to_the_end
from benchmarks.programs import RUST_PEER, mother, mother_run, rust_peer
from benchmarks.results import Row, median_of, told

LARGE, BUSY = "127.2.0.0/16", "127.2.0.0/20"
MANY = 4094
"""How many are in BUSY: more than either program can read in a second."""

SCANS = 3
WINDOWS = 5
WINDOW = 8.0
INTERVAL = 1
STATS = ("stats", "newer stats")
PAGE = "/cgi-bin/get_system_info.cgi"
TIMES_FASTER = 5
TIMES_CHEAPER = 2
PATIENCE = 300.0

One = TypeVar("One")


class Scanned(Struct, frozen=True):
    """A scan's cost, and how many miners it names."""

    spent: Spent
    found: int


class Polled(Struct, frozen=True):
    """A while of steady polling."""

    per_cpu_second: float
    lines_a_poll: float
    polls_a_second: float


# The scan


def scan(folder: Path, *options: str) -> Scanned:
    """One scan of ours; a miner counts that is identified by its own MAC."""
    spent = to_the_end(mother("scan", "--json", "--network", LARGE, *options), folder)
    answer = json.loads(spent.output)
    miners = answer if isinstance(answer, list) else answer["miners"]
    return Scanned(spent, len({one["mac_address"] for one in miners}))


def peer_scan(folder: Path) -> Scanned:
    """The peer's."""
    spent = to_the_end(rust_peer("scan", LARGE), folder)
    return Scanned(spent, json.loads(spent.output)["found"])


def scans(folder: Path, rounds: int = SCANS) -> list[Row]:
    alone: list[Scanned] = []
    among: list[Scanned] = []
    peer: list[Scanned] = []
    with farm(folder), absent("silent"):
        for _ in range(rounds):
            alone.append(scan(folder, "--family", "antminer"))
            among.append(scan(folder))
            peer.append(peer_scan(folder))
    return [
        *_scan_rows("a silent /16 with 1,000 Antminers, that family alone", alone, peer),
        *_scan_rows("the same, all families", among, peer),
        *_cost_rows("the same by pyasic-rs", peer),
    ]


def _scan_rows(what: str, ours: list[Scanned], peer: list[Scanned]) -> list[Row]:
    faster = _median(peer, _wall) / _median(ours, _wall)
    cheaper = _median(peer, _cpu) / _median(ours, _cpu)
    least = f"≥ {TIMES_FASTER} times as fast as pyasic-rs"
    return [
        *_cost_rows(what, ours, MINERS),
        Row("— pyasic-rs's time to ours", f"{faster:.1f}", least, faster >= TIMES_FASTER),
        Row("— its CPU time to ours", f"{cheaper:.1f}", "> 1", cheaper > 1),
    ]


def _cost_rows(what: str, scanned: list[Scanned], wanted: int | None = None) -> list[Row]:
    found = min(one.found for one in scanned)
    target = "" if wanted is None else f"{wanted:,}"
    met = None if wanted is None else found == wanted
    sizes = [one.spent.memory for one in scanned]
    return [
        Row(f"scan of {what}: found, in the worst round", f"{found:,}", target, met),
        Row("— time, start of the program included", _middle(scanned, _wall, 1, " s")),
        Row("— CPU time", _middle(scanned, _cpu, 1, " CPU-s")),
        Row("— memory at the most", median_of(sizes, 0, " MB")),
    ]


def _wall(one: Scanned) -> float:
    return one.spent.wall


def _cpu(one: Scanned) -> float:
    return one.spent.cpu


# The polls


def settled(ground: Farm, program: Running) -> None:
    """Wait until all were adopted, by their page, and have been polled a few times since."""
    ground.until(lambda seen: seen[PAGE] >= MANY, PATIENCE, program.check)
    ground.until(lambda seen: _stats(seen) >= 3 * MANY, PATIENCE, program.check)


def windows(ground: Farm, folder: Path, count: int = WINDOWS) -> list[Polled]:
    """What the daemon does in some whiles of steady work."""
    found = []
    with Running(mother_run(BUSY, INTERVAL), folder) as program:
        settled(ground, program)
        for _ in range(count):
            ground.counters()
            cpu, began = program.cpu, time.monotonic()
            time.sleep(WINDOW)
            counted = ground.counters()
            spent, wall = program.cpu - cpu, time.monotonic() - began
            polls = _stats(counted)
            found.append(Polled(polls / spent, counted["lines"] / polls, polls / wall))
    return found


def peer_rounds(folder: Path) -> list[Polled]:
    """The peer's rounds."""
    spent = to_the_end(rust_peer("polls", BUSY), folder)
    rounds = [json.loads(line) for line in spent.output.splitlines()]
    return [
        Polled(
            one["polls"] / one["cpu"], one["lines"] / one["polls"], one["polls"] / one["seconds"]
        )
        for one in rounds
    ]


def polls(folder: Path, rounds: int = SCANS) -> list[Row]:
    ours: list[Polled] = []
    peer: list[Polled] = []
    with farm(folder) as ground:
        for _ in range(rounds):
            peer += peer_rounds(folder)
            ours += windows(ground, folder)
    ratio = _median(ours, _rate) / _median(peer, _rate)
    return [
        Row("polls of Antminers per CPU-second", _middle(ours, _rate, 0, "")),
        Row("— by pyasic-rs, no pages read", _middle(peer, _rate, 0, "")),
        Row("— ratio of the two", f"{ratio:.2f}", f"≥ {TIMES_CHEAPER}", ratio >= TIMES_CHEAPER),
        Row(
            "— statsd lines a poll, ours and the peer's",
            f"{_median(ours, _lines):.1f} and {_median(peer, _lines):.1f}",
        ),
        Row(
            "— polls a second, of either all that it can",
            f"{_median(ours, _pace):,.0f} and {_median(peer, _pace):,.0f}",
        ),
    ]


def _stats(counted: dict[str, int]) -> int:
    return sum(counted[name] for name in STATS)


def _rate(one: Polled) -> float:
    return one.per_cpu_second


def _lines(one: Polled) -> float:
    return one.lines_a_poll


def _pace(one: Polled) -> float:
    return one.polls_a_second


# Both


def _median(values: Iterable[One], of: Callable[[One], float]) -> float:
    return statistics.median(map(of, values))


def _middle(values: Iterable[One], of: Callable[[One], float], digits: int, unit: str) -> str:
    return median_of([of(one) for one in values], digits, unit)


PARTS = {"scans": scans, "polls": polls}


def measure(folder: Path, parts: Iterable[str] = PARTS) -> list[Row]:
    return [row for part in parts for row in PARTS[part](folder)]


if __name__ == "__main__":
    apart("benchmarks.antminers", RUST_PEER)
    wanted = [word for word in sys.argv[1:] if word in PARTS] or list(PARTS)
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(told("antminers", measure(Path(scratch), wanted), RUST_PEER))
