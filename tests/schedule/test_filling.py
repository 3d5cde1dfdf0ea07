"""Caps: power targets first, then sleep, the least efficient first; racks before sites."""

from __future__ import annotations

from mother.core.reading import Mode
from mother.schedule.values import Bounds, Unit, Wish
from tests.schedule.ruled import HOUR, NOW, asleep, cap, miner, ruled

FREE = Bounds(0.0, 0.0, 0)


def targets(units: list[Unit], watts: float) -> dict[str, float | None]:
    """The power targets of those who run."""
    verdicts = ruled(units, cap(watts)).verdicts.items()
    return {each: one.power_target for each, one in verdicts if one.mode is Mode.ACTIVE}


def test_the_least_efficient_go_off_first_and_those_of_unknown_efficiency_before_them() -> None:
    units = [
        miner("a", efficiency=20.0),
        miner("b", efficiency=90.0),
        miner("c", efficiency=None),
        miner("d", efficiency=30.0),
    ]
    assert asleep(ruled(units, cap(12_000.0))) == set()
    assert asleep(ruled(units, cap(11_000.0))) == {"c"}
    assert asleep(ruled(units, cap(8_000.0))) == {"b", "c"}
    assert asleep(ruled(units, cap(5_000.0))) == {"b", "c", "d"}
    assert asleep(ruled(units, cap(1_000.0))) == {"a", "b", "c", "d"}


def test_a_small_miner_does_not_run_in_the_place_of_a_better_one() -> None:
    units = [
        miner("a", efficiency=20.0),
        miner("b", efficiency=30.0),
        miner("c", full=1300.0, efficiency=94.0),
    ]
    assert asleep(ruled(units, cap(4_500.0))) == {"b", "c"}


def test_of_equals_the_last_by_name_sleeps() -> None:
    assert asleep(ruled([miner("c"), miner("a"), miner("b")], cap(6_100.0))) == {"c"}


def test_of_equals_who_sleeps_stays_asleep() -> None:
    units = [miner("a", asleep=True, efficiency=30.0), miner("b", efficiency=30.5)]
    assert asleep(ruled(units, cap(3_100.0))) == {"a"}
    units = [miner("a", asleep=True, efficiency=30.0), miner("b", efficiency=31.0)]
    assert asleep(ruled(units, cap(3_100.0))) == {"b"}


def test_a_hungrier_equal_is_kept_on_only_where_there_is_room() -> None:
    units = [miner("a", asleep=True), miner("b", full=3050.0, efficiency=30.1)]
    assert asleep(ruled(units, cap(3_100.0))) == {"a"}
    assert asleep(ruled(units, cap(3_060.0))) == {"b"}


def test_the_room_for_hungrier_equals_is_given_away_once() -> None:
    units = [
        miner(name, full=full, rest=0.0, asleep=full == 3000.0)
        for name, full in (("a", 3000.0), ("b", 3040.0), ("c", 3000.0), ("d", 3040.0))
    ]
    racks = cap(3_100.0, "a", "b", key="rack 1"), cap(3_100.0, "c", "d", key="rack 2")
    assert asleep(ruled(units, *racks)) == {"a", "c"}
    assert asleep(ruled(units, *racks, cap(6_050.0))) == {"a", "d"}


def test_what_sleepers_draw_counts() -> None:
    units = [miner("a"), miner("b", efficiency=40.0), miner("c", efficiency=50.0)]
    assert asleep(ruled(units, cap(6_050.0))) == {"c"}
    assert asleep(ruled(units, cap(6_049.0))) == {"b", "c"}


def test_power_targets_are_lowered_before_any_sleeps_the_least_efficient_first() -> None:
    units = [
        miner("a", least=2000.0, efficiency=20.0),
        miner("b", least=2000.0, efficiency=30.0),
    ]
    assert targets(units, 6_000.0) == {"a": None, "b": None}
    assert targets(units, 5_500.5) == {"a": None, "b": 2500.0}
    assert targets(units, 4_500.0) == {"a": 2500.0, "b": 2000.0}
    assert targets(units, 4_000.0) == {"a": 2000.0, "b": 2000.0}
    assert targets(units, 3_999.0) == {"a": None}
    assert targets(units, 2_500.0) == {"a": 2450.0}


def test_one_of_whom_much_is_left_goes_before_a_worse_one_of_whom_little_is() -> None:
    units = [
        miner("a", full=3500.0, least=2000.0, efficiency=28.0),
        miner("b", least=2000.0, efficiency=35.0),
    ]
    assert targets(units, 5_200.0) == {"a": 3200.0, "b": 2000.0}


def test_a_lowered_power_target_says_for_which_cap() -> None:
    ruling = ruled([miner("a", least=2000.0)], cap(2_500.0, since=NOW - HOUR))
    verdict = ruling.verdicts["a"]
    assert verdict.because[0].startswith("budget site since ")
    assert verdict.asked_by == ("budget",)
    assert (verdict.mode, verdict.power_target, ruling.expected) == (Mode.ACTIVE, 2500.0, 2500.0)


def test_a_wished_power_target_is_what_is_drawn_and_is_lowered_only() -> None:
    wish = Wish("plan eco", "plan eco", power_target=2400.0)
    unit = miner("a", least=2000.0)
    assert ruled([unit], wish, cap(2_500.0)).verdicts["a"].power_target == 2400.0
    assert ruled([unit], wish, cap(2_100.0)).verdicts["a"].power_target == 2100.0
    low = Wish("plan low", "plan low", power_target=100.0)
    assert ruled([unit], low).verdicts["a"].power_target == 2000.0
    assert ruled([unit], low).expected == 2000.0


def test_a_rack_takes_away_first_and_its_site_what_is_still_too_much() -> None:
    units = [miner(name, efficiency=20.0 + place) for place, name in enumerate("abcd")]
    rack = cap(3_100.0, "a", "b", key="rack")
    site = cap(6_200.0, key="site")
    ruling = ruled(units, site, rack)
    assert asleep(ruling) == {"b", "d"}
    assert ruling.verdicts["b"].asked_by == ("rack",)
    assert ruling.verdicts["d"].asked_by == ("site",)
    assert ruling.shortfalls == ()


def test_the_tightest_of_two_caps_holds() -> None:
    units = [miner(name) for name in "abc"]
    tight, wide = cap(3_200.0, key="tight"), cap(6_200.0, key="wide")
    assert asleep(ruled(units, tight, wide)) == asleep(ruled(units, wide, tight)) == {"b", "c"}


def test_those_who_sleep_for_a_price_leave_room_below_a_cap() -> None:
    units = [miner(name) for name in "abc"]
    dear = cap(0.0, "a", key="dear")
    assert asleep(ruled(units, dear, cap(6_100.0))) == {"a"}


def test_a_farm_that_is_woken_in_steps_of_a_rising_cap_changes_each_miner_once() -> None:
    units = [miner(f"m{place}", asleep=True, efficiency=20.0 + place) for place in range(6)]
    woken = []
    for watts in range(0, 20_000, 500):
        down = asleep(ruled(units, cap(float(watts)), bounds=FREE))
        woken.append(6 - len(down))
        units = [miner(one.id, asleep=one.id in down, efficiency=one.efficiency) for one in units]
    assert woken == sorted(woken)
    assert woken[-1] == 6
