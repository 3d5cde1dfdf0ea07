"""Tell systemd how the service is: the protocol of sd_notify(3), one datagram a message."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Mapping

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"

_LONGEST = 400
"""Letters of a status line; it is read in one line of a terminal."""

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Manager:
    """The service manager, where there is one: without its socket nothing is told to anybody.

    Never blocks and never fails. What must arrive (that we are ready, that we stop) and did not
    goes with the next message.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get(SOCKET, ""))
        self._environ = environ
        self._owed: dict[str, str] = {}
        self._status = ""
        self._socket: socket.socket | None = None

    @property
    def listens(self) -> bool:
        """Whether there is one."""
        return bool(self._address)

    @property
    def watchdog(self) -> float | None:
        """Within how many seconds it must be fed; None where this process need not."""
        pid = self._environ.get(WATCHDOG_PID, "")
        if not self.listens or (pid and pid != str(os.getpid())):
            return None
        text = self._environ.get(WATCHDOG, "")
        usec = int(text) if text.isascii() and text.isdigit() else 0
        return usec / 1_000_000 or None

    def ready(self) -> None:
        """The start, or a reload, is done."""
        self._must(READY="1")

    def reloading(self) -> None:
        """The configuration is read again; `ready` ends it."""
        self._tell(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))

    def stopping(self, status: str) -> None:
        """The end has begun."""
        self._must(STOPPING="1", STATUS=_one_line(status))

    def status(self, sentence: str) -> None:
        """What `systemctl status` shows; told when it is not what was told last."""
        line = _one_line(sentence)
        if (line != self._status or self._owed) and self._tell(STATUS=line):
            self._status = line

    def feed(self) -> None:
        """Say to the watchdog that all is well."""
        self._tell(WATCHDOG="1")

    def close(self) -> None:
        """Nothing more is told."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _must(self, **fields: str) -> None:
        if not self._tell(**fields):
            self._owed.update(fields)

    def _tell(self, **fields: str) -> bool:
        """Whether the manager has it."""
        if not self._address:
            return True
        message = "\n".join(f"{name}={text}" for name, text in {**self._owed, **fields}.items())
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
            self._socket.sendto(message.encode(errors="replace"), self._address)
        except OSError:
            return False
        self._owed.clear()
        return True


def _address(text: str) -> str:
    """The address for the socket: `@name` is an abstract one; empty where there is none."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""


def _one_line(sentence: str) -> str:
    return _ODD.sub(" ", sentence)[:_LONGEST]
