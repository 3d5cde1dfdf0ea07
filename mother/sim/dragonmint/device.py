"""A DragonMint as a farm wants its devices."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import cast

from twisted.internet.interfaces import IProtocolFactory, IReactorTime

from mother.sim.device import FarmReactor
from mother.sim.dragonmint.models import MODELS, Builds
from mother.sim.dragonmint.settings import Network
from mother.sim.dragonmint.state import Dragon
from mother.sim.dragonmint.web import device_resource
from mother.sim.faults import Fault
from mother.sim.plan import WEB, Berth, FarmPlan, usable
from mother.sim.site import site


class ServedDragon(Dragon):
    """The state, and the web server that serves it."""

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """The web page with its API."""
        clock = cast(IReactorTime, reactor)
        return {WEB: site(device_resource(self, clock), reactor)}


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> ServedDragon:
    """The device of a berth; its fault, if it has one from the start, it has always had."""
    network = ipaddress.IPv4Network(plan.network)
    gateway = str(ipaddress.IPv4Address(usable(plan.network)[0]))
    dragon = ServedDragon(
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
