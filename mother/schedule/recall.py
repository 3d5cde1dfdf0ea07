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
"""Seconds between two writes of what only counts on; what binds is written at once."""


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
        self._bound: frozenset[str] = frozenset()

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
        self._bound = self._binding()

    def save(self, now: float) -> None:
        """Have it written, if a rule began or ceased to bind, or else if anything changed and the
        last time is some seconds ago.
        """
        if 0.0 <= now - self._at < EVERY and self._binding() == self._bound:
            return
        self._at = now
        self.keep()

    def _binding(self) -> frozenset[str]:
        states = self._deciding.kept.thresholds
        return frozenset(name for name, one in states.items() if one.since is not None)

    def keep(self) -> None:
        """Have it written now, if anything changed."""
        self._bound = self._binding()
        content = msgspec.json.encode(Recalled(self._deciding.kept, self._sources.states()))
        if content != self._written and content != msgspec.json.encode(Recalled()):
            self._written = content
            self._files.write(self._path, content)
