"""What there is to rule over: what each device draws, how it is wished, what keeps it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from copy import copy
from math import inf
from types import MappingProxyType

from mother.core.reading import Mode
from mother.schedule.filling import NEAR, Ground
from mother.schedule.values import Bounds, Ids, Unit, Verdict, Wish

DAY = 86400.0
MILLI = 1000
MOST = 1e12
"""W: more than this is no limit, and no device draws it."""


def milli(watts: float | None) -> int:
    """Whole milliwatts; 0 of what is no number, endless or below zero."""
    return int(watts * MILLI + 0.5) if watts is not None and 0.0 < watts < MOST else 0


def claims(wishes: Iterable[Wish], known: Ids) -> dict[str, Wish]:
    """Whose wish counts, device by device; the strongest come first."""
    left, found = known, dict[str, Wish]()
    for wish in wishes:
        mine = left if wish.ids is None else left & wish.ids
        found.update(dict.fromkeys(mine, wish))
        left -= mine
    return found


class Survey:
    """The units with their wishes, as the ground that is filled.

    `modes`, `profiles` and `powers` are whose wish counts. `on` and `off` say until when minimum
    times keep a device awake or asleep, `often` when one may be woken that was woken too often.
    `held` and `silent` are awake and out of reach, `unknown` draw nobody knows what. `kept` have
    these verdicts, which are not carried out: a person's word counts, or they do not obey. Who is
    `later` is on the ground once it is `settled`.
    `fixed` would draw less at a lower power target, which is not written to them yet.
    """

    def __init__(
        self,
        units: Iterable[Unit],
        wishes: Iterable[Wish],
        bounds: Bounds,
        now: float,
        later: Iterable[Unit] = (),
    ) -> None:
        self.units: Mapping[str, Unit] = {unit.id: unit for unit in units}
        self.ids: Ids = frozenset(self.units)
        self.kept: Mapping[str, Verdict] = {}
        ranked = sorted(wishes, key=lambda wish: -wish.priority)
        self.modes = claims([one for one in ranked if one.mode is not None], self.ids)
        self.profiles = claims([one for one in ranked if one.profile], self.ids)
        self.powers = claims([one for one in ranked if one.power_target is not None], self.ids)
        self.on: dict[str, float] = {}
        self.off: dict[str, float] = {}
        self.often: dict[str, float] = {}
        self.held: set[str] = set()
        self.silent: set[str] = set()
        self.unknown: set[str] = set()
        self.fixed: set[str] = set()
        self.ground = Ground([], {}, {}, {}, {}, set(), band=bounds.dead_band)
        self._bounds, self._now = bounds, now
        known = [unit.full for unit in self.units.values() if 0.0 < unit.full < MOST]
        self._hungriest = milli(max(known, default=0.0))
        self._look({unit.id for unit in later})

    def _look(self, later: Set[str]) -> None:
        efficiency = self.ground.efficiency
        for each, unit in self.units.items():
            joules = unit.efficiency
            efficiency[each] = joules if joules is not None and 0.0 < joules < inf else inf
            if each not in later:
                self._place(unit)
        self._rank(self.unknown, sorted(self.ids))

    def _place(self, unit: Unit) -> None:
        if unit.asleep:
            self.ground.asleep.add(unit.id)
        if unit.held or (unit.asleep and not unit.ours):
            self._fix(unit)
        elif unit.id in self.kept and self.kept[unit.id].mode is Mode.SLEEP:
            self._let(unit, self._hungriest)
        else:
            self._place_of(unit, self._hungriest)

    def _rank(self, unknown: Set[str], ids: Iterable[str]) -> None:
        for each in unknown:
            self.ground.efficiency[each] = inf
        self.ground.order = sorted(ids, key=self.ground.efficiency.__getitem__)

    def settled(
        self, later: Iterable[Unit], kept: Mapping[str, Verdict] = MappingProxyType({})
    ) -> Survey:
        """The same with those who were left for later, of whom `kept` keep these verdicts.

        This one stays as it is, to be settled again.
        """
        survey = copy(self)
        survey.kept = kept
        for name in ("on", "off", "often", "held", "silent", "unknown", "fixed"):
            setattr(survey, name, getattr(self, name).copy())
        survey.ground = self.ground.copied()
        for unit in later:
            survey._place(unit)
        more = survey.unknown - self.unknown
        if more:
            survey._rank(more, sorted(self.ids))
        return survey

    def _fix(self, unit: Unit) -> None:
        """It draws what it draws, whatever is ruled."""
        ground, each, draws = self.ground, unit.id, milli(unit.draws)
        ground.top[each] = ground.low[each] = ground.rest[each] = draws
        if unit.held and not unit.asleep:
            self.held.add(each)
            if not draws and not milli(unit.full) and not unit.away:
                self.unknown.add(each)

    def _let(self, unit: Unit, hungriest: int) -> None:
        """It goes on as it does, though it shall sleep."""
        ground, each = self.ground, unit.id
        ground.top[each] = ground.low[each] = ground.rest[each] = self._present(unit, hungriest)

    def _present(self, unit: Unit, hungriest: int) -> int:
        """What it draws awake at the power target that it has."""
        draws, full = milli(unit.draws), milli(unit.full)
        if unit.least is not None and unit.target is not None:
            full = min(full, milli(unit.target))
        watts = max(draws, full)
        if not watts:
            self.unknown.add(unit.id)
        return watts or hungriest

    def _place_of(self, unit: Unit, hungriest: int) -> None:
        ground, each = self.ground, unit.id
        if each in self.kept:
            top = low = self._present(unit, hungriest)
        else:
            top, low = self._awake(unit, hungriest)
            if unit.fixed_until > self._now:
                top, low = self._fixed(unit, top, low)
            self._note_target(unit)
        rest = milli(unit.rest)
        if rest > low:
            top, low = max(top, rest), rest
        self._note_times(unit)
        if each in self.often:
            ground.need[each], top, low = low - rest, rest, rest
        target = inf if unit.target is None else milli(unit.target)
        if unit.asleep or target * NEAR < top:
            ground.lowered.add(each)
            if unit.asleep or target <= low * NEAR:
                ground.lowest.add(each)
        if unit.away:
            draws = milli(unit.draws)
            ground.need[each] = max(0, ground.need.get(each, 0) + low - draws)
            top = low = rest = draws
            if not unit.asleep:
                self.silent.add(each)
        elif each in self.off and each not in self.often:
            ground.waiting.add(each)
        ground.top[each], ground.low[each], ground.rest[each] = top, low, rest
        (ground.free if unit.sleeps else ground.stuck).add(each)

    def _note_times(self, unit: Unit) -> None:
        """Note until when it is kept as it is: Unix seconds."""
        now, bounds = self._now, self._bounds
        passed = inf if unit.since is None or unit.since > now else now - unit.since
        if not unit.asleep:
            if passed < bounds.min_on and not unit.ours:  # else that is since when it shall sleep
                self.on[unit.id] = now - passed + bounds.min_on
                self.ground.young.add(unit.id)
            return
        wish = self.modes.get(unit.id)
        if wish is not None and wish.by_hand and wish.mode is not Mode.SLEEP:
            return
        if passed < bounds.min_off and not unit.planned:
            self.off[unit.id] = now - passed + bounds.min_off
        most = bounds.starts_a_day
        if most > 0 and len(unit.starts) >= most:
            counted = sorted(at for at in unit.starts if at > now - DAY)
            if len(counted) >= most:
                self.often[unit.id] = counted[-most] + DAY

    def _note_target(self, unit: Unit) -> None:
        """Note the power target that it has, and what it draws at that."""
        if self.ground.band <= 0 or unit.asleep or unit.away or unit.least is None:
            return
        has = milli(unit.target)
        if has:
            self.ground.has[unit.id] = has
            self.ground.kept[unit.id] = min(has, milli(unit.full) or has)
            if self.target(unit) is not None:
                self.ground.wished.add(unit.id)

    def _awake(self, unit: Unit, hungriest: int) -> tuple[int, int]:
        """What it draws awake: as it is wished, and at its lowest power target."""
        full = milli(unit.full) or (0 if unit.asleep else milli(unit.draws))
        if unit.least is not None and self.powers:
            full = milli(self.target(unit)) or full
        if not full:
            full = hungriest
            self.unknown.add(unit.id)
        least = milli(unit.least)
        return full, least if 0 < least < full else full

    def _fixed(self, unit: Unit, top: int, low: int) -> tuple[int, int]:
        """The same while no power target is written to it: it draws no less than at its present."""
        if unit.least is None:
            return top, low
        full = milli(unit.full) or top
        present = min(full, milli(unit.target) or full)
        if present <= low:
            return top, low
        self.fixed.add(unit.id)
        return max(top, present), present

    def target(self, unit: Unit) -> float | None:
        """The power target that is wished, no lower than it takes."""
        wish = self.powers.get(unit.id)
        if wish is None or wish.power_target is None or not 0.0 < wish.power_target < MOST:
            return None
        return max(wish.power_target, unit.least or 0.0)
