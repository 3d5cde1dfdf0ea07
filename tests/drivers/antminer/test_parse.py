"""From an Antminer's answers to values."""

from __future__ import annotations

import json
import timeit
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, Garbled, Refused
from mother.core.reading import Mode, Pool, Reading
from mother.drivers.antminer import parse
from mother.drivers.antminer.fields import hottest, mode_of, model_name, watts
from mother.drivers.antminer.models import chips_expected, model_of
from mother.drivers.antminer.shape import Beside
from mother.drivers.cgminer.wire import repaired
from tests.drivers.antminer.answers import (
    NAMES,
    asleep,
    body,
    chain,
    figures,
    newer,
    recorded,
    s9,
)

PRO = Beside(model="S19 Pro", mode=0)


def read(answer: dict[str, Any], beside: Beside = PRO) -> Reading:
    return parse.stats(answer, beside, 1.0).reading


# the recorded shape


def test_the_recorded_stats_are_read_whole() -> None:
    reading = read(recorded("stats"), Beside(mode=0))
    assert reading.at == 1.0
    assert reading.model == "S19 Pro"
    assert reading.algorithm == "sha256"
    assert reading.hashrate == 110566.89e9
    assert reading.windows == {"5s": 110566.89e9, "30m": 111878.26e9, "av": 111834.63e9}
    assert (reading.expected_hashrate, reading.expected_source) == (110e12, "device")
    assert reading.uptime == 50474
    assert reading.expected_boards == 3
    assert [fan.rpm for fan in reading.fans] == [6000, 5880, 5040, 5040]
    assert reading.power is None
    assert reading.power_source == ""
    assert reading.mode is Mode.ACTIVE
    assert reading.profile == "normal"
    assert reading.native == {
        "total_freqavg": 525.0,
        "dev.0.temp_pic": 63.0,
        "dev.1.temp_pic": 56.0,
        "dev.2.temp_pic": 54.0,
    }


def test_the_recorded_boards_are_read_and_the_empty_slot_is_none() -> None:
    boards = read(recorded("stats")).boards
    assert [board.index for board in boards] == [0, 1, 2]
    assert [board.hashrate for board in boards] == [37603.30e9, 35536.22e9, 37427.38e9]
    assert [board.temperature for board in boards] == [73, 66, 64]
    assert [board.temperature_chip for board in boards] == [78, 71, 69]
    assert [board.hardware_errors for board in boards] == [183, 195, 184]
    assert {board.frequency for board in boards} == {525}
    assert {(board.chips, board.chips_expected) for board in boards} == {(114, 114)}
    assert all(board.alive for board in boards)


def test_the_recorded_controller_is_known_by_its_own_mark() -> None:
    said = parse.stats(recorded("stats"), PRO, 1.0)
    assert said.unit == "8144d5ca79104814"
    assert said.mode is None
    assert not said.newer


def test_chips_marked_x_do_not_work() -> None:
    answer, fields = figures()
    fields["chain_acs2"] = fields["chain_acs2"].replace("ooo", "oxx", 2)
    board = read(answer).boards[1]
    assert (board.chips, board.chips_expected) == (110, 114)


def test_a_board_that_is_not_found_any_more_is_dead_and_not_forgotten() -> None:
    answer, fields = figures()
    fields |= {"chain_acn2": 0, "chain_acs2": "", "chain_rate2": ""}
    boards = read(answer).boards
    assert [(board.index, board.alive, board.chips) for board in boards] == [
        (0, True, 114),
        (1, False, 0),
        (2, True, 114),
    ]
    assert boards[1].chips_expected == 114


def test_a_board_without_a_rate_is_dead() -> None:
    answer, fields = figures()
    fields["chain_rate1"] = "0.00"
    assert [board.alive for board in read(answer).boards] == [False, True, True]


def rateless() -> dict[str, Any]:
    """Boards that answer, none of which hashes."""
    answer, fields = figures()
    fields |= {"GHS 5s": 0, **{f"chain_rate{slot}": "0.00" for slot in (1, 2, 3)}}
    return answer


@pytest.mark.parametrize("elapsed", [5, 899])
def test_boards_of_a_miner_that_starts_are_not_dead_for_want_of_a_rate(elapsed: int) -> None:
    answer = rateless()
    answer["STATS"][1]["Elapsed"] = elapsed
    assert [board.alive for board in read(answer).boards] == [True] * 3
    answer["STATS"][1] |= {"chain_acn2": 0, "chain_acs2": "", "chain_rate2": ""}
    assert [board.alive for board in read(answer).boards] == [True, False, True]
    dull = newer(elapsed=elapsed, rate_5s=0, chain=[chain(0, rate_real=0)])
    assert read(dull).boards[0].alive


