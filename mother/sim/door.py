"""The listeners of one simulated device: open while it is there, shut while it is not."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import Logger

from mother.sim.device import FarmReactor, SimDevice
from mother.sim.faults import Fault
from mother.sim.wire import Wire

RETRY_S = 1.0


class Ports:
    """Where services listen: `offset` above the trade's port, all over the farm.

    None lets the system choose a port for the first of them, which sets the offset.
    """

    def __init__(self, offset: int | None) -> None:
        self.offset = offset

    def of(self, port: int) -> int:
        """Where to listen for what the trade has at `port`."""
        return 0 if self.offset is None else port + self.offset

    def learn(self, port: int, listening: IListeningPort) -> None:
        """What is had at `port` listens there now."""
        if self.offset is None:
            self.offset = cast(IPv4Address, listening.getHost()).port - port


class Door:
    """All listeners of one device; `played` are the faults that are not the device's to show."""

    log = Logger()

    def __init__(
        self, device: SimDevice, ports: Ports, played: frozenset[Fault], reactor: FarmReactor
    ) -> None:
        self._device = device
        self._ports = ports
        self._played = played
        self._reactor = reactor
        self._wires: dict[int, Wire] = {}
        self._open: dict[int, IListeningPort] = {}
        self._host = ""
        self._closing: Deferred[None] | None = None
        self._again: IDelayedCall | None = None
        self._blocked = False
        self._serving = False

    def start(self) -> None:
        """Open if the device is there, and follow it from now on; raises CannotListenError."""
        if self._device.present:
            self._listen(self._services())
        self._serving = True
        self._device.changed = self.settle
        if not self._open:
            self.settle()

    def stop(self) -> Deferred[None]:
        """Shut for good; fires when the address is free."""
        self._serving = False
        self._device.changed = _nothing
        self._wake(None)
        before = self._closing
        if self._open:
            self._shut(list(self._open), abort=True)
        waits = {each for each in (before, self._closing) if each is not None}
        return DeferredList(waits).addCallback(lambda _: None)

    def settle(self) -> None:
        """Make the listeners match the device: address, ports, and whether it is there at all."""
        self._wake(None)
        if not self._serving or self._closing is not None:
            return
        there = self._device.present
        services = self._services() if there else frozenset()
        stays = services if self._host == self._device.host else frozenset()
        if self._open.keys() - stays:
            self._shut(self._open.keys() - stays, abort=False)
        elif services - self._open.keys():
            self._try(services)
        elif not there:
            self._wake(self._device.absent_until - self._device.now())

    def _services(self) -> frozenset[int]:
        """The trade's ports that are to be open now; what listens there is ready in `_wires`."""
        services = self._device.services(self._reactor)
        for port, service in services.items():
            if port not in self._wires:
                self._wires[port] = Wire(service, port, self._fault, self._reactor)
        return frozenset(services)

    def _fault(self) -> Fault:
        fault = self._device.fault
        return fault if fault in self._played else Fault.NONE

    def _try(self, services: frozenset[int]) -> None:
        if not ipaddress.ip_address(self._device.host).is_loopback:
            return  # it went where this simulation never follows
        try:
            self._listen(services)
        except CannotListenError as error:
            if not self._blocked:
                self.log.warn("a simulated miner cannot come up: {error}", error=str(error))
            self._blocked = True
            self._wake(RETRY_S)
        else:
            self._blocked = False

    def _listen(self, services: frozenset[int]) -> None:
        self._host = self._device.host
        for port in sorted(services - self._open.keys()):
            listening = self._reactor.listenTCP(
                self._ports.of(port), self._wires[port], backlog=128, interface=self._host
            )
            self._open[port] = listening
            self._ports.learn(port, listening)

    def _shut(self, ports: Iterable[int], *, abort: bool) -> None:
        """Close listeners and connections; what was already written still goes out."""
        closing = []
        for port in ports:
            for connection in list(self._wires[port].protocols):
                transport = connection.transport
                transport.abortConnection() if abort else transport.loseConnection()
            closing.append(maybeDeferred(self._open.pop(port).stopListening))
        self._closing = Deferred()
        DeferredList(closing, consumeErrors=True).addBoth(self._closed, self._closing)

    def _closed(self, _: object, done: Deferred[None]) -> None:
        self._closing = None
        self.settle()
        done.callback(None)

    def _wake(self, seconds: float | None) -> None:
        """Settle again in so many seconds; None for not at all."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        self._again = None
        if seconds is not None and seconds != float("inf"):
            self._again = self._reactor.callLater(max(0.05, seconds), self.settle)


def _nothing() -> None:
    """Nothing left to do."""
