"""Picking fields out of answers, leniently: what has the wrong type is as if it were missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mother.core.errors import Garbled
from mother.core.units import finite

ROWS_LIMIT = 64
"""Boards, pools and fans beyond are no miner's."""

TEXT_LIMIT = 200

MOST = 1e30
"""Numbers beyond are no miner's: in another unit they might be infinite."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{12}")
_TRUTH = {"true": True, "y": True, "yes": True, "on": True, "1": True}
_TRUTH |= {"false": False, "n": False, "no": False, "off": False, "0": False}


def number(value: object) -> float | None:
    """A number, or a text that is one (`"63"`, `"2.5 %"`); None for one beyond MOST."""
    if isinstance(value, str):
        text = value[:100].strip().removesuffix("%").rstrip()
        value = float(text) if _NUMBER.fullmatch(text) else None
    found = finite(value)
    return found if found is not None and -MOST <= found <= MOST else None


def whole(value: object) -> int | None:
    """A number without its fraction, if it is one that 63 bits hold."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 1 << 63 else None


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """A text without what cannot be printed, or a number as one; empty for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value) if finite(value) is not None else ""
    if not isinstance(value, str):
        return ""
    kept = value[: limit * 2]
    if not kept.isprintable():
        kept = "".join(letter for letter in kept if letter.isprintable())
    return kept.strip()[:limit]


def boolean(value: object) -> bool | None:
    """true, false, 1, 0 and the texts `Y`, `no`, `on`, `false` and the like."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return _TRUTH.get(value.strip().lower()) if isinstance(value, str) else None


def mac(value: object) -> str:
    """Lower case with colons, from any way to write it; Garbled for no address of one device."""
    digits = re.sub(r"[:.\-\s]", "", text(value)).lower()
    if not _MAC.fullmatch(digits) or digits == "0" * 12 or int(digits[:2], 16) & 1:
        raise Garbled("the answer holds no valid MAC address")
    return ":".join(re.findall("..", digits))


def obj(value: object) -> dict[str, Any]:
    """An object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def rows(value: object, limit: int = ROWS_LIMIT) -> Sequence[dict[str, Any]]:
    """The objects in a list, at most `limit`; one object alone counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return []
    return [row for row in value[:limit] if isinstance(row, dict)]


def first(value: object) -> dict[str, Any]:
    """The first of `rows`; an empty object where there is none."""
    found = rows(value)
    return found[0] if found else {}
