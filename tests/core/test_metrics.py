from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mother.core.bus import Sample
from mother.core.metrics import BOARD_METRICS, FARM_METRICS, METRICS, POOL_METRICS
from mother.core.model import State, Totals
from mother.core.reading import Board, Pool, Reading, efficiency

FULL = Reading(
    at=100.0,
    model="T1",
    boards=(
        Board(0, alive=True, temperature=70.0, accepted=100, rejected=1),
        Board(1, alive=False, temperature=111.0, accepted=50, rejected=2),
        Board(2, alive=True),
    ),
    pools=(Pool(0, alive=False), Pool(1, alive=True)),
    fan_percent=72.0,
    hashrate=10.8e12,
    expected_hashrate=16.0e12,
    expected_boards=3,
    uptime=4000.0,
    power=986.0,
    power_source="nameplate",
)
ALL_NAMES = {
    "hashrate",
    "expected_hashrate",
    "boards_alive",
    "boards_expected",
    "temperature_max",
    "temperature_chip_max",
    "coolant",
    "fan_percent",
    "fan_rpm_min",
    "power",
    "power_target",
    "efficiency",
    "pool_alive",
    "accepted",
    "rejected",
    "uptime",
    "last_seen",
    "reachable",
}


def gauges(
    reading: Reading, state: State = State.HASHING, reachable: bool = True
) -> dict[str, float]:
    """What would be sent: every metric that has a value."""
    sample = Sample("mac:x", "w", "T1", state, reachable, 90.0, 100.0, reading)
    values = {row.name: row.value(sample, reading) for row in METRICS}
    return {name: value for name, value in values.items() if value is not None}


def test_a_full_reading_gives_every_uniform_metric() -> None:
    assert gauges(FULL) == {
        "hashrate": 10.8e12,
        "expected_hashrate": 16.0e12,
        "boards_alive": 2,
        "boards_expected": 3,
        "temperature_max": 111.0,
        "fan_percent": 72.0,
        "power": 986.0,
        "efficiency": pytest.approx(91.3, abs=0.01),
        "pool_alive": 1.0,
        "accepted": 150,
        "rejected": 3,
        "uptime": 4000.0,
        "last_seen": 90.0,
        "reachable": 1.0,
    }


def test_what_a_reading_does_not_say_is_left_out() -> None:
    assert gauges(Reading(at=100.0)) == {"last_seen": 90.0, "reachable": 1.0}


@pytest.mark.parametrize(
    ("pools", "alive"),
    [
        ((), None),
        ((Pool(0),), None),
        ((Pool(0, alive=False),), 0.0),
        ((Pool(0, alive=False), Pool(1)), 0.0),
        ((Pool(0), Pool(1, alive=True)), 1.0),
    ],
)
def test_one_live_pool_is_enough_and_silence_is_no_answer(
    pools: tuple[Pool, ...], alive: float | None
) -> None:
    assert gauges(msgspec.structs.replace(FULL, pools=pools)).get("pool_alive") == alive


def test_an_asleep_miner_has_hashrate_zero_whatever_it_says() -> None:
    assert gauges(FULL, State.ASLEEP)["hashrate"] == 0.0
    assert gauges(Reading(at=100.0), State.ASLEEP)["hashrate"] == 0.0


def test_an_asleep_miner_that_tells_no_power_draws_none_and_has_no_efficiency() -> None:
    assert gauges(Reading(at=100.0), State.ASLEEP)["power"] == 0.0
    asleep = gauges(msgspec.structs.replace(FULL, power=35.0), State.ASLEEP)
    assert asleep["power"] == 35.0
    assert "efficiency" not in asleep


@pytest.mark.parametrize(("power", "hashrate"), [(None, 1e13), (1480.0, None), (1480.0, 0.0)])
def test_there_is_no_efficiency_without_power_or_hashrate(
    power: float | None, hashrate: float | None
) -> None:
    assert efficiency(power, hashrate) is None


def test_the_gauges_of_a_board_and_of_a_pool_are_known() -> None:
    assert [row.name for row in BOARD_METRICS] == [
        "alive",
        "hashrate",
        "temperature",
        "temperature_chip",
        "chips",
        "chips_expected",
        "frequency",
        "accepted",
        "rejected",
        "hardware_errors",
    ]
    assert [row.name for row in POOL_METRICS] == ["alive", "active", "accepted", "rejected"]
    assert [row.value(FULL.boards[1]) for row in BOARD_METRICS] == [
        0,
        None,
        111,
        None,
        None,
        None,
        None,
        50,
        2,
        None,
    ]
    assert [row.value(FULL.pools[1]) for row in POOL_METRICS] == [1, None, None, None]


def test_a_gone_miner_falls_to_zero_only_where_zero_is_true() -> None:
    gone = {row.name: row.gone for row in METRICS if row.gone is not None}
    assert gone == {
        "hashrate": 0.0,
        "boards_alive": 0.0,
        "power": 0.0,
        "pool_alive": 0.0,
        "reachable": 0.0,
    }


def test_the_uniform_names_are_those_that_dashboards_are_built_on() -> None:
    assert {row.name for row in METRICS} == ALL_NAMES
    assert len(METRICS) == len(ALL_NAMES)


def farm(**changes: Any) -> dict[str, float | None]:
    totals = Totals(
        at=100.0,
        miners=5,
        states={"hashing": 3, "ill": 2},
        hashrate=40e12,
        expected_hashrate=80e12,
        boards_alive=11,
        boards_expected=15,
        temperature_max=111.0,
        accepted=1000,
        rejected=10,
        given_up=2,
        power=3700.0,
        efficiency=92.5,
    )
    return {row.name: row.value(msgspec.structs.replace(totals, **changes)) for row in FARM_METRICS}


def test_the_farm_counts_every_state_also_those_nobody_is_in() -> None:
    states = {name: value for name, value in farm().items() if name.startswith("state.")}
    assert states == {
        "state.hashing": 3.0,
        "state.tuning": 0.0,
        "state.asleep": 0.0,
        "state.ill": 2.0,
        "state.gone": 0.0,
        "state.unknown": 0.0,
    }


def test_the_farms_sums_are_those_of_its_totals() -> None:
    sums = {name: value for name, value in farm().items() if not name.startswith("state.")}
    assert sums == {
        "miners": 5,
        "given_up": 2,
        "hashrate": 40e12,
        "expected_hashrate": 80e12,
        "boards_alive": 11,
        "boards_expected": 15,
        "temperature_max": 111.0,
        "power": 3700.0,
        "efficiency": 92.5,
        "accepted": 1000,
        "rejected": 10,
    }
    assert farm(temperature_max=None)["temperature_max"] is None


def test_no_name_is_given_twice_and_every_row_has_a_unit() -> None:
    for table in (METRICS, FARM_METRICS):
        names = [row.name for row in table]
        assert len(names) == len(set(names))
        assert all(row.unit for row in table)
