"""Who shall sleep and does not, by a person's word or disobedience: others make room."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.schedule import Budget
from mother.core.errors import Unreachable
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.judging import BY_HAND
from mother.schedule.values import Limit, Ruling, Shortfall, Unit, Verdict, Wish, asked
from tests.schedule.nursery import PLAIN, Nursery
from tests.schedule.ruled import MINUTE, NOW, Case, asleep, cap, case, miner, price, ruled
from tests.schedule.test_job import Site

CAPPED = ("budget",)


def farm(**said: Any) -> list[Unit]:
    """Three miners of which `c` is the least efficient; `said` is of `c`."""
    return [
        miner("a", efficiency=20.0),
        miner("b", efficiency=25.0),
        miner("c", efficiency=30.0, **said),
    ]


def test_others_sleep_for_a_cap_in_place_of_one_that_a_person_woke() -> None:
    ruling = ruled(farm(woken_for=CAPPED), cap(6100.0))
    assert asleep(ruling) == {"b", "c"}
    assert ruling.expected == 6050.0
    assert ruling.shortfalls == ()
    assert asked(ruling.verdicts["c"]) == CAPPED


def test_so_they_do_while_it_is_young_and_where_it_was_woken_before_the_first_round() -> None:
    for said in ({"woken_for": CAPPED, "since": NOW - MINUTE}, {"woken_for": ()}):
        assert asleep(ruled(farm(**said), cap(6100.0))) == {"b", "c"}


def test_it_counts_as_what_it_draws_and_as_what_it_will_draw() -> None:
    starting = farm(woken_for=CAPPED, draws=600.0)
    assert ruled(starting, cap(6100.0)).expected == 6050.0
    limited = farm(woken_for=CAPPED, draws=2000.0, target=2000.0, least=1800.0)
    assert asleep(ruled(limited, cap(5100.0))) == {"b", "c"}
    assert ruled(limited, cap(5100.0)).expected == 5050.0


def test_a_person_s_word_has_its_end_where_something_else_wants_it_asleep_or_nothing_does() -> None:
    units = farm(woken_for=CAPPED)
    assert asleep(ruled(units, cap(6100.0, key="other"))) == {"c"}
    assert asleep(ruled(units, cap(6100.0), price(ids=frozenset({"c"})))) == {"c"}
    assert ruled(units, cap(9000.0)).verdicts["c"] == Verdict(Mode.ACTIVE)


def test_it_is_left_awake_while_those_who_sleep_for_it_may_not_be_woken_yet() -> None:
    units = farm(woken_for=CAPPED)
    units[1] = miner("b", asleep=True, efficiency=25.0, since=NOW - MINUTE)
    assert asleep(ruled(units, cap(6100.0))) == {"b", "c"}
    units[1] = miner("b", asleep=True, efficiency=30.0)  # its equal
    assert asleep(ruled(units, cap(6100.0))) == {"b", "c"}


def test_a_cap_that_cannot_be_kept_for_it_says_so() -> None:
    ruling = ruled(farm(woken_for=CAPPED), cap(1000.0))
    why = {"woken by hand": 1, "drawn asleep": 2}
    assert ruling.shortfalls == (Shortfall("budget", 2100.0, why),)
    alone = ruled([miner("c", woken_for=("rule dear",))], price())
    assert alone.shortfalls == (Shortfall("rule dear", 3000.0, {"woken by hand": 1}),)


def test_others_make_room_for_one_that_sleeps_by_a_plan_no_more() -> None:
    night = Wish("plan night", "plan night", frozenset({"c"}), mode=Mode.SLEEP)
    assert asleep(ruled(farm(), night, cap(6100.0))) == {"c"}
    assert asleep(ruled(farm(woken_for=("plan night",)), night, cap(6100.0))) == {"b", "c"}


def test_others_make_room_for_one_that_was_told_to_sleep_in_vain() -> None:
    ruling = ruled(farm(vain=True, ours=True, since=NOW - MINUTE), cap(6100.0))
    assert asleep(ruling) == {"b", "c"}
    assert ruling.expected == 6050.0
    assert ruled([miner("c", vain=True)], price()).shortfalls == (
        Shortfall("rule dear", 3000.0, {"does not obey": 1}),
    )


def test_one_that_was_told_to_sleep_and_is_awake_still_is_told_on_by_whatever_asks() -> None:
    told = miner("a", ours=True, since=NOW - MINUTE)
    assert asleep(ruled([told], price())) == {"a"}
    assert asleep(ruled([told, miner("b", efficiency=20.0)], cap(3100.0))) == {"a"}


def test_others_make_room_for_one_whose_power_target_a_person_set() -> None:
    units = farm(least=2000.0, set_for=("", "budget"))
    units[1] = replace(units[1], least=2000.0)
    ruling = ruled(units, cap(8500.0))
    assert ruling.expected <= 8500.0
    assert ruling.verdicts["b"].power_target == 2500.0
    assert ruling.verdicts["c"].asked_by == CAPPED  # else that word has its end
    assert (
        ruled(farm(least=2000.0, set_for=("", "other")), cap(8500.0)).verdicts["c"].power_target
        == 2500.0
    )


def test_one_whose_power_target_a_person_set_sleeps_where_nothing_else_helps() -> None:
    assert asleep(ruled(farm(least=2000.0, set_for=("", "budget")), cap(8500.0))) == {"c"}


STUBBORN = st.sampled_from(["", "", "woken", "any", "vain", "set", "both"])


def kept_awake(unit: Unit, ruling: Ruling) -> bool:
    """Whether the dispatcher leaves it awake though it shall sleep."""
    verdict = ruling.verdicts[unit.id]
    if verdict.mode is not Mode.SLEEP or unit.asleep:
        return False
    return unit.vain or unit.woken_for in ((), asked(verdict))


@settings(max_examples=300, deadline=None)
@given(one=case(), stubborn=st.lists(STUBBORN, min_size=14, max_size=14), at=st.integers(0, 5))
def test_whatever_they_do_a_cap_is_kept_or_that_it_is_not_is_told(
    one: Case, stubborn: list[str], at: int
) -> None:
    keys = tuple(sorted(limit.key for limit in one.limits))
    how: dict[str, dict[str, Any]] = {
        "woken": {"woken_for": keys[at : at + 1] or ("plan night",)},
        "any": {"woken_for": ()},
        "vain": {"vain": True},
        "set": {"set_for": ()},
        "both": {"woken_for": (), "set_for": ()},
    }
    units = tuple(
        replace(unit, **({} if unit.asleep else how.get(word, {})))
        for unit, word in zip(one.units, stubborn, strict=False)
    )
    ruling = replace_units(one, units).ruling()
    told = {each.key: each.over for each in ruling.shortfalls}
    for limit in one.limits:
        if limit.cap is not None:
            over = sum(map_draws(units, ruling, limit)) - limit.cap
            assert over <= told.get(limit.key, 0.0) + 0.1


def replace_units(one: Case, units: tuple[Unit, ...]) -> Case:
    return Case(units, one.wishes, one.limits, one.bounds)


def map_draws(units: tuple[Unit, ...], ruling: Ruling, limit: Limit) -> list[float]:
    """What its members draw once the ruling is carried out as far as it is."""
    after = []
    for unit in units:
        verdict = ruling.verdicts[unit.id]
        if limit.ids is not None and unit.id not in limit.ids:
            continue
        if verdict.mode is None or unit.away or unit.held:
            after.append(unit.draws)
        elif verdict.mode is Mode.SLEEP and not kept_awake(unit, ruling):
            after.append(unit.rest)
        elif unit.set_for is not None or kept_awake(unit, ruling) or unit.least is None:
            after.append(unit.full)
        else:
            target = verdict.power_target
            after.append(unit.full if target is None else min(target, unit.full))
    return after


CAPPED_SITE = replace(PLAIN, budgets=(Budget("fuse", cap=6800.0),), min_off=0.0)


def test_a_site_cap_is_kept_where_a_person_wakes_one_by_hand() -> None:
    site = Site(CAPPED_SITE, count=3)
    site.rounds(4)
    assert site.asleep == [False, False, True]
    site.nursery.by_hand(CommandKind.RESUME, site.nursery.entries[2])
    site.nursery.ether.run(30.0)
    site.nursery.poll()
    assert site.asleep == [False, False, False]
    for _ in range(100):
        site.rounds()
        assert site.asleep == [False, True, False]
    assert BY_HAND in site.nursery.entries[2].limits
    assert [len(box.sent) for box in site.nursery.boxes] == [0, 1, 2]


@pytest.mark.parametrize("how", ["deaf_to_orders", "stubborn"])
def test_others_make_room_for_one_that_fails_to_sleep_and_it_is_told_on(how: str) -> None:
    site = Site(CAPPED_SITE, count=3)
    box = site.nursery.boxes[2]
    setattr(box, how, Unreachable("no answer") if how == "deaf_to_orders" else True)
    site.rounds(120)
    assert site.asleep == [False, True, False]
    setattr(box, how, None if how == "deaf_to_orders" else False)
    site.rounds(120)
    assert site.asleep == [False, False, True]


def test_a_small_lowering_for_a_cap_is_written_after_the_gap() -> None:
    nursery = Nursery()
    capped = Verdict(Mode.ACTIVE, power_target=2500.0, asked_by=("budget fuse",))
    nursery.rounds(capped, 30.0)
    firm = replace(capped, power_target=2440.0, firm=True)
    nursery.rounds(firm, 500.0)
    assert nursery.box.settings.power_target == 2500.0
    nursery.rounds(firm, 150.0)
    assert nursery.box.settings.power_target == 2440.0
    assert nursery.sent == [[CommandKind.SET_POWER, CommandKind.SET_POWER]]


def test_one_that_takes_no_power_target_counts_as_it_is_until_it_does() -> None:
    nursery = Nursery()
    lowered = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget fuse",))
    nursery.box.deaf_to_orders = Unreachable("no answer")
    nursery.rounds(lowered, 30.0)
    assert nursery.acting.history(nursery.entry.id).set_for is None
    nursery.rounds(lowered, 600.0)
    assert nursery.acting.history(nursery.entry.id).set_for == ()
    assert not nursery.acting.history(nursery.entry.id).vain
    nursery.box.deaf_to_orders = None
    nursery.rounds(lowered, 1200.0)
    assert nursery.box.settings.power_target == 2000.0
    assert nursery.acting.history(nursery.entry.id).set_for is None


def test_a_power_target_that_never_left_is_not_kept_back_for_the_gap() -> None:
    nursery = Nursery()
    lowered = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget fuse",))
    nursery.box.deaf_to_orders = Unreachable("no answer")
    nursery.rounds(lowered, 15.0)
    nursery.box.deaf_to_orders = None
    nursery.rounds(lowered, 90.0)
    assert nursery.box.settings.power_target == 2000.0
    nursery.rounds(replace(lowered, power_target=1500.0), 400.0)
    assert nursery.box.settings.power_target == 2000.0
