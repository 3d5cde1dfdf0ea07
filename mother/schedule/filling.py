"""How the caps are filled: who stays awake, and at which power target; pure.

Watts are whole milliwatts here, so that a sum does not depend on its order. Limits with fewer
members come first, and each only takes away. In each, the most efficient stay awake as far as the
cap reaches at their lowest power targets; from the first that does not fit, all sleep. So a higher
cap never puts one to sleep that a lower one let run. What is left over then raises power targets,
the most efficient first.

That order knows nothing of who is awake now, so the answer is the same once it is carried out.
Then only is a miner that runs kept on, in place of one that would be woken, where they are equals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Set
from itertools import accumulate

from msgspec import Struct, field

from mother.schedule.values import Ids, Limit

NEAR = 1.02
"""Efficiencies and power targets that differ by less than this factor are as good as equal."""


LEAST_STEP = 1000
"""mW: devices round their power targets to whole watts."""


class Ground(Struct):
    """What there is to fill with: milliwatts by DeviceId, and who may be moved.

    `order` has all, the most efficient first. `top` is what each draws as it is wished, `low` at
    its lowest power target, `rest` asleep; all three are the same where nothing changes it.
    `free` are awake by their wish and may be put to sleep; `young` of them only by what need not
    keep minimum times, `stuck` never (they are not in `free`).
    `need` are of `free` too: what these would take besides, who are let run without taking room.
    `asleep` sleep now; `waiting` of them cannot be woken yet and keep their place.
    `lowered` are asleep, or have a power target below the wished one, now; `lowest` of them are
    asleep or have the lowest.
    `has` is the power target that each has, `kept` what it draws at that. One that differs by no
    more than the share `band` is not written; `wished` are those to whom a wish gives one.
    """

    order: list[str]
    efficiency: dict[str, float]
    top: dict[str, int]
    low: dict[str, int]
    rest: dict[str, int]
    free: set[str]
    young: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    need: dict[str, int] = field(default_factory=dict)
    asleep: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    lowered: set[str] = field(default_factory=set)
    lowest: set[str] = field(default_factory=set)
    has: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    wished: set[str] = field(default_factory=set)
    band: float = 0.0

    def copied(self) -> Ground:
        """One of its own; `order` is shared."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        own = {name: one.copy() for name, one in values.items() if isinstance(one, dict | set)}
        return Ground(**(values | own))


class Cap(Struct, frozen=True):
    """A limit with its members among the units, and its cap in milliwatts; `place` is whose."""

    limit: Limit
    members: Ids
    watts: int
    place: int = 0


class Filled(Struct):
    """`cut` sleep for a cap; `targets` are lowered power targets in milliwatts, `tight` the caps
    that lowered them, of those for the same members the lowest; `spared` would sleep for a cap
    if they could; `failed` were not kept. `left` keep the power target that they have, and what
    they draw; `firm` get theirs however little it differs.
    """

    cut: dict[str, Cap] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)
    tight: list[Cap] = field(default_factory=list)
    spared: dict[str, Cap] = field(default_factory=dict)
    failed: list[Cap] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    firm: set[str] = field(default_factory=set)


def total(watts: Mapping[str, int], members: Set[str]) -> int:
    """What these draw together. Whom `members` leaves out are added up where they are fewer."""
    if len(members) * 2 <= len(watts):
        return sum(map(watts.__getitem__, members))
    everything = sum(watts.values())
    if len(members) == len(watts):
        return everything
    return everything - sum(map(watts.__getitem__, watts.keys() - members))


def totals(watts: Mapping[str, int], caps: Collection[Cap]) -> list[int]:
    """The same of the members of each; once for those who share one set of them."""
    known: dict[int, int] = {}
    for cap in caps:
        key = id(cap.members)
        if key not in known:
            known[key] = total(watts, cap.members)
    return [known[id(cap.members)] for cap in caps]


def fill(ground: Ground, caps: Collection[Cap], *, equals: bool = True) -> Filled:
    """Who sleeps, and who has a lower power target, so that every cap is kept that can be.

    `equals`: a miner that runs is kept on in place of its equals.
    """
    tops = zip(caps, totals(ground.top, caps), strict=True)
    binding = [cap for cap, top in tops if top > cap.watts]
    binding.sort(key=lambda cap: (len(cap.members), cap.watts, cap.limit.key))
    filling = _Filling(ground, binding)
    for cap in binding:
        filling.cut(cap)
    if equals and binding:
        filling.keep_equals()
    if binding:
        filling.lower()
    filling.leave(caps)
    return filling.found


