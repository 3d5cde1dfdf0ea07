"""The device families this program knows: a folder and a row here are all a new one needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mother.drivers.base import Family
from mother.drivers.dragonmint.driver import DragonMint
from mother.net.http import Http

FAMILIES: Mapping[str, Callable[[Http, Callable[[], float]], Family]] = {
    DragonMint.name: DragonMint,
}
"""How to make each family, from the HTTP client and what gives the seconds of an exchange."""


def families(http: Http, timeout: Callable[[], float]) -> tuple[Family, ...]:
    """One of each."""
    return tuple(make(http, timeout) for make in FAMILIES.values())
