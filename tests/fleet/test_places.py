"""Where miners stand: in words, one over the other, and as a CSV file."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from mother.core.sheets import untamed
from mother.fleet.places import COLUMNS, FIELDS, Placed, as_csv, in_words, laid_over
from mother.fleet.remembered import Place

MAC = "a0:b0:45:00:e3:ab"
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=8)
PLACES = st.builds(Place, **dict.fromkeys(FIELDS, TEXT))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_place_is_told_from_the_site_to_the_outlet() -> None:
    place = Place("Hall 1", "A3", "2", "4", "p1", "7", "Ann", "noisy")
    assert in_words(place) == "Hall 1, rack A3, row 2, slot 4, PDU p1 outlet 7, of Ann, noisy"
    assert in_words(Place(rack="A3", outlet="7")) == "rack A3, outlet 7"
    assert in_words(Place()) == ""


def test_an_empty_field_empties_nothing_unless_the_whole_is_meant() -> None:
    old, new = Place(rack="A3", owner="Ann"), Place(rack="B1", slot="4")
    assert laid_over(old, new, whole=False) == Place(rack="B1", slot="4", owner="Ann")
    assert laid_over(old, new, whole=True) == new


def test_the_file_has_a_row_for_everybody_with_slots_in_the_order_of_their_numbers() -> None:
    placed = [Placed(f"{MAC[:-2]}{n:02x}", Place(rack="A3", slot=str(n))) for n in (10, 9, 100)]
    unplaced = Placed(MAC, serial="S1", worker="dragon-1", ip="10.1.2.3", model="T1")
    rows = rows_of(as_csv([*placed, unplaced]))
    assert tuple(rows[0]) == COLUMNS
    assert [row["slot"] for row in rows] == ["", "9", "10", "100"]
    told = {name: rows[0][name] for name in ("mac", "serial", "worker", "ip", "model")}
    assert told == {
        "mac": MAC, "serial": "S1", "worker": "dragon-1", "ip": "10.1.2.3", "model": "T1",
    }  # fmt: skip


def test_a_device_cannot_put_a_formula_into_a_spreadsheet() -> None:
    (row,) = rows_of(as_csv([Placed(MAC, serial="@x", model="=cmd()")]))
    assert (row["serial"], row["model"]) == ("'@x", "'=cmd()")
    assert untamed(row["serial"]) == "@x"


@given(PLACES)
def test_whatever_is_written_is_read_as_it_was(place: Place) -> None:
    (row,) = rows_of(as_csv([Placed(MAC, place)]))
    assert Place(**{name: untamed(row[name]) for name in FIELDS}) == place
