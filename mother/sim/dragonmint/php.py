"""What PHP does to a form on the way in and to JSON on the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

Field = str | dict[str, str]
Form = Mapping[str, Field]

_BRACKETS = re.compile(r"^([^\[]+)\[([^\]]*)\]$")


def form(body: bytes) -> dict[str, Field]:
    """The fields of an urlencoded body; `a[]=x` and `a[0]=x` make `a` an array.

    A later field replaces an earlier one of its name. Arrays are dicts with text keys, one
    level deep.
    """
    fields: dict[str, Field] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        bracketed = _BRACKETS.match(name)
        if bracketed is None:
            fields[name] = value
            continue
        stem, key = bracketed.groups()
        array = fields.get(stem)
        if not isinstance(array, dict):
            array = fields[stem] = {}
        array[key or str(len(array))] = value
    return fields


def text(fields: Form, name: str) -> str:
    """A plain field, empty when absent or an array."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def element(fields: Form, name: str, index: int) -> str:
    """`$field[index]`: an element of an array, but the n-th *character* of a text."""
    value = fields.get(name, "")
    if isinstance(value, str):
        return value[index : index + 1]
    return value.get(str(index), "")


def number(value: float, digits: int = 2) -> int | float:
    """A number as it is printed: rounded, and without a fraction when it is whole."""
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded


def encode(content: Mapping[str, Any], *, escape_slashes: bool = True) -> bytes:
    """`json_encode`: compact, ASCII only, slashes escaped unless told otherwise."""
    plain = json.dumps(content, separators=(",", ":"))
    return (plain.replace("/", "\\/") if escape_slashes else plain).encode("ascii")
