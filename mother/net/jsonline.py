"""One request, one answer, one TCP connection: what cgminer's API and its heirs speak."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from mother.core.model import Address
from mother.net.switchboard import Framed, Line, Switchboard


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

    def ask(
        self, address: Address, request: bytes, *, deadline: float, limit: int = 1 << 20
    ) -> Deferred[bytes]:
        """Send `request`, and give all that comes until the peer closes or sends a NUL.

        The NUL is not part of the answer. `limit` bounds the answer in bytes. Raises CutOff (of
        `mother.net.exchange`) once the request was sent and no whole answer came, an empty one
        included; Unreachable before; Garbled for one that is too large. Nothing is sent twice.
        Cancelling closes the connection.
        """
        return Line(self._board, address, request, limit).begin(self._connect(), deadline)

    def framed(
        self, address: Address, request: bytes, *, deadline: float, limit: int = 1 << 20
    ) -> Deferred[bytes]:
        """The same, with a length of four bytes, the lowest first, before either (port 4433)."""
        whole = len(request).to_bytes(4, "little") + request
        return Framed(self._board, address, whole, limit).begin(self._connect(), deadline)
