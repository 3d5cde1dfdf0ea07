"""The device families this program knows: a folder and a row here are all a new one needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mother.drivers.antminer.driver import Antminer
from mother.drivers.avalon.driver import Avalon
from mother.drivers.axeos.driver import AxeOS
from mother.drivers.base import Family
from mother.drivers.dragonmint.driver import DragonMint
from mother.drivers.whatsminer.driver import Whatsminer
from mother.net.wire import Wire

FAMILIES: Mapping[str, Callable[[Wire], Family]] = {
    DragonMint.name: lambda wire: DragonMint(wire.http, wire.timeout),
    Antminer.name: Antminer,
    Whatsminer.name: Whatsminer,
    Avalon.name: Avalon,
    AxeOS.name: AxeOS,
}
"""How to make each family; of two that claim the same device, the first has it."""


def families(wire: Wire) -> tuple[Family, ...]:
    """One of each."""
    return tuple(make(wire) for make in FAMILIES.values())
