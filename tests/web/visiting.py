"""A listener on loopback, and clients that speak to it byte by byte."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from mother.sinks.prometheus_text import Exposition
from mother.web.listen import Web
from mother.web.pages import Page, pages
from tests.net.turning import reactor
from tests.sinks.exposing import sink, told

PATIENCE = 5.0


class Served:
    """What the pages go by, to be changed by a test."""

    def __init__(self) -> None:
        self.complaints: Sequence[str] = ()
        self.missing = ""
        self.sink = sink()
        self.sink.sample(told(latency=0.1))
        self.exposition = Exposition(self.sink.registry, reactor)
        self.web: Any = None

    def pages(self) -> dict[bytes, Page]:
        return dict(pages(self.exposition, lambda: self.complaints, lambda: self.missing))

    @property
    def port(self) -> int:
        number: int = self.web.port.getHost().port
        return number

    def ask(self, text: str, patience: float = PATIENCE) -> Deferred[Reply]:
        """Send this and read to the end, in a thread."""
        return deferToThread(asked, self.port, text, patience)

    def get(self, path: str, method: str = "GET", headers: str = "") -> Deferred[Reply]:
        return self.ask(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        )


class Reply:
    """An answer as it came over the wire."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.code = int(lines[0].split()[1]) if lines[0] else 0
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, _, value in (one.partition(": ") for one in lines[1:])
        }


def asked(port: int, text: str, patience: float) -> Reply:
    with socket.create_connection(("127.0.0.1", port), patience) as talk:
        talk.sendall(text.encode())
        return Reply(b"".join(iter(lambda: talk.recv(65536), b"")))


@asynccontextmanager
async def serving(
    change: Callable[[dict[bytes, Page]], object] | None = None,
) -> AsyncIterator[Any]:
    served = Served()
    shown = served.pages()
    if change is not None:
        change(shown)
    served.web = web_of(shown)
    await served.web.start()
    try:
        yield served
    finally:
        await served.web.stop()


def web_of(shown: Mapping[bytes, Page], port: int = 0, clock: Clock | None = None) -> Web:
    return Web(f"tcp:{port}:interface=127.0.0.1", shown, reactor, clock)
