"""Fetch a file over HTTPS or HTTP: streamed to disk, its size and SHA-256 counted on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

from msgspec import Struct
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
    ResponseDone,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from mother import __version__
from mother.net.causes import root

T = TypeVar("T")

REDIRECTS = 5
BATCH = 1 << 18
"""Bytes that may wait for the disk before the connection is paused."""

LEFT_OVER = ".part"
"""How the name of a file ends while it is being fetched; it begins with a dot."""

_URL = re.compile(r"[!-~]{1,2048}")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.IGNORECASE)
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = Headers({"User-Agent": [f"mother/{__version__}"], "Accept-Encoding": ["identity"]})


class FetchFailed(OSError):
    """Nothing was fetched and nothing is left on disk; one sentence with the host and the cause.

    It names no more of the address than the host: the rest may hold secrets.
    """


class Fetched(Struct, frozen=True):
    """A whole file under a name of its own; whoever asked for it moves it or removes it.

    `size` in bytes, above 0; `sha256` in lower-case hex. It is on the disk, not in its cache.
    """

    path: Path
    size: int
    sha256: str


class Disk(Protocol):
    """Runs jobs that may block, one after the other, off the reactor's thread."""

    def __call__(self, job: Callable[[], T], /) -> Awaitable[T]:
        """The result of `job()`."""


class Fetcher:
    """Fetches files. `trust` decides which certificates are good: the platform's by default.

    Seconds: `connect` for a connection, `idle` without a byte, `whole` for everything. A file
    of more than `most` bytes is refused.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        trust: IPolicyForHTTPS | None = None,
        *,
        connect: float = 10.0,
        idle: float = 30.0,
        whole: float = 3600.0,
        most: int = 512 << 20,
    ) -> None:
        """The reactor must provide IReactorTCP and name resolution too."""
        self.reactor = reactor
        self.trust = BrowserLikePolicyForHTTPS() if trust is None else trust
        self.connect = connect
        self.idle = idle
        self.most = most
        self._whole = whole

    async def fetch(self, url: str, folder: Path, disk: Disk, *, plain: bool = False) -> Fetched:
        """The file at `url`, in `folder`; http and not only https where `plain`.

        Raises FetchFailed. Cancelling closes the connection and removes what was written.
        """
        target = _target(url)
        if target.scheme == "http" and not plain:
            raise FetchFailed(f"{target.host} would send the file without encryption (http)")
        under_way = _UnderWay(self, target, _Part(folder), disk)
        whole = Deferred.fromCoroutine(under_way.run())
        whole.addTimeout(self._whole, self.reactor, _late)
        try:
            return await whole
        except FetchFailed:
            raise
        except Exception as problem:
            cause = root(problem)
            if isinstance(cause, CancelledError):
                raise cause from None
            raise _failed(under_way.target.host, _cause(cause)) from problem


class _Target(NamedTuple):
    """A URL that was looked at, and the two parts of it that matter."""

    url: str
    scheme: str
    host: str


def _target(url: str) -> _Target:
    """Raises FetchFailed for what is no http or https URL, or holds a login."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not (_URL.fullmatch(url) and _HOST.fullmatch(host)) or port == 0:
        raise FetchFailed("this is not the address of a file")
    if parts.scheme not in {"https", "http"}:
        raise FetchFailed(f"{host} can only be asked over https or http")
    if "@" in parts.netloc:
        raise FetchFailed(f"the address of the file at {host} holds a login, which is never sent")
    return _Target(urldefrag(url).url, parts.scheme, host)


