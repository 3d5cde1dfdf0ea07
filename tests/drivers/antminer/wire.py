"""A miner on loopback: its pages behind a digest login, and what it says on its API's port."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import Factory, Protocol
from twisted.web.server import NOT_DONE_YET, Site

from mother.core.model import Address, Credential
from mother.core.ports import Ports
from mother.drivers.antminer.driver import Antminer, AntminerDevice
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.drivers.antminer.answers import body, conf, network, states, system_info
from tests.net.guards import LOGIN, Guarded
from tests.net.turning import listen, reactor

CUT = object()
"""Take the request and cut the connection instead of answering."""

DONE = {"stats": "success", "code": "M000", "msg": "OK!"}

SAYS: Mapping[str, object] = {name: body(name) for name in ("version", "stats", "pools")}
PAGES: Mapping[str, object] = {
    "get_system_info": system_info(),
    "get_miner_conf": conf(),
    "get_network_info": network(),
    "summary": states(),
}


class Page(Struct, frozen=True):
    """An answer that is no JSON object of status 200."""

    status: int
    body: bytes


class Sent(Struct, frozen=True):
    """One request to a page by somebody logged in."""

    page: str
    method: str
    body: bytes

    @property
    def form(self) -> Any:
        return json.loads(self.body)


class Miner:
    """`says` by command of the API, `pages` by name; `api` false shuts the API's port."""

    def __init__(self, says: Mapping[str, object], pages: Mapping[str, object]) -> None:
        self.says = {**SAYS, **says}
        self.pages = {**PAGES, **pages}
        self.heard: list[dict[str, Any]] = []
        self.sent: list[Sent] = []
        self.guard = Guarded(self._page)
        self.api: Any = None
        self.site: Any = None
        self.http = Http(reactor)

    @property
    def commands(self) -> list[str]:
        return [one["command"] for one in self.heard]

    @property
    def asked(self) -> list[str]:
        return [one.page for one in self.sent]

    def last(self, page: str) -> Sent:
        return [one for one in self.sent if one.page == page][-1]

    async def shut_api(self) -> None:
        """Nothing listens there any more."""
        await maybeDeferred(self.api.stopListening)

    async def shut_site(self) -> None:
        """The same of the pages, with the connections that were kept."""
        await self.http.close()
        await maybeDeferred(self.site.stopListening)

    def answer(self, question: dict[str, Any]) -> object:
        self.heard.append(question)
        name = question["command"]
        newer = self.says.get(f"{name} new_api") if question.get("new_api") else None
        return newer if newer is not None else self.says.get(name, b"")

    def _page(self, request: Any, body: bytes) -> Any:
        name = request.path.decode().rpartition("/")[2].removesuffix(".cgi")
        self.sent.append(Sent(name, request.method.decode(), body))
        given = self.pages.get(name, Page(404, b"404 - Not Found"))
        if given is CUT:
            request.channel.transport.abortConnection()
            return NOT_DONE_YET
        if isinstance(given, Page):
            request.setResponseCode(given.status)
            return given.body
        return json.dumps(given).encode()


class _Talk(Protocol):
    miner: Miner

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        assert self.transport is not None
        given = self.miner.answer(json.loads(data))
        if given is not CUT:
            said = given if isinstance(given, bytes) else json.dumps(given).encode()
            self.transport.write(said + b"\0" if said else b"")
        self.transport.loseConnection()


class _Api(Factory):
    noisy = False

    def __init__(self, miner: Miner) -> None:
        self._miner = miner

    def buildProtocol(self, addr: object) -> Protocol:  # noqa: N802
        talk = _Talk()
        talk.miner = self._miner
        return talk


@asynccontextmanager
async def listening(
    says: Mapping[str, object] | None = None, pages: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[Miner, Antminer, Address]]:
    """A miner, the family that talks to it, and where its API listens."""
    miner = Miner(says or {}, pages or {})
    miner.api, miner.site = listen(_Api(miner)), listen(Site(miner.guard))
    ports = Ports(web=miner.site.getHost().port, cgminer=miner.api.getHost().port)
    wire = Wire(miner.http, Lines(reactor), lambda: 5.0, lambda: ports, lambda: 0.0)
    try:
        yield miner, Antminer(wire, 5.0), Address("127.0.0.1", ports.cgminer)
    finally:
        await miner.shut_api()
        await miner.shut_site()


@asynccontextmanager
async def miner(
    says: Mapping[str, object] | None = None,
    pages: Mapping[str, object] | None = None,
    credential: Credential = LOGIN,
) -> AsyncIterator[tuple[Miner, AntminerDevice]]:
    """A miner that lets us in."""
    async with listening(says, pages) as (fake, family, address):
        yield fake, family.device(address, credential)
