"""A simulated farm on loopback addresses: every device listens while it is there."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

from twisted.internet.defer import DeferredList
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall

from mother.sim.device import FarmReactor, SimDevice
from mother.sim.door import Door, Ports
from mother.sim.dragonmint.state import Dragon
from mother.sim.families import FAMILIES, SimFamily
from mother.sim.faults import WIRE_FAULTS, Fault
from mother.sim.plan import WEB, Berth, FarmPlan, berths

__all__ = ["CannotServe", "Farm", "FarmReactor"]


class CannotServe(OSError):
    """The farm cannot start; the text names the address and the cure."""


class Farm:
    """The devices of a plan, served. `now` is the Unix time that they live by."""

    def __init__(
        self,
        plan: FarmPlan,
        reactor: FarmReactor,
        now: Callable[[], float],
        families: Mapping[str, SimFamily] = FAMILIES,
    ) -> None:
        self._reactor = reactor
        self._families = families
        self._berths = berths(plan, families)
        self._ports = Ports(plan.offset)
        self._pending: list[IDelayedCall] = []
        self.devices = [self._made(plan, berth, now) for berth in self._berths]
        self._doors = [
            Door(device, self._ports, WIRE_FAULTS - families[device.family].own_faults, reactor)
            for device in self.devices
        ]

    @property
    def dragons(self) -> list[Dragon]:
        """The DragonMints among the devices."""
        return [device for device in self.devices if isinstance(device, Dragon)]

    async def start(self) -> None:
        """Listen for every device; raises CannotServe, and then nothing listens."""
        try:
            for door in self._doors:
                door.start()
        except CannotListenError as error:
            await self.stop()
            raise CannotServe(_explained(error)) from error
        for dragon in self.dragons:
            dragon.port = self._ports.of(WEB)
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
        """One line per device: address:ports, family, MAC, fault and when it sets in.

        One that nobody has set up says so.
        """
        return [
            f"{self._places(device)}  {device.family}  {device.mac}  {_told(berth)}"
            for device, berth in zip(self.devices, self._berths, strict=True)
        ]

    def deal_addresses_anew(self) -> None:
        """What DHCP may do after a power cut: every device gets its neighbour's address."""
        hosts = [device.host for device in self.devices]
        for device, host in zip(self.devices, hosts[1:] + hosts[:1], strict=True):
            device.move(host)

    def _places(self, device: SimDevice) -> str:
        """Where it listens; while it listens nowhere, where others of its family do."""
        ports = device.services(self._reactor) or self._families[device.family].ports
        return f"{device.host}:{','.join(str(self._ports.of(port)) for port in sorted(ports))}"

    def _made(self, plan: FarmPlan, berth: Berth, now: Callable[[], float]) -> SimDevice:
        device = self._families[berth.family].device(berth, plan, now)
        if not berth.after and berth.fault not in (Fault.NONE, device.fault):
            device.fault = berth.fault
        return device


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
