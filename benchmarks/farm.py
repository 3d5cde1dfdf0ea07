"""The farm that is measured on (bench/farm.c), its absent addresses, and the least a poll costs."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.process import CLIENT, FARM, pinned

BENCH = Path(__file__).parent / "bench"
PORT = 80
STATSD = 8125
MINERS = 1000
SUMMARY = "/api/summary"


def compiled(name: str, folder: Path) -> Path:
    """One of the C programs, compiled into the folder."""
    target = folder / name
    if not target.exists():
        subprocess.run(["gcc", "-O2", "-o", target, BENCH / f"{name}.c"], check=True)
    return target


@contextmanager
def absent(manner: str) -> Iterator[None]:
    """All addresses but the first 1,000 are `silent` or `refused` meanwhile."""
    subprocess.run([BENCH / "absent.sh", manner], check=True)
    try:
        yield
    finally:
        subprocess.run([BENCH / "absent.sh", "open"], check=True)


class Farm:
    """A running farm; its counters begin anew whenever they are read."""

    def __init__(self, process: subprocess.Popen[str], counters: Path) -> None:
        self._process = process
        self._counters = counters

    def counters(self) -> dict[str, int]:
        """Requests by path, `lines` and `datagrams` of statsd, since the last call."""
        self._counters.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        ends = time.monotonic() + 5
        while not self._counters.exists():
            if time.monotonic() > ends:
                raise TimeoutError("the farm does not answer")
            time.sleep(0.002)
        found: dict[str, int] = json.loads(self._counters.read_text())
        return found

    def until(
        self,
        enough: Callable[[dict[str, int]], bool],
        patience: float,
        alive: Callable[[], None],
        step: float = 0.1,
    ) -> float:
        """Seconds until the summed counters are `enough`; `alive` raises when it is in vain."""
        began = time.monotonic()
        seen: dict[str, int] = {}
        while True:
            for name, count in self.counters().items():
                seen[name] = seen.get(name, 0) + count
            spent = time.monotonic() - began
            if enough(seen):
                return spent
            alive()
            if spent > patience:
                raise TimeoutError(f"after {spent:.0f} s the farm saw only {seen}")
            time.sleep(step)

    def settled(self, patience: float, alive: Callable[[], None]) -> None:
        """Wait until all miners were polled and, for two seconds, nothing but polls is asked."""
        self.until(lambda seen: seen[SUMMARY] >= 2 * MINERS, patience, alive)
        ends, calm = time.monotonic() + patience, 0
        while calm < 2:
            self.counters()
            time.sleep(1)
            counted = self.counters()
            calm = calm + 1 if 0 < counted[SUMMARY] == counted["requests"] else 0
            if time.monotonic() > ends:
                raise TimeoutError("other requests than polls do not end")


@contextmanager
def farm(folder: Path, latency: float = 0) -> Iterator[Farm]:
    """A farm of 65,536 miners, each answering after `latency` milliseconds."""
    counters = folder / "counters.json"
    words = [
        str(compiled("farm", folder)),
        str(BENCH / "replies"),
        str(counters),
        f"port={PORT}",
        f"statsd={STATSD}",
        f"latency={latency}",
    ]
    process = subprocess.Popen(pinned(words, FARM), stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise RuntimeError("the farm did not start")
        yield Farm(process, counters)
    finally:
        process.terminate()
        process.wait(10)


def least_cost(folder: Path, rounds: int = 30) -> float:
    """Polls per CPU-second of a C program that decodes nothing."""
    words = [str(compiled("poll", folder)), f"port={PORT}", f"rounds={rounds}"]
    done = subprocess.run(pinned(words, CLIENT), check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return float(answer["per_cpu_second"])
