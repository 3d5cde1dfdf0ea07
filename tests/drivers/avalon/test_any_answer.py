"""No answer, however strange, raises anything but DeviceError, or gives numbers that are none."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError
from mother.drivers.avalon import parse
from mother.drivers.avalon.blocks import modules
from mother.drivers.cgminer.wire import repaired
from tests.drivers.avalon.miner import RECORDINGS, recorded

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = [
    *["SYSTEMSTATU", "Elapsed", "MH", "DH", "ITemp", "HBOTemp", "TMax", "TAvg", "Temp", "Fan1"],
    *["Fan2", "FanR", "PS", "GHSspd", "GHSmm", "GHSavg", "WU", "Freq", "MGHS", "MTmax", "MTavg"],
    *["PVT_T0", "PVT_V0", "PVT_V1", "TA", "SoftOFF", "ECHU", "ECMM", "WORKMODE", "MPO", "NETFAIL"],
]
VALUES = (
    st.text("0123456789.- %", max_size=20)
    | st.sampled_from(["inf", "nan", "-273", "9" * 400, "1e308 1e308"])
    | st.sampled_from(["Work: In Work, Hash Board: 999", "Work: In Idle"])
    | st.text(max_size=10)
)  # fmt: skip
BLOCKS = st.dictionaries(st.sampled_from(FIELDS), VALUES).map(
    lambda fields: " ".join(f"{key}[{value}]" for key, value in fields.items())
)
ROW = st.dictionaries(
    st.sampled_from(["MM ID0", "MM ID1", "MM ID0:Summary", "HBinfo", "Elapsed", "ID"]),
    BLOCKS | ANYTHING,
)
STATS = st.fixed_dictionaries({"STATS": st.lists(ROW | ANYTHING, max_size=4) | ANYTHING})
SUMMARY = st.dictionaries(
    st.sampled_from(["SUMMARY"]),
    st.lists(
        st.dictionaries(st.sampled_from(["MHS 5s", "MHS av", "Accepted", "Rejected"]), ANYTHING)
    ),
)


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in numbers_in(item)]
    if isinstance(value, (list, tuple)):
        return [one for item in value for one in numbers_in(item)]
    return [value] if isinstance(value, float) else []


def check(stats: Any, summary: Any, model: str) -> None:
    found = modules(stats)
    with suppress(DeviceError):
        reading = parse.reading(found, summary, model, 0.0, known_chips=parse.chips(found))
        assert all(map(math.isfinite, numbers_in(msgspec.to_builtins(reading))))
        assert len(reading.boards) <= 64
        assert len(reading.faults) <= 64 * 8
        assert (reading.hashrate or 0) >= 0
    with suppress(DeviceError):
        parse.settings(summary, found, model)


@given(stats=STATS, summary=SUMMARY, model=st.sampled_from(["", "Avalon Q", "Avalon 1246"]))
@settings(max_examples=300, deadline=None)
def test_any_stats_give_a_reading(stats: Any, summary: Any, model: str) -> None:
    check(stats, summary, model)


@given(
    version=st.dictionaries(
        st.sampled_from(["PROD", "MODEL", "MAC", "DNA", "LVERSION", "HWTYPE"]), ANYTHING
    )
)
@settings(max_examples=200, deadline=None)
def test_any_version_is_a_description_or_garbled(version: Any) -> None:
    parse.is_avalon({"VERSION": [version]})
    with suppress(DeviceError):
        parse.description({"VERSION": [version]})


@given(
    name=st.sampled_from(sorted(path.stem for path in RECORDINGS.glob("*.json"))),
    cut=st.integers(0, 20_000),
    flip=st.integers(0, 20_000),
    to=st.integers(0, 255),
)
@settings(max_examples=300, deadline=None)
def test_a_recording_cut_short_or_with_a_flipped_byte_is_read_or_garbled(
    name: str, cut: int, flip: int, to: int
) -> None:
    body = bytearray(json.dumps(recorded(name)).encode())
    body[flip % len(body)] = to
    for part in (bytes(body), bytes(body[: cut % len(body)])):
        with suppress(DeviceError):
            answer = repaired(part)
            check(answer, answer, "Avalon Q")
            parse.description(answer)


@given(text=st.text("Ab0 []{}", max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken_apart(text: str) -> None:
    check({"STATS": [{"MM ID0": text, "HBinfo": text}]}, {}, "")


def test_a_huge_text_is_taken_apart_in_a_moment() -> None:
    for text in ("a" * 500_000, "a[" * 250_000, "A[1] " * 100_000, "PS[" + "1 " * 200_000 + "]"):
        began = time.monotonic()
        check({"STATS": [{"MM ID0": text} for _ in range(64)]}, {}, "")
        assert time.monotonic() - began < 2
