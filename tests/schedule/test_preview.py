"""Whom plans are for, and what comes of several."""

from __future__ import annotations

from datetime import time
from typing import Any

from mother.config.schedule import Plan
from mother.config.subject import ANY, Reach
from mother.core.reading import Mode
from mother.schedule.preview import Lane, Step, Wanted, lanes, steps, told, wanted_of

HOUR = 3600.0


def plan(name: str, begins: int = 0, ends: int = 0, **more: Any) -> Plan:
    return Plan(name, time(begins), time(ends), **more)


def titles(found: list[Lane]) -> dict[str, list[str]]:
    return {lane.title: [one.name for one in lane.plans] for lane in found}


def test_each_group_has_a_lane_and_so_have_those_in_none() -> None:
    some = [plan("all"), plan("a", reach=Reach(groups=("hall-a",)))]
    assert titles(lanes(some, ["hall-a", "hall-b"])) == {
        "hall-a": ["all", "a"],
        "hall-b": ["all"],
        "all others": ["all"],
    }


def test_without_groups_there_is_a_lane_for_each_set_of_plans() -> None:
    assert titles(lanes([plan("all")], [])) == {"all miners": ["all"]}
    new, old = Reach(models=("S21*",)), Reach(models=("S9*",))
    some = [plan("all"), plan("new", reach=new), plan("old", reach=old), plan("too", reach=new)]
    assert titles(lanes(some, [])) == {
        "models S21*": ["all", "new", "too"],
        "models S9*": ["all", "old"],
        "all others": ["all"],
    }


def test_a_narrower_condition_within_a_group_has_its_own_lane() -> None:
    both = Reach(groups=("hall-a",), models=("S9*",))
    assert titles(lanes([plan("old", reach=both)], ["hall-a"])) == {
        "hall-a: models S9*": ["old"],
        "hall-a: others": [],
        "all others": [],
    }
    everywhere = plan("old", reach=Reach(models=("S9*",)))
    assert titles(lanes([everywhere, plan("all")], ["hall-a"])) == {
        "hall-a: models S9*": ["old", "all"],
        "hall-a: others": ["all"],
        "in no group: models S9*": ["old", "all"],
        "in no group: others": ["all"],
    }


def test_many_words_of_a_condition_are_counted() -> None:
    reach = Reach(models=("A", "B", "C", "D", "E"), networks=("10.1.0.0/24",))
    assert told(reach) == "models A, B, C and 2 more; networks 10.1.0.0/24"
    assert told(ANY) == ""


def test_the_highest_priority_counts_for_each_word_and_of_equals_the_first() -> None:
    some = [
        plan("low", profile="normal", power_target=3000.0),
        plan("too", profile="overclock"),
        plan("high", mode=Mode.SLEEP, priority=1),
    ]
    assert wanted_of(some) == Wanted(Mode.SLEEP, "normal", 3000.0, ("high", "low"))
    assert wanted_of([]) == Wanted()


def test_what_is_wanted_has_a_plain_word() -> None:
    assert Wanted(Mode.SLEEP).text == "asleep"
    assert Wanted(Mode.SLEEP, "normal").text == "asleep (normal)"
    assert Wanted(Mode.ACTIVE, "overclock", 3200.0).text == "overclock, 3200 W"
    assert Wanted(Mode.ACTIVE).text == "active"
    assert Wanted().text == "as it is"


def test_steps_follow_on_one_another_and_equal_ones_are_one() -> None:
    some = (
        plan("day", 6, 18, profile="normal", priority=1),
        plan("lunch", 12, 13, profile="overclock"),
        plan("night", 20, 6, mode=Mode.SLEEP),
    )
    day = Wanted(profile="normal", plans=("day",))
    night = Wanted(Mode.SLEEP, plans=("night",))
    assert steps(Lane("all miners", "", ANY, some), 0.0, 24 * HOUR) == [
        Step(0.0, 6 * HOUR, night),
        Step(6 * HOUR, 18 * HOUR, day),
        Step(18 * HOUR, 20 * HOUR, Wanted()),
        Step(20 * HOUR, 24 * HOUR, night),
    ]
