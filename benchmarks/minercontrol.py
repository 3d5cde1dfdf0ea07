"""1,000 miners behind a gateway change mode and profile: how many calls, and how long?

`python -m benchmarks.minercontrol [--write]` prints the table, and puts it into
docs/benchmarks.md. The gateway is simulated in a process of its own. The daemon has a plan that
wants another profile, and then one that wants all asleep; what the gateway counts is what is told.

For comparison the way of MinerControlApp is walked, in a few lines of our own: log in, set the
mode, set the profile, log out, whatever is so already, by ten threads. Both are asked to keep the
same number of connections.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

from msgspec import Struct

from benchmarks.apart import apart
from benchmarks.process import CLIENT, Answering, Running
from benchmarks.results import Row, told

MINERS = 1000
CONNECTIONS = 10
PORT = 5000
FIRST, LAST = "10.1.0.1", "10.1.3.232"
PATIENCE = 90.0
QUIET = 3.0
"""Seconds without a call after which a cycle is over."""

CALLS = ("login", "curtail", "profileset", "logout")

CONFIG = f"""\
scan_interval = 86400
statsd_interval = 86400
dragon_health_check_interval = 86400

[[minercontrol]]
url = "http://127.0.0.1:{PORT}/api"
miners = "{FIRST}-{LAST}"
connections = {CONNECTIONS}

[schedule]
trust_clock = true
time_zone = "UTC"
resume_percent = 0
starts_a_day = 0
up = {{}}
"""

PLAN = """
[[schedule.plan]]
name = "day"
from = "00:00"
until = "00:00"
"""


class Cycle(Struct, frozen=True):
    """What one change of the whole farm took: seconds until the last call, and calls by name."""

    seconds: float
    calls: Mapping[str, int]
    changed: int

    @property
    def each(self) -> float:
        """Calls for each miner."""
        return sum(self.calls.values()) / MINERS


class Simulated(Answering):
    """The gateway: `facts` tells what it counted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            [sys.executable, "-m", "benchmarks.minercontrol_gateway", str(PORT)],
            folder / "gateway.log",
        )

    def facts(self) -> tuple[dict[str, int], int, float]:
        """Calls by name, orders that changed something, seconds since the last order came."""
        found = self.tell("facts")
        return found["calls"], found["writes"], found["since"]


def cycle(gateway: Simulated, begin: Callable[[], None], changes: int) -> Cycle:
    """Begin, wait until so many orders changed something and all is quiet; what that took."""
    before, written, _ = gateway.facts()
    began = time.monotonic()
    begin()
    while True:
        time.sleep(0.1)
        calls, writes, since = gateway.facts()
        lasted = time.monotonic() - began
        quiet = min(lasted, since) > QUIET and writes - written >= changes
        if quiet or lasted > PATIENCE:
            made = {name: calls.get(name, 0) - before.get(name, 0) for name in CALLS}
            return Cycle(max(0.0, lasted - since), made, writes - written)


def ours(folder: Path) -> list[Cycle]:
    """The daemon: a profile for all, then all asleep, then the file read again with no change."""
    path = folder / "mother.toml"
    path.write_text(CONFIG)
    words = [sys.executable, "-m", "mother", "run", "--config", "mother.toml"]
    with Simulated(folder) as gateway, Running(words, folder, CLIENT) as daemon:

        def plan(text: str) -> None:
            path.write_text(CONFIG + text)
            os.kill(daemon.pid, signal.SIGHUP)

        while not gateway.facts()[0].get("login"):
            daemon.check()
            time.sleep(0.1)
        time.sleep(QUIET)
        return [
            cycle(gateway, lambda: plan(f'{PLAN}profile = "overclock"\n'), MINERS),
            cycle(gateway, lambda: plan(f'{PLAN}mode = "sleep"\n'), MINERS),
            cycle(gateway, lambda: plan(f'{PLAN}mode = "sleep"\npriority = 1\n'), 0),
        ]


def theirs(folder: Path) -> list[Cycle]:
    """The way of MinerControlApp: all four calls for each, ten at a time."""
    with Simulated(folder) as gateway:
        return [
            cycle(gateway, lambda: _walk("active", "overclock"), MINERS),
            cycle(gateway, lambda: _walk("sleep", "normal"), MINERS * 2),
            cycle(gateway, lambda: _walk("sleep", "normal"), 0),
        ]


def _walk(mode: str, profile: str) -> None:
    miners = [f"10.1.{number // 256}.{number % 256}" for number in range(1, MINERS + 1)]
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(lambda miner: _four_calls(miner, mode, profile), miners))


def _four_calls(miner: str, mode: str, profile: str) -> None:
    token = json.loads(_post("login", {"miner_ip": miner}))["token"]
    _post("curtail", {"token": token, "mode": mode})
    _post("profileset", {"token": token, "profile": profile})
    _post("logout", {"miner_ip": miner})


def _post(call: str, form: Mapping[str, str]) -> bytes:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", f"/api/{call}", json.dumps(form), headers)
        return connection.getresponse().read()
    finally:
        connection.close()


WHAT = ("another profile for all", "all asleep", "all as they are already")
MOST = 2.0
"""Calls for a miner that has one thing to change: a login, and what changes."""


def rows(mine: list[Cycle], other: list[Cycle]) -> list[Row]:
    """The table's rows."""
    found = []
    for what, one, peer in zip(WHAT, mine, other, strict=True):
        good = one.each <= MOST and one.changed == (0 if "already" in what else MINERS)
        found += [
            Row(f"{MINERS:,} miners, {what}: calls a miner", _calls(one), f"{MOST:g}", good),
            Row("— until the last call", f"{one.seconds:.1f} s"),
            Row("— calls a miner in the way of MinerControlApp", _calls(peer)),
            Row("— until the last call in that way", f"{peer.seconds:.1f} s"),
        ]
    return found


def _calls(one: Cycle) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in one.calls.items() if count)
    return f"{one.each:.2f}" + (f" ({parts})" if parts else "")


def measure(folder: Path) -> list[Row]:
    mine, other = folder / "ours", folder / "theirs"
    mine.mkdir()
    other.mkdir()
    return rows(ours(mine), theirs(other))


if __name__ == "__main__":
    apart("benchmarks.minercontrol")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(told("minercontrol", measure(Path(scratch))))
