"""The addresses of a scan."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netaddr import IPNetwork, IPSet

from mother.core.addresses import Addresses


def hosts(networks: list[str], exclude: list[str] | None = None) -> list[str]:
    return sorted(Addresses(networks, exclude or []).shuffled(Random(1)))


def test_a_network_gives_its_hosts_without_network_and_broadcast_address() -> None:
    assert hosts(["10.1.0.0/30"]) == ["10.1.0.1", "10.1.0.2"]


@pytest.mark.parametrize("text", ["10.1.0.5", "10.1.0.5/32"])
def test_a_single_address_is_scanned(text: str) -> None:
    assert hosts([text]) == ["10.1.0.5"]


def test_a_range_gives_both_ends() -> None:
    assert hosts(["10.1.0.254-10.1.1.1"]) == ["10.1.0.254", "10.1.0.255", "10.1.1.0", "10.1.1.1"]


def test_overlapping_networks_are_scanned_once() -> None:
    assert hosts(["10.1.0.0/29", "10.1.0.4-10.1.0.9"]) == [f"10.1.0.{n}" for n in range(1, 10)]


def test_what_is_excluded_is_never_scanned() -> None:
    assert hosts(["10.1.0.0/28"], ["10.1.0.2-10.1.0.12", "10.1.0.14"]) == ["10.1.0.1", "10.1.0.13"]


def test_an_excluded_network_is_out_with_its_border_addresses() -> None:
    assert hosts(["10.1.0.0-10.1.0.8"], ["10.1.0.0/29"]) == ["10.1.0.8"]


def test_membership_agrees_with_the_list() -> None:
    addresses = Addresses(["10.1.0.0/29"], ["10.1.0.3"])
    assert [f"10.1.0.{n}" in addresses for n in (0, 1, 3, 6, 7)] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_nothing_to_scan_is_no_error() -> None:
    assert hosts(["10.1.0.1"], ["10.1.0.0/24"]) == []


def test_the_order_spreads_over_the_whole_network() -> None:
    first = list(islice(Addresses(["10.1.0.0/16"]).shuffled(Random(7)), 64))
    assert len({host.split(".")[2] for host in first}) > 40


def test_a_network_of_millions_needs_no_list() -> None:
    assert len(list(islice(Addresses(["10.0.0.0/8"]).shuffled(Random(7)), 3))) == 3


ranges = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(
    lambda ends: "-".join(f"10.0.{end // 256}.{end % 256}" for end in sorted(ends))
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ranges, max_size=4), st.lists(ranges, max_size=4), st.integers())
def test_every_address_comes_exactly_once(
    networks: list[str], exclude: list[str], seed: int
) -> None:
    def whole(texts: list[str]) -> IPSet:
        result = IPSet()
        for text in texts:
            first, last = text.split("-")
            result |= IPSet([*(IPNetwork(f"{a}/32") for a in _between(first, last))])
        return result

    addresses = Addresses(networks, exclude)
    given_out = list(addresses.shuffled(Random(seed)))
    assert len(given_out) == len(set(given_out)) == len(addresses)
    assert set(given_out) == {str(ip) for ip in whole(networks) - whole(exclude)}


def _between(first: str, last: str) -> list[str]:
    low, high = (int(t.split(".")[2]) * 256 + int(t.split(".")[3]) for t in (first, last))
    return [f"10.0.{n // 256}.{n % 256}" for n in range(low, high + 1)]
