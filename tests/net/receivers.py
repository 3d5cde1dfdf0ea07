"""Devices that take a file, or do not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.error import ConnectionAborted
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from mother.core.model import Address
from mother.net.http import Http
from tests.net.turning import listen, reactor

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")


class Device(Protocol):
    """Counts what comes; `got` is called with all of it so far, `whole` once that is all."""

    head = b""
    body = 0
    tail = b""
    lost = False

    def connectionMade(self) -> None:  # noqa: N802
        factory: Any = self.factory
        factory.connections.append(self)
        self.seen = hashlib.sha256()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        factory: Any = self.factory
        if not self.body and b"\r\n\r\n" not in self.head:
            head, end, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = head + end
        self.body += len(data)
        self.seen.update(data)
        self.tail = (self.tail + data)[-200:]
        factory.got(self)

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self.lost = True

    @property
    def whole(self) -> bool:
        """Whether as much came as was announced."""
        match = _LENGTH.search(self.head)
        return match is not None and self.body == int(match.group(1))

    def say(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def cut(self) -> None:
        wire: Any = self.transport
        wire.abortConnection()

    def stop_reading(self) -> None:
        wire: Any = self.transport
        wire.pauseProducing()


class Devices(Factory):
    """Listens; `got` decides what it does when something came."""

    protocol = Device
    noisy = False

    def __init__(self, got: Callable[[Device], None]) -> None:
        self.got = got
        self.connections: list[Device] = []


@asynccontextmanager
async def device(got: Callable[[Device], None]) -> AsyncIterator[tuple[Devices, Http, Address]]:
    """A device that does so, and a client to send it a file with."""
    devices = Devices(got)
    port = listen(devices)
    http = Http(reactor)
    try:
        yield devices, http, Address("127.0.0.1", port.getHost().port)
    finally:
        for connection in devices.connections:
            connection.cut()
        await port.stopListening()


def when_whole(act: Callable[[Device], None]) -> Callable[[Device], None]:
    """Do nothing before all has come."""

    def got(one: Device) -> None:
        if one.whole:
            act(one)

    return got


def once(said: bytes) -> Callable[[Device], None]:
    """Say it in the middle of the upload, and read no further."""

    def got(one: Device) -> None:
        if one.body and not getattr(one, "told", False):
            one.told = True  # type: ignore[attr-defined]  # a mark of ours
            one.say(said)
            one.stop_reading()

    return got


_StringTransport: Any = StringTransport
"""Without Twisted's half-told types."""


class Line(_StringTransport):  # type: ignore[misc]  # its base is the line above
    """The client's end of a connection in memory that has room for one piece at a time."""

    aborted = False

    def __init__(self, memory: MemoryReactorClock) -> None:
        super().__init__()
        self._memory = memory
        factory: Any = memory.tcpClients[0][2]
        self.protocol: Any = factory.buildProtocol(None)
        self.protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()

    def room(self) -> bool:
        """Make room; whether something more came then."""
        before = len(self.value())
        if self.producer is not None:
            self.producer.resumeProducing()
        self._memory.advance(0)
        return len(self.value()) > before

    def abortConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.aborted = True
        self._memory.callLater(0, self.protocol.connectionLost, Failure(ConnectionAborted()))
