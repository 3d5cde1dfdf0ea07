"""Line APIs of simulated devices: one request and one answer per TCP connection, or frames.

Nothing here logs; a listener costs one factory, a connection one object and one timer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

Answer = bytes | None
Handler = Callable[[bytes], Answer | Deferred[Answer]]
"""Answers a request; None closes without a reply, a Deferred that never fires hangs."""

PAUSE_S = 0.5
HEAD = 4

_Raw: Any = msgspec.Raw
_spelled = msgspec.json.Decoder(_Raw).decode


class Lines(ServerFactory):
    """The listener of one device: one request per connection, closed after the answer.

    `clock` times all of it, in seconds: `idle` until a silent connection is closed, `delay`
    before each answer. `limit` bounds a request in bytes; a longer one is cut off. `most` is how
    many connections are served at once (0: any number), the others are closed at once. `end`
    follows each answer, such as a NUL.
    """

    noisy = False

    def __init__(
        self,
        handler: Handler,
        clock: IReactorTime,
        *,
        delay: float = 0.0,
        idle: float = 10.0,
        limit: int = 65536,
        most: int = 0,
        end: bytes = b"",
    ) -> None:
        self._handler = handler
        self.clock = clock
        self.delay = delay
        self.idle = idle
        self.limit = limit
        self.most = most
        self.end = end
        self.open = 0

    def handle(self, request: bytes, peer: str) -> Answer | Deferred[Answer]:
        """The answer; a subclass may ask who the `peer` is, by its address."""
        return self._handler(request)

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: N802  # Twisted's name
        """None refuses the connection."""
        if self.most and self.open >= self.most:
            return None
        return Line(self, getattr(addr, "host", ""))


class Frames(Lines):
    """The same with 4 bytes of length before request and answer, the lowest byte first.

    The connection stays open for more requests, which are answered one after the other.
    """

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: N802  # Twisted's name
        """None refuses the connection."""
        if self.most and self.open >= self.most:
            return None
        return Frame(self, getattr(addr, "host", ""))


class _Talk(Protocol):
    """What both kinds of connection share: the buffer, the timer, the answer to come."""

    log = Logger()

    def __init__(self, lines: Lines, peer: str) -> None:
        self._lines = lines
        self._peer = peer
        self._buffer = b""
        self._busy = False
        self._gone = False
        self._timer: IDelayedCall | None = None
        self._coming: Deferred[Answer] | None = None

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """From now on it counts."""
        self._lines.open += 1
        self._rest(self._lines.idle)

    def connectionLost(self, reason: Failure = Failure) -> None:  # type: ignore[assignment]  # noqa: N802  # Twisted's default is a class
        """Nobody waits for the answer any more."""
        self._gone = True
        self._lines.open -= 1
        self._stop_timer()
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.cancel()

    def readConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """The peer will send no more, but may wait for the answer."""
        if not self._busy:
            self._silence()

    def writeConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing can be answered any more."""
        self._close()

    def _silence(self) -> None:
        """No more came: within the idle time, or for good."""
        self._close()

    def _rest(self, seconds: float) -> None:
        """Wait for more; `_silence` after so many seconds."""
        if self._timer is not None and self._timer.active():
            self._timer.reset(seconds)
        else:
            self._timer = self._lines.clock.callLater(seconds, self._silence)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _serve(self, request: bytes) -> None:
        self._busy = True
        self._stop_timer()
        try:
            answer = self._lines.handle(request, self._peer)
        except Exception:
            self._failed(Failure())
            return
        if isinstance(answer, Deferred):
            self._coming = answer
            answer.addCallbacks(self._late, self._failed)
        else:
            self._late(answer)

    def _late(self, answer: Answer) -> None:
        self._coming = None
        if self._gone:
            return
        if self._lines.delay > 0:
            self._timer = self._lines.clock.callLater(self._lines.delay, self._answer, answer)
        else:
            self._answer(answer)

    def _failed(self, failure: Failure) -> None:
        self._coming = None
        if not self._gone:
            self.log.failure("a simulated miner failed at a request", failure)
            self._close()

    def _answer(self, answer: Answer) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def _write(self, data: bytes) -> None:
        if self.transport is not None and not self._gone:
            self.transport.write(data)


@implementer(IHalfCloseableProtocol)
class Line(_Talk):
    """One connection: one JSON object, or a line of text such as `setpool|0,user,...`."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """What comes after the request is not read."""
        if self._busy:
            return
        self._buffer += data
        if len(self._buffer) > self._lines.limit:
            self._busy = True
            cast(Any, self.transport).abortConnection()
        elif whole(self._buffer):
            self._serve(self._buffer)
        else:
            self._rest(min(PAUSE_S, self._lines.idle))

    def _silence(self) -> None:
        """A request that stays unfinished is handed over as it is, as cgminer reads once."""
        if self._buffer and not self._busy:
            self._serve(self._buffer)
        elif not self._busy:
            self._close()

    def _answer(self, answer: Answer) -> None:
        if answer is not None:
            self._write(answer + self._lines.end)
        self._close()


@implementer(IHalfCloseableProtocol)
class Frame(_Talk):
    """One connection that carries frames until either side closes it."""

    def __init__(self, lines: Lines, peer: str) -> None:
        super().__init__(lines, peer)
        self._ended = False
        self._looping = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """A length beyond the limit ends the connection at once."""
        self._buffer += data
        if self._busy and len(self._buffer) > self._lines.limit + HEAD:
            cast(Any, self.transport).abortConnection()
        else:
            self._next()

    def readConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """The peer will send no more, but may wait for the answer."""
        self._ended = True
        super().readConnectionLost()

    def _next(self) -> None:
        """Serve what is there, one after the other; without recursion, however much it is."""
        if self._looping:
            return
        self._looping = True
        while not (self._busy or self._gone) and self._one():
            pass
        self._looping = False

    def _one(self) -> bool:
        """Serve one frame; False where none is whole."""
        size = int.from_bytes(self._buffer[:HEAD], "little")
        if len(self._buffer) >= HEAD and size > self._lines.limit:
            self._gone = True
            cast(Any, self.transport).abortConnection()
        elif len(self._buffer) >= HEAD + size:
            request = self._buffer[HEAD : HEAD + size]
            self._buffer = self._buffer[HEAD + size :]
            self._serve(request)
            return True
        elif self._ended:
            self._close()
        else:
            self._rest(self._lines.idle)
        return False

    def _answer(self, answer: Answer) -> None:
        if answer is None:
            self._close()
            return
        full = answer + self._lines.end
        self._write(len(full).to_bytes(HEAD, "little") + full)
        self._busy = False
        self._next()


def whole(request: bytes) -> bool:
    """Whether a request is complete: any text is, JSON when it ends where it began.

    Broken JSON with as many closed braces as open ones is whole too: the device says no to it.
    """
    text = request.strip(b" \t\r\n\0")
    if not text:
        return False
    if text[:1] != b"{":
        return True
    if text[-1:] != b"}":
        return False
    if text.count(b"{") == text.count(b"}") and text.count(b'"') % 2 == 0:
        return True
    try:
        _spelled(text)
    except msgspec.DecodeError:
        return False
    return True
