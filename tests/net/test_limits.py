"""How much the machine lets us have."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from mother.core.addresses import span
from mother.net.limits import neighbour_places, on_link, probe_width, raise_file_limit

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def route(device: str, network: str, gateway: str, flags: str, mask: str) -> str:
    return f"{device}\t{network}\t{gateway}\t{flags}\t0\t0\t0\t{mask}\t0\t0\t0   \n"


ROUTES = (
    HEAD
    + route("eth0", "00000000", "0100010A", "0003", "00000000")  # default by 10.1.0.1
    + route("eth0", "0000010A", "00000000", "0001", "00FCFFFF")  # 10.1.0.0/22
    + route("eth1", "0000000A", "00000000", "0001", "000000FF")  # 10.0.0.0/8
    + route("eth0", "0000020A", "0100010A", "0003", "0000FFFF")  # 10.2.0.0/16 by a gateway
    + route("eth2", "0005020A", "00000000", "0001", "00FFFFFF")  # 10.2.5.0/24 inside it
    + route("lo", "0000007F", "00000000", "0001", "000000FF")  # 127.0.0.0/8
)


@pytest.mark.parametrize(
    ("network", "near"),
    [
        ("10.1.0.0/22", True),
        ("10.1.1.7", True),
        ("10.1.3.200-10.1.4.20", True),
        ("10.77.0.0/16", True),
        ("10.2.0.0/24", False),
        ("10.2.4.0/23", True),
        ("10.2.0.0/16", True),
        ("192.168.1.0/24", False),
        ("127.77.0.0/16", False),
    ],
)
def test_a_network_is_on_link_when_its_addresses_are_neighbours(network: str, near: bool) -> None:
    assert on_link(span(network), ROUTES) is near


@pytest.mark.parametrize(
    "table", ["", HEAD, HEAD + route("ppp0", "00000000", "00000000", "1", "0" * 8)]
)
def test_without_routes_or_with_a_bare_default_nothing_is_on_link(table: str) -> None:
    assert on_link(span("10.1.0.0/22"), table) is False


def test_the_width_leaves_files_to_polls_and_neighbours_to_those_that_exist() -> None:
    assert probe_width(1024, on_link=False, neighbours=1024) == 853
    assert probe_width(20_000, on_link=False, neighbours=1024) == 16_384
    assert probe_width(20_000, on_link=True, neighbours=1024) == 512
    assert probe_width(100, on_link=True, neighbours=100_000) == 83
    assert probe_width(0, on_link=True, neighbours=0) == 1


def test_the_neighbour_table_is_as_large_as_the_kernel_says(tmp_path: Path) -> None:
    said = tmp_path / "gc_thresh3"
    said.write_text("4096\n")
    assert neighbour_places(said) == 4096
    said.write_text("")
    assert neighbour_places(said) == neighbour_places(tmp_path / "none") == 1024


def test_the_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
        assert raise_file_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
