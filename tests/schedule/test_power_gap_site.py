"""A cap that comes within the power gap of another, from the ruling to the miners."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.schedule import Budget
from mother.schedule import units
from tests.schedule.nursery import PLAIN
from tests.schedule.test_job import Site


def capped(watts: float) -> Budget:
    return Budget("fuse", cap=watts)


def drawn(site: Site) -> float:
    """By what they were told; a sleeper's rest counts, too."""
    usual = 3250.0
    return sum(
        50.0 if box.asleep else min(usual, box.settings.power_target or usual)
        for box in site.nursery.boxes
    )


def test_others_make_room_within_the_gap_and_go_back_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(units.LEAST, "toy", 0.6)
    site = Site(replace(PLAIN, budgets=(capped(6200.0),)), count=2)
    site.rounds(8)
    before = [box.settings.power_target for box in site.nursery.boxes]
    assert drawn(site) <= 6200.0
    site.say(replace(PLAIN, budgets=(capped(5700.0),)))
    site.rounds(2)
    between = [box.settings.power_target for box in site.nursery.boxes]
    assert between[1] == before[1]
    for _ in range(60):
        assert drawn(site) <= 5700.0
        site.rounds()
    after = [box.settings.power_target or 0.0 for box in site.nursery.boxes]
    assert after[0] == before[0]
    assert after[1] < (before[1] or 0.0)
    assert site.asleep == [False, False]
