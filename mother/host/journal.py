"""Write to systemd's journal in its own protocol: one datagram an entry, fields and all.

The wire is logging-journald's: values with line feeds in the binary form, and what is too large
for a datagram in a sealed memory file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from logging_journald import JournaldTransport  # type: ignore[import-untyped]  # it has none

SOCKET = Path("/run/systemd/journal/socket")
PATIENCE = 0.25
"""Real seconds that a journal which is busy may hold us up, before its pipe is used instead."""

REST = 5.0
"""Seconds for which a journal that was too busy is left alone."""


class Journal:
    """The journal; `send` raises OSError when it does not take an entry."""

    def __init__(self, path: Path = SOCKET, seconds: Callable[[], float] = time.monotonic) -> None:
        self._transport = JournaldTransport(path, connected=False)
        self._transport.socket.settimeout(PATIENCE)
        self._seconds = seconds
        self._again = -1.0

    def send(self, fields: Mapping[str, str]) -> None:
        """One entry; empty fields are left out."""
        if self._seconds() < self._again:
            raise OSError("the journal was too busy a moment ago")
        pairs = [
            (name, text.encode(errors="replace").decode()) for name, text in fields.items() if text
        ]
        try:
            self._transport.send(pairs)
        except TimeoutError:
            self._again = self._seconds() + REST
            raise

    def close(self) -> None:
        """Send nothing more."""
        self._transport.socket.close()


def reads(fileno: int, environ: Mapping[str, str]) -> bool:
    """Whether the journal reads this file: JOURNAL_STREAM names its device and inode."""
    try:
        device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
        here = os.fstat(fileno)
        return (here.st_dev, here.st_ino) == (int(device), int(inode))
    except (OSError, ValueError):
        return False
