"""The ends of systemd's sockets: a service manager and a journal that write down what comes."""

from __future__ import annotations

import array
import os
import socket
import struct
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.terminal.processes import until


class Datagrams:
    """A Unix socket for datagrams at a path, or at an abstract address (`@name`)."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + where[1:] if where.startswith("@") else where)
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()
        if not self.where.startswith("@"):
            Path(self.where).unlink(missing_ok=True)

    def take(self) -> bytes | None:
        """The next one, or what the file holds that came in its stead."""
        room = socket.CMSG_SPACE(struct.calcsize("i"))
        try:
            data, ancillary, _, _ = self._socket.recvmsg(1 << 20, room)
        except BlockingIOError:
            return None
        for _, kind, content in ancillary:
            assert kind == socket.SCM_RIGHTS
            (number,) = array.array("i", content)
            with os.fdopen(number, "rb") as file:
                file.seek(0)
                return file.read()
        return data


class ServiceManager(Datagrams):
    """What systemd hears of a service."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self._heard: list[dict[str, str]] = []

    @property
    def heard(self) -> list[dict[str, str]]:
        """Every message so far, as fields."""
        while (message := self.take()) is not None:
            self._heard.append(dict(row.split("=", 1) for row in message.decode().split("\n")))
        return self._heard

    @property
    def names(self) -> list[str]:
        """The names of all fields in the order they came, but for the watchdog's."""
        return [name for one in self.heard for name in one if name != "WATCHDOG"]

    def last(self, name: str) -> str:
        """The latest value of a field; empty where there was none."""
        return next((one[name] for one in reversed(self.heard) if name in one), "")

    def got(self, name: str, word: str = "", seconds: float = 15) -> str:
        """Wait for a field whose latest value holds the word."""
        return until(
            lambda: value if word in (value := self.last(name)) else None,
            seconds,
            lambda: f"no {name} with {word!r} in {self.heard}",
        )


class FakeJournal(Datagrams):
    """A journal that reads its protocol as journald does."""

    def entries(self) -> list[dict[str, str]]:
        """What has come since the last call."""
        found = []
        while (message := self.take()) is not None:
            found.append(parsed(message))
        return found


def parsed(message: bytes) -> dict[str, str]:
    """The fields of an entry: `NAME=text`, or the name, the length and then the text."""
    fields = {}
    while message:
        head, _, rest = message.partition(b"\n")
        if b"=" in head:
            name, _, value = head.partition(b"=")
        else:
            (length,) = struct.unpack("<Q", rest[:8])
            name, value = head, rest[8 : 8 + length]
            assert rest[8 + length : 9 + length] == b"\n"
            rest = rest[9 + length :]
        fields[name.decode()] = value.decode()
        message = rest
    return fields


def place() -> str:
    """A path that is short enough for a socket."""
    return os.path.join(tempfile.mkdtemp(prefix="mother-"), "s")
