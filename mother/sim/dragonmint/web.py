"""The web server of one simulated device: nginx before PHP, over the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import datetimeToString
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from mother.sim.dragonmint import answers, php
from mother.sim.dragonmint.calls import CALLS, call, is_admin
from mother.sim.dragonmint.models import is_version
from mother.sim.dragonmint.multipart import upload
from mother.sim.dragonmint.replies import API_HEADERS, INDEX, INDEX_HEADERS, PAGES
from mother.sim.dragonmint.state import Dragon, Write
from mother.sim.faults import Fault
from mother.sim.wire import GARBAGE

FLASHING_S = 20.0
_PLAIN = {"Content-Type": "text/plain", "Server": API_HEADERS["Server"]}
_PAGE = {"Content-Type": "text/html", "Server": API_HEADERS["Server"]}
_FIRMWARE_FILE = re.compile(r"^/files/[^/]+/([^/]+)\.swu$")


def device_resource(dragon: Dragon, clock: IReactorTime | None = None) -> Resource:
    """The whole web server of a device as one leaf resource.

    `clock` times what a device delays; without one such answers come at once.
    """
    return _Device(dragon, clock)


class _Device(Resource):
    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, dragon: Dragon, clock: IReactorTime | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self._dragon = dragon
        self._clock = clock

    def render(self, request: Request) -> int:
        """Count, misbehave where the device's fault says so, else serve."""
        path = request.path.decode("ascii", "replace")
        known = path in _PATHS or path.removeprefix("/api/") in _ACTIONS
        self._dragon.requests[path if known else "other"] += 1
        if not self._dragon.present:
            _connection(request).abortConnection()
        elif self._dragon.fault in _MISHAPS:
            _MISHAPS[self._dragon.fault](self, request, path)
        else:
            self._serve(request, path)
        return NOT_DONE_YET

    def _serve(self, request: Request, path: str) -> None:
        if path.startswith("/api/"):
            self._api(request, path.removeprefix("/api/"))
        elif path in _PATHS:
            _PATHS[path](self, request)
        elif _FIRMWARE_FILE.match(path):
            self._send(request, b"SIMULATED FIRMWARE " + path.encode("ascii", "replace"), _PLAIN)
        else:
            self._page(request, 404)

    def _api(self, request: Request, action: str, cut: bool = False) -> None:
        body = b"" if request.content is None else request.content.read()
        fields = php.form(body) if _is_form(request) else {}
        reply = call(self._dragon, action, fields, _authorization(request))
        encoded = php.encode(reply.content, escape_slashes=action != "pools")
        if cut:
            encoded = encoded[: len(encoded) // 2]
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        def answer() -> None:
            if not gone:
                self._send(request, encoded, API_HEADERS)
            if reply.then is not None:
                reply.then()

        self._after(reply.delay, answer)

    def _index(self, request: Request) -> None:
        if request.method not in (b"GET", b"HEAD"):
            self._page(request, 405)
            return
        title = self._dragon.firmware.title.encode()
        page = INDEX.replace(b"<title>DragonMint<", b"<title>" + title + b"<")
        self._send(request, page, {**INDEX_HEADERS, "Content-Length": str(len(page))})

    def _upload(self, request: Request) -> None:
        """Multipart field `upfile`; the answer is hand-made: empty, as it is no JSON.

        PHP runs the script in any case, so that a file that is missing, empty or cut short
        is answered the same way; nothing is flashed then.
        """
        body = b"" if request.content is None else request.content.read()
        found = upload(request.getHeader("content-type") or "", body, "upfile")
        form = {"file": "", "size": "0", "sha256": ""}
        if found is not None:
            form = {"file": found.name, "size": str(found.size), "sha256": found.sha256}
        self._upgrade(request, form, found.name if found is not None and found.size else "")

    def _download(self, request: Request) -> None:
        """Form field `url`; nothing is really fetched."""
        fields = php.form(b"" if request.content is None else request.content.read())
        name = php.text(fields, "url").rpartition("/")[2]
        self._upgrade(request, {"file": name}, name)

    def _upgrade(self, request: Request, form: php.Form, name: str) -> None:
        """Note the form, answer, and flash what `name` says, if that is firmware."""
        if not self._admin(request):
            return
        path = request.path.decode("ascii", "replace")
        self._dragon.writes.append(Write(self._dragon.now(), path, form))
        self._send(request, b"", _PLAIN)
        version = name.removesuffix(".swu")
        if name.endswith(".swu") and is_version(version):
            self._after(FLASHING_S, lambda: self._dragon.reboot(version))

    def _logs(self, request: Request) -> None:
        """The journal line by line; it ends here, which nobody recorded."""
        if self._admin(request):
            lines = [line.encode() for line in answers.journal(self._dragon)]
            self._send(request, lines, _PLAIN)

    def _admin(self, request: Request) -> bool:
        allowed = is_admin(self._dragon, _authorization(request))
        if not allowed:
            self._page(request, 401)
        return allowed

    def _page(self, request: Request, code: int) -> None:
        request.setResponseCode(code)
        self._send(request, PAGES[code], _PAGE)

    def _send(
        self, request: Request, body: bytes | list[bytes], headers: Mapping[str, str]
    ) -> None:
        closing = request.responseHeaders.hasHeader(b"connection")
        for name, value in headers.items():
            if not (closing and name == "Connection"):
                request.setHeader(name, value)
        request.setHeader("Date", datetimeToString(self._dragon.now()))
        for chunk in [body] if isinstance(body, bytes) else body:
            request.write(chunk)
        request.finish()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        if self._clock is None or seconds <= 0:
            act()
        else:
            self._clock.callLater(seconds, act)

    # Faults

    def _hang(self, request: Request, path: str) -> None:
        """The request is taken and never answered."""

    def _garbage(self, request: Request, path: str) -> None:
        _connection(request).write(GARBAGE)
        _connection(request).loseConnection()

    def _truncated(self, request: Request, path: str) -> None:
        if path.startswith("/api/"):
            self._api(request, path.removeprefix("/api/"), cut=True)
        else:
            self._serve(request, path)

    def _http_500(self, request: Request, path: str) -> None:
        if path.startswith("/api/"):
            self._page(request, 500)
        else:
            self._serve(request, path)


_MISHAPS: dict[Fault, Callable[[_Device, Request, str], None]] = {
    Fault.HANG: _Device._hang,
    Fault.GARBAGE: _Device._garbage,
    Fault.TRUNCATED: _Device._truncated,
    Fault.HTTP_500: _Device._http_500,
}

_PATHS: dict[str, Callable[[_Device, Request], None]] = {
    "/": _Device._index,
    "/index.html": _Device._index,
    "/upgrade/upload": _Device._upload,
    "/upgrade/download": _Device._download,
    "/stream/logs": _Device._logs,
}

_ACTIONS = frozenset({*CALLS, "auth"})


def _is_form(request: Request) -> bool:
    kind = request.getHeader("content-type") or ""
    return request.method == b"POST" and kind.startswith("application/x-www-form-urlencoded")


def _connection(request: Request) -> Any:
    """The TCP connection below the request."""
    return request.channel.transport


def _authorization(request: Request) -> str:
    return request.getHeader("authorization") or ""
