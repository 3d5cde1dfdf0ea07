"""Power targets that differ by little are not written, but where a cap is exceeded without them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.schedule.values import Bounds, Limit, Ruling, Unit, Verdict, Wish
from tests.schedule.ruled import cap, miner, ruled

BAND = Bounds(dead_band=0.05)


def limited(name: str, target: float | None, **said: float | None) -> Unit:
    """A miner that could draw 3 kW, and does what its power target lets it."""
    draws = 3000.0 if target is None else min(3000.0, target)
    return replace(miner(name, least=1800.0, **said), target=target, draws=draws)


def ruling(units: list[Unit], *asked: Wish | Limit) -> Ruling:
    return ruled(units, *asked, bounds=BAND)


def aim_of(unit: Unit, verdict: Verdict) -> float | None:
    """What its power target shall be: what it was at first, where nothing wishes another."""
    usual = None if unit.target is None else unit.full
    return usual if verdict.power_target is None else verdict.power_target


def written(unit: Unit, verdict: Verdict) -> bool:
    """Whether the dispatcher writes its power target."""
    aim, has = aim_of(unit, verdict), unit.target
    if aim is None or has is None:
        return aim is not None
    return aim != has if verdict.firm else abs(aim - has) > BAND.dead_band * has


def carried_out(unit: Unit, verdict: Verdict) -> Unit:
    aim = aim_of(unit, verdict)
    if aim is None or not written(unit, verdict):
        return unit
    return replace(unit, target=aim, draws=min(3000.0, aim))


def test_a_small_lowering_is_written_where_the_cap_is_exceeded_without_it() -> None:
    unit = limited("a", 2500.0)
    verdict = ruling([unit], cap(2450.0)).verdicts["a"]
    assert verdict.firm
    assert verdict.power_target is not None
    assert 2380.0 <= verdict.power_target <= 2450.0
    assert written(unit, verdict)


def test_noise_is_not_written_after_it() -> None:
    unit = limited("a", 2500.0)
    unit = carried_out(unit, ruling([unit], cap(2450.0)).verdicts["a"])
    for watts in (2450.0, 2430.0, 2460.0, 2400.0, 2480.0, 2410.0):
        told = ruling([unit], cap(watts))
        assert not written(unit, told.verdicts["a"])
        assert told.expected == unit.draws


def test_a_small_difference_is_left_where_the_cap_is_kept_all_the_same() -> None:
    unit = limited("a", 2500.0)
    told = ruling([unit], cap(2550.0))
    assert told.verdicts["a"] == replace(told.verdicts["a"], power_target=2500.0, firm=False)
    assert told.expected == 2500.0
    spare = [limited("a", 2500.0, efficiency=20.0), limited("b", 1800.0, efficiency=40.0)]
    assert not any(one.firm for one in ruling(spare, cap(4300.0)).verdicts.values())


def test_few_miners_are_written_for_a_cap_that_is_exceeded_by_little() -> None:
    units = [limited(f"m{place:02}", 2000.0, efficiency=20.0 + place) for place in range(10)]
    wish = Wish("plan eco", "plan eco", power_target=1950.0)
    verdicts = ruling(units, wish, cap(19_920.0)).verdicts
    assert sum(one.firm for one in verdicts.values()) == 2


def test_a_wished_power_target_within_the_dead_band_is_written_for_a_cap_alone() -> None:
    unit, wish = limited("a", 2500.0), Wish("plan eco", "plan eco", power_target=2400.0)
    assert not ruling([unit], wish).verdicts["a"].firm
    assert ruling([unit], wish).expected == 2500.0
    verdict = ruling([unit], wish, cap(2450.0)).verdicts["a"]
    assert (verdict.firm, verdict.power_target) == (True, 2400.0)


def test_the_lowest_power_target_is_written_and_not_gone_below() -> None:
    verdict = ruling([limited("a", 1820.0)], cap(1810.0)).verdicts["a"]
    assert (verdict.firm, verdict.power_target) == (True, 1800.0)


def test_a_power_target_that_was_rounded_to_watts_is_not_written_again() -> None:
    unit = replace(limited("a", 1801.0), least=1800.4)
    assert not ruling([unit], cap(1800.5)).verdicts["a"].firm


def test_a_power_target_above_what_it_draws_is_no_draw() -> None:
    roomy = limited("a", 3100.0)
    assert ruling([roomy], cap(2990.0)).verdicts["a"].firm
    assert not ruling([roomy], cap(3000.0)).verdicts["a"].firm


TARGETS = st.none() | st.floats(1800.0, 3400.0)


@settings(max_examples=300, deadline=None)
@given(
    targets=st.lists(TARGETS, min_size=1, max_size=8),
    share=st.floats(0.61, 1.0),
    rack=st.none() | st.floats(0.61, 1.0),
    wish=st.none() | st.floats(1500.0, 3000.0),
)
def test_caps_are_kept_whatever_is_within_the_dead_band(
    targets: list[float | None],
    share: float,
    rack: float | None,
    wish: float | None,
) -> None:
    units = [limited(f"m{place}", target) for place, target in enumerate(targets)]
    asked: list[Wish | Limit] = [cap(share * 3000.0 * len(units))]
    half = units[: (len(units) + 1) // 2]
    if rack is not None:
        ids = [one.id for one in half]
        asked.append(cap(rack * 3000.0 * len(half), *ids, key="rack"))
    if wish is not None:
        asked.append(Wish("plan eco", "plan eco", power_target=wish))
    for step in range(3):
        told = ruling(units, *asked)
        changed = [written(one, told.verdicts[one.id]) for one in units]
        assert step < 2 or not any(changed)
        units = [carried_out(one, told.verdicts[one.id]) for one in units]
        if any(one.mode is not Mode.ACTIVE for one in told.verdicts.values()):
            return
        for limit in [one for one in asked if isinstance(one, Limit) and one.cap is not None]:
            mine = [one for one in units if limit.ids is None or one.id in limit.ids]
            draws = sum(one.draws for one in mine)
            assert limit.cap is not None
            assert draws <= limit.cap + len(mine)
        assert sum(one.draws for one in units) <= told.expected + 1.0
