"""5,000 devices of five families are put to sleep by one order: what does mother add to their own?

`python -m benchmarks.curtailing [--miners 500] [--write]` prints the table, and puts it into
docs/benchmarks.md. Devices take as long as real ones; one in a hundred has begun to hang, to reset
connections, to talk garbage, to cut off or to drip just before. The daemon is told by its control
socket. Then all are woken, put to sleep again with the daemon killed in the middle, and woken.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
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

PATIENCE = 400.0
SETTLED = 30.0
"""So long is looked on after all have slept, whether anybody is told again."""

CONFIG = f"""\
network = ["{NETWORK}"]
port_offset = {OFFSET}
scan_rate = 0
statsd_interval = 60
state_file = "mother-state.json"
control_socket = "mother.sock"
credentials = [
    {{username = "admin", password = "{PASSWORD}", families = ["whatsminer"]}},
]

[schedule]
resume_percent = 0
"""


class Slept(Struct, frozen=True):
    """What one order came to, in seconds since it was given.

    Of `able` devices, which can sleep and are well, 95 % had been told after `told`, slept after
    `slept`, and were seen to by mother after `confirmed`. `own` is what the slowest took from the
    order to sleep, by family. `again` were told more than once, `needless` when they slept already;
    `lost` do not sleep in the end, or are not in the journal. `cpu` are the daemon's CPU seconds
    until then, `farm` the simulator's.
    """

    able: int
    told: float
    slept: float
    own: Mapping[str, float]
    confirmed: float
    again: int
    needless: int
    lost: int
    cpu: float
    farm: float

    @property
    def added(self) -> float:
        """What is not the slowest device's own."""
        return self.confirmed - max(self.own.values())


class Woke(Struct, frozen=True):
    """What the end of an order came to: `after` seconds all that can were awake, but for `lost`."""

    after: float
    lost: int
    again: int
    left: int


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
        """What the devices know."""
        return self.farm.tell("seen")

    def until(self, true: Callable[[], bool], what: str, every: float = LOOK) -> None:
        """Wait until it is so; raises when that takes too long, or the daemon ends."""
        ends = time.monotonic() + PATIENCE
        while not _answered(true):
            self.daemon.check()
            if time.monotonic() > ends:
                raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}: {self.daemon.tail()}")
            time.sleep(every)

    def sleepers(self) -> set[str]:
        """The MAC addresses that the journal has as asleep by our order."""
        found: dict[str, bool] = {}
        for line in (self.folder / "sleepers.jsonl").read_bytes().splitlines():
            row = json.decode(line)
            for kind in ("asleep", "woken"):
                if kind in row:
                    found[row[kind]["device"].partition("/mac:")[2]] = kind == "asleep"
        return {mac for mac, asleep in found.items() if asleep}


