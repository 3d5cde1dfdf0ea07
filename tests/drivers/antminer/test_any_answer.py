"""No answer, however strange, raises anything but DeviceError."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mother.core.errors import DeviceError
from mother.core.reading import Reading
from mother.drivers.antminer import configured, parse, web
from mother.drivers.antminer.marks import says_antminer
from mother.drivers.antminer.shape import Beside
from mother.drivers.cgminer.wire import repaired
from tests.drivers.antminer.answers import MAC, body, conf, figures, newer, system_info

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["73-45", "9" * 400, "1e999", "-", "GH/s", 10**400, -1]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ["STATS", "STATUS", "INFO", "VERSION", "SUMMARY", "pools", "bitmain-work-mode"]
KEYS += ["miner-mode", "conf_nettype", "nettype", "macaddr", "minertype", "stats", "code", "msg"]
ANSWERS = st.dictionaries(st.sampled_from(KEYS), VALUES)

PARSERS: list[Callable[[dict[str, Any]], object]] = [
    lambda answer: parse.stats(answer, Beside(), 0.0),
    configured.settings,
    configured.network,
    configured.faults,
    configured.mode_in,
    configured.is_old,
    says_antminer,
    lambda answer: configured.description(answer, answer),
    lambda answer: configured.description({"macaddr": MAC}, answer),
    lambda answer: configured.with_mode(answer, 1),
    lambda answer: configured.with_pools(answer, ()),
    lambda answer: web.accept(json.dumps(answer).encode()),
]


@given(parser=st.sampled_from(PARSERS), answer=ANSWERS)
@settings(max_examples=600, deadline=None)
def test_any_object_is_parsed_or_a_device_error(
    parser: Callable[[dict[str, Any]], object], answer: dict[str, Any]
) -> None:
    with suppress(DeviceError):
        parser(answer)


def sound(reading: Reading) -> None:
    """Finite numbers, and not many of anything."""
    numbers = [*reading.native.values(), *reading.windows.values()]
    numbers += [reading.hashrate or 0.0, reading.expected_hashrate or 0.0, reading.power or 0.0]
    for board in reading.boards:
        numbers += [board.hashrate or 0.0, board.temperature or 0.0, board.hardware_errors or 0.0]
    assert all(math.isfinite(number) for number in numbers)
    assert len(reading.boards) <= 64
    assert len(reading.fans) <= 64


_OLDER = sorted(figures()[1])
_NEWER = sorted(newer()["STATS"][0])
_CHAIN = sorted(newer()["STATS"][0]["chain"][0])


@given(fields=st.dictionaries(st.sampled_from(_OLDER), VALUES))
@settings(max_examples=300, deadline=None)
def test_strange_fields_cost_no_reading(fields: dict[str, Any]) -> None:
    answer, told = figures()
    told.update({**fields, "Elapsed": 1})
    sound(parse.stats(answer, Beside(), 0.0).reading)


@given(
    fields=st.dictionaries(st.sampled_from(_NEWER), VALUES),
    chain=st.dictionaries(st.sampled_from(_CHAIN), VALUES),
    many=st.integers(0, 200),
)
@settings(max_examples=300, deadline=None)
def test_strange_fields_of_the_newer_shape_cost_no_reading(
    fields: dict[str, Any], chain: dict[str, Any], many: int
) -> None:
    answer = newer()
    told = answer["STATS"][0]
    told["chain"][0].update(chain)
    told["chain"] *= many
    told.update({key: value for key, value in fields.items() if key != "chain"})
    sound(parse.stats(answer, Beside(), 0.0).reading)


@given(name=st.sampled_from(["stats", "version", "system_info"]), cut=st.integers(0, 3000))
@settings(max_examples=100, deadline=None)
def test_an_answer_cut_short_is_a_device_error(name: str, cut: int) -> None:
    whole = body(name)
    text = whole[: min(cut, len(whole.rstrip()) - 1)]
    for parser in PARSERS:
        with suppress(DeviceError):
            parser(repaired(text))


@given(flip=st.integers(0, 2400), to=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_stats_with_a_flipped_byte_are_read_or_a_device_error(flip: int, to: int) -> None:
    said = bytearray(body("stats"))
    said[flip] = to
    with suppress(DeviceError):
        sound(parse.stats(repaired(bytes(said)), Beside(), 0.0).reading)


@given(value=VALUES, key=st.sampled_from(sorted(conf())))
@settings(max_examples=200, deadline=None)
def test_a_strange_configuration_is_sent_back_as_it_was_or_not_at_all(
    value: object, key: str
) -> None:
    told = conf(**{key: value})
    with suppress(DeviceError):
        whole = configured.with_mode(told, 1)
        changed = {"bitmain-work-mode", "miner-mode", "freq-level"}
        assert {k: v for k, v in whole.items() if k not in changed} == {
            k: v for k, v in told.items() if k not in changed
        }


@given(value=VALUES)
@settings(max_examples=100, deadline=None)
def test_a_miner_with_a_mac_is_always_described(value: Any) -> None:
    told = {**dict.fromkeys(system_info(), value), "macaddr": MAC}
    found = configured.description(told, {"VERSION": value})
    assert found.mac == MAC
    assert len(found.model) <= 32