class _Filling:
    """The work on it: `low` and `top` are what each would draw as it stands by now."""

    def __init__(self, ground: Ground, caps: list[Cap]) -> None:
        self.found = Filled()
        self._ground = ground
        self._caps = caps
        self._low = dict(ground.low)
        self._top = dict(ground.top)
        self._free = set(ground.free)
        self._rank = {each: place for place, each in enumerate(ground.order)}

    def cut(self, cap: Cap) -> None:
        """Put to sleep who does not fit below this cap, the least efficient first."""
        over = total(self._low, cap.members) - cap.watts
        if over <= 0:
            return
        kept_on = self._ground.stuck
        movable = self._free & cap.members
        if not (cap.limit.emergency or cap.limit.planned):
            kept_on = kept_on | self._ground.young
            movable -= self._ground.young
        ranked = self._ranked(movable)
        room = sum(map(self._use, ranked)) - over
        if room < 0:
            self.found.failed.append(cap)
        fit = self._fitting(ranked, room)
        for each in ranked[fit:]:
            self._sleep(each)
            self.found.cut[each] = cap
        last = self._rank[ranked[fit]] if fit else -1
        for each in kept_on & cap.members:
            if self._rank[each] > last:
                self.found.spared.setdefault(each, cap)

    def _fitting(self, ranked: list[str], room: int) -> int:
        """How many of them, the most efficient first, may stay awake in this room."""
        taken = list(accumulate(map(self._use, ranked)))
        fit = bisect_right(taken, room)
        need = self._ground.need
        if need:
            for place, each in enumerate(ranked[:fit]):
                if each in need and taken[place] + need[each] > room:
                    return place
        return fit

    def keep_equals(self) -> None:
        """Keep on who runs, in place of who would be woken: of equals, or while that one waits."""
        ground, found = self._ground, self.found
        wakes = (self._free & ground.asleep) - ground.need.keys()
        drops = found.cut.keys() - ground.asleep - ground.need.keys()
        if not wakes or not drops:
            return
        lows = zip(self._caps, totals(self._low, self._caps), strict=True)
        room = [cap.watts - low for cap, low in lows]
        groups: dict[tuple[int, ...], tuple[list[str], list[str]]] = {}
        for each in self._ranked(drops):
            groups.setdefault(self._seat(each), ([], []))[1].append(each)
        for each in reversed(self._ranked(wakes)):
            group = groups.get(self._seat(each))
            if group:
                group[0].append(each)
        for seat, (woken, dropped) in groups.items():
            used = self._pair(woken, dropped, min(room[place] for place in seat))
            for place in seat:
                room[place] -= used

    def _pair(self, woken: list[str], dropped: list[str], room: int) -> int:
        """Pair the least efficient of the woken with the most efficient of the dropped; what that
        takes of the room.
        """
        waiting, cut = self._ground.waiting, self.found.cut
        patient = [each for each in woken if each in waiting]
        used = 0
        for asleep, awake in self._pairs(patient, dropped, room, near=False):
            used += self._stay(asleep, awake)
            del cut[awake]
        ready = [each for each in woken if each not in waiting]
        left = [each for each in dropped if each in cut]
        for asleep, awake in self._pairs(ready, left, room - used, near=True):
            used += self._stay(asleep, awake)
            cut[asleep] = cut.pop(awake)
        return used

    def _pairs(
        self, woken: list[str], dropped: list[str], room: int, *, near: bool
    ) -> list[tuple[str, str]]:
        """Who of the sleepers stays asleep for whom that runs; each is looked at once."""
        efficiency = self._ground.efficiency
        pairs: list[tuple[str, str]] = []
        candidates = iter(dropped)
        for asleep in woken:
            for awake in candidates:
                if near and efficiency[awake] > efficiency[asleep] * NEAR:
                    return pairs
                more = self._usual(awake) - self._usual(asleep)
                if more <= room:
                    room -= more
                    pairs.append((asleep, awake))
                    break
            else:
                return pairs
        return pairs

    def _stay(self, asleep: str, awake: str) -> int:
        """Both stay as they are; what that takes more than the other way round."""
        self._sleep(asleep)
        self._free.add(awake)
        self._low[awake] = self._ground.low[awake]
        self._top[awake] = self._ground.top[awake]
        return self._usual(awake) - self._usual(asleep)

    def lower(self) -> None:
        """Lower power targets, the least efficient first, where what runs draws too much."""
        for each in self._ground.waiting & self._free:
            self._top[each] = self._low[each]
        lowest: dict[Ids, Cap] = {}
        for cap in sorted(self._caps, key=lambda cap: cap.watts):
            lowest.setdefault(cap.members, cap)
        self.found.tight = [
            cap for cap in lowest.values() if total(self._top, cap.members) > cap.watts
        ]
        flexible = {each for each, watts in self._top.items() if watts > self._low[each]}
        seats: dict[str, list[int]] = {}
        room: list[int] = []
        for place, cap in enumerate(self.found.tight):
            room.append(cap.watts - total(self._low, cap.members))
            for each in flexible & cap.members:
                seats.setdefault(each, []).append(place)
        if seats:
            left = self._raised(seats, room)
            self._raise(self._steady(left, self._ground.lowest), seats, room)

    def leave(self, caps: Collection[Cap]) -> None:
        """Leave power targets that differ by little, but those without which a cap is exceeded."""
        aims = self._near_aims()
        left = {each: self._ground.kept[each] for each in aims}
        if not left:
            return
        draw = self._top | self.found.targets | left
        for cap in caps:
            over = total(draw, cap.members) - cap.watts
            for each in self._gains(aims, cap) if over > 0 else ():
                over -= draw[each] - aims[each]
                draw[each] = aims.pop(each)
                self.found.firm.add(each)
                if each in self.found.targets:
                    self.found.targets[each] = draw[each]
                if over <= 0:
                    break
        for each in aims:
            self.found.left[each] = left[each]
            if each in self.found.targets:
                self.found.targets[each] = min(self._ground.has[each], self._top[each])

    def _near_aims(self) -> dict[str, int]:
        """The power targets within the dead band, as they would be written all the same.

        Somewhat lower than they need be, so that the next of such small steps is far off.
        """
        ground, targets, aims = self._ground, self.found.targets, dict[str, int]()
        for each, has in ground.has.items():
            if each not in self._free and each not in ground.stuck:
                continue
            lowered = each in targets
            if not lowered and each not in ground.wished:
                continue
            aim = targets[each] if lowered else self._top[each]
            if abs(aim - has) <= ground.band * has:
                less = int(aim * (1 - ground.band / 2)) // 1000 * 1000
                aims[each] = max(self._low[each], less) if lowered else aim
        return aims

    def _gains(self, aims: Mapping[str, int], cap: Cap) -> list[str]:
        """Who of them would draw less for it, who gains most first: so few are written."""
        kept = self._ground.kept
        gains = {each: kept[each] - aims[each] for each in aims.keys() & cap.members}
        some = [each for each, gain in gains.items() if gain >= LEAST_STEP]
        return sorted(some, key=lambda each: (-gains[each], -self._rank[each]))

    def _raised(self, seats: Mapping[str, list[int]], room: list[int]) -> list[str]:
        """Give the most efficient all that they are wished, and return who did not get it."""
        left, full = list[str](), set[int]()
        for each in self._steady(seats, self._ground.lowered):
            more = self._top[each] - self._low[each]
            short = [place for place in seats[each] if place in full or room[place] < more]
            if short:
                full.update(short)
                left.append(each)
                continue
            for place in seats[each]:
                room[place] -= more
        return left

    def _raise(self, ranked: list[str], seats: Mapping[str, list[int]], room: list[int]) -> None:
        """Give these what is left over, whole watts, the most efficient first."""
        for each in ranked:
            low, top = self._low[each], self._top[each]
            more = min(top - low, max(0, min(room[place] for place in seats[each])))
            target = top if more == top - low else max(low, (low + more) // 1000 * 1000)
            for place in seats[each]:
                room[place] -= target - low
            if target < top:
                self.found.targets[each] = target

    def _steady(self, some: Collection[str], less: Set[str]) -> list[str]:
        """These, the most efficient first; who has `less` now goes after its equals, so that they
        do not take turns.
        """
        efficiency = self._ground.efficiency
        keys = {
            each: (efficiency[each] * NEAR, 1) if each in less else (efficiency[each], 0)
            for each in some
        }
        return sorted(self._ranked(some), key=keys.__getitem__)

    def _sleep(self, each: str) -> None:
        self._free.discard(each)
        self._low[each] = self._top[each] = self._ground.rest[each]

    def _use(self, each: str) -> int:
        return self._low[each] - self._ground.rest[each]

    def _usual(self, each: str) -> int:
        return self._ground.low[each] - self._ground.rest[each]

    def _seat(self, each: str) -> tuple[int, ...]:
        """The caps that hold for it."""
        return tuple([place for place, cap in enumerate(self._caps) if each in cap.members])

    def _ranked(self, some: Collection[str]) -> list[str]:
        """These, the most efficient first."""
        if len(some) * 4 > len(self._rank):
            return [each for each in self._ground.order if each in some]
        return sorted(some, key=self._rank.__getitem__)
