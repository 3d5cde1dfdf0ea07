"""What a farm wants of a simulated device of any family, and what the device gets from it.

A family is a package `mother/sim/<family>/`, named in `mother/sim/families.py`, that exports

- `device(berth, plan, now) -> SimDevice`: the device of a berth. It is `berth.model`, runs for
  `berth.uptime` seconds already and, where `berth.factory_fresh`, nobody has set it up yet. A
  `berth.fault` without `berth.after` may be set here, as if it had always been so; otherwise
  the farm sets it right after this call;
- `MODELS`: the names of its models, each with whatever the package wants to know of it;
- `SHARES` (optional): a realistic mix of them, weights by name; without it all weigh the same;
- `FAULTS` (optional): the kinds of fault that the device itself shows. Those of
  `mother.sim.faults.WIRE_FAULTS` that are not among them are played by the farm at the
  listener, whatever the family; the rest is never dealt to the family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IListeningPort, IProtocolFactory

from mother.sim.faults import Fault


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


class SimDevice(Protocol):
    """The state of one device. Its own `now` is all that drives it: no timer while it is quiet.

    The farm sets `changed`, and the device calls it whenever its presence, its host or the
    ports of its services may have changed.
    """

    changed: Callable[[], None]

    @property
    def family(self) -> str:
        """The name of its family, as in `mother.sim.families`."""

    @property
    def model(self) -> str:
        """One of the family's MODELS."""

    @property
    def host(self) -> str:
        """The loopback address where it is now."""

    @property
    def mac(self) -> str:
        """Lower case, with colons."""

    @property
    def fault(self) -> Fault:
        """What is wrong now. Takes every kind, also those that the farm plays."""

    @fault.setter
    def fault(self, fault: Fault) -> None: ...

    @property
    def present(self) -> bool:
        """Whether anything listens at its address now; False while rebooting or unpowered."""

    @property
    def absent_until(self) -> float:
        """When it is present again by itself, Unix seconds; infinite for never."""

    def now(self) -> float:
        """Unix seconds of its time."""

    def move(self, host: str) -> None:
        """DHCP deals another address."""

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """What listens, by the trade's port: 80, 4028, 4433; asked again after `changed`.

        The farm adds its offset to the port. What is served already goes on as it is.
        """
