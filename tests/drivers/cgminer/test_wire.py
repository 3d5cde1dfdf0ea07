"""What cgminer's heirs print is read, however they break it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError, Garbled
from mother.drivers.cgminer.wire import DEPTH_LIMIT, REPAIR_LIMIT, repaired, sample

BROKEN: dict[str, tuple[bytes, dict[str, Any]]] = {
    "nothing": (b'{"a":1}', {"a": 1}),
    "a NUL at the end": (b'{"a":1}\0', {"a": 1}),
    "NULs and newlines around": (b'\0\n{"a":1}\r\n\0\0', {"a": 1}),
    "a NUL within": (b'{"a":"x\0y"}', {"a": "xy"}),
    "a comma before a brace": (b'{"a":1,}', {"a": 1}),
    "a comma before a bracket": (b'{"a":[1,2,],}', {"a": [1, 2]}),
    "no comma between objects": (b'{"a":[{"b":1}{"c":2}]}', {"a": [{"b": 1}, {"c": 2}]}),
    "no comma before a name": (b'{"fan":"3000""temp0":65}', {"fan": "3000", "temp0": 65}),
    "no comma after a number": (b'{"a":1"b":2}', {"a": 1, "b": 2}),
    "a comma at the beginning of a list": (b'{"a":[,{"b":1}]}', {"a": [{"b": 1}]}),
    "two commas": (b'{"a":1,,"b":2}', {"a": 1, "b": 2}),
    "a raw newline in a text": (b'{"a":"x\ny"}', {"a": "x\ny"}),
    "bare nan and inf": (
        b'{"a":nan,"b":-inf,"c":NaN,"d":1}',
        {"a": None, "b": None, "c": None, "d": 1},
    ),
    "nan with a sign and more": (b'{"a":-nan(0x8),"b":1}', {"a": None, "b": 1}),
    "leading zeros and points": (b'{"a":007,"b":.5,"c":+3}', {"a": 7.0, "b": 0.5, "c": 3.0}),
    "only the end of an object": (b',"id":1}', {"id": 1}),
    "a list with names": (
        b'{"error_code":["132":"2023-01-06","8410":"x"]}',
        {"error_code": {"132": "2023-01-06", "8410": "x"}},
    ),
    "an escape that is none": (rb'{"a":"DOMAIN\worker\\1"}', {"a": r"DOMAIN\worker\1"}),
    "half of a surrogate pair": (rb'{"a":"x\ud800y"}', {"a": "x?y"}),
    "bytes that are no UTF-8": (b'{"a":"\xff"}', {"a": "\ufffd"}),
    "more after the object": (b'{"a":1}{"b":2}\r\n', {"a": 1}),
    "a name told twice": (b'{"a":1,"a":2}', {"a": 2}),
    "a name told twice, and broken": (b'{"a":1,"a":2,}', {"a": 2}),
    "a name without a value": (b'{"a":1,"b":}', {"a": 1}),
    "a name alone": (b'{"a":1,"b","c":3}', {"a": 1, "c": 3}),
    "brackets within a text": (b'{"a":"}{[,,","b":[1,]}', {"a": "}{[,,", "b": [1]}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_known_breakage_is_repaired(case: str) -> None:
    body, meant = BROKEN[case]
    assert repaired(body) == meant


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"[]",
        b'"text"',
        b"12",
        b"Socket connect failed: Connection refused\n",
        b"STATUS=E,When=1,Code=14,Msg=Invalid command|",
        b"<html>",
        b'{"a":1',
        b'{"a":"x',
        b'{"a":{"b":1}',
        b'{"a":"b":3}',
        b'{"a"' + b":" * 50,
        b'{"a":' * (DEPTH_LIMIT + 1) + b"1" + b"}" * (DEPTH_LIMIT + 1) + b",",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00{",
    ],
)
def test_what_is_no_object_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        repaired(body)


WHOLE = b'{"a":12,"b":{"c":[1,2],"d":"xy"},"e":34}'
CUTS = {
    b'{"a":12,"b":{"c":[1,2],"d":"x': {"a": 12, "b": {"c": [1, 2]}},
    b'{"a":12,"b":{"c":[1,': {"a": 12, "b": {"c": [1]}},
    b'{"a":12,"b":{"c":[1,2': {"a": 12, "b": {"c": [1]}},
    b'{"a":12,"b":{"c":[1,2],"d"': {"a": 12, "b": {"c": [1, 2]}},
    b'{"a":12,"b":{"c":[1,2],"d":': {"a": 12, "b": {"c": [1, 2]}},
    b'{"a":12,"b':  {"a": 12},
    b'{"a":1': {},
    b"{": {},
}  # fmt: skip


@pytest.mark.parametrize("body", CUTS)
def test_what_was_whole_of_an_answer_cut_short_is_given_where_it_is_asked_for(body: bytes) -> None:
    assert repaired(body, cut=True) == CUTS[body]
    with pytest.raises(Garbled):
        repaired(body)


def test_a_broken_answer_that_is_huge_is_not_worth_the_work() -> None:
    body = b'{"a":[' + b"1," * (REPAIR_LIMIT // 2) + b"]}"
    began = time.monotonic()
    with pytest.raises(Garbled):
        repaired(body)
    assert time.monotonic() - began < 0.1


@pytest.mark.parametrize("bad", [b",", b'"', b"\\", b'{"a":[', b'{"a":"b",', b"-", b"1 ", b'":'])
def test_the_largest_broken_answer_is_judged_in_a_moment(bad: bytes) -> None:
    body = (b'{"a":[' + bad * REPAIR_LIMIT)[:REPAIR_LIMIT]
    began = time.monotonic()
    with suppress(DeviceError):
        repaired(body)
    assert time.monotonic() - began < 2


# secrets


@pytest.mark.parametrize(
    "body",
    [
        b'{"POOLS":[{"URL":"x","Password":"hunter2","id":1',
        b'{"POOLS":[{"URL":"x","Password" : "hun\\"ter2 hunter2","id":1',
        b'{"pass":"hunter2"',
        b'{"passwd":"hunter2"',
        b'{"pool1pwd":"hunter2"',
        b"STATUS=S,Password=hunter2|",
        b'{"token":"hunter2"',
    ],
)
def test_a_sample_holds_no_password(body: bytes) -> None:
    with pytest.raises(Garbled) as caught:
        repaired(body)
    assert caught.value.sample
    assert "hunter2" not in caught.value.sample
    assert "hunter2" not in str(caught.value)


def test_a_secret_answer_has_no_sample() -> None:
    with pytest.raises(Garbled) as caught:
        repaired(b'{"POOLS":["hunter2"', secret=True)
    assert caught.value.sample == ""


def test_a_sample_shows_the_beginning() -> None:
    assert sample(b'{"a":1,"b":"x\0') == '{"a":1,"b":"x'


# anything

OBJECTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(body=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_object_or_garbled(body: bytes) -> None:
    for cut in (False, True):
        with suppress(DeviceError):
            assert isinstance(repaired(body, cut=cut), dict)


@given(text=st.text('{}[]:,"\\ab1.-e \n', max_size=60))
@settings(max_examples=1000, deadline=None)
def test_anything_like_json_is_an_object_or_garbled(text: str) -> None:
    for cut in (False, True):
        with suppress(DeviceError):
            assert isinstance(repaired(b"{" + text.encode(), cut=cut), dict)


@given(value=st.dictionaries(st.text(max_size=5), OBJECTS, max_size=5))
@settings(max_examples=300, deadline=None)
def test_what_is_not_broken_is_not_changed(value: dict[str, Any]) -> None:
    """A comma too many at the end forces the repair."""
    text = json.dumps(value, ensure_ascii=False)
    broken = text[:-1] + (",}" if value else "}")
    meant = json.loads(text.replace("\0", ""))
    try:
        body = broken.encode()
    except UnicodeEncodeError:
        return
    assert repaired(body) == meant


@given(value=st.dictionaries(st.text("ab", max_size=3), OBJECTS, min_size=1), at=st.integers(1))
@settings(max_examples=300, deadline=None)
def test_an_answer_cut_anywhere_is_never_taken_for_a_whole_one(
    value: dict[str, Any], at: int
) -> None:
    body = json.dumps(value).encode()
    part = body[: at % len(body)]
    with pytest.raises(Garbled):
        repaired(part)
