"""What a reading says beyond its fields."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.reading import Board, Mode, Pool, Reading, efficiency


def reading(**told: Any) -> Reading:
    return Reading(1_700_000_000.0, **told)


@pytest.mark.parametrize(
    ("told", "mode"),
    [
        ({}, Mode.ACTIVE),
        ({"tuning": True}, Mode.TUNING),
        ({"restarting": True, "tuning": True}, Mode.STARTING),
        ({"halted": True, "restarting": True, "tuning": True}, Mode.ERROR),
        ({"asleep": True, "halted": True, "restarting": True, "tuning": True}, Mode.SLEEP),
    ],
)
def test_a_device_is_at_one_thing_and_sleep_comes_first(told: dict[str, Any], mode: Mode) -> None:
    assert reading(**told).mode is mode


def test_boards_are_counted_where_any_is_told() -> None:
    boards = (Board(0, True), Board(1, False), Board(2))
    assert reading(boards=boards).boards_alive == 1
    assert reading().boards_alive is None


def test_the_hottest_counts_and_what_is_not_told_does_not() -> None:
    boards = (Board(0, temperature=60.0), Board(1, temperature_chip=91.0), Board(2))
    assert reading(boards=boards).temperature_max == 60.0
    assert reading(boards=boards).temperature_chip_max == 91.0
    assert reading().temperature_max is None
    assert reading().temperature_chip_max is None


def test_efficiency_is_joules_for_a_terahash() -> None:
    assert reading(power=3000.0, hashrate=100e12).efficiency == pytest.approx(30.0)
    assert efficiency(0.0, 100e12) == 0.0
    for power, hashrate in ((None, 1e12), (3000.0, None), (3000.0, 0.0)):
        assert reading(power=power, hashrate=hashrate).efficiency is None


def test_one_live_pool_is_enough_and_silence_is_no_death() -> None:
    dead, live, mute = Pool(0, alive=False), Pool(1, alive=True), Pool(2)
    assert reading(pools=(dead, live, mute)).pool_alive is True
    assert reading(pools=(dead, mute)).pool_alive is False
    assert reading(pools=(mute,)).pool_alive is None


def test_shares_are_the_devices_own_or_its_boards_together() -> None:
    boards = (Board(0, accepted=5.0, rejected=1.0), Board(1, accepted=7.0), Board(2))
    assert reading(boards=boards).shares == (12.0, 1.0)
    assert reading(boards=boards, accepted=100.0).shares == (100.0, 1.0)
    assert reading(boards=boards, rejected=0.0).shares == (12.0, 0.0)
    assert reading(boards=(Board(0),)).shares == (None, None)
