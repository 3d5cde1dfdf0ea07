"""Waits after failures double up to a bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.backoff import Backoff

BACKOFF = Backoff(first=30.0, most=3600.0)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 30.0), (2, 60.0), (3, 120.0), (7, 1920.0), (8, 3600.0)]
)
def test_each_further_failure_doubles_the_wait(failures: int, seconds: float) -> None:
    assert BACKOFF.wait(failures) == seconds


@given(st.integers(min_value=8))
def test_the_wait_never_exceeds_the_most_however_many_failures(failures: int) -> None:
    assert BACKOFF.wait(failures) == 3600.0


@pytest.mark.parametrize("failures", [0, -1])
def test_no_failure_waits_like_the_first(failures: int) -> None:
    assert BACKOFF.wait(failures) == 30.0


def test_the_most_is_a_bound_for_the_first_wait_too() -> None:
    assert Backoff(first=30.0, most=10.0).wait(1) == 10.0
