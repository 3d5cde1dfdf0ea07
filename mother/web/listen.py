"""The listener: a small HTTP server at an endpoint of the operator's, for machines that look."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.server import Request, Site

from mother.config.listen import parts
from mother.core.units import duration
from mother.web.pages import Page, Root

VISITORS = 20
"""Connections at once; one more takes the place of the oldest that asks nothing."""

WAIT = 90.0
"""Seconds in which a connection must bring its next request, whole."""

ANSWER = 30.0
"""Seconds in which an answer must be made and taken."""

MOST_BODY = 64 * 1024
"""Bytes of a body, which nobody needs here, before the connection is cut."""


AGAIN = 30.0
"""Seconds after which a place that was taken is tried again."""


class Web:
    """A service that serves `pages` at an endpoint.

    Where it cannot listen there, that is said once and tried again: the farm is minded without.
    """

    name = "web"
    log = Logger()

    def __init__(
        self,
        endpoint: str,
        pages: Mapping[bytes, Page],
        reactor: ReactorBase,
        clock: IReactorTime | None = None,
    ) -> None:
        self._description = endpoint
        self._reactor = reactor
        self._clock = clock or reactor
        self._door = Door(pages, reactor)
        self.port: IListeningPort | None = None
        self._again: IDelayedCall | None = None
        self._told = False

    async def start(self) -> None:
        """Listen, or try until it works."""
        self._again = None
        try:
            _remove_stale(self._description)
            endpoint = serverFromString(self._reactor, self._description)
            self.port = await endpoint.listen(self._door)
        except (CannotListenError, OSError, LookupError, ValueError) as error:
            self._put_off(error)
            return
        self._told = False
        self.log.info("Metrics are served at {endpoint}.", endpoint=self._description)

    def _put_off(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            self.log.error(
                "metrics_listen: {endpoint} cannot be listened on ({why}): free it or name "
                "another. The farm is minded without; it is tried again every {every}.",
                endpoint=self._description,
                why=_why(error),
                every=duration(AGAIN),
            )
        self._again = self._clock.callLater(
            AGAIN, lambda: Deferred.fromCoroutine(self.start()).addErrback(self._failed)
        )

    def _failed(self, failure: Failure) -> None:
        self.log.failure("Metrics cannot be served.", failure=failure)

    async def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        port, self.port = self.port, None
        if port is not None:
            closed = maybeDeferred(port.stopListening)
            self._door.close()
            await closed


def _remove_stale(description: str) -> None:
    """Remove a Unix socket on which nobody listens, and its lock.

    Twisted goes by the process id in the lock, which may be another process's by now: in a
    container it is always the same.
    """
    kind, words, named = parts(description)
    path = named.get("address", words[0] if words else "")
    if kind != "unix" or not _is_socket(path):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a living one may be too busy to answer at once
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            for name in (path, f"{path}.lock"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)
        except OSError:
            return  # nothing there, or what is in the way is told by listening


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def _why(error: Exception) -> str:
    cause = error.socketError if isinstance(error, CannotListenError) else error
    if isinstance(cause, LookupError):
        return "systemd has passed no such socket"
    return (isinstance(cause, OSError) and cause.strerror) or str(cause)


class Visit(ProtocolWrapper):
    """A connection with a deadline: for the next request, then for its answer."""

    answering = False
    _deadline: IDelayedCall | None = None

    def makeConnection(self, transport: Any) -> None:  # noqa: N802
        """Somebody has come."""
        self._within(WAIT)
        super().makeConnection(transport)  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """They have gone."""
        self._end()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def begun(self) -> Callable[[], None]:
        """A request has come, whole; what this gives is called when it is answered."""
        self.answering = True
        self._within(ANSWER)
        return self._answered

    def _answered(self) -> None:
        self.answering = False
        if self._deadline is not None:
            self._within(WAIT)

    def abort(self) -> None:
        """Hang up at once."""
        self._end()
        cast(Any, self.transport).abortConnection()

    def _within(self, seconds: float) -> None:
        self._end()
        self._deadline = cast(Door, self.factory).clock.callLater(seconds, self.abort)

    def _end(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None and deadline.active():
            deadline.cancel()


class Door(WrappingFactory[Visit]):
    """Lets so many in at once."""

    protocol = Visit
    noisy = False

    def __init__(self, pages: Mapping[bytes, Page], clock: ReactorBase) -> None:
        super().__init__(_site(pages, clock))  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.clock = clock

    def buildProtocol(  # type: ignore[override]  # noqa: N802  # None refuses, as Factory's may
        self, addr: IAddress | None
    ) -> Visit | None:
        """A place for one more, or None where all are being answered."""
        if len(self.protocols) >= VISITORS:
            idle = next((one for one in self.protocols if not one.answering), None)
            if idle is None:
                return None
            self.unregisterProtocol(idle)
            idle.abort()
        return super().buildProtocol(addr)

    def unregisterProtocol(self, p: Visit) -> None:  # noqa: N802
        """One place is free, if it is not already."""
        self.protocols.pop(p, None)

    def close(self) -> None:
        """Hang up on everybody."""
        for one in tuple(self.protocols):
            one.abort()


def _site(pages: Mapping[bytes, Page], clock: ReactorBase) -> Site:
    root = Root(pages, lambda request: _visit(request).begun())
    site = _Quiet(  # type: ignore[no-untyped-call]  # Twisted's is untyped
        root, _Request, timeout=None, reactor=clock, parsePOSTFormSubmission=False
    )
    site.noisy = False
    return site


def _visit(request: Any) -> Visit:
    return cast(Visit, request.channel.transport)


class _Quiet(Site):
    def log(self, request: Any) -> None:
        """Who asks every few seconds is no news."""


class _Request(Request):
    """Says nothing of what serves it, and keeps no body."""

    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Of a body, whatever its length, nothing is kept."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Read past it, up to a limit."""
        self.received += len(data)
        if self.received > MOST_BODY:
            _visit(self).abort()

    def write(self, data: bytes) -> None:
        """The headers are ours."""
        if not self.startedWriting:
            self.setHeader(b"server", b"mother")  # type: ignore[no-untyped-call]  # Twisted's is untyped
        super().write(data)  # type: ignore[no-untyped-call]  # Twisted's is untyped
