"""A network in memory: listeners, connections and time on one Clock, for whole farms at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTCP, ITCPTransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

Place = tuple[str, int]
_interface: Any = implementer


@_interface(IReactorTCP)
class Ether(Clock):
    """A reactor whose addresses are all in memory. `latency` is one way, in seconds.

    Hosts in `silent` swallow what is sent to them, as a firewall does. `connected` lists where
    to connections were made.
    """

    def __init__(self, began: float = 1_600_000_000.0) -> None:
        super().__init__()
        self.rightNow = began
        self.latency = 0.0
        self.silent: set[str] = set()
        self.connected: list[Place] = []
        self._listening: dict[Place, Any] = {}
        self._ports = 40000

    def run(self, seconds: float = 0.0) -> None:
        """Let so much time pass, from one thing that happens to the next."""
        end = self.seconds() + seconds
        while self.calls and self.calls[0].getTime() <= end:
            self.advance(max(0.0, self.calls[0].getTime() - self.seconds()))
        self.advance(max(0.0, end - self.seconds()))

    def until(self, true: Callable[[], object], most: float = 60.0) -> None:
        """Let time pass until this holds."""
        end = self.seconds() + most
        while not true():
            assert self.calls, "nothing will ever happen"
            assert self.calls[0].getTime() <= end, "it never came true"
            self.advance(max(0.0, self.calls[0].getTime() - self.seconds()))

    def is_open(self, host: str, port: int) -> bool:
        """Whether somebody accepts connections there."""
        return (host, port) in self._listening and host not in self.silent

    def listenTCP(  # noqa: N802  # Twisted's name
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> Any:
        place = (interface, port)
        if place in self._listening:
            raise error.CannotListenError(interface, port, OSError(98, "in use"))
        self._listening[place] = factory
        factory.doStart()
        return _Port(place, self._listening)

    def connectTCP(  # noqa: N802  # Twisted's name
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,  # noqa: N803
    ) -> Any:
        self.connected.append((host, port))
        connector = _Connector(self, factory, IPv4Address("TCP", host, port))
        factory.doStart()
        factory.startedConnecting(connector)
        if host in self.silent:
            connector.later(timeout, lambda: connector.fail(error.TimeoutError()))
        else:
            connector.later(2 * self.latency, lambda: self._meet((host, port), connector))
        return connector

    def _meet(self, place: Place, connector: _Connector) -> None:
        server = self._listening.get(place)
        if server is None:
            connector.fail(error.ConnectionRefusedError())
            return
        self._ports += 1
        here, there = IPv4Address("TCP", "127.0.0.1", self._ports), IPv4Address("TCP", *place)
        near, far = _End(self, here, there), _End(self, there, here)
        near.other, far.other = far, near
        far.protocol = server.buildProtocol(here)
        near.protocol = connector.factory.buildProtocol(there)
        far.protocol.makeConnection(far)
        near.protocol.makeConnection(near)


class _Port:
    def __init__(self, place: Place, listening: dict[Place, Any]) -> None:
        self._place = place
        self._listening = listening

    def getHost(self) -> IPv4Address:  # noqa: N802  # Twisted's name
        return IPv4Address("TCP", *self._place)

    def stopListening(self) -> Deferred[None]:  # noqa: N802  # Twisted's name
        self._listening.pop(self._place).doStop()
        return succeed(None)


class _Connector:
    def __init__(self, ether: Ether, factory: Any, destination: IPv4Address) -> None:
        self.factory = factory
        self._destination = destination
        self._ether = ether
        self._call: Any = None

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self._call = self._ether.callLater(seconds, act)

    def stopConnecting(self) -> None:  # noqa: N802  # Twisted's name
        self._call.cancel()
        self.fail(error.UserError())

    disconnect = stopConnecting

    def getDestination(self) -> IPv4Address:  # noqa: N802  # Twisted's name
        return self._destination

    def fail(self, why: Exception) -> None:
        self.factory.clientConnectionFailed(self, Failure(why))
        self.factory.doStop()


@_interface(ITCPTransport)
class _End:
    """One end of a connection; what is written arrives after the latency, in order."""

    other: _End
    protocol: Any

    def __init__(self, ether: Ether, host: IPv4Address, peer: IPv4Address) -> None:
        self._ether = ether
        self._host = host
        self._peer = peer
        self._closed = False
        self.disconnecting = False

    def write(self, data: bytes) -> None:
        if not self._closed and not self.disconnecting:
            self._ether.callLater(self._ether.latency, self.other._arrive, data)

    def writeSequence(self, data: Any) -> None:  # noqa: N802  # Twisted's name
        self.write(b"".join(data))

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        if not self.disconnecting and not self._closed:
            self.disconnecting = True
            self._ether.callLater(self._ether.latency, self.other._lose, error.ConnectionDone())
            self._ether.callLater(0, self._lose, error.ConnectionDone())

    def abortConnection(self) -> None:  # noqa: N802  # Twisted's name
        if not self._closed:
            self.disconnecting = True
            self._ether.callLater(self._ether.latency, self.other._lose, error.ConnectionLost())
            self._lose(error.ConnectionAborted())

    def _arrive(self, data: bytes) -> None:
        if not self._closed and self._peer.host not in self._ether.silent:
            self.protocol.dataReceived(data)

    def _lose(self, why: Exception) -> None:
        if not self._closed:
            self._closed = True
            self.protocol.connectionLost(Failure(why))

    def getHost(self) -> IPv4Address:  # noqa: N802  # Twisted's name
        return self._host

    def getPeer(self) -> IPv4Address:  # noqa: N802  # Twisted's name
        return self._peer

    def loseWriteConnection(self) -> None:  # noqa: N802  # Twisted's name
        """Half-closing is not used."""

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802  # Twisted's name
        """No delays but the latency."""

    def getTcpNoDelay(self) -> bool:  # noqa: N802  # Twisted's name
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802  # Twisted's name
        """Nothing is kept alive."""

    def getTcpKeepAlive(self) -> bool:  # noqa: N802  # Twisted's name
        return False

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        """There is room for everything."""

    def unregisterProducer(self) -> None:  # noqa: N802  # Twisted's name
        """There is room for everything."""

    def pauseProducing(self) -> None:  # noqa: N802  # Twisted's name
        """What has arrived has arrived."""

    def resumeProducing(self) -> None:  # noqa: N802  # Twisted's name
        """What has arrived has arrived."""

    def stopProducing(self) -> None:  # noqa: N802  # Twisted's name
        self.loseConnection()
