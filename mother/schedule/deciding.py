"""One look at everything that decides: wishes, limits, devices; and the ruling that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from msgspec import Struct

from mother.config.model import Config
from mother.config.schedule import Schedule
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import Scope
from mother.schedule import budgets, meter, plans, thresholds
from mother.schedule.arbiter import rule
from mother.schedule.budgets import Asked, Past, Told
from mother.schedule.meter import Draw, Metered
from mother.schedule.orders import Book
from mother.schedule.sources import Sources
from mother.schedule.thresholds import Threshold
from mother.schedule.units import Members, Membership, Rated, Units
from mother.schedule.values import Bounds, Ids, Limit, Ruling, Wish


class Look(Struct, frozen=True):
    """What was known and decided at `now`. `members` and `scoped` say who is meant by a Reach, and
    by a scope as people write it.
    """

    now: float
    rated: Mapping[str, Rated]
    meters: tuple[Metered, ...]
    wishes: tuple[Wish, ...]
    limits: tuple[Limit, ...]
    ruling: Ruling
    bounds: Bounds
    zone: tzinfo | None
    members: Members
    scoped: Callable[[str], Ids]

    def draw(self, ids: Ids | None = None) -> Draw:
        """What these draw together; None: all."""
        return meter.draw(self.rated, self.meters, ids)

    def with_limit(self, limit: Limit) -> Ruling:
        """What would be decided if this held too."""
        units = [one.unit for one in self.rated.values()]
        limits = (*self.limits, limit)
        return rule(units, self.wishes, limits, self.bounds, self.now, self.zone)


class Kept(Struct, frozen=True, omit_defaults=True):
    """What deciding remembers from round to round, and over a restart."""

    thresholds: Mapping[str, Threshold] = {}
    budgets: Mapping[str, Past] = {}


class Deciding:
    """Makes the look of each round.

    `clock_kept` says whether somebody keeps this machine's clock right, None: unknown. Plans are
    followed by no other clock, unless the operator trusts it; `astray` says that they are not.
    `sought` says whether a scan has ended since the start.
    """

    def __init__(
        self,
        roster: Roster,
        config: Callable[[], Config],
        sources: Sources,
        book: Book,
        units: Units,
        groups_of: Callable[[Entry], tuple[str, ...]],
        zone: Callable[[], tzinfo | None] = lambda: None,
        clock_kept: Callable[[], bool | None] = lambda: None,
        sought: Callable[[], bool] = lambda: True,
    ) -> None:
        self._roster = roster
        self._config = config
        self._sources = sources
        self._book = book
        self._units = units
        self._groups_of = groups_of
        self._zone = zone
        self._clock_kept = clock_kept
        self._sought = sought
        self._membership = Membership(roster)
        self.kept = Kept()
        self.astray = False

    def look(self, now: float) -> Look:
        """What shall be, from all that is known at this moment."""
        config = self._config()
        schedule = config.schedule
        members = self._membership.now(config)
        rated, meters = self._rate(schedule, members, now)
        dated = bool(schedule.plans) and not schedule.trust_clock
        self.astray = dated and self._clock_kept() is False
        wishes = () if self.astray else plans.wishes(schedule.plans, now, members)
        limits = self._limits(schedule, members, rated, meters, now)
        bounds = Bounds(
            schedule.min_on, schedule.min_off, schedule.starts_a_day, schedule.dead_band
        )
        zone, units = self._zone(), [one.unit for one in rated.values()]
        ruling = rule(units, wishes, limits, bounds, now, zone)
        return Look(now, rated, meters, wishes, limits, ruling, bounds, zone, members, self.scoped)

    def scoped(self, scope: str) -> Ids:
        """Who is meant by a scope as people write it."""
        meant = Scope(scope)
        covered = (one.id for one in self._roster if meant.covers(one, self._groups_of))
        return frozenset(covered)

    def _rate(
        self, schedule: Schedule, members: Members, now: float
    ) -> tuple[dict[str, Rated], tuple[Metered, ...]]:
        places = {entry.id: entry.place.pdu for entry in self._roster}
        meters = meter.metered(
            schedule, self._sources.last, members, lambda ident: places.get(ident, ""), now
        )
        return self._units.of(self._roster, meter.alone(meters), members.groups), meters

    def _limits(
        self,
        schedule: Schedule,
        members: Members,
        rated: Mapping[str, Rated],
        meters: tuple[Metered, ...],
        now: float,
    ) -> tuple[Limit, ...]:
        bound, states = thresholds.limits(
            schedule.rules,
            self._sources,
            self.kept.thresholds,
            now,
            members,
            schedule.interval,
        )
        asked = Asked(
            self._told,
            lambda name: self._sources.fallback(name, now),
            lambda ids: meter.draw(rated, meters, ids).watts if self._all_read() else None,
            members,
        )
        filled, pasts = budgets.limits(schedule.budgets, self.kept.budgets, asked, now)
        self.kept = Kept(states, pasts)
        return (*bound, *filled, *self._book.limits(now, self.scoped))

    def _all_read(self) -> bool:
        """Whether it is known what the farm draws: all were sought, and read or found silent."""
        seen = (
            entry.reading is not None or entry.gone or entry.failing_since is not None
            for entry in self._roster
        )
        return self._sought() and all(seen)

    def _told(self, name: str) -> Told | None:
        said = self._sources.said(name)
        return None if said is None else Told(said.value, said.at)
