"""Durations, scopes, miners and addresses as people write them."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.terminal.arguments import (
    LONGEST,
    BadInput,
    boards_in,
    is_network,
    miner_in,
    scope_in,
    seconds_in,
    static_in,
    upgrade_in,
)

COUNTS = st.integers(min_value=0, max_value=99)
ADDRESSES = st.ip_addresses(v=4)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("4h", 14_400), ("2d", 172_800), ("1h30m", 5400), (" 4H ", 14_400)],
)
def test_a_length_of_time_is_read_as_written(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_any_parts_in_falling_order_add_up(days: int, hours: int, minutes: int, secs: int) -> None:
    text = f"{days}d{hours}h{minutes}m{secs}s"
    total = ((days * 24 + hours) * 60 + minutes) * 60 + secs
    if total:
        assert seconds_in(text) == total
    else:
        with pytest.raises(BadInput):
            seconds_in(text)


@pytest.mark.parametrize(
    "text", ["", " ", "4", "h", "0s", "-1h", "1.5h", "4 h", "30m1h", "1h1h", "٣h", "99999999d",
             "9" * 5000 + "s", "4h;reboot", "forever", "4000d"],
)  # fmt: skip
def test_what_is_no_length_of_time_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--for .*(write 30s, 15m|less than ten years)"):
        seconds_in(text)


@given(st.text(max_size=12))
def test_any_text_is_a_bounded_length_of_time_or_bad_input(text: str) -> None:
    try:
        seconds = seconds_in(text)
    except BadInput:
        return
    assert 0 < seconds < LONGEST


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", "all"),
        (" ALL ", "all"),
        ("model:T1", "model:T1"),
        ("Model: T1", "model:T1"),
        ("10.1.2.0/24", "10.1.2.0/24"),
        ("10.1.2.10-10.1.2.60", "10.1.2.10-10.1.2.60"),
        ("dragon-4500e3ab", "dragon-4500e3ab"),
        ("A0:B0:45:00:E3:AB", "a0:b0:45:00:e3:ab"),
        ("a0-b0-45-00-e3-ab", "a0:b0:45:00:e3:ab"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:8080", "10.1.2.3:8080"),
        ("12", "12"),
    ],
)
def test_a_scope_is_a_miner_all_a_model_a_network_or_a_range(text: str, scope: str) -> None:
    assert scope_in(text) == scope


@pytest.mark.parametrize(
    "text", ["", "  ", "model:", "model: ", "10.1.2.0/33", "10.1.2.0/", "rack/7", "10.1.2.300",
             "10.1.2", "10.1.2.60-10.1.2.10", "10.1.2.1-10.1.2.300", "10.1.2.3:0",
             "10.1.2.3:99999", "a\nb", "\x1b[2J", "x" * 300],
)  # fmt: skip
def test_what_is_no_scope_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        scope_in(text)
    assert str(refused.value).isprintable()


@given(st.text(max_size=20) | st.from_regex(r"[0-9.:/ -]{1,20}", fullmatch=True))
def test_any_text_is_a_scope_that_stays_as_it_is_or_bad_input(text: str) -> None:
    said = ""
    try:
        scope = scope_in(text)
    except BadInput as error:
        said = str(error)
    assert said.isprintable() if said else scope_in(scope) == scope


@given(ADDRESSES, st.integers(min_value=8, max_value=32))
def test_every_network_and_address_is_a_scope(address: IPv4Address, prefix: int) -> None:
    network = str(IPv4Network((address, prefix), strict=False))
    assert is_network(network)
    assert scope_in(network) == network
    assert miner_in(str(address)) == str(address)
    assert not is_network(str(address))


@pytest.mark.parametrize("text", ["all", "model:T1", "10.1.2.0/24", "10.1.2.1-10.1.2.9", ""])
def test_what_may_be_many_is_not_one_miner(text: str) -> None:
    with pytest.raises(BadInput, match="name one miner"):
        miner_in(text)


def test_boards_are_counted_or_those_of_the_model() -> None:
    assert boards_in("boards=2") == 2
    assert boards_in("Boards=default") is None
    for text in ("2", "boards", "boards=", "boards=0", "boards=-1", "boards=99", "chips=2"):
        with pytest.raises(BadInput, match="write boards=2"):
            boards_in(text)


GOOD = ("10.1.2.9", "255.255.255.0", "10.1.2.1", ["10.1.0.1", "10.1.0.1"])


def test_a_static_network_is_whole_or_refused() -> None:
    assert static_in(*GOOD) == {
        "dhcp": False,
        "address": "10.1.2.9",
        "netmask": "255.255.255.0",
        "gateway": "10.1.2.1",
        "dns": ["10.1.0.1", "10.1.0.1"],
    }


@pytest.mark.parametrize(
    ("place", "value", "line"),
    [
        (0, None, "--address is missing"),
        (0, "10.1.2.300", "--address 10.1.2.300: no IPv4 address"),
        (0, "10.1.2.0", "--address 10.1.2.0: that is no host's address"),
        (0, "10.1.2.255", "--address 10.1.2.255: that is no host's address"),
        (1, "255.0.255.0", "--netmask 255.0.255.0: no netmask"),
        (1, "0.0.0.0", "--netmask 0.0.0.0: no netmask"),
        (1, "24", "--netmask 24: no IPv4 address"),
        (2, "10.1.3.1", "--gateway 10.1.3.1: must be another host in 10.1.2.0/24"),
        (2, "10.1.2.9", "--gateway 10.1.2.9: must be another host"),
        (3, ["10.1.0.1"], "--dns: give it twice"),
        (3, None, "--dns: give it twice"),
        (3, ["10.1.0.1", "dns"], "--dns dns: no IPv4 address"),
    ],
)
def test_a_network_by_which_a_miner_would_be_lost_is_refused(
    place: int, value: str | list[str] | None, line: str
) -> None:
    words: list[Any] = [*GOOD]
    words[place] = value
    with pytest.raises(BadInput) as refused:
        static_in(*words)
    assert str(refused.value).startswith(line)


def test_a_firmware_file_must_have_the_digest_that_is_named(tmp_path: Path) -> None:
    image = tmp_path / "t1.swu"
    image.write_bytes(b"firmware")
    digest = hashlib.sha256(b"firmware").hexdigest()
    good = {"path": str(image), "sha256": digest}
    assert upgrade_in(str(image), digest.upper(), None) == good
    for file, sha256, url, line in (
        (str(image), "0" * 64, None, f"has the SHA-256 {digest}"),
        (str(image), "12", None, "64 digits"),
        (str(tmp_path / "none"), digest, None, "No such file"),
        (str(tmp_path), digest, None, "Is a directory"),
        (str(image), None, None, "give --file and --sha256, or --url"),
        (None, None, None, "give --file and --sha256, or --url"),
        (None, None, "http://example.com/t1.swu", "must begin with https://"),
        (None, None, "https://", "must begin with https://"),
        (str(image), digest, "https://example.com/t1.swu", "--url stands alone"),
    ):
        with pytest.raises(BadInput, match=line):
            upgrade_in(file, sha256, url)


def test_a_url_that_the_miner_fetches_itself_is_https() -> None:
    assert upgrade_in(None, None, "https://a.example/t1") == {"url": "https://a.example/t1"}
