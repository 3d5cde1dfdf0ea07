"""What dashboards made for mother-of-dragons ask Graphite for, and a matcher for their patterns.

The names are those that its 0.2.9 sends; the prefixes and suffixes are those of statsd's Graphite
backend without its legacy namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from .farm import BOARD_NAMES, POOL_NAMES

SUFFIXES = {
    "g": ("gauges", ("",)),
    "c": ("counters", (".count", ".rate")),
    "ms": ("timers", (".mean", ".upper", ".lower", ".count", ".upper_90", ".mean_90")),
}
"""Kind of a statsd line to its place in Graphite and what is appended to its name."""

_MANAGER_COUNTS = (
    "added",
    "removed",
    "exception",
    "add_exception",
    "stats_exception",
    "health_exception",
    "firmware_check_exception",
)
_ACTIONS = ("added", "upgraded", "poolsChanged", "autotuneChanged", "rebooted")

FARM_GAUGES = (
    "stats.gauges.dragons.manager.dragons.count",
    "stats.gauges.dragons.manager.scan.count",
)
FARM_TIMES = tuple(
    f"stats.timers.dragons.manager.scan_timed.{part}"
    for part in ("mean", "upper", "lower", "count", "upper_90")
)
FARM_COUNTS = (
    *(f"stats.counters.dragons.manager.dragons.{name}.count" for name in _MANAGER_COUNTS),
    "stats.counters.dragons.manager.dragons.*_exception.rate",
)


def worker_gauges(stem: str = "worker.*.*") -> tuple[str, ...]:
    """Gauges of miners; `stem` is `worker.*` for dashboards of version 0.2.0."""
    gauges = f"stats.gauges.dragons.{stem}"
    return (
        f"{gauges}.hardware.fan_duty",
        *(f"{gauges}.dev.*.{name}" for name in (*BOARD_NAMES, "Hash-Rate-H")),
        *(f"{gauges}.pool.*.{name}" for name in POOL_NAMES),
        f"{gauges}.dev.[012].Temperature",
        f"{gauges}.dev.*.MHS-{{5s,1m,5m,15m,av}}",
        f"{gauges}.pool.0.{{Accepted,Rejected,Stale}}",
        f"{gauges}.dev.?.Alive",
    )


def worker_counts(stem: str = "worker.*.*") -> tuple[str, ...]:
    """Counters of what was done to miners."""
    return tuple(f"stats.counters.dragons.{stem}.action.{name}.count" for name in _ACTIONS)


ONE_TYPE = (
    "stats.gauges.dragons.worker.T1.*.dev.*.MHS-5m",
    "stats.gauges.dragons.worker.T1.dragon-*.hardware.fan_duty",
    "stats.gauges.dragons.worker.{T1,T2}.*.pool.*.Accepted",
)
GAUGES = (*FARM_GAUGES, *worker_gauges(), *ONE_TYPE)
QUERIES = (*GAUGES, *FARM_TIMES, *FARM_COUNTS, *worker_counts())


def series_of(lines: Iterable[str]) -> set[str]:
    """The Graphite series that statsd makes of its input lines."""
    found: set[str] = set()
    for line in lines:
        name, _, rest = line.partition(":")
        place, suffixes = SUFFIXES[rest.split("|")[1]]
        found.update(f"stats.{place}.{name}{suffix}" for suffix in suffixes)
    return found


def unanswered(queries: Iterable[str], series: Iterable[str]) -> list[str]:
    """The queries that no series answers."""
    split = [name.split(".") for name in set(series)]
    return [
        query
        for query in queries
        if not any(_fits(pattern, name) for pattern in _plain(query) for name in split)
    ]


def _fits(pattern: str, name: list[str]) -> bool:
    parts = pattern.split(".")
    return len(parts) == len(name) and all(map(fnmatchcase, name, parts))


def _plain(query: str) -> Iterator[str]:
    """The query with each `{a,b}` written out."""
    braces = re.search(r"\{([^{}]*)\}", query)
    if braces is None:
        yield query
        return
    for word in braces[1].split(","):
        yield from _plain(query[: braces.start()] + word + query[braces.end() :])
