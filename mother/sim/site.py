"""The web server of a simulated device: any resource, without access log or ticking timers."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IReactorTime
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from mother.sim.device import FarmReactor

KEEP_ALIVE_S = 75


def site(resource: IResource, reactor: FarmReactor) -> Site:
    """A factory that serves the resource; idle connections end after KEEP_ALIVE_S.

    The whole body of a request is in `request.content` and its content type in its headers;
    `request.args` holds only what stands in the URL.
    """
    return _Site(resource, reactor)


class _Request(Request):
    """Leaves the body alone: Twisted would first take an upload apart itself, all in memory."""

    def requestReceived(  # noqa: N802  # Twisted's name
        self, command: bytes, path: bytes, version: bytes
    ) -> None:
        """The request is whole; what its body is shows again only when it is answered."""
        self._kinds = self.requestHeaders.getRawHeaders(b"content-type")
        self.requestHeaders.removeHeader(b"content-type")
        super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]  # Twisted's

    def process(self) -> None:
        """Answer it."""
        if self._kinds is not None:
            self.requestHeaders.setRawHeaders(b"content-type", self._kinds)
        super().process()  # type: ignore[no-untyped-call]  # Twisted's


class _Site(Site):
    noisy = False

    def __init__(self, resource: IResource, reactor: FarmReactor) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Twisted's is untyped
            resource,
            requestFactory=_Request,
            timeout=KEEP_ALIVE_S,
            reactor=cast(IReactorTime, reactor),
        )

    def startFactory(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing to open."""

    def stopFactory(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing to close."""

    def log(self, request: http.Request) -> None:
        """Say nothing."""
