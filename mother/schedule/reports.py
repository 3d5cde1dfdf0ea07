"""What became of each curtailment: from which W to which, how fast, and who did not do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from twisted.logger import Logger

from mother.core.reading import Mode
from mother.core.units import duration, si
from mother.fleet.files import Writer
from mother.schedule.meter import Draw
from mother.schedule.progress import towards
from mother.schedule.units import Rated
from mother.schedule.values import Ids, Limit, Ruling, Stage, Standing

MOST = 200
"""So many are kept: each has a file, and a new one takes the oldest's."""

MOST_NAMED = 1000
"""Of the unconfirmed and of the skipped so many are named; all are counted."""

FEW = 20
"""So many where all reports are listed."""

BRIEF = 5.0
"""One that ends within so many seconds, and nobody has confirmed, has done nothing yet."""

DONE = 0.95
LINGER = 120.0
"""A curtailment that touches nobody for so many seconds is over."""

EVERY = 60.0
"""Seconds between two writes of a report that goes on."""


class Undone(Struct, frozen=True, omit_defaults=True):
    """A miner that is not what it should be: `stage` is a Stage's word, `why` what was said."""

    device: str
    worker: str
    stage: str
    why: str = ""
    tries: int = 0


class Report(Struct, frozen=True, omit_defaults=True):
    """One curtailment. Times in Unix seconds, W, relative error.

    `key` is that of the limit or order, `since` when that began, `began` when we acted on it.
    `baseline` was drawn then, `target` is what may be drawn, `shed` how much less than the baseline
    is drawn now, `most` how much less it ever was; `resting` is what sleepers still draw, a part
    of what is drawn. `source` and `error` are those of the baseline. `reached` is after how many
    seconds 95 % of the wanted W were shed, `confirmed_after` after how many 95 % of the miners
    were confirmed; None: not yet. `energy` in Wh. `ended` None: it goes on, as of `at`.
    """

    id: int
    key: str
    reason: str
    began: float
    since: float = 0.0
    ended: float | None = None
    at: float = 0.0
    scope: str = ""
    actor: str = ""
    ref: str = ""
    emergency: bool = False
    baseline: float = 0.0
    source: str = ""
    error: float = 0.0
    target: float = 0.0
    shed: float = 0.0
    most: float = 0.0
    resting: float = 0.0
    energy: float = 0.0
    miners: int = 0
    confirmed: int = 0
    reached: float | None = None
    confirmed_after: float | None = None
    unconfirmed_count: int = 0
    skipped_count: int = 0
    unconfirmed: tuple[Undone, ...] = ()
    skipped: tuple[Undone, ...] = ()

    @property
    def wanted(self) -> float:
        """How much was to be shed."""
        return max(0.0, self.baseline - self.target)

    @property
    def seconds(self) -> float:
        """How long it took, or goes on already."""
        return max(0.0, (self.at if self.ended is None else self.ended) - self.began)

    @property
    def sentence(self) -> str:
        """`Curtailment 3: 812 kW of 900 kW shed, 95 % of it in 1 min 34 s, 7 of 300 miners
        unconfirmed`; with its reason where it begins, and how long it took where it has ended.
        """
        if self.ended is None and self.at <= self.began:
            return (
                f"Curtailment {self.id} begins, {si(self.wanted, 'W')} of "
                f"{si(self.baseline, 'W')} to shed: {self.reason}"
            )
        end = "" if self.ended is None else f" has ended after {duration(self.seconds)}"
        if self.ended is not None and self.seconds <= BRIEF and not self.confirmed:
            return f"Curtailment {self.id}{end}, before anything was seen to be done"
        parts = [f"{si(self.shed, 'W')} of {si(self.wanted, 'W')} shed"]
        if self.reached is not None:
            parts.append(f"95 % of it in {duration(self.reached)}")
        elif self.confirmed_after is not None:
            parts.append(f"95 % of the miners confirmed after {duration(self.confirmed_after)}")
        if self.unconfirmed_count:
            parts.append(f"{self.unconfirmed_count} of {self.miners} miners unconfirmed")
        if self.skipped_count:
            parts.append(f"{self.skipped_count} skipped")
        return f"Curtailment {self.id}{end}: {', '.join(parts)}"


class About(Struct, frozen=True):
    """Who ordered a curtailment, and on whom, as people write it."""

    scope: str = ""
    actor: str = ""
    ref: str = ""


class Turn(Struct, frozen=True):
    """What one round brought: reports that began, got to 95 % of their W or miners, and ended."""

    began: tuple[Report, ...] = ()
    reached: tuple[Report, ...] = ()
    ended: tuple[Report, ...] = ()


