"""The text blocks `KEY[value] KEY[value]` within `stats`, `litestats` and `estats`: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mother.drivers.cgminer import picks

Block = Mapping[str, str]

MODULES_LIMIT = 8
BLOCK_LIMIT = 1 << 15
"""Characters of one block that are looked at; an A1246 says 7,000."""

VALUES_LIMIT = 1024

_MODULE = re.compile(r"MM ID\d")


def modules(answer: Mapping[str, Any]) -> list[Block]:
    """One block for each control module, with what its boards say beside (`HBinfo`) put in.

    Empty where this is no such answer.
    """
    found: list[Block] = []
    for row in picks.rows(answer.get("STATS"), MODULES_LIMIT):
        names = [key for key in row if _MODULE.match(key)][:MODULES_LIMIT]
        told = [one for one in map(block, map(row.get, names)) if one]
        if told:
            beside = {"Elapsed": picks.text(row.get("Elapsed")), **block(row.get("HBinfo"))}
            found += [{**beside, **told[0]}, *told[1:]]
    return found[:MODULES_LIMIT]


def block(text: object) -> Block:
    """`Temp[30] Fan1[5344]` -> both by name; what is told twice has its last value."""
    if not isinstance(text, str):
        return {}
    found: dict[str, str] = {}
    for entry in text[:BLOCK_LIMIT].split("]")[:-1]:
        key, bracket, value = entry.rpartition("[")
        if bracket:
            found[key.rpartition("{")[2].strip()] = value.strip()
    return found


def number(told: Block, key: str) -> float | None:
    """A number, with a percent sign or without; None where it is missing, inf or nan."""
    return picks.number(told.get(key))


def numbers(told: Block, key: str) -> tuple[float | None, ...]:
    """The numbers of a list; None in the place of what is none."""
    return _numbers(told.get(key, ""))


@lru_cache(maxsize=256)
def _numbers(text: str) -> tuple[float | None, ...]:
    """One reading asks for the same list once for each board."""
    return tuple(picks.number(part) for part in text.split(None, VALUES_LIMIT)[:VALUES_LIMIT])


def working(told: Block, key: str) -> tuple[int, int]:
    """Of a list: how many are not 0, of how many."""
    parts = told.get(key, "").split(None, VALUES_LIMIT)[:VALUES_LIMIT]
    return len(parts) - parts.count("0"), len(parts)


def counted(told: Block, stem: str, most: int) -> Iterator[tuple[int, float | None]]:
    """`Fan1`, `Fan2` and so on, as far as there are any, with the number in the name."""
    for index in range(1, most + 1):
        if f"{stem}{index}" in told:
            yield index, number(told, f"{stem}{index}")
