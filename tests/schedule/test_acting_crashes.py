"""Killed at any moment: nobody is forgotten asleep, and nobody is told twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.schedule import Ramp
from mother.core.errors import Unreachable
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.schedule.judging import TOLD
from mother.schedule.values import Stage, Verdict
from tests.schedule.nursery import PLAIN, SLEEP, WAKE, Nursery

PAUSE, RESUME, POWER = CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_POWER
DOWN, UP = Ramp(batch=1, gap=7.0, jitter=3.0), Ramp(batch=2, gap=9.0, jitter=2.0)
RAMPED = replace(PLAIN, down=DOWN, up=UP)
LONG = 600.0
KEEPS = pytest.mark.parametrize("keeps", [False, True])


def stepped(nursery: Nursery, steps: int) -> int:
    """Let so many things happen, one by one; how many there were left to happen."""
    done = 0
    while done < steps and nursery.ether.calls:
        soon = nursery.ether.calls[0].getTime()
        nursery.ether.advance(max(0.0, soon - nursery.ether.seconds()))
        done += 1
    return done


def begun(slow: float, keeps: bool) -> Nursery:
    nursery = Nursery(3, RAMPED, keeps=keeps)
    for place, box in enumerate(nursery.boxes):
        box.slow = slow * place
    return nursery


def all_steps(verdicts: tuple[Verdict, ...], slow: float, keeps: bool) -> int:
    """How many things happen when nobody kills the daemon."""
    nursery, most = begun(slow, keeps), 0
    for verdict in verdicts:
        nursery.poll()
        nursery.pursue(verdict)
        most = 0
        while nursery.ether.calls and most < 200:
            most += stepped(nursery, 1)
    return most


def checked(nursery: Nursery, orders: list[CommandKind]) -> None:
    asleep = [box.asleep for box in nursery.boxes]
    assert asleep == [orders[-1] is PAUSE] * 3
    assert nursery.sent == [orders] * 3
    assert nursery.acting.sleeping() == (3 if orders[-1] is PAUSE else 0)


@KEEPS
@pytest.mark.parametrize("slow", [0.0, 14.0])
def test_killed_after_any_step_to_sleep_all_sleep_once_and_are_known(
    slow: float, keeps: bool
) -> None:
    most = all_steps((SLEEP,), slow, keeps)
    assert most > 5
    for step in range(most):
        nursery = begun(slow, keeps)
        nursery.pursue(SLEEP)
        stepped(nursery, step)
        nursery.kill()
        nursery.run(3.0)
        nursery.start()
        nursery.rounds(SLEEP, LONG)
        checked(nursery, [PAUSE])


@KEEPS
@pytest.mark.parametrize("slow", [0.0, 14.0])
def test_killed_after_any_step_to_wake_all_wake_once_and_are_free(slow: float, keeps: bool) -> None:
    most = all_steps((SLEEP, WAKE), slow, keeps)
    assert most > 5
    for step in range(most):
        nursery = begun(slow, keeps)
        nursery.rounds(SLEEP, 120.0)
        nursery.pursue(WAKE)
        stepped(nursery, step)
        nursery.kill()
        nursery.run(3.0)
        nursery.start()
        nursery.rounds(WAKE, LONG)
        checked(nursery, [PAUSE, RESUME])


@KEEPS
@pytest.mark.parametrize("slow", [0.0, 14.0])
def test_killed_after_any_step_to_sleep_all_are_awake_where_the_reasons_are_gone(
    slow: float, keeps: bool
) -> None:
    most = all_steps((SLEEP,), slow, keeps)
    for step in range(most):
        nursery = begun(slow, keeps)
        nursery.pursue(SLEEP)
        stepped(nursery, step)
        nursery.kill()
        nursery.start()
        nursery.rounds(WAKE, LONG)
        assert not any(box.asleep for box in nursery.boxes)
        assert all(box.sent in ([], [PAUSE], [PAUSE, RESUME]) for box in nursery.boxes)
        assert nursery.acting.sleeping() == 0


def test_who_keeps_what_it_was_told_is_asked_for_it_and_not_waited_for() -> None:
    nursery = Nursery(2, keeps=True)
    nursery.boxes[0].deaf_to_orders = Unreachable("gone for a while")
    nursery.boxes[1].slow = 40.0
    nursery.rounds(SLEEP, 5.0)
    nursery.kill()
    nursery.boxes[0].deaf_to_orders = None
    nursery.run(3.0)
    nursery.start()
    nursery.rounds(SLEEP, 10.0)
    assert nursery.sent == [[PAUSE], [PAUSE]]
    assert [box.asleep for box in nursery.boxes] == [True, False]
    assert nursery.acting.standings[nursery.entries[1].id].why == TOLD
    nursery.rounds(SLEEP, 60.0)
    assert nursery.sent == [[PAUSE], [PAUSE]]
    assert nursery.stages == [Stage.CONFIRMED, Stage.CONFIRMED]


@pytest.mark.parametrize("written", [False, True])
def test_killed_before_it_is_told_that_the_line_is_on_the_disk(written: bool) -> None:
    nursery = Nursery(3)
    nursery.hand.slow = True
    nursery.pursue(SLEEP)
    if written:
        nursery.hand.write()
    nursery.kill()
    nursery.run(3.0)
    nursery.start()
    assert nursery.acting.sleeping() == (1 if written else 0)
    nursery.rounds(SLEEP, 15.0)  # nobody was told: nothing to wait for
    checked(nursery, [PAUSE])


def test_killed_in_the_middle_of_a_line_all_sleep_and_are_known() -> None:
    whole = Nursery(3)
    whole.rounds(SLEEP, 30.0)
    content = whole.path.read_bytes()
    for cut in range(0, len(content), 41):
        nursery = Nursery(3)
        nursery.kill()
        nursery.path.write_bytes(content[:cut])
        nursery.start()
        nursery.rounds(SLEEP, 120.0)
        checked(nursery, [PAUSE])


def test_who_sleeps_by_our_order_is_woken_by_the_next_run_whatever_it_was_told_before() -> None:
    nursery = Nursery(3)
    nursery.rounds(SLEEP, 30.0)
    nursery.kill()
    nursery.run(7 * 86400.0)
    nursery.start()
    assert nursery.acting.sleeping() == 3
    nursery.rounds(WAKE, 60.0)
    checked(nursery, [PAUSE, RESUME])


def test_an_emergency_does_not_wait_for_what_an_earlier_run_may_have_sent() -> None:
    nursery = Nursery(3)
    for box in nursery.boxes:
        box.slow = 30.0
    nursery.pursue(SLEEP)
    nursery.run(2.0)
    nursery.kill()
    nursery.start()
    nursery.pursue(replace(SLEEP, at_once=True))
    nursery.run(2.0)
    assert nursery.sent == [[PAUSE, PAUSE]] * 3


def test_killed_after_any_step_what_was_limited_is_put_back() -> None:
    limited = Verdict(Mode.ACTIVE, power_target=2000.0, asked_by=("budget sun",))
    for step in range(12):
        nursery = Nursery(2)
        nursery.pursue(limited)
        stepped(nursery, step)
        nursery.kill()
        nursery.start()
        nursery.rounds(WAKE, 1500.0, every=60.0)
        assert [box.settings.power_target for box in nursery.boxes] == [3000.0] * 2
        assert nursery.journal.changes == {}
