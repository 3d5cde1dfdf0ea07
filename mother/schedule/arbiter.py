"""What each device shall be, by wishes and limits: pure, and the same for the same input.

Wishes say how a device runs, or that it sleeps; limits only take away from that. A device runs
again once nothing holds it any more. What is held is left alone, and so is a miner that was found
asleep; what both draw counts. So does what those draw who shall sleep and do not, by a person's
word or because they do not obey: others make room for them below a cap. So they do, if need be,
for one whose power target was written too lately to be lowered again.

Minimum times: who woke lately is kept awake but for plans, orders and emergencies, and who was put
to sleep by anything else stays asleep for a while. Carried out, a ruling asks for nothing further.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from datetime import tzinfo

from msgspec.structs import replace

from mother.core.reading import Mode
from mother.core.units import moment, si
from mother.schedule.filling import Cap, fill, total
from mother.schedule.surveying import MILLI, MOST, Survey, milli
from mother.schedule.values import (
    Bounds,
    Ids,
    Limit,
    Ruling,
    Shortfall,
    Unit,
    Verdict,
    Wish,
    asked,
    reasons,
)

FOUND_ASLEEP = "somebody else put it to sleep"
CANNOT_SLEEP = "its family cannot sleep"
REFUSES = "its firmware cannot sleep"
HELD = "held"
SILENT = "does not answer"
MINIMUM = "minimum on"
BY_HAND = "woken by hand"
VAIN = "does not obey"
TOO_SOON = "power target changed lately"
UNKNOWN = "power not known"
AT_REST = "drawn asleep"
"""What shortfalls count, with CANNOT_SLEEP and REFUSES."""

_RUNS = Verdict(Mode.ACTIVE)


def rule(
    units: Iterable[Unit],
    wishes: Iterable[Wish],
    limits: Iterable[Limit],
    bounds: Bounds,
    now: float,
    zone: tzinfo | None = None,
) -> Ruling:
    """All verdicts, what is drawn once they are carried out, and the limits that cannot be kept.

    A cap below zero, or none that is a number, is 0 W. A device whose draw nobody knows counts as
    the hungriest that is known, sleeps first, and is told in the shortfall of its limits, `over`
    0 W where they seem to be kept. `zone` is for the times in what is told.
    """
    units, wishes, limits = tuple(units), tuple(wishes), tuple(limits)
    headstrong = [unit for unit in units if _is_headstrong(unit)]
    kept: dict[str, Verdict] = {}
    survey = Survey(units, wishes, bounds, now, headstrong)
    case = _Case(survey, limits, bounds, now, zone)
    if headstrong:  # what they would be if they obeyed, whoever is awake in their place now
        case.solve(survey.settled([replace(unit, since=None) for unit in headstrong]), equals=False)
        kept = _refused(headstrong, case.verdicts(headstrong))
    while True:
        case.solve(survey.settled(headstrong, kept))
        others = [unit for unit in headstrong if unit.id not in kept]
        more = _refused(others, case.verdicts(others))
        if not more:
            return Ruling(case.verdicts(units), case.expected(), case.shortfalls())
        kept |= more


def _is_headstrong(unit: Unit) -> bool:
    """Whether it may not become what is ruled, though it answers and nothing holds it."""
    if unit.asleep or unit.held or unit.away:
        return False
    return unit.vain or unit.woken_for is not None or unit.set_for is not None


def _refused(headstrong: Collection[Unit], verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts on these that will not be carried out."""
    found = {}
    for unit in headstrong:
        verdict = verdicts[unit.id]
        if verdict.mode is Mode.SLEEP:
            if unit.vain or unit.woken_for in ((), asked(verdict)):
                found[unit.id] = verdict
        elif verdict.power_target is not None and unit.set_for in ((), reasons(verdict)):
            found[unit.id] = verdict
    return found


def _strength(limit: Limit) -> tuple[bool, bool, int, float, str]:
    """Emergencies first, then what lets nothing run, then the lowest caps."""
    return (not limit.emergency, limit.cap is not None, milli(limit.cap), limit.since, limit.key)


def _within(ids: Ids | None, known: Ids) -> Ids:
    members = known if ids is None else ids if ids <= known else ids & known
    return known if len(members) == len(known) else members


