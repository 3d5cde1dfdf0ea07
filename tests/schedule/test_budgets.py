"""Budgets: fixed ones, those by a signal, and the sun's surplus."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.schedule import Budget
from mother.config.subject import Reach
from mother.schedule.budgets import RAISE, SLOTS, Asked, Past, Told, limits
from mother.schedule.values import Ids

ALL: Ids = frozenset({"a", "b"})
SUN = Budget("sun", signal="surplus", surplus=True)


class Site:
    """What is said and drawn; a few rounds of it."""

    def __init__(self, *budgets: Budget) -> None:
        self.budgets = budgets
        self.words: dict[str, Told] = {}
        self.silent: dict[str, str] = {}
        self.draws = 6000.0
        self.unread = False
        self.past: dict[str, Past] = {}

    def _drawn(self, _: Ids) -> float | None:
        return None if self.unread else self.draws

    def says(self, value: float, at: float) -> None:
        self.words["surplus"] = Told(value, at)

    def caps(self, now: float) -> list[float | None]:
        asked = Asked(self.words.get, self.silent.get, self._drawn, members)
        found, self.past = limits(self.budgets, self.past, asked, now)
        return [one.cap for one in found]


def members(reach: Reach) -> Ids:
    return ALL


def test_a_fixed_cap_less_what_is_kept_free_holds_at_once() -> None:
    assert Site(Budget("hall", cap=5e5, reserve=1e4)).caps(0.0) == [4.9e5]


def test_a_signal_may_say_the_cap_itself() -> None:
    site = Site(Budget("grid", signal="surplus"))
    assert site.caps(0.0) == []
    site.says(40e3, 10.0)
    assert site.caps(10.0) == [40e3]
    site.says(60e3, 20.0)
    assert site.caps(20.0) == [60e3]


def test_of_a_fixed_cap_and_a_signal_the_lower_one_holds() -> None:
    site = Site(Budget("grid", cap=50e3, signal="surplus"))
    assert site.caps(0.0) == [50e3]
    site.says(60e3, 1.0)
    assert site.caps(1.0) == [50e3]
    site.says(-5.0, 2.0)
    assert site.caps(2.0) == [0.0]


def test_a_deficit_takes_away_at_once_and_only_once() -> None:
    site = Site(SUN)
    site.says(-3000.0, 0.0)
    assert site.caps(0.0) == [3000.0]
    site.draws = 3000.0  # they have gone to sleep, and the meter has not said so yet
    assert site.caps(15.0) == [3000.0]


def test_a_surplus_must_last_before_more_is_drawn() -> None:
    site = Site(SUN)
    for now in range(0, int(RAISE), 60):
        site.says(3000.0, float(now))
        assert site.caps(float(now)) == [6000.0]
    site.says(3000.0, RAISE)
    assert site.caps(RAISE) == [9000.0]


def test_a_cloud_begins_the_wait_anew() -> None:
    site = Site(SUN)
    for now in range(0, 2400, 60):
        site.says(-1000.0 if now == 600 else 3000.0, float(now))
        (cap,) = site.caps(float(now))
        assert cap is not None
        if 600 <= now < 600 + RAISE:
            assert cap == 5000.0
    assert cap == 9000.0


@pytest.mark.parametrize(("then", "caps"), [("curtail", [0.0]), ("run", [])])
def test_a_silent_signal_does_what_the_operator_chose(then: str, caps: list[float]) -> None:
    site = Site(SUN)
    site.says(3000.0, 0.0)
    site.caps(0.0)
    site.silent["surplus"] = then
    assert site.caps(5000.0) == caps


def test_a_clock_set_back_forgets_what_lies_ahead() -> None:
    site = Site(SUN)
    site.says(-5000.0, 1e6)
    assert site.caps(1e6) == [1000.0]
    site.says(500.0, 10.0)
    assert site.caps(10.0) == [6000.0]


@given(st.lists(st.tuples(st.floats(0.1, 400.0), st.floats(-1e4, 1e4)), max_size=80))
def test_the_cap_is_the_lowest_of_late_whatever_comes(steps: list[tuple[float, float]]) -> None:
    site, now = Site(SUN), 0.0
    site.says(0.0, now)
    site.caps(now)
    said = [(now, site.draws)]
    for wait, value in steps:
        now += wait
        site.says(value, now)
        (cap,) = site.caps(now)
        said.append((now, site.draws + value))
        late = [one for at, one in said if now - at < RAISE - RAISE / SLOTS]
        every = [one for at, one in said if now - at < RAISE]
        assert cap is not None
        assert max(0.0, min(every)) <= cap <= max(0.0, min(late))
        assert len(site.past["sun"].caps) <= SLOTS


def test_what_is_kept_of_a_budget_outlives_the_process_before_its_signal_spoke_too() -> None:
    for budget in (Budget("fuse", cap=250e3), SUN):
        site = Site(budget)
        site.caps(0.0)
        kept = msgspec.json.encode(site.past)
        assert msgspec.json.decode(kept, type=dict[str, Past]) == site.past


def test_a_surplus_counts_only_once_it_is_known_what_miners_draw() -> None:
    site = Site(SUN)
    site.unread = True  # the daemon starts, and its signal answers before its miners do
    site.says(20e3, 0.0)
    assert site.caps(0.0) == []
    site.unread, site.draws = False, 28e3
    assert site.caps(1.0) == [28e3]
