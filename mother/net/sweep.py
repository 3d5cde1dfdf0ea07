"""One run of knocking at many hosts and ports, as cheap as Python can.

Every socket waits in one epoll of its own, which the reactor watches as a single reader, and
all deadlines share one tick: a probe costs four system calls and no object of Twisted's.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorTime, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

TICK = 0.02
"""Seconds between two looks at deadlines and rate."""

TURN = 512
"""Sockets opened, or closed, before the reactor gets its turn; about 10 ms."""

BRIEF = 1.2
"""Seconds at the second door of a host that was silent at the first, as absent hosts are: enough
to hear the answer to a SYN that was sent again.
"""

SHORTAGE_PAUSE = 0.1
SHORTAGE_PATIENCE = 30.0
"""Seconds to wait after the machine refused a socket; how long until that is an error."""

_SHORT = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRNOTAVAIL,
        errno.EAGAIN,
    }
)
_OPEN = frozenset({0, errno.EISCONN})
_REFUSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


Door = tuple[str, int, bool]
"""A host, which of the ports, and whether the host was silent at the one before."""

Probe = tuple[float, socket.socket, Door]
"""Until when it waits, in seconds of the clock."""


class Knocks(Struct, frozen=True):
    """What a sweep met: `tried` is the sum of the other four.

    `refused` answered with a reset, `silent` did not answer in time, `unreachable` are those
    for which the network said so (no route, no neighbour).
    """

    tried: int = 0
    open: int = 0
    refused: int = 0
    silent: int = 0
    unreachable: int = 0


class _Pace(Protocol):
    """How many probes may start now."""

    def allowance(self, now: float) -> int:
        """So many; asked at each tick."""

    def used(self, count: int) -> None:
        """So many were started."""


class _Unlimited:
    def allowance(self, now: float) -> int:
        return TURN

    def used(self, count: int) -> None:
        """Nothing to count."""


class _Rate:
    """A smooth rate: what was not used in five ticks is lost, so that no burst follows."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._at = now
        self._left = 1.0

    def allowance(self, now: float) -> int:
        most = max(1.0, self._rate * TICK * 5)
        self._left = min(most, self._left + (now - self._at) * self._rate)
        self._at = now
        return min(TURN, int(self._left))

    def used(self, count: int) -> None:
        self._left -= count


