"""The IP-report button of an Antminer. Hand-made: the format is from general knowledge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.drivers.antminer.ipreport import PORT, parse
from mother.drivers.ipreport import Report

MAC = "a0:b0:45:00:e3:ab"


def test_it_is_heard_on_the_port_of_the_makers_own_tool() -> None:
    assert PORT == 14235


@pytest.mark.parametrize(
    "text",
    [
        "10.1.0.7,A0:B0:45:00:E3:AB",
        "10.1.0.7,a0:b0:45:00:e3:ab\0",
        "10.1.0.7 , a0-b0-45-00-e3-ab\r\n",
        "[10.1.0.7/24,A0:B0:45:00:E3:AB]",
        '"10.1.0.7","A0:B0:45:00:E3:AB"',
    ],
)
def test_a_report_tells_address_and_mac(text: str) -> None:
    assert parse(text.encode(), "10.1.0.9") == Report(MAC, "10.1.0.7", "Bitmain")


@pytest.mark.parametrize("host", ["0.0.0.0", "300.1.2.3", "224.0.0.1", "255.255.255.255"])
def test_an_address_that_is_none_is_that_of_the_sender(host: str) -> None:
    report = parse(f"{host},{MAC}".encode(), "10.1.0.9")
    assert report is not None
    assert report.host == "10.1.0.9"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"10.1.0.7",
        b"10.1.0.7,",
        b"10.1.0.7,00:00:00:00:00:00",
        b"10.1.0.7,ff:ff:ff:ff:ff:ff",
        b"10.1.0.7,01:00:5e:00:00:01",
        b"10.1.0.7,a0:b0:45:00:e3:abc",
        b"10.1.0.7,a0:b0:45:00:e3",
        b"IP:10.1.0.7MAC:a0:b0:45:00:e3:ab",
        b"10.1.0.7,a0:b0:45:00:e3:ab" + b" " * 1000,
    ],
)
def test_anything_else_is_nobodys_button(data: bytes) -> None:
    assert parse(data, "10.1.0.9") is None


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_no_datagram_is_an_error(head: bytes, tail: bytes) -> None:
    for data in (head, head + b"10.1.0.7,a0:b0:45:00:e3:ab" + tail):
        found = parse(data, "10.1.0.9")
        assert found is None or len(found.mac) == 17
