"""Who is forgotten when there are too many: gone longest first, nobody that is here."""

from __future__ import annotations

from mother.fleet.forgetting import surplus
from mother.fleet.remembered import DeviceMemory, Place

PLACED = DeviceMemory(mac="a0:b0:45:00:00:01", place=Place(rack="A3"))


def seen(at: float) -> DeviceMemory:
    return DeviceMemory(worker="dragon", last_seen=at)


def test_nobody_is_forgotten_while_there_is_room() -> None:
    assert surplus({"a": seen(1.0), "b": seen(2.0)}, lambda _: False, most=2) == []


def test_those_gone_longest_are_forgotten_first_and_nobody_that_is_here() -> None:
    devices = {"here": seen(0.0), "new": seen(9.0), "old": seen(1.0), "older": seen(0.5)}
    assert surplus(devices, lambda one: one == "here", most=2) == ["older", "old"]


def test_one_that_is_expected_is_forgotten_last() -> None:
    devices = {"expected": PLACED, "gone": seen(5.0), "here": seen(6.0)}
    assert surplus(devices, lambda one: one == "here", most=2) == ["gone"]
    assert surplus(devices, lambda one: one == "here", most=1) == ["gone", "expected"]


def test_a_farm_that_is_too_large_is_kept_whole() -> None:
    assert surplus({"a": seen(1.0), "b": seen(2.0)}, lambda _: True, most=1) == []
