"""The web server of one simulated AxeOS device: a small page, and JSON under `/api/system`."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from mother.sim.axeos import answers
from mother.sim.axeos.replies import INDEX
from mother.sim.axeos.settings import WrongInput, taken
from mother.sim.axeos.state import Axe, Write
from mother.sim.device import FarmReactor
from mother.sim.site import site

ANSWER_S = 0.04
RESTART_S = 1.0
IDENTIFY_S = 30.0
BODY_LIMIT = 10240

_JSON = "application/json"
_TEXT = "text/html"
"""What ESP-IDF calls text (k): its plain sentences go out as this."""


class _Doors(WrappingFactory):
    """Counts the connections that are open."""

    noisy = False

    @property
    def open(self) -> int:
        return len(self.protocols)


def web_server(axe: Axe, reactor: FarmReactor, delay: float = ANSWER_S) -> IProtocolFactory:
    """The device's listener; `delay` seconds before each answer."""
    page = device_resource(axe, reactor, delay)
    doors = _Doors(site(page, reactor))  # type: ignore[no-untyped-call]  # Twisted's is untyped
    page.connections = lambda: doors.open
    return cast(IProtocolFactory, doors)


def device_resource(axe: Axe, clock: IReactorTime | FarmReactor, delay: float = 0.0) -> Web:
    """The whole web server as one leaf resource; `clock` times what the device delays."""
    return Web(axe, clock, delay)


class Web(Resource):
    """Counts, turns its back on those who ask too much, else answers."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, axe: Axe, clock: IReactorTime | FarmReactor, delay: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._axe = axe
        self._clock = clock
        self._delay = delay
        self.connections: Callable[[], int] = lambda: 1

    def render(self, request: Request) -> int:
        """One request; a server that died takes it and never answers."""
        path = request.path.decode("ascii", "replace")
        self._axe.requests[path if path in _KNOWN else "other"] += 1
        if not self._axe.present:
            cast(Any, request.channel).transport.abortConnection()
        elif self._axe.patience.asked(self.connections()):
            self._later(request, path)
        return NOT_DONE_YET

    def _later(self, request: Request, path: str) -> None:
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        def answer() -> None:
            if not gone:
                self._serve(request, path)

        self._after(self._delay, answer)

    def _serve(self, request: Request, path: str) -> None:
        if not allowed(request):
            self._send(request, b"Unauthorized", _TEXT, 401)
            return
        methods = _ROUTES.get(path)
        if methods is None or not _served(self._axe, path):
            self._send(request, b"Nothing matches the given URI", _TEXT, 404)
        elif request.method not in methods:
            self._send(request, b"Specified method is invalid for this resource", _TEXT, 405)
        else:
            methods[request.method](self, request)

    def _index(self, request: Request) -> None:
        self._send(request, INDEX, "text/html; charset=utf-8")

    def _info(self, request: Request) -> None:
        self._send(request, answers.encoded(answers.info(self._axe)), _JSON)

    def _asic(self, request: Request) -> None:
        self._send(request, answers.encoded(answers.asic(self._axe)), _JSON)

    def _options(self, request: Request) -> None:
        self._send(request, b"", _TEXT)

    def _patch(self, request: Request) -> None:
        body = b"" if request.content is None else request.content.read()
        if len(body) > BODY_LIMIT:
            self._send(request, b"content too long", _TEXT, 500)
            return
        try:
            change = taken(_decoded(body), strict=self._axe.firmware.strict)
        except WrongInput as error:
            self._send(request, str(error).encode(), _TEXT, 400)
            return
        self._wrote("PATCH /api/system", change)
        self._axe.keep(change)
        self._send(request, b"", _TEXT)

    def _restart(self, request: Request) -> None:
        self._wrote("POST /api/system/restart")
        self._send(request, b"System will restart shortly.", _TEXT)
        self._after(RESTART_S, self._axe.reboot)

    def _pause(self, request: Request) -> None:
        self._wrote("POST /api/system/pause")
        self._axe.pause(True)
        self._send(request, b'{"message":"Mining paused"}', _JSON)

    def _resume(self, request: Request) -> None:
        self._wrote("POST /api/system/resume")
        self._axe.pause(False)
        self._send(request, b'{"message":"Mining resumed"}', _JSON)

    def _identify(self, request: Request) -> None:
        self._wrote("POST /api/system/identify")
        self._axe.identifying_until = self._axe.now() + IDENTIFY_S
        self._send(request, b'The device says "Hi!" for 30 seconds.', _TEXT)

    def _wrote(self, call: str, change: dict[str, str | int | float] | None = None) -> None:
        self._axe.writes.append(Write(self._axe.now(), call, change or {}))

    def _send(self, request: Request, body: bytes, kind: str, code: int = 200) -> None:
        request.setResponseCode(code)
        request.responseHeaders.removeHeader("server")
        request.setHeader("Content-Type", kind)
        request.setHeader("Content-Length", str(len(body)))
        request.setHeader("Access-Control-Allow-Origin", "*")
        request.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, OPTIONS")
        request.setHeader("Access-Control-Allow-Headers", "Content-Type")
        request.write(body)
        request.finish()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        if seconds > 0:
            self._clock.callLater(seconds, act)
        else:
            act()


_ROUTES: dict[str, dict[bytes, Callable[[Web, Request], None]]] = {
    "/": {b"GET": Web._index},
    "/index.html": {b"GET": Web._index},
    "/api/system/info": {b"GET": Web._info, b"OPTIONS": Web._options},
    "/api/system/asic": {b"GET": Web._asic, b"OPTIONS": Web._options},
    "/api/system": {b"PATCH": Web._patch, b"OPTIONS": Web._options},
    "/api/system/restart": {b"POST": Web._restart, b"OPTIONS": Web._options},
    "/api/system/pause": {b"POST": Web._pause, b"OPTIONS": Web._options},
    "/api/system/resume": {b"POST": Web._resume, b"OPTIONS": Web._options},
    "/api/system/identify": {b"POST": Web._identify, b"OPTIONS": Web._options},
}
_KNOWN = frozenset(_ROUTES)


def _served(axe: Axe, path: str) -> bool:
    """Whether its firmware knows the path at all."""
    if path in ("/api/system/pause", "/api/system/resume"):
        return axe.firmware.pauses
    if path in ("/api/system/asic", "/api/system/identify"):
        return axe.firmware.asic
    return True


def allowed(request: Request) -> bool:
    """Only private addresses may ask, and only pages from private addresses make browsers ask.

    Loopback counts as private here, as the farm lives there.
    """
    if not _private(request.getClientAddress().host):
        return False
    origin = request.getHeader("origin")
    return origin is None or _private(urlsplit(origin).hostname or "")


def _private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise WrongInput("Invalid JSON") from None
