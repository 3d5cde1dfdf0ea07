"""A listener on loopback that gives recorded or hand-made answers, by method and path."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from mother.core.model import Address, Command, CommandKind
from mother.core.ports import Ports
from mother.drivers.axeos.driver import AxeOS, AxeOSDevice
from mother.drivers.base import NO_LOGIN
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.net.turning import listen, reactor

RECORDINGS = Path(__file__).parents[2] / "recordings" / "axeos"

CUT = object()
"""Take the request and cut the connection instead of answering."""

HANG = object()
"""Take the request and never answer."""


def recording(name: str) -> dict[str, Any]:
    """`v2_0_0/system_info` as an object of its own."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


def old() -> dict[str, Any]:
    """The recorded answer."""
    return recording("v2_0_0/system_info")


def new() -> dict[str, Any]:
    """The hand-made one of newer firmware."""
    return recording("handmade/info_2_14")


class Page(Struct, frozen=True):
    """An answer that is no JSON object of status 200."""

    status: int
    body: bytes = b""


class Asked(Struct, frozen=True):
    """One request as it arrived."""

    what: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, Any]:
        """The JSON that was sent."""
        form: dict[str, Any] = json.loads(self.body)
        return form


class Bitaxe(Resource):
    """Answers each `METHOD /path` with its next answer; the last one is given for ever."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, answers: Mapping[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.asked: list[Asked] = []
        self.open = 0
        self.most_open = 0
        self._answers = {
            what: list(given) if isinstance(given, list) else [given]
            for what, given in answers.items()
        }

    @property
    def calls(self) -> list[str]:
        return [one.what for one in self.asked]

    @property
    def writes(self) -> list[Asked]:
        return [one for one in self.asked if not one.what.startswith("GET ")]

    def render(self, request: Any) -> Any:
        what = f"{request.method.decode()} {request.path.decode()}"
        request.content.seek(0)
        names = request.requestHeaders.getAllRawHeaders()
        headers = {name.decode().lower(): values[0].decode() for name, values in names}
        self.asked.append(Asked(what, headers, request.content.read()))
        waiting = self._answers.get(what, [Page(404, b"Nothing matches the given URI")])
        given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if given is CUT:
            request.channel.transport.abortConnection()
            return NOT_DONE_YET
        if given is HANG:
            return NOT_DONE_YET
        if isinstance(given, Page):
            request.setResponseCode(given.status)
            return given.body
        return json.dumps(given).encode()


class Counting(Site):
    """Knows how many connections are open at once."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        protocol = super().buildProtocol(addr)  # type: ignore[no-untyped-call]  # Twisted's
        bitaxe: Bitaxe = self.resource
        bitaxe.open += 1
        bitaxe.most_open = max(bitaxe.most_open, bitaxe.open)
        lost = protocol.connectionLost

        def gone(reason: Any) -> None:
            bitaxe.open -= 1
            lost(reason)

        protocol.connectionLost = gone
        return protocol


@asynccontextmanager
async def listening(
    answers: Mapping[str, object], patience: float = 5.0
) -> AsyncIterator[tuple[Bitaxe, AxeOS, Address]]:
    """A device on the wire, the family that talks to it, and where it listens."""
    bitaxe = Bitaxe(answers)
    port = listen(Counting(bitaxe))  # type: ignore[no-untyped-call]  # Twisted's
    http = Http(reactor)
    wire = Wire(http, Lines(reactor), lambda: patience, Ports, lambda: 0.0)
    place = Address("127.0.0.1", port.getHost().port)
    try:
        yield bitaxe, AxeOS(wire), place
    finally:
        await http.close()
        await port.stopListening()


@asynccontextmanager
async def device(
    answers: Mapping[str, object], patience: float = 5.0
) -> AsyncIterator[tuple[Bitaxe, AxeOSDevice]]:
    """A device that tells the recorded answer and has these further ones."""
    given = {"GET /api/system/info": old(), **answers}
    async with listening(given, patience) as (bitaxe, family, address):
        yield bitaxe, family.device(address, NO_LOGIN)


def order(kind: CommandKind, **args: object) -> Command:
    """An order to the device."""
    return Command(
        id="1",
        key="1",
        actor="test",
        reason="",
        at=0.0,
        expires=1.0,
        device="mac:aa:bb:cc:dd:ee:ff",
        kind=kind,
        args=args,
    )
