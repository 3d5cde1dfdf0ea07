"""The family's own gauges, with the names that mother-of-dragons gave them.

A name is the wire's field with blanks as dashes and percent signs left out; all names are made
once per index, since making them costs more than reading the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

FAN_DUTY = "hardware.fan_duty"

_HUGE = 10**300

_DEVICE_FIELDS = (
    "Temperature",
    "MHS av",
    "MHS 5s",
    "MHS 1m",
    "MHS 5m",
    "MHS 15m",
    "Accepted",
    "Rejected",
    "Hardware Errors",
    "Utility",
    "Last Share Pool",
    "Last Share Time",
    "Total MH",
    "Diff1 Work",
    "Difficulty Accepted",
    "Difficulty Rejected",
    "Last Share Difficulty",
    "Last Valid Work",
    "Device Hardware%",
    "Device Rejected%",
    "Device Elapsed",
    "Hash Rate",
    "Hash Rate H",
)
_POOL_FIELDS = (
    "Getworks",
    "Accepted",
    "Rejected",
    "Works",
    "Discarded",
    "Stale",
    "Get Failures",
    "Remote Failures",
    "Last Share Time",
    "Diff1 Shares",
    "Difficulty Accepted",
    "Difficulty Rejected",
    "Difficulty Stale",
    "Last Share Difficulty",
    "Work Difficulty",
    "Stratum Difficulty",
    "Best Share",
    "Pool Rejected%",
    "Pool Stale%",
    "Bad Work",
    "Current Block Height",
    "Current Block Version",
)
_AT_REST = frozenset(
    {
        "Alive",
        "MHS-av",
        "MHS-5s",
        "MHS-1m",
        "MHS-5m",
        "MHS-15m",
        "Hash-Rate",
        "Hash-Rate-H",
    }
)

Names = tuple[tuple[str, str], ...]
"""Pairs of the wire's field and the gauge's name."""


@cache
def device_names(index: int) -> Names:
    """The gauges of the board with this ID, but for `alive_name`."""
    return tuple((field, f"dev.{index}.{_name(field)}") for field in _DEVICE_FIELDS)


@cache
def alive_name(index: int) -> str:
    """The gauge that is 1 while the board with this ID is alive."""
    return f"dev.{index}.Alive"


@cache
def pool_names(index: int) -> Names:
    """The gauges of the pool with this number."""
    return tuple((field, f"pool.{index}.{_name(field)}") for field in _POOL_FIELDS)


def gather(fields: Mapping[str, Any], names: Names, native: dict[str, float]) -> None:
    """Put those fields that are finite numbers into `native`, under their gauges' names."""
    get = fields.get
    for field, name in names:
        value: Any = get(field)
        kind = type(value)
        # Most of a poll's parsing is this loop; only finite floats give 0 less themselves.
        if kind is float:
            if value - value == 0.0:
                native[name] = value
        elif kind is int and -_HUGE < value < _HUGE:
            native[name] = value


def at_rest(native: Mapping[str, float]) -> dict[str, float]:
    """Those of `native` that a miner without power would not reach: hashrates and Alive, as 0."""
    return {name: 0.0 for name in native if name.rpartition(".")[2] in _AT_REST}


def safe_model(model: str) -> str:
    """The type as one segment of a metric name: `B29+` is `B29-plus`, nothing is `unknown`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", model.replace("+", "-plus")).strip("-") or "unknown"


def _name(field: str) -> str:
    return field.replace(" ", "-").replace("%", "")
