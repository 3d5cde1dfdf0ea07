"""HTTP for devices: one pool of kept connections, a deadline round each whole exchange.

No redirects, cookies, proxies or content codings: devices need none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTCP, IReactorTime, IStreamClientEndpoint
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IResponse
from zope.interface import implementer

from mother.core.model import Address
from mother.net.body import Whole
from mother.net.exchange import Answer, CutOff, Exchange
from mother.net.upload import FilePart, Pieces, Upload

__all__ = ["Answer", "CutOff", "FilePart", "Http"]


MANY = 64
"""So many idle connections to one gateway are kept at most."""


class Http:
    """The one HTTP client of the process.

    `connect` is asked for the connect deadline in seconds at each new connection; an idle
    connection is kept for `keep` seconds, one per device, to a gateway as many as it had at once.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        connect: Callable[[], float] = lambda: 2.5,
        keep: float = 90.0,
    ) -> None:
        """The reactor must provide IReactorTCP too; TypeError where it does not."""
        self._tcp = IReactorTCP(reactor)
        self._clock = reactor
        self._connect = connect
        self._kept = _pool(reactor, persistent=True, keep=keep)
        self._doors = _Doors()
        self._keeping = Agent.usingEndpointFactory(reactor, self._doors, self._kept)
        self._many = _pool(reactor, persistent=True, keep=keep)
        self._many.maxPersistentPerHost = MANY
        self._crowding = Agent.usingEndpointFactory(reactor, self._doors, self._many)
        self._single = Agent.usingEndpointFactory(
            reactor, self._doors, _pool(reactor, persistent=False, keep=keep)
        )

    def exchange(
        self,
        address: Address,
        method: bytes,
        path: str,
        *,
        headers: Headers | None = None,
        body: bytes | None = None,
        content_type: bytes | None = None,
        deadline: float,
        limit: int = 1 << 20,
        repeat: bool = False,
        fresh: bool = False,
        many: bool = False,
    ) -> Deferred[Answer]:
        """One request and its whole answer, whatever its status, within `deadline` seconds.

        `address` is an IPv4 literal, `path` is ASCII and begins with a slash, `headers` is not
        changed. `limit` bounds the answer's body in bytes. `repeat` sends a second time when
        the connection died before an answer began: for reads only. `fresh` makes a connection
        of its own, so that CutOff never comes from one that had long been dead: for writes.
        `many` keeps every connection to the host, which serves many callers: they bound them.

        Raises CutOff once the request was sent, Unreachable before, Garbled for what is not
        HTTP or too large. Cancelling closes the connection.
        """
        if content_type is not None:
            headers = Headers() if headers is None else headers.copy()
            headers.setRawHeaders(b"content-type", [content_type])
        agent = self._single if fresh else self._crowding if many else self._keeping
        exchange = Exchange(self._tcp, self._clock, self._connect, address, limit, repeat)

        def send() -> Deferred[IResponse]:
            producer = None if body is None else Whole(body)
            self._doors.next = exchange
            uri = f"http://{address.host}:{address.port}{path}".encode("ascii")
            response: Deferred[IResponse] = agent.request(method, uri, headers, producer)
            return response

        return exchange.begin(send, deadline)

    def upload(
        self,
        address: Address,
        path: str,
        part: FilePart,
        *,
        headers: Headers | None = None,
        idle: float,
        limit: int = 1 << 20,
    ) -> Deferred[Answer]:
        """POST one file as a form, on a connection of its own, never a second time.

        Ends after `idle` seconds in which nothing moved in either direction. Raises CutOff once
        the whole file was sent, Unreachable before, Garbled for what is not HTTP or an answer
        that is too large or too early, OSError or ValueError of the file: then the device has
        not got a whole one. The file is the caller's to close. Cancelling closes the connection.
        """
        headers = Headers() if headers is None else headers.copy()
        headers.setRawHeaders(b"content-type", [part.content_type])
        pieces = Pieces(part, self._clock)
        upload = Upload(self._tcp, self._clock, self._connect, address, limit, pieces, idle)

        def send() -> Deferred[IResponse]:
            self._doors.next = upload
            uri = f"http://{address.host}:{address.port}{path}".encode("ascii")
            response: Deferred[IResponse] = self._single.request(b"POST", uri, headers, pieces)
            return response

        return upload.begin(send, idle)

    async def close(self) -> None:
        """Close the kept connections."""
        for pool in (self._kept, self._many):
            await pool.closeCachedConnections()  # type: ignore[no-untyped-call]  # Twisted's


class _Pool(HTTPConnectionPool):
    """Tells each exchange which connection it was given; the endpoint is the exchange."""

    retryAutomatically = False  # noqa: N815  # Twisted's name; we repeat reads ourselves
    maxPersistentPerHost = 1  # noqa: N815  # Twisted's name

    def getConnection(self, key: Any, endpoint: Any) -> Any:  # noqa: N802
        """A kept connection or a new one."""
        return super().getConnection(key, endpoint).addCallback(endpoint.connected)


def _pool(clock: IReactorTime, *, persistent: bool, keep: float) -> _Pool:
    pool = _Pool(clock, persistent)  # type: ignore[no-untyped-call]  # Twisted's
    pool.cachedConnectionTimeout = keep  # type: ignore[assignment]  # a float does as well
    return pool


@implementer(IAgentEndpointFactory)
class _Doors:
    """Hands the Agent the exchange itself as its endpoint; `request` asks at once."""

    next: Exchange

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:  # noqa: N802
        return self.next