class Round(Struct, frozen=True):
    """One round of the schedule, as far as reports need it.

    `limits` are all in force; a wish that puts to sleep is one without a cap, its source the key.
    `draw` says what some miners draw together (None: all).
    """

    limits: tuple[Limit, ...]
    ruling: Ruling
    standings: Mapping[str, Standing]
    rated: Mapping[str, Rated]
    draw: Callable[[Ids | None], Draw]
    now: float
    about: Callable[[str], About] = lambda _: About()


class Reports:
    """Keeps them, newest last, in files of `folder`; `load` them before the first round."""

    log = Logger()

    def __init__(self, folder: Path, files: Writer) -> None:
        self._folder = folder
        self._files = files
        self._kept: dict[int, Report] = {}
        self._open: dict[str, int] = {}
        self._idle: dict[str, float] = {}
        self._last: dict[str, tuple[Limit, set[str], set[str], Ruling]] = {}
        self._found: set[str] = set()
        self._written: dict[int, Report] = {}

    def load(self) -> None:
        """Read what earlier runs have left; blocks. What cannot be read is passed over."""
        paths = sorted(self._folder.glob("*.json"))
        found = [report for path in paths if (report := self._read(path)) is not None]
        for report in sorted(found, key=lambda one: one.id):
            self._kept[report.id] = self._written[report.id] = report
            if report.ended is None:
                self._open[report.key] = report.id
                self._found.add(report.key)

    def _read(self, path: Path) -> Report | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Report)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.log.warn(
                "The report {path} cannot be read: {why}.", path=str(path), why=type(error).__name__
            )
            return None

    def all(self) -> list[Report]:
        """All that are kept, the newest first."""
        return [self._kept[number] for number in sorted(self._kept, reverse=True)]

    def get(self, ident: int) -> Report:
        """One of them. Raises LookupError with a sentence."""
        if ident not in self._kept:
            raise LookupError(f"there is no report {ident}: `mother reports` lists them")
        return self._kept[ident]

    def listed(self) -> Mapping[str, Any]:
        """All as plain values, `reports`, the newest first; of each a few miners are named."""
        few = [
            replace(one, unconfirmed=one.unconfirmed[:FEW], skipped=one.skipped[:FEW])
            for one in self.all()
        ]
        return {"reports": msgspec.to_builtins(few)}

    def told(self, ident: int) -> Mapping[str, Any]:
        """One as plain values, `report`. Raises LookupError with a sentence."""
        return {"report": msgspec.to_builtins(self.get(ident))}

    def follow(self, this: Round) -> Turn:
        """See how far all are; call it after each ruling, before anything of it is sent."""
        asked, skipped = _asked(this.ruling)
        limits = {limit.key: limit for limit in this.limits}
        began, reached, ended = [], [], []
        for key, some in asked.items():
            if key in limits and key not in self._open:
                began.append(self._begin(limits[key], some, this))
        for key, number in tuple(self._open.items()):
            report, limit, ids = self._kept[number], limits.get(key), asked.get(key)
            if limit is not None and ids:
                self._idle.pop(key, None)
                self._found.discard(key)
                whom = (skipped if limit.ids is None else skipped & limit.ids) - ids
                self._last[key] = limit, ids, whom, this.ruling
                report, before = _seen(report, limit, ids, whom, this), report
                if _milestones(report) > _milestones(before):
                    reached.append(report)
                self._kept[number] = report
                continue
            at_once = limit is None and key not in self._found
            if at_once and key not in self._idle:
                report = self._at_last(report, this)
            idle = self._idle.setdefault(key, this.now)
            if at_once or not 0 <= this.now - idle < LINGER:
                ended.append(self._end(report, idle))
        self._save(this.now)
        return Turn(tuple(began), tuple(reached), tuple(ended))

    def _begin(self, limit: Limit, ids: set[str], this: Round) -> Report:
        number = max(self._kept, default=0) + 1
        still = {one % MOST for one in self._open.values()}
        while number % MOST in still:
            number += 1
        for old in [one for one in self._kept if one % MOST == number % MOST]:
            del self._kept[old]
            self._written.pop(old, None)
        about, before = this.about(limit.key), this.draw(limit.ids)
        report = Report(
            id=number,
            key=limit.key,
            reason=limit.reason,
            began=this.now,
            since=limit.since or this.now,
            at=this.now,
            scope=about.scope,
            actor=about.actor,
            ref=about.ref,
            emergency=limit.emergency,
            baseline=before.watts,
            source=before.words,
            error=before.error,
            target=_target(limit, this),
            miners=len(ids),
        )
        self._open[limit.key], self._kept[number] = number, report
        return report

    def _at_last(self, report: Report, this: Round) -> Report:
        """As it stands when it is over: what was asked of whom in its last round still holds."""
        limit, ids, whom, ruling = self._last[report.key]
        here = this.ruling.verdicts.keys()
        if not ids & here:
            return report
        return _seen(report, limit, ids & here, whom & here, replace(this, ruling=ruling))

    def _end(self, report: Report, at: float) -> Report:
        ended = replace(report, ended=max(at, report.began))
        for known in (self._open, self._idle, self._last):
            known.pop(report.key, None)
        self._found.discard(report.key)
        self._kept[report.id] = ended
        return ended

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self.log.error(
                "Reports of curtailments do not outlive this run: {path}: {why}",
                path=str(self._folder),
                why=error.strerror or str(error),
            )

    def _save(self, now: float) -> None:
        """Write what changed: at once where it matters, else now and then."""
        for number, report in self._kept.items():
            old = self._written.get(number)
            if old is report or (old is not None and not _matters(old, report, now)):
                continue
            if not self._written:
                self._make_folder()
            self._written[number] = report
            path = self._folder / f"{number % MOST:03d}.json"
            self._files.write(path, msgspec.json.encode(report))


