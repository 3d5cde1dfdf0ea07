"""Where miners listen, and where to knock for whom."""

from __future__ import annotations

import pytest

from mother.config.subject import FAMILIES
from mother.core.ports import Knocks, Ports, knocks

PORTS = Ports(8080, 12028, 12433, 8080)


def test_the_ports_of_the_trade_are_the_usual_ones() -> None:
    assert Ports().all == (80, 4028, 4433)


def test_a_port_that_serves_two_is_one_door() -> None:
    assert PORTS.all == (8080, 12028, 12433)
    assert Ports(80, 4028, 4433, 8000).all == (80, 8000, 4028, 4433)


@pytest.mark.parametrize(
    ("families", "first", "then"),
    [
        (("dragonmint",), (8080,), ()),
        (("axeos",), (8080,), ()),
        (("avalon",), (12028,), ()),
        (("antminer",), (8080, 12028), ()),
        (("whatsminer",), (12028,), (12433,)),
        (("dragonmint", "antminer"), (8080, 12028), ()),
        ((), (8080, 12028), (12433,)),
    ],
)
def test_only_doors_that_somebody_looked_for_may_open_are_knocked_at(
    families: tuple[str, ...], first: tuple[int, ...], then: tuple[int, ...]
) -> None:
    assert knocks(PORTS, families) == Knocks(first, then)


def test_a_dragonmint_elsewhere_is_knocked_at_where_it_is() -> None:
    apart = Ports(80, 4028, 4433, 8000)
    assert knocks(apart, ("dragonmint",)) == Knocks((8000,))
    assert knocks(apart, ("axeos",)) == Knocks((80,))
    assert knocks(apart, ()) == Knocks((80, 8000, 4028), (4433,))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_that_can_be_configured_has_its_doors(family: str) -> None:
    assert knocks(PORTS, (family,)).first
