"""No answer, however strange, raises anything but DeviceError."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError
from mother.core.units import finite
from mother.drivers.cgminer.wire import repaired
from mother.drivers.whatsminer import second_parse, status, third_parse
from tests.drivers.whatsminer import recorded

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1", "true", "Alive", "9" * 400, "stratum+tcp://a:1", "00:11:22:33:44:55"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def keys(value: Any) -> set[str]:
    """All names in an answer."""
    if isinstance(value, dict):
        return set(value) | {key for part in value.values() for key in keys(part)}
    return {key for part in value for key in keys(part)} if isinstance(value, list) else set()


SECOND_KEYS = sorted({key for name in recorded.SECOND for key in keys(recorded.second(name))})
THIRD_KEYS = sorted({key for name in recorded.THIRD for key in keys(recorded.third(name))})


def answers(names: list[str], depth: int = 3) -> st.SearchStrategy[Any]:
    """Objects with the right names and any values, some of them such objects again."""
    inner = VALUES if not depth else VALUES | answers(names, depth - 1)
    return st.dictionaries(st.sampled_from(names), inner | st.lists(inner, max_size=3), max_size=8)


def _second(answer: dict[str, Any]) -> object:
    seldom = second_parse.Seldom(
        psu=answer, status=answer, faults=second_parse.codes(answer), expected=1e12
    )
    return second_parse.reading(answer, second_parse.boards(answer), seldom, 0.0)


def _third(answer: dict[str, Any]) -> object:
    seldom = third_parse.Seldom(answer, answer, third_parse.pools(answer))
    found = third_parse.boards(answer, answer, answer)
    return third_parse.reading(answer, found, seldom, 0.0)


PARSERS: list[Callable[[dict[str, Any]], object]] = [
    _second,
    second_parse.summary_row,
    second_parse.counted,
    second_parse.network,
    lambda answer: second_parse.silent(second_parse.Seldom(status=answer), 0.0),
    lambda answer: second_parse.settings(answer, answer, ()),
    lambda answer: second_parse.description(answer, answer, answer, answer),
    lambda answer: status.refusal(status.second(answer) or status.Failure(1)),
]
THIRD_PARSERS: list[Callable[[dict[str, Any]], object]] = [
    _third,
    third_parse.description,
    third_parse.configured,
    third_parse.network,
    lambda answer: third_parse.silent(third_parse.Seldom(answer, answer), 0.0),
    lambda answer: third_parse.settings(answer, answer, answer, ()),
    lambda answer: status.doubted(status.third(answer) or status.Failure(1)),
]


@given(parser=st.sampled_from(PARSERS), answer=answers(SECOND_KEYS))
@settings(max_examples=600, deadline=None)
def test_any_object_of_the_second_api_is_parsed_or_garbled(
    parser: Callable[[dict[str, Any]], object], answer: dict[str, Any]
) -> None:
    with suppress(DeviceError):
        parser(answer)


@given(parser=st.sampled_from(THIRD_PARSERS), answer=answers(THIRD_KEYS))
@settings(max_examples=600, deadline=None)
def test_any_object_of_the_third_api_is_parsed_or_garbled(
    parser: Callable[[dict[str, Any]], object], answer: dict[str, Any]
) -> None:
    with suppress(DeviceError):
        parser(answer)


@given(field=st.sampled_from(sorted(recorded.row())), value=VALUES)
@settings(max_examples=300, deadline=None)
def test_one_bad_field_of_the_summary_costs_that_field(field: str, value: Any) -> None:
    found = second_parse.boards(recorded.second("devs"))
    row = recorded.row(**{field: value})
    reading = second_parse.reading(row, found, second_parse.Seldom(), 0.0)
    assert len(reading.boards) == 3
    assert field == "Power" or reading.power == 3200
    assert field == "Elapsed" or reading.uptime == 25000
    numbers = [reading.hashrate, reading.power, reading.expected_hashrate, *reading.native.values()]
    assert all(number is None or finite(number) is not None for number in numbers)


@given(
    name=st.sampled_from(recorded.SECOND + recorded.THIRD),
    cut=st.integers(0, 2000),
    flip=st.integers(0, 2000),
    to=st.integers(0, 255),
)
@settings(max_examples=400, deadline=None)
def test_an_answer_cut_short_or_with_a_flipped_byte_is_read_or_garbled(
    name: str, cut: int, flip: int, to: int
) -> None:
    second = name in recorded.SECOND
    whole = recorded.second(name) if second else recorded.third(name)
    body = bytearray(json.dumps(whole).encode())
    body[flip % len(body)] = to
    with suppress(DeviceError):
        answer = repaired(bytes(body[: cut or None]), cut=True)
        for parser in PARSERS if second else THIRD_PARSERS:
            with suppress(DeviceError):
                parser(answer)
