"""Processes on a core of their own, and what they cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct, json

TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
CLIENT = CORES[0]
FARM = CORES[-1]
"""The measured process has one core, the farm and these scripts the other."""
ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
"""What is measured is this checkout, whatever is installed."""


class Spent(Struct, frozen=True):
    """What a process cost from its start to its end: seconds, CPU seconds, MB at its largest."""

    wall: float
    cpu: float
    memory: float
    output: str


def pinned(words: Sequence[str], core: int) -> list[str]:
    """The command, tied to one core."""
    return ["taskset", "-c", str(core), *words]


def to_the_end(words: Sequence[str], folder: Path, core: int = CLIENT, limit: float = 300) -> Spent:
    """Run a command; its output is what it printed. Raises when it fails or outlasts `limit`."""
    out, errors = folder / "output", folder / "errors"
    began = time.monotonic()
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(
            pinned(words, core), stdout=stdout, stderr=stderr, cwd=folder, env=ENVIRONMENT
        )
        try:
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() - began > limit:
                    process.kill()
                    raise TimeoutError(f"{words[:4]} took longer than {limit:.0f} s")
                time.sleep(0.005)
        finally:
            process.returncode = 0 if process.returncode is None else process.returncode
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise RuntimeError(f"{words} ended with {code}: {errors.read_text()[-2000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Spent(wall, cpu, usage.ru_maxrss / 1024, out.read_text())


def cpu_of(pid: int) -> float:
    """CPU seconds so far, in steps of a tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Running:
    """A process that is looked at while it runs; leaving the `with` block ends it."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        core: int = CLIENT,
    ) -> None:
        self.began = time.monotonic()
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                pinned(words, core),
                stdout=log,
                stderr=log,
                cwd=folder,
                env=ENVIRONMENT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu(self) -> float:
        """CPU seconds so far, in steps of a tick (10 ms)."""
        return cpu_of(self.pid)

    @property
    def memory(self) -> float:
        """MB resident, at the most so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"process {self.pid} has ended: {self.log.read_text()[-2000:]}")

    def check(self) -> None:
        """Raises when the process has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended with {self._process.returncode}: {self.tail()}")

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-2000:]

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; one that has ended already is fine."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


class Answering:
    """A process on the farm's core that says a line when it is up, and then answers each line
    with a line of JSON; it is up for as long as the `with` block lasts.
    """

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self._words = words
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                pinned(self._words, FARM),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=ENVIRONMENT,
                text=True,
            )
        self._answer()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate()

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_of(self._process.pid)

    def tell(self, words: str) -> dict[str, Any]:
        """Ask it one thing; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.decode(self._answer())
        return answer

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self._log.stem} ended: {self._log.read_text()[-2000:]}")
        return line
