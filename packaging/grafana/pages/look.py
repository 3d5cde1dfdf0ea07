"""What the dashboards look like: the states in their words and colours, units, thresholds."""

from __future__ import annotations

from typing import Any

HASHING, TUNING, ASLEEP = "#12a594", "#3b82f6", "#7c6ce0"
ILL, GONE, UNKNOWN = "#f5871f", "#e5484d", "#8b8d98"

STATES = {
    "hashing": HASHING,
    "tuning": TUNING,
    "asleep": ASLEEP,
    "ill": ILL,
    "gone": GONE,
    "unknown": UNKNOWN,
}
"""The six states in the order of their numbers: hashing is 1."""

HASHRATE, SHARE, CELSIUS, WATT, SECONDS = "Hs", "percentunit", "celsius", "watt", "s"
PERCENT, DURATION, BYTES, COUNT, AGO = "percent", "dtdurations", "bytes", "none", "dateTimeFromNow"
EFFICIENCY = "suffix: J/TH"
PER_MINUTE, PER_SECOND = "suffix: /min", "suffix: /s"
"""Unit words of Grafana; `Hs` puts SI prefixes before H/s."""

Json = dict[str, Any]


def steps(first: str, *rest: tuple[float, str]) -> Json:
    """Thresholds: the first colour below them all, then each from its value on."""
    later = [{"value": value, "color": color} for value, color in rest]
    return {"mode": "absolute", "steps": [{"value": None, "color": first}, *later]}


PLAIN = steps(HASHING)
OF_EXPECTED = steps(GONE, (0.8, ILL), (0.95, HASHING))
HEAT = steps(HASHING, (100, ILL))
REJECTED = steps(HASHING, (0.02, ILL))
NONE_IS_WELL = steps(HASHING, (1, ILL))
NONE_AT_ALL = steps(HASHING, (1e-9, ILL))


def words(table: dict[int, tuple[str, str]]) -> list[Json]:
    """Numbers shown as words: number -> word and colour."""
    options = {
        str(number): {"text": text, "color": color, "index": index}
        for index, (number, (text, color)) in enumerate(table.items())
    }
    return [{"type": "value", "options": options}]


STATE_WORDS = words({n: (name, color) for n, (name, color) in enumerate(STATES.items(), 1)})
ANSWERS = words({0: ("gone", GONE), 1: ("answers", HASHING)})
ALIVE = words({0: ("dead", ILL), 1: ("alive", HASHING)})
ACTIVE = words({0: ("stands by", UNKNOWN), 1: ("mines", HASHING)})
BREAKER = words({0: ("closed", HASHING), 1: ("open", ILL)})
