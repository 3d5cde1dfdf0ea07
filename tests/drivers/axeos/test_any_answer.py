"""No answer, however strange, raises anything but DeviceError."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError
from mother.core.model import ConfiguredPool
from mother.drivers.axeos import forms, parse
from mother.drivers.axeos.driver import unpacked
from tests.drivers.axeos.wire import new, old

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**30), 1e308, float("nan"), float("inf")])
    | st.floats()
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = sorted({*old(), *new(), "otp", "deviceModel", "frequencyOptions", "voltageOptions"})
ANSWERS = st.dictionaries(st.sampled_from(KEYS), VALUES)
POOL = ConfiguredPool("stratum+tcp://pool.example:3333", "a.b", None)


def numbers(found: Any) -> list[float]:
    """All that a reading holds in numbers."""
    board = found.boards[0]
    loose = [found.hashrate, found.expected_hashrate, found.power, found.uptime, board.voltage]
    many = [*found.native.values(), *found.windows.values(), *(fan.rpm for fan in found.fans)]
    return [value for value in (*loose, *many) if value is not None]


@given(wrong=ANSWERS, asic=ANSWERS, whole=st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_object_is_parsed_or_garbled(
    wrong: dict[str, Any], asic: dict[str, Any], whole: bool
) -> None:
    info = {**(new() if whole else {}), **wrong}
    with suppress(DeviceError):
        parse.description(info, asic)
    assert all(math.isfinite(value) for value in numbers(parse.reading(info, asic, 0.0)))
    assert len(parse.settings(info).pools or ()) <= 2
    with suppress(DeviceError, ValueError):
        forms.pools((POOL,), info)
    with suppress(DeviceError, ValueError):
        forms.clock({"frequency": 500.0, "voltage": 1.1}, info, asic)


@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_decoded_or_garbled(body: bytes) -> None:
    with suppress(DeviceError):
        assert isinstance(parse.decode(body), dict)
    unpacked(body)
    unpacked(b"\x1f\x8b" + body)


@given(cut=st.integers(0, 2000), flip=st.integers(0, 900), to=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_an_answer_cut_short_or_with_a_flipped_byte_is_read_or_garbled(
    cut: int, flip: int, to: int
) -> None:
    body = bytearray(json.dumps(old()).encode())
    body[flip] = to
    for text in (bytes(body), bytes(body[:cut])):
        with suppress(DeviceError):
            parse.reading(parse.information(text), {}, 0.0)


def test_nan_and_raw_line_ends_cost_their_field_only() -> None:
    body = json.dumps(old()).replace('"temp": 59.875', '"temp": NaN, "note": "a\nb"').encode()
    found = parse.reading(parse.information(body), {}, 0.0)
    assert (found.temperature_chip_max, found.hashrate) == (None, 1e12)