class _Case:
    """One ruling in the making. Watts are whole milliwatts in it, `place` is a limit's by strength.

    It may be solved again, for the same devices with other verdicts kept.

    `draw` is what each draws then; `targets` are lowered power targets; `spared` would sleep or
    have slept if they could.
    """

    def __init__(
        self,
        survey: Survey,
        limits: Iterable[Limit],
        bounds: Bounds,
        now: float,
        zone: tzinfo | None,
    ) -> None:
        self._bounds, self._now, self._zone = bounds, now, zone
        self._limits = sorted(limits, key=_strength)
        self._members = [_within(limit.ids, survey.ids) for limit in self._limits]
        self._texts = [self._text(limit) for limit in self._limits]
        self._planned = [limit.planned or limit.emergency for limit in self._limits]
        modes = survey.modes.items()
        self._sleepy = {each for each, wish in modes if wish.mode is Mode.SLEEP}
        self._begin(survey)

    def _begin(self, survey: Survey) -> None:
        self._survey = survey
        self._shared: dict[tuple[tuple[int, ...], int, int, bool], Verdict] = {}
        self._draw: dict[str, int] = {}
        self._targets: dict[str, int] = {}
        self._asleep_for: dict[str, list[int]] = {}
        self._lowered_for: dict[str, list[int]] = {}
        self._spared: set[str] = set()
        self._failed: set[int] = set()
        self._at_once: set[str] = set()
        self._firm: set[str] = set()

    def solve(self, survey: Survey, *, equals: bool = True) -> None:
        """Decide. `equals`: who runs is kept on in place of its equals."""
        self._begin(survey)
        self.put_to_sleep()
        self.fill(equals)

    def put_to_sleep(self) -> None:
        """Those whom a wish or a limit without a cap puts to sleep."""
        ground = self._survey.ground
        whole = [
            (place, self._planned[place], self._members[place])
            for place, limit in enumerate(self._limits)
            if limit.cap is None
        ]
        down = self._sleepy & ground.free
        down.update(*(ground.free & members for _, planned, members in whole if planned))
        self._spared |= self._sleepy & ground.stuck
        for place, planned, members in whole:
            mine, kept_on = ground.free & members, ground.stuck & members
            if not planned:
                kept_on |= mine & (ground.young - down)
                mine -= kept_on
            for each in mine:
                self._asleep_for.setdefault(each, []).append(place)
            self._spared |= kept_on
            if self._limits[place].emergency:
                self._at_once |= mine
        down |= self._asleep_for.keys()
        ground.free -= down
        for each in down:
            ground.top[each] = ground.low[each] = ground.rest[each]

    def fill(self, equals: bool) -> None:
        """Keep the caps, and note for whom they hold."""
        ground = self._survey.ground
        caps = [
            Cap(limit, members, milli(limit.cap), place)
            for place, (limit, members) in enumerate(zip(self._limits, self._members, strict=True))
            if limit.cap is not None and not limit.cap >= MOST
        ]
        filled = fill(ground, caps, equals=equals)
        self._targets, self._failed = filled.targets, {cap.place for cap in filled.failed}
        self._firm = filled.firm
        self._draw = ground.top | filled.targets | filled.left
        for each, cap in filled.cut.items():
            self._asleep_for.setdefault(each, []).append(cap.place)
            self._draw[each] = ground.rest[each]
        for each in ground.waiting:
            self._draw[each] = ground.rest[each]
        for cap in filled.tight:
            for each in filled.targets.keys() & cap.members:
                self._lowered_for.setdefault(each, []).append(cap.place)
        self._spared |= filled.spared.keys()
        self._hurry(caps, filled.cut.keys() | filled.targets.keys())

    def _hurry(self, caps: Iterable[Cap], less: Set[str]) -> None:
        """What an emergency takes away is taken at once, where more is drawn now."""
        urgent = [cap for cap in caps if cap.limit.emergency]
        if urgent:
            draws = {each: milli(unit.draws) for each, unit in self._survey.units.items()}
            for cap in urgent:
                if total(draws, cap.members) > cap.watts:
                    self._at_once |= less & cap.members

    def verdicts(self, units: Iterable[Unit]) -> dict[str, Verdict]:
        """What each of these shall be, by DeviceId."""
        return {unit.id: self._verdict(unit) for unit in units}

    def _verdict(self, unit: Unit) -> Verdict:
        each = unit.id
        if unit.held or (unit.asleep and not unit.ours):
            return Verdict(None, skipped=unit.held or FOUND_ASLEEP)
        kept = self._survey.kept.get(each)
        if kept is not None and (kept.mode is Mode.SLEEP or each not in self._asleep_for):
            return kept
        wish = self._survey.modes.get(each)
        if wish is not None and (wish.mode is not Mode.SLEEP or not unit.sleeps):
            wish = None
        if wish is not None or each in self._asleep_for:
            return self._asleep(unit, wish)
        if each in self._survey.off or each in self._survey.often:
            return Verdict(Mode.SLEEP, because=self._times(each), planned=unit.planned)
        return self._runs(unit)

    def _asleep(self, unit: Unit, wish: Wish | None) -> Verdict:
        each = unit.id
        places = self._asleep_for.get(each, ())
        profile = self._survey.profiles.get(each) if wish is not None else None
        key = (tuple(places), id(wish), id(profile), each in self._at_once)
        verdict = self._shared.get(key)
        if verdict is None:
            because = [self._texts[place] for place in sorted(places)]
            asked_by = [self._limits[place].key for place in sorted(places)]
            if wish is not None:
                because.append(wish.reason)
                asked_by.append(wish.source)
            verdict = self._shared[key] = Verdict(
                Mode.SLEEP,
                profile="" if profile is None else profile.profile,
                because=tuple(because),
                asked_by=tuple(asked_by),
                at_once=each in self._at_once,
                planned=all(self._planned[place] for place in places),
            )
        times = self._times(each)
        return replace(verdict, because=verdict.because + times) if times else verdict

    def _times(self, each: str) -> tuple[str, ...]:
        """Why a sleeper is not woken yet."""
        times: tuple[str, ...] = ()
        if each in self._survey.off:
            times = (f"minimum off until {self._moment(self._survey.off[each])}",)
        if each in self._survey.often:
            most, again = self._bounds.starts_a_day, self._moment(self._survey.often[each])
            times += (f"started {most} times in a day: next at {again}",)
        return times

    def _runs(self, unit: Unit) -> Verdict:
        each = unit.id
        survey = self._survey
        profile, power = survey.profiles.get(each), survey.powers.get(each)
        said = (survey.modes.get(each), profile, power)
        wishes = [wish for wish in said if wish is not None]
        lowered, spared = each in self._targets, each in self._spared
        if not (wishes or lowered or spared):
            return _RUNS
        places = self._lowered_for.get(each, ())
        because = [self._texts[place] for place in places]
        if spared:
            because.append(self._spared_text(unit))
            if not lowered:
                return Verdict(None, because=tuple(because), skipped=because[-1])
        target = self._targets[each] / MILLI if lowered else self._survey.target(unit)
        if profile is not None:
            because.append(f"{profile.source}: {profile.profile}")
        if power is not None and not lowered:
            because.append(f"{power.source}: {si(target, 'W')}")
        keys = [self._limits[place].key for place in places]
        return Verdict(
            Mode.ACTIVE,
            profile="" if profile is None else profile.profile,
            power_target=target,
            because=tuple(because),
            asked_by=tuple(dict.fromkeys([*keys, *(wish.source for wish in wishes)])),
            at_once=each in self._at_once,
            firm=each in self._firm,
        )

    def _spared_text(self, unit: Unit) -> str:
        if not unit.sleeps:
            return REFUSES if unit.refuses else CANNOT_SLEEP
        return f"{MINIMUM} until {self._moment(self._survey.on[unit.id])}"

    def _text(self, limit: Limit) -> str:
        """`price 112 > 80 since 14:05`. Orders tell their own times."""
        text = limit.reason
        if limit.since and not limit.planned and " since " not in text:
            text += f" since {self._moment(limit.since)}"
        if limit.until is not None and " until " not in text:
            text += f" until {self._moment(limit.until)}"
        return text

    def _moment(self, at: float) -> str:
        return moment(at, self._now, self._zone)

    def expected(self) -> float:
        """What all draw then, in W."""
        return sum(self._draw.values()) / MILLI

    def shortfalls(self) -> tuple[Shortfall, ...]:
        """The limits that cannot be kept, the strongest first."""
        survey, ground, silent = self._survey, self._survey.ground, self._survey.silent
        down = self._asleep_for.keys() | self._sleepy | ground.asleep
        awake = {each for each, one in survey.kept.items() if one.mode is Mode.SLEEP}
        vain = {each for each in awake if survey.units[each].vain}
        down -= ground.stuck | survey.held | silent | awake
        stuck = ground.stuck - silent
        refuse = {each for each in stuck if survey.units[each].refuses}
        why = {
            HELD: survey.held,
            SILENT: silent,
            CANNOT_SLEEP: stuck - refuse,
            REFUSES: refuse,
            BY_HAND: awake - vain,
            VAIN: vain,
            TOO_SOON: survey.fixed - down - survey.silent,
            MINIMUM: ground.young & self._spared - down - silent - ground.stuck,
            UNKNOWN: survey.unknown - down - self._targets.keys(),
            AT_REST: down if self._failed else set(),
        }
        draw = self._draw
        why = {
            word: {each for each in some if draw[each] or each in survey.unknown}
            for word, some in why.items()
            if some
        }
        found = [self._shortfall(place, why) for place in range(len(self._limits))]
        return tuple([one for one in found if one is not None])

    def _shortfall(self, place: int, why: Mapping[str, set[str]]) -> Shortfall | None:
        limit, members, over = self._limits[place], self._members[place], 0
        if limit.cap is None:
            why = {word: some for word, some in why.items() if word != AT_REST}
            awake = set[str]().union(*why.values()) & members
            over = total(self._draw, awake)
        elif place in self._failed:
            over = max(0, total(self._draw, members) - milli(limit.cap))
        elif limit.cap >= MOST:
            return None
        counted = {word: len(some & members) for word, some in why.items()}
        if over <= 0:
            counted = {UNKNOWN: counted.get(UNKNOWN, 0)}
        counted = {word: count for word, count in counted.items() if count}
        return Shortfall(limit.key, over / MILLI, counted) if over > 0 or counted else None
