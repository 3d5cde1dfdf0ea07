"""What the schedule remembers over a restart: how far thresholds are, what signals said last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from mother.fleet.files import Writer
from mother.schedule.deciding import Deciding, Kept
from mother.schedule.sources import Remembered, Sources

EVERY = 30.0
"""Seconds between two writes: what happened since the last one is known soon enough again."""


class Recalled(Struct, frozen=True):
    """The file."""

    deciding: Kept = Kept()
    signals: Mapping[str, Remembered] = {}


class Recall:
    """The file beside the state file; `load` it before the first round.

    One that cannot be read is as none: prices and surpluses are asked anew within minutes.
    """

    log = Logger()

    def __init__(self, path: Path, files: Writer, deciding: Deciding, sources: Sources) -> None:
        self._path = path
        self._files = files
        self._deciding = deciding
        self._sources = sources
        self._written = b""
        self._at = -EVERY

    def load(self) -> None:
        """Take up what an earlier run has left; blocks."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Recalled)
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.log.warn(
                "{path} cannot be read ({why}): the schedule begins to watch its signals anew.",
                path=str(self._path),
                why=type(error).__name__,
            )
            return
        self._deciding.kept = found.deciding
        self._sources.restore(found.signals)

    def save(self, now: float) -> None:
        """Have it written, if anything changed and the last time is some seconds ago."""
        if 0.0 <= now - self._at < EVERY:
            return
        self._at = now
        self._write()

    def close(self) -> None:
        """Write what is left."""
        self._write()

    def _write(self) -> None:
        content = msgspec.json.encode(Recalled(self._deciding.kept, self._sources.states()))
        if content != self._written and content != msgspec.json.encode(Recalled()):
            self._written = content
            self._files.write(self._path, content)