class _UnderWay:
    """One fetch; `target` is what it asks at the moment."""

    def __init__(self, fetcher: Fetcher, target: _Target, part: _Part, disk: Disk) -> None:
        self.target = target
        self._fetcher = fetcher
        self._part = part
        self._disk = disk
        self._connections = Connections(fetcher.reactor)
        self._agent = Agent(fetcher.reactor, fetcher.trust, fetcher.connect, pool=self._connections)

    async def run(self) -> Fetched:
        """Fetch it; whatever goes wrong, no connection and no file is left."""
        try:
            response = await self._answer()
            await self._disk(self._part.open)
            await self._store(response)
            return await self._disk(self._part.finish)
        except Exception:
            self._connections.abort()
            await self._disk(self._part.drop)  # after whatever the disk still does for us
            raise

    async def _answer(self) -> IResponse:
        """The answer of the last of at most five redirects."""
        for _ in range(REDIRECTS + 1):
            response = await self._ask()
            if response.code not in _MOVED:
                return self._checked(response)
            self._connections.abort()
            self._move((response.headers.getRawHeaders("location") or [""])[0])
        raise self._failure(f"it redirects more than {REDIRECTS} times")

    def _ask(self) -> Deferred[IResponse]:
        url = self.target.url.encode("ascii")
        coming: Deferred[IResponse] = self._agent.request(b"GET", url, _HEADERS.copy())
        return coming.addTimeout(self._fetcher.idle, self._fetcher.reactor, _late)

    def _move(self, location: str) -> None:
        if not location:
            raise self._failure("it redirects without saying where to")
        then = _target(urljoin(self.target.url, location))
        if self.target.scheme == "https" and then.scheme == "http":
            raise self._failure(f"it redirects to {then.host} without encryption (http)")
        self.target = then

    def _checked(self, response: IResponse) -> IResponse:
        coding = (response.headers.getRawHeaders("content-encoding") or ["identity"])[0]
        if response.code != 200:
            raise self._failure(f"it answers with status {response.code}")
        if coding.lower() != "identity":
            raise self._failure("it sends the file packed, which was not asked for")
        if isinstance(response.length, int):
            self._bound(response.length)
        return response

    async def _store(self, response: IResponse) -> None:
        body = _Body()
        response.deliverBody(body)
        size = 0
        while chunk := await self._chunk(body):
            size += len(chunk)
            self._bound(size)
            await self._disk(partial(self._part.add, chunk))
        if not size:
            raise self._failure("the file is empty")

    def _chunk(self, body: _Body) -> Deferred[bytes]:
        return body.next().addTimeout(self._fetcher.idle, self._fetcher.reactor, _late)

    def _bound(self, size: int) -> None:
        if size > self._fetcher.most:
            raise self._failure(f"the file is larger than {self._fetcher.most} bytes")

    def _failure(self, cause: str) -> FetchFailed:
        return _failed(self.target.host, cause)


def _failed(host: str, cause: str) -> FetchFailed:
    return FetchFailed(f"nothing could be fetched from {host}: {cause}")


def _late(result: Any, _: float) -> Any:
    """A deadline passed: Twisted's client hides the cancellation in errors of its own."""
    return Failure(defer.TimeoutError()) if isinstance(result, Failure) else result


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


class _Body(protocol.Protocol):
    """The body of an answer, asked for in parts; pauses the sender while nobody asks."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._end: Failure | None = None
        self._asker: Deferred[bytes] | None = None

    def next(self) -> Deferred[bytes]:
        """What came since the last call, as soon as there is some; empty at the end.

        One call at a time. Fails where the body ends before it is whole.
        """
        asker: Deferred[bytes] = Deferred(self._forget)
        self._asker = asker
        self._tell()
        return asker

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """A part of the body."""
        self._parts.append(data)
        self._held += len(data)
        if self._held >= BATCH:
            self._sender.pauseProducing()
        self._tell()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802
        """The body ended."""
        self._end = reason
        self._tell()

    @property
    def _sender(self) -> Any:
        return self.transport

    def _forget(self, _: Deferred[bytes]) -> None:
        self._asker = None

    def _tell(self) -> None:
        asker = self._asker
        if asker is None or not (self._parts or self._end):
            return
        self._asker = None
        if self._parts:
            data, self._parts, self._held = b"".join(self._parts), [], 0
            self._sender.resumeProducing()
            asker.callback(data)
        elif self._end is not None and self._end.check(ResponseDone) is None:
            asker.errback(self._end)
        else:
            asker.callback(b"")


class _Part:
    """The file that is being written; used on the disk's thread alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self._size = 0
        self._path: Path | None = None
        self._handle = -1

    def open(self) -> None:
        """Make it, under a name that nobody looks for."""
        self._handle, name = tempfile.mkstemp(prefix=".", suffix=LEFT_OVER, dir=self._folder)
        self._path = Path(name)

    def add(self, chunk: bytes) -> None:
        """Write this behind what is there."""
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._handle, left) :]
        self._digest.update(chunk)
        self._size += len(chunk)

    def finish(self) -> Fetched:
        """Return when the disk has all of it."""
        assert self._path is not None  # noqa: S101  # it was opened
        os.fsync(self._handle)
        self._close()
        return Fetched(self._path, self._size, self._digest.hexdigest())

    def drop(self) -> None:
        """Remove it, if it was made at all."""
        self._close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((error.DNSLookupError,), "its name cannot be resolved"),
    ((error.ConnectionRefusedError,), "it refuses the connection"),
    ((error.TimeoutError, defer.TimeoutError, TimeoutError), "it does not answer in time"),
    ((VerificationError,), "its certificate is for another name"),
    ((error.ConnectionClosed,), "it cut the connection before the file was whole"),
    ((PotentialDataLoss,), "it does not say how long the file is"),
)


def _cause(problem: BaseException) -> str:
    """What went wrong, in words without the address."""
    for kinds, words in _CAUSES:
        if isinstance(problem, kinds):
            return words
    if isinstance(problem, SSL.Error):
        said = [str(each[-1]) for each in problem.args[0]] if problem.args else []
        return f"no trusted connection ({', '.join(said) or 'TLS'})"
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.strerror}{f' ({problem.filename})' if problem.filename else ''}"
    return f"this is no HTTP ({type(problem).__name__})"
