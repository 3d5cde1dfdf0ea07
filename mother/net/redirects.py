"""A question to an address on the web, over HTTPS or HTTP, and the redirects that it meets."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from mother import __version__

REDIRECTS = 5

OWN = {"User-Agent": f"mother/{__version__}", "Accept-Encoding": "identity"}
"""Headers of every question."""

PORTS = {"https": 443, "http": 80}

_MOVED = frozenset({301, 302, 303, 307, 308})
_URL = re.compile(r"[!-~]{1,2048}")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.IGNORECASE)


class Target(NamedTuple):
    """A URL that was looked at, without its fragment; `port` is None where it names none.

    Only a scheme of PORTS can be asked. `login`: it holds one, which is never sent.
    """

    url: str
    scheme: str
    host: str
    port: int | None
    login: bool

    @property
    def place(self) -> tuple[str, int | None]:
        """Whom it belongs to."""
        return self.host, self.port or PORTS.get(self.scheme)


def target(url: str) -> Target | None:
    """None for what is no URL with a host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not (_URL.fullmatch(url) and _HOST.fullmatch(host)) or port == 0:
        return None
    return Target(urldefrag(url).url, parts.scheme, host, port, "@" in parts.netloc)


class Question:
    """One question; `target` is whom it asks at the moment.

    An answer is good with a status in `good`. `what` is the answer in words of failures;
    `tells_host`: they may name the host.
    """

    good = range(200, 300)
    what = "its answer"
    tells_host = False

    def __init__(
        self,
        reactor: IReactorTime,
        trust: IPolicyForHTTPS,
        connect: float,
        most: int,
        whom: Target,
    ) -> None:
        """`connect` seconds for a connection; `most` bytes of an answer."""
        self.target = whom
        self.most = most
        self.connections = Connections(reactor)
        self.agent = Agent(reactor, trust, connect, pool=self.connections)

    async def answer(self) -> IResponse:
        """The good answer of the last of at most five redirects; its body is not read yet."""
        for _ in range(REDIRECTS + 1):
            response = await self.ask()
            if response.code not in _MOVED:
                return self._checked(response)
            self.connections.abort()
            self.move((response.headers.getRawHeaders("location") or [""])[0])
        raise self.failure(f"it redirects more than {REDIRECTS} times")

    def move(self, location: str) -> None:
        """Ask whom it names from now on, but never by http who was asked by https."""
        if not location:
            raise self.failure("it redirects without saying where to")
        try:
            there = urljoin(self.target.url, location)
        except ValueError:
            raise self.failure("it redirects to what cannot be asked") from None
        then = self.redirected(there)
        if self.target.scheme == "https" and then.scheme == "http":
            whom = then.host if self.tells_host else "an address"
            raise self.failure(f"it redirects to {whom} without encryption (http)")
        self.target = then

    def bound(self, size: int) -> None:
        """Fails for so many bytes of an answer where that is too much."""
        if size > self.most:
            raise self.failure(f"{self.what} is larger than {self.most} bytes")

    def _checked(self, response: IResponse) -> IResponse:
        coding = (response.headers.getRawHeaders("content-encoding") or ["identity"])[0]
        if response.code not in self.good:
            raise self.failure(f"it answers with status {response.code}")
        if coding.lower() != "identity":
            raise self.failure(f"it sends {self.what} packed, which was not asked for")
        if isinstance(response.length, int):
            self.bound(response.length)
        return response

    # what each kind of question has of its own

    def ask(self) -> Deferred[IResponse]:
        """Ask `target`, by `agent`."""
        raise NotImplementedError

    def redirected(self, url: str) -> Target:
        """Whom to ask then; fails for what cannot be asked."""
        raise NotImplementedError

    def failure(self, cause: str) -> Exception:
        """What to raise."""
        raise NotImplementedError


class Connections(HTTPConnectionPool):
    """Keeps none; knows the one in use, as only that can be cut off at once."""

    retryAutomatically = False  # noqa: N815  # Twisted's name

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__(clock, persistent=False)  # type: ignore[no-untyped-call]  # Twisted's
        self._used: Any = None

    def getConnection(self, key: Any, endpoint: Any) -> Any:  # noqa: N802
        """A new connection."""
        return super().getConnection(key, endpoint).addCallback(self._keep)

    def _keep(self, connection: Any) -> Any:
        self._used = connection
        return connection

    def abort(self) -> None:
        """Cut it off, whatever it still does; nothing where there is none."""
        used, self._used = self._used, None
        if used is not None:
            # Below TLS, which fails to abort what is closed already.
            raw = getattr(used.transport, "transport", used.transport)
            raw.abortConnection()