def _answered(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except (NoDaemon, Denied):
        return False


def start(folder: Path) -> Running:
    """A daemon on the state in this folder."""
    words = [sys.executable, "-m", "mother", "run", "--config", "mother.toml"]
    return Running(words, folder)


def met(scene: Scene, miners: int) -> None:
    """Wait until all are known and were read."""

    def read() -> bool:
        rows = scene.ask("status")["miners"]
        return sum(1 for row in rows if row["hashrate"] is not None) >= miners

    scene.until(read, "all are known and read", 5.0)


def curtail(scene: Scene, kill: bool = False) -> Slept:
    """Put all to sleep; with `kill` the daemon is killed once half have been told."""
    scene.farm.tell("forget")
    able: dict[str, str] = scene.seen()["able"]
    enough = math.ceil(ENOUGH * len(able))
    farm, spent, before, began = scene.farm.cpu, 0.0, scene.daemon.cpu, time.time()
    order = scene.ask("curtail", by="benchmark", all=True)["order"]["id"]
    if kill:
        scene.until(lambda: len(scene.seen()["told"]) > len(able) / 2, "half are told", 0.2)
        spent, before = scene.daemon.cpu - before, 0.0
        os.kill(scene.daemon.pid, signal.SIGKILL)
        scene.daemon.close()
        scene.daemon = start(scene.folder)

    def confirmed() -> bool:
        stages = scene.ask("curtailment", order=order)["stages"]
        return bool(stages.get("confirmed", 0) >= enough)

    scene.until(confirmed, "enough are confirmed")
    after, cpu = time.time() - began, scene.daemon.cpu - before + spent
    farm = scene.farm.cpu - farm
    note(f"{enough} confirmed after {after:.1f} s")
    settle(scene, able)
    return slept_by(scene, able, enough, began, after, (cpu, farm))


def slept_by(
    scene: Scene,
    able: Mapping[str, str],
    enough: int,
    began: float,
    after: float,
    spent: tuple[float, float],
) -> Slept:
    """What the farm has seen of it; `spent` are the daemon's CPU seconds and the farm's."""
    seen, journal = scene.seen(), scene.sleepers()
    told = {mac: times for mac, times in seen["told"].items() if mac in able}
    own: dict[str, float] = {}
    for mac, at in seen["slept"].items():
        if mac in told:
            own[able[mac]] = max(own.get(able[mac], 0.0), at - told[mac][0])
    for family in sorted(set(able.values())):
        of = sorted(times[0] - began for mac, times in told.items() if able[mac] == family)
        note(f"{family}: told from {of[0]:.1f} s to {of[-1]:.1f} s")
    firsts = sorted(times[0] - began for times in told.values())
    slept = sorted(at - began for mac, at in seen["slept"].items() if mac in able)
    sleep = set(seen["asleep"]) & journal
    return Slept(
        able=len(able),
        told=firsts[enough - 1],
        slept=slept[enough - 1],
        own=own,
        confirmed=after,
        again=sum(len(times) > 1 for times in told.values()),
        needless=len(seen["needless"]),
        lost=len(able.keys() - sleep) + len(set(seen["asleep"]) - journal),
        cpu=spent[0],
        farm=spent[1],
    )


def settle(scene: Scene, able: Mapping[str, str]) -> None:
    """Wait until all that can sleep, and look on for a while."""
    scene.until(lambda: able.keys() <= set(scene.seen()["asleep"]), "all sleep")
    time.sleep(SETTLED)


def wake(scene: Scene) -> Woke:
    """End the order, and wait until all that can are awake."""
    able: dict[str, str] = scene.seen()["able"]
    began = time.time()
    scene.ask("resume", order="all", by="benchmark")
    scene.until(lambda: not able.keys() & set(scene.seen()["asleep"]), "all are awake")
    after = time.time() - began
    note(f"all awake after {after:.1f} s")
    scene.until(lambda: not able.keys() & scene.sleepers(), "the journal knows")
    seen = scene.seen()
    return Woke(
        after=after,
        lost=len(able.keys() & set(seen["asleep"])),
        again=sum(len(times) > 1 for mac, times in seen["woken"].items() if mac in able),
        left=len(able.keys() & scene.sleepers()),
    )


def note(text: str) -> None:
    """What is going on, for who waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def measure(folder: Path, miners: int = MINERS) -> list[Row]:
    """Both orders on one farm."""
    mix = ",".join(f"{name}={round(miners * share)}" for name, share in SHARES.items())
    each = max(1, round(miners * FAULTY / len(FAULTS)))
    (folder / "mother.toml").write_text(CONFIG)
    with Simulated(folder, NETWORK, mix, "own") as farm, start(folder) as daemon:
        scene = Scene(folder, farm, daemon)
        try:
            met(scene, miners)
            farm.tell("spoil " + ",".join(f"{fault}={each}" for fault in FAULTS))
            note(f"{miners} are known")
            plain = curtail(scene)
            found = rows(f"{miners:,} devices", plain, wake(scene))
            sys.stderr.write("\n".join(map(str, found)) + "\n")
            killed = curtail(scene, kill=True)
            found += killed_rows(killed, wake(scene))
        finally:
            scene.daemon.close()
    return found


def rows(what: str, one: Slept, woke: Woke) -> list[Row]:
    """The table's rows for an order in peace."""
    families = ", ".join(f"{name} {own:.1f} s" for name, own in sorted(one.own.items()))
    return [
        Row(
            f"{what}, all told to sleep: asleep, of those that can and are well",
            f"{one.able - one.lost:,}",
            f"{one.able:,}",
            not one.lost,
        ),
        Row("— 95 % of them told", f"{one.told:.1f} s"),
        Row("— 95 % asleep", f"{one.slept:.1f} s"),
        Row("— 95 % seen asleep by mother", f"{one.confirmed:.1f} s"),
        Row("— the slowest device's own", f"{max(one.own.values()):.1f} s ({families})"),
        Row("— what mother adds", f"{one.added:.1f} s", f"< {ADDED:g} s", one.added < ADDED),
        Row("— told more than once", f"{one.again:,}", "0", not one.again),
        Row("— told while they slept", f"{one.needless:,}", "0", not one.needless),
        Row("— CPU time of the daemon for one", f"{one.cpu / one.able * 1000:.1f} ms"),
        Row("— CPU time of the simulator, on the other core", f"{one.farm:.1f} s"),
        *woken_rows(woke),
    ]


def killed_rows(one: Slept, woke: Woke) -> list[Row]:
    """The same for an order in the middle of which the daemon is killed."""
    return [
        Row(
            "the same, the daemon killed once half are told and started anew: asleep",
            f"{one.able - one.lost:,}",
            f"{one.able:,}",
            not one.lost,
        ),
        Row("— 95 % seen asleep by mother", f"{one.confirmed:.1f} s"),
        Row("— told more than once", f"{one.again:,}"),
        Row("— told while they slept", f"{one.needless:,}", "0", not one.needless),
        *woken_rows(woke),
    ]


def woken_rows(woke: Woke) -> list[Row]:
    """How it ended."""
    return [
        Row("— woken: still asleep, by the devices", f"{woke.lost:,}", "0", not woke.lost),
        Row("— still asleep, by the journal", f"{woke.left:,}", "0", not woke.left),
        Row("— told to wake more than once", f"{woke.again:,}"),
        Row("— time until all were awake", f"{woke.after:.1f} s"),
    ]


if __name__ == "__main__":
    apart("benchmarks.curtailing")
    parser = argparse.ArgumentParser()
    parser.add_argument("--miners", type=int, default=MINERS)
    parser.add_argument("--write", action="store_true")
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(told("curtailing", measure(Path(scratch), parser.parse_args().miners)))
