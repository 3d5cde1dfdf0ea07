"""CSV files of places: ours, Foreman's, and what is wrong in them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.fleet.places import Placed, as_csv
from mother.fleet.remembered import Place
from mother.terminal.arguments import BadInput
from mother.terminal.places_file import BadRows, Read, mac_in, read, told_columns

MAC = "a0:b0:45:00:e3:ab"
FOREMAN = """Name,IP,MAC,Type,Location/ Rack,Location/ Row,Location/ Index,Customer
m1,10.1.2.3,A0B04500E3AB,T1,A3,2,4,Ann
"""


def reading(text: str) -> Read:
    return read(text.encode(), "places.csv")


def lines_of(text: str) -> list[str]:
    with pytest.raises(BadRows) as bad:
        reading(text)
    return list(bad.value.lines)


@pytest.mark.parametrize(
    "text", [MAC, MAC.upper(), "a0-b0-45-00-e3-ab", "A0B04500E3AB", "a0b0.4500.e3ab"]
)
def test_a_mac_is_read_in_any_usual_spelling(text: str) -> None:
    assert mac_in(f" {text} ") == MAC


@pytest.mark.parametrize("text", ["", "foo", "0" * 12, "f" * 12, "01:00:5e:00:00:01", MAC + ":00"])
def test_what_is_no_devices_mac_is_none(text: str) -> None:
    assert mac_in(text) == ""


def test_what_was_exported_is_read_again() -> None:
    place = Place("Hall 1", "A3", "2", "4", "p1", "7", "Ann", "=noisy, very", "S1")
    (spot,) = reading(as_csv([Placed(MAC, place, serial="S1", worker="w")])).spots
    assert (spot.mac, spot.serial, spot.place, spot.line) == (MAC, "S1", place, 2)


def test_a_serial_is_told_of_a_device_that_is_named_by_its_mac() -> None:
    (spot,) = reading(f"mac,serial\n{MAC},S1\n").spots
    assert (spot.mac, spot.place) == (MAC, Place(serial="S1"))


def test_foremans_columns_are_known_and_the_others_are_told() -> None:
    found = reading(FOREMAN)
    assert found.spots[0].place == Place(rack="A3", row="2", slot="4", owner="Ann")
    used, ignored = told_columns(found)
    assert "Location/ Rack as rack" in used
    assert ignored == "Columns ignored: Name, IP (only for people), Type."


@pytest.mark.parametrize("text", [f"mac;rack\n{MAC};A3\n", f"\ufeffMAC\tRack\r\n{MAC}\tA3\r\n"])
def test_a_spreadsheets_separators_and_first_bytes_do_no_harm(text: str) -> None:
    assert reading(text).spots[0].place == Place(rack="A3")


def test_each_bad_row_is_one_line_with_its_place() -> None:
    assert lines_of(f"mac,rack\nfoo,A1\n,A2\n\n{MAC},{'x' * 101}\n{MAC},A3\n{MAC},A4\n") == [
        "places.csv line 2: mac: 'foo' is no MAC address",
        "places.csv line 3: mac: is missing",
        "places.csv line 5: rack: is longer than 100 letters",
        f"places.csv line 7: {MAC} stands in line 6 already",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("name,rack\n", "no column is named mac or serial; there are name, rack"),
        ("mac,name\n", "no column tells a place"),
        ("mac,rack\n", "has no rows"),
    ],
)
def test_a_file_that_cannot_be_meant_is_one_line(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"^places.csv.*{why}"):
        reading(text)


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadInput, match="no text in UTF-8"):
        read(b"mac,rack\n\xff\xfe", "places.csv")


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_file_is_more_than_bad_input(content: bytes) -> None:
    for head in (b"", b"mac,rack\n"):
        with suppress(BadInput, BadRows):
            read(head + content, "places.csv")
