"""What the schedule answers to those who ask: how it stands, and what an order would come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mother.config.model import Config
from mother.core.reading import Mode
from mother.schedule import plans
from mother.schedule.acting import Acting
from mother.schedule.deciding import Look
from mother.schedule.facility import Facility
from mother.schedule.job import Scheduler
from mother.schedule.judging import SILENT
from mother.schedule.orders import Preview, Progress, Touched, Unconfirmed, limit_of
from mother.schedule.progress import is_taken, towards
from mother.schedule.reports import Reports
from mother.schedule.sources import Sources
from mother.schedule.values import Limit, Order, Ruling, Stage, Standing, Verdict

DRAFT = "draft"
"""The key of an order that is only looked at."""

MOST_NAMED = 50
"""So many of the unconfirmed are named."""


class Telling:
    """Answers by the last round, and by what devices have said since (see `orders.Scheduling`).

    `astray`: plans are not followed, for nobody keeps the clock right. `trouble` says why the
    journal takes nothing, empty where it does.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        acting: Acting,
        sources: Sources,
        reports: Reports,
        facility: Facility,
        config: Callable[[], Config],
        now: Callable[[], float],
        hurry: Callable[[], None],
        keep: Callable[[], None] = lambda: None,
        astray: Callable[[], bool] = lambda: False,
        trouble: Callable[[], str] = lambda: "",
    ) -> None:
        self._scheduler = scheduler
        self._acting = acting
        self._sources = sources
        self._reports = reports
        self._facility = facility
        self._config = config
        self._now = now
        self._hurry = hurry
        self._keep = keep
        self._astray = astray
        self._trouble = trouble

    def hurry(self) -> None:
        """Decide anew at once."""
        self._hurry()

    def sleeping(self) -> int:
        """How many miners sleep by our order, whatever the reason."""
        return self._acting.sleeping()

    def push(self, name: str, value: float, at: float) -> None:
        """See `Sources.push`; it is kept at once, for nobody can be asked for it again."""
        self._sources.push(name, value, at)
        self._keep()

    def draws(self, scope: str) -> float:
        """W that the miners of a scope draw now together."""
        look = self._scheduler.decide()
        return look.draw(look.scoped(scope)).watts

    def preview(self, order: Order) -> Preview:
        """What would happen if this were in force too."""
        look = self._scheduler.decide()
        limit = limit_of(order, self._now(), look.scoped)
        ids = frozenset(look.rated) if limit.ids is None else limit.ids & look.rated.keys()
        ruling = look.with_limit(_named(limit))
        touched = [one for ident in sorted(ids) if (one := _touch(ident, look, ruling)) is not None]
        before = look.draw(ids).watts
        saved = sum(one.draws - one.then for one in touched)
        verdicts = {ident: ruling.verdicts[ident] for ident in ids if ident in ruling.verdicts}
        return Preview(
            miners=len(ids),
            before=before,
            after=max(0.0, before - saved),
            touched=tuple(touched),
            asleep=sum(1 for ident in ids if look.rated[ident].unit.asleep),
            skipped=dict(Counter(one.skipped for one in verdicts.values() if one.skipped)),
            over=sum(one.over for one in ruling.shortfalls if one.key == DRAFT),
        )

    def progress(self, order: str) -> Progress:
        """How far the order of this id is."""
        look = self._scheduler.decide()
        limit = next((one for one in look.limits if one.key == order), None)
        if limit is None:
            return Progress(0)
        meant = [
            ident
            for ident, verdict in look.ruling.verdicts.items()
            if order in verdict.asked_by and not verdict.skipped
        ]
        ids = look.ruling.verdicts.keys() if limit.ids is None else limit.ids
        verdicts = [one for ident in ids if (one := look.ruling.verdicts.get(ident)) is not None]
        known = self._acting.standings
        standings = {
            ident: towards(look.ruling.verdicts[ident], known.get(ident), limit.since)
            for ident in meant
        }
        report = next((one for one in self._reports.all() if one.key == order), None)
        open_ones = [
            Unconfirmed(look.rated[ident].unit.worker, one.why)
            for stage in (Stage.UNCONFIRMED, Stage.DRIFTED, Stage.PENDING, Stage.SKIPPED)
            for ident, one in standings.items()
            if one.stage is stage and not is_taken(one)
            if stage is not Stage.PENDING or _is_stuck(one)
        ]
        return Progress(
            total=len(meant),
            stages=dict(Counter(one.stage.value for one in standings.values())),
            before=0.0 if report is None else report.baseline,
            now=look.draw(limit.ids).watts,
            unconfirmed=tuple(open_ones[:MOST_NAMED]),
            reached=None if report is None else report.confirmed_after,
            taken=sum(1 for one in standings.values() if is_taken(one)),
            stuck=sum(1 for one in standings.values() if _is_stuck(one)),
            left_out=dict(Counter(one.skipped for one in verdicts if one.skipped)),
        )

    def status(self) -> Mapping[str, Any]:
        """All of it in plain values."""
        look, schedule, now = self._scheduler.decide(), self._config().schedule, self._now()
        draw = look.draw()
        return {
            "at": now,
            "miners": len(look.rated),
            "sleeping": self.sleeping(),
            "draws": draw.watts,
            "expected": look.ruling.expected,
            "power_source": draw.words,
            "stages": dict(Counter(one.stage.value for one in self._acting.standings.values())),
            "limits": [_limit(one, look) for one in look.limits],
            "plans": [one.name for one in schedule.plans if plans.holds(one, now)],
            "next_change": plans.next_change(schedule.plans, now),
            "signals": [self._signal(one.name, one.unit, now) for one in schedule.signals],
            "because": dict(
                Counter(_why(one) for one in look.ruling.verdicts.values() if _why(one))
            ),
            "shortfalls": [
                {"limit": one.key, "over": one.over, "why": dict(one.why)}
                for one in look.ruling.shortfalls
            ],
            "clock_astray": self._astray(),
            "journal": self._trouble(),
            "facility": [
                {"name": one.name, "on": one.on, "miners": one.miners, "why": one.why}
                for one in self._facility.plants()
            ],
        }

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges about the schedule: miners by stage, sleepers, limits, W."""
        stages = Counter(one.stage for one in self._acting.standings.values())
        gauges = {f"schedule.{stage.value}": float(stages[stage]) for stage in Stage}
        look = self._scheduler.look
        if look is not None:
            gauges["schedule.limits"] = float(len(look.limits))
            gauges["schedule.expected_power"] = look.ruling.expected
            gauges["schedule.clock_astray"] = float(self._astray())
        return {**gauges, "schedule.asleep": float(self.sleeping())}

    def reports(self) -> Mapping[str, Any]:
        """All reports, the newest first."""
        return self._reports.listed()

    def report(self, ident: int) -> Mapping[str, Any]:
        """One of them. Raises LookupError."""
        return self._reports.told(ident)

    def _signal(self, name: str, unit: str, now: float) -> dict[str, Any]:
        last = self._sources.last(name)
        return {
            "name": name,
            "value": None if last is None else last.value,
            "at": None if last is None else last.at,
            "unit": unit,
            "silent": self._sources.silent(name, now),
            "trouble": self._sources.trouble(name),
        }


def _is_stuck(standing: Standing) -> bool:
    """Whether more than its turn is missing."""
    tried = standing.tries > 0 or standing.why == SILENT
    return standing.stage is Stage.PENDING and tried


def _named(limit: Limit) -> Limit:
    return Limit(
        DRAFT,
        limit.reason,
        limit.ids,
        limit.cap,
        limit.since,
        limit.until,
        limit.emergency,
        limit.planned,
    )


def _touch(ident: str, look: Look, ruling: Ruling) -> Touched | None:
    """What the order changes of one miner; None where that is nothing."""
    verdict, before = ruling.verdicts.get(ident), look.ruling.verdicts.get(ident)
    unit = look.rated[ident].unit
    if verdict is None or verdict.mode is None or verdict == before or unit.asleep:
        return None
    if verdict.mode is Mode.SLEEP:
        if before is not None and before.mode is Mode.SLEEP:
            return None
        return Touched(ident, unit.worker, unit.draws, min(unit.draws, unit.rest))
    target = verdict.power_target
    if target is None or (before is not None and before.power_target == target):
        return None
    return Touched(ident, unit.worker, unit.draws, min(unit.draws, target), target)


def _limit(limit: Limit, look: Look) -> dict[str, Any]:
    return {
        "key": limit.key,
        "reason": limit.reason,
        "miners": len(look.rated) if limit.ids is None else len(limit.ids),
        "cap": limit.cap,
        "since": limit.since,
        "until": limit.until,
        "emergency": limit.emergency,
    }


def _why(verdict: Verdict) -> str:
    """The strongest reason, if it is not as usual."""
    if verdict.skipped:
        return verdict.skipped
    return verdict.because[0] if verdict.because else ""
