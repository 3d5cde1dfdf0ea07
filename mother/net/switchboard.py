"""Short calls to many hosts, as cheap as Python can: a connection, a request, an answer.

Every socket waits in one epoll, edge by edge, which the reactor watches as a single reader, and
all deadlines share one tick: a call costs no object of Twisted's but its Deferred.
"""

from __future__ import annotations

import errno
import os
import select
import socket

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorTime, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from mother.core.errors import DeviceError, Garbled, Unreachable
from mother.core.model import Address
from mother.net.exchange import CutOff

TICK = 0.1
"""Seconds between two looks at deadlines: a call may last so much longer."""

TURN = 256
"""Sockets served before the reactor gets its turn; about 10 ms."""

CHUNK = 1 << 16
"""Bytes taken at once."""

_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_OVER = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_NEWS = select.EPOLLIN | _OVER
_EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_UNDER_WAY = frozenset({0, errno.EINPROGRESS})


@implementer(IReadDescriptor)
class Switchboard:
    """All calls under way. Holds nothing, neither file nor timer, once there are none."""

    def __init__(self, descriptors: IReactorFDSet, clock: IReactorTime) -> None:
        self._descriptors = descriptors
        self._clock = clock
        self._calls: dict[int, Call] = {}
        self._poller: select.epoll | None = None

    def now(self) -> float:
        """The reactor's seconds."""
        return self._clock.seconds()

    def enter(self, fd: int, call: Call) -> None:
        """Tell this call from now on of what happens to its socket. Raises OSError."""
        poller = self._poller
        if poller is None:
            poller = self._open()
        poller.register(fd, _EDGES)
        self._calls[fd] = call

    def leave(self, fd: int) -> None:
        """The call is over; closing its socket takes it out of the epoll."""
        self._calls.pop(fd, None)

    # what the reactor calls

    def fileno(self) -> int:
        """The epoll itself can be watched like a socket."""
        return -1 if self._poller is None else self._poller.fileno()

    def logPrefix(self) -> str:  # noqa: N802
        """For Twisted's log."""
        return "lines"

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """An epoll is never lost; the reactor calls this when it goes down."""
        for call in list(self._calls.values()):
            call.break_off("the program ends")

    def doRead(self) -> None:  # noqa: N802
        """Something happened to some sockets.

        What a call's end sets off may close the sockets of others and open new ones with their
        numbers: a call that is told of what was not meant for it finds nothing to do.
        """
        if self._poller is None:
            return
        for fd, mask in self._poller.poll(0, TURN):
            call = self._calls.get(fd)
            if call is not None:
                call.stir(mask)

    def _open(self) -> select.epoll:
        self._poller = poller = select.epoll()
        self._descriptors.addReader(self)
        self._clock.callLater(TICK, self._tick)
        return poller

    def _tick(self) -> None:
        if not self._calls and self._poller is not None:
            self._descriptors.removeReader(self)
            self._poller.close()
            self._poller = None
            return
        self._clock.callLater(TICK, self._tick)
        now = self._clock.seconds()
        if any(call.due <= now for call in self._calls.values()):
            self.doRead()  # after a blocked reactor the answers are here, unread
            for call in [call for call in self._calls.values() if call.due <= now]:
                call.expire()


