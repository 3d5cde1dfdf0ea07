"""One file on its way to a device as a form upload, piece by piece from the disk.

An upload has no whole deadline, for a slow device may take long; it ends when nothing has
moved for a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IDelayedCall, IReactorTCP, IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import RequestGenerationFailed
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from mother.core.errors import Garbled, Unreachable
from mother.core.model import Address
from mother.net.exchange import Answer, CutOff, Exchange

PIECE = 1 << 15
"""Bytes read at a time; the connection holds two or three such pieces at most."""


class FilePart(Struct, frozen=True):
    """One file as the only field of a multipart form.

    `field` and `name` are plain ASCII without quotes. `size` bytes are read from where `file`
    stands; they must have this SHA-256 (lower-case hex).
    """

    field: str
    name: str
    file: BinaryIO
    size: int
    sha256: str

    @property
    def content_type(self) -> bytes:
        """For the request's header."""
        return b"multipart/form-data; boundary=" + self._boundary

    @property
    def head(self) -> bytes:
        """What stands before the file in the body."""
        return (
            b"--%b\r\n"
            b'Content-Disposition: form-data; name="%b"; filename="%b"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n"
        ) % (self._boundary, self.field.encode("ascii"), self.name.encode("ascii"))

    @property
    def tail(self) -> bytes:
        """What stands behind it."""
        return b"\r\n--%b--\r\n" % self._boundary

    @property
    def _boundary(self) -> bytes:
        """A text that no file can hold, short of one that holds its own digest."""
        return b"mother-" + self.sha256[:40].encode("ascii")

    def pieces(self) -> Iterator[bytes]:
        """The whole body; ValueError before the file's last piece if it is another file."""
        yield self.head
        digest, left = hashlib.sha256(), self.size
        while left:
            piece = self.file.read(min(PIECE, left))
            digest.update(piece)
            left -= len(piece)
            if not piece or (not left and digest.hexdigest() != self.sha256):
                raise ValueError("the file has changed on disk since it was checked")
            yield piece
        yield self.tail


@implementer(IBodyProducer)
class Pieces:
    """Gives a connection one piece in each turn of the reactor, while there is room for it.

    `whole`: all was handed over, and there was room for more at the end. `moved` is when a
    piece was last taken, in the clock's seconds.
    """

    def __init__(self, part: FilePart, clock: IReactorTime) -> None:
        self.length = len(part.head) + part.size + len(part.tail)
        self.whole = False
        self.moved = clock.seconds()
        self._pieces = part.pieces()
        self._clock = clock
        self._paused = self._stopped = False
        self._turn: IDelayedCall | None = None

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:  # noqa: N802
        """The Deferred ends when the body is whole, or by OSError or ValueError of the file."""
        self._consumer = consumer
        self._done: Deferred[None] = Deferred(lambda _: self.stopProducing())
        self._next()
        return self._done

    def pauseProducing(self) -> None:  # noqa: N802
        """No room."""
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        """Room again."""
        self._paused = False
        self.moved = self._clock.seconds()
        self._next()

    def stopProducing(self) -> None:  # noqa: N802
        """Nobody takes any more."""
        self._stopped = True
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _next(self) -> None:
        if self._turn is None and not (self._paused or self._stopped or self.whole):
            self._turn = self._clock.callLater(0, self._give)

    def _give(self) -> None:
        self._turn = None
        if self._paused:
            return
        try:
            piece = next(self._pieces, b"")
        except (OSError, ValueError) as error:
            self._stopped = True
            self._done.errback(error)
            return
        self.moved = self._clock.seconds()
        if piece:
            self._consumer.write(piece)
            self._next()
        else:
            self.whole = True
            self._done.callback(None)


class Upload(Exchange):
    """An exchange whose deadline begins anew with all that moves, in either direction."""

    __slots__ = ("_idle", "_pieces")

    def __init__(
        self,
        tcp: IReactorTCP,
        clock: IReactorTime,
        connect: Callable[[], float],
        address: Address,
        limit: int,
        pieces: Pieces,
        idle: float,
    ) -> None:
        super().__init__(tcp, clock, connect, address, limit, repeat=False)
        self._pieces = pieces
        self._idle = idle

    def connected(self, connection: Any) -> Any:
        """The connection counts as something that moved."""
        self._pieces.moved = self._clock.seconds()
        return super().connected(connection)

    def _metered(self, data: bytes) -> None:
        self._pieces.moved = self._clock.seconds()
        super()._metered(data)
        # Twisted forgets a request whose answer is no HTTP while it is still being sent.
        if self._result is not None and self._connection.transport.disconnecting:
            self._break(Garbled(f"{self._address}: this is no HTTP"))

    def _drop(self) -> None:
        self._pieces.stopProducing()
        super()._drop()

    def _failed(self, failure: Failure) -> None:
        if self._result is not None and isinstance(failure.value, RequestGenerationFailed):
            self._end(failure.value.reasons[0].value)
        else:
            super()._failed(failure)

    def _late(self, deadline: float) -> None:
        left = self._pieces.moved + self._idle - self._clock.seconds()
        if left > 0:
            self._timer = self._clock.callLater(left, self._late, deadline)
            return
        kind = CutOff if self._pieces.whole else Unreachable
        self._break(kind(f"{self._address}: nothing moved for {self._idle:g} s"))

    def _end(self, end: Answer | Exception) -> None:
        connection = self._connection
        if not self._pieces.whole:
            self._pieces.stopProducing()
            if isinstance(end, Answer) and end.status < 300:
                end = Garbled(f"{self._address}: it answered before the whole file was sent")
        super()._end(end)
        if connection is not None and not self._pieces.whole:
            connection.transport.abortConnection()
