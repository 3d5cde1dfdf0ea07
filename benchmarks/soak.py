"""A farm with every fault, minded for a while at speed: what went wrong that must not?

`python -m benchmarks.soak [--minutes 10] [--speed 20] [--miners 200]`. The simulated farm is a
process of its own that witnesses every reboot; the daemon runs here, its memory is sampled.
Ends with a table and exit code 1 when a rule was broken.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import LogLevel, globalLogPublisher

from mother.app import Daemon
from mother.config.flags import build_parser
from mother.config.load import Source
from mother.core.bus import Sample
from mother.core.clock import hasten
from mother.core.loop import Loop
from mother.core.model import Event, EventKind, Totals
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory

reactor = cast(EPollReactor, global_reactor)
NETWORK, PORT = "127.88.0.0/23", 18088
PAGE_KB = 4


class Witness:
    """A sink and a job: counts events, reboots while the breaker is open, and memory."""

    name = "witness"

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.breaker_open = False
        self.forbidden = 0
        self.memory: list[int] = []
        self.samples = 0
        self.failures: list[str] = []
        globalLogPublisher.addObserver(cast(Any, self._logged))

    def _logged(self, event: Mapping[str, object]) -> None:
        bad = "log_failure" in event or event.get("log_level") is LogLevel.critical
        if bad and event.get("kind") != EventKind.BREAKER_OPENED.value:
            self.failures.append(str(event.get("log_failure", event.get("text"))))

    def sample(self, sample: Sample) -> None:
        self.samples += 1

    def totals(self, totals: Totals) -> None:
        """Not needed."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Not needed."""

    def event(self, event: Event) -> None:
        self.kinds[event.kind.value] += 1
        if event.kind is EventKind.BREAKER_OPENED:
            self.breaker_open = True
        elif event.kind in (EventKind.BREAKER_TRYING, EventKind.BREAKER_CLOSED):
            self.breaker_open = False
        elif event.kind is EventKind.REBOOTED and self.breaker_open:
            self.forbidden += 1

    async def run(self) -> None:
        """Sample the process's memory."""
        self.memory.append(resident())


def resident() -> int:
    """This process's resident memory, in kB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


def broken_rules(reboots: list[dict[str, object]], miners: int) -> list[str]:
    """What the farm saw that the rules forbid."""
    found = []
    by_mac: dict[str, list[float]] = {}
    for one in reboots:
        if float(str(one["elapsed"])) < 900 - 60:
            found.append(f"{one['mac']} rebooted {one['elapsed']} s after its start")
        if one["fault"] in {"hot-board", "none"}:
            found.append(f"{one['mac']} rebooted with fault {one['fault']}")
        by_mac.setdefault(str(one["mac"]), []).append(float(str(one["at"])))
    for mac, times in by_mac.items():
        if len(times) > 2:
            found.append(f"{mac} rebooted {len(times)} times")
        found += [f"{mac}: {b - a:.0f} s between" for a, b in pairwise(times) if b - a < 890]
    every = sorted(at for times in by_mac.values() for at in times)
    limit = max(1, miners * 2 // 100)
    for at in every:
        count = sum(at <= other < at + 3590 for other in every)
        if count > limit:
            found.append(f"{count} reboots within an hour, {limit} allowed")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--speed", type=float, default=20)
    parser.add_argument("--miners", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    words = [str(options.miners), NETWORK, str(PORT), str(options.speed), str(options.seed)]
    farm = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak_farm", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert farm.stdout is not None
    assert farm.stdout.readline().strip() == "ready"
    with tempfile.TemporaryDirectory() as folder:
        witness, daemon = mind(options, folder)
    told = json.loads(farm.communicate()[0])
    return report(options, witness, daemon, told)


def mind(options: argparse.Namespace, folder: str) -> tuple[Witness, Daemon]:
    """Run the daemon for so many minutes."""
    speed = options.speed
    words = [
        f"--network={NETWORK}",
        f"--dragon-port={PORT}",
        "--scan-rate=0",
        f"--connect-timeout={2 * speed}",
        f"--scan-timeout={4 * speed}",
        f"--dragon-timeout={4 * speed}",
        "--dragon-health-reboot",
        f"--inventory-file={folder}/inventory.json",
    ]
    config = Source(
        build_parser("run", "mother", "").parse_args(words), "mother", environ={}
    ).load()
    now = hasten(reactor, speed)
    files = Files(reactor)
    memory = FileMemory(Path(config.state_file), files, reactor, now)
    memory.load()
    daemon = Daemon(config, reactor, now, memory, files)
    witness = Witness()
    daemon.bus.add(witness)
    Loop(witness, lambda: 10 * speed, reactor).start()
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(daemon.start()))
    stop = lambda: Deferred.fromCoroutine(daemon.stop())  # noqa: E731
    reactor.addSystemEventTrigger("before", "shutdown", stop)
    reactor.callLater(options.minutes * 60 * speed, reactor.stop)
    reactor.run()
    return witness, daemon


def report(
    options: argparse.Namespace, witness: Witness, daemon: Daemon, told: dict[str, Any]
) -> int:
    """The table; 1 when something happened that must not."""
    broken = broken_rules(told["reboots"], options.miners)
    third = max(1, len(witness.memory) // 3)
    early = max(witness.memory[third : 2 * third] or witness.memory)
    late = max(witness.memory[2 * third :] or witness.memory)
    rows = {
        "simulated": f"{options.minutes * options.speed / 60:.1f} h, {options.miners} miners",
        "requests served": told["requests"],
        "samples published": witness.samples,
        "reboots the farm saw": len(told["reboots"]),
        "reboots by rule broken": len(broken),
        "reboots while the breaker was open": witness.forbidden,
        "exceptions in the log": len(witness.failures),
        "memory, middle and last third": f"{early / 1024:.1f} MB, {late / 1024:.1f} MB",
        **{f"event {kind}": count for kind, count in sorted(witness.kinds.items())},
        **{f"{name}": f"{value:g}" for name, value in daemon.numbers().items()},
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    for line in [*broken, *witness.failures]:
        print("BROKEN:", line)
    flat = late <= early * 1.05 + 2048
    return 0 if not broken and not witness.failures and not witness.forbidden and flat else 1


if __name__ == "__main__":
    sys.exit(main())
