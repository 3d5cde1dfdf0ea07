"""A family that is not in the trade: a page on 80, and an echo that the trade has on 4028."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.web.resource import Resource
from twisted.web.server import Request
from zope.interface import implementer

from mother.sim.device import FarmReactor
from mother.sim.families import FAMILIES, SimFamily
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan
from mother.sim.site import site

MODELS = {"Bear": 1, "Duck": 2}
SHARES = {"Bear": 3.0, "Duck": 1.0}
FAULTS = frozenset({Fault.HOT_BOARD, Fault.GARBAGE})
PAGE = b"a toy's page, " * 20

TOY = SimFamily("tests.sim.toy", "02:00:00", (80, 4028))
PLAIN = SimFamily("tests.sim.plain_toy", "02:00:01", (80, 4028))
TOYS: Mapping[str, SimFamily] = {**FAMILIES, "toy": TOY, "plain": PLAIN}


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    """Says what it hears, once; also to a client that has shut its own direction already."""

    heard = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        assert self.transport is not None
        self.heard = True
        self.transport.write(b"you said: " + data)
        self.transport.loseConnection()

    def readConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        assert self.transport is not None
        if not self.heard:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:  # noqa: N802  # Twisted's name
        """Never shut by itself."""


class Page(Resource):
    """One page, whatever is asked."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def render(self, request: Request) -> bytes:
        return PAGE


class Toy:
    """A device whose ports can be opened and shut."""

    def __init__(self, berth: Berth, now: Callable[[], float]) -> None:
        self.family = berth.family
        self.model = berth.model
        self.host = berth.host
        self.mac = berth.mac
        self.fault = Fault.NONE
        self.now = now
        self.absent_until = -math.inf
        self.ports = {80, 4028}
        self.changed: Callable[[], None] = lambda: None

    @property
    def present(self) -> bool:
        return self.now() >= self.absent_until

    def move(self, host: str) -> None:
        self.host = host
        self.changed()

    def reboot(self, seconds: float) -> None:
        self.absent_until = self.now() + seconds
        self.changed()

    def open(self, *ports: int) -> None:
        """From now on these ports are served."""
        self.ports = {*ports}
        self.changed()

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        every: dict[int, IProtocolFactory] = {
            80: site(cast(Any, Page)(), reactor),
            4028: Factory.forProtocol(Echo),
        }
        return {port: service for port, service in every.items() if port in self.ports}


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> Toy:
    """The toy of a berth."""
    return Toy(berth, now)
