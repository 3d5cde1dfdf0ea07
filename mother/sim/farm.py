"""A simulated farm on loopback addresses: one listener per device that is there."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Callable
from typing import Any, Protocol, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IListeningPort, IReactorTime
from twisted.logger import Logger
from twisted.protocols.policies import WrappingFactory
from twisted.web import http
from twisted.web.server import Request, Site

from mother.sim.dragonmint.models import MODELS, Builds
from mother.sim.dragonmint.settings import Network
from mother.sim.dragonmint.state import Dragon
from mother.sim.dragonmint.web import device_resource
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan, berths, usable

KEEP_ALIVE_S = 75
RETRY_S = 1.0


class CannotServe(OSError):
    """The farm cannot start; the text names the address and the cure."""


class FarmReactor(Protocol):
    """What a farm needs of a reactor: IReactorTime and the listening half of IReactorTCP."""

    def seconds(self) -> float:
        """As IReactorTime."""

    def callLater(  # noqa: N802  # Twisted's name
        self, delay: float, call: Any, /, *args: object
    ) -> IDelayedCall:
        """As IReactorTime."""

    def listenTCP(  # noqa: N802  # Twisted's name
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """As IReactorTCP."""


class Farm:
    """The devices of a plan, served. `now` is the Unix time that they live by."""

    def __init__(self, plan: FarmPlan, reactor: FarmReactor, now: Callable[[], float]) -> None:
        self._plan = plan
        self._reactor = reactor
        self._berths = berths(plan)
        self._pending: list[IDelayedCall] = []
        self.devices = [_dragon(plan, berth, now) for berth in self._berths]
        self._doors = [_Door(device, reactor) for device in self.devices]

    async def start(self) -> None:
        """Listen for every device; raises CannotServe, and then nothing listens."""
        try:
            for door in self._doors:
                self._open(door)
        except CannotServe:
            await self.stop()
            raise
        for device, berth in zip(self.devices, self._berths, strict=True):
            if berth.after:
                wait = self._reactor.callLater(berth.after, setattr, device, "fault", berth.fault)
                self._pending.append(wait)

    async def stop(self) -> None:
        """Close everything; returns when no address is held any more."""
        for call in self._pending:
            if call.active():
                call.cancel()
        self._pending.clear()
        await DeferredList([door.stop() for door in self._doors])

    def lines(self) -> list[str]:
        """One line per device: address:port, family, MAC, fault and when it sets in.

        One that nobody has set up says so.
        """
        return [
            f"{device.host}:{device.port}  {device.family}  {device.mac}  {_told(berth)}"
            for device, berth in zip(self.devices, self._berths, strict=True)
        ]

    def deal_addresses_anew(self) -> None:
        """What DHCP may do after a power cut: every device gets its neighbour's address."""
        hosts = [device.host for device in self.devices]
        for device, host in zip(self.devices, hosts[1:] + hosts[:1], strict=True):
            device.move(host)

    def _open(self, door: _Door) -> None:
        try:
            door.start()
        except CannotListenError as error:
            raise CannotServe(_explained(error)) from error
        if not self._plan.port:
            for device in self.devices:
                device.port = door.bound_port


