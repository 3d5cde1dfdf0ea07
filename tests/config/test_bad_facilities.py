"""Facility switches and meters that cannot be meant so: the place and the cure in one line."""

from __future__ import annotations

import pytest

from tests.config.given import load, problems
from tests.config.test_bad_schedule import FANS, PRICE, Tree, facility

ON = FANS["on_url"]
SAME = (
    "schedule.facility[0].off_url: asks for the same as on_url, which switches nothing off; "
    "name another address, or another off_body"
)


def meter(error: object) -> Tree:
    return {"schedule": {"signal": [PRICE], "meter": [{"signal": "price", "error": error}]}}


@pytest.mark.parametrize("said", [{}, {"method": "GET"}, {"on_body": "x", "off_body": "x"}])
def test_a_switch_that_asks_for_the_same_to_switch_on_and_off_is_refused(
    said: dict[str, str],
) -> None:
    assert problems(file=facility(off_url=ON, **said)) == [SAME]


def test_one_address_with_two_bodies_and_two_addresses_are_a_switch() -> None:
    for said in ({"off_url": ON, "off_body": "off"}, {"on_body": "x", "off_body": "x"}):
        (switch,) = load(file=facility(**said)).schedule.switches
        assert (switch.on_url, switch.off_body) == (ON, said["off_body"])


def test_addresses_that_were_not_looked_up_are_not_taken_for_the_same() -> None:
    both = facility(on_url="env:ON", off_url="env:OFF")
    assert not any("the same" in line for line in problems(file=both))


@pytest.mark.parametrize(("said", "percent"), [(1, "100%"), (2, "200%"), (0.51, "51%")])
def test_an_error_of_more_than_half_is_refused_with_what_it_means(
    said: float, percent: str
) -> None:
    assert problems(file=meter(said)) == [
        f"schedule.meter[0].error: {said} means {percent}; "
        'name a share such as 0.02 or "2%", 50% at most'
    ]


@pytest.mark.parametrize("said", ["51%", -0.1])
def test_an_error_out_of_range_is_refused_with_the_range(said: object) -> None:
    assert problems(file=meter(said)) == [
        f"schedule.meter[0].error: {said!r} is out of range: 0% to 50%"
    ]


@pytest.mark.parametrize("said", [0.02, "2%", "0.02"])
def test_an_error_is_a_share_or_a_percentage(said: object) -> None:
    assert load(file=meter(said)).schedule.meters[0].error == 0.02
    assert load(file=meter(0.5)).schedule.meters[0].error == 0.5
