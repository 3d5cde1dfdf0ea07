"""Profiles and power targets: written seldom, to who is awake, and put back in the end."""

from __future__ import annotations

from msgspec.structs import replace

from mother.config.schedule import ProfileRow, Step
from mother.core.errors import Unreachable
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.values import Stage, Verdict
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
