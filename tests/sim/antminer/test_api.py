"""What the simulated bmminer answers on 4028."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mother.sim.faults import Fault
from tests.sim.antminer.wire import Wire, recording
from tests.sim.wire import shape


def in_order(value: object) -> object:
    """Keys sorted all the way down: what was recorded was sorted by who recorded it."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("command", ["version", "summary", "stats", "pools", "devs"])
def test_an_answer_has_every_recorded_key_and_type(command: str) -> None:
    assert shape(in_order(Wire().rpc(command))) == shape(in_order(recording(command)))


def test_the_version_is_the_recorded_one() -> None:
    assert Wire().rpc("version")["VERSION"] == recording("version")["VERSION"]


def test_an_answer_ends_in_a_nul() -> None:
    assert Wire().raw(b'{"command":"version"}').endswith(b"}\0")


def test_stock_bmminer_takes_no_joined_commands() -> None:
    answer = Wire().rpc("version+summary")
    assert answer["STATUS"][0]["Msg"] == "Invalid command"
    assert answer["STATUS"][0]["STATUS"] == "E"


def test_the_old_era_takes_joined_commands() -> None:
    answer = Wire("S9").rpc("version+summary")
    assert answer["version"][0]["VERSION"][0]["Type"] == "Antminer S9"
    assert answer["summary"][0]["SUMMARY"][0]["Elapsed"] > 0


def test_the_old_era_forgets_a_comma() -> None:
    raw = Wire("S9").raw(b'{"command":"stats"}')
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw[:-1])
    told = json.loads(raw[:-1].replace(b"}{", b"},{"))["STATS"][1]
    assert told["fan3"] > 0
    assert told["fan1"] == 0
    assert [told[f"chain_acn{number}"] for number in (5, 6, 7, 8, 9)] == [0, 63, 63, 63, 0]


@pytest.mark.parametrize("command", ["restart", "addpool", "switchpool", "ascset", "quit"])
def test_no_order_is_taken(command: str) -> None:
    status = Wire().rpc(command, parameter="0")["STATUS"][0]
    assert (status["STATUS"], status["Code"]) == ("E", 45)
    assert status["Msg"] == f"Access denied to '{command}' command"


def test_broken_json_is_told() -> None:
    answer = json.loads(Wire().raw(b'{"command":}')[:-1])
    assert answer["STATUS"][0]["Msg"] == "Invalid JSON"


def test_the_text_form_is_taken_and_answered_as_text() -> None:
    assert Wire().raw(b"version").startswith(b"STATUS=S,")


@pytest.mark.parametrize(("model", "knows"), [("S19Pro", False), ("S19jPro", True), ("S21", True)])
def test_only_newer_firmware_honours_the_new_api(model: str, knows: bool) -> None:
    answer = Wire(model).rpc("stats", new_api=True)
    assert isinstance(answer["STATUS"], dict) is knows
    assert ("watt" in answer["STATS"][0]) is knows


def test_the_new_api_must_be_asked_for() -> None:
    assert "BMMiner" in Wire("S21").rpc("stats")["STATS"][0]


def test_the_power_is_about_the_nameplate() -> None:
    assert 3300 < Wire("S21").rpc("stats", new_api=True)["STATS"][0]["watt"] < 3750


@pytest.mark.parametrize(("model", "rate"), [("S19Pro", 110e3), ("S19jPro", 100e3), ("S21", 200e3)])
def test_it_hashes_about_its_nominal_rate(model: str, rate: float) -> None:
    told = Wire(model).rpc("stats")["STATS"][1]
    for key in ("GHS 5s", "GHS av", "rate_30m"):
        assert 0.85 * rate < told[key] < 1.15 * rate, key
    assert told["total_rateideal"] == rate


def test_boards_add_up_to_the_whole() -> None:
    told = Wire().rpc("stats")["STATS"][1]
    boards = sum(float(told[f"chain_rate{number}"]) for number in (1, 2, 3))
    assert boards == pytest.approx(told["GHS 5s"], rel=0.01)
    assert told["chain_rate4"] == ""


def test_shares_and_uptime_grow() -> None:
    wire = Wire()
    before = wire.rpc("summary")["SUMMARY"][0]
    wire.wait(3600)
    after = wire.rpc("summary")["SUMMARY"][0]
    assert after["Elapsed"] - before["Elapsed"] == 3600
    assert after["Accepted"] > before["Accepted"]
    assert after["Total MH"] > before["Total MH"]


def stats_with(fault: Fault) -> dict[str, Any]:
    wire = Wire()
    wire.ant.fault = fault
    wire.wait(60)
    told: dict[str, Any] = wire.rpc("stats")["STATS"][1]
    return told


def test_a_dead_board_has_no_rate_and_crossed_out_chips() -> None:
    told = stats_with(Fault.DEAD_BOARD)
    dead = [n for n in (1, 2, 3) if float(told[f"chain_rate{n}"]) < 1]
    assert len(dead) == 1
    assert set(told[f"chain_acs{dead[0]}"]) == {" ", "x"}
    assert told["GHS 5s"] < 85_000


def test_a_missing_board_is_not_counted() -> None:
    told = stats_with(Fault.MISSING_BOARD)
    assert told["miner_count"] == 2
    assert sorted(told[f"chain_acn{n}"] for n in (1, 2, 3)) == [0, 114, 114]


def test_a_hot_board_is_hot() -> None:
    told = stats_with(Fault.HOT_BOARD)
    assert max(told["temp1"], told["temp2"], told["temp3"]) > 90


def test_a_slow_board_is_slow() -> None:
    told = stats_with(Fault.SLOW_BOARD)
    assert min(float(told[f"chain_rate{n}"]) for n in (1, 2, 3)) < 15_000


def test_a_fan_that_stands_still_says_nothing() -> None:
    wire = Wire()
    wire.ant.stopped_fans.add(2)
    told = wire.rpc("stats")["STATS"][1]
    assert told["fan2"] == 0
    assert told["fan1"] > 0


def test_a_dead_pool_leaves_the_work_to_the_next() -> None:
    wire = Wire()
    wire.ant.conf["pools"][0]["url"] = "stratum+tcp://dead.example:3333"
    pools = wire.rpc("pools")["POOLS"]
    assert [pool["Status"] for pool in pools] == ["Dead", "Alive", "Alive"]
    assert [pool["Stratum Active"] for pool in pools] == [False, True, False]
