"""What statsd receives from events and sums, and how names are made safe; nothing but tables.

The names below `manager.` and `worker.` are those of mother-of-dragons 0.2.8, so that dashboards
made for it keep working.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from mother.core.metrics import FARM_METRICS
from mother.core.model import Event, EventKind, Totals
from mother.core.units import finite
from mother.sinks.statsd_parts import Seen

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def segment(text: str) -> str:
    """One segment of a metric's name: `B29+` -> `B29-plus`, `MHS av` -> `MHS-av`; never empty.

    Blanks become `-`, `%` goes, and what statsd or Graphite would take for a separator
    becomes `_`.
    """
    plain = text.strip().replace("+", "-plus").replace(" ", "-").replace("%", "")
    return _UNSAFE.sub("_", plain) or "unknown"


def dotted(text: str) -> str:
    """A whole name or prefix with every segment made safe; empty segments go (`a..b.` -> `a.b`)."""
    return ".".join(segment(part) for part in text.split(".") if part.strip())


def tags(**values: str) -> str:
    """`worker:dragon-4500e3ab,model:T1`, each value made as safe as a segment of a name is.

    So it holds nothing that parts DogStatsD's tags or Graphite's, and is never empty.
    """
    return ",".join(f"{name}:{segment(value)}" for name, value in values.items())


def stem(*parts: str) -> str:
    """The parts that are not empty, each with a dot behind it: what a name is appended to."""
    return "".join(f"{part}." for part in parts if part)


class Worker(Struct, frozen=True, gc=False):
    """One worker's stems, built once: `native` for the family's names, `uniform` for ours.

    `tags` are those of its uniform metrics, `seen` the boards and pools that it ever told of.
    """

    model: str
    native: str
    uniform: str
    tags: str
    seen: Seen


def worker_of(
    prefix: str, worker: str, model: str, type_segment: bool, site: str, seen: Seen
) -> Worker:
    """`dragons.` -> `dragons.worker.T1.dragon-4500e3ab.` and `dragons.miner.dragon-4500e3ab.`."""
    name = segment(worker)
    kind = segment(model) if type_segment else ""
    return Worker(
        model,
        prefix + stem("worker", kind, name),
        prefix + stem("miner", name),
        tags(worker=worker, model=model, site=site),
        seen,
    )


class Counter(Struct, frozen=True):
    """One counter that an event raises by one.

    `where` restricts it to events whose content says so; `per_worker` puts it below the
    worker's native stem.
    """

    name: str
    kinds: tuple[EventKind, ...]
    meaning: str
    where: str = ""
    per_worker: bool = False

    def counts(self, event: Event) -> bool:
        """Whether this event, being of one of the kinds, raises this counter."""
        return not self.where or event.content.get("where") == self.where


_ADDED = (EventKind.ADDED,)
_REMOVED = (EventKind.REMOVED,)
_REBOOTED = (EventKind.REBOOTED,)
_UPGRADED = (EventKind.UPGRADING,)
_POOLS = (EventKind.POOLS_CHANGED,)
_AUTOTUNE = (EventKind.PROFILE_CHANGED,)
_FAULT = (EventKind.FAULT,)
_ADD_FAULT = (EventKind.FAULT, EventKind.SIGHTED)

COUNTERS: tuple[Counter, ...] = (
    Counter("manager.dragons.added", _ADDED, "a miner was adopted"),
    Counter("manager.dragons.removed", _REMOVED, "a miner was given up"),
    Counter("manager.dragons.exception", _ADD_FAULT, "any of the four below"),
    Counter("manager.dragons.add_exception", _ADD_FAULT, "a host could not be adopted", "add"),
    Counter("manager.dragons.stats_exception", _FAULT, "a poll failed", "stats"),
    Counter("manager.dragons.health_exception", _FAULT, "a health check failed", "health"),
    Counter(
        "manager.dragons.firmware_check_exception", _FAULT, "a firmware check failed", "firmware"
    ),
    Counter("manager.dragons.ill", (EventKind.ILL,), "a miner was found ill"),
    Counter("action.added", _ADDED, "this miner was adopted", per_worker=True),
    Counter("action.upgraded", _UPGRADED, "firmware was sent to this miner", per_worker=True),
    Counter("action.poolsChanged", _POOLS, "this miner's pools were written", per_worker=True),
    Counter("action.autotuneChanged", _AUTOTUNE, "its autotune mode was set", per_worker=True),
    Counter("action.rebooted", _REBOOTED, "this miner was rebooted", per_worker=True),
)

COUNTERS_OF: Mapping[EventKind, tuple[Counter, ...]] = {
    kind: tuple(row for row in COUNTERS if kind in row.kinds) for kind in EventKind
}


class ScanMetric(Struct, frozen=True):
    """One number of a finished scan; a timer is sent in milliseconds."""

    name: str
    unit: str
    meaning: str
    timer: bool
    value: Callable[[Event], float | None]


def _milliseconds(event: Event) -> float | None:
    seconds = finite(event.content.get("seconds"))
    return None if seconds is None else seconds * 1000


SCAN_METRICS: tuple[ScanMetric, ...] = (
    ScanMetric("manager.scan_timed", "ms", "how long a scan took", True, _milliseconds),
    ScanMetric(
        "manager.scan.count",
        "miners",
        "how many miners the last scan found",
        False,
        lambda event: finite(event.content.get("found")),
    ),
)


FLEET = "fleet."


class SumMetric(Struct, frozen=True):
    """One gauge of the whole farm, by its full name below the prefix."""

    name: str
    unit: str
    value: Callable[[Totals], float | None]


SUM_METRICS: tuple[SumMetric, ...] = (
    SumMetric("manager.dragons.count", "miners", lambda totals: totals.miners),
    *(SumMetric(f"{FLEET}{row.name}", row.unit, row.value) for row in FARM_METRICS),
)
