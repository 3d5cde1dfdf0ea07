"""The family's own numbers, as far as no uniform one tells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

FREQUENCY = "frequency.avg"
TARGET = "frequency.target"
CHIP_TEMP = "chip_temp.avg"
PSU_FAN = "psu.fan_rpm"
PSU_TEMP = "psu.temperature"
DEVIATION = "hash_deviation_percent"
POWER_5M = "power.5m"

_AT_REST = frozenset({FREQUENCY, POWER_5M})


def gathered(pairs: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    """Those that were told."""
    return {name: value for name, value in pairs if value is not None}


def at_rest(native: Mapping[str, float]) -> dict[str, float]:
    """What a miner without power would not reach, as 0."""
    return {name: 0.0 for name in native if name in _AT_REST}


def safe_model(model: str) -> str:
    """`M30S+_VE40` is `M30S-plus_VE40`, nothing is `unknown`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", model.replace("+", "-plus")).strip("-") or "unknown"
