"""Fetch a file over HTTPS or HTTP: streamed to disk, its size and SHA-256 counted on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from twisted.internet import protocol
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikePolicyForHTTPS, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from mother.net.causes import late, within, words
from mother.net.redirects import OWN, PORTS, Question, Target, target

T = TypeVar("T")

BATCH = 1 << 18
"""Bytes that may wait for the disk before the connection is paused."""

LEFT_OVER = ".part"
"""How the name of a file ends while it is being fetched; it begins with a dot."""

_HEADERS = Headers({name: [value] for name, value in OWN.items()})


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
        whom = _target(url)
        if whom.scheme == "http" and not plain:
            raise FetchFailed(f"{whom.host} would send the file without encryption (http)")
        under_way = _UnderWay(self, whom, _Part(folder), disk)
        try:
            return await within(self._whole, self.reactor, under_way.run())
        except (FetchFailed, CancelledError):
            raise
        except Exception as problem:
            raise under_way.failure(_cause(problem)) from problem


def _target(url: str) -> Target:
    """Raises FetchFailed for what is no http or https URL, or holds a login."""
    found = target(url)
    if found is None:
        raise FetchFailed("this is not the address of a file")
    host = found.host
    if found.scheme not in PORTS:
        raise FetchFailed(f"{host} can only be asked over https or http")
    if found.login:
        raise FetchFailed(f"the address of the file at {host} holds a login, which is never sent")
    return found


class _UnderWay(Question):
    """One fetch."""

    good = range(200, 201)
    what = "the file"
    tells_host = True

    def __init__(self, fetcher: Fetcher, whom: Target, part: _Part, disk: Disk) -> None:
        super().__init__(fetcher.reactor, fetcher.trust, fetcher.connect, fetcher.most, whom)
        self._reactor = fetcher.reactor
        self._idle = fetcher.idle
        self._part = part
        self._disk = disk

    async def run(self) -> Fetched:
        """Fetch it; whatever goes wrong, no connection and no file is left."""
        try:
            response = await self.answer()
            await self._disk(self._part.open)
            await self._store(response)
            return await self._disk(self._part.finish)
        except Exception:
            self.connections.abort()
            await self._disk(self._part.drop)  # after whatever the disk still does for us
            raise

    def ask(self) -> Deferred[IResponse]:
        """GET; it may be silent for so long."""
        url = self.target.url.encode("ascii")
        coming: Deferred[IResponse] = self.agent.request(b"GET", url, _HEADERS.copy())
        return coming.addTimeout(self._idle, self._reactor, late)

    def redirected(self, url: str) -> Target:
        """Whom it shall ask then."""
        return _target(url)

    def failure(self, cause: str) -> FetchFailed:
        """With the host that is asked."""
        return FetchFailed(f"nothing could be fetched from {self.target.host}: {cause}")

    async def _store(self, response: IResponse) -> None:
        body = _Body()
        response.deliverBody(body)
        size = 0
        while chunk := await self._chunk(body):
            size += len(chunk)
            self.bound(size)
            await self._disk(partial(self._part.add, chunk))
        if not size:
            raise self.failure("the file is empty")

    def _chunk(self, body: _Body) -> Deferred[bytes]:
        return body.next().addTimeout(self._idle, self._reactor, late)


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


def _cause(problem: BaseException) -> str:
    """What went wrong, in words without the address: on the web, or on the disk."""
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.strerror}{f' ({problem.filename})' if problem.filename else ''}"
    return words(problem, _UnderWay.what)
