"""From the second API's answers to values: the recordings, and what differs from them."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool, NetworkSettings
from mother.core.reading import DeviceFault, Fan, Mode, Pool, Reading
from mother.drivers.cgminer import pools as listed
from mother.drivers.cgminer.status import accept
from mother.drivers.whatsminer import second_parse as parse
from mother.drivers.whatsminer import status
from tests.drivers.whatsminer.recorded import DEVDETAILS, SECOND, TOKEN, row, second

MAC = "d4:01:02:03:04:05"


def read(seldom: parse.Seldom | None = None, /, **fields: object) -> Reading:
    found = parse.boards(second("devs"))
    return parse.reading(row(**fields), found, seldom or parse.Seldom(), 5.0)


@pytest.mark.parametrize("name", SECOND)
def test_every_recording_says_yes(name: str) -> None:
    assert status.second(second(name)) is None
    assert accept(second(name))


def test_the_recorded_summary_is_a_whole_reading() -> None:
    seldom = parse.Seldom(
        model="M30S+_VE40", pools=listed.pools(second("pools")), psu=second("get_psu")["Msg"]
    )
    reading = read(seldom)
    assert reading.hashrate == 124.5e12
    assert reading.expected_hashrate == 126e12
    assert reading.expected_source == "device"
    assert reading.windows == {"av": 125e12}
    assert (reading.power, reading.power_source, reading.power_target) == (3200, "measured", 3300)
    assert (reading.ambient, reading.coolant) == (28.5, None)
    assert reading.fans == (Fan(0, 5400.0), Fan(1, 5280.0))
    assert (reading.uptime, reading.profile, reading.mode) == (25000, "normal", Mode.ACTIVE)
    assert reading.shares == (5412.0, 0.0)
    assert reading.native == {
        "frequency.target": 600.0,
        "chip_temp.avg": 72.5,
        "psu.fan_rpm": 6000.0,
    }
    assert (reading.algorithm, reading.model, reading.faults) == ("sha256", "M30S+_VE40", ())
    assert [pool.active for pool in reading.pools] == [True, False, False]
    assert reading.pools[0] == Pool(
        0 + 1, "stratum+tcp://btc.example.pool:3333", "asic-rs.test", True, True, 5412.0, 0.0
    )


def test_every_recorded_board_is_whole() -> None:
    boards = read().boards
    assert [board.index for board in boards] == [0, 1, 2]
    assert all(board.alive for board in boards)
    first = boards[0]
    assert (first.temperature, first.temperature_chip) == (65.0, 80.0)
    assert (first.hashrate, first.expected_hashrate) == (41.5e12, 42e12)
    assert (first.chips, first.frequency, first.serial) == (135, 600.0, "BHM5CSD1302803K30001")
    assert (first.accepted, first.rejected, first.elapsed) == (1804.0, 0.0, 25000.0)


def test_the_hashrate_is_that_of_a_minute_where_it_is_told() -> None:
    reading = read(**{"MHS 1m": 120e6, "MHS 5s": 99e6, "MHS 15m": 125e6})
    assert reading.hashrate == 120e12
    assert reading.windows == {"5s": 99e12, "1m": 120e12, "15m": 125e12, "av": 125e12}


@pytest.mark.parametrize(
    ("mode", "target", "expected"),
    [
        ("Normal", 140e6, 126e12),
        ("High", 140e6, 140e12),
        ("Low", 90e6, 90e12),
        ("Low", None, 126e12),
        ("Low", 0, 126e12),
    ],
)
def test_outside_the_normal_mode_its_own_target_is_expected_where_it_names_one(
    mode: str, target: float | None, expected: float
) -> None:
    reading = read(**{"Power Mode": mode, "Target MHS": target})
    assert reading.expected_hashrate == expected
    assert reading.profile == mode.lower()


def test_without_a_factory_hashrate_what_it_told_before_is_expected() -> None:
    assert read(**{"Factory GHS": 0}).expected_hashrate is None
    assert read(**{"Factory GHS": 0}).expected_source == ""
    assert read(parse.Seldom(expected=1e12), **{"Factory GHS": -1}).expected_hashrate == 1e12


def test_minus_one_watt_is_not_known() -> None:
    reading = read(Power=-1)
    assert (reading.power, reading.power_source) == (None, "")


@pytest.mark.parametrize(
    ("fields", "tuning"),
    [
        ({}, False),
        ({"Hash Stable": False}, True),
        ({"Upfreq Complete": 0}, True),
        ({"Upfreq Complete": 1, "Hash Stable": False}, False),
        ({"Upfreq Complete": None, "Hash Stable": None}, False),
    ],
)
def test_it_tunes_until_its_frequency_is_up(fields: dict[str, Any], tuning: bool) -> None:
    assert read(**fields).tuning is tuning


@pytest.mark.parametrize("name", ["mineroff", "btmineroff"])
@pytest.mark.parametrize("value", ["true", True, "1"])
def test_told_to_stop_it_sleeps_and_hashes_nothing(name: str, value: object) -> None:
    reading = read(parse.Seldom(status={name: value}), **{"Upfreq Complete": 0})
    assert reading.tuning is False
    assert (reading.mode, reading.hashrate) == (Mode.SLEEP, 0.0)


def test_the_recorded_status_is_awake_in_low_mode() -> None:
    reading = read(parse.Seldom(status=second("status")["Msg"]))
    assert (reading.asleep, reading.profile) == (False, "low")


def test_where_its_mining_program_is_silent_it_sleeps_or_starts() -> None:
    asleep = parse.silent(parse.Seldom(status={"btmineroff": "true"}, expected=1e12), 5.0)
    assert (asleep.mode, asleep.hashrate, asleep.expected_hashrate) == (Mode.SLEEP, 0.0, 1e12)
    starting = parse.silent(parse.Seldom(), 5.0)
    assert (starting.mode, starting.expected_source) == (Mode.STARTING, "")


def test_with_errors_and_no_hashrate_it_has_halted() -> None:
    faults = (DeviceFault("530", "slot 0"),)
    nothing = {"HS RT": 0, "MHS av": 0}
    assert read(parse.Seldom(faults=faults), **nothing).mode is Mode.ERROR
    assert read(parse.Seldom(faults=faults)).mode is Mode.ACTIVE
    assert read(**nothing).mode is Mode.ACTIVE


def test_where_a_liquid_cools_it_fans_that_stand_are_none() -> None:
    still = {"Fan Speed In": 0, "Fan Speed Out": 0}
    assert read(**still).fans == (Fan(0, 0.0), Fan(1, 0.0))
    assert read(**still, **{"Liquid Cooling": True}).fans == ()
    assert read(parse.Seldom(model="M53S+_VJ30"), **still).fans == ()


def test_a_liquids_temperature_is_the_coolants() -> None:
    assert read(**{"Liquid Temp": 41.5}).coolant == 41.5


def test_recorded_errors_are_told_with_their_meaning_and_date() -> None:
    assert parse.codes(second("get_error_code")) == ()
    assert parse.codes(second("get_error_code_with_errors")) == (
        DeviceFault(
            "218",
            "the mains voltage is below 230 V, too low for high power mode, "
            "since 2024-06-15 10:30:00 by its own clock",
        ),
        DeviceFault(
            "110",
            "the intake fan turns at a wrong speed, since 2024-06-15 09:15:00 by its own clock",
        ),
    )


@pytest.mark.parametrize(
    "told",
    [["530"], [530], [{"530": ""}], {"530": ""}, [{"530": ""}, {"530": ""}, "x", {"reason": "y"}]],
)
def test_errors_come_in_several_shapes(told: object) -> None:
    found = parse.codes({"Msg": {"error_code": told}})
    assert found == (DeviceFault("530", "slot 0: no board is found"),)


def test_errors_without_end_are_bounded() -> None:
    many = [{str(code): "now"} for code in range(1000, 3000)]
    assert len(parse.codes({"Msg": {"error_code": many}})) == 64


def test_older_firmware_counts_errors_in_its_summary() -> None:
    assert parse.counted(row()) == ()
    assert parse.counted(row(**{"Error Code Count": 0})) == ()
    told = row(**{"Error Code Count": 2, "Error Code 0": 206, "Error Code 1": "541"})
    found = parse.counted(told)
    assert [fault.code for fault in found] == ["206", "541"]
    assert parse.counted(row(**{"Error Code Count": 10**9})) == ()


def test_who_it_is_comes_from_four_answers() -> None:
    summary = {"SUMMARY": [row()]}
    found = parse.description(second("get_miner_info"), second("get_version"), DEVDETAILS, summary)
    assert (found.mac, found.model, found.firmware) == (MAC, "M30S+_VE40", "20230803.11.REL")
    assert (found.maker, found.firmware_name, found.algorithm) == ("MicroBT", "stock", "sha256")
    assert (found.hostname, found.hardware, found.uptime) == ("WhatsMiner", "H616", 25500.0)
    assert found.closed == ""
    older = parse.description({}, {}, {}, {"SUMMARY": [row(**{"Firmware Version": "'1.REL'"})]})
    assert (older.mac, older.firmware, older.model) == (MAC, "1.REL", "")


def test_without_a_mac_it_is_nobody() -> None:
    with pytest.raises(Garbled):
        parse.description({}, second("get_version"), DEVDETAILS, {})
    with pytest.raises(Garbled):
        parse.summary_row(TOKEN)


def test_settings_are_what_was_set_before_what_is_in_force() -> None:
    pools = listed.configured(second("pools"))
    assert pools[1] == ConfiguredPool("stratum+tcp://btc2.example.pool:3333", "asic-rs.test", None)
    found = parse.settings(row(), second("status")["Msg"], pools)
    assert (found.pools, found.profile, found.power_target) == (pools, "low", 3600.0)
    assert found.asleep is False
    unset = parse.settings(row(), {"power_limit_set": ""}, pools)
    assert (unset.profile, unset.power_target, unset.asleep) == ("normal", 3300.0, None)


def test_the_network_is_told_with_the_rest_of_it() -> None:
    told = {
        "proto": "static",
        "ip": "10.0.0.5",
        "netmask": "255.255.255.0",
        "gateway": "10.0.0.1",
        "dns": "10.0.0.1 1.1.1.1",
    }
    assert parse.network({"Msg": told}) == NetworkSettings(
        False, "10.0.0.5", "255.255.255.0", "10.0.0.1", ("10.0.0.1", "1.1.1.1")
    )
    with pytest.raises(Garbled):
        parse.network(second("get_miner_info"))


def test_a_board_counts_for_its_slot() -> None:
    devs = {"DEVS": [{"ASC": 0, "Slot": 2, "Status": "Dead"}, {"ASC": 1, "Slot": 2}, {"ID": 7}]}
    boards = parse.boards(devs)
    assert [(board.index, board.alive) for board in boards] == [(2, False), (7, None)]