def test_boards_of_a_miner_without_a_pool_are_not_dead_for_want_of_a_rate() -> None:
    away = Pool(0, "stratum+tcp://a:1", alive=False)
    without = replace(PRO, pools=(away, replace(away, index=1)))
    assert [board.alive for board in read(rateless(), without).boards] == [True] * 3
    for pools in ((away, replace(away, alive=True)), (replace(away, alive=None),)):
        beside = replace(PRO, pools=pools)
        assert [board.alive for board in read(rateless(), beside).boards] == [False] * 3
    answer, fields = figures()
    fields["chain_rate1"] = "0.00"
    assert [board.alive for board in read(answer, without).boards] == [False, True, True]


def test_a_board_of_which_no_chip_works_is_dead_though_its_rate_lingers() -> None:
    answer, fields = figures()
    fields["chain_acs1"] = fields["chain_acs1"].replace("o", "x")
    assert [board.alive for board in read(answer).boards] == [False, True, True]
    boards = read(newer(chain=[chain(0, asic=" xxx" * 38), chain(1)])).boards
    assert [(board.alive, board.chips) for board in boards] == [(False, 0), (True, 114)]


def test_a_rate_in_another_unit_is_turned_into_hashes() -> None:
    answer, fields = figures()
    fields["rate_unit"] = "MH"
    assert read(answer).hashrate == pytest.approx(110566.89e6)
    assert read(answer).boards[0].hashrate == pytest.approx(37603.30e6)
    fields["rate_unit"] = "parsec"
    reading = read(answer)
    assert reading.hashrate is None
    assert reading.expected_hashrate is None


def test_one_field_of_a_wrong_type_costs_that_field_alone() -> None:
    right = read(recorded("stats"))
    answer, fields = figures()
    fields |= {"GHS 5s": [], "chain_hw1": "many", "temp_chip1": {}, "fan2": None}
    reading = read(answer)
    assert reading.hashrate == 111878.26e9
    assert reading.boards[1:] == right.boards[1:]
    assert reading.boards[0].hardware_errors is None
    assert reading.boards[0].temperature == 73
    assert [fan.rpm for fan in reading.fans] == [6000, None, 5040, 5040]


def test_the_sensors_are_asked_before_the_field_that_sums_them_up() -> None:
    answer, fields = figures()
    fields |= {"temp1": 1, "temp2_1": 1, "temp_chip2": "", "temp_pcb2": ""}
    boards = read(answer).boards
    assert [board.temperature for board in boards] == [73, 66, 64]
    assert [board.temperature_chip for board in boards] == [78, 71, 69]


def test_a_fan_that_stands_still_is_told() -> None:
    answer, fields = figures()
    fields["fan3"] = 0
    assert [fan.rpm for fan in read(answer).fans] == [6000, 5880, 0, 5040]


@pytest.mark.parametrize("told", ["3250.5 W", "3250.5", 3250.5])
def test_power_is_taken_where_it_is_told(told: object) -> None:
    answer, fields = figures()
    fields["chain_power"] = told
    reading = read(answer)
    assert (reading.power, reading.power_source) == (3250.5, "reported")


def test_a_miner_that_gives_no_figures_yet_is_starting() -> None:
    answer = recorded("stats")
    del answer["STATS"][1]
    reading = read(answer)
    assert reading.mode is Mode.STARTING
    assert reading.hashrate == 0.0
    assert reading.expected_boards == 3


def test_a_sleeping_miner_is_asleep_only_once_it_hashes_no_more() -> None:
    told = Beside(model="S19 Pro", mode=1)
    assert not read(recorded("stats"), told).asleep
    reading = read(asleep(), told)
    assert reading.mode is Mode.SLEEP
    assert reading.profile == ""
    assert not read(asleep(), PRO).asleep


def test_the_average_alone_does_not_keep_a_miner_awake() -> None:
    answer = asleep()
    assert answer["STATS"][1]["GHS av"] > 0
    assert read(answer, Beside(mode=1)).asleep


@pytest.mark.parametrize("name", [name for name in NAMES if name != "stats"])
def test_another_recorded_answer_is_no_stats(name: str) -> None:
    with pytest.raises(Garbled):
        read(recorded(name))


def test_a_no_is_told_in_the_miners_words() -> None:
    no = {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1}
    with pytest.raises(Declined, match="Invalid command"):
        read(no)
    no["STATUS"] = [{"STATUS": "E", "Code": 45, "Msg": "Access denied to 'stats' command"}]
    with pytest.raises(Refused):
        read(no)


# the newer shape (hand-made)


