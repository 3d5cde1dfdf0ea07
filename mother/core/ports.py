"""Where miners listen: the trade's ports, or the same ones shifted in front of simulators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

WEB = 80
CGMINER = 4028
WHATSMINER = 4433

MOST_OFFSET = 60_000
"""All of them may be shifted up by so much."""


class Ports(Struct, frozen=True):
    """TCP ports of the miners' pages, of cgminer's API, of Whatsminer's third API.

    `dragon` is where DragonMint's page is, which is `web` unless the operator says otherwise.
    """

    web: int = WEB
    cgminer: int = CGMINER
    whatsminer: int = WHATSMINER
    dragon: int = WEB

    @property
    def all(self) -> tuple[int, ...]:
        """All of them, each once, in the order in which they are worth a knock."""
        return tuple(dict.fromkeys((self.web, self.dragon, self.cgminer, self.whatsminer)))


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "dragonmint": ("dragon",),
    "antminer": ("web", "cgminer"),
    "whatsminer": ("cgminer", "whatsminer"),
    "avalon": ("cgminer",),
    "axeos": ("web",),
}
"""Where a device of each family answers; an Antminer that sleeps has its page alone."""


class Knocks(Struct, frozen=True):
    """Which ports to knock at: all hosts at `first`, at `then` those that only refused there."""

    first: tuple[int, ...]
    then: tuple[int, ...] = ()


def knocks(ports: Ports, families: Iterable[str]) -> Knocks:
    """Where to knock for devices of these families; none named is all of them.

    An absent host costs a wait at each port: what hardly any device has alone comes second.
    """
    named = tuple(families) or tuple(_NEEDED)
    wanted = {name for family in named for name in _NEEDED[family]}
    order = [name for name in ("web", "dragon", "cgminer", "whatsminer") if name in wanted]
    first = tuple(dict.fromkeys(getattr(ports, name) for name in order if name != "whatsminer"))
    then = (ports.whatsminer,) if "whatsminer" in wanted else ()
    return Knocks(first, then) if first else Knocks(then)
