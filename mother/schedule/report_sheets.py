"""Reports of curtailments as CSV; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping

from mother.core.sheets import tame, utc
from mother.schedule.reports import Report, Undone

Cell = Callable[[Report], object]

COLUMNS: Mapping[str, Cell] = {
    "report": lambda one: one.id,
    "why": lambda one: one.reason,
    "key": lambda one: one.key,
    "scope": lambda one: one.scope,
    "ordered_by": lambda one: one.actor,
    "reference": lambda one: one.ref,
    "began": lambda one: utc(one.began),
    "ended": lambda one: "" if one.ended is None else utc(one.ended),
    "seconds": lambda one: round(one.seconds),
    "baseline_kw": lambda one: _kilo(one.baseline),
    "target_kw": lambda one: _kilo(one.target),
    "shed_kw": lambda one: _kilo(one.shed),
    "most_shed_kw": lambda one: _kilo(one.most),
    "sleepers_draw_kw": lambda one: _kilo(one.resting),
    "shed_kwh": lambda one: _kilo(one.energy),
    "seconds_to_95_percent_of_kw": lambda one: _seconds(one.reached),
    "seconds_to_95_percent_of_miners": lambda one: _seconds(one.confirmed_after),
    "kw_by": lambda one: one.source,
    "kw_error_percent": lambda one: round(one.error * 100, 1),
    "miners": lambda one: one.miners,
    "confirmed": lambda one: one.confirmed,
    "unconfirmed": lambda one: one.unconfirmed_count,
    "skipped": lambda one: one.skipped_count,
    "unconfirmed_miners": lambda one: _names(one.unconfirmed),
    "skipped_miners": lambda one: _names(one.skipped),
}
"""A row per report; times are UTC."""


def as_csv(reports: Iterable[Report]) -> str:
    """The sheet, with its head."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in reports:
        writer.writerow([tame(cell(report)) for cell in COLUMNS.values()])
    return out.getvalue()


def _kilo(value: float) -> float:
    return round(value / 1000.0, 3)


def _seconds(value: float | None) -> object:
    return "" if value is None else round(value, 1)


def _names(some: Iterable[Undone]) -> str:
    return "; ".join(f"{one.worker or one.device}: {one.why or one.stage}" for one in some)
