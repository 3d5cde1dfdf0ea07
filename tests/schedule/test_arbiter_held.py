"""Whatever a farm is and whatever is asked of it: what the arbiter rules holds."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.schedule.arbiter import FOUND_ASLEEP
from mother.schedule.filling import NEAR
from mother.schedule.values import Bounds, Limit, Unit
from tests.schedule.ruled import DAY, JOULES, NOW, WATTS, Case, asleep, cap, case, miner, ruled

MANY = settings(max_examples=150, deadline=None)
FREE = Bounds(0.0, 0.0, 0)
TOLERATED = 0.1
"""W: sums are of whole milliwatts."""


def within(unit: Unit, limit: Limit) -> bool:
    return limit.ids is None or unit.id in limit.ids


@MANY
@given(one=case(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(one: Case, order: Random) -> None:
    units, limits = list(one.units), list(one.limits)
    order.shuffle(units)
    order.shuffle(limits)
    assert Case(tuple(units), one.wishes, tuple(limits), one.bounds).ruling() == one.ruling()


@MANY
@given(one=case(tree=True))
def test_a_ruling_that_is_carried_out_asks_for_nothing_further(one: Case) -> None:
    once = one.carried_out()
    assert once.carried_out().state() == once.state()
    assert abs(once.ruling().expected - one.ruling().expected) < TOLERATED


@MANY
@given(one=case(starts=False, targets=False))
def test_the_same_holds_where_limits_cut_across_one_another(one: Case) -> None:
    once = one.carried_out()
    assert once.carried_out().state() == once.state()


@MANY
@given(one=case())
def test_a_cap_is_kept_or_told_with_what_stands_in_the_way(one: Case) -> None:
    ruling, after = one.ruling(), one.carried_out()
    short = {each.key: each for each in ruling.shortfalls}
    for limit in one.limits:
        if limit.cap is None:
            continue
        members = [each for each in after.units if within(each, limit)]
        over = sum(each.draws for each in members) - limit.cap
        told = short[limit.key].over if limit.key in short else 0.0
        assert over <= told + TOLERATED
        if told == 0.0:
            continue
        assert short[limit.key].why
        for unit in members:  # whoever could draw less does
            fixed = unit.held or unit.away or (unit.asleep and not unit.ours)
            minimum = not (limit.emergency or limit.planned) and unit.since is not None
            young = minimum and NOW - (unit.since or 0.0) < one.bounds.min_on
            if not (fixed or unit.asleep or young or not unit.sleeps):
                assert unit.full == unit.rest


@MANY
@given(one=case())
def test_what_is_held_or_was_found_asleep_is_left_alone(one: Case) -> None:
    for unit in one.units:
        verdict = one.ruling().verdicts[unit.id]
        if unit.held:
            assert (verdict.mode, verdict.skipped) == (None, unit.held)
        elif unit.asleep and not unit.ours:
            assert (verdict.mode, verdict.skipped) == (None, FOUND_ASLEEP)


@MANY
@given(one=case())
def test_what_no_cap_lets_run_never_runs_and_is_never_woken(one: Case) -> None:
    verdicts = one.ruling().verdicts
    for limit in one.limits:
        for unit in one.units:
            if limit.cap is None and within(unit, limit):
                verdict = verdicts[unit.id]
                assert verdict.mode is Mode.SLEEP or not unit.asleep or not unit.ours or unit.held
                assert verdict.mode is not Mode.ACTIVE or verdict.power_target is not None


@MANY
@given(one=case())
def test_minimum_times_and_starts_a_day_are_kept(one: Case) -> None:
    verdicts = one.ruling().verdicts
    asleep_by_wish = one.asleep_by_wish()
    for unit in one.units:
        mode, passed = verdicts[unit.id].mode, NOW - (unit.since or 0.0)
        over = [each for each in one.limits if within(unit, each)]
        freely = any(each.emergency or each.planned for each in over) or unit.id in asleep_by_wish
        if not unit.asleep and passed < one.bounds.min_on and not freely:
            assert mode is not Mode.SLEEP
        if unit.asleep and passed < one.bounds.min_off and not unit.planned:
            assert mode is not Mode.ACTIVE
        lately = sum(at > NOW - DAY for at in unit.starts)
        if unit.asleep and 0 < one.bounds.starts_a_day <= lately:
            assert mode is not Mode.ACTIVE


@MANY
@given(one=case())
def test_power_targets_are_no_lower_than_a_device_takes_and_no_higher_than_wished(
    one: Case,
) -> None:
    for unit in one.units:
        target = one.ruling().verdicts[unit.id].power_target
        if target is not None and unit.full:
            assert unit.least is not None
            assert unit.least - 0.001 <= target <= unit.full


@MANY
@given(one=case())
def test_every_sleeper_says_why(one: Case) -> None:
    for verdict in one.ruling().verdicts.values():
        assert verdict.because or verdict.mode is not Mode.SLEEP
        assert bool(verdict.skipped) == (verdict.mode is None)


FARM = st.lists(st.tuples(WATTS, JOULES, st.booleans()), min_size=1, max_size=14).map(
    lambda rows: [
        miner(f"m{place:02}", full=full, rest=0.0, efficiency=joules, asleep=asleep)
        for place, (full, joules, asleep) in enumerate(rows)
    ]
)


@MANY
@given(units=FARM, share=st.floats(0.0, 1.0))
def test_none_runs_that_is_less_efficient_than_one_that_sleeps(
    units: list[Unit], share: float
) -> None:
    down = asleep(ruled(units, cap(share * sum(one.full for one in units)), bounds=FREE))
    efficiency = {one.id: one.efficiency or 1e9 for one in units}
    best = min((efficiency[each] for each in down), default=1e9)
    assert all(efficiency[one.id] <= best * NEAR for one in units if one.id not in down)


@MANY
@given(units=FARM, low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0))
def test_a_higher_cap_puts_none_to_sleep_that_a_lower_one_lets_run(
    units: list[Unit], low: float, high: float
) -> None:
    low, high = sorted((low, high))
    full = sum(one.full for one in units)
    units = [replace(one, asleep=False, ours=False) for one in units]
    lower = asleep(ruled(units, cap(low * full), bounds=FREE))
    assert asleep(ruled(units, cap(high * full), bounds=FREE)) <= lower


@MANY
@given(
    noise=st.lists(st.lists(st.floats(0.991, 1.009), min_size=8, max_size=8), max_size=6),
    kilowatts=st.integers(0, 25),
    least=st.sampled_from([None, 1800.0]),
)
def test_equals_do_not_take_turns_where_their_efficiency_is_told_anew_each_time(
    noise: list[list[float]], kilowatts: int, least: float | None
) -> None:
    units = tuple(miner(f"m{place}", rest=0.0, least=least) for place in range(8))
    one = Case(units, (), (cap(kilowatts * 1000.0),), FREE).carried_out()
    for row in noise:
        told = [
            replace(unit, efficiency=30.0 * factor)
            for unit, factor in zip(one.units, row, strict=True)
        ]
        after = Case(tuple(told), (), one.limits, FREE).carried_out()
        assert [(unit.asleep, unit.draws) for unit in after.units] == [
            (unit.asleep, unit.draws) for unit in one.units
        ]
