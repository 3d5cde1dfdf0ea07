"""Hosts on loopback that speak one request and one answer a connection, well or badly."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from mother.core.model import Address
from mother.net.jsonline import Lines
from tests.net.turning import reactor

REQUEST = b'{"command":"summary"}'


def ask(lines: Lines, address: Address, **options: Any) -> Deferred[bytes]:
    """The usual request."""
    return lines.ask(address, REQUEST, **{"deadline": 5.0, **options})


def framed(lines: Lines, address: Address, **options: Any) -> Deferred[bytes]:
    """The same with lengths."""
    return lines.framed(address, REQUEST, **{"deadline": 5.0, **options})


class Talker(Protocol):
    """One connection: `answer` is called with all that came, at each part of it."""

    house: House

    def connectionMade(self) -> None:  # noqa: N802
        self.heard = b""
        self.house.connections.append(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.heard += data
        self.house.answer(self)

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self.house.lost.append(self)

    def say(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def leave(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()

    @property
    def handle(self) -> socket.socket:
        """The socket itself."""
        transport: Any = self.transport
        sock: socket.socket = transport.getHandle()
        return sock

    def reset(self) -> None:
        """End it with a RST."""
        assert self.transport is not None
        self.handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abortConnection()  # type: ignore[attr-defined]  # TCP only


class House(Factory):
    """A listening host; `answer` may be changed between calls."""

    protocol = Talker
    noisy = False

    def __init__(self, answer: Callable[[Talker], None]) -> None:
        self.answer = answer
        self.connections: list[Talker] = []
        self.lost: list[Talker] = []

    def buildProtocol(self, addr: object) -> Talker:  # noqa: N802
        talker = Talker()
        talker.house = self
        return talker


@asynccontextmanager
async def house(answer: Callable[[Talker], None]) -> AsyncIterator[tuple[House, Lines, Address]]:
    """A host that answers so, and a client to ask it with."""
    home = House(answer)
    port: Any = reactor.listenTCP(0, home, 1000, "127.0.0.1")
    try:
        yield home, Lines(reactor), Address("127.0.0.1", port.getHost().port)
    finally:
        for connection in home.connections:
            connection.leave()
        await port.stopListening()


def saying(*parts: bytes, leave: bool = True) -> Callable[[Talker], None]:
    """Say these at the first part of a request, and hang up after them or not."""

    def answer(talker: Talker) -> None:
        for part in parts:
            talker.say(part)
        if leave:
            talker.leave()

    return answer


def silent(talker: Talker) -> None:
    """Listen, and say nothing."""
