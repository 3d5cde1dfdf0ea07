"""Which networks this machine is in: what the kernel answers, and what sysfs says of each."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.net.local import (
    DOWN,
    INNER,
    LOOPBACK,
    TUNNEL,
    addresses_in,
    local_networks,
    set_apart,
)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", len(body) + 16, kind, 2, 1, 0) + body + bytes(-len(body) % 4)


def told(index: int, address: str, prefix: int, peer: str = "") -> bytes:
    """An address as the kernel tells it; `peer` is the other side of a tunnel."""
    body = struct.pack("=BBBBI", socket.AF_INET, prefix, 0x80, 0, index)
    body += attribute(1, socket.inet_aton(peer or address))
    body += attribute(2, socket.inet_aton(address)) + attribute(3, b"eth0\0")
    return message(20, body)


def test_addresses_are_read_up_to_the_end_of_the_dump() -> None:
    first = told(2, "10.1.2.3", 22) + told(3, "192.168.7.9", 24)
    assert addresses_in(first) == ([(2, "10.1.2.3", 22), (3, "192.168.7.9", 24)], False)
    assert addresses_in(message(3, bytes(4)) + told(4, "10.9.9.9", 24)) == ([], True)


def test_of_a_tunnel_our_own_side_counts() -> None:
    assert addresses_in(told(5, "10.8.0.2", 32, peer="10.8.0.1"))[0] == [(5, "10.8.0.2", 32)]


def test_an_error_of_the_kernel_and_an_empty_answer_are_told() -> None:
    with pytest.raises(OSError, match="tells no addresses"):
        addresses_in(message(2, struct.pack("=i", -1)))
    with pytest.raises(OSError, match="no netlink message"):
        addresses_in(b"")


@given(st.binary(max_size=200))
def test_garbage_costs_an_error_at_most(garbage: bytes) -> None:
    try:
        addresses_in(told(2, "10.1.2.3", 22) + garbage)
        addresses_in(message(20, garbage))
    except OSError:
        pass


def test_this_machine_has_its_loopback() -> None:
    loopback = [one for one in local_networks() if one.apart == LOOPBACK]
    assert "127.0.0.1" in [one.address for one in loopback]
    assert {one.network for one in loopback} >= {"127.0.0.0/8"}


def interface(folder: Path, name: str, *, card: bool = False, **files: str) -> Path:
    place = folder / name
    place.mkdir()
    for file, text in {"type": "1", "flags": "0x1003", "operstate": "up", **files}.items():
        (place / file).write_text(f"{text}\n")
    if card:
        (place / "device").mkdir()
    return place


@pytest.mark.parametrize(
    ("name", "card", "files", "why"),
    [
        ("eth0", True, {}, ""),
        ("wlan0", True, {"uevent": "DEVTYPE=wlan"}, ""),
        ("eth0.10", False, {"uevent": "DEVTYPE=vlan"}, ""),
        ("bond0", False, {"uevent": "DEVTYPE=bond"}, ""),
        ("eth0", False, {"operstate": "unknown"}, ""),
        ("eth1", True, {"operstate": "down"}, DOWN),
        ("eth1", True, {"flags": "0x1002"}, DOWN),
        ("lo", False, {"type": "772"}, LOOPBACK),
        ("tun0", False, {"type": "65534", "tun_flags": "0x1001"}, TUNNEL),
        ("corp", False, {"type": "65534", "uevent": "DEVTYPE=wireguard"}, TUNNEL),
        ("ztabcdefgh", False, {"tun_flags": "0x1002"}, TUNNEL),
        ("ppp0", False, {"type": "512"}, TUNNEL),
        ("docker_gwbridge", False, {}, INNER),
        ("virbr0", False, {}, INNER),
        ("dummy0", False, {}, INNER),
    ],
)
def test_an_interface_is_set_apart_by_what_it_is(
    tmp_path: Path, name: str, card: bool, files: dict[str, str], why: str
) -> None:
    assert set_apart(interface(tmp_path, name, card=card, **files)) == why


def test_a_bridge_counts_where_a_card_is_in_it(tmp_path: Path) -> None:
    interface(tmp_path, "eno1", card=True)
    interface(tmp_path, "veth12")
    for name, port in (("vmbr0", "eno1"), ("br-0123456789ab", "veth12"), ("mine", "")):
        bridge = interface(tmp_path, name)
        (bridge / "bridge").mkdir()
        (bridge / "brif").mkdir()
        if port:
            (bridge / "brif" / port).touch()
    assert set_apart(tmp_path / "vmbr0") == ""
    assert set_apart(tmp_path / "br-0123456789ab") == INNER
    assert set_apart(tmp_path / "mine") == INNER
