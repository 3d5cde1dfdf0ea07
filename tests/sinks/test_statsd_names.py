"""Names that every statsd keeps whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.sinks.statsd_names import dotted, segment


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("T1", "T1"),
        ("B29+", "B29-plus"),
        ("MHS av", "MHS-av"),
        ("Device Hardware%", "Device-Hardware"),
        ("rack.7:a|b", "rack_7_a_b"),
        ("Ünïcode", "_n_code"),
        ("", "unknown"),
        (" % ", "unknown"),
    ],
)
def test_a_segment_has_only_characters_that_every_statsd_keeps(given: str, safe: str) -> None:
    assert segment(given) == safe


@given(st.text())
def test_any_text_is_a_safe_name(text: str) -> None:
    for part in (segment(text), *dotted(text).split(".")):
        assert all(char.isascii() and (char.isalnum() or char in "_-") for char in part)
    assert segment(text)
