"""Ask an address on the web for a short answer: over HTTPS or HTTP, into memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet import protocol
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikePolicyForHTTPS, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from mother.net.body import Whole
from mother.net.causes import within, words
from mother.net.redirects import OWN, PORTS, Question, Target, target

_VISIBLE = frozenset(map(chr, range(0x21, 0x7F)))


class AskFailed(OSError):
    """No whole answer came; the text says how, and names nothing of the address.

    The address and the headers may hold secrets: whoever asks says whom.
    """


class Asker:
    """Asks. `trust` decides which certificates are good: the platform's by default.

    Seconds: `connect` for a connection, `whole` for everything. An answer of more than `most`
    bytes is refused.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        trust: IPolicyForHTTPS | None = None,
        *,
        connect: float = 10.0,
        whole: float = 20.0,
        most: int = 2 << 20,
    ) -> None:
        """The reactor must provide IReactorTCP and name resolution too."""
        self.reactor = reactor
        self.trust = BrowserLikePolicyForHTTPS() if trust is None else trust
        self.connect = connect
        self.most = most
        self._whole = whole

    async def ask(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        *,
        method: str = "",
    ) -> bytes:
        """The body of an answer with status 2xx: by GET, by POST of JSON where there is a `body`,
        or by the `method` that is named.

        At most five redirects are followed, never from https to http, and of a GET without a
        `body` alone; the headers go to no other host. Raises AskFailed. Cancelling closes the
        connection.
        """
        method = method or ("POST" if body else "GET")
        under_way = _UnderWay(self, _target(url), _checked(headers or {}), body.encode(), method)
        try:
            return await within(self._whole, self.reactor, under_way.run())
        except (AskFailed, CancelledError):
            raise
        except Exception as problem:
            # The text of the cause may hold the address: it is not kept.
            raise AskFailed(words(problem, "the answer")) from None


def _target(url: str) -> Target:
    """Raises AskFailed for what is no http or https URL, or holds a login."""
    found = target(url)
    if found is None:
        raise AskFailed("its address is no URL")
    if found.scheme not in PORTS:
        raise AskFailed("it can only be asked over https or http")
    if found.login:
        raise AskFailed("its address holds a login, which is never sent: say it in a header")
    return found


def _checked(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """The headers as bytes; AskFailed for what no header can hold, without its value."""
    sent = {}
    for name, value in headers.items():
        if not (name and _VISIBLE.issuperset(name) and ":" not in name):
            raise AskFailed("one of its headers has a name that cannot be sent")
        if not (value.isascii() and value.isprintable()):
            raise AskFailed(f"its header {name} has a value that cannot be sent")
        sent[name.encode()] = value.encode()
    return sent


class _UnderWay(Question):
    """One question, and its answer in memory."""

    def __init__(
        self, asker: Asker, whom: Target, headers: dict[bytes, bytes], body: bytes, method: str
    ) -> None:
        super().__init__(asker.reactor, asker.trust, asker.connect, asker.most, whom)
        self._headers = headers
        self._body = body
        self._method = method

    async def run(self) -> bytes:
        """Ask; whatever comes of it, no connection is left."""
        try:
            return await self._read(await self.answer())
        finally:
            self.connections.abort()

    def ask(self) -> Deferred[IResponse]:
        """Ask with the headers, and JSON for a body where there is one."""
        headers = Headers({name: [value] for name, value in self._headers.items()})
        for name, value in OWN.items():
            headers.setRawHeaders(name, [value])
        if self._body and not headers.hasHeader(b"content-type"):
            headers.setRawHeaders(b"content-type", [b"application/json"])
        body = Whole(self._body) if self._body or self._method != "GET" else None
        coming: Deferred[IResponse] = self.agent.request(
            self._method.encode("ascii"), self.target.url.encode("ascii"), headers, body
        )
        return coming

    def move(self, location: str) -> None:
        """A GET alone is asked anew; the headers go to no other host."""
        if self._body or self._method != "GET":
            raise AskFailed("it redirects a question that has a body")
        before = self.target.place
        super().move(location)
        if self.target.place != before:
            self._headers = {}

    def redirected(self, url: str) -> Target:
        """Whom it shall ask then."""
        try:
            return _target(url)
        except AskFailed:
            raise AskFailed("it redirects to what cannot be asked") from None

    def failure(self, cause: str) -> AskFailed:
        """Without the address."""
        return AskFailed(cause)

    async def _read(self, response: IResponse) -> bytes:
        body = _Body(self.bound)
        response.deliverBody(body)
        return await body.done


class _Body(protocol.Protocol):
    """The body of an answer, in memory; `done` fires with all of it, or fails."""

    def __init__(self, bound: Any) -> None:
        self._bound = bound
        self._parts: list[bytes] = []
        self._size = 0
        self.done: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """A part of the body."""
        if self.done.called:
            return
        self._parts.append(data)
        self._size += len(data)
        try:
            self._bound(self._size)
        except AskFailed as failed:
            self._parts.clear()
            self.done.errback(failed)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802
        """The body ended."""
        if self.done.called:
            return
        whole = b"".join(self._parts)
        # Small devices close instead of telling the length: what closes its bracket is whole.
        closed = reason.check(PotentialDataLoss) and whole.rstrip().endswith((b"}", b"]"))
        if reason.check(ResponseDone) or closed:
            self.done.callback(whole)
        else:
            self.done.errback(reason)
