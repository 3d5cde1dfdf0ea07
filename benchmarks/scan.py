"""How long a scan takes: a silent /22 and a silent /16, each with 1,000 miners.

`python -m benchmarks.scan` prints the table. Both programs read what is configured of each
miner (overview, pools, autotune); of the peer only the /22 is tried, the /16 it does not survive.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.apart import apart
from benchmarks.farm import MINERS, Farm, absent, farm
from benchmarks.process import Running, Spent, to_the_end
from benchmarks.programs import PEER, mother, peer_run
from benchmarks.results import Row, median_of, show

ROUNDS = 5
_PEER_SCAN = re.compile(r"Scan complete, took ([0-9.]+)s, found 1000 dragons")
READ = ("/api/auth", "/api/overview", "/api/pools", "/api/getAutoTune")


def once(ground: Farm, folder: Path, network: str) -> tuple[Spent, int, int]:
    """One scan: its cost, how many miners it reports, of how many the settings were read."""
    ground.counters()
    spent = to_the_end(mother("scan", "--json", "--network", network), folder)
    counted = ground.counters()
    found = json.loads(spent.output)
    miners = found if isinstance(found, list) else found["miners"]
    return spent, len(miners), min(counted[path] for path in READ)


def peer_once(ground: Farm, folder: Path) -> tuple[float, float]:
    """Seconds of mother-of-dragons' own scan, and from its start until it has read all 1,000."""
    ground.counters()
    with Running(peer_run(folder, 60), folder) as peer:
        read = ground.until(lambda seen: min(seen[path] for path in READ) >= MINERS, 90, peer.check)
        scans = _PEER_SCAN.findall(peer.log.read_text())
    return float(scans[-1]), read


def measure(folder: Path, rounds: int = ROUNDS) -> list[Row]:
    small: list[tuple[Spent, int, int]] = []
    large: list[tuple[Spent, int, int]] = []
    peer: list[tuple[float, float]] = []
    with farm(folder) as ground, absent("silent"):
        for _ in range(rounds):
            peer.append(peer_once(ground, folder))
            small.append(once(ground, folder, "127.1.0.0/22"))
            large.append(once(ground, folder, "127.1.0.0/16"))
    return [
        *_rows("a silent /22 with 1,000 miners", small, seconds=5),
        Row("— by mother-of-dragons 0.2.8: found", median_of([one[0] for one in peer], 1, " s")),
        Row("— by the same: settings read", median_of([one[1] for one in peer], 1, " s")),
        *_rows("a silent /16 with 1,000 miners", large, seconds=20, memory=200, cpu=8),
    ]


def _rows(
    what: str,
    scans: list[tuple[Spent, int, int]],
    seconds: float,
    memory: float | None = None,
    cpu: float | None = None,
) -> list[Row]:
    found = min(min(reported, read) for _, reported, read in scans)
    walls = [spent.wall for spent, _, _ in scans]
    cpus = [spent.cpu for spent, _, _ in scans]
    sizes = [spent.memory for spent, _, _ in scans]
    return [
        Row(
            f"scan of {what}: found and settings read, in the worst round",
            f"{found:,}",
            f"{MINERS:,}",
            found == MINERS,
        ),
        _row("— time, start of the program included", walls, 1, "s", seconds),
        _row("— CPU time", cpus, 1, "CPU-s", cpu),
        _row("— memory at the most", sizes, 0, "MB", memory),
    ]


def _row(what: str, values: list[float], digits: int, unit: str, limit: float | None) -> Row:
    measured = median_of(values, digits, f" {unit}")
    if limit is None:
        return Row(what, measured)
    return Row(what, measured, f"< {limit:g} {unit}", statistics.median(values) < limit)


if __name__ == "__main__":
    apart("benchmarks.scan", PEER)
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(show(measure(Path(scratch))))
