"""The schedule loop: decide what every miner shall be, and see to it that it becomes so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.loop import ROUND
from mother.core.model import CommandKind, EventKind, Severity
from mother.core.pulse import Pulse
from mother.core.units import moment
from mother.fleet.news import tell_of
from mother.fleet.roster import Entry, Roster
from mother.schedule import plans
from mother.schedule.acting import Acting
from mother.schedule.arbiter import FOUND_ASLEEP
from mother.schedule.deciding import Deciding, Look
from mother.schedule.facility import Facility
from mother.schedule.orders import Book, aim
from mother.schedule.reports import About, Reports, Round, Turn
from mother.schedule.sources import Sources
from mother.schedule.values import Limit, Stage, Verdict

SOON = 1.0
"""No round begins sooner after another, whatever hurries."""

FRESH, SPARED = 2.0, 20.0
"""For so many seconds a look is good enough for who asks, and for so many times as long as it took
to make: who asks on and on costs little.
"""

_PROFILE = frozenset({CommandKind.SET_PROFILE, CommandKind.SET_FREQUENCY})
_POWER = frozenset({CommandKind.SET_POWER})


class Keeper(Protocol):
    """What outlives the process (see `mother.schedule.recall`)."""

    def save(self, now: float) -> None:
        """Keep what deciding and the signals remember."""


class Scheduler:
    """The job: `run` is one round, and waits for nobody."""

    name = "schedule"
    log = Logger()

    def __init__(
        self,
        roster: Roster,
        config: Callable[[], Config],
        deciding: Deciding,
        acting: Acting,
        sources: Sources,
        book: Book,
        facility: Facility,
        reports: Reports,
        keeper: Keeper,
        bus: Bus,
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._config = config
        self._deciding = deciding
        self._acting = acting
        self._sources = sources
        self._book = book
        self._facility = facility
        self._reports = reports
        self._keeper = keeper
        self._bus = bus
        self._now = now
        self.pulse = Pulse()
        self.look: Look | None = None
        self._plans: frozenset[str] | None = None
        self._astray = False
        self._strange: set[str] = set()
        self._took = 0.0

    def interval(self) -> float:
        """Seconds to the next round: sooner where a plan begins or ends before."""
        schedule, now = self._config().schedule, self._now()
        change = plans.next_change(schedule.plans, now)
        every = schedule.interval
        return every if change is None else max(SOON, min(every, change - now))

    def limit(self) -> float:
        """Within so many seconds a round gets on: it waits for nobody."""
        return ROUND

    async def run(self) -> None:
        """One round."""
        now = self._now()
        self._sources.poll_due()
        for order in self._book.expire(now):
            self._tell_of(
                EventKind.CURTAILMENT_ENDED,
                Severity.INFO,
                f"{order.id} ({aim(order)}) has ended: its time is over",
                order=order.id,
                ref=order.ref,
            )
        self.look = look = self._deciding.look(now)
        self._tell_clock()
        for entry in self._roster:
            self._mark(entry, look.ruling.verdicts.get(entry.id))
        self._tell_plans(look)
        if not self._config().dry_run:
            self._tell_reports(self._reports.follow(self._round(look)))
        self._facility.round(look.rated, look.members, now)
        self._acting.pursue(look.ruling, now, [one.unit for one in look.rated.values()])
        self._keeper.save(now)
        self.pulse.beat()

    def decide(self) -> Look:
        """What is known and would be decided now; nothing of it is done."""
        now = self._now()
        fresh = max(FRESH, SPARED * self._took)
        if self.look is None or not 0.0 <= now - self.look.now < fresh:
            began = time.perf_counter()
            self.look = self._deciding.look(now)
            self._took = time.perf_counter() - began
        return self.look

    def _round(self, look: Look) -> Round:
        asleep = tuple(
            Limit(wish.source, wish.reason, wish.ids, planned=True)
            for wish in look.wishes
            if wish.mode is not None and wish.mode.value == "sleep"
        )
        return Round(
            limits=(*look.limits, *asleep),
            ruling=look.ruling,
            standings=self._acting.standings,
            rated=look.rated,
            draw=look.draw,
            now=look.now,
            about=self._about,
        )

    def _about(self, key: str) -> About:
        try:
            order = self._book.find(key)
        except LookupError:
            return About()
        return About(order.scope, order.actor, order.ref)

    # what others see

    def _mark(self, entry: Entry, verdict: Verdict | None) -> None:
        """Have the entry say why it is as it shall be."""
        if verdict is None:
            entry.limits, entry.wanted, entry.ruled = (), None, frozenset()
            return
        left = verdict.skipped or self._left(entry.id, verdict)
        entry.limits = tuple(dict.fromkeys((*verdict.because, *((left,) if left else ()))))
        entry.wanted = verdict.mode
        ruled = _PROFILE if verdict.profile else frozenset()
        entry.ruled = ruled | _POWER if verdict.power_target is not None else ruled
        if verdict.skipped != FOUND_ASLEEP:
            self._strange.discard(entry.id)
        elif entry.id not in self._strange:
            self._strange.add(entry.id)
            tell_of(
                self._bus,
                entry,
                EventKind.FOUND_ASLEEP,
                Severity.WARNING,
                f"{entry.worker} at {entry.address} sleeps, and not by our order: it is left so",
            )

    def _left(self, device: str, verdict: Verdict) -> str:
        """Why nothing is sent to it though it is not as it shall be; empty where that is not so."""
        known = self._acting.standings.get(device)
        if known is None or known.stage is not Stage.SKIPPED or known.mode is not verdict.mode:
            return ""
        return known.why

    def _tell_clock(self) -> None:
        astray, before = self._deciding.astray, self._astray
        self._astray = astray
        if astray and not before:
            self._tell_of(
                EventKind.CLOCK_ASTRAY,
                Severity.ERROR,
                "nobody keeps this machine's clock right (see timedatectl): plans are not followed "
                "until somebody does; start an NTP service, or say trust_clock = true in "
                "[schedule]",
            )
        elif before and not astray:
            self._tell_of(EventKind.CLOCK_ASTRAY, Severity.INFO, "plans are followed again")

    def _tell_plans(self, look: Look) -> None:
        running = {plan.name: plan for plan in self._config().schedule.plans}
        held = frozenset(name for name, plan in running.items() if plans.holds(plan, look.now))
        before, self._plans = self._plans, held
        for name in sorted(held - before) if before is not None else ():
            end = plans.end_of(running[name], look.now)
            until = "" if end is None else f" until {moment(end, look.now, look.zone)}"
            self._tell_of(
                EventKind.PLAN_BEGAN, Severity.INFO, f"plan {name} begins{until}", plan=name
            )

    def _tell_reports(self, turn: Turn) -> None:
        for report in turn.began:
            self.log.info("{sentence}", sentence=report.sentence)
        for report in (*turn.reached, *turn.ended):
            self.log.info("{sentence}", sentence=report.sentence)

    def _tell_of(self, kind: EventKind, severity: Severity, text: str, **content: object) -> None:
        self._bus.tell(kind, severity, text, content=content)
