"""Numbers are shown as the trade shows them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.units import duration, finite, si, three_digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (16.23, "16.2"),
        (4.926, "4.93"),
        (812.4, "812"),
        (0, "0"),
        (-0.0, "0"),
        (-5.0, "-5.00"),
        (0.25, "0.250"),
        (0.0123, "0.012"),
        (0.0001, "0"),
        (-0.0001, "0"),
        (9.996, "10.0"),
        (99.96, "100"),
        (999.96, "1000"),
        (0.9996, "1.00"),
        (12_345, "12345"),
        (math.inf, "–"),
        (math.nan, "–"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    assert three_digits(value) == text


@given(st.floats(min_value=0.1, max_value=999.4))
def test_what_is_shown_has_exactly_three_digits_and_is_near(value: float) -> None:
    text = three_digits(value)
    assert len(text.replace(".", "").lstrip("0")) == 3
    assert float(text) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.62e13, "H/s", "16.2\u2009TH/s"),
        (4.93e12, "H/s", "4.93\u2009TH/s"),
        (1.2e18, "H/s", "1.20\u2009EH/s"),
        (3.4e15, "H/s", "3.40\u2009PH/s"),
        (15e9, "H/s", "15.0\u2009GH/s"),
        (8e6, "H/s", "8.00\u2009MH/s"),
        (1500.0, "W", "1.50\u2009kW"),
        (950.0, "W", "950\u2009W"),
        (999.5, "W", "1.00\u2009kW"),
        (999.4, "W", "999\u2009W"),
        (999.96e9, "H/s", "1.00\u2009TH/s"),
        (-2e3, "W", "-2.00\u2009kW"),
        (0.0, "H/s", "0\u2009H/s"),
        (None, "H/s", "–"),
        (math.nan, "H/s", "–"),
        (math.inf, "H/s", "–"),
    ],
)
def test_a_quantity_has_an_si_prefix_and_a_thin_space(
    value: float | None, unit: str, text: str
) -> None:
    assert si(value, unit) == text


@given(st.floats(min_value=0.1, max_value=9e20))
def test_a_quantity_never_needs_more_than_three_digits(value: float) -> None:
    number = si(value, "H/s").split("\u2009")[0]
    assert re.fullmatch(r"\d{1,3}(\.\d{1,3})?", number)
    assert len(number.replace(".", "").lstrip("0")) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (840, "14 min"),
        (4000, "1 h 6 min"),
        (86_400, "1 d"),
        (93_599, "1 d 1 h"),
        (3601, "1 h 1 s"),
        (math.inf, "–"),
        (math.nan, "–"),
    ],
)
def test_a_duration_is_its_two_largest_parts(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (2.5, 2.5), (-1, -1.0), (0, 0.0)])
def test_a_number_from_outside_is_a_float(value: object, number: float) -> None:
    found = finite(value)
    assert found == number
    assert isinstance(found, float)


@pytest.mark.parametrize(
    "value", [None, True, False, "12", "", [1], {}, math.nan, math.inf, -math.inf, 10**400]
)
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert finite(value) is None
