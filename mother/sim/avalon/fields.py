"""Text blocks of fields, `KEY[value] KEY[value]`, written anew after a recorded one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mother.sim.faults import between

_FIELD = re.compile(r"([^\[\]]*?)([A-Za-z0-9_ ]*?)\[([^\]]*)\]")
_CHIPS = re.compile(r"^(PVT_T|PVT_V|MW|ASICCRC)\d$")


class Block:
    """A recorded block; fields come out in its order, with its blanks and brackets."""

    __slots__ = ("_parts", "_tail", "was")

    def __init__(self, text: str) -> None:
        self._parts: list[tuple[str, str, bool]] = []
        self.was: dict[str, str] = {}
        at = 0
        for found in _FIELD.finditer(text):
            name = found[2].strip()
            self._parts.append((f"{found[1]}{found[2]}[", name, _CHIPS.match(name) is None))
            self.was[name] = found[3]
            at = found.end()
        self._tail = text[at:]

    def __iter__(self) -> Iterator[str]:
        return iter(self.was)

    def write(self, new: Mapping[str, object], *, chips: bool = True) -> str:
        """The block with `new` values; without the fields of single chips if not `chips`."""
        was = self.was
        texts = [
            f"{head}{new.get(name, was[name])}]"
            for head, name, whole in self._parts
            if whole or chips
        ]
        return "".join(texts) + self._tail


def zeros(count: int) -> str:
    """A list of chips that say nothing."""
    return " ".join(["0"] * count)


def trembling(recorded: str, by: int, *what: object) -> str:
    """A list of numbers, all shifted alike by up to `by`, aligned as recorded."""
    return _shifted(recorded, round(between(-by, by, *what)))


@lru_cache(maxsize=64)
def _shifted(recorded: str, shift: int) -> str:
    return re.sub(r"( *)(\d+)", lambda m: f"{int(m[2]) + shift:>{len(m[0])}}", recorded)
