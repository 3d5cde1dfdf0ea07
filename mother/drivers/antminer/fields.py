"""Single fields of an Antminer's answers, picked leniently."""

from __future__ import annotations

import sys

MOST = 64
"""Boards and fans beyond are no miner's."""

_INTS = {int}

MAX = sys.float_info.max
_LARGE = int(MAX)

SLEEP = 1
PROFILE_OF = {0: "normal", 3: "low-power"}

_FACTORS = {
    "": 1e9,
    "H": 1.0,
    "SOL": 1.0,
    "KH": 1e3,
    "KSOL": 1e3,
    "MH": 1e6,
    "GH": 1e9,
    "TH": 1e12,
    "PH": 1e15,
}


def hottest(value: object) -> float | None:
    """The highest of `73-45-64-65`, of a list, or the number alone; 0 is no sensor."""
    if isinstance(value, str):
        told = [int(part) for part in value.split("-") if part.isdecimal() and len(part) < 5]
        return float(max(told)) or None if told else None
    if isinstance(value, list):
        items = value[:MOST] if len(value) > MOST else value
        if set(map(type, items)) == _INTS:  # as most lists are
            return number(max(items)) or None
        found = [each for item in items if (each := number(item))]
        return max(found) or None if found else None
    return number(value) or None


def watts(value: object) -> float | None:
    """`3250`, `"3250.1"` or `"3250.1 W"`; 0 is not measured."""
    if isinstance(value, str):
        value = value.strip().removesuffix("W").removesuffix("w").rstrip()
    return number(value) or None


def mode_of(value: object) -> int | None:
    """A work mode as a number or a text; an empty text is the normal one."""
    if isinstance(value, str):
        value = value.strip()
        if value == "":
            return 0
        return int(value) if value.isdecimal() and len(value) < 4 else None
    return value if type(value) is int and 0 <= value < 1000 else None


def profile_of(mode: int | None) -> str:
    """The mode's name; empty where it has none, as when it sleeps."""
    return PROFILE_OF.get(mode, "") if mode is not None else ""


def model_name(text: str) -> str:
    """`Antminer S19 Pro` -> `S19 Pro`."""
    plain = " ".join(text.split())[:64]
    return plain[9:] if plain[:9].lower() == "antminer " else plain


def number(value: object) -> float | None:
    """A finite number, or a text that is one."""
    kind = type(value)
    if kind is int:
        whole: int = value  # type: ignore[assignment]  # that it is one was just seen
        return float(whole) if -_LARGE < whole < _LARGE else None
    if kind is str:
        try:
            value = float(value)  # type: ignore[arg-type]  # a text
        except ValueError:
            return None
    elif kind is not float:
        return None
    number: float = value  # type: ignore[assignment]  # as above
    return number if -MAX <= number <= MAX else None  # nor is NaN


def count(value: object) -> int:
    """A number of things; 0 for what is none."""
    told = number(value)
    return int(told) if told is not None and 0.0 < told < 1e6 else 0


def factor_of(unit: object) -> float | None:
    """What turns the rates into H/s; None for a unit that nobody knows."""
    return _FACTORS.get(unit.strip().upper().removesuffix("/S") if isinstance(unit, str) else "")


def times(value: float | None, factor: float | None) -> float | None:
    """In the unit of ours; None where either is not known."""
    if value is None or factor is None:
        return None
    made = value * factor
    return made if -MAX <= made <= MAX else None


def text(value: object) -> str:
    """Empty for what is no text."""
    return value if isinstance(value, str) else ""
