"""Persons come first: what they order by hand is not undone by the schedule."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.judging import BY_HAND, NOT_OURS, SET_BY_HAND
from mother.schedule.values import Stage, Verdict
from tests.schedule.nursery import SLEEP, WAKE, Nursery, because

PAUSE, RESUME, POWER = CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_POWER
OTHER = because(SLEEP, "rule grid")


def resumed() -> Nursery:
    """It slept by our order, and Ann has woken it."""
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.by_hand(RESUME)
    nursery.run(5.0)
    return nursery


def test_who_is_resumed_by_hand_is_not_put_to_sleep_for_the_same_reasons() -> None:
    nursery = resumed()
    assert nursery.acting.sleeping() == 0
    nursery.rounds(SLEEP, 1800.0)
    assert nursery.sent == [[PAUSE, RESUME]]
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, BY_HAND)


def test_another_order_of_the_same_reasons_is_no_change() -> None:
    nursery = Nursery()
    nursery.rounds(because(SLEEP, "rule a", "rule b"), 30.0)
    nursery.by_hand(RESUME)
    nursery.rounds(because(SLEEP, "rule b", "rule a"), 300.0)
    assert nursery.sent == [[PAUSE, RESUME]]


def test_other_reasons_put_it_to_sleep_again() -> None:
    nursery = resumed()
    nursery.rounds(SLEEP, 300.0)
    nursery.rounds(OTHER, 60.0)
    assert nursery.sent == [[PAUSE, RESUME, PAUSE]]
    assert nursery.acting.sleeping() == 1


def test_the_same_reasons_count_again_once_they_were_gone() -> None:
    nursery = resumed()
    nursery.rounds(WAKE, 60.0)
    nursery.rounds(SLEEP, 60.0)
    assert nursery.sent == [[PAUSE, RESUME, PAUSE]]


def test_a_lower_power_target_for_the_same_reasons_is_no_change() -> None:
    nursery = resumed()
    lowered = Verdict(Mode.ACTIVE, power_target=2500.0, asked_by=SLEEP.asked_by)
    nursery.rounds(lowered, 60.0)
    nursery.rounds(SLEEP, 300.0)
    assert PAUSE not in nursery.box.sent[2:]


def test_a_hold_in_between_is_no_change_of_reasons() -> None:
    nursery = resumed()
    nursery.rounds(Verdict(None, skipped="held"), 60.0)
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[PAUSE, RESUME]]


def test_a_persons_word_outlives_the_daemon() -> None:
    nursery = resumed()
    for _ in range(2):
        nursery.kill()
        nursery.start()
        nursery.rounds(SLEEP, 300.0)
        assert nursery.sent == [[PAUSE, RESUME]]
    nursery.rounds(WAKE, 30.0)
    nursery.kill()
    nursery.start()
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[PAUSE, RESUME, PAUSE]]


def test_who_is_resumed_by_hand_before_the_first_round_is_left_for_its_reasons() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.kill()
    nursery.start()
    nursery.by_hand(RESUME)
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[PAUSE, RESUME]]
    nursery.rounds(OTHER, 60.0)
    assert nursery.sent == [[PAUSE, RESUME, PAUSE]]


def test_an_order_of_ours_that_waits_behind_a_persons_is_called_off() -> None:
    nursery = Nursery(lag=1.0)
    command = nursery.daemon.order(nursery.entry, RESUME, actor="ann", key="ann", by_hand=True)
    nursery.daemon.begin(nursery.daemon.commands.submit(command))
    nursery.pursue(SLEEP)
    nursery.run(0.5)
    assert (nursery.lines(), nursery.standing.stage) == (["asleep"], Stage.SENT)
    nursery.run(30.0)
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[]]
    assert nursery.acting.sleeping() == 0
    assert nursery.standing.why == BY_HAND


def test_an_order_of_ours_that_is_being_journalled_is_called_off() -> None:
    nursery = Nursery()
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    nursery.by_hand(RESUME)
    while nursery.hand.jobs:
        nursery.hand.work()
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[]]
    assert nursery.acting.sleeping() == 0
    nursery.kill()
    nursery.start()
    nursery.rounds(SLEEP, 300.0)
    assert nursery.sent == [[]]
    assert nursery.standing.why == BY_HAND


def test_who_is_resumed_by_hand_while_we_would_wake_it_is_free() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.hand.slow = True
    nursery.box.slow = 5.0
    nursery.by_hand(RESUME)
    nursery.rounds(WAKE, 30.0)
    nursery.hand.slow = False
    nursery.hand.work()
    assert nursery.acting.sleeping() == 0
    nursery.rounds(SLEEP, 60.0)
    assert nursery.sent == [[PAUSE, RESUME, PAUSE]]


def test_who_is_paused_by_hand_sleeps_by_that_persons_will() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.by_hand(PAUSE)  # it is so already
    nursery.rounds(WAKE, 300.0)
    assert nursery.sent == [[PAUSE]]
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, NOT_OURS)


def test_an_order_by_hand_that_is_denied_changes_nothing() -> None:
    nursery = Nursery()
    nursery.rounds(SLEEP, 30.0)
    nursery.by_hand(RESUME, expires=0.0)
    nursery.rounds(SLEEP, 60.0)
    assert nursery.acting.sleeping() == 1
    nursery.box.asleep = False
    nursery.rounds(SLEEP, 90.0)
    assert nursery.sent == [[PAUSE, PAUSE]]


def test_orders_of_the_daemons_own_jobs_are_no_persons() -> None:
    nursery = Nursery()
    limited = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget sun",))
    nursery.rounds(limited, 700.0)
    nursery.by_hand(POWER, args={"watts": 3000.0}, actor="configure", by_hand=False)
    nursery.rounds(limited, 900.0)
    assert nursery.box.settings.power_target == 2000.0


def test_a_power_target_set_by_hand_stays_until_something_else_is_wished() -> None:
    nursery = Nursery()
    limited = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget sun",))
    nursery.rounds(limited, 30.0)
    nursery.by_hand(POWER, args={"watts": 2800.0})
    nursery.rounds(replace(limited, power_target=2100.0), 1800.0)
    assert nursery.box.settings.power_target == 2800.0
    assert (nursery.standing.stage, nursery.standing.why) == (Stage.SKIPPED, SET_BY_HAND)
    nursery.rounds(WAKE, 1800.0)
    assert nursery.box.settings.power_target == 2800.0  # it is that person's, and not put back
    nursery.rounds(limited, 1800.0)
    assert nursery.box.settings.power_target == 2000.0
