"""A rule binds after so many windows, lets go after so many, and strikes at once where it must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from mother.config.schedule import Rule
from mother.config.subject import Reach
from mother.schedule.reading_signals import Said
from mother.schedule.thresholds import Threshold, limits
from mother.schedule.values import Ids, Limit

BEGIN = 1_773_180_000.0  # the beginning of a window


class Source:
    """What one signal says; None: nothing."""

    def __init__(self) -> None:
        self.value: float | None = None
        self.silent: str | None = None

    def said(self, name: str) -> Said | None:
        assert name == "price"
        return None if self.value is None else Said(self.value, 0.0, "EUR/MWh")

    def fallback(self, name: str, now: float) -> str | None:
        return self.silent


class Farm:
    """One rule, asked every 15 s."""

    every = 15.0

    def __init__(self, **rule: Any) -> None:
        wanted = {"threshold": 80.0, "release": 60.0, "windows": 2, "release_windows": 4, **rule}
        self.rule = Rule(name="dear", signal="price", **wanted)
        self.source = Source()
        self.states: Mapping[str, Threshold] = {}
        self.now = BEGIN
        self.bound: tuple[Limit, ...] = ()

    def ask(self) -> bool:
        self.bound, self.states = limits(
            [self.rule], self.source, self.states, self.now, self._members, self.every
        )
        return bool(self.bound)

    def live(self, minutes: float, value: float | None) -> bool:
        """The signal says so for so long, from now on."""
        self.source.value = value
        end = self.now + minutes * 60
        while self.now < end:
            bound = self.ask()
            self.now += self.every
        return bound

    def restart(self) -> None:
        kept = msgspec.json.encode(self.states)
        self.states = msgspec.json.decode(kept, type=dict[str, Threshold])

    def _members(self, reach: Reach) -> Ids:
        return frozenset(reach.groups)


def test_it_binds_after_two_windows_in_a_row_and_no_earlier() -> None:
    farm = Farm()
    assert not farm.live(10, 112)
    assert farm.live(0.25, 112)
    assert farm.bound == (Limit("rule dear", "price 112 > 80 EUR/MWh", None, None, BEGIN + 600),)


def test_it_lets_go_after_four_windows_in_a_row_below_the_release() -> None:
    farm = Farm()
    farm.live(10.25, 112)
    assert farm.live(19.75, 50)
    assert not farm.live(0.25, 50)


def test_between_release_and_threshold_all_stays_as_it_is() -> None:
    farm = Farm()
    assert not farm.live(60, 70)
    farm.live(15, 112)
    assert farm.live(120, 70)
    assert farm.bound[0].reason == "price 70 EUR/MWh, not yet < 60"
    assert farm.bound[0].since == BEGIN + 3600 + 600


def test_one_window_that_is_not_beyond_begins_the_count_anew() -> None:
    farm = Farm()
    farm.live(5, 112)
    farm.live(5, 79)
    assert not farm.live(10, 112)
    assert farm.live(0.25, 112)


def test_one_window_above_the_release_begins_the_count_of_the_release_anew() -> None:
    farm = Farm()
    farm.live(10, 112)
    farm.live(15, 50)
    farm.live(5, 61)
    assert farm.live(20, 50)
    assert farm.bound[0].reason == "price 50 EUR/MWh, not yet for long enough < 60"
    assert not farm.live(0.25, 50)


def test_a_window_counts_by_its_mean_over_time() -> None:
    farm = Farm(windows=1)
    farm.live(3, 0)
    farm.live(2, 190)
    assert not farm.live(0.25, 0)  # the mean was 76
    farm.live(2.75, 0)
    farm.live(2, 210)
    assert farm.live(0.25, 0)  # the mean was 84


def test_the_hard_threshold_binds_at_once_and_needs_the_same_release() -> None:
    farm = Farm(hard=150.0)
    farm.live(1, 150)
    assert not farm.bound
    farm.live(0.25, 151)
    assert farm.bound[0].reason == "price 151 > 150 EUR/MWh"
    assert farm.bound[0].since == BEGIN + 60
    farm.live(3.75, 50)
    assert farm.live(20, 50)
    assert not farm.live(0.25, 50)


def test_a_hard_strike_begins_the_count_of_the_release_anew() -> None:
    farm = Farm(hard=150.0)
    farm.live(10, 112)
    farm.live(16, 50)
    farm.live(0.25, 151)  # its window is below the release by its mean
    assert farm.live(13.75, 50)
    assert farm.live(5, 50)
    assert not farm.live(0.25, 50)


def test_low_numbers_bind_where_the_rule_says_so() -> None:
    farm = Farm(above=False, threshold=500.0, release=900.0, hard=-1000.0)
    assert not farm.live(60, 600)
    farm.live(10.25, 400)
    assert farm.bound[0].reason == "price 400 < 500 EUR/MWh"
    farm.live(30, 901)
    assert not farm.bound
    assert farm.live(0.25, -1001)


def test_a_rule_caps_and_names_whom_it_reaches() -> None:
    farm = Farm(hard=0.0, cap=5e5, reach=Reach(groups=("a", "b")))
    farm.live(0.25, 1)
    assert farm.bound[0].cap == 5e5
    assert farm.bound[0].ids == frozenset({"a", "b"})


def test_what_binds_goes_on_to_bind_over_a_restart_and_before_the_first_word() -> None:
    farm = Farm()
    farm.live(11, 112)
    since = farm.bound[0].since
    farm.restart()
    farm.now += 7200 - 60
    assert farm.live(30, None)
    assert farm.bound[0].reason == "price not known yet"
    assert farm.bound[0].since == since
    assert farm.live(20, 50)
    assert not farm.live(0.25, 50)


def test_a_count_survives_a_short_restart_but_no_long_one() -> None:
    short, long = Farm(), Farm()
    for farm in (short, long):
        farm.live(9, 112)
        farm.restart()
    short.now += 30
    assert short.live(0.75, 112)
    long.now += 660
    assert not long.live(5, 112)


def test_windows_of_which_nothing_is_known_are_not_in_a_row_with_others() -> None:
    farm = Farm()
    farm.live(5, 112)
    farm.live(5, None)
    assert not farm.live(5.25, 112)


def test_a_window_that_is_known_for_less_than_half_does_not_count() -> None:
    farm = Farm(windows=1)
    farm.live(3, None)
    assert not farm.live(2.25, 112)
    assert farm.live(5, 112)


def test_a_silent_signal_binds_as_if_it_were_hard_where_the_operator_chose_so() -> None:
    farm = Farm()
    farm.source.silent = "curtail"
    farm.live(5, None)
    assert farm.bound[0].reason == "price is silent"
    assert farm.bound[0].since == BEGIN
    farm.source.silent = None
    assert farm.live(20, 50)
    assert not farm.live(0.25, 50)


def test_a_silent_signal_lets_go_at_once_where_the_operator_chose_so() -> None:
    farm = Farm()
    farm.live(11, 112)
    farm.source.silent = "run"
    assert not farm.live(0.25, None)
    farm.source.silent = None
    assert not farm.live(5, 112)


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_clock_that_jumps_neither_binds_nor_releases(jump: float) -> None:
    farm, bound = Farm(), Farm()
    farm.live(9, 112)
    bound.live(11, 112)
    for one in (farm, bound):
        one.now += jump
    assert not farm.live(4, 112)
    assert bound.live(4, 50)
    assert bound.bound[0].since <= bound.now


def test_states_of_rules_that_are_no_more_are_dropped() -> None:
    farm = Farm()
    farm.live(11, 112)
    _, states = limits([], farm.source, farm.states, farm.now, lambda _: frozenset())
    assert states == {}


@pytest.mark.parametrize(("window", "every"), [(300.0, 600.0), (5.0, 15.0), (300.0, 3600.0)])
def test_windows_count_though_the_rounds_are_further_apart(window: float, every: float) -> None:
    farm = Farm(window=window)
    farm.every = every
    farm.live(3 * every / 60, 112)
    assert farm.live(every / 60, 112)
    farm.live(3 * every / 60, 50)
    assert not farm.live(every / 60, 50)
