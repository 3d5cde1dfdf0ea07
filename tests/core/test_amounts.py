"""Amounts as people write them, and how what is none is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.amounts import seconds, share, watts
from mother.core.units import duration, si


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500kW", 500_000),
        ("3.2 kW", 3200),
        (" 850 ", 850),
        ("850W", 850),
        ("0.5MW", 500_000),
        ("1 gw", 1e9),
        ("12mw", 12e6),
        (".5 kw", 500),
        ("0", 0),
        ("3.2\u2009kW", 3200),
    ],
)
def test_a_power_is_read(text: str, expected: float) -> None:
    assert watts(text) == expected


@pytest.mark.parametrize(
    "text", ["", "kW", "-5kW", "1,5 kW", "5 kWh", "5k", "1e3", "nan", "inf", "٣kW", "9" * 400]
)
def test_what_is_no_power_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no power, e\.g\. 500kW"):
        watts(text)


def test_milliwatts_are_not_taken_for_megawatts() -> None:
    with pytest.raises(ValueError, match="'5 mW' is in milliwatts; MW is a million watts"):
        watts("5 mW")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15min", 900),
        ("2h", 7200),
        ("1h30min", 5400),
        ("1 h 30 min", 5400),
        ("90", 90),
        ("1.5h", 5400),
        ("2 Days", 172_800),
        ("45 sec", 45),
        ("5m", 300),
        (" 10 s ", 10),
    ],
)
def test_a_time_is_read(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "min", "-5min", "5 weeks", "1h30", "1h,5min", "0x5", "inf"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time, e\.g\. 15min, 2h or 90"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20%", 0.2), ("0.2", 0.2), ("12.5 %", 0.125), ("100%", 1), ("110%", 1.1), ("0", 0)],
)
def test_a_share_is_read(text: str, expected: float) -> None:
    assert share(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["1", "20", "1.0"])
def test_a_number_that_may_be_meant_as_percent_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match=f"can be read in two ways; write {text}% if"):
        share(text)


@pytest.mark.parametrize("text", ["", "%", "-5%", "a fifth", "20 percent"])
def test_what_is_no_share_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no share, e\.g\. 20% or 0\.2"):
        share(text)


def test_what_is_shown_of_a_long_text_is_cut() -> None:
    with pytest.raises(ValueError, match=r"^.{1,120}$"):
        watts("x" * 9999)


@given(st.floats(0, 1e10))
def test_a_power_that_was_shown_is_read_as_the_same(number: float) -> None:
    assert watts(si(number, "W")) == pytest.approx(number, rel=0.01, abs=0.001)


@given(st.integers(0, 10**7))
def test_a_time_that_was_shown_is_read_as_the_same(number: int) -> None:
    assert seconds(duration(number)) == pytest.approx(number, rel=0.05)


@given(st.text(max_size=20))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    for read in (watts, seconds, share):
        with contextlib.suppress(ValueError):
            assert 0 <= read(text) < 1e26