def test_the_newer_stats_are_read_whole() -> None:
    said = parse.stats(newer(), Beside(), 1.0)
    reading = said.reading
    assert said.newer
    assert said.mode == 0
    assert reading.model == "S19 Pro"
    assert reading.windows == {"5s": 110566.89e9, "30m": 111878.26e9, "av": 111834.63e9}
    assert (reading.expected_hashrate, reading.expected_source) == (110e12, "device")
    assert [fan.rpm for fan in reading.fans] == [6000, 5880, 5040, 5040]
    assert reading.uptime == 50474
    assert reading.native["hwp_total"] == 0.25
    assert reading.profile == "normal"
    board = reading.boards[2]
    assert (board.index, board.serial, board.frequency) == (2, "SMTTYRHBDJAAA0002", 525)
    assert (board.temperature, board.temperature_chip) == (62, 77)
    assert (board.hashrate, board.expected_hashrate) == (37603.3e9, 36666e9)
    assert (board.chips, board.chips_expected, board.alive) == (114, 114, True)


def test_the_newer_stats_tell_sleep_themselves() -> None:
    chains = [chain(index, rate_real=0.0) for index in range(3)]
    for mode in (1, "1"):
        answer = newer(**{"miner-mode": mode}, rate_5s=0.0, chain=chains)
        assert read(answer, PRO).asleep
    assert read(newer(**{"miner-mode": "3"})).profile == "low-power"


@pytest.mark.parametrize("name", ["watt", "power", "chain_power"])
def test_the_newer_stats_may_tell_power(name: str) -> None:
    assert read(newer(**{name: 3301})).power == 3301


def test_the_power_of_all_boards_is_summed_and_that_of_some_is_not() -> None:
    every = [chain(index, chain_power=1000) for index in range(3)]
    assert read(newer(chain=every)).power == 3000
    assert read(newer(chain=[*every[:2], chain(2)])).power is None


def test_a_chain_that_is_no_object_costs_itself_alone() -> None:
    boards = read(newer(chain=[None, chain(1), "x"])).boards
    assert [board.index for board in boards] == [1]


# the generation before, made by hand


def test_an_s9_is_read_with_its_boards_and_fans_where_they_are() -> None:
    reading = read(s9(), Beside())
    assert reading.model == "S9"
    assert reading.hashrate == 13487.49e9
    assert reading.windows == {"5s": 13487.49e9, "av": 13500.5e9}
    assert [board.index for board in reading.boards] == [5, 6, 7]
    board = reading.boards[0]
    assert (board.chips, board.chips_expected) == (62, 63)
    assert (board.temperature, board.temperature_chip, board.frequency) == (62, 77, 650)
    assert board.hashrate == pytest.approx(4500.12e9)
    assert [(fan.index, fan.rpm) for fan in reading.fans] == [(2, 5160), (5, 5880)]


def test_the_missing_comma_of_the_old_generation_is_repaired() -> None:
    broken = json.dumps(s9(), separators=(",", ":")).replace('"},{"STATS":0', '"}{"STATS":0')
    assert read(repaired(broken.encode() + b"\0"), Beside()) == read(s9(), Beside())


# fields


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("73-45-64-65", 73),
        ("0-0-0-0", None),
        ("", None),
        ("a-b", None),
        ("-5-12", 12),
        ([50, "61", None, 0], 61),
        ([0, 0], None),
        ([], None),
        (66, 66),
        (0, None),
        ({}, None),
        ("9" * 9999, None),
    ],
)
def test_the_hottest_sensor_is_taken(told: object, found: float | None) -> None:
    assert hottest(told) == found


def test_modes_are_numbers_or_texts_and_nothing_is_the_normal_one() -> None:
    assert [mode_of(told) for told in (0, "1", " 3 ", "")] == [0, 1, 3, 0]
    strange: tuple[object, ...] = (None, "x", 1.5, True, -1, "-1", [])
    assert [mode_of(told) for told in strange] == [None] * 7


def test_power_of_nothing_is_not_told() -> None:
    assert [watts(told) for told in (0, "0 W", "W", None, "nan")] == [None] * 5


def test_a_model_is_named_without_its_maker() -> None:
    assert model_name("Antminer S19j Pro+") == "S19j Pro+"
    assert model_name("ANTMINER  T21 ") == "T21"
    assert model_name("S9") == "S9"


def test_chips_are_expected_by_the_model_and_by_what_the_fullest_board_shows() -> None:
    assert chips_expected(model_of("S19 Pro"), 20) == 114
    assert chips_expected(model_of("S19"), 76) == 76
    assert chips_expected(model_of("S19"), 77) == 88
    assert chips_expected(model_of("S19"), 126) == 126
    assert chips_expected(model_of("S99"), 50) == 50
    assert chips_expected(model_of("S99"), 0) is None
    assert model_of("S21+ Hyd.").chips == (95,)
    assert model_of("S19 Pro Hydro").boards == 4
    assert model_of("S11").old
    assert not model_of("S23").old


def test_the_recorded_stats_are_read_in_a_fraction_of_a_millisecond() -> None:
    said = body("stats")
    best = min(timeit.repeat(lambda: parse.stats(repaired(said), PRO, 0.0), number=50, repeat=5))
    assert best / 50 < 500e-6  # about 30 us where nothing else runs
