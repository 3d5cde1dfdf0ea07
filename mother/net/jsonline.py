"""One request, one answer, one TCP connection: what cgminer's API and its heirs speak."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from mother.core.clock import sleep
from mother.core.model import Address
from mother.net.exchange import CutOff
from mother.net.switchboard import Framed, Line, Switchboard

AT_ONCE = 1.0
"""Who hangs up within so many seconds is busy with somebody else."""


class Lines:
    """The one client of the process for such devices.

    `connect` is asked for the connect deadline in seconds at each connection.
    """

    def __init__(self, reactor: IReactorTime, connect: Callable[[], float] = lambda: 2.5) -> None:
        """The reactor must provide IReactorFDSet too; TypeError where it does not."""
        descriptors = IReactorFDSet(reactor, None)
        if descriptors is None:
            raise TypeError("Lines needs a reactor that watches sockets (IReactorFDSet)")
        self._board = Switchboard(descriptors, reactor)
        self._connect = connect
        self._clock = reactor

    def ask(
        self,
        address: Address,
        request: bytes,
        *,
        deadline: float,
        limit: int = 1 << 20,
        again: float = 0.0,
    ) -> Deferred[bytes]:
        """Send `request`, and give all that comes until the peer closes or sends a NUL.

        The NUL is not part of the answer. `limit` bounds the answer in bytes. Raises CutOff (of
        `mother.net.exchange`) once the request was sent and no whole answer came, an empty one
        included; Unreachable before; Garbled for one that is too large. Nothing is sent twice,
        unless `again` says after how many seconds a read may be, once: some devices serve one at
        a time and hang up on others at once. `deadline` is for both. Cancelling closes the
        connection.
        """
        call = Line(self._board, address, request, limit).begin(self._connect(), deadline)
        if not again:
            return call
        return Deferred.fromCoroutine(self._twice(call, address, request, deadline, limit, again))

    async def _twice(
        self,
        call: Deferred[bytes],
        address: Address,
        request: bytes,
        deadline: float,
        limit: int,
        again: float,
    ) -> bytes:
        began = self._clock.seconds()
        try:
            return await call
        except CutOff:
            spent = self._clock.seconds() - began
            left = deadline - spent - again
            if spent > AT_ONCE or left <= 0:
                raise
        await sleep(self._clock, again)
        return await Line(self._board, address, request, limit).begin(self._connect(), left)

    def framed(
        self, address: Address, request: bytes, *, deadline: float, limit: int = 1 << 20
    ) -> Deferred[bytes]:
        """The same, with a length of four bytes, the lowest first, before either (port 4433)."""
        whole = len(request).to_bytes(4, "little") + request
        return Framed(self._board, address, whole, limit).begin(self._connect(), deadline)
