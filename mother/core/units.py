"""Numbers for people: SI prefixes with three significant digits, durations in words."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

THIN_SPACE = "\u2009"
UNKNOWN = "–"
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def finite(value: object) -> float | None:
    """The number as a float, or None when it is no finite number (bool, text, NaN, Infinity)."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def three_digits(value: float) -> str:
    """Three significant digits without an exponent: 16.2, 4.93, 812.

    At most three decimals, whole numbers whole; an en dash for what is no finite number.
    """
    if not math.isfinite(value):
        return UNKNOWN
    if abs(value) < 0.0005:
        return "0"
    rounded = abs(float(f"{value:.3g}"))  # 9.996 is 10.0 and has one decimal, not two
    decimals = 2 - math.floor(math.log10(rounded))
    return f"{value:.{min(max(decimals, 0), 3)}f}"


def si(value: float | None, unit: str) -> str:
    """`1.62e13, "H/s"` -> `16.2 TH/s`; None and what is not finite -> an en dash."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor * 0.9995:
            return f"{three_digits(value / factor)}{THIN_SPACE}{prefix}{unit}"
    return f"{three_digits(value)}{THIN_SPACE}{unit}"


def duration(seconds: float) -> str:
    """`4000` -> `1 h 6 min`: the two largest parts that are not zero, whole seconds at least."""
    if not math.isfinite(seconds):
        return UNKNOWN
    left = max(0, round(seconds))
    parts = []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def moment(time: float, now: float, zone: tzinfo | None = None) -> str:
    """`02:41`, with the date where it is not today; in `zone`, None for this machine's."""
    at = datetime.fromtimestamp(time, zone)
    today = datetime.fromtimestamp(now, zone).date()
    return at.strftime("%H:%M" if at.date() == today else "%Y-%m-%d %H:%M")
