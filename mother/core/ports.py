"""Where miners listen: the trade's ports, or the same ones shifted in front of simulators."""

from __future__ import annotations

from msgspec import Struct

WEB = 80
CGMINER = 4028
WHATSMINER = 4433


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
