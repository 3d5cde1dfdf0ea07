"""A gateway on loopback with answers made by hand, after the two mock servers that are known."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from mother.core.model import Command, CommandKind
from mother.core.ports import Ports
from mother.drivers.minercontrol.driver import MinerControl, MinerControlDevice
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from tests.net.turning import listen, reactor

NOW = 1_780_000_000.0
MINER = "10.1.1.1"
TOKEN = "10.1.1.1_token"  # what the mock gives to everybody

CUT = object()
"""Take the request and cut the connection instead of answering."""

HANG = object()
"""Take the request and never answer."""

Said = tuple[int, dict[str, Any] | bytes]


def ok(text: str) -> Said:
    return 200, {"message": text}


def said(status: int, text: str, key: str = "message") -> Said:
    return status, {key: text}


def logged_in(life: float = 60.0, token: str = TOKEN, ahead: float = 0.0) -> Said:
    """A login; the gateway's clock is `ahead` of ours."""
    ends = formatdate(NOW + ahead + life, usegmt=True)
    return 200, {"message": "Miner logged in.", "token": token, "ttl": ends}


ALREADY_IN: Said = (200, {"message": "Miner already logged in.", "token": TOKEN})
UNAUTHORIZED = said(401, "Unauthorized. Please login with a valid token.")


class Script(Resource):
    """Answers each call with its next answer; the last one is given for ever."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, answers: Mapping[str, object], ahead: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.date = formatdate(NOW + ahead, usegmt=True)
        self._answers = {
            call: list(given) if isinstance(given, list) else [given]
            for call, given in answers.items()
        }

    @property
    def calls(self) -> list[str]:
        return [call for call, _ in self.asked]

    def render(self, request: Any) -> Any:
        request.content.seek(0)
        call = request.path.decode().removeprefix("/api/")
        self.asked.append((call, json.loads(request.content.read())))
        assert request.method == b"POST"
        assert request.getHeader("content-type") == "application/json"
        waiting = self._answers.get(call, [(404, b"<title>404 Not Found</title>")])
        given: Any = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if given is CUT:
            request.channel.transport.abortConnection()
            return NOT_DONE_YET
        if given is HANG:
            return NOT_DONE_YET
        status, body = given
        request.setResponseCode(status)
        request.setHeader("Date", self.date)
        return body if isinstance(body, bytes) else json.dumps(body).encode()


class Clock:
    """Our wall clock, to be set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def gateway(
    answers: Mapping[str, object], patience: float = 5.0, ahead: float = 0.0
) -> AsyncIterator[tuple[Script, MinerControl, str, Clock]]:
    """A gateway on the wire, the family that talks to it, where it is, and our clock."""
    script, clock = Script({"login": logged_in(ahead=ahead), **answers}, ahead), Clock()
    port = listen(Site(script))
    http = Http(reactor)
    family = MinerControl(Wire(http, Lines(reactor), lambda: patience, Ports, clock))
    try:
        yield script, family, f"http://127.0.0.1:{port.getHost().port}/api", clock
    finally:
        await http.close()
        await port.stopListening()


@asynccontextmanager
async def miner(
    answers: Mapping[str, object], patience: float = 5.0, ahead: float = 0.0
) -> AsyncIterator[tuple[Script, MinerControlDevice, Clock]]:
    """One miner behind such a gateway."""
    given = {
        "curtail": ok("Miner curtail state updated to sleep."),
        "profileset": ok("Miner profile updated to normal."),
        **answers,
    }
    async with gateway(given, patience, ahead) as (script, family, url, clock):
        device, _ = family.member(url, MINER, 10)
        yield script, device, clock


def order(kind: CommandKind, **args: object) -> Command:
    """An order to the miner."""
    return Command(
        id="1",
        key="1",
        actor="test",
        reason="",
        at=0.0,
        expires=1.0,
        device="home/via:gateway:10.1.1.1",
        kind=kind,
        args=args,
    )


PAUSE, RESUME = order(CommandKind.PAUSE), order(CommandKind.RESUME)


def profile(name: str) -> Command:
    return order(CommandKind.SET_PROFILE, profile=name, level=None)


def begun(work: Any) -> Deferred[Any]:
    """Start it, and go on beside it."""
    return Deferred.fromCoroutine(work)