class Call:
    """One call under way. What is a whole answer is the subclass's matter."""

    __slots__ = (
        "_address", "_board", "_fd", "_got", "_limit", "_patience", "_request", "_result",
        "_socket", "_whole", "due",
    )  # fmt: skip

    due: float
    _patience: float
    _whole: tuple[float, float] | None
    _fd: int
    _socket: socket.SocketType
    _result: Deferred[bytes] | None

    def __init__(self, board: Switchboard, address: Address, request: bytes, limit: int) -> None:
        self._board = board
        self._address = address
        self._request = request
        self._limit = limit
        self._got: bytes | bytearray = b""

    def begin(self, connect: float, deadline: float) -> Deferred[bytes]:
        """Call; `connect` and `deadline` are seconds from now. Fails by its Deferred alone."""
        result: Deferred[bytes] = Deferred(self._cancelled)
        self._result = result
        now = self._board.now()
        self._patience = connect if connect < deadline else deadline
        self._whole = (deadline, now + deadline)
        self.due = now + self._patience
        wrong = self._dial()
        if wrong:
            self._result = None
            result.errback(Unreachable(f"{self._address}: {wrong}"))
        return result

    def _dial(self) -> str:
        """Begin to connect; what is wrong, if anything is."""
        host = self._address.host
        try:
            socket.inet_pton(socket.AF_INET, host)  # a name would be resolved, and block
        except (OSError, ValueError):
            return "this is no IPv4 address"
        try:
            line = socket.SocketType(socket.AF_INET, _STREAM, 0)
        except OSError as error:
            return os.strerror(error.errno or 0)
        try:
            code = line.connect_ex((host, self._address.port))
            if code in _UNDER_WAY:
                self._socket, self._fd = line, line.fileno()
                self._board.enter(self._fd, self)
                return ""
        except (OSError, OverflowError) as error:
            line.close()
            return str(error)
        line.close()
        return os.strerror(code)

    # what happens to the socket

    def stir(self, mask: int) -> None:
        """Something happened, or may have: `mask` is what epoll says of it."""
        try:
            silent = self._whole is not None and not mask & _NEWS  # it was just connected
            if (not self._request or self._send()) and not silent:
                self._receive(mask)
        except OSError as error:
            self.break_off(os.strerror(error.errno or 0))
        except Exception:
            self._fail(Failure())

    def _send(self) -> bool:
        """Go on sending; whether all is sent."""
        try:
            sent = self._socket.send(self._request)
        except BlockingIOError:
            return False
        if self._whole is not None:  # it is connected
            self._patience, self.due = self._whole
            self._whole = None
        self._request = self._request[sent:]
        return not self._request

    def _receive(self, mask: int) -> None:
        while self._result is not None:
            try:
                part = self._socket.recv(CHUNK)
            except BlockingIOError:
                return
            if not part:
                self._ended()
                return
            self._take(part)
            if len(part) < CHUNK and not mask & _OVER:
                return  # what comes after this is an edge of its own

    def _keep(self, part: bytes) -> None:
        if not self._got:
            self._got = part
        else:
            if isinstance(self._got, bytes):
                self._got = bytearray(self._got)
            self._got += part

    def _take(self, part: bytes) -> None:
        """A part of the answer, never empty."""
        raise NotImplementedError

    def _ended(self) -> None:
        """The peer will send no more."""
        raise NotImplementedError

    # the ends

    def _answer(self, answer: bytes) -> None:
        result = self._leave()
        if result is not None:
            result.callback(answer)

    def _fail(self, error: DeviceError | Failure) -> None:
        result = self._leave()
        if result is not None:
            result.errback(error)

    def break_off(self, why: str) -> None:
        """End it for this reason: CutOff where the whole request was sent."""
        kind = Unreachable if self._request else CutOff
        self._fail(kind(f"{self._address}: {why}"))

    def expire(self) -> None:
        """Its time is over."""
        what = "connection" if self._whole is not None else "whole answer"
        self.break_off(f"no {what} within {self._patience:g} s")

    def _too_large(self) -> None:
        self._fail(Garbled(f"{self._address}: the answer is larger than {self._limit} bytes"))

    def _cancelled(self, _: Deferred[bytes]) -> None:
        self._leave()

    def _leave(self) -> Deferred[bytes] | None:
        """Close; the Deferred to fire, if it is not fired or cancelled."""
        result, self._result = self._result, None
        if result is not None:
            self._board.leave(self._fd)
            self._socket.close()
            self._got = b""
        return result


class Line(Call):
    """An answer that ends with a NUL or with the connection."""

    __slots__ = ()

    def _take(self, part: bytes) -> None:
        end = part.find(0)
        self._keep(part if end < 0 else part[:end])
        if len(self._got) > self._limit:
            self._too_large()
        elif end >= 0:
            self._ended()

    def _ended(self) -> None:
        if self._got:
            self._answer(bytes(self._got))
        else:
            self.break_off("closed without an answer")


class Framed(Call):
    """An answer behind its length of four bytes, the lowest first."""

    __slots__ = ()

    def _take(self, part: bytes) -> None:
        self._keep(part)
        if len(self._got) < 4:
            return
        length = int.from_bytes(self._got[:4], "little")
        if length > self._limit:
            self._too_large()
        elif not length:
            self._ended()
        elif len(self._got) >= 4 + length:
            self._answer(bytes(self._got[4 : 4 + length]))

    def _ended(self) -> None:
        self.break_off(
            "cut off before the whole answer came" if self._got else "closed without an answer"
        )
