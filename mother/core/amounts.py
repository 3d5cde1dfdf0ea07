"""Amounts as people write them: `15min`, `500kW`, `20%`. The reverse of `mother.core.units`."""

from __future__ import annotations

import re

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15}"
_WATTS = re.compile(rf"({_NUMBER})[\s\u2009]*([A-Za-z]*)", re.ASCII)
_PART = re.compile(rf"[\s\u2009]*({_NUMBER})[\s\u2009]*([A-Za-z]+)", re.ASCII)
_SHARE = re.compile(rf"({_NUMBER})[\s\u2009]*(%?)", re.ASCII)

_POWERS = {"": 1.0, "w": 1.0, "kw": 1e3, "mw": 1e6, "gw": 1e9}
_TIMES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}


def watts(text: str) -> float:
    """`500kW`, `3.2 kW`, `1 MW`, `850` -> W. Raises ValueError with a sentence."""
    found = _WATTS.fullmatch(text.strip())
    unit = found[2] if found else "?"
    if unit == "mW":
        raise ValueError(f"{_shown(text)} is in milliwatts; MW is a million watts")
    if found is None or unit.casefold() not in _POWERS:
        raise ValueError(f"{_shown(text)} is no power, e.g. 500kW, 3.2 kW or 850 (W)")
    return float(found[1]) * _POWERS[unit.casefold()]


def seconds(text: str) -> float:
    """`15min`, `2h`, `1h30min`, `90` -> seconds. Raises ValueError with a sentence."""
    plain = text.strip()
    if re.fullmatch(_NUMBER, plain, re.ASCII):
        return float(plain)
    total, place = 0.0, 0
    while place < len(plain):
        found = _PART.match(plain, place)
        size = _TIMES.get(found[2].casefold()) if found else None
        if found is None or size is None:
            break
        total += float(found[1]) * size
        place = found.end()
    if not plain or place < len(plain):
        raise ValueError(f"{_shown(text)} is no time, e.g. 15min, 2h or 90 (seconds)")
    return total


def share(text: str) -> float:
    """`20%` or `0.2` -> 0.2; more than all is possible: `110%`. Raises ValueError with a sentence.

    1 and more without the sign are refused: they may be meant as percent.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{_shown(text)} is no share, e.g. 20% or 0.2")
    number = float(found[1])
    if found[2]:
        return number / 100
    if number >= 1:
        raise ValueError(
            f"{_shown(text)} can be read in two ways; write {found[1]}% if that is meant"
        )
    return number


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
