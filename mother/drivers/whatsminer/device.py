"""What both APIs of a Whatsminer have in common: when to ask what, and whom we believe it is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from mother.core.errors import Stranger
from mother.core.reading import Reading

EVERY = 10
"""What changes seldom is asked at every so many reads."""

WELL = 0.8
"""Below this share of the expected hashrate it is asked what it was told, and for its errors."""


FIELDS = 64
TEXT = 200


def trimmed(value: object) -> dict[str, object]:
    """The plain fields of an object that is kept: few, and short, whatever a device says."""
    found = value if isinstance(value, Mapping) else {}
    return {
        str(name)[:TEXT]: part[:TEXT] if isinstance(part, str) else part
        for name, part in islice(found.items(), FIELDS)
        if isinstance(part, (str, bool, float)) or (isinstance(part, int) and abs(part) < 1 << 63)
    }


class Rhythm:
    """Counts reads that came to an end: one that broke off has asked for nothing.

    `due`: this read asks for what changes seldom. `silent`: the mining program told nothing the
    last time, so that what it told before is to be asked again once it speaks.
    """

    def __init__(self) -> None:
        self._left = 0
        self.silent = False

    @property
    def due(self) -> bool:
        """Whether it is time for what changes seldom."""
        return self._left <= 0

    def passed(self, due: bool, *, silent: bool = False) -> None:
        """A read has ended; `due`: it asked for all."""
        self._left = EVERY - 1 if due else self._left - 1
        self.silent = silent

    def anew(self) -> None:
        """The next read asks for it: after a write, or where nothing is known any more."""
        self._left = 0


class Known:
    """The MAC that is expected at an address."""

    def __init__(self) -> None:
        self.mac: str | None = None

    def meet(self, mac: str) -> None:
        """Stranger where it is another one."""
        if self.mac is not None and mac != self.mac:
            raise Stranger(self.mac, mac)


def unwell(reading: Reading) -> bool:
    """Whether it hashes too little for what it says of itself, or named errors."""
    if reading.asleep or reading.restarting or reading.faults or not reading.hashrate:
        return True
    return reading.hashrate < WELL * (reading.expected_hashrate or 0.0)
