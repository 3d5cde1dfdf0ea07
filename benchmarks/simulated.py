"""A farm of simulated devices (`mother.sim`) of all families, as a process on a core of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from msgspec import json

from benchmarks.process import ENVIRONMENT, FARM, TICK, pinned

OFFSET = 8000
"""Every service listens so far above the trade's port."""


class Simulated:
    """A farm that is up for as long as the `with` block lasts."""

    def __init__(self, folder: Path, network: str, mix: str, *more: str) -> None:
        self._log = folder / "farm.log"
        self._words = [
            sys.executable,
            "-m",
            "benchmarks.simulated_farm",
            network,
            str(OFFSET + 80),
            mix,
            *more,
        ]

    def __enter__(self) -> Simulated:
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
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def tell(self, words: str) -> dict[str, Any]:
        """Ask the farm one thing; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.decode(self._answer())
        return answer

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the farm ended: {self._log.read_text()[-2000:]}")
        return line


class Share:
    """Which share of a core something takes from now on; `cpu` is asked for its CPU seconds."""

    def __init__(self, what: Any) -> None:
        self._what = what
        self._cpu, self._at = what.cpu, time.monotonic()

    def percent(self) -> float:
        """So far."""
        return 100.0 * float(self._what.cpu - self._cpu) / (time.monotonic() - self._at)