def _asked(ruling: Ruling) -> tuple[dict[str, set[str]], set[str]]:
    """Who sleeps or is limited, by the keys that ask for it; and who is left alone."""
    asked: dict[str, set[str]] = {}
    skipped = set()
    for ident, verdict in ruling.verdicts.items():
        if verdict.skipped:
            skipped.add(ident)
        elif verdict.mode is Mode.SLEEP or verdict.power_target is not None:
            for key in verdict.asked_by:
                asked.setdefault(key, set()).add(ident)
    return asked, skipped


def _target(limit: Limit, this: Round) -> float:
    """What may be drawn: the cap, or what all draw asleep."""
    if limit.cap is not None:
        return limit.cap
    rated = this.rated
    ids = rated.keys() if limit.ids is None else limit.ids & rated.keys()
    return sum(rated[ident].rest.watts for ident in ids)


def _seen(report: Report, limit: Limit, ids: set[str], skipped: set[str], this: Round) -> Report:
    """The report as of now."""
    now = this.now
    standings = {
        one: towards(this.ruling.verdicts[one], this.standings.get(one), report.began)
        for one in ids
    }
    stages = {one: standing.stage for one, standing in standings.items()}
    done = sum(1 for stage in stages.values() if stage is Stage.CONFIRMED)
    left = sorted(skipped.union(one for one in ids if stages[one] is Stage.SKIPPED))
    undone = sorted(
        one for one, stage in stages.items() if stage not in (Stage.CONFIRMED, Stage.SKIPPED)
    )
    draw = this.draw(limit.ids)
    shed = report.baseline - draw.watts
    after = max(0.0, now - report.began)
    report = replace(
        report,
        at=now,
        reason=limit.reason,
        target=_target(limit, this),
        energy=report.energy + max(0.0, report.shed) * max(0.0, now - report.at) / 3600.0,
        shed=shed,
        most=max(report.most, shed),
        resting=draw.resting,
        miners=len(ids),
        confirmed=done,
        unconfirmed_count=len(undone),
        skipped_count=len(left),
        unconfirmed=tuple(_undone(one, standings.get(one), this) for one in undone[:MOST_NAMED]),
        skipped=tuple(_undone(one, standings.get(one), this) for one in left[:MOST_NAMED]),
    )
    if report.reached is None and report.wanted > 0 and shed >= DONE * report.wanted:
        report = replace(report, reached=after)
    if report.confirmed_after is None and done >= DONE * (done + len(undone)) > 0:
        report = replace(report, confirmed_after=after)
    return report


def _undone(ident: str, standing: Standing | None, this: Round) -> Undone:
    """Why one is not what it should be: by the arbiter's word, else by its standing."""
    rated = this.rated.get(ident)
    worker = rated.unit.worker if rated is not None else ""
    verdict = this.ruling.verdicts.get(ident)
    if verdict is not None and verdict.skipped:
        return Undone(ident, worker, Stage.SKIPPED.value, verdict.skipped)
    if standing is None:
        return Undone(ident, worker, Stage.PENDING.value)
    return Undone(ident, worker, standing.stage.value, standing.why, standing.tries)


def _milestones(report: Report) -> int:
    """Whether 95 % of the W are shed, and 95 % of the miners confirmed."""
    return (report.reached is not None) + (report.confirmed_after is not None)


def _matters(old: Report, new: Report, now: float) -> bool:
    """Whether it is worth a write: a stage is over, or the last write is long ago."""
    if (old.ended, old.reached, old.confirmed_after) != (
        new.ended, new.reached, new.confirmed_after,
    ):  # fmt: skip
        return True
    return new.ended is None and not 0 <= now - old.at < EVERY
