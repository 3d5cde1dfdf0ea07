"""Which device families can be simulated, and where each is to be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct

from mother.sim.faults import FAULTS, WIRE_FAULTS, Fault

if TYPE_CHECKING:
    from mother.sim.device import SimDevice
    from mother.sim.plan import Berth, FarmPlan

DRAGONMINT = "dragonmint"


class Package(Protocol):
    """What the package of a family exports; see `mother.sim.device`."""

    MODELS: Mapping[str, object]

    @property
    def device(self) -> Callable[[Berth, FarmPlan, Callable[[], float]], SimDevice]:
        """The device of a berth."""


class SimFamily(Struct, frozen=True):
    """A family: the package that simulates it, and what must be known before it is imported.

    `oui` begins its MAC addresses, `ports` are the trade's ports that
    its devices listen on, all of them or some.
    """

    package: str
    oui: str
    ports: tuple[int, ...]

    @property
    def shares(self) -> Mapping[str, float]:
        """A realistic mix of its models, as weights by name."""
        package = self._imported()
        given: Mapping[str, float] | None = getattr(package, "SHARES", None)
        return dict.fromkeys(package.MODELS, 1.0) if given is None else given

    @property
    def own_faults(self) -> frozenset[Fault]:
        """The kinds that its devices show themselves."""
        given: frozenset[Fault] = getattr(self._imported(), "FAULTS", frozenset())
        return given

    def knows(self, fault: Fault) -> bool:
        """Whether a device of the family, or its listener, can have this fault."""
        return fault in WIRE_FAULTS or fault in self.own_faults

    @property
    def random_faults(self) -> tuple[Fault, ...]:
        """What may befall it by chance."""
        return tuple(fault for fault in FAULTS if self.knows(fault))

    def device(self, berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> SimDevice:
        """The device of a berth; `now` is the Unix time that it lives by."""
        return self._imported().device(berth, plan, now)

    def _imported(self) -> Package:
        return cast(Package, import_module(self.package))


FAMILIES: Mapping[str, SimFamily] = {
    # The prefixes of MAC addresses: DragonMint, Antminer and Whatsminer as recorded (the two
    # latter makers deal locally administered ones), the others hand-made: plausible.
    DRAGONMINT: SimFamily("mother.sim.dragonmint", "a0:b0:45", (80,)),
    "antminer": SimFamily("mother.sim.antminer", "02:55:97", (80, 4028)),
    "whatsminer": SimFamily("mother.sim.whatsminer", "ce:02:01", (4028, 4433)),
    "avalon": SimFamily("mother.sim.avalon", "b4:a2:eb", (4028,)),
    "axeos": SimFamily("mother.sim.axeos", "24:58:7c", (80,)),
}
