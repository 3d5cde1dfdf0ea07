"""What can be wrong with any listener: a wrapper round the factory of a simulated service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from mother.sim.device import FarmReactor
from mother.sim.faults import Fault

FLOOD_BYTES = 10 * 2**20
DRIP_S = 1.0
CUT_S = 0.2
"""How long the first half of a cut answer has to leave before the connection is reset."""

GARBAGE = bytes(range(128, 256)) + b"\x00\x16\x03\x01\r\n\r\n" + bytes(range(128))
_CHUNK = b'{"x":0},' * 32768
_CHUNK_S = 0.01
_FRAMED = 4433
_METHODS = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"HEAD ", b"OPTIONS ")
_HTTP_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


class Wire(WrappingFactory[Any]):
    """Serves as `service` does but for what `fault` says is wrong at that moment.

    Of a fault that shows while a connection is open, that connection has its part too.
    """

    noisy = False

    def __init__(
        self,
        service: IProtocolFactory,
        port: int,
        fault: Callable[[], Fault],
        reactor: FarmReactor,
    ) -> None:
        super().__init__(service)  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.port = port
        self.fault = fault
        self.reactor = reactor

    def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: N802  # Twisted's name
        """None where the service wants no connection more."""
        wrapped = self.wrappedFactory.buildProtocol(addr)
        if wrapped is None:
            return None
        kind = _HalfCloseable if IHalfCloseableProtocol.providedBy(wrapped) else _Connection
        return kind(self, wrapped)


class _Connection(ProtocolWrapper):
    """One connection. Once it is `_seized` the service behind it neither hears nor says more."""

    factory: Wire
    transport: Any

    def __init__(self, factory: Wire, wrapped: IProtocol) -> None:
        super().__init__(factory, wrapped)
        self._seized = False
        self._closing = False
        self._held = bytearray()
        self._next: IDelayedCall | None = None

    # from the client

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Hand the question on, unless the answer is none of the service's."""
        if self._seized:
            return
        act = _INSTEAD.get(self.factory.fault())
        if act is None:
            super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's
        else:
            self._seized = True
            act(self, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Nothing is left to be sent."""
        self._held.clear()
        if self._next is not None and self._next.active():
            self._next.cancel()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted's

    # from the service

    def write(self, data: bytes) -> None:
        """Send it on, or keep it to send it badly."""
        if self._seized:
            return
        send = _BADLY.get(self.factory.fault())
        if send is None and not self._held:
            self.transport.write(data)
            return
        self._held += data
        if send is not None and self._next is None:
            self._later(0.0, send, self)

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802  # Twisted's name
        """The same for many."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        """Once what is held has left."""
        self.disconnecting = 1
        if self._held:
            self._closing = True
        elif not self._seized:
            self.transport.loseConnection()

    def abortConnection(self) -> None:  # noqa: N802  # Twisted's name
        """At once."""
        if not self._seized:
            self.transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        """Who writes a lot waits for its turn, where its turn will come."""
        if not self._seized:
            self.transport.registerProducer(producer, streaming)

    # what goes wrong

    def _silence(self, _: bytes) -> None:
        """The question is taken, and that is all."""

    def _garble(self, _: bytes) -> None:
        self.transport.write(GARBAGE)
        self.transport.loseConnection()

    def _flood(self, question: bytes) -> None:
        if question.startswith(_METHODS):
            head = _HTTP_HEAD
        elif self.factory.port == _FRAMED:
            head = FLOOD_BYTES.to_bytes(4, "little")
        else:
            head = b""
        self.transport.write(head + b"[")
        self._pour(FLOOD_BYTES)

    def _pour(self, left: int) -> None:
        if left <= 0:
            self.transport.loseConnection()
            return
        self.transport.write(_CHUNK[:left])
        self._later(_CHUNK_S, self._pour, left - len(_CHUNK))

    def _drip(self) -> None:
        self._next = None
        self.transport.write(bytes(self._held[:1]))
        del self._held[:1]
        if self._held:
            self._later(DRIP_S, self._drip)
        elif self._closing:
            self.transport.loseConnection()

    def _truncate(self) -> None:
        self._send_half()
        self.transport.loseConnection()

    def _reset(self) -> None:
        self._send_half()
        self._later(CUT_S, self.transport.abortConnection)

    def _send_half(self) -> None:
        self._seized = True
        self.transport.write(bytes(self._held[: (len(self._held) + 1) // 2]))
        self._held.clear()

    def _later(self, seconds: float, act: Callable[..., None], *args: object) -> None:
        self._next = self.factory.reactor.callLater(seconds, act, *args)


@implementer(IHalfCloseableProtocol)
class _HalfCloseable(_Connection):
    """The same for a service that answers on after the client has said all it will say."""

    def readConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """The client says no more; who is not going to answer leaves as well."""
        if not self._seized:
            cast(IHalfCloseableProtocol, self.wrappedProtocol).readConnectionLost()
        elif self._next is None:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """The client hears no more."""
        cast(IHalfCloseableProtocol, self.wrappedProtocol).writeConnectionLost()


_INSTEAD: dict[Fault, Callable[[_Connection, bytes], None]] = {
    Fault.HANG: _Connection._silence,
    Fault.GARBAGE: _Connection._garble,
    Fault.FLOOD: _Connection._flood,
}
"""What a question brings in place of an answer."""

_BADLY: dict[Fault, Callable[[_Connection], None]] = {
    Fault.DRIP: _Connection._drip,
    Fault.TRUNCATED: _Connection._truncate,
    Fault.RESET: _Connection._reset,
}
"""How an answer is sent otherwise than whole and at once."""
