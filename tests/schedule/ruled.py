"""Farms for tests of the arbiter: made by hand or at random, and what a ruling makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.schedule.arbiter import rule
from mother.schedule.values import Bounds, Limit, Ruling, Unit, Verdict, Wish

NOW = 1_790_000_000.0
MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
BOUNDS = Bounds()


def miner(name: str, **said: Any) -> Unit:
    """A miner of 3 kW and 30 J/TH that draws 50 W asleep."""
    usual: dict[str, Any] = {"full": 3000.0, "rest": 50.0, "efficiency": 30.0}
    usual["draws"] = said.get("full", 3000.0)
    if said.get("asleep"):
        usual |= {"ours": True, "draws": said.get("rest", 50.0)}
    return Unit(name, **(usual | said))


def ruled(
    units: Iterable[Unit], *asked: Wish | Limit, bounds: Bounds = BOUNDS, now: float = NOW
) -> Ruling:
    wishes = [one for one in asked if isinstance(one, Wish)]
    limits = [one for one in asked if isinstance(one, Limit)]
    return rule(units, wishes, limits, bounds, now)


def asleep(ruling: Ruling) -> set[str]:
    """Who shall sleep."""
    return {each for each, one in ruling.verdicts.items() if one.mode is Mode.SLEEP}


def price(**said: Any) -> Limit:
    return Limit("rule dear", "price 112 > 80", **said)


def cap(watts: float, *ids: str, key: str = "budget", **said: Any) -> Limit:
    return Limit(key, "budget site", frozenset(ids) or None, watts, **said)


def sleep(*ids: str, priority: int = 0, source: str = "plan night") -> Wish:
    reason = f"{source} until 06:00"
    return Wish(source, reason, frozenset(ids) or None, priority, Mode.SLEEP)


class Case(Struct, frozen=True):
    """A farm and what is asked of it."""

    units: tuple[Unit, ...]
    wishes: tuple[Wish, ...]
    limits: tuple[Limit, ...]
    bounds: Bounds = BOUNDS

    def ruling(self) -> Ruling:
        return rule(self.units, self.wishes, self.limits, self.bounds, NOW)

    def state(self) -> list[tuple[object, ...]]:
        """What every device is at."""
        return [(one.id, one.asleep, one.draws, one.target, one.starts) for one in self.units]

    def asleep_by_wish(self) -> set[str]:
        """Whom the strongest wish wants asleep."""
        found = set()
        for unit in self.units:
            said = [
                one
                for one in self.wishes
                if one.mode is not None and (one.ids is None or unit.id in one.ids)
            ]
            best = max(said, key=lambda one: one.priority, default=None)
            if best is not None and best.mode is Mode.SLEEP:
                found.add(unit.id)
        return found

    def carried_out(self) -> Case:
        """The same a moment later, when all is done as it was ruled."""
        verdicts = self.ruling().verdicts
        units = tuple(carried_out(one, verdicts[one.id]) for one in self.units)
        return Case(units, self.wishes, self.limits, self.bounds)


def carried_out(unit: Unit, verdict: Verdict) -> Unit:
    """What the device is once its verdict is done; one that does not answer stays as it is."""
    if verdict.mode is None or unit.away:
        return unit
    if verdict.mode is Mode.SLEEP:
        if unit.asleep:
            return replace(unit, planned=verdict.planned)
        planned = verdict.planned
        return replace(unit, asleep=True, ours=True, since=NOW, draws=unit.rest, planned=planned)
    target = verdict.power_target
    if target is None:
        target = None if unit.target is None else unit.full
    draws = unit.full if target is None or unit.least is None else min(unit.full, target)
    if unit.asleep:
        starts = (*unit.starts, NOW)
        unit = replace(unit, asleep=False, ours=False, since=NOW, starts=starts, planned=False)
    return replace(unit, draws=draws, target=target if unit.least is not None else None)


WATTS = st.sampled_from([1320.0, 3000.0, 3250.0, 3500.0]) | st.floats(20.0, 6000.0)
JOULES = st.none() | st.sampled_from([17.5, 29.5, 29.8, 30.0, 94.0]) | st.floats(10.0, 100.0)
AGO = st.sampled_from([0.0, MINUTE, 10 * MINUTE, 14 * MINUTE, 20 * MINUTE, HOUR, 30 * HOUR])


@st.composite
def unit(draw: st.DrawFn, name: str, *, starts: bool, targets: bool) -> Unit:
    """Any device in any state."""
    full = draw(st.sampled_from([0.0, 3000.0]) | WATTS)
    fate = draw(st.sampled_from(["", "", "", "", "held", "away", "found", "awake only", "dim"]))
    sleeps = draw(st.booleans()) and fate != "awake only"
    rest, part = draw(st.sampled_from([0.0, 40.0, 50.0])), draw(st.floats(0.3, 1.0))
    return Unit(
        name,
        asleep=True if fate == "found" else sleeps or draw(st.sampled_from([False, None])),
        ours=sleeps and fate != "found",
        held="held by ann" if fate == "held" else "",
        away=fate == "away",
        draws=min(rest, full) if sleeps or fate == "found" else full,
        full=full,
        rest=rest if not full else min(rest, full),
        least=draw(st.none() | st.just(part * full)) if targets else None,
        efficiency=draw(JOULES),
        sleeps=fate != "awake only",
        since=NOW - draw(AGO),
        starts=tuple(NOW - ago for ago in draw(st.lists(AGO, max_size=8))) if starts else (),
        planned=sleeps and draw(st.booleans()),
    )


@st.composite
def case(draw: st.DrawFn, *, tree: bool = False, starts: bool = True, targets: bool = True) -> Case:
    """Any farm, and anything asked of it; `tree`: any two limits are apart or nested."""
    names = [f"m{number:02}" for number in range(draw(st.integers(1, 14)))]
    units = tuple(draw(unit(name, starts=starts, targets=targets)) for name in names)
    full = sum(one.full for one in units)
    some = st.sets(st.sampled_from(names)).map(frozenset)
    wishes = draw(st.lists(wish(some), max_size=3))
    reach: Sequence[Any] = [some]
    if tree:
        half = len(names) // 2
        parts = [names, names[:half], names[half:], names[: half // 2], names[half // 2 : half]]
        reach = [st.sampled_from([frozenset(part) for part in parts] + [None])]
    limits = draw(st.lists(limit(reach[0], full), max_size=5))
    named = [replace(one, key=f"limit {place}") for place, one in enumerate(limits)]
    bounds = draw(st.sampled_from([BOUNDS, Bounds(0.0, 0.0, 0)]))
    return Case(units, tuple(wishes), tuple(named), bounds)


def wish(some: st.SearchStrategy[frozenset[str]]) -> st.SearchStrategy[Wish]:
    return st.builds(
        Wish,
        source=st.just("plan night"),
        reason=st.just("plan night until 06:00"),
        ids=some | st.none(),
        priority=st.integers(0, 2),
        mode=st.sampled_from([None, Mode.ACTIVE, Mode.SLEEP]),
        profile=st.sampled_from(["", "overclock"]),
    )


def limit(some: st.SearchStrategy[Any], full: float) -> st.SearchStrategy[Limit]:
    share = st.floats(0.0, 1.1).map(lambda part: part * full)
    return st.builds(
        Limit,
        key=st.just("limit"),
        reason=st.just("price 112 > 80"),
        ids=some | st.none(),
        cap=share | share | share | st.none(),
        since=st.just(NOW - HOUR),
        emergency=st.sampled_from([False, False, True]),
        planned=st.booleans(),
    )
