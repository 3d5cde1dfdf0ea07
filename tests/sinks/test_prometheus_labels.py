"""Texts of devices as labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.sinks.prometheus_labels import LONGEST, cleaned, pool_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("stratum+tcp://pool.example:3333", "stratum+tcp://pool.example:3333"),
        ("Stratum+TCP://Pool.Example:3333/#xnsub", "stratum+tcp://pool.example:3333"),
        ("stratum+tcp://me.1:hunter2@pool.example:3333", "stratum+tcp://pool.example:3333"),
        ("stratum+tcp://a:p@b:hunter2@pool.example:3333", "stratum+tcp://pool.example:3333"),
        ("stratum+tcp://me:hun/ter2@pool.example:3333", "unknown"),
        ("stratum+tcp://me:1234/567@pool.example:3333", "unknown"),
        ("stratum+tcp://me:hun?ter2@pool.example", "unknown"),
        ("stratum+tcp://me:hun\\ter2@pool.example", "unknown"),
        ("stratum+tcp://me:hun://ter2@pool.example", "unknown"),
        ("stratum+tcp://pool.example:3333?key=hunter2", "stratum+tcp://pool.example:3333"),
        ("pool.example:3333", "pool.example:3333"),
        ("me:hunter2@pool.example:3333", "pool.example:3333"),
        ("stratum+tcp://[2001:db8::1]:3333", "stratum+tcp://[2001:db8::1]:3333"),
        ("stratum+tcp://pool example:3333", "unknown"),
        ("stratum+tcp://me:hunter2", "unknown"),
        ("", ""),
    ],
)
def test_of_a_pools_url_only_scheme_host_and_port_are_told(url: str, shown: str) -> None:
    assert pool_address(url) == shown


SECRET = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(lambda t: f"hunter2{t}")


@given(SECRET)
def test_no_password_in_a_url_reaches_a_label(secret: str) -> None:
    for url in (f"tcp://me:{secret}@pool:1", f"me:{secret}@pool:1", f"tcp://pool:1/?k={secret}"):
        assert "hunter2" not in pool_address(url)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dragon-4500e3ab", "dragon-4500e3ab"),
        ("Антминер S9", "Антминер S9"),
        ("a\nb\x00c\u202e\ud800", "a_b_c__"),
        ("", "unknown"),
        ("  ", "unknown"),
        ("x" * 999, "x" * LONGEST),
    ],
)
def test_a_label_is_printable_short_and_never_empty(text: str, shown: str) -> None:
    assert cleaned(text) == shown
