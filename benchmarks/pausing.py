"""1,000 Whatsminers that answer after 50 ms are paused with one command: what does mother add?

`python -m benchmarks.pausing [--write]` prints the table, and puts it into docs/benchmarks.md. The
daemon and `mother pause all` run as processes, the simulated miners in a third, which counts what
it is asked and told. It is done with as many miners at once as is usual, and as may be.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.apart import apart
from benchmarks.process import CLIENT, ENVIRONMENT, Running, pinned
from benchmarks.results import Row, told
from benchmarks.simulated import OFFSET, Simulated
from benchmarks.simulated_farm import PASSWORD
from mother.control.client import Denied, NoDaemon, ask
from mother.terminal.herd import AT_ONCE, MOST_AT_ONCE

NETWORK = "127.77.0.0/22"
MINERS = 1000
LATENCY = 0.05
WIDTHS = (AT_ONCE, MOST_AT_ONCE)
PATIENCE = 180.0
LIMIT = 1800.0

CONFIG = f"""\
network = ["{NETWORK}"]
port_offset = {OFFSET}
scan_rate = 0
scan_interval = 86400
statsd_interval = 86400
dragon_health_check_interval = 86400
credentials = [{{username = "admin", password = "{PASSWORD}"}}]
"""
"""The daemon's own loops ask next to nothing, so that what is asked is asked by the orders."""


class Paused(Struct, frozen=True):
    """What one command did: seconds, CPU seconds of the daemon, and what the miners counted."""

    at_once: int
    wall: float
    cpu: float
    requests: float
    orders: Sequence[int]
    off: int
    code: int
    said: str

    @property
    def each(self) -> float:
        """Seconds that one pause takes: so many are under way all the time."""
        return self.wall * self.at_once / MINERS

    @property
    def waited(self) -> float:
        """Seconds of these that the miner takes for its answers."""
        return self.requests * LATENCY


def known(socket: Path, daemon: Running) -> None:
    """Wait until the daemon knows all miners."""
    ends = time.monotonic() + PATIENCE
    miners = 0
    while miners < MINERS:
        daemon.check()
        if time.monotonic() > ends:
            raise TimeoutError(f"only {miners} miners are known: {daemon.tail()}")
        time.sleep(0.5)
        try:
            miners = ask(socket, "status")["totals"]["miners"]
        except (NoDaemon, Denied):
            continue


def calm(farm: Simulated) -> dict[str, int]:
    """Wait until the miners are asked nothing any more; how often each was asked."""
    before: dict[str, int] = {}
    while before != (asked := farm.tell("facts")["requests"]):
        before = asked
        time.sleep(3)
    return before


def pause(folder: Path, at_once: int) -> Paused:
    """A fresh farm, a fresh daemon, one command."""
    folder.mkdir()
    (folder / "mother.toml").write_text(CONFIG)
    words = [sys.executable, "-m", "mother"]
    order = [*words, "pause", "all", "--yes", "--at-once", str(at_once)]
    with (
        Simulated(folder, NETWORK, f"whatsminer={MINERS}", str(LATENCY * 1000)) as farm,
        Running([*words, "run", "--config", "mother.toml"], folder) as daemon,
    ):
        known(folder / "mother.sock", daemon)
        before, cpu, began = calm(farm), daemon.cpu, time.monotonic()
        done = subprocess.run(
            pinned([*order, "--config", "mother.toml"], CLIENT),
            cwd=folder,
            env={**ENVIRONMENT, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        wall, spent = time.monotonic() - began, daemon.cpu - cpu
        after = farm.tell("facts")
    return Paused(
        at_once,
        wall,
        spent,
        _mean(before, after["requests"]),
        list(after["stops"].values()),
        after["off"],
        done.returncode,
        (done.stdout + done.stderr)[-1000:],
    )


def _mean(before: dict[str, int], after: dict[str, int]) -> float:
    return (sum(after.values()) - sum(before.values())) / len(after)


def rows(one: Paused) -> list[Row]:
    """The table's rows for one command."""
    once = sum(count == 1 for count in one.orders)
    if one.code:
        sys.stderr.write(one.said)
    return [
        Row(
            f"`mother pause all`, {one.at_once} at once: paused",
            f"{one.off:,}",
            f"{MINERS:,}",
            one.off == MINERS and one.code == 0,
        ),
        Row("— told to stop exactly once", f"{once:,}", f"{MINERS:,}", once == MINERS),
        Row("— time of the whole command", f"{one.wall:.1f} s"),
        Row("— time of one pause", f"{one.each:.2f} s"),
        Row(
            f"— of these the miner's own, {one.requests:.1f} answers of 50 ms",
            f"{one.waited:.2f} s",
        ),
        Row("— what mother adds to one pause", f"{one.each - one.waited:.2f} s"),
        Row("— CPU time of the daemon for one pause", f"{one.cpu / MINERS * 1000:.1f} ms"),
    ]


def measure(folder: Path, widths: Sequence[int] = WIDTHS) -> list[Row]:
    found: list[Row] = []
    for width in widths:
        found += rows(pause(folder / f"{width}", width))
    return found


if __name__ == "__main__":
    apart("benchmarks.pausing")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(told("pausing", measure(Path(scratch))))
