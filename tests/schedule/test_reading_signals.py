"""A signal's number is the one that its source said, or none."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.schedule import Signal
from mother.core.errors import Garbled
from mother.schedule.reading_signals import MOST, decoded, number_in, scaled, series_in

NOW = 1_773_180_000.0  # 2026-03-10 22:00 UTC

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def signal(path: str = "", **more: Any) -> Signal:
    return Signal(name="price", url="http://secret", path=path, **more)


def refusal(document: object, one: Signal, now: float = NOW) -> str:
    with pytest.raises(Garbled) as raised:
        number_in(document, one, now)
    sentence = str(raised.value)
    assert sentence.startswith("the signal price: ")
    assert "\n" not in sentence
    assert "secret" not in sentence
    return sentence.removeprefix("the signal price: ")


@pytest.mark.parametrize(
    ("path", "document", "number"),
    [
        ("", 12, 12.0),
        ("price", {"price": 1.5}, 1.5),
        ("data.0.price", {"data": [{"price": -3}]}, -3.0),
        ("data.-1", {"data": [1, 2]}, 2.0),
        ("0.0", {"0": {"0": 4}}, 4.0),
        ("list.[name=b].w", {"list": [{"name": "a", "w": 1}, {"name": "b", "w": 2}]}, 2.0),
        ("list[name=b].w", {"list": [1, {"name": "b", "w": 2}, {"name": "b", "w": 3}]}, 2.0),
        ("[id=sensor.a].w", [{"id": "sensor.a", "w": 2}], 2.0),
        ("[ID=203].W", [{"ID": 103, "W": 1}, {"ID": 203, "W": 2}], 2.0),
        ("[on=true].W", [{"on": 1, "W": 1}, {"on": True, "W": 2}], 2.0),
        ("state", {"state": "812.4"}, 812.4),
        ("state", {"state": "-1e3"}, -1000.0),
    ],
)
def test_a_path_leads_to_a_number(path: str, document: object, number: float) -> None:
    assert number_in(document, signal(path), NOW) == number


def test_a_number_is_scaled_and_then_shifted() -> None:
    assert number_in({"p": 20}, signal("p", factor=10, plus=5), NOW) == 205


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "p is null, not a number"),
        (True, "p is true or false, not a number"),
        ("unavailable", "p is the word unavailable, not a number"),
        ("NaN", "p is the word nan, not a number"),
        ("Bearer secret", "p is text, not a number"),
        ("12 W", "p is text, not a number"),
        ("1_000", "p is text, not a number"),
        ("\u0663", "p is text, not a number"),
        ("", "p is text, not a number"),
        ([1], "p is a list, not a number"),
        ({"p": 1}, "p is an object, not a number"),
        (math.nan, "p is a number out of range, not a number"),
        (math.inf, "p is beyond all measure"),
        (-math.inf, "p is beyond all measure"),
        (10**400, "p is beyond all measure"),
        (MOST * 1.01, "p is beyond all measure"),
        ("1e999", "p is beyond all measure"),
    ],
)
def test_what_is_no_number_is_refused_by_name(value: object, said: str) -> None:
    assert refusal({"p": value}, signal("p")) == said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a.c", "a.c is not there (c leads nowhere)"),
        ("list.2", "list.2 is not there (2 leads nowhere)"),
        ("list.-3", "list.-3 is not there (-3 leads nowhere)"),
        ("list.[n=x]", "list.[n=x] is not there ([n=x] leads nowhere)"),
        ("a.b.c", "a.b.c is not there (c leads nowhere)"),
        ("a..b", "a..b is no path"),
        ("a.", "a. is no path"),
        (".a", ".a is no path"),
        ("a]", "a] is no path"),
        ("[n=x]y", "[n=x]y is no path"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, said: str) -> None:
    assert refusal({"a": {"b": 1}, "list": [1, 2]}, signal(path)).startswith(said)


def rows(*pairs: tuple[object, object]) -> dict[str, Any]:
    return {"rows": [{"t": at, "v": value} for at, value in pairs]}


LIST = signal("rows", at="t", value="v", step=1800)


@pytest.mark.parametrize(
    ("now", "number"),
    [(0, 1.0), (1799, 1.0), (1800, 2.0), (3600, 3.0), (5399, 3.0)],
)
def test_the_row_that_holds_now_counts_in_whatever_order_they_come(
    now: float, number: float
) -> None:
    document = rows((NOW + 3600, 3), (NOW, 1), (NOW + 1800, 2))
    assert number_in(document, LIST, NOW + now) == number


def test_a_row_holds_until_the_next_begins_however_long_that_is() -> None:
    assert number_in(rows((NOW, 1), (NOW + 9000, 2)), LIST, NOW + 8999) == 1


def test_rows_that_are_over_or_still_to_come_say_nothing() -> None:
    document = rows((NOW, 1), (NOW + 1800, 2))
    ended = refusal(document, LIST, NOW + 3600)
    assert ended == "rows has nothing for now: it ended at 2026-03-10 23:00 UTC"
    begins = refusal(document, LIST, NOW - 1)
    assert begins == "rows has nothing for now: it begins at 2026-03-10 22:00 UTC"


def test_a_single_measurement_may_come_from_a_clock_that_is_a_little_ahead() -> None:
    one = signal(at="t", value="v", step=300)
    assert number_in({"t": NOW, "v": 7}, one, NOW - 100) == 7
    assert "begins at" in refusal({"t": NOW, "v": 7}, one, NOW - 200)
    assert "ended at" in refusal({"t": NOW, "v": 7}, one, NOW + 300)


@pytest.mark.parametrize(
    "at",
    [
        NOW,
        int(NOW * 1000),
        str(int(NOW)),
        "2026-03-10T22:00:00Z",
        "2026-03-10T23:00:00.000+01:00",
        "2026-03-10 16:00:00-0600",
        "2026-03-10T17:00:00",  # as its zone has it
    ],
)
def test_times_are_read_as_sources_write_them(at: object) -> None:
    one = signal("rows", at="t", value="v", step=60, zone="America/Chicago")
    assert series_in(rows((at, 1)), one).begins == (NOW,)


@pytest.mark.parametrize("at", [None, True, "soon", "secret", -1, 1e30, math.nan, [], {}])
def test_what_is_no_time_is_refused(at: object) -> None:
    assert refusal(rows((at, 1)), LIST).endswith(", not a time")


def test_a_time_without_its_offset_is_not_guessed() -> None:
    said = refusal(rows(("2026-03-10T22:00:00", 1)), LIST)
    assert said == "t is a time without its offset: say in which zone"


def test_a_row_without_a_number_is_not_filled_from_its_neighbours() -> None:
    document = rows((NOW, 1), (NOW + 60, None), (NOW + 120, 3))
    assert refusal(document, LIST, NOW + 60) == "v is null in the row of 2026-03-10 22:01 UTC"
    assert number_in(document, LIST, NOW + 120) == 3


def test_two_numbers_for_one_time_are_refused() -> None:
    assert "two different numbers" in refusal(rows((NOW, 1), (NOW, 2)), LIST)
    assert number_in(rows((NOW, 1), (NOW, 1)), LIST, NOW) == 1


def test_two_lists_belong_together_only_where_they_are_equally_long() -> None:
    one = signal(at="t", value="v")
    assert number_in({"t": [NOW, NOW + 60], "v": [1, 2]}, one, NOW + 60) == 2
    assert "no list as long" in refusal({"t": [NOW, NOW + 60], "v": [1]}, one)
    assert "no list as long" in refusal({"t": [NOW], "v": 1}, one)


def test_a_list_without_rows_or_with_too_many_is_refused() -> None:
    assert refusal({"rows": []}, LIST) == "rows has no rows"
    assert "more than 20000 rows" in refusal(rows(*[(NOW, 1)] * 20_001), LIST)


@pytest.mark.parametrize(
    "body", [b"", b"<html>secret</html>", b"\xff\xfe", b'{"a":NaN}', b"[" * 100_000, b'{"a":1']
)
def test_what_is_no_json_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(Garbled, match=r"^the signal price: the answer is no JSON$"):
        decoded(body, signal())


def test_a_mark_of_byte_order_is_no_harm() -> None:
    assert decoded(b"\xef\xbb\xbf[1]", signal()) == [1]


@given(document=JSON, path=st.text(alphabet="ab0.[=]-1", max_size=8), row=st.booleans())
def test_any_document_gives_a_finite_number_or_one_sentence(
    document: object, path: str, row: bool
) -> None:
    one = signal(path, at="a", value="b") if row else signal(path)
    said = ""
    number = 0.0
    try:
        number = number_in(document, one, NOW)
    except Garbled as garbled:
        said = str(garbled)
    assert abs(number) <= MOST
    assert not said or said.startswith("the signal price: ")


@given(st.floats(allow_nan=False, min_value=-1e9, max_value=1e9))
def test_a_number_comes_through_as_it_is(number: float) -> None:
    document = msgspec.json.decode(msgspec.json.encode({"p": number}))
    assert number_in(document, signal("p"), NOW) == number
    assert scaled(number, signal()) == number
