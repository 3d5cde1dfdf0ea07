"""Hosts on loopback that behave as badly as real ones."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from mother.core.model import Address
from mother.net.http import Http
from tests.net.turning import listen, reactor

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: test\r\n\r\nhi"

Answer = Callable[["Host", int], None]
"""What to do with the n-th request (from 0) of one connection."""


class Host(Protocol):
    """One connection; requests are told apart by their empty line."""

    farm: Farm

    def connectionMade(self) -> None:  # noqa: N802
        self.seen = b""
        self.count = 0
        self.farm.connections.append(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.seen += data
        while b"\r\n\r\n" in self.seen:
            head, _, self.seen = self.seen.partition(b"\r\n\r\n")
            self.farm.requests.append(head + b"\r\n\r\n" + self.seen)
            self.count += 1
            self.farm.answer(self, self.count - 1)

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self.farm.lost.append(self)

    def say(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def leave(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()


class Farm(Factory):
    """A listening host; `answer` may be changed between requests."""

    protocol = Host
    noisy = False

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.connections: list[Host] = []
        self.lost: list[Host] = []
        self.requests: list[bytes] = []

    def buildProtocol(self, addr: object) -> Host:  # noqa: N802
        host = Host()
        host.farm = self
        return host


@asynccontextmanager
async def host(answer: Answer) -> AsyncIterator[tuple[Farm, Http, Address]]:
    """A host that answers so, and a client to ask it with."""
    farm = Farm(answer)
    port: Any = listen(farm)
    http = Http(reactor)
    try:
        yield farm, http, Address("127.0.0.1", port.getHost().port)
    finally:
        await http.close()
        for connection in farm.connections:
            connection.leave()
        await port.stopListening()


def always(data: bytes, *, leave: bool = False) -> Answer:
    """Give the same bytes to every request, and hang up after them or not."""

    def answer(host: Host, number: int) -> None:
        host.say(data)
        if leave:
            host.leave()

    return answer


@asynccontextmanager
async def deaf() -> AsyncIterator[Address]:
    """An address that does not answer at all: a listener whose queue is full drops what comes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    callers = []
    for _ in range(3):
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())
        callers.append(caller)
    try:
        yield Address(*listener.getsockname())
    finally:
        for one in (*callers, listener):
            one.close()
