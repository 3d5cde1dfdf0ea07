"""What is made of AxeOS's answers: one recorded, the others hand-made."""

from __future__ import annotations

import pytest

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool
from mother.core.reading import Fan, Mode, Pool
from mother.drivers.axeos import models, parse
from tests.drivers.axeos.wire import RECORDINGS, new, old, recording


def test_the_recorded_bitaxe_is_read_field_by_field() -> None:
    found = parse.reading(old(), {}, 7.0)
    assert (found.at, found.model, found.algorithm) == (7.0, "Bitaxe Supra", "sha256")
    assert found.hashrate == 1e12
    assert found.uptime == 4.0
    assert found.power == pytest.approx(2.65)
    assert found.power_source == "measured"
    assert found.shares == (0.0, 0.0)
    assert found.fans == (Fan(0, 3517.0, 35.0),)
    assert found.fan_percent == 35.0
    assert found.expected_boards == 1
    assert found.windows == {}
    assert (found.faults, found.halted, found.mode) == ((), False, Mode.ACTIVE)
    (board,) = found.boards
    assert (board.alive, board.chips, board.chips_expected) == (True, 1, 1)
    assert (board.temperature, board.temperature_chip) == (78.0, 59.875)
    assert (board.frequency, board.voltage) == (490.0, 1.172)
    assert found.native == {
        "regulator.temperature": 78.0,
        "input.voltage": 5.175,
        "input.current": pytest.approx(0.52125),
        "memory.free": 8443612.0,
    }


def test_the_pools_tell_which_of_them_it_mines_for() -> None:
    user = "asic-rs.test"
    assert parse.reading(old(), {}, 0.0).pools == (
        Pool(0, "stratum+tcp://btc.example.pool:3333", user, active=True),
        Pool(1, "stratum+tcp://btc2.example.pool:3333", user, active=False),
    )
    fallen_back = parse.reading(new(), {}, 0.0).pools
    assert [pool.active for pool in fallen_back] == [False, True]
    assert fallen_back[1].url == "stratum+ssl://btc2.example.pool:4333"


def test_the_expected_hashrate_is_the_devices_own_word_or_its_own_sum() -> None:
    said = parse.reading(new(), {}, 0.0)
    assert (said.expected_hashrate, said.expected_source) == (1071e9, "device")
    summed = parse.reading(old(), {}, 0.0)
    assert summed.expected_hashrate == pytest.approx(1276 * 1 * 490e6)
    answer = old()
    del answer["asicCount"]
    unknown = parse.reading(answer, {}, 0.0)
    assert (unknown.expected_hashrate, unknown.expected_source) == (None, "")
    moved = parse.reading(answer, {"asicCount": 2}, 0.0)
    assert moved.expected_hashrate == pytest.approx(2 * 1276 * 490e6)
    assert moved.boards[0].chips == 2


def test_newer_firmware_tells_windows_a_second_sensor_and_its_radio() -> None:
    found = parse.reading(new(), recording("handmade/asic_2_14"), 0.0)
    assert found.model == "Bitaxe Gamma"
    assert found.windows == pytest.approx({"1m": 1058.9e9, "10m": 1063.1e9, "1h": 1060.4e9})
    assert found.temperature_chip_max == 63.25
    assert found.fans == (Fan(0, 4312.0, 62.5),)
    assert (found.native["wifi.rssi"], found.native["chips.error-percent"]) == (-58.0, 0.31)


def test_a_paused_one_sleeps_and_is_no_fault() -> None:
    found = parse.reading({**new(), "miningPaused": True, "hashRate": 0}, {}, 0.0)
    assert (found.mode, found.halted, found.asleep) == (Mode.SLEEP, False, True)
    assert parse.settings({**new(), "miningPaused": True}).asleep is True
    assert parse.settings(old()).asleep is None


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("overheat_mode", 1, "It was too hot and has throttled itself."),
        ("overheat_mode", True, "It was too hot and has throttled itself."),
        ("power_fault", "input voltage low", "Its power supply failed (input voltage low)."),
    ],
)
def test_its_own_faults_are_told_and_stop_it_where_it_does_not_hash(
    field: str, value: object, text: str
) -> None:
    going_on = parse.reading({**new(), field: value}, {}, 0.0)
    assert [(fault.code, fault.text) for fault in going_on.faults] == [(field, text)]
    assert (going_on.halted, going_on.boards[0].alive) == (False, True)
    stopped = parse.reading({**new(), field: value, "hashRate": 0}, {}, 0.0)
    assert (stopped.mode, stopped.boards[0].alive) == (Mode.ERROR, None)


