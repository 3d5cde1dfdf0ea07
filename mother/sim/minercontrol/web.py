"""The web server of a simulated gateway: four calls, all POST, JSON in and out."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import cast

from twisted.internet.interfaces import IProtocolFactory
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from mother.sim.device import FarmReactor
from mother.sim.minercontrol.state import CALLS, Gateway, MissingKey
from mother.sim.site import site

_JSON, _HTML = "application/json", "text/html; charset=utf-8"
_PATHS = {f"/api/{call}": call for call in CALLS}


class Doors(WrappingFactory):
    """Counts connections: those that are `open`, and the `most` there ever were at once."""

    noisy = False

    def __init__(self, factory: IProtocolFactory) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.most = 0

    @property
    def open(self) -> int:
        """How many there are now."""
        return len(self.protocols)

    def registerProtocol(self, protocol: object) -> None:  # noqa: N802  # Twisted's name
        """One more."""
        super().registerProtocol(protocol)  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.most = max(self.most, self.open)


def web_server(gateway: Gateway, reactor: FarmReactor) -> Doors:
    """The gateway's listener."""
    return Doors(cast(IProtocolFactory, site(Web(gateway, reactor), reactor)))


class Web(Resource):
    """Answers a call, `slow` seconds later where the gateway is."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, gateway: Gateway, clock: FarmReactor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._gateway = gateway
        self._clock = clock

    def render(self, request: Request) -> int:
        """One request."""
        if not self._gateway.slow:
            self._serve(request)
            return NOT_DONE_YET
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        def answer() -> None:
            if not gone:
                self._serve(request)

        self._clock.callLater(self._gateway.slow, answer)
        return NOT_DONE_YET

    def _serve(self, request: Request) -> None:
        call = _PATHS.get(request.path.decode("ascii", "replace"))
        if call is None:
            self._send(request, 404, b"<title>404 Not Found</title>", _HTML)
        elif request.method != b"POST":
            self._send(request, 405, b"<title>405 Method Not Allowed</title>", _HTML)
        else:
            self._answer(request, call)

    def _answer(self, request: Request, call: str) -> None:
        body = b"" if request.content is None else request.content.read()
        try:
            form = json.loads(body)
        except ValueError:
            form = None
        if not isinstance(form, dict):
            self._send(request, 400, b"<title>400 Bad Request</title>", _HTML)
            return
        try:
            status, said = self._gateway.answer(call, form)
        except MissingKey:
            self._send(request, 500, b"<title>500 Internal Server Error</title>", _HTML)
            return
        self._send(request, status, json.dumps(said).encode() + b"\n", _JSON)

    def _send(self, request: Request, status: int, body: bytes, kind: str) -> None:
        request.setResponseCode(status)
        request.setHeader("Server", "Werkzeug")
        request.setHeader("Date", formatdate(self._gateway.now(), usegmt=True))
        request.setHeader("Content-Type", kind)
        request.setHeader("Content-Length", str(len(body)))
        request.write(body)
        request.finish()
