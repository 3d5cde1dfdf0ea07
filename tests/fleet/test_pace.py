"""How often a device is asked, and the mean of what it hashed of late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.drivers.base import Nature
from mother.fleet.pace import MOST, PATIENT, Mean, pause, smoothed
from tests.fleet.toy import Playroom

START = 1_700_000_000.0
WINDOW = 900.0


def filled(value: float = 10.0, seconds: float = WINDOW, step: float = 60.0) -> Mean:
    mean = Mean(WINDOW)
    at = START
    while at <= START + seconds:
        mean.add(at, value, "key")
        at += step
    return mean


def test_a_mean_is_told_once_its_window_is_nearly_full() -> None:
    assert Mean(WINDOW).value(START) is None
    assert filled(seconds=600.0).value(START + 600.0) is None
    assert filled().value(START + WINDOW) == 10.0


def test_a_mean_forgets_what_is_older_than_its_window() -> None:
    mean = filled(100.0)
    for minute in range(16, 31):
        mean.add(START + 60.0 * minute, 1.0, "key")
    assert mean.value(START + 1800.0) == 1.0
    half = filled(100.0)
    for minute in range(16, 24):
        half.add(START + 60.0 * minute, 1.0, "key")
    found = half.value(START + 60.0 * 23)
    assert found is not None
    assert 40.0 < found < 60.0


@pytest.mark.parametrize("step", [5.0, 30.0, 60.0, 300.0, 420.0, 480.0, 600.0, 840.0, 899.0])
def test_any_usual_pace_fills_a_window(step: float) -> None:
    mean = filled(10.0, 3600.0, step)
    assert mean.value(START + 3600.0) == pytest.approx(10.0)


def test_another_profile_begins_anew() -> None:
    mean = filled()
    mean.add(START + WINDOW + 60, 5.0, "another")
    assert mean.value(START + WINDOW + 60) is None
    for minute in range(2, 17):
        mean.add(START + WINDOW + 60 * minute, 5.0, "another")
    assert mean.value(START + WINDOW + 960) == 5.0


def test_a_gap_of_a_whole_window_begins_anew_and_a_shorter_one_does_not() -> None:
    mean = filled()
    at = START + WINDOW + WINDOW - 1.0
    mean.add(at, 10.0, "key")
    assert mean.value(at) == 10.0
    mean.add(at + WINDOW, 10.0, "key")
    assert mean.value(at + WINDOW) is None


def test_a_miner_that_is_read_seldom_has_a_mean_of_its_last_two_readings() -> None:
    mean = filled(100.0, 3360.0, 840.0)
    mean.add(START + 4200.0, 50.0, "key")
    assert mean.value(START + 4200.0) == 75.0
    mean.add(START + 5040.0, 50.0, "key")
    assert mean.value(START + 5040.0) == 50.0


def test_a_mean_that_nothing_new_came_to_is_not_told() -> None:
    mean = filled()
    assert mean.value(START + WINDOW + 840.0) == 10.0
    assert mean.value(START + WINDOW + 900.0) is None


def test_a_clock_that_was_set_back_begins_anew() -> None:
    mean = filled()
    mean.add(START - 3600.0, 10.0, "key")
    assert mean.value(START - 3600.0) is None
    for minute in range(1, 16):
        mean.add(START - 3600.0 + 60 * minute, 2.0, "key")
    assert mean.value(START - 2700.0) == 2.0


def test_what_is_no_number_is_left_out() -> None:
    mean = filled()
    for odd in (None, float("nan"), float("inf")):
        mean.add(START + WINDOW, odd, "key")
    assert mean.value(START + WINDOW) == 10.0


def test_what_was_before_a_reset_is_no_part_of_the_mean() -> None:
    mean = filled(100.0)
    mean.reset()
    assert mean.value(START + WINDOW) is None
    for minute in range(1, 17):
        mean.add(START + WINDOW + 60 * minute, 1.0, "key")
    assert mean.value(START + WINDOW + 960) == 1.0


@given(
    st.lists(
        st.tuples(st.floats(0, 5000), st.floats(0, 1e15), st.sampled_from(["a", "b"])), max_size=60
    )
)
def test_a_mean_lies_between_what_it_was_told(told: list[tuple[float, float, str]]) -> None:
    mean = Mean(WINDOW)
    for at, value, key in told:
        mean.add(START + at, value, key)
        found = mean.value(START + at)
        if found is not None:
            values = [one[1] for one in told]
            assert min(values) * 0.999 <= found <= max(values) * 1.001


def test_a_device_that_answers_quickly_is_polled_as_often_as_the_sweep_wants() -> None:
    assert pause(Nature(), 0.05) == 0.0
    assert pause(Nature(interval=30.0), 0.05) == 30.0


def test_a_slow_device_is_given_rest_but_never_for_ever() -> None:
    assert pause(Nature(), 4.0) == PATIENT * 4.0
    assert pause(Nature(interval=120.0), 4.0) == 120.0
    assert pause(Nature(), 1e6) == MOST


def test_one_slow_answer_does_not_decide_the_pace() -> None:
    assert smoothed(0.0, 2.0) == 2.0
    once = smoothed(0.2, 2.0)
    assert once < 1.0
    for _ in range(5):
        once = smoothed(once, 2.0)
    assert once > 1.0


def test_a_poll_that_comes_too_early_for_its_family_is_spared() -> None:
    room = Playroom()
    room.family.nature = Nature(interval=30.0)
    polls = room.daemon.poller.polls
    room.world.ether.run(29.0)
    assert room.daemon.poll(room.entry)
    assert (room.daemon.poller.polls, room.daemon.poller.spared) == (polls, 1)
    room.world.ether.run(1.0)
    assert room.daemon.poll(room.entry)
    assert (room.daemon.poller.polls, room.daemon.poller.spared) == (polls + 1, 1)
