"""From the third API's answers to values: the recordings, and what differs from them."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, NetworkSettings
from mother.core.reading import Fan, Mode, Pool, Reading
from mother.drivers.whatsminer import status
from mother.drivers.whatsminer import third_parse as parse
from tests.drivers.whatsminer.recorded import SETTING, THIRD, info, third


def summary(**fields: object) -> dict[str, Any]:
    found: dict[str, Any] = third("get_miner_status_summary")["msg"]["summary"]
    return {**found, **fields}


def read(seldom: parse.Seldom | None = None, /, **fields: object) -> Reading:
    known = seldom or parse.Seldom(info=info(), setting=SETTING["msg"])
    row = summary(**fields)
    found = parse.boards(third("get_miner_status_edevs"), row, known.info)
    return parse.reading(row, found, known, 5.0)


@pytest.mark.parametrize("name", THIRD)
def test_every_recording_says_yes(name: str) -> None:
    assert status.third(third(name)) is None


def test_the_recorded_summary_is_a_whole_reading() -> None:
    reading = read()
    assert reading.hashrate == 171.2e12
    assert (reading.expected_hashrate, reading.expected_source) == (181.051e12, "model")
    assert reading.windows == {"1m": 171.2e12, "15m": 170.5e12, "av": 170.8e12}
    assert (reading.power, reading.power_source, reading.power_target) == (3156, "measured", 3600)
    assert (reading.ambient, reading.uptime, reading.profile) == (28.5, 50000, "low")
    assert reading.fans == (Fan(0, 5400.0), Fan(1, 5280.0))
    assert (reading.mode, reading.model, reading.expected_boards) == (Mode.ACTIVE, "M60S_VK40", 3)
    assert reading.native == {
        "frequency.avg": 625.0,
        "chip_temp.avg": 75.5,
        "power.5m": 3100.0,
        "psu.fan_rpm": 6344.0,
    }


def test_every_recorded_board_is_whole() -> None:
    boards = read().boards
    assert [board.index for board in boards] == [0, 1, 2]
    assert [board.temperature for board in boards] == [41.1, 40.1, 41.5]
    first = boards[0]
    assert (first.hashrate, first.expected_hashrate) == (57.2e12, 60.35e12)
    assert (first.alive, first.temperature_chip, first.chips) == (True, 80.0, 75)
    assert (first.frequency, first.serial) == (625.0, "BKM3CSE1404807K42757")


def test_recorded_pools_are_read_and_told_without_passwords() -> None:
    answer = third("get_miner_status_pools")
    assert parse.pools(answer)[0] == Pool(
        0, "stratum+tcp://btc.example.pool:3333", "asic-rs.test", True, True
    )
    assert parse.configured(answer)[2] == ConfiguredPool(
        "stratum+tcp://btc3.example.pool:3333", "asic-rs.test", None
    )
    with pytest.raises(Garbled):
        parse.configured({"msg": "nothing"})


def test_recorded_errors_are_told_with_the_devices_own_reason() -> None:
    found = parse.codes(third("get_device_info_with_errors")["msg"])
    assert [fault.code for fault in found] == ["264", "265", "266", "267", "270"]
    assert found[0].text == (
        "the talk with the power supply fails (Power xfer error. code: 0xffffffffc0000000), "
        "since 2026-05-23 09:19:10 by its own clock"
    )


def test_of_a_code_that_no_list_holds_the_reason_is_told_alone() -> None:
    found = parse.codes({"error-code": [{"9123": "", "reason": "Something new"}]})
    assert [(fault.code, fault.text) for fault in found] == [("9123", "Something new")]


def test_not_working_is_asleep() -> None:
    known = parse.Seldom(info=info(miner={"working": "false"}))
    assert (read(known).mode, read(known).hashrate) == (Mode.SLEEP, 0.0)
    silent = parse.silent(known, 5.0)
    assert (silent.mode, silent.model, silent.expected_boards) == (Mode.SLEEP, "M60S_VK40", 3)
    assert parse.silent(parse.Seldom(info=info()), 5.0).mode is Mode.STARTING


def test_until_its_frequency_is_up_it_tunes() -> None:
    assert read(**{"up-freq-finish": 0}).mode is Mode.TUNING


def test_a_negative_factory_hashrate_is_not_told() -> None:
    reading = read(**{"factory-hash": -0.003})
    assert (reading.expected_hashrate, reading.expected_source) == (None, "")


def test_where_a_liquid_cools_it_fans_that_stand_are_none() -> None:
    still = {"fan-speed-in": 0, "fan-speed-out": 0}
    assert len(read(**still).fans) == 2
    assert read(parse.Seldom(info=info(miner={"type": "M66S_VK40"})), **still).fans == ()


@pytest.mark.parametrize(
    ("mode", "name"), [("0", "low"), ("1", "normal"), ("2", "high"), ("9", "")]
)
def test_without_its_settings_the_power_supply_tells_the_mode(mode: str, name: str) -> None:
    assert parse.profile(info(power={"mode": mode}), {}) == name


def test_who_it_is_comes_from_one_answer() -> None:
    found = parse.description(info())
    assert (found.mac, found.model) == ("ce:02:01:00:8c:36", "M60S_VK40")
    assert (found.firmware, found.hardware) == ("20251209.16.Rel2", "CB6V10")
    assert (found.serial, found.hostname) == ("BTM3CS40HD24083100000000000000000", "WhatsMiner")
    assert (found.maker, found.closed) == ("MicroBT", "")
    assert "uhCiDyVj" not in repr(found)
    with pytest.raises(Garbled):
        parse.description({})


def test_a_closed_switch_is_told_with_the_step_that_opens_it() -> None:
    closed = parse.description(info(system={"apiswitch": "0"})).closed
    assert "WhatsMinerTool" in closed
    assert "API switch" in closed


def test_settings_and_network_are_told() -> None:
    pools = parse.configured(third("get_miner_status_pools"))
    found = parse.settings(summary(), info(), SETTING["msg"], pools)
    assert (found.profile, found.power_target, found.asleep) == ("low", 3600.0, False)
    without = parse.settings(summary(), info(), {}, pools)
    assert (without.profile, without.power_target) == ("normal", 3600.0)
    assert parse.network(info()) == NetworkSettings(
        True, "172.16.2.58", "255.255.255.0", "172.16.2.1", ("172.16.2.1",)
    )
    with pytest.raises(Garbled):
        parse.network({})
