"""Ask an address on the web for a short answer: over HTTPS or HTTP, into memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import defer, error, protocol
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IConsumer, IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IPolicyForHTTPS, IResponse
from zope.interface import implementer

from mother import __version__
from mother.net.causes import root
from mother.net.fetch import REDIRECTS, Connections

_MOVED = frozenset({301, 302, 303, 307, 308})
_OWN = {b"User-Agent": f"mother/{__version__}".encode(), b"Accept-Encoding": b"identity"}
_TARGET = frozenset(map(chr, range(0x21, 0x7F)))


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
        whole = Deferred.fromCoroutine(under_way.run())
        whole.addTimeout(self._whole, self.reactor, _late)
        try:
            return await whole
        except AskFailed:
            raise
        except Exception as problem:
            cause = root(problem)
            if isinstance(cause, CancelledError):
                raise cause from None  # Twisted's client hides that we were cancelled
            # The text of the cause may hold the address: it is not kept.
            raise AskFailed(_cause(cause)) from None


class _Target(NamedTuple):
    """A URL that was looked at, its scheme, and whom it belongs to."""

    url: str
    scheme: str
    host: str
    port: int


def _target(url: str) -> _Target:
    """Raises AskFailed for what is no http or https URL, or holds a login."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or port == 0 or len(url) > 2048 or not _TARGET.issuperset(url):
        raise AskFailed("its address is no URL")
    if parts.scheme not in {"https", "http"}:
        raise AskFailed("it can only be asked over https or http")
    if "@" in parts.netloc:
        raise AskFailed("its address holds a login, which is never sent: say it in a header")
    return _Target(
        urldefrag(url).url, parts.scheme, host, port or (443 if parts.scheme == "https" else 80)
    )


def _checked(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """The headers as bytes; AskFailed for what no header can hold, without its value."""
    sent = {}
    for name, value in headers.items():
        if not (name and _TARGET.issuperset(name) and ":" not in name):
            raise AskFailed("one of its headers has a name that cannot be sent")
        if not (value.isascii() and value.isprintable()):
            raise AskFailed(f"its header {name} has a value that cannot be sent")
        sent[name.encode()] = value.encode()
    return sent


class _UnderWay:
    """One question; `target` is whom it asks at the moment."""

    def __init__(
        self, asker: Asker, target: _Target, headers: dict[bytes, bytes], body: bytes, method: str
    ) -> None:
        self._asker = asker
        self._target = target
        self._headers = headers
        self._body = body
        self._method = method
        self._connections = Connections(asker.reactor)
        self._agent = Agent(asker.reactor, asker.trust, asker.connect, pool=self._connections)

    async def run(self) -> bytes:
        """Ask; whatever comes of it, no connection is left."""
        try:
            return await self._read(await self._answer())
        finally:
            self._connections.abort()

    async def _answer(self) -> IResponse:
        for _ in range(REDIRECTS + 1):
            response = await self._ask()
            if response.code not in _MOVED:
                return self._good(response)
            self._connections.abort()
            self._move((response.headers.getRawHeaders("location") or [""])[0])
        raise AskFailed(f"it redirects more than {REDIRECTS} times")

    def _ask(self) -> Deferred[IResponse]:
        headers = Headers({name: [value] for name, value in self._headers.items()})
        for name, value in _OWN.items():
            headers.setRawHeaders(name, [value])
        if self._body and not headers.hasHeader(b"content-type"):
            headers.setRawHeaders(b"content-type", [b"application/json"])
        body = _Whole(self._body) if self._body or self._method != "GET" else None
        coming: Deferred[IResponse] = self._agent.request(
            self._method.encode("ascii"), self._target.url.encode("ascii"), headers, body
        )
        return coming

    def _move(self, location: str) -> None:
        if self._body or self._method != "GET":
            raise AskFailed("it redirects a question that has a body")
        if not location:
            raise AskFailed("it redirects without saying where to")
        try:
            then = _target(urljoin(self._target.url, location))
        except (AskFailed, ValueError):
            raise AskFailed("it redirects to what cannot be asked") from None
        if self._target.scheme == "https" and then.scheme == "http":
            raise AskFailed("it redirects to an address without encryption (http)")
        if (then.host, then.port) != (self._target.host, self._target.port):
            self._headers = {}
        self._target = then

    def _good(self, response: IResponse) -> IResponse:
        coding = (response.headers.getRawHeaders("content-encoding") or ["identity"])[0]
        if not 200 <= response.code < 300:
            raise AskFailed(f"it answers with status {response.code}")
        if coding.lower() != "identity":
            raise AskFailed("it sends its answer packed, which was not asked for")
        if isinstance(response.length, int):
            self._bound(response.length)
        return response

    async def _read(self, response: IResponse) -> bytes:
        body = _Body(self._bound)
        response.deliverBody(body)
        return await body.done

    def _bound(self, size: int) -> None:
        if size > self._asker.most:
            raise AskFailed(f"its answer is larger than {self._asker.most} bytes")


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


@implementer(IBodyProducer)
class _Whole:
    """The body of a question, written at once."""

    def __init__(self, body: bytes) -> None:
        self.length = len(body)
        self._body = body

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:  # noqa: N802
        consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:  # noqa: N802
        """Nothing to pause: it was written at once."""

    resumeProducing = stopProducing = pauseProducing  # noqa: N815


_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((error.DNSLookupError,), "its name cannot be resolved"),
    ((error.ConnectionRefusedError,), "it refuses the connection"),
    ((error.TimeoutError, defer.TimeoutError, TimeoutError), "it does not answer in time"),
    ((VerificationError,), "its certificate is for another name"),
    ((PotentialDataLoss,), "it does not say how long its answer is"),
    ((error.ConnectionClosed,), "it cut the connection before the answer was whole"),
    ((error.ConnectError,), "it cannot be reached"),
)


def _late(result: Any, _: float) -> Any:
    """A deadline passed: Twisted's client hides the cancellation in errors of its own."""
    return Failure(defer.TimeoutError()) if isinstance(result, Failure) else result


def _cause(problem: BaseException) -> str:
    """What went wrong, in words without the address."""
    for kinds, words in _CAUSES:
        if isinstance(problem, kinds):
            return words
    if isinstance(problem, SSL.Error):
        said = [str(each[-1]) for each in problem.args[0]] if problem.args else []
        return f"no trusted connection ({', '.join(said) or 'TLS'})"
    return f"this is no HTTP ({type(problem).__name__})"
