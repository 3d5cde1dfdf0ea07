"""Profiles and power targets: written seldom, to who is awake, and put back in the end."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.schedule import ProfileRow, Step
from mother.core.errors import Unreachable
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.sending import farewell
from mother.schedule.values import Stage, Verdict
from tests.fleet.world import logged
from tests.schedule.nursery import PLAIN, SLEEP, Nursery

PAUSE, RESUME, POWER = CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_POWER

EIGHTY = ProfileRow({"underclock": Step(power=2400.0)})


def power(watts: float | None) -> Verdict:
    return Verdict(Mode.ACTIVE, power_target=watts, asked_by=("budget sun",))


def test_a_power_target_is_written_and_put_back_when_nothing_wishes_it() -> None:
    nursery = Nursery()
    nursery.rounds(power(2000.0), 30.0)
    assert nursery.box.settings.power_target == 2000.0
    assert nursery.acting.history(nursery.entry.id).limited
    nursery.rounds(power(None), 900.0)
    assert nursery.box.settings.power_target == 3000.0
    assert nursery.sent == [[POWER, POWER]]
    assert not nursery.acting.history(nursery.entry.id).limited
    assert nursery.stages == [Stage.CONFIRMED]


def test_what_was_changed_is_put_back_after_a_crash_too() -> None:
    nursery = Nursery()
    nursery.rounds(power(2000.0), 30.0)
    nursery.kill()
    nursery.start()
    nursery.rounds(power(None), 900.0)
    assert nursery.box.settings.power_target == 3000.0
    assert nursery.journal.changes == {}


def test_two_writes_of_a_power_target_are_the_gap_apart() -> None:
    nursery = Nursery()
    nursery.rounds(power(2000.0), 15.0)
    nursery.rounds(power(2500.0), 500.0)
    assert nursery.sent == [[POWER]]
    assert nursery.standing.stage is Stage.PENDING
    assert "changed lately" in nursery.standing.why
    nursery.rounds(power(2500.0), 150.0)
    assert nursery.sent == [[POWER, POWER]]


def test_a_power_target_within_the_dead_band_is_not_written() -> None:
    nursery = Nursery()
    nursery.rounds(power(2900.0), 60.0)
    assert nursery.sent == [[]]
    assert nursery.stages == [Stage.CONFIRMED]


def test_settings_are_not_written_to_a_sleeper_but_once_it_is_awake() -> None:
    nursery = Nursery(schedule=replace(PLAIN, profiles=(EIGHTY,)))
    under = Verdict(Mode.SLEEP, profile="underclock")
    nursery.rounds(under, 60.0)
    assert nursery.sent == [[PAUSE]]
    nursery.rounds(replace(under, mode=Mode.ACTIVE), 30.0)
    assert nursery.sent == [[PAUSE, RESUME, POWER]]
    assert nursery.stages == [Stage.CONFIRMED]


def test_a_profile_that_a_family_lacks_is_skipped_and_its_mode_is_not() -> None:
    nursery = Nursery()
    over = Verdict(Mode.ACTIVE, profile="overclock")
    nursery.rounds(SLEEP, 30.0)
    nursery.rounds(over, 30.0)
    assert nursery.sent == [[PAUSE, RESUME]]
    assert nursery.standing.stage is Stage.SKIPPED
    assert nursery.standing.why.startswith("no toy has profiles")


def test_a_full_disk_changes_no_settings_that_could_not_be_put_back() -> None:
    nursery = Nursery()
    nursery.hand.full = OSError(28, "No space left on device")
    nursery.rounds(power(2000.0), 300.0)
    assert nursery.sent == [[]]
    assert "No space left" in nursery.standing.why


def test_settings_that_cannot_be_read_are_not_replaced() -> None:
    nursery = Nursery()
    nursery.box.deaf = Unreachable("gone")
    nursery.pursue(power(2000.0))
    nursery.run(5.0)
    assert nursery.lines() == []
    assert nursery.standing.stage is Stage.PENDING
    assert nursery.standing.why == "its settings could not be read: gone"


def test_a_stop_says_who_has_a_power_target_of_ours_too() -> None:
    nursery = Nursery(3)
    asleep, *awake = [entry.id for entry in nursery.entries]
    nursery.rule({asleep: SLEEP, **dict.fromkeys(awake, power(2000.0))})
    nursery.run(60.0)
    with logged() as events:
        nursery.daemon.do(nursery.acting.stop())
    (told,) = [one["sentence"] for one in events if "by our order" in one.get("sentence", "")]
    assert told == (
        "1 miner sleeps by our order, and 2 have a power target or profile of ours in force."
    )


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((9, 0, 0), "9 miners sleep by our order."),
        ((0, 0, 1), "1 miner has a power target or profile of ours in force."),
        ((0, 0, 2), "2 miners have a power target or profile of ours in force."),
        (
            (3, 2, 1),
            "3 miners sleep by our order, and 1 has a power target or profile of ours in force; 2 "
            "of the sleepers may still be awake, for the stop came while it was told.",
        ),
    ],
)
def test_what_is_said_in_the_end_is_one_sentence(
    counts: tuple[int, int, int], sentence: str
) -> None:
    assert farewell(*counts) == sentence
