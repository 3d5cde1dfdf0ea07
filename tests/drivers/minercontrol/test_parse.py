"""What a gateway's answers mean: both forms, and anything else that may come."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unsupported
from mother.drivers.minercontrol import parse

TOKEN = "10.1.1.1_token"  # what the mock gives to everybody
NOW = 1_709_237_396.0
TTL = "Thu, 29 Feb 2024 20:10:56 GMT"
BEFORE = "Thu, 29 Feb 2024 20:09:56 GMT"


def body(**said: Any) -> bytes:
    return json.dumps(said).encode()


def test_a_login_lasts_as_long_as_the_gateways_own_clock_says() -> None:
    found = parse.login(200, BEFORE, body(message="Miner logged in.", token="t", ttl=TTL), 0.0)
    assert (found.token, found.life) == ("t", 60.0)
    without = parse.login(200, "", body(token="t", ttl=TTL), NOW)
    assert without.life == 60.0


@pytest.mark.parametrize("ttl", [None, "", "soon", 60, "Thu, 29 Feb 99999999 20:10:56 GMT"])
def test_a_login_without_a_date_that_can_be_read_is_one_of_an_end_not_told(ttl: object) -> None:
    assert parse.login(200, BEFORE, body(token="t", ttl=ttl), NOW).life is None


def test_a_repr_holds_no_token() -> None:
    assert "10.1.1.1" not in repr(parse.login(200, "", body(token="10.1.1.1_token"), NOW))


@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (200, b"{}", Garbled),
        (200, b"<html>", Garbled),
        (200, body(token=7), Garbled),
        (200, body(token=""), Garbled),
        (200, body(error="No such miner"), Declined),
        (400, body(error="No such miner"), Declined),
        (401, body(message="Unauthorized."), Refused),
        (403, b"", Refused),
        (404, b"", Unsupported),
        (500, b"<title>500 Internal Server Error</title>", Garbled),
    ],
)
def test_each_way_to_be_let_in_not_is_one_kind_of_error(
    status: int, told: bytes, error: type[DeviceError]
) -> None:
    with pytest.raises(error):
        parse.login(status, "", told, NOW)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, body(message="Miner curtail state updated to sleep.")),
        (200, b""),
        (400, body(message="Miner is already in sleep mode.")),
        (400, body(error="Miner is already in normal profile.")),
        (409, body(message="miner is ALREADY IN sleep mode")),
    ],
)
def test_that_it_is_so_already_is_a_yes(status: int, told: bytes) -> None:
    assert parse.is_taken(status, told, TOKEN, "curtail")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, body(message="Unauthorized. Please login with a valid token.")),
        (401, b"<html>"),
        (403, body(error="no")),
        (400, body(error="Invalid token or mode")),
    ],
)
def test_a_token_that_is_not_taken_is_told_from_an_order_that_is_not(
    status: int, told: bytes
) -> None:
    assert not parse.is_taken(status, told, TOKEN, "curtail")


@pytest.mark.parametrize("key", ["message", "error"])
def test_what_it_declines_comes_with_its_own_words(key: str) -> None:
    told = body(**{key: "Invalid curtail mode. Use active or sleep."})
    with pytest.raises(Declined, match=r"Invalid curtail mode\. Use active or sleep\."):
        parse.is_taken(400, told, TOKEN, "curtail")
    with pytest.raises(Declined, match="broken"):
        parse.is_taken(200, body(error="broken"), TOKEN, "curtail")


@pytest.mark.parametrize(
    ("status", "error"), [(404, Unsupported), (405, Unsupported), (422, Declined), (502, Garbled)]
)
def test_other_answers_are_errors_too(status: int, error: type[DeviceError]) -> None:
    with pytest.raises(error):
        parse.is_taken(status, b"<html>", TOKEN, "curtail")


def test_its_words_never_repeat_the_token_nor_break_a_line() -> None:
    told = body(message=f"no {TOKEN}\nhere" + "x" * 999)
    with pytest.raises(Declined) as caught:
        parse.is_taken(422, told, TOKEN, "curtail")
    assert str(caught.value).startswith("no *** here")
    assert len(str(caught.value)) <= parse.LONGEST


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(
    status=st.integers(100, 599),
    date=st.text(max_size=40),
    answer=st.binary(max_size=99)
    | st.dictionaries(st.sampled_from(["message", "error", "token", "ttl"]), ANYTHING).map(
        lambda one: json.dumps(one).encode()
    ),
)
@settings(max_examples=300, deadline=None)
def test_no_answer_raises_anything_but_a_device_error(
    status: int, date: str, answer: bytes
) -> None:
    with suppress(DeviceError):
        parse.login(status, date, answer, NOW)
    with suppress(DeviceError):
        assert isinstance(parse.is_taken(status, answer, TOKEN, "curtail"), bool)
