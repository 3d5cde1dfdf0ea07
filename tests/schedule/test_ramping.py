"""Who may begin now: batches with gaps, apart for down and up, for each rack, in each minute."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.schedule import GroupRamp, Ramp, Schedule
from mother.schedule.ramping import Ramps, Start
from mother.schedule.units import Keys

FREE = Schedule(up=Ramp(), resume_percent=0.0)


def down(ident: object, **what: Any) -> Start:
    return Start(str(ident), up=False, **what)


def up(ident: object, **what: Any) -> Start:
    return Start(str(ident), up=True, wakes=True, **what)


def begun(ramps: Ramps, starts: list[Start], schedule: Schedule, now: float) -> list[str]:
    ramps.again()
    return [one.id for one in starts if ramps.begin(one, schedule, 1000, now) is not None]


def test_where_nothing_is_said_all_begin_at_once() -> None:
    ramps = Ramps(lambda: 0.5)
    assert len(begun(ramps, [down(n) for n in range(5000)], Schedule(), 0.0)) == 5000
    assert ramps.opens == float("inf")


def test_a_batch_begins_its_gap_after_the_one_before_began() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=Ramp(batch=2, gap=10.0))
    waiting = [down(n) for n in range(5)]
    assert begun(ramps, waiting, schedule, 100.0) == ["0", "1"]
    assert ramps.opens == 110.0
    assert begun(ramps, waiting[2:], schedule, 109.9) == []
    assert begun(ramps, waiting[2:], schedule, 110.0) == ["2", "3"]
    assert begun(ramps, waiting[4:], schedule, 500.0) == ["4"]
    assert begun(ramps, [down("late")], schedule, 505.0) == ["late"]
    assert begun(ramps, [down("later")], schedule, 509.0) == []


def test_a_batch_that_was_not_full_is_over_after_its_gap_too() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=Ramp(batch=2, gap=10.0))
    assert begun(ramps, [down(0)], schedule, 0.0) == ["0"]
    assert begun(ramps, [down(n) for n in range(1, 4)], schedule, 60.0) == ["1", "2"]


def test_without_a_gap_a_batch_begins_once_the_one_before_has_ended() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=Ramp(batch=2))
    assert begun(ramps, [down(n) for n in range(3)], schedule, 0.0) == ["0", "1"]
    ramps.ended("0")
    assert begun(ramps, [down(2)], schedule, 900.0) == []
    ramps.ended("1")
    assert begun(ramps, [down(2)], schedule, 901.0) == ["2"]


def test_up_and_down_have_batches_of_their_own() -> None:
    ramp = Ramp(batch=1, gap=60.0)
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=ramp, up=ramp, resume_percent=0.0)
    assert begun(ramps, [down(0), up(1), down(2), up(3)], schedule, 0.0) == ["0", "1"]


def test_each_miner_is_up_to_its_jitter_late() -> None:
    schedule = Schedule(down=Ramp(jitter=5.0), ramps=(GroupRamp("rack", down=Ramp(jitter=8.0)),))
    there = Keys(rack="A3")
    assert Ramps(lambda: 0.5).begin(down(0), schedule, 9, 0.0) == 2.5
    assert Ramps(lambda: 0.5).begin(down(0, keys=there), schedule, 9, 0.0) == 4.0
    assert Ramps(lambda: 0.5).begin(down(0, keys=there, at_once=True), schedule, 9, 0.0) == 0.0


def test_each_rack_has_batches_of_its_own() -> None:
    ramps = Ramps(lambda: 0.0)
    schedule = Schedule(ramps=(GroupRamp("rack", down=Ramp(batch=1, gap=10.0)),))
    a3, b1 = Keys(rack="A3"), Keys(rack="B1")
    waiting = [down(0, keys=a3), down(1, keys=a3), down(2, keys=b1), down(3), down(4)]
    assert begun(ramps, waiting, schedule, 0.0) == ["0", "2", "3", "4"]


def test_a_ramp_with_a_name_is_for_that_one_only() -> None:
    ramps = Ramps(lambda: 0.0)
    schedule = Schedule(ramps=(GroupRamp("pdu", "p1", down=Ramp(batch=1, gap=10.0)),))
    p1, p2 = Keys(site="hall", pdu="hall/p1"), Keys(pdu="p2")
    waiting = [down(n, keys=p1) for n in range(3)] + [down(n, keys=p2) for n in range(3, 6)]
    assert begun(ramps, waiting, schedule, 0.0) == ["0", "3", "4", "5"]


def test_who_is_bound_by_one_uses_up_nothing_of_another() -> None:
    ramps = Ramps(lambda: 0.0)
    schedule = Schedule(
        down=Ramp(batch=2, gap=10.0), ramps=(GroupRamp("rack", down=Ramp(batch=1, gap=99.0)),)
    )
    there = Keys(rack="A3")
    waiting = [down(0, keys=there), down(1, keys=there), down(2)]
    assert begun(ramps, waiting, schedule, 0.0) == ["0", "2"]


def test_a_share_of_the_farm_wakes_in_a_minute() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(up=Ramp(), resume_percent=5.0)
    waiting = [up(n) for n in range(200)]
    assert len(begun(ramps, waiting, schedule, 0.0)) == 50
    assert ramps.opens == 60.0
    assert begun(ramps, waiting[50:], schedule, 59.0) == []
    assert len(begun(ramps, waiting[50:], schedule, 60.0)) == 50
    raised = Start("raised", up=True)
    assert begun(ramps, [raised, down("x")], schedule, 60.0) == ["raised", "x"]


def test_a_small_farm_wakes_one_by_one() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(up=Ramp(), resume_percent=5.0)
    assert ramps.begin(up(0), schedule, 3, 0.0) == 0.0
    assert ramps.begin(up(1), schedule, 3, 0.0) is None
    assert ramps.begin(up(1), schedule, 3, 60.0) == 0.0


def test_who_woke_before_the_daemon_was_started_anew_counts() -> None:
    ramps = Ramps(lambda: 0.0, woken=[950.0] * 50)
    schedule = Schedule(up=Ramp(), resume_percent=5.0)
    assert begun(ramps, [up(0)], schedule, 1000.0) == []
    assert begun(ramps, [up(0)], schedule, 1010.0) == ["0"]


def test_an_emergency_waits_for_nothing_and_uses_up_nothing() -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=Ramp(batch=1, gap=60.0))
    waiting = [down(n, at_once=True) for n in range(100)]
    assert len(begun(ramps, waiting, schedule, 0.0)) == 100
    assert begun(ramps, [down("a"), down("b")], schedule, 0.0) == ["a"]


@given(
    st.integers(1, 5),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=60),
)
@pytest.mark.filterwarnings("ignore")
def test_no_gap_ever_sees_more_than_one_batch_begin(
    batch: int, gap: int, waits: list[tuple[int, bool]]
) -> None:
    ramps, schedule = Ramps(lambda: 0.0), Schedule(down=Ramp(batch=batch, gap=float(gap)))
    now, began = 0.0, []
    for number, (wait, over) in enumerate(waits):
        now += wait
        if ramps.begin(down(number), schedule, 9, now) is not None:
            began.append(now)
        if over:
            ramps.ended(str(number))
    for first in began:
        batches = sorted(at for at in began if at >= first)
        assert len([at for at in batches if at < first + gap]) <= 2 * batch
    steps = began[::batch]
    assert len(began) <= batch * (1 + now // gap)
    assert steps == sorted(steps)
