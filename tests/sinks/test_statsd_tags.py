"""The uniform metrics a second time, with tags."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.config.model import Statsd
from mother.core.metrics import FARM_METRICS
from mother.core.model import EventKind, State
from mother.sinks.statsd_names import tags
from mother.sinks.statsd_wire import DATAGRAM

from .conftest import Receiver
from .farm import WORKER, event, sample, totals
from .minded import Setup
from .test_statsd_parts import board, pool, with_parts

OF_MINER = f"worker:{WORKER},model:T1,site:north"
UNTAGGED = f"dragons.miner.{WORKER}."


@pytest.fixture
def farm(receiver: Receiver) -> Setup:
    settings = Statsd("127.0.0.1", receiver.port, "dragons", 60, True, tags=True)
    return Setup(settings, site="north")


def split(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines without tags, and those with."""
    return [line for line in lines if "|#" not in line], [line for line in lines if "|#" in line]


def test_a_miners_uniform_gauges_go_out_again_with_tags(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(1), pool(0)))
    farm.second()
    plain, tagged = split(receiver.lines())
    assert f"dragons.miner.hashrate:16200000000000|g|#{OF_MINER}" in tagged
    assert f"dragons.miner.board.temperature:70.5|g|#{OF_MINER},board:1" in tagged
    assert f"dragons.miner.pool.accepted:300|g|#{OF_MINER},pool:0" in tagged
    again = [
        re.sub(r"(board|pool)\.(\d+)\.", r"\1.", line).replace(f".{WORKER}.", ".")
        for line in plain
        if line.startswith(UNTAGGED)
    ]
    assert [line.partition("|#")[0] for line in tagged] == again


def test_the_familys_own_metrics_and_counters_have_no_tags(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample())
    farm.sink.event(event(EventKind.REBOOTED))
    farm.sink.numbers({"loop.scan.runs": 1})
    farm.second()
    _, tagged = split(receiver.lines())
    assert tagged
    assert all(line.startswith("dragons.miner.") for line in tagged)


def test_the_farms_sums_are_tagged_with_the_site(farm: Setup, receiver: Receiver) -> None:
    farm.sink.totals(totals())
    farm.second()
    _, tagged = split(receiver.lines())
    assert "dragons.fleet.hashrate:64800000000000|g|#site:north" in tagged
    names = {line.partition(":")[0] for line in tagged}
    sums = {f"dragons.fleet.{row.name}" for row in FARM_METRICS}
    assert names <= sums
    assert {"dragons.fleet.miners", "dragons.fleet.state.gone"} <= names


def test_a_gone_miner_falls_to_zero_with_its_tags(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0)))
    farm.second()
    receiver.lines()
    farm.sink.sample(with_parts(state=State.GONE))
    farm.second()
    _, tagged = split(receiver.lines())
    assert f"dragons.miner.reachable:0|g|#{OF_MINER}" in tagged
    assert f"dragons.miner.board.alive:0|g|#{OF_MINER},board:0" in tagged


def test_a_negative_value_is_set_from_zero_with_its_tags(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(with_parts(board(0, temperature=-4.5)))
    farm.second()
    _, tagged = split(receiver.lines())
    name, end = "dragons.miner.board.temperature", f"|g|#{OF_MINER},board:0"
    place = tagged.index(f"{name}:0{end}")
    assert tagged[place + 1] == f"{name}:-4.5{end}"


def test_a_reload_switches_tags_on_and_off_at_once(farm: Setup, receiver: Receiver) -> None:
    for on in (False, True, False):
        farm.change(tags=on)
        farm.sink.sample(with_parts(board(0)))
        farm.second()
        plain, tagged = split(receiver.lines())
        assert plain
        assert bool(tagged) is on


def test_tags_are_off_unless_asked_for(receiver: Receiver) -> None:
    farm = Setup(Statsd("127.0.0.1", receiver.port, "dragons", 60, True))
    farm.sink.sample(sample())
    farm.sink.totals(totals())
    farm.second()
    assert split(receiver.lines())[1] == []


def test_datagrams_with_tags_fit_a_frame_too(farm: Setup, receiver: Receiver) -> None:
    for number in range(20):
        one = with_parts(*(board(i) for i in range(3)), *(pool(i) for i in range(3)))
        farm.sink.sample(one)
        farm.sink.sample(sample(worker=f"dragon-{number:08x}"))
    farm.second()
    datagrams = receiver.datagrams()
    assert max(map(len, datagrams)) <= DATAGRAM
    assert sum(map(len, datagrams)) / len(datagrams) > 1200


def test_an_unknown_type_is_tagged_so(farm: Setup, receiver: Receiver) -> None:
    farm.sink.sample(sample(model=""))
    farm.second()
    assert any(",model:unknown," in line for line in receiver.lines())


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("T1", "T1"),
        ("B29+", "B29-plus"),
        ("hall 2", "hall-2"),
        ("a,b|c#d:e;f=g!h^i~j", "a_b_c_d_e_f_g_h_i_j"),
        ("~home", "_home"),
        ("", "unknown"),
        (" ", "unknown"),
    ],
)
def test_a_tags_value_holds_nothing_that_parts_tags(given: str, safe: str) -> None:
    assert tags(model=given) == f"model:{safe}"


@given(st.text())
def test_any_text_is_a_safe_value(text: str) -> None:
    assert re.fullmatch(r"site:[A-Za-z0-9_-]+", tags(site=text))
