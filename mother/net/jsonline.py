"""One request, one answer, one TCP connection: what cgminer's API and its heirs speak."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from mother.core.model import Address


class Lines:
    """The one client of the process for such devices.

    `connect` is asked for the connect deadline in seconds at each connection.
    """

    def __init__(self, reactor: IReactorTime, connect: Callable[[], float] = lambda: 2.5) -> None:
        """The reactor must provide IReactorFDSet too; TypeError where it does not."""
        self._clock = reactor
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
        raise NotImplementedError

    def framed(
        self, address: Address, request: bytes, *, deadline: float, limit: int = 1 << 20
    ) -> Deferred[bytes]:
        """The same, with a length of four bytes, the lowest first, before either (port 4433)."""
        raise NotImplementedError
