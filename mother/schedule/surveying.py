"""What there is to rule over: what each device draws, how it is wished, what keeps it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from mother.core.reading import Mode
from mother.schedule.filling import NEAR, Ground
from mother.schedule.values import Bounds, Ids, Unit, Wish

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
    `held` and `silent` are awake and out of reach, `unknown` draw nobody knows what.
    """

    def __init__(
        self, units: Iterable[Unit], wishes: Iterable[Wish], bounds: Bounds, now: float
    ) -> None:
        self.units: Mapping[str, Unit] = {unit.id: unit for unit in units}
        self.ids: Ids = frozenset(self.units)
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
        self.ground = Ground([], {}, {}, {}, {}, set())
        self._bounds, self._now = bounds, now
        self._look()

    def _look(self) -> None:
        known = [unit.full for unit in self.units.values() if 0.0 < unit.full < MOST]
        hungriest = milli(max(known, default=0.0))
        efficiency = self.ground.efficiency
        for each, unit in self.units.items():
            joules = unit.efficiency
            efficiency[each] = joules if joules is not None and 0.0 < joules < inf else inf
            if unit.asleep:
                self.ground.asleep.add(each)
            if unit.held or (unit.asleep and not unit.ours):
                self._fix(unit)
            else:
                self._place_of(unit, hungriest)
        for each in self.unknown:
            efficiency[each] = inf
        self.ground.order = sorted(sorted(self.ids), key=efficiency.__getitem__)

    def _fix(self, unit: Unit) -> None:
        """It draws what it draws, whatever is ruled."""
        ground, each, draws = self.ground, unit.id, milli(unit.draws)
        ground.top[each] = ground.low[each] = ground.rest[each] = draws
        if unit.held and not unit.asleep:
            self.held.add(each)
            if not draws and not milli(unit.full) and not unit.away:
                self.unknown.add(each)

    def _place_of(self, unit: Unit, hungriest: int) -> None:
        ground, each = self.ground, unit.id
        top, low = self._awake(unit, hungriest)
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
            if passed < bounds.min_on:
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

    def target(self, unit: Unit) -> float | None:
        """The power target that is wished, no lower than it takes."""
        wish = self.powers.get(unit.id)
        if wish is None or wish.power_target is None or not 0.0 < wish.power_target < MOST:
            return None
        return max(wish.power_target, unit.least or 0.0)
