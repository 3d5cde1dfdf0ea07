"""JSON that keeps what Python's own loses: numbers as they were written, keys that come twice."""

from __future__ import annotations

import json
from typing import Any, TypeAlias


class Literal(str):
    """A number, `true`, `null` or the like, as it was written."""

    __slots__ = ()

    @property
    def is_number(self) -> bool:
        """Whether it is one, finite or not."""
        return self not in ("true", "false", "null")


class Pairs(list[tuple[str, Any]]):
    """An object as it was written: its keys in order, also those that come twice."""


Plain: TypeAlias = Any
"""Pairs, list, Literal or str."""


def loaded(text: str) -> Plain:
    """The JSON of a text; None where it is none, or nested deeper than anything real."""
    try:
        found = json.loads(
            text,
            strict=False,
            object_pairs_hook=Pairs,
            parse_int=Literal,
            parse_float=Literal,
            parse_constant=Literal,
        )
        return _literal(found)
    except (ValueError, RecursionError):
        return None


def _literal(value: Any) -> Plain:
    if isinstance(value, Pairs):
        return Pairs((key, _literal(item)) for key, item in value)
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if value is None or isinstance(value, bool):
        return Literal(json.dumps(value))
    return value


def dumped(value: Plain, indent: int | None = 2, depth: int = 0) -> str:
    """The text of it, on lines of their own, or on one without `indent`."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Pairs):
        parts = [f"{json.dumps(key)}: {dumped(item, indent, depth + 1)}" for key, item in value]
        return _joined(parts, "{", "}", indent, depth)
    return _joined([dumped(item, indent, depth + 1) for item in value], "[", "]", indent, depth)


def _joined(parts: list[str], first: str, last: str, indent: int | None, depth: int) -> str:
    if indent is None or not parts:
        return first + ", ".join(parts) + last
    inner = "\n" + " " * (indent * (depth + 1))
    return f"{first}{inner}{f',{inner}'.join(parts)}\n{' ' * (indent * depth)}{last}"
