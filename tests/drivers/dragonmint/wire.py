"""A listener on loopback that gives recorded or hand-made answers, path by path."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from mother.core.model import Address, Credential
from mother.drivers.dragonmint.driver import DragonMint, DragonMintDevice
from mother.net.http import Http
from tests.drivers.dragonmint.cassettes import overview, recorded
from tests.net.turning import listen, reactor

CUT = object()
"""Take the request and cut the connection instead of answering."""

HANG = object()
"""Take the request and never answer."""

TOKEN = recorded("/api/auth")[0].answer["jwt"]
LOGIN: Mapping[str, object] = {
    "/api/auth": {"success": True, "jwt": TOKEN},
    "/api/overview": overview(),
}
EXPIRED = {"success": False, "token": "expired"}
CREDENTIAL = Credential("admin", "dragon&admin")


class Asked(Struct, frozen=True):
    """One request as it arrived."""

    path: str
    authorization: str | None
    form: dict[str, str]
    content_type: str | None
    body: bytes


class Page(Struct, frozen=True):
    """An answer that is no JSON object of status 200."""

    status: int
    body: bytes


class Wire(Resource):
    """Answers each path with its next answer; the last one is given for ever."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, answers: Mapping[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.asked: list[Asked] = []
        self._answers: dict[str, list[object]] = {
            path: list(given) if isinstance(given, Sequence) else [given]
            for path, given in answers.items()
        }

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def render(self, request: Any) -> Any:
        path = request.path.decode()
        form = {key.decode(): value[0].decode() for key, value in (request.args or {}).items()}
        request.content.seek(0)
        kind, body = request.getHeader("content-type"), request.content.read()
        self.asked.append(Asked(path, request.getHeader("authorization"), form, kind, body))
        waiting = self._answers.get(path, [{"success": False, "message": "invalid request"}])
        given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if given is CUT:
            request.channel.transport.abortConnection()
            return NOT_DONE_YET
        if given is HANG:
            return NOT_DONE_YET
        if isinstance(given, Page):
            request.setResponseCode(given.status)
            return given.body
        request.setHeader("content-type", "application/json")
        return json.dumps(given).encode()


@asynccontextmanager
async def listening(
    answers: Mapping[str, object], patience: float = 5.0, idle: float = 5.0
) -> AsyncIterator[tuple[Wire, DragonMint, Address]]:
    """A wire, the family that talks to it, and where it listens."""
    wire = Wire(answers)
    port = listen(Site(wire))
    http = Http(reactor)
    place = Address("127.0.0.1", port.getHost().port)
    try:
        yield wire, DragonMint(http, lambda: patience, idle), place
    finally:
        await http.close()
        await port.stopListening()


@asynccontextmanager
async def miner(
    answers: Mapping[str, object], patience: float = 5.0, idle: float = 5.0
) -> AsyncIterator[tuple[Wire, DragonMintDevice]]:
    """A miner that lets us in and has these further answers."""
    async with listening({**LOGIN, **answers}, patience, idle) as (wire, family, address):
        yield wire, family.device(address, CREDENTIAL)