@implementer(IReadDescriptor)
class Sweep:
    """One sweep under way; see `Knocker.sweep` for what it promises."""

    def __init__(
        self,
        descriptors: IReactorFDSet,
        clock: IReactorTime,
        hosts: Iterator[str],
        ports: tuple[int, ...],
        width: int,
        deadline: float,
        found: Callable[[str], None],
        refused: Callable[[str], None],
    ) -> None:
        self._descriptors = descriptors
        self._clock = clock
        self._hosts = hosts if ports else iter(())
        self._ports = ports
        self._width = max(1, width)
        self._deadlines = (deadline, min(deadline, BRIEF))
        self._found = found
        self._refusing = refused
        self._more: list[Door] = []
        self._pending: tuple[dict[int, Probe], dict[int, Probe]] = ({}, {})
        self._exhausted = False
        self._short_since: float | None = None
        self._not_before = 0.0
        self._open = self._refused = self._silent = self._unreachable = 0

    def begin(self, rate: float) -> Deferred[Knocks]:
        """Start at `rate` probes a second, 0 without a limit."""
        now = self._clock.seconds()
        self._pace: _Pace = _Rate(rate, now) if rate > 0 else _Unlimited()
        self._done: Deferred[Knocks] = Deferred(lambda _: self._close())
        self._poller = select.epoll()
        self._descriptors.addReader(self)
        self._timer: IDelayedCall = self._clock.callLater(0, self._tick)
        return self._done

    # what the reactor calls

    def fileno(self) -> int:
        """The epoll itself can be watched like a socket."""
        return self._poller.fileno()

    def logPrefix(self) -> str:  # noqa: N802
        """For Twisted's log."""
        return "knock"

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """An epoll is never lost; the reactor calls this when it goes down."""

    def doRead(self) -> None:  # noqa: N802
        """Some sockets are connected or refused."""
        try:
            for fd, _ in self._poller.poll(0, TURN):
                patient, brief = self._pending
                _, probe, door = (patient if fd in patient else brief).pop(fd)
                code = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                probe.close()
                self._count(door, code)
                if self._done.called:
                    return
        except Exception:
            self._fail(Failure())

    def _tick(self) -> None:
        try:
            now = self._clock.seconds()
            busy = self._expire(now) | self._launch(now)
        except Exception:
            self._fail(Failure())
            return
        if self._done.called:
            return
        if self._exhausted and not self._waiting() and not self._more:
            self._finish()
        else:
            self._timer = self._clock.callLater(0 if busy else TICK, self._tick)

    # the work

    def _expire(self, now: float) -> bool:
        busy = False
        for pending in self._pending:  # each is in the order of its deadlines
            late: list[int] = []
            for fd, (due, _, _) in pending.items():
                if due > now or len(late) == TURN:
                    break
                late.append(fd)
            for fd in late:
                _, probe, door = pending.pop(fd)
                probe.close()
                self._go_on(door, silent=True)
            self._silent += len(late)
            busy |= len(late) == TURN
        return busy

    def _waiting(self) -> int:
        return len(self._pending[0]) + len(self._pending[1])

    def _go_on(self, door: Door, *, silent: bool) -> None:
        """To the host's next door, if it has one."""
        host, place, _ = door
        if place + 1 < len(self._ports):
            self._more.append((host, place + 1, silent))

    def _launch(self, now: float) -> bool:
        if now < self._not_before:
            return False
        allowed = min(self._pace.allowance(now), self._width - self._waiting())
        started = 0
        while started < allowed and not self._done.called:
            door = self._next()
            if door is None:
                break
            if not self._start(door, now):
                break
            started += 1
        self._pace.used(started)
        return started == TURN

    def _next(self) -> Door | None:
        if self._more:
            return self._more.pop()
        host = next(self._hosts, None)
        self._exhausted = host is None
        return None if host is None else (host, 0, False)

    def _start(self, door: Door, now: float) -> bool:
        try:
            probe = socket.socket(socket.AF_INET, _STREAM, 0)
        except OSError as error:
            self._short(door, now, error)
            return False
        host, place, brief = door
        code = probe.connect_ex((host, self._ports[place]))
        if code == errno.EINPROGRESS:
            fd = probe.fileno()
            self._poller.register(fd, select.EPOLLOUT)
            self._pending[brief][fd] = (now + self._deadlines[brief], probe, door)
            self._short_since = None
            return True
        probe.close()
        self._count(door, code)
        return code not in _SHORT

    def _count(self, door: Door, code: int) -> None:
        if code in _SHORT:
            self._short(door, self._clock.seconds(), OSError(code, errno.errorcode[code]))
            return
        self._short_since = None
        self._go_on(door, silent=code == errno.ETIMEDOUT)
        if code in _OPEN:
            self._open += 1
            self._found(door[0])
        elif code in _REFUSED:
            self._refused += 1
            self._refusing(door[0])
        elif code == errno.ETIMEDOUT:
            self._silent += 1
        else:
            self._unreachable += 1

    def _short(self, door: Door, now: float, error: OSError) -> None:
        self._more.append(door)
        self._not_before = now + SHORTAGE_PAUSE
        if self._waiting() or self._short_since is None:
            self._short_since = now
        elif now - self._short_since > SHORTAGE_PATIENCE:
            raise error

    # the end

    def _finish(self) -> None:
        self._close()
        counts = (self._open, self._refused, self._silent, self._unreachable)
        self._done.callback(Knocks(sum(counts), *counts))

    def _fail(self, failure: Failure) -> None:
        if not self._done.called:
            self._close()
            self._done.errback(failure)

    def _close(self) -> None:
        self._descriptors.removeReader(self)
        if self._timer.active():
            self._timer.cancel()
        for pending in self._pending:
            for _, probe, _ in pending.values():
                probe.close()
            pending.clear()
        self._poller.close()
