"""A farm of simulated devices (`mother.sim`) of all families, as a process on a core of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.process import Answering

OFFSET = 8000
"""Every service listens so far above the trade's port."""


class Simulated(Answering):
    """A farm that is up for as long as the `with` block lasts."""

    def __init__(self, folder: Path, network: str, mix: str, *more: str) -> None:
        module, port = "benchmarks.simulated_farm", str(OFFSET + 80)
        super().__init__(
            [sys.executable, "-m", module, network, port, mix, *more], folder / "farm.log"
        )


class Share:
    """Which share of a core something takes from now on; `cpu` is asked for its CPU seconds."""

    def __init__(self, what: Any) -> None:
        self._what = what
        self._cpu, self._at = what.cpu, time.monotonic()

    def percent(self) -> float:
        """So far."""
        return 100.0 * float(self._what.cpu - self._cpu) / (time.monotonic() - self._at)
