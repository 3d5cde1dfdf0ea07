"""No answer, however strange, raises anything but DeviceError."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError
from mother.drivers.dragonmint import configured, metrics, parse
from tests.drivers.dragonmint.cassettes import overview, summary

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ["success", "DEVS", "POOLS", "HARDWARE", "TotalHash", "tuning", "version", "hardware"]
KEYS += ["type", "pools", "autoTuneMode", "code", "mode", "dhcp", "dns1", "isUpdated"]
ANSWERS = st.dictionaries(st.sampled_from(KEYS), VALUES)
DEVICE_KEYS = [field for field, _ in metrics.device_names(0)] + ["ID", "Status", "Unit"]

PARSERS: list[Callable[[Mapping[str, Any]], object]] = [
    lambda answer: parse.reading(answer, "T1", 0.0),
    parse.description,
    configured.pools,
    configured.autotune,
    configured.autotune_status,
    configured.network,
    configured.firmware,
    configured.error_detail,
]


@given(parser=st.sampled_from(PARSERS), answer=ANSWERS)
@settings(max_examples=400, deadline=None)
def test_any_object_is_parsed_or_garbled(
    parser: Callable[[Mapping[str, Any]], object], answer: dict[str, Any]
) -> None:
    with suppress(DeviceError):
        parser(answer)


@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_decoded_or_garbled(body: bytes) -> None:
    with suppress(DeviceError):
        assert isinstance(parse.decode(body), dict)


@given(cut=st.integers(0, 3000), flip=st.integers(0, 3000), to=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_summary_cut_short_or_with_a_flipped_byte_is_read_or_garbled(
    cut: int, flip: int, to: int
) -> None:
    body = bytearray(json.dumps(summary("summary")).encode())
    body[flip] = to
    for text in (bytes(body), bytes(body[:cut])):
        with suppress(DeviceError):
            parse.reading(parse.decode(text), "T1", 0.0)


@given(fields=st.dictionaries(st.sampled_from(DEVICE_KEYS), VALUES))
@settings(max_examples=100, deadline=None)
def test_a_broken_board_costs_no_other_board_and_sends_finite_numbers_only(
    fields: dict[str, Any],
) -> None:
    said = summary("summary")
    right = parse.reading(said, "T1", 0.0)
    said["DEVS"][0].update({**fields, "ID": 0})
    reading = parse.reading(said, "T1", 0.0)
    assert reading.boards[1:] == right.boards[1:]
    assert all(math.isfinite(value) for value in reading.native.values())
    assert reading.hashrate is not None
    assert math.isfinite(reading.hashrate)


@given(type_=VALUES, status=VALUES)
@settings(max_examples=100, deadline=None)
def test_a_miner_with_a_mac_is_always_described(type_: object, status: object) -> None:
    said = overview()
    said["type"] = type_
    said["hardware"]["status"] = status
    found = parse.description(said)
    assert found.mac == "a0:b0:45:0d:c8:50"
    assert len(found.model) <= 32
