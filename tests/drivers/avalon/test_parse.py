"""What an Avalon says becomes a reading: recordings of a Q that sleeps and an A1246 at work."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.errors import Garbled
from mother.core.model import ConfiguredPool
from mother.core.reading import Mode, Reading
from mother.drivers.avalon import parse
from mother.drivers.avalon.blocks import block, modules
from mother.drivers.avalon.faults import meaning
from mother.drivers.avalon.models import MODELS, model_name, model_of
from tests.drivers.avalon.miner import A, block_of, recorded

A_STATS, Q_STATS, Q_LITE = recorded("avalon_a_stats"), recorded("stats"), recorded("litestats")


def read_a(**fields: str) -> Reading:
    return parse.reading(modules(block_of(A_STATS, **fields)), {}, "Avalon 1246", 1.0)


def read_q(stats: dict[str, Any] = Q_LITE, **fields: str) -> Reading:
    return parse.reading(modules(block_of(stats, **fields)), recorded("summary"), "Avalon Q", 1.0)


# the A1246


@pytest.mark.parametrize("told", ["-273", "255", "x"])
def test_a_missing_sensor_tells_no_air(told: str) -> None:
    assert read_a(Temp=told).ambient is None


def test_the_a1246_at_work() -> None:
    reading = read_a()
    assert reading.mode is Mode.ACTIVE
    assert reading.hashrate == pytest.approx(81.07268e12)
    assert reading.expected_hashrate == pytest.approx(83.92304e12)
    assert reading.expected_source == "device"
    assert reading.expected_boards == reading.boards_alive == 3
    assert (reading.power, reading.power_source) == (3504.0, "reported")
    assert reading.power_target == 3200.0
    assert reading.efficiency == pytest.approx(43.22, abs=0.01)
    assert reading.uptime == 24684.0
    assert reading.ambient == 30.0
    assert reading.fan_percent == 72.0
    assert [fan.rpm for fan in reading.fans] == [5344.0, 5392.0, 5349.0, 5309.0]
    assert reading.windows == {"av": pytest.approx(79.65663e12)}
    assert reading.faults == ()
    assert reading.algorithm == "sha256"


def test_each_board_of_the_a1246() -> None:
    boards = read_a().boards
    assert [board.index for board in boards] == [0, 1, 2]
    assert [board.hashrate for board in boards] == pytest.approx(
        [26.90701e12, 26.02506e12, 26.72456e12]
    )
    assert [board.temperature_chip for board in boards] == [77.0, 77.0, 76.0]
    assert [board.temperature for board in boards] == [66.0, 65.0, 64.0]
    assert [board.hardware_errors for board in boards] == [999.0, 697.0, 1039.0]
    assert {(board.chips, board.chips_expected) for board in boards} == {(120, 120)}
    assert {board.frequency for board in boards} == {502.41}
    assert {board.voltage for board in boards} == {13.16}


def test_the_numbers_of_its_own() -> None:
    assert read_a().native == {
        "dh_percent": 2.732,
        "dh_percent_now": 2.732,
        "work_utility": 1112790.28,
        "ping_ms": 443.0,
        "ps.board_amps": 242.0,
        "ps.board_watts": 3189.0,
        "net_failures": 0.0,
    }


def test_a_board_whose_chips_are_cold_while_it_works_is_dead() -> None:
    reading = read_a(MTmax="77 0 76")
    assert [board.alive for board in reading.boards] == [True, False, True]
    assert reading.boards[1].temperature_chip is None


def test_a_board_whose_chips_have_no_voltage_is_dead() -> None:
    reading = read_a(PVT_V1="0 0 0")
    assert [board.alive for board in reading.boards] == [True, False, True]
    assert (reading.boards[1].chips, reading.boards[1].chips_expected) == (0, 120)


def test_a_module_that_lost_a_board_tells_fewer() -> None:
    reading = read_a(
        SYSTEMSTATU="Work: In Work, Hash Board: 2 ", MGHS="1 2", MH="0 0", MTmax="70 71"
    )
    assert (len(reading.boards), reading.expected_boards) == (2, 3)


def test_the_wall_power_that_newer_firmware_names_comes_first() -> None:
    stats = block_of(A_STATS, Led="0] WALLPOWER[3333")
    assert parse.reading(modules(stats), {}, "", 1.0).power == 3333.0


def test_without_a_wall_power_the_boards_own_is_told() -> None:
    assert read_a(PS="0 1214 1316 242 3189").power == 3189.0
    assert read_a(PS="0").power is None


# the Q


@pytest.mark.parametrize("stats", [Q_STATS, Q_LITE], ids=["stats", "litestats"])
def test_the_q_that_sleeps(stats: dict[str, Any]) -> None:
    reading = read_q(stats)
    assert reading.mode is Mode.SLEEP
    assert (reading.hashrate, reading.power) == (0.0, 0.0)
    assert reading.power_target == 800.0
    assert reading.profile == "eco"
    assert (reading.accepted, reading.rejected) == (890.0, 2.0)
    assert reading.ambient == 26.0
    assert [fan.rpm for fan in reading.fans] == [0.0] * 4
    assert reading.windows["15m"] == pytest.approx(52.68637e9)
    (board,) = reading.boards
    assert (board.temperature, board.temperature_chip) == (27.0, None)
    assert (board.hashrate, board.voltage) == (0.0, None)
    assert board.chips_expected == 160


def test_chips_are_listed_by_the_long_answer_only() -> None:
    assert parse.chips(modules(Q_STATS)) == {0: (160, 160)}
    assert parse.chips(modules(Q_LITE)) == {}
    assert parse.chips(modules(A_STATS)) == {0: (120, 120), 1: (120, 120), 2: (120, 120)}


def test_chips_known_from_before_are_told_with_the_short_answer() -> None:
    reading = parse.reading(modules(Q_LITE), {}, "Avalon Q", 1.0, known_chips={0: (159, 160)})
    assert reading.boards[0].chips == 159


def test_the_q_at_work() -> None:
    reading = read_q(
        SYSTEMSTATU="Work: In Work, Hash Board: 1",
        SoftOFF="0",
        GHSspd="54000.5",
        TMax="80",
        TAvg="66",
        HBOTemp="51",
        PS="0 1221 2236 34 760 2245 812",
        WORKMODE="1",
    )
    assert reading.mode is Mode.ACTIVE
    assert reading.hashrate == reading.boards[0].hashrate == pytest.approx(54.0005e12)
    assert (reading.boards[0].temperature, reading.boards[0].temperature_chip) == (51.0, 80.0)
    assert reading.boards[0].voltage == pytest.approx(22.36)
    assert reading.boards[0].alive is True
    assert (reading.power, reading.profile) == (812.0, "standard")


# what it is at


def test_one_that_begins_is_starting() -> None:
    assert read_q(SYSTEMSTATU="Work: In Init, Hash Board: 1").mode is Mode.STARTING


def test_one_that_idles_although_nobody_told_it_to_is_not_asleep() -> None:
    reading = read_q(SoftOFF="0")
    assert reading.mode is Mode.ACTIVE
    assert (reading.hashrate, reading.halted) == (0.0, False)


def test_one_that_idles_with_an_error_has_halted() -> None:
    reading = read_q(SoftOFF="0", ECMM="64")
    assert reading.mode is Mode.ERROR
    assert [(fault.code, fault.text) for fault in reading.faults] == [
        ("ECMM:64", "control board: too hot")
    ]


def test_one_whose_stats_hold_no_block_is_starting() -> None:
    reading = parse.reading(modules({"STATS": [{"ID": "POOL0"}]}), {}, "Avalon Q", 1.0)
    assert reading.mode is Mode.STARTING
    assert (reading.hashrate, reading.boards) == (0.0, ())


def test_sleep_is_told_of_both_recordings_and_of_nothing() -> None:
    assert parse.asleep(modules(Q_LITE)) is True
    assert parse.asleep(modules(A_STATS)) is False
    assert parse.asleep(modules({})) is None


# errors


def test_errors_are_told_in_words_with_the_board() -> None:
    reading = read_a(ECHU="0 66 0", PS="7 1214 1316 242 3189 1320 3504", POW_I2C="ERR")
    assert [fault.text for fault in reading.faults] == [
        "board 1: wrong checksums, too hot",
        "power supply: error 7",
        "the control board does not reach the power supply",
    ]
    assert reading.mode is Mode.ACTIVE


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ""),
        (1, ""),
        (None, ""),
        (-5, ""),
        (5, "no fan"),
        (0x20000, "the board failed"),
        (0x400001, "error 0x400000"),
        (1e30, ""),
    ],
)
def test_an_error_number_in_words(code: float | None, words: str) -> None:
    assert meaning(code) == words


# who it is


def test_the_description_of_the_q() -> None:
    who = parse.description(recorded("version"))
    assert (who.mac, who.model, who.maker) == ("aa:bb:cc:dd:ee:ff", "Avalon Q", "Canaan")
    assert (who.firmware, who.hardware) == ("25052801_14a19a2", "Q_MM1v1_X1")
    assert who.serial == "01234567890123456789012345678901"
    assert who.overview["SWTYPE"] == "MM319"


def test_a_mac_without_colons_is_read() -> None:
    version: Any = A["version"]
    who = parse.description(version)
    assert (who.mac, who.model) == ("b4:a2:eb:3f:00:01", "Avalon 1246")


def test_one_that_hides_its_mac_is_garbled() -> None:
    with pytest.raises(Garbled, match="MAC"):
        parse.description({"VERSION": [{"PROD": "AvalonNano", "MODEL": "Nano3"}]})


@pytest.mark.parametrize(
    ("product", "subtype", "name"),
    [
        ("Avalon Q", "Q", "Avalon Q"),
        ("AvalonMiner 1246", "1246", "Avalon 1246"),
        ("AvalonMiner 1246-83", "1246-83", "Avalon 1246"),
        ("AvalonMiner 15-194", "15-194", "Avalon 15-194"),
        ("AvalonNano", "Nano3", "Avalon Nano3"),
        ("Avalon0O", "NANO3S", "Avalon NANO3S"),
        ("Avalon Nano3s", "Nano3s", "Avalon Nano3s"),
        ("Avalon", "", ""),
        ("", "", ""),
        ("", "Q", "Avalon Q"),
        ("Avalon " + "x" * 100, "", "Avalon " + "x" * 25),
    ],
)
def test_a_model_is_called_as_the_trade_does(product: str, subtype: str, name: str) -> None:
    assert model_name(product, subtype) == name


def test_a_model_is_known_however_it_is_written() -> None:
    assert model_of("Avalon Nano3s") is model_of("AvalonMiner NANO 3S") is MODELS["NANO3S"]
    assert model_of("Avalon 9999").boards is None


def test_another_product_is_no_avalon() -> None:
    assert parse.is_avalon(recorded("version"))
    assert not parse.is_avalon({"VERSION": [{"PROD": "Antminer S19"}]})
    assert not parse.is_avalon({})


# what is configured


def test_the_settings_of_the_q() -> None:
    settings = parse.settings(recorded("pools"), modules(Q_LITE), "Avalon Q")
    assert settings.pools == (
        ConfiguredPool("stratum+tcp://pool.example.com:4444", "worker1", "x"),
    )
    assert (settings.profile, settings.level, settings.asleep) == ("eco", None, True)


def test_the_mode_of_a_model_that_is_not_known_has_no_name() -> None:
    assert parse.settings(recorded("pools"), modules(A_STATS), "Avalon 1246").profile is None
    assert parse.settings(recorded("pools"), modules(Q_LITE), "Avalon 77").profile is None


# text blocks


def test_a_block_is_taken_apart() -> None:
    told = block("'STATS':{Ver[Q-1] SYSTEMSTATU[Work: In Idle, Hash Board: 1] Nonce Mask[25] A[]}")
    assert told["SYSTEMSTATU"] == "Work: In Idle, Hash Board: 1"
    assert (told["Ver"], told["Nonce Mask"], told["A"]) == ("Q-1", "25", "")


def test_every_recorded_block_is_found() -> None:
    assert [len(modules(answer)) for answer in (A_STATS, Q_STATS, Q_LITE)] == [1, 1, 1]
    assert modules(Q_STATS)[0]["PVT_T0"].startswith("58")


def test_the_boards_of_several_modules_are_numbered_on() -> None:
    row = A_STATS["STATS"][0]
    stats = {"STATS": [{"MM ID0": row["MM ID0"], "MM ID1": row["MM ID0"]}]}
    reading = parse.reading(modules(stats), {}, "", 1.0)
    assert [board.index for board in reading.boards] == list(range(6))
    assert reading.hashrate == pytest.approx(2 * 81.07268e12)
    assert {board.chips for board in reading.boards} == {120}