class _Door:
    """The listener of one device: open while the device is there, shut while it is not."""

    log = Logger()

    def __init__(self, dragon: Dragon, reactor: FarmReactor) -> None:
        self._dragon = dragon
        self._reactor = reactor
        self._site = WrappingFactory(_Site(dragon, reactor))
        self._site.noisy = False
        self._listening: IListeningPort | None = None
        self._host = ""
        self._closing: Deferred[None] | None = None
        self._again: IDelayedCall | None = None
        self._blocked = False
        self._serving = False

    @property
    def bound_port(self) -> int:
        """The TCP port it listens on."""
        assert self._listening is not None  # noqa: S101  # only asked right after a start
        return cast(IPv4Address, self._listening.getHost()).port

    def start(self) -> None:
        """Open if the device is there, and follow it from now on; raises CannotListenError."""
        if self._dragon.present:
            self._listen()
        self._serving = True
        self._dragon.changed = self.settle
        self.settle()

    def stop(self) -> Deferred[None]:
        """Shut for good; fires when the address is free."""
        self._serving = False
        self._dragon.changed = _nothing
        self._wake(None)
        if self._listening is not None:
            self._shut(abort=True)
        return self._closing if self._closing is not None else succeed(None)

    def settle(self) -> None:
        """Make the listener match the device: its address, and whether it is there at all."""
        self._wake(None)
        if not self._serving or self._closing is not None:
            return
        there = self._dragon.present
        if self._listening is not None and (not there or self._host != self._dragon.host):
            self._shut(abort=False)
        elif there and self._listening is None:
            self._try()
        elif not there:
            self._wake(self._dragon.absent_until - self._dragon.now())

    def _try(self) -> None:
        if not ipaddress.ip_address(self._dragon.host).is_loopback:
            return  # it went where this simulation never follows
        try:
            self._listen()
        except CannotListenError as error:
            if not self._blocked:
                self.log.warn("a simulated miner cannot come up: {error}", error=str(error))
            self._blocked = True
            self._wake(RETRY_S)
        else:
            self._blocked = False

    def _listen(self) -> None:
        self._host = self._dragon.host
        self._listening = self._reactor.listenTCP(
            self._dragon.port, self._site, backlog=128, interface=self._host
        )

    def _shut(self, *, abort: bool) -> None:
        """Close listener and connections; what was already written still goes out."""
        listening, self._listening = self._listening, None
        for connection in list(self._site.protocols):
            transport = connection.transport
            transport.abortConnection() if abort else transport.loseConnection()
        assert listening is not None  # noqa: S101  # the callers have looked
        self._closing = listening.stopListening() or succeed(None)
        self._closing.addBoth(self._closed)

    def _closed(self, _: object) -> None:
        self._closing = None
        self.settle()

    def _wake(self, seconds: float | None) -> None:
        """Settle again in so many seconds; None for not at all."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        self._again = None
        if seconds is not None and seconds != float("inf"):
            self._again = self._reactor.callLater(max(0.05, seconds), self.settle)


class _Request(Request):
    """Leaves the body alone: Twisted would first take an upload apart itself, all in memory."""

    def requestReceived(  # noqa: N802  # Twisted's name
        self, command: bytes, path: bytes, version: bytes
    ) -> None:
        """The request is whole; what its body is shows again only when it is answered."""
        self._kinds = self.requestHeaders.getRawHeaders(b"content-type")
        self.requestHeaders.removeHeader(b"content-type")
        super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]  # Twisted's

    def process(self) -> None:
        """Answer it."""
        if self._kinds is not None:
            self.requestHeaders.setRawHeaders(b"content-type", self._kinds)
        super().process()  # type: ignore[no-untyped-call]  # Twisted's


class _Site(Site):
    """One device's site: no access log, hence no timer that ticks for it."""

    noisy = False

    def __init__(self, dragon: Dragon, reactor: FarmReactor) -> None:
        clock = cast(IReactorTime, reactor)
        resource = device_resource(dragon, clock)
        super().__init__(  # type: ignore[no-untyped-call]  # Twisted's is untyped
            resource, requestFactory=_Request, timeout=KEEP_ALIVE_S, reactor=clock
        )

    def startFactory(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing to open."""

    def stopFactory(self) -> None:  # noqa: N802  # Twisted's name
        """Nothing to close."""

    def log(self, request: http.Request) -> None:
        """Say nothing."""


def _dragon(plan: FarmPlan, berth: Berth, now: Callable[[], float]) -> Dragon:
    network = ipaddress.IPv4Network(plan.network)
    gateway = str(ipaddress.IPv4Address(usable(plan.network)[0]))
    dragon = Dragon(
        berth.host,
        plan.port,
        berth.mac,
        now,
        model=MODELS[berth.model],
        uptime=berth.uptime,
        cure=plan.cure,
        newest=plan.newest_firmware,
        builds=Builds(frozenset(plan.bricking), frozenset(plan.failing), plan.firmware_url),
        network=Network(str(network.netmask), gateway, gateway),
    )
    if berth.factory_fresh:
        dragon.factory_fresh()
    if berth.fault is not Fault.NONE and not berth.after:
        dragon.has_always_had(berth.fault)
    return dragon


def _told(berth: Berth) -> str:
    fault = f"{berth.fault} in {berth.after:.0f} s" if berth.after else berth.fault.value
    return f"{fault}, factory-fresh" if berth.factory_fresh else fault


def _explained(error: CannotListenError) -> str:
    where = f"{error.interface}:{error.port}"
    code = getattr(error.socketError, "errno", None)
    cures = {
        errno.EADDRINUSE: f"{where} is taken: choose another --port",
        errno.EACCES: f"{where} needs root: choose a --port from 1024",
        errno.EADDRNOTAVAIL: f"{where} is no address of this machine: choose another --network",
        errno.EMFILE: f"too many open files at {where}: raise the limit, or lower --miners",
    }
    return cures.get(code or 0, f"cannot listen on {where}: {error.socketError}")


def _nothing() -> None:
    """Nothing left to do."""
