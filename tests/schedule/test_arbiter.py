"""The arbiter: wishes, limits, minimum times, and what is told of each device."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.core.units import moment
from mother.schedule.arbiter import rule
from mother.schedule.values import Bounds, Limit, Shortfall, Unit, Verdict, Wish
from tests.schedule.ruled import (
    BOUNDS,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    asleep,
    cap,
    miner,
    price,
    ruled,
    sleep,
)

SLEEPER = miner("a", asleep=True)


def at(when: float) -> str:
    return moment(when, NOW)


def one(unit: Unit, *asked: Wish | Limit, bounds: Bounds = BOUNDS) -> Verdict:
    return ruled([unit], *asked, bounds=bounds).verdicts[unit.id]


def test_what_nothing_is_said_of_runs_as_it_does() -> None:
    assert one(miner("a")) == Verdict(Mode.ACTIVE)
    assert one(miner("a", asleep=None)) == Verdict(Mode.ACTIVE)
    assert ruled([miner("a"), miner("b")]).expected == 6000.0


def test_a_sleeper_of_ours_is_woken_once_nothing_holds_it() -> None:
    assert one(SLEEPER) == Verdict(Mode.ACTIVE)


def test_a_miner_that_was_found_asleep_stays_so_whatever_is_wished() -> None:
    found = replace(SLEEPER, ours=False)
    wish = Wish("plan day", "plan day", mode=Mode.ACTIVE, by_hand=True)
    for asked in ((), (wish,), (sleep(),), (price(),)):
        assert one(found, *asked) == Verdict(None, skipped="somebody else put it to sleep")


def test_what_is_held_is_left_alone_and_what_it_draws_counts() -> None:
    held = miner("a", held="held by ann: a new fan")
    emergency = price(emergency=True)
    assert one(held, emergency, sleep()) == Verdict(None, skipped="held by ann: a new fan")
    assert asleep(ruled([held, miner("b"), miner("c")], cap(7000.0))) == {"c"}


def test_the_highest_priority_wins_field_by_field() -> None:
    plans = (
        Wish("plan low", "plan low", profile="underclock", power_target=2500.0),
        Wish("plan high", "plan high", priority=5, profile="overclock"),
        Wish("plan other", "plan other", frozenset({"b"}), priority=9, profile="normal"),
    )
    verdict = one(miner("a", least=1500.0), *plans)
    assert (verdict.profile, verdict.power_target) == ("overclock", 2500.0)
    assert verdict.because == ("plan high: overclock", "plan low: 2.50\u2009kW")
    assert verdict.asked_by == ("plan high", "plan low")
    assert one(miner("b"), *plans).profile == "normal"


def test_of_equal_priorities_the_first_wins() -> None:
    first, second = (Wish(f"plan {name}", name, profile=name) for name in ("one", "two"))
    assert one(miner("a"), first, second).profile == "one"


def test_a_plan_puts_to_sleep_and_a_stronger_one_keeps_on() -> None:
    verdict = one(miner("a"), sleep())
    assert (verdict.mode, verdict.because) == (Mode.SLEEP, ("plan night until 06:00",))
    assert (verdict.asked_by, verdict.planned) == (("plan night",), True)
    on = Wish("plan on", "plan on", priority=1, mode=Mode.ACTIVE)
    assert one(miner("a"), sleep(), on).mode is Mode.ACTIVE
    assert one(miner("a"), sleep(), on, price()).mode is Mode.SLEEP


def test_it_sleeps_until_all_that_held_it_are_clear() -> None:
    limits = (price(), Limit("order x", "curtailed by ann", planned=True))
    assert one(SLEEPER, *limits).mode is Mode.SLEEP
    assert one(SLEEPER, limits[0]).mode is Mode.SLEEP
    assert one(SLEEPER, limits[1]).mode is Mode.SLEEP
    assert one(SLEEPER).mode is Mode.ACTIVE


def test_a_sleeper_says_why_the_strongest_first() -> None:
    since = NOW - 5 * MINUTE
    verdict = one(
        replace(SLEEPER, since=since),
        sleep(),
        price(since=since),
        Limit("order x", "curtailed by ann: grid", since=NOW, until=NOW + HOUR, emergency=True),
    )
    assert verdict.because == (
        f"curtailed by ann: grid since {at(NOW)} until {at(NOW + HOUR)}",
        f"price 112 > 80 since {at(since)}",
        "plan night until 06:00",
        f"minimum off until {at(since + 15 * MINUTE)}",
    )
    assert verdict.asked_by == ("order x", "rule dear", "plan night")


def test_times_are_told_in_the_zone_of_the_farm() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    told = [
        rule([miner("a")], (), [price(since=NOW)], BOUNDS, NOW, zone).verdicts["a"].because
        for zone in (UTC, east)
    ]
    assert told == [(f"price 112 > 80 since {moment(NOW, NOW, zone)}",) for zone in (UTC, east)]
    assert told[0] != told[1]


def test_an_order_tells_its_own_times() -> None:
    order = Limit("o1", "curtailed by ann until 16:30", since=NOW, until=NOW + 9, planned=True)
    assert one(miner("a"), order).because == ("curtailed by ann until 16:30",)


def test_who_woke_lately_stays_awake_but_for_plans_orders_and_emergencies() -> None:
    young = miner("a", since=NOW - 10 * MINUTE)
    verdict = one(young, price())
    assert verdict.mode is None
    assert verdict.skipped == f"minimum on until {at(NOW + 20 * MINUTE)}"
    assert one(young, price(planned=True)).mode is Mode.SLEEP
    assert one(young, price(emergency=True)).at_once
    assert one(young, sleep()).mode is Mode.SLEEP
    assert one(replace(young, since=NOW - 30 * MINUTE), price()).mode is Mode.SLEEP


def test_others_sleep_for_a_cap_in_place_of_who_woke_lately() -> None:
    units = [miner("a", efficiency=90.0, since=NOW - MINUTE), miner("b"), miner("c")]
    ruling = ruled(units, cap(6100.0))
    assert asleep(ruling) == {"c"}
    assert ruling.verdicts["a"].skipped.startswith("minimum on until")
    assert asleep(ruled(units, cap(6100.0, emergency=True))) == {"a"}
    assert ruled(units, cap(1000.0)).shortfalls == (
        Shortfall("budget", 2100.0, {"minimum on": 1, "drawn asleep": 2}),
    )


def test_who_was_put_to_sleep_lately_stays_so_but_after_plans_and_by_hand() -> None:
    late = replace(SLEEPER, since=NOW - 5 * MINUTE)
    verdict = one(late)
    assert verdict.mode is Mode.SLEEP
    assert verdict.because == (f"minimum off until {at(NOW + 10 * MINUTE)}",)
    assert one(replace(late, planned=True)).mode is Mode.ACTIVE
    assert one(replace(late, since=NOW - 15 * MINUTE)).mode is Mode.ACTIVE
    wake = Wish("order x", "resumed by ann", mode=Mode.ACTIVE)
    assert one(late, wake).mode is Mode.SLEEP
    assert one(late, replace(wake, by_hand=True)).mode is Mode.ACTIVE


@pytest.mark.parametrize(
    ("limit", "planned"),
    [
        (price(), False),
        (price(planned=True), True),
        (price(emergency=True), True),
    ],
)
def test_minimum_off_counts_after_all_but_plans_orders_and_emergencies(
    limit: Limit, planned: bool
) -> None:
    assert one(miner("a"), limit).planned is planned
    assert one(miner("a"), limit, sleep()).planned is planned


def test_a_miner_is_started_so_often_in_a_day_but_by_hand() -> None:
    starts = tuple(NOW - hours * HOUR for hours in (30, 20, 5, 4, 3, 2))
    assert one(replace(SLEEPER, starts=starts)).mode is Mode.ACTIVE
    often = replace(SLEEPER, starts=(*starts, NOW - HOUR))
    verdict = one(often)
    assert verdict.mode is Mode.SLEEP
    assert verdict.because == (f"started 6 times in a day: next at {at(NOW + 4 * HOUR)}",)
    assert one(often, bounds=Bounds(starts_a_day=0)).mode is Mode.ACTIVE
    wake = Wish("order x", "resumed by ann", mode=Mode.ACTIVE, by_hand=True)
    assert one(often, wake).mode is Mode.ACTIVE
    assert one(replace(often, asleep=False), price()).mode is Mode.SLEEP
    assert NOW + 4 * HOUR == NOW - 20 * HOUR + DAY


def test_what_was_started_too_often_leaves_its_place_to_the_next() -> None:
    starts = tuple(NOW - hour * HOUR for hour in range(1, 7))
    units = [miner("a", asleep=True, starts=starts, efficiency=20.0), miner("b"), miner("c")]
    assert asleep(ruled(units, cap(6200.0))) == {"a"}


def test_what_may_not_be_woken_yet_keeps_its_place_unless_another_runs_in_it() -> None:
    late = miner("a", asleep=True, since=NOW - MINUTE, efficiency=20.0)
    off, on = miner("b", asleep=True), miner("b")
    assert asleep(ruled([late, off], cap(3200.0))) == {"a", "b"}
    assert asleep(ruled([late, on], cap(3200.0))) == {"a"}
    assert asleep(ruled([replace(late, since=NOW - HOUR), on], cap(3200.0))) == {"b"}


def test_what_cannot_sleep_is_refused_told_and_counted() -> None:
    stuck = miner("a", sleeps=False)
    for asked in (sleep(), price()):
        assert one(stuck, asked) == Verdict(
            None, because=("its family cannot sleep",), skipped="its family cannot sleep"
        )
    ruling = ruled([stuck, miner("b")], cap(1000.0))
    assert asleep(ruling) == {"b"}
    assert ruling.shortfalls == (
        Shortfall("budget", 2050.0, {"its family cannot sleep": 1, "drawn asleep": 1}),
    )
    lowered = one(replace(stuck, least=2000.0), cap(1000.0))
    assert (lowered.mode, lowered.power_target) == (Mode.ACTIVE, 2000.0)


def test_what_refused_to_sleep_is_told_by_its_firmware() -> None:
    old = miner("a", sleeps=False, refuses=True)
    assert one(old, sleep()).skipped == "its firmware cannot sleep"
    ruling = ruled([old, miner("b", sleeps=False), miner("c")], cap(1000.0))
    assert asleep(ruling) == {"c"}
    assert ruling.shortfalls[0].why == {
        "its family cannot sleep": 1,
        "its firmware cannot sleep": 1,
        "drawn asleep": 1,
    }


def test_what_does_not_answer_is_decided_but_counts_as_what_it_draws() -> None:
    gone = miner("a", away=True, draws=2900.0)
    ruling = ruled([gone, miner("b")], cap(3000.0))
    assert asleep(ruling) == {"a", "b"}
    assert ruling.expected == 2950.0
    assert ruled([gone], price()).shortfalls == (
        Shortfall("rule dear", 2900.0, {"does not answer": 1}),
    )


def test_what_nobody_knows_the_draw_of_sleeps_first_and_is_told() -> None:
    dim = miner("a", full=0.0, efficiency=10.0)
    assert asleep(ruled([dim, miner("b")], cap(5000.0))) == {"a"}
    ruling = ruled([dim, miner("b")], cap(6000.0))
    assert asleep(ruling) == set()
    assert ruling.shortfalls == (Shortfall("budget", 0.0, {"power not known": 1}),)
    assert ruled([dim], cap(0.0)).shortfalls == (Shortfall("budget", 50.0, {"drawn asleep": 1}),)
    held = replace(dim, held="held by ann")
    assert ruled([held], cap(10.0)).shortfalls[0].why == {"power not known": 1}


@pytest.mark.parametrize("watts", [-5.0, 0.0, float("nan"), float("-inf")])
def test_a_cap_below_zero_or_no_number_lets_nothing_run(watts: float) -> None:
    ruling = ruled([miner("a", rest=0.0)], cap(watts))
    assert asleep(ruling) == {"a"}
    assert ruling.shortfalls == ()


def test_an_endless_cap_is_none() -> None:
    assert one(miner("a"), cap(float("inf"))) == Verdict(Mode.ACTIVE)


@pytest.mark.parametrize("odd", [float("nan"), -3000.0, float("inf")])
def test_numbers_that_are_none_do_no_harm(odd: float) -> None:
    unit = Unit("a", draws=odd, full=odd, rest=odd, least=odd, target=odd, efficiency=odd)
    ruling = ruled([unit, miner("b"), miner("c")], cap(6500.0))
    assert asleep(ruling) == {"a"}
    assert ruling.expected == 6000.0


def test_an_emergency_takes_at_once_where_more_is_drawn_now() -> None:
    units = [miner("a", efficiency=90.0), miner("b")]
    ruling = ruled(units, cap(3500.0, emergency=True))
    assert ruling.verdicts["a"].at_once
    assert not ruling.verdicts["b"].at_once
    assert not ruled(units, cap(3500.0)).verdicts["a"].at_once
    units = [miner("a", efficiency=90.0, asleep=True), miner("b")]
    assert not ruled(units, cap(3500.0, emergency=True)).verdicts["a"].at_once


def test_members_that_are_unknown_are_nobody() -> None:
    assert asleep(ruled([miner("a")], price(ids=frozenset({"x", "a"})))) == {"a"}
    assert asleep(ruled([miner("a")], cap(0.0, "x"), sleep("y"))) == set()
    assert ruled([], price(), cap(1.0)).verdicts == {}
