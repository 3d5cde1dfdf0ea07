"""Who got a power target lately gets no lower one for a while: others make room, or it is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.drivers.base import Capability, Confirm
from mother.schedule.units import History, Lately, Units
from mother.schedule.values import Bounds, Limit, Ruling, Shortfall, Unit, Verdict, Wish
from tests.schedule.herds import WHATSMINER, Kind, hashing
from tests.schedule.herds import miner as entry_of
from tests.schedule.ruled import HOUR, MINUTE, NOW, Case, asleep, cap, case, miner, ruled

SOON = NOW + 7 * MINUTE
WHY = "power target changed lately"


def flexible(name: str, **said: Any) -> Unit:
    """It takes 2 to 3 kW, and draws 3 kW by its power target."""
    return miner(name, **{"least": 2000.0, "target": 3000.0, "since": NOW - HOUR, **said})


def fixed(name: str, **said: Any) -> Unit:
    return flexible(name, **{"fixed_until": SOON, **said})


def targets(ruling: Ruling) -> dict[str, float | None]:
    return {each: one.power_target for each, one in ruling.verdicts.items()}


def test_others_are_lowered_in_place_of_one_that_cannot_be_yet() -> None:
    units = [flexible("a", efficiency=20.0), fixed("b", efficiency=30.0)]
    ruling = ruled(units, cap(5500.0))
    assert targets(ruling) == {"a": 2500.0, "b": None}
    assert (ruling.expected, ruling.shortfalls) == (5500.0, ())
    later = ruled(units, cap(5500.0), now=SOON)
    assert targets(later) == {"a": None, "b": 2500.0}


def test_it_may_be_raised_later_and_keeps_what_it_has_until_then() -> None:
    units = [flexible("a", efficiency=20.0), fixed("b", target=2400.0, draws=2400.0)]
    assert targets(ruled(units, cap(5100.0))) == {"a": 2700.0, "b": 2400.0}
    assert targets(ruled(units, cap(5800.0))) == {"a": None, "b": 2800.0}
    assert targets(ruled(units)) == {"a": None, "b": None}


def test_what_it_will_draw_at_its_target_counts_and_not_what_it_still_draws() -> None:
    units = [flexible("a", efficiency=20.0), fixed("b", target=2400.0)]
    assert targets(ruled(units, cap(5400.0))) == {"a": None, "b": 2400.0}


def test_sleep_makes_room_where_nothing_else_does() -> None:
    units = [fixed("a", efficiency=20.0), fixed("b")]
    assert asleep(ruled(units, cap(5500.0))) == {"b"}
    assert asleep(ruled(units, cap(5500.0), now=SOON)) == set()


def test_one_that_sleeps_meanwhile_is_not_woken_to_draw_too_much() -> None:
    units = [fixed("a", efficiency=20.0), fixed("b", asleep=True)]
    ruling = ruled(units, cap(5500.0))
    assert asleep(ruling) == {"b"}
    assert asleep(ruled(units, cap(5500.0), now=SOON)) == set()


def test_a_cap_that_nobody_can_make_room_for_is_told_with_the_reason() -> None:
    young = fixed("b", since=NOW - MINUTE)
    ruling = ruled([young], cap(2500.0))
    why = {"minimum on": 1, WHY: 1}
    assert ruling.shortfalls == (Shortfall("budget", 500.0, why),)
    awake = fixed("b", sleeps=False)
    why = {"its family cannot sleep": 1, WHY: 1}
    ruling = ruled([awake], cap(2500.0))
    assert ruling.shortfalls == (Shortfall("budget", 500.0, why),)
    assert ruling.expected == 3000.0
    assert ruled([awake], cap(2500.0), now=SOON).shortfalls == ()


def test_a_lower_wish_counts_once_it_can_be_written_and_stays_wished() -> None:
    eco = Wish("plan eco", "plan eco", power_target=2200.0)
    ruling = ruled([fixed("a")], eco)
    assert targets(ruling) == {"a": 2200.0}
    assert ruling.expected == 3000.0
    assert ruled([fixed("a")], eco, now=SOON).expected == 2200.0


@pytest.mark.parametrize("band", [0.0, 0.05])
def test_it_is_asked_for_nothing_while_it_has_what_it_can_have(band: float) -> None:
    units = [miner("a", sleeps=False), fixed("b", target=2400.0, draws=2450.0)]
    verdict = ruled(units, cap(5400.0), bounds=Bounds(dead_band=band)).verdicts["b"]
    assert verdict.power_target == 2400.0
    assert not verdict.firm


def test_who_takes_no_power_targets_is_as_ever() -> None:
    plain = [miner("a", efficiency=20.0), miner("b")]
    lately = [plain[0], replace(plain[1], fixed_until=SOON)]
    assert ruled(lately, cap(3100.0)) == ruled(plain, cap(3100.0))


@settings(max_examples=400, deadline=None)
@given(
    one=case(),
    lately=st.lists(st.none() | st.floats(0.3, 1.1), min_size=14, max_size=14),
    band=st.sampled_from([0.0, 0.05]),
)
def test_while_targets_are_fixed_a_cap_is_kept_or_that_it_is_not_is_told(
    one: Case, lately: list[float | None], band: float
) -> None:
    units = tuple(
        unit
        if part is None or unit.least is None
        else replace(unit, fixed_until=SOON, target=max(unit.least, part * unit.full))
        for unit, part in zip(one.units, lately, strict=False)
    )
    ruling = Case(units, one.wishes, one.limits, replace(one.bounds, dead_band=band)).ruling()
    told = {each.key: each.over for each in ruling.shortfalls}
    for limit in one.limits:
        if limit.cap is not None:
            over = sum(drawn(units, ruling, limit)) - limit.cap
            assert over <= told.get(limit.key, 0.0) + 0.1


def drawn(units: tuple[Unit, ...], ruling: Ruling, limit: Limit) -> list[float]:
    """What its members draw once all is written that may be; raises are written later."""
    after = []
    for unit in units:
        verdict = ruling.verdicts[unit.id]
        if limit.ids is not None and unit.id not in limit.ids:
            continue
        if verdict.mode is None or unit.away or unit.held:
            after.append(unit.draws)
        elif verdict.mode is Mode.SLEEP:
            after.append(unit.rest)
        else:
            after.append(running(unit, verdict))
    return after


def running(unit: Unit, verdict: Verdict) -> float:
    target = verdict.power_target
    aim = unit.full if target is None or unit.least is None else min(target, unit.full)
    if unit.fixed_until > NOW and unit.target is not None:
        return max(aim, min(unit.full, unit.target))
    return aim


# how units know of it


class Past:
    """What was done to them all."""

    def __init__(self, **said: Any) -> None:
        self.said = History(**said)

    def __call__(self, device: str) -> History:
        return self.said


def herd() -> Kind:
    kind = Kind("whatsminer", "MicroBT", WHATSMINER.capabilities)
    kind.capabilities = {
        **WHATSMINER.capabilities,
        CommandKind.SET_POWER: Capability(Confirm.SETTINGS, 300.0),
    }
    return kind


def unit_of(at: float, read: float, **said: Any) -> Unit:
    entry = hashing(entry_of(1, herd()), at=at, power_target=read)
    return Units(Past(**said)).of([entry])[entry.id].unit


def test_a_unit_has_the_target_that_was_written_until_its_reading_can_show_it() -> None:
    told = Lately(1600.0, 2500.0, at=1000.0)
    assert unit_of(1100.0, 3000.0, lately=told).target == 2500.0
    assert unit_of(1100.0, 3000.0, lately=told).fixed_until == 1600.0
    assert unit_of(1301.0, 3000.0, lately=told).target == 3000.0  # it did not take it, or lost it
    assert unit_of(1100.0, 3000.0, lately=told, set_for=()).target == 3000.0  # a person set it
    assert unit_of(1100.0, 3000.0, lately=Lately(1600.0)).target == 3000.0
