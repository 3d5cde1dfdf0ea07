"""When the farm's hashrate is low, and when many miners are gone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.notify.rules import (
    DAY,
    HOUR,
    Drop,
    Fall,
    Left,
    Missing,
    Returned,
    Rise,
    Sight,
    gone,
    hashrate,
)

START = 1_700_000_000.0
MINUTE = 60.0
TH = 1e12


class Farm:
    """A farm of miners of 10 TH/s, and the rule of the hashrate over it, a sweep a minute."""

    def __init__(self, percent: float = 20.0) -> None:
        self.drop = Drop()
        self.minute = 0
        self.percent = percent
        self.news: list[tuple[int, Fall | Rise]] = []

    def sweep(self, made: float, due: float = 100.0, minutes: int = 1, **what: Any) -> Farm:
        """So many minutes with so many TH/s made of those due."""
        explained = what.pop("explained", False)
        for _ in range(minutes):
            at = START + self.minute * MINUTE
            more = {name: value * TH for name, value in what.items()}
            sight = Sight(at=at, made=made * TH, due=due * TH, **more)
            self.drop, news = hashrate(self.drop, sight, self.percent, explained)
            if news is not None:
                self.news.append((self.minute, news))
            self.minute += 1
        return self

    @property
    def kinds(self) -> list[type]:
        return [type(news) for _, news in self.news]


def usual() -> Farm:
    """A farm that made 96 of 100 TH/s for an hour."""
    return Farm().sweep(96, minutes=60)


def test_a_drop_is_told_at_the_second_sweep_with_its_numbers() -> None:
    farm = usual().sweep(48, minutes=3)
    ((minute, fall),) = farm.news
    assert minute == 61
    assert isinstance(fall, Fall)
    assert (fall.made, round(fall.usual / TH), round(fall.percent)) == (48 * TH, 96, 50)


@pytest.mark.parametrize(("made", "told"), [(78, 0), (76, 1), (0, 1), (96, 0), (120, 0)])
def test_it_counts_from_so_many_percent_on(made: float, told: int) -> None:
    assert len(usual().sweep(made, minutes=5).news) == told


def test_a_single_low_sweep_is_nothing() -> None:
    assert usual().sweep(10).sweep(96).sweep(10).sweep(96).news == []


def test_nothing_is_told_before_there_is_a_quarter_of_an_hour_to_compare_with() -> None:
    assert Farm().sweep(96, minutes=10).sweep(10, minutes=5).news == []
    assert len(Farm().sweep(96, minutes=16).sweep(10, minutes=5).news) == 1


def test_it_recovers_at_half_the_drop_for_two_sweeps() -> None:
    farm = usual().sweep(70, minutes=2).sweep(85, minutes=30)
    assert farm.kinds == [Fall]
    farm.sweep(90).sweep(85).sweep(90, minutes=2)
    assert farm.kinds == [Fall, Rise]
    assert farm.news[-1][1] == Rise(90 * TH, farm.news[-1][1].usual)


def test_a_farm_that_stays_low_does_not_recover_by_becoming_used_to_it() -> None:
    assert usual().sweep(50, minutes=23 * 60).kinds == [Fall]


def test_after_a_day_it_is_measured_against_what_it_makes_then_and_can_fall_again() -> None:
    farm = usual().sweep(50, minutes=25 * 60)
    assert farm.kinds == [Fall, Rise]
    rise = farm.news[1][1]
    assert isinstance(rise, Rise)
    assert rise.used
    assert farm.sweep(20, minutes=3).kinds == [Fall, Rise, Fall]


def test_miners_that_sleep_are_held_or_were_taken_out_are_no_drop() -> None:
    assert usual().sweep(29, due=30, minutes=60).news == []


def test_those_that_were_taken_out_are_no_recovery_in_its_words() -> None:
    farm = usual().sweep(48, minutes=5).sweep(48, due=50, minutes=2)
    rise = farm.news[-1][1]
    assert isinstance(rise, Rise)
    assert rise.fewer
    back = usual().sweep(48, minutes=5).sweep(96, minutes=2).news[-1][1]
    assert isinstance(back, Rise)
    assert not back.fewer


def test_the_gone_ones_count_unless_they_are_told_of_already() -> None:
    assert usual().sweep(58, lost=40.0, minutes=5).kinds == [Fall]
    assert usual().sweep(58, lost=40.0, minutes=5, explained=True).kinds == []
    assert usual().sweep(30, lost=40.0, minutes=5, explained=True).kinds == [Fall]


def test_a_farm_that_wakes_is_not_low_but_one_that_only_ever_starts_is() -> None:
    woken = usual().sweep(0, due=0, ramping_due=100.0, ramping_made=5.0, minutes=10)
    assert woken.sweep(96, minutes=60).kinds == []
    looping = usual().sweep(0, due=0, ramping_due=100.0, ramping_made=5.0, minutes=60)
    assert looping.kinds == [Fall]
    assert looping.news[0][0] == 60 + 31


def test_a_farm_of_nobody_is_not_judged() -> None:
    assert usual().sweep(0, due=0, minutes=90).news == []


def test_history_of_before_a_long_silence_does_not_count() -> None:
    farm = usual()
    farm.minute += 120
    assert farm.sweep(50, minutes=14).news == []


def test_a_clock_that_is_set_back_begins_the_history_anew() -> None:
    farm = usual()
    farm.minute -= 600
    assert farm.sweep(50, minutes=10).news == []
    assert len(farm.drop.history) == 10


def test_sweeps_of_a_second_keep_the_history_short() -> None:
    drop = Drop()
    for second in range(7200):
        drop, _ = hashrate(drop, Sight(at=START + second, made=1.0, due=1.0), 20.0, False)
    assert len(drop.history) <= HOUR / 30 + 1


shares = st.lists(st.floats(0.0, 2.0), min_size=1, max_size=300)


@given(shares, st.floats(1.0, 100.0))
def test_falls_and_rises_take_turns(made: list[float], percent: float) -> None:
    farm = Farm(percent)
    for share in made:
        farm.sweep(share * 100)
    expected = [Fall if place % 2 == 0 else Rise for place in range(len(farm.news))]
    assert farm.kinds == expected


# the gone


def names(count: int) -> dict[str, str]:
    return {f"d{i}": f"dragon-{i:02}" for i in range(count)}


class Absence:
    """The rule of the gone over 20 miners, a sweep a minute; more than 5 are many."""

    def __init__(self) -> None:
        self.missing = Missing()
        self.minute = 0
        self.news: list[tuple[int, Left | Returned]] = []

    def sweep(self, *counts: int, present: int = 20) -> Absence:
        for count in counts:
            sight = Sight(at=START + self.minute * MINUTE, gone=names(count), miners=20)
            here = frozenset(names(present)) - frozenset(names(count))
            self.missing, news = gone(self.missing, sight, 5, here)
            if news is not None:
                self.news.append((self.minute, news))
            self.minute += 1
        return self

    @property
    def counts(self) -> list[int]:
        return [len(one.gone) for _, one in self.news if isinstance(one, Left)]


@pytest.mark.parametrize(
    ("sweeps", "told"),
    [
        ((5, 5, 5), []),
        ((6, 6, 6), [6]),
        ((6, 5, 6, 5), []),
        ((2, 7, 15, 15, 15), [15]),
        ((6, 8, 10, 10, 10), [10]),
        ((20, 20, 20), [20]),
        ((8, 8, 9, 10, 11, 11, 11), [8]),
        ((8, 8, 9, 9, 12, 13, 13), [8, 12]),
    ],
)
def test_one_message_for_all_and_another_when_it_grew_by_half(
    sweeps: tuple[int, ...], told: list[int]
) -> None:
    assert Absence().sweep(0, *sweeps).counts == told


def test_it_is_over_when_few_are_gone_for_two_sweeps_and_says_who_is_not_back() -> None:
    absence = Absence().sweep(0, 8, 8, 5, 5, 4, 5, 4)
    assert len(absence.news) == 1
    absence.sweep(3)
    assert absence.news[-1][1] == Returned(5, names(3), 0)
    assert absence.sweep(8, 8, 8).counts == [8, 8]


def test_those_that_do_not_count_any_more_are_not_called_back() -> None:
    returned = Absence().sweep(0, 8, 8, 8).sweep(0, 0, present=2).news[-1][1]
    assert returned == Returned(2, {}, 6)


def test_the_rule_speaks_from_the_first_sweep_beyond_the_limit_on() -> None:
    assert not Absence().sweep(5).missing.speaks
    assert Absence().sweep(6).missing.speaks
    assert Absence().sweep(6, 6, 6).missing.speaks
    assert not Absence().sweep(6, 6, 6, 0, 0).missing.speaks


@given(st.lists(st.integers(0, 20), max_size=200))
def test_every_absence_ends_with_one_return(counts: list[int]) -> None:
    absence = Absence().sweep(*counts).sweep(0, 0)
    first = [one for _, one in absence.news if not (isinstance(one, Left) and one.grown)]
    kinds = [type(one) for one in first]
    assert kinds == [Left if place % 2 == 0 else Returned for place in range(len(kinds))]
    assert len(kinds) % 2 == 0
    assert absence.minute * MINUTE < DAY
