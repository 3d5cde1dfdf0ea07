"""A schedule that is no mistake, but does not do what its writer may think."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.given import load

PLAN: dict[str, Any] = {"name": "night", "mode": "sleep"}
PRICE: dict[str, Any] = {"name": "price", "url": "http://10.1.0.5/price"}
DAY: dict[str, Any] = {"name": "day", "mode": "active"}
ZONE: dict[str, Any] = {"time_zone": "Europe/Berlin"}
BOTH = (
    "schedule.plan[1] (day) and schedule.plan[0] (night) hold at the same time with the same "
    "priority: night counts, which is first in the file"
)


def noted(*plans: dict[str, Any], **more: Any) -> list[str]:
    return list(load(file={"schedule": {**ZONE, "plan": list(plans), **more}}).notes)


NIGHT: dict[str, Any] = {**PLAN, "from": "22:00", "until": "06:00"}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"from": "05:00", "until": "07:00"},
        {"from": "21:00", "until": "22:01", "days": "weekend"},
        {"dates": ["2026-12-24"], "until": "01:00"},
        {"apply_to": {"models": ["S19*"]}},
    ],
)
def test_plans_of_one_priority_that_contradict_one_another_are_noted(other: dict[str, Any]) -> None:
    assert noted(NIGHT, {**DAY, **other}) == [BOTH]


@pytest.mark.parametrize(
    "other",
    [
        {"from": "06:00", "until": "22:00"},
        {"priority": 1},
        {"mode": "sleep"},
        {"from": "05:00", "until": "21:00", "time_zone": "Europe/London"},
    ],
)
def test_plans_that_agree_or_never_meet_are_not(other: dict[str, Any]) -> None:
    assert noted(NIGHT, {**DAY, **other}) == []


def test_nor_are_plans_for_other_days_or_other_miners() -> None:
    assert noted({**NIGHT, "days": ["mon"]}, {**DAY, "days": ["wed"]}) == []
    assert noted({**NIGHT, "days": ["mon"]}, {**DAY, "days": ["tue"]}) == [BOTH]
    first = {"apply_to": {"families": ["avalon"]}}
    assert noted({**PLAN, **first}, {**DAY, "apply_to": {"families": ["axeos"]}}) == []
    near = {"apply_to": {"networks": ["10.1.0.0/24"]}}
    assert noted({**PLAN, **near}, {**DAY, "apply_to": {"networks": ["10.2.0.0/24"]}}) == []
    assert noted({**PLAN, **near}, {**DAY, "apply_to": {"networks": ["10.1.0.9"]}}) == [BOTH]
    dated = {"dates": ["2026-12-24"]}
    assert noted({**PLAN, **dated}, {**DAY, "dates": ["2026-12-26"]}) == []
    assert noted({**PLAN, "profile": "low"}, {"name": "day", "power_target": 3000}) == []


def test_of_many_such_pairs_a_few_are_told() -> None:
    plans = [{"name": f"p{n}", "power_target": 1000 + n} for n in range(5)]
    notes = noted(*plans)
    assert len(notes) == 6
    assert notes[-1] == "schedule.plan: so do 5 more pairs of plans"


def test_a_plan_whose_dates_are_on_other_days_is_noted() -> None:
    assert noted({**PLAN, "dates": ["2026-12-24"], "days": ["sat", "sun"]}) == [
        "schedule.plan[0] never holds: none of its dates is on sat, sun"
    ]


def test_signals_and_profiles_that_nothing_uses_are_noted() -> None:
    rows: list[Any] = [{"overclock": {}, "eco": {}, "turbo": {}}]
    assert noted({**PLAN, "profile": "eco"}, signal=[PRICE], profile=rows) == [
        "schedule.signal[0]: nothing in the file uses the signal price",
        "schedule.profile[0].turbo: no plan has the profile turbo",
    ]


def test_a_clock_that_nobody_named_is_noted() -> None:
    config = load(file={"schedule": {"plan": [PLAN]}}, env={"TZ": "Asia/Kolkata"})
    assert config.notes == (
        "schedule.time_zone is not said: plans go by the clock of this machine, Asia/Kolkata",
    )
    assert load(file={"schedule": {"plan": [{**PLAN, **ZONE}]}}).notes == ()


def test_a_group_that_a_plan_or_a_ramp_is_for_is_used_and_its_miners_must_be_sought() -> None:
    groups = [{"name": "a", "workers": ["a*"]}, {"name": "b", "workers": ["b*"]}]
    reach = {"groups": ["a"], "families": ["avalon"]}
    schedule = {
        **ZONE,
        "plan": [{**PLAN, "apply_to": reach}],
        "ramp": [{"by": "group", "name": "b", "up": {"batch": 1}}],
    }
    tree = {"family": ["antminer"], "groups": groups, "schedule": schedule}
    assert load(file=tree).notes == (
        "schedule.plan[0].apply_to: for no miner, since avalon is not looked for (family)",
    )