def test_who_it_is_comes_without_wifi_names_and_accounts() -> None:
    found = parse.description(old(), {})
    assert (found.family, found.mac, found.model) == ("axeos", "aa:bb:cc:dd:ee:ff", "Bitaxe Supra")
    assert (found.maker, found.hostname, found.hardware) == ("Bitaxe", "bitaxe", "401")
    assert (found.firmware, found.firmware_name) == ("v2.4.5-3-gb5d1e36-dirty", "stock")
    assert found.closed == ""
    assert "Test" not in str(found.overview)
    assert "asic-rs" not in str(found.overview)


def test_a_nerdqaxe_that_wants_one_time_codes_is_closed_and_says_how_to_open_it() -> None:
    found = parse.description(recording("handmade/info_nerdqaxe"), {})
    assert (found.model, found.maker) == ("NerdQAxe++", "NerdAxe")
    assert "one-time code" in found.closed
    assert "Settings" in found.closed


def test_what_is_configured_has_no_password_and_no_fallback_without_a_host() -> None:
    user = "farm.gamma-7"
    found = parse.settings(new())
    assert found.pools == (
        ConfiguredPool("stratum+tcp://btc.example.pool:3333", user, None),
        ConfiguredPool("stratum+ssl://btc2.example.pool:4333", user, None),
    )
    assert (found.frequency, found.voltage, found.asleep) == (525.0, 1.15, False)
    assert len(parse.settings(recording("handmade/info_nerdqaxe")).pools or ()) == 1


@pytest.mark.parametrize(
    ("device", "board", "chip", "name"),
    [
        ("", "401", "BM1368", "Bitaxe Supra"),
        ("", "999", "BM1370", "Bitaxe Gamma"),
        ("", "800", "BM1370", "Bitaxe Gamma Turbo"),
        ("", "302", "BM1366", "Bitaxe Hex"),
        ("GammaTurbo", "", "BM1370", "Bitaxe Gamma Turbo"),
        ("", "", "BM9999", "Bitaxe"),
        ("NerdQAxe++", "", "BM1370", "NerdQAxe++"),
    ],
)
def test_the_model_is_named_by_device_then_board_then_chip(
    device: str, board: str, chip: str, name: str
) -> None:
    assert models.model_name(device, board, chip) == name


@pytest.mark.parametrize("address", [None, "", 7, "00:00:00:00:00:00", "01:00:00:00:00:01", "zz"])
def test_an_answer_without_a_valid_mac_is_garbled(address: object) -> None:
    with pytest.raises(Garbled):
        parse.description({**old(), "macAddr": address}, {})


def test_one_field_that_is_wrong_costs_that_field_only() -> None:
    right = parse.reading(old(), {}, 0.0)
    wrong = parse.reading({**old(), "power": "much", "fanrpm": None}, {}, 0.0)
    assert (wrong.power, wrong.power_source, wrong.fans) == (None, "", ())
    assert (wrong.hashrate, wrong.boards, wrong.pools) == (
        right.hashrate,
        right.boards,
        right.pools,
    )


def test_every_field_of_the_recording_is_read_or_left_on_purpose() -> None:
    """A new firmware's recording shows by this what nobody has looked at yet."""
    source = (RECORDINGS.parents[2] / "mother/drivers/axeos/parse.py").read_text()
    left = {
        "autofanspeed", "bestSessionDiff", "flipscreen", "invertfanpolarity", "invertscreen",
        "ssid", "stratumDiff", "wifiStatus",
    }  # fmt: skip
    built = {prefix + field for prefix in parse.PREFIXES for field in ("URL", "Port", "User")}
    unread = {name for name in old() if f'"{name}"' not in source} - built - left
    assert unread == set()
