"""STATUS blocks, pools and single fields of cgminer's heirs."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import Declined, DeviceError, Garbled, Refused
from mother.core.model import ConfiguredPool
from mother.core.reading import Pool
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.pools import configured, pools
from mother.drivers.cgminer.status import accept, status_of

RECORDINGS = Path(__file__).parents[2] / "recordings"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / name).read_text())
    return found


# success


@pytest.mark.parametrize(
    "answer",
    [
        {"STATUS": [{"STATUS": "S", "Msg": "Summary"}]},
        {"STATUS": [{"STATUS": "I", "Msg": "success"}]},
        {"STATUS": [{"STATUS": "W"}]},
        {"STATUS": {"STATUS": "S"}},
        {"STATUS": "S", "Code": 131, "Msg": "API command OK"},
        {"STATUS": "RESTART"},
        {"STATUS": "BYE"},
    ],
)
def test_a_yes_is_accepted_in_every_shape(answer: dict[str, Any]) -> None:
    assert accept(answer) is answer


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}]}, Declined, "Invalid"),
        ({"STATUS": [{"STATUS": "F", "Msg": "fatal"}]}, Declined, "fatal"),
        ({"STATUS": "E", "Code": 132, "Msg": "wrong"}, Declined, "wrong"),
        ({"STATUS": [{"STATUS": "E"}]}, Declined, "no reason"),
        ({"STATUS": [{"STATUS": "E", "Code": 45}]}, Refused, "access denied"),
        ({"STATUS": "E", "Msg": "API access denied"}, Refused, "denied"),
        ({}, Garbled, "success"),
        ({"STATUS": []}, Garbled, "success"),
        ({"STATUS": "what"}, Garbled, "success"),
        ({"STATUS": [{"STATUS": 3.5}]}, Garbled, "success"),
    ],
)
def test_a_no_says_why(answer: dict[str, Any], error: type[DeviceError], words: str) -> None:
    with pytest.raises(error, match=words):
        accept(answer)


def test_an_unknown_command_and_a_denial_can_be_told_apart() -> None:
    unknown = status_of({"STATUS": [{"STATUS": "E", "Code": 14}]})
    denied = status_of({"STATUS": [{"STATUS": "E", "Code": 45}]})
    assert unknown is not None
    assert denied is not None
    assert (unknown.unknown_command, unknown.denied) == (True, False)
    assert (denied.unknown_command, denied.denied) == (False, True)


# pools


def test_the_recorded_pool_of_an_avalon() -> None:
    answer = recorded("avalon/pools.json")
    assert pools(answer) == (
        Pool(
            0, "stratum+tcp://pool.example.com:4444", "worker1",
            alive=True, active=True, accepted=890.0, rejected=2.0, stale=0.0,
        ),
    )  # fmt: skip
    assert configured(answer) == (
        ConfiguredPool("stratum+tcp://pool.example.com:4444", "worker1", "x"),
    )


def row(index: int, **more: Any) -> dict[str, Any]:
    return {"POOL": index, "URL": f"u{index}", "User": "w", "Priority": index, **more}


def test_the_active_pool_is_the_first_by_priority_of_those_that_are_connected() -> None:
    answer = {
        "POOLS": [
            row(0, **{"Priority": 2, "Stratum Active": True}),
            row(1, **{"Priority": 1, "Stratum Active": True}),
            row(2, **{"Priority": 0, "Stratum Active": False}),
        ]
    }
    assert [pool.active for pool in pools(answer)] == [False, True, False]
    assert [pool.url for pool in configured(answer)] == ["u2", "u1", "u0"]


def test_where_no_pool_tells_whether_it_is_connected_none_is_called_active() -> None:
    assert [pool.active for pool in pools({"POOLS": [row(0)]})] == [None]


def test_a_pool_without_a_url_is_a_place_that_is_free() -> None:
    answer = {"POOLS": [row(0, URL=""), row(1)]}
    assert [pool.index for pool in pools(answer)] == [1]
    assert len(configured(answer)) == 1


def test_a_login_within_a_url_is_left_out() -> None:
    answer = {"POOLS": [row(0, URL="stratum+tcp://me:hunter2@pool.example.com:3333")]}
    assert pools(answer)[0].url == "stratum+tcp://pool.example.com:3333"


def test_a_password_that_is_not_told_is_unknown() -> None:
    assert configured({"POOLS": [row(0)]})[0].password is None
    assert configured({"POOLS": [row(0, Password="")]})[0].password == ""


def test_no_more_than_sixty_four_pools_are_read() -> None:
    assert len(pools({"POOLS": [row(1)] * 1000})) == 64


# fields


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (5, 5.0), (-2.5, -2.5), ("63", 63.0), (" 2.449% ", 2.449), ("1e3", 1000.0), (".5", 0.5),
        (True, None), (None, None), ("", None), ("nan", None), ("inf", None), (math.nan, None),
        (10**400, None), ("1_000", None), ("٣", None), ("9" * 120, None), ([], None),
        ("1e999", None),
        (1e31, None),
        ("-1e31", None),
    ],
)  # fmt: skip
def test_a_number_is_a_number_or_a_text_that_is_one(value: object, meant: float | None) -> None:
    assert picks.number(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [(" a\n\x1b[1mb ", "a[1mb"), (5, "5"), (None, ""), (True, ""), (math.nan, ""), ({}, "")],
)
def test_a_text_has_nothing_that_cannot_be_printed(value: object, meant: str) -> None:
    assert picks.text(value) == meant


def test_a_text_has_a_bound() -> None:
    assert len(picks.text("x" * 10_000)) == 200


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (True, True), (0, False), ("Y", True), ("n", False), ("False", False), (2, None),
        ("maybe", None), (None, None), (1.0, None),
    ],
)  # fmt: skip
def test_truth_comes_in_many_words(value: object, meant: bool | None) -> None:
    assert picks.boolean(value) is meant


@pytest.mark.parametrize("text", ["B4A2EB3F0001", "b4:a2:eb:3f:00:01", "B4-A2-EB-3F-00-01 "])
def test_a_mac_is_written_one_way(text: str) -> None:
    assert picks.mac(text) == "b4:a2:eb:3f:00:01"


@pytest.mark.parametrize("value", ["", None, "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "b4:a2", 5])
def test_what_is_no_address_of_one_device_is_garbled(value: object) -> None:
    with pytest.raises(Garbled):
        picks.mac(value)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(
            ["STATUS", "Msg", "Code", "POOL", "URL", "User", "Password", "Priority", "Accepted"]
        ),
        ANYTHING,
    )
    | ANYTHING,
    max_size=4,
)


@given(answer=st.dictionaries(st.sampled_from(["STATUS", "POOLS", "Msg", "Code"]), ANYTHING | ROWS))
@settings(max_examples=400, deadline=None)
def test_any_object_raises_device_errors_only(answer: dict[str, Any]) -> None:
    with suppress(DeviceError):
        accept(answer)
    assert len(pools(answer)) <= 64
    assert len(configured(answer)) <= 64


@given(value=ANYTHING)
@settings(max_examples=300, deadline=None)
def test_any_field_is_picked_or_missing(value: Any) -> None:
    for pick in (picks.number, picks.whole, picks.text, picks.boolean, picks.obj, picks.rows):
        pick(value)
    found = picks.number(value)
    assert found is None or math.isfinite(found * 1e12)
    count = picks.whole(value)
    assert count is None or abs(count) < 1 << 63  # what JSON can be made of
