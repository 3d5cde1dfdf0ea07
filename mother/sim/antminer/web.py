"""The web server of an Antminer: a digest login before everything, then its pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec
from twisted.internet.interfaces import IProtocolFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from mother.sim.antminer import digest
from mother.sim.antminer.api import Bmminer
from mother.sim.antminer.pages import Asks, Page, Pages
from mother.sim.antminer.state import Antminer
from mother.sim.device import FarmReactor
from mother.sim.faults import Fault
from mother.sim.lines import Lines
from mother.sim.site import site

WEB = 80
CGMINER = 4028
THEN_S = 0.5
INDEX = b"<!DOCTYPE html><html><head><title>Antminer</title></head><body></body></html>"

_PATH = re.compile(r"^/cgi-bin/(\w+)\.cgi$")
_ERRORS = {401: b"401 - Unauthorized", 404: b"404 - Not Found", 500: b"500 - Internal Server Error"}
_BOUNDARY = re.compile(rb'boundary="?([^\s";]+)')


def server(ant: Antminer, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
    """All that listens on one device."""
    bmminer = Bmminer(ant)
    return {
        WEB: site(Web(ant, Pages(ant, bmminer), reactor), reactor),
        CGMINER: Lines(bmminer.answer, reactor, idle=5.0),  # type: ignore[arg-type]  # the half it needs
    }


class Web(Resource):
    """Everything under `/`."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, ant: Antminer, pages: Pages, reactor: FarmReactor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._ant = ant
        self._pages = pages
        self._reactor = reactor
        self._secret = hashlib.sha256(f"nonce {ant.mac}".encode()).hexdigest()

    def render(self, request: Request) -> int:
        """Challenge, or serve."""
        self._ant.catch_up()
        worth = self._verdict(request)
        if worth != "ok":
            words = digest.challenge(self._secret, self._ant.now(), stale=worth == "stale")
            request.setHeader("WWW-Authenticate", words)
            self._error(request, 401)
        elif self._ant.fault is Fault.HTTP_500:
            self._error(request, 500)
        elif request.path == b"/":
            self._send(request, INDEX, "text/html")
        else:
            self._page(request)
        return NOT_DONE_YET

    def _verdict(self, request: Request) -> str:
        return digest.verdict(
            request.getHeader("authorization") or "",
            request.method.decode("ascii", "replace"),
            request.uri.decode("utf-8", "replace"),
            self._ant.login,
            f"{self._secret}",
            self._ant.now(),
        )

    def _page(self, request: Request) -> None:
        path = _PATH.match(request.path.decode("ascii", "replace"))
        body = b"" if request.content is None else request.content.read()
        image = _file(request.getHeader("content-type") or "", body)
        page = self._pages.page(path[1], Asks(body, image)) if path else None
        if page is None:
            self._error(request, 404)
        else:
            self._answer(request, page)

    def _answer(self, request: Request, page: Page) -> None:
        if isinstance(page.content, bytes):
            self._send(request, page.content, "text/plain")
        else:
            self._send(request, msgspec.json.encode(page.content), "application/json")
        if page.then is not None:
            self._reactor.callLater(THEN_S, page.then)

    def _error(self, request: Request, code: int) -> None:
        request.setResponseCode(code)
        title = _ERRORS[code]
        body = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
        self._send(request, body % (title, title), "text/html")

    def _send(self, request: Request, body: bytes, kind: str) -> None:
        request.setHeader("Content-Type", kind)
        request.setHeader("Content-Length", str(len(body)))
        request.setHeader("Server", "lighttpd/1.4.32")
        request.write(body)
        request.finish()


def _file(content_type: str, body: bytes) -> bytes | None:
    """The first file of a multipart body, if it came whole."""
    boundary = _BOUNDARY.search(content_type.encode())
    if not content_type.startswith("multipart/form-data") or boundary is None:
        return None
    line = b"--" + boundary[1]
    for part in body.split(line)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if b"filename=" in head:
            return content.removesuffix(b"\r\n")
    return None
