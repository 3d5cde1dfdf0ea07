"""5,000 devices of five families are put to sleep by one order: what does mother add to their own?

`python -m benchmarks.curtailing [--miners 500] [--write]` prints the table, and puts it into
docs/benchmarks.md. Devices take as long as real ones; one in a hundred has begun to hang, to reset
connections, to talk garbage, to cut off or to drip just before. The daemon is told by its control
socket. Then all are woken, put to sleep again with the daemon killed in the middle, and woken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct, json

from benchmarks.apart import apart
from benchmarks.process import Running
from benchmarks.results import Row, told
from benchmarks.simulated import OFFSET, Simulated
from benchmarks.simulated_farm import PASSWORD
from mother.control.client import Denied, NoDaemon, ask

NETWORK = "127.77.0.0/19"
SHARES = {"antminer": 0.5, "whatsminer": 0.24, "avalon": 0.12, "axeos": 0.04, "dragonmint": 0.1}
MINERS = 5000
FAULTS = ("hang", "reset", "garbage", "truncated", "drip")
FAULTY = 0.01
ENOUGH = 0.95
ADDED = 15.0
"""Seconds that mother may add to the slowest device's own."""

LOOK = 0.5
"""Seconds between two looks at how far it is."""

PATIENCE = 900.0
SETTLED = 60.0
"""So long is looked on after all have slept, whether anybody is told again."""

CONFIG = f"""\
network = ["{NETWORK}"]
port_offset = {OFFSET}
scan_rate = 0
statsd_interval = 60
state_file = "mother-state.json"
control_socket = "mother.sock"
credentials = [{{username = "admin", password = "{PASSWORD}"}}]

[schedule]
resume_percent = 0
"""


class Slept(Struct, frozen=True):
    """What one order came to. Seconds since it was given, of `able` devices that can sleep.

    `told` and `slept`: when 95 % of them were told, and slept; `own` of the slowest device.
    `confirmed`: when mother had seen it of 95 %. `again` were told more than once, `needless` when
    they slept already; `lost` never slept, or are missing in the journal.
    """

    able: int
    told: float
    slept: float
    own: float
    usual: float
    confirmed: float
    again: int
    needless: int
    lost: int
    cpu: float
    families: str = ""

    @property
    def added(self) -> float:
        """What is not the slowest device's own."""
        return self.confirmed - self.own


class Scene:
    """The folder with the state, the farm, and the daemon that minds it now."""

    def __init__(self, folder: Path, farm: Simulated, daemon: Running) -> None:
        self.folder = folder
        self.farm = farm
        self.daemon = daemon

    def ask(self, call: str, **body: Any) -> dict[str, Any]:
        """By the control socket; the daemon may be long about it."""
        return ask(self.folder / "mother.sock", call, body or None, 60.0)

    def seen(self) -> dict[str, Any]:
        return self.farm.tell("seen")

    def until(self, true: Callable[[], bool], what: str, every: float = LOOK) -> None:
        """Wait until it is so; raises when that takes too long, or the daemon ends."""
        ends = time.monotonic() + PATIENCE
        while not self._holds(true):
            self.daemon.check()
            if time.monotonic() > ends:
                raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}: {self.daemon.tail()}")
            time.sleep(every)

    def _holds(self, true: Callable[[], bool]) -> bool:
        try:
            return true()
        except (NoDaemon, Denied):
            return False

    def sleepers(self) -> set[str]:
        """The MAC addresses that the journal has as asleep by our order."""
        found: dict[str, bool] = {}
        for line in (self.folder / "sleepers.jsonl").read_bytes().splitlines():
            row = json.decode(line)
            for kind in ("asleep", "woken"):
                if kind in row:
                    found[row[kind]["device"].partition("/mac:")[2]] = kind == "asleep"
        return {mac for mac, asleep in found.items() if asleep}


def main(miners: int) -> list[Row]:
    """Both scenes on one farm, and the rows of the table."""
    mix = ",".join(f"{name}={round(miners * share)}" for name, share in SHARES.items())
    each = max(1, round(miners * FAULTY / len(FAULTS)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "mother.toml").write_text(CONFIG)
        with Simulated(folder, NETWORK, mix, "own") as farm:
            with start(folder) as daemon:
                scene = Scene(folder, farm, daemon)
                met(scene, miners)
                able = len(scene.seen()["able"])
                farm.tell("spoil " + ",".join(f"{fault}={each}" for fault in FAULTS))
                note(f"{miners} are known, {able} can sleep")
                plain = curtail(scene, kill=False)
                woken = wake(scene)
                killed, begun = curtail(scene, kill=True), time.monotonic()
                del begun
                again = wake(scene)
    return rows(miners, plain, woken, killed, again)


def start(folder: Path) -> Running:
    return Running([sys.executable, "-m", "mother", "run", "--config", "mother.toml"], folder)


def met(scene: Scene, miners: int) -> None:
    """Wait until all are known and read."""

    def read() -> bool:
        status = scene.ask("status")
        return sum(row["last_seen"] is not None for row in status["miners"]) >= miners

    scene.until(read, "all are known and read", 5.0)
