"""How many may restart at once by the schedule's orders: its ramps count, and a person's limit."""

from __future__ import annotations

from msgspec.structs import replace

from mother.config.model import Waves
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.ramping import RAISED
from mother.schedule.values import Stage, Verdict
from tests.schedule.nursery import PLAIN, SLEEP, Nursery

POWER = CommandKind.SET_POWER
LOW = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget sun",))
USUAL = Verdict(Mode.ACTIVE)
TWO = Waves(restarts_at_once=2, restarts_said=True)


def told(nursery: Nursery) -> int:
    return sum(POWER in sent for sent in nursery.sent)


def test_a_hall_is_lowered_at_once_whatever_is_usual_for_reboots() -> None:
    nursery = Nursery(Waves().restarts_at_once + 10)
    nursery.rounds(LOW, 30.0)
    assert told(nursery) == len(nursery.boxes)
    assert set(nursery.stages) == {Stage.CONFIRMED}
    assert not nursery.daemon.setups.places(), "health sees that they restart"


def test_no_more_restart_than_a_person_allows_and_the_others_wait_for_their_turn() -> None:
    nursery = Nursery(6, waves=TWO)
    nursery.pursue(LOW)
    nursery.run(5.0)
    assert told(nursery) == 2
    assert len(nursery.orders()) == 2, "nobody is refused at the door again and again"
    waiting = [one for one in nursery.acting.standings.values() if one.stage is Stage.PENDING]
    assert len(waiting) == 4
    assert {one.why for one in waiting} == {"as many restart already as restarts_at_once allows"}
    assert {one.tries for one in waiting} == {0}
    nursery.rounds(LOW, 1200.0)
    assert told(nursery) == 6
    assert set(nursery.stages) == {Stage.CONFIRMED}


def test_an_emergency_keeps_to_what_a_person_allows() -> None:
    nursery = Nursery(6, waves=TWO)
    nursery.pursue(replace(LOW, at_once=True))
    nursery.run(5.0)
    assert told(nursery) == 2


def test_who_sleeps_does_not_wait_for_those_that_restart() -> None:
    nursery = Nursery(6, waves=TWO)
    nursery.pursue(SLEEP)
    nursery.run(5.0)
    assert all(box.asleep for box in nursery.boxes)


def test_a_hall_is_raised_by_the_minute_and_not_all_at_once() -> None:
    nursery = Nursery(RAISED + 15, replace(PLAIN, resume_percent=5.0))
    nursery.rounds(LOW, 15.0)
    assert told(nursery) == RAISED + 15
    nursery.rounds(LOW, 600.0, every=60.0)
    nursery.rounds(USUAL, 30.0)
    raised = [box for box in nursery.boxes if box.settings.power_target == 3000.0]
    assert len(raised) == RAISED
    nursery.rounds(USUAL, 60.0)
    assert all(box.settings.power_target == 3000.0 for box in nursery.boxes)
