"""A relay behind HTTP as they hang in halls: it switches, tells its state, and fails as told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from tests.net.turning import listen


class Relay(Resource):
    """`/on`, `/off` and `/state`. `calls` are all that came: method, path, body.

    `status` is answered in place of an act; `stuck`: it says yes and does nothing; `silent`: it
    says nothing at all. `token` is asked for where it is not empty.
    """

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self.on = True
        self.status = 200
        self.stuck = False
        self.silent = False
        self.token = ""
        self.calls: list[tuple[str, str, str]] = []
        self.base = ""

    @property
    def orders(self) -> list[str]:
        """What it was told to do."""
        return [path for _, path, _ in self.calls if path != "/state"]

    def render(self, request: Any) -> Any:
        path = request.path.decode()
        self.calls.append((request.method.decode(), path, request.content.read().decode()))
        if self.silent:
            return NOT_DONE_YET
        if self.token and request.getHeader("authorization") != self.token:
            request.setResponseCode(401)
            return b"{}"
        if self.status != 200:
            request.setResponseCode(self.status)
            return b"no"
        if path in ("/on", "/off") and not self.stuck:
            self.on = path == "/on"
        return b'{"relays":[{"ison":%s,"w":12}]}' % (b"true" if self.on else b"false")


@asynccontextmanager
async def relay() -> AsyncIterator[Relay]:
    """One that listens on loopback; `base` is where."""
    one = Relay()
    site = Site(one)
    site.noisy = False
    port = listen(site)
    one.base = f"http://127.0.0.1:{port.getHost().port}"
    try:
        yield one
    finally:
        await port.stopListening()
