"""A farm of 5,000 devices of five families, minded by one process as it is by default.

`python -m benchmarks.mixed [--write]` prints the table, and puts it into docs/benchmarks.md. Scan,
health, metrics and statsd are on, each device is read once a minute. First all are well; then a
tenth hangs, drips, resets, talks garbage or floods. It takes a quarter of an hour.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.apart import apart
from benchmarks.process import Running
from benchmarks.results import Row, told
from benchmarks.simulated import OFFSET, Share, Simulated
from benchmarks.sweep import Gauges

NETWORK = "127.77.0.0/19"
MIX = "antminer=2500,whatsminer=1200,avalon=600,axeos=200,dragonmint=500"
DEVICES = 5000
BAD = "hang=100,drip=100,reset=100,garbage=100,flood=100"
WELL_STILL = 4500
INTERVAL = 60
MINUTES = 5
"""A whole scan interval, with a scan in it."""

BUSY = 15.0
MEMORY = 400
PATIENCE = 600.0

COUNTED = (
    "polls.made",
    "polls.failed",
    "loop.metrics.overruns",
    "loop.metrics.runs",
    "loop.scan.runs",
    "loop.health.runs",
)
"""The daemon's own counters that are read."""


def daemon_words(port: int) -> list[str]:
    """The daemon as a farm of that size would run it: defaults, and a statsd."""
    words = [sys.executable, "-m", "mother", "run", "--network", NETWORK]
    words += ["--port-offset", str(OFFSET), "--statsd-host", "127.0.0.1"]
    return [*words, "--statsd-port", str(port), "--statsd-interval", str(INTERVAL)]


def until(gauges: Gauges, daemon: Running, enough: Callable[[], bool], what: str) -> None:
    """Listen until it is so; raises after ten minutes, and when the daemon ends."""
    ends = time.monotonic() + PATIENCE
    while not enough():
        gauges.listen(2)
        daemon.check()
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}: {daemon.tail()}")


def steady(gauges: Gauges, daemon: Running) -> None:
    """Wait until all devices are known and a whole sweep has gone over them."""
    until(gauges, daemon, lambda: gauges.of("fleet.miners") >= DEVICES, "all devices are known")
    runs = gauges.of("loop.metrics.runs")
    until(gauges, daemon, lambda: gauges.of("loop.metrics.runs") > runs + 1, "a whole sweep")


def watched(gauges: Gauges, daemon: Running, farm: Simulated, minutes: float) -> dict[str, float]:
    """Look on for some minutes: what of it was used, and what the daemon counted."""
    runs = gauges.of("loop.metrics.runs")
    until(gauges, daemon, lambda: gauges.of("loop.metrics.runs") > runs, "a sweep ends")
    before = {name: gauges.of(name) for name in COUNTED}
    ours, theirs = Share(daemon), Share(farm)
    ends, longest, late = time.monotonic() + minutes * 60, 0.0, 0.0
    while time.monotonic() < ends:
        gauges.listen(1)
        daemon.check()
        longest = max(longest, gauges.of("loop.metrics.seconds"))
        late = max(late, gauges.of("loop.metrics.late"))
    busy, farm_busy = ours.percent(), theirs.percent()
    runs = before["loop.metrics.runs"]
    ends = gauges.of("loop.metrics.runs") + 1
    until(gauges, daemon, lambda: gauges.of("loop.metrics.runs") >= ends, "a sweep ends")
    grown = {name: gauges.of(name) - before[name] for name in COUNTED}
    return {**grown, "busy": busy, "farm": farm_busy, "longest": longest, "late": late}


def rows(what: str, seen: dict[str, float], memory: float, readable: int) -> list[Row]:
    """The table's rows for one such while."""
    answered = (seen["polls.made"] - seen["polls.failed"]) / seen["loop.metrics.runs"]
    kept = seen["loop.metrics.overruns"] == 0 and seen["longest"] <= INTERVAL
    return [
        Row(
            f"{what}: CPU", f"{seen['busy']:.1f} % of a core", f"< {BUSY:g} %", seen["busy"] < BUSY
        ),
        Row("— memory at the most", f"{memory:.0f} MB", f"< {MEMORY} MB", memory < MEMORY),
        Row(
            "— sweeps, overruns and the longest sweep",
            f"{seen['loop.metrics.runs']:.0f}, {seen['loop.metrics.overruns']:.0f}, "
            f"{seen['longest']:.1f} s",
            f"0 overruns, ≤ {INTERVAL} s",
            kept,
        ),
        Row(
            "— polls answered a sweep",
            f"{answered:,.0f}",
            f"{readable:,}",
            answered >= 0.99 * readable,
        ),
        Row("— polls failed a sweep", f"{seen['polls.failed'] / seen['loop.metrics.runs']:,.0f}"),
        Row("— latest start of a sweep", f"{seen['late']:.2f} s"),
        Row(
            "— scans and health checks meanwhile",
            f"{seen['loop.scan.runs']:.0f} and {seen['loop.health.runs']:.0f}",
        ),
        Row("— CPU of the simulator, on the other core", f"{seen['farm']:.0f} %"),
    ]


def measure(folder: Path, minutes: float = MINUTES) -> list[Row]:
    gauges = Gauges()
    with (
        Simulated(folder, NETWORK, MIX) as farm,
        Running(daemon_words(gauges.port), folder) as ours,
    ):
        steady(gauges, ours)
        well = watched(gauges, ours, farm, minutes)
        found = rows("5,000 devices, once a minute", well, ours.memory, DEVICES)
        sys.stderr.write("\n".join(map(str, found)) + "\n")
        farm.tell(f"spoil {BAD}")
        until_so = gauges.of("loop.metrics.runs") + 2
        until(gauges, ours, lambda: gauges.of("loop.metrics.runs") >= until_so, "two sweeps")
        bad = watched(gauges, ours, farm, minutes)
        found += rows("the same, a tenth of them bad", bad, ours.memory, WELL_STILL)
    return found


if __name__ == "__main__":
    apart("benchmarks.mixed")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(told("mixed", measure(Path(scratch))))
