"""Ask one address and see that it answers well: a heartbeat for whoever watches over us."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import defer, error, protocol
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    BrowserLikePolicyForHTTPS,
    HTTPConnectionPool,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from mother import __version__
from mother.net.causes import within

_HEADERS = Headers({"User-Agent": [f"mother/{__version__}"]})


class PingFailed(Exception):
    """It did not answer well; the text says how, and names no more of the address than its host."""


class Ping:
    """Asks over https with the platform's certificates, or over http. `whole` seconds for all."""

    def __init__(
        self, reactor: IReactorTime, trust: IPolicyForHTTPS | None = None, whole: float = 10.0
    ) -> None:
        """The reactor must provide IReactorTCP and name resolution too."""
        self._reactor = reactor
        self._whole = whole
        pool = _Pool(reactor, persistent=False)  # type: ignore[no-untyped-call]  # Twisted's
        policy = BrowserLikePolicyForHTTPS() if trust is None else trust
        self._agent = Agent(reactor, policy, whole, pool=pool)

    async def get(self, url: str) -> None:
        """Return once the whole answer came, with a status of 2xx. Raises PingFailed.

        Redirects are not followed: they would lead the secret in the address elsewhere.
        """
        try:
            status = await within(self._whole, self._reactor, self._ask(url))
        except CancelledError:
            raise
        except Exception as problem:
            # The text of the cause may hold the address: it is not kept.
            raise PingFailed(f"{host_of(url)} {_cause(problem)}") from None
        if not 200 <= status < 300:
            raise PingFailed(f"{host_of(url)} answers with status {status}")

    async def _ask(self, url: str) -> int:
        response: IResponse = await self._agent.request(
            b"GET", url.encode("ascii"), _HEADERS.copy()
        )
        body = _Ignored()
        response.deliverBody(body)
        await body.done
        return int(response.code)


def host_of(url: str) -> str:
    """All of the address that anybody may see."""
    return urlsplit(url).hostname or "the address"


class _Pool(HTTPConnectionPool):
    retryAutomatically = False  # noqa: N815  # Twisted's name


class _Ignored(protocol.Protocol):
    """A body that nobody reads; cancelling `done` closes the connection."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self._drop())

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802
        """The body ended; whether it was whole matters to nobody."""
        if not self.done.called:
            self.done.callback(None)

    def _drop(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((error.DNSLookupError,), "cannot be resolved"),
    ((error.ConnectionRefusedError,), "refuses the connection"),
    ((error.TimeoutError, defer.TimeoutError, TimeoutError), "does not answer in time"),
    ((VerificationError,), "has a certificate for another name"),
    ((SSL.Error,), "gives no trusted connection (TLS)"),
    ((error.ConnectionClosed, error.ConnectError), "cannot be reached"),
)


def _cause(problem: BaseException) -> str:
    """What went wrong, in words without the address."""
    for kinds, words in _CAUSES:
        if isinstance(problem, kinds):
            return words
    return f"answers with something else than HTTP ({type(problem).__name__})"
