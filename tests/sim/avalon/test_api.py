"""What the simulated Avalon tells on 4028."""

from __future__ import annotations

import pytest

from mother.sim.faults import Fault
from tests.sim.avalon.wire import MAC, Wire, fields, recording
from tests.sim.wire import shape


def in_order(value: object) -> object:
    """Keys sorted all the way down: what was recorded was sorted by who recorded it."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "command",
    ["version", "summary", "stats", "litestats", "devs", "pools", "devdetails", "config", "coin"],
)
def test_an_answer_of_the_q_has_every_recorded_key_and_type(command: str) -> None:
    assert shape(in_order(Wire("Q").rpc(command))) == shape(in_order(recording(command)))


@pytest.mark.parametrize("command", ["stats", "estats"])
def test_the_stats_of_the_a1246_have_every_recorded_key_and_type(command: str) -> None:
    assert shape(in_order(Wire().rpc(command))) == shape(in_order(recording("avalon_a_stats")))


@pytest.mark.parametrize(
    ("model", "name", "key"),
    [
        ("A1246", "avalon_a_stats", "MM ID0"),
        ("Q", "stats", "MM ID0:Summary"),
        ("Q", "stats", "HBinfo"),
    ],
)
def test_a_block_has_every_recorded_field_in_its_order(model: str, name: str, key: str) -> None:
    told = fields(Wire(model).rpc("stats")["STATS"][0][key])
    recorded = fields(recording(name)["STATS"][0][key])
    assert list(told) == list(recorded)
    for field in recorded:
        assert len(told[field].split()) == len(recorded[field].split()), field


def test_an_idle_block_is_the_recorded_one_but_for_what_counts() -> None:
    wire = Wire("Q")
    wire.set(f"0,softoff,1:{int(wire.avalon.clock)}")
    wire.wait(60)
    told, recorded = wire.fields(), fields(recording("litestats")["STATS"][0]["MM ID0:Summary"])
    for field in ("SYSTEMSTATU", "SoftOFF", "Fan1", "FanR", "TMax", "TAvg", "GHSspd", "Freq"):
        assert told[field] == recorded[field], field
    assert told["PS"].split()[2:] == recorded["PS"].split()[2:]


def test_check_answers_as_recorded_and_knows_its_commands() -> None:
    wire = Wire("Q")
    assert wire.rpc("check")["CHECK"] == recording("check")["CHECK"]
    assert wire.rpc("check", "summary")["CHECK"] == [{"Access": "Y", "Exists": "Y"}]


def test_help_answers_as_recorded() -> None:
    [recorded] = recording("ascset_help")["STATUS"]
    told = Wire("Q").set("0,help")
    assert {**told, "When": 0} == {**recorded, "When": 0}


def test_both_tell_their_address_in_their_own_way() -> None:
    assert Wire("Q").rpc("version")["VERSION"][0]["MAC"] == MAC.upper()
    assert Wire("A1246").rpc("version")["VERSION"][0]["MAC"] == MAC.replace(":", "")


def test_the_litestats_of_the_a1246_leave_out_the_chips() -> None:
    told = fields(Wire().rpc("litestats")["STATS"][0]["MM ID0"])
    assert "MGHS" in told
    assert "MW" in told
    assert "PVT_T0" not in told
    assert "MW0" not in told


@pytest.mark.parametrize("model", ["Q", "A1246"])
def test_the_supply_adds_up(model: str) -> None:
    wire = Wire(model)
    *_, volts, amperes, leaves, _, came = map(int, wire.fields()["PS"].split())
    assert volts / 100 * amperes == pytest.approx(leaves, rel=0.03)
    assert leaves < came
    assert came == pytest.approx(wire.avalon.mode.power, rel=0.1)


@pytest.mark.parametrize(("model", "rate"), [("Q", 55e6), ("A1246", 83.9e6)])
def test_it_hashes_about_its_nominal_rate(model: str, rate: float) -> None:
    [told] = Wire(model).rpc("summary")["SUMMARY"]
    for window in ("5s", "1m", "5m", "15m", "av"):
        assert 0.85 * rate < told[f"MHS {window}"] < 1.15 * rate, window


def test_shares_and_uptime_grow() -> None:
    wire = Wire()
    [before] = wire.rpc("summary")["SUMMARY"]
    wire.wait(3600)
    [after] = wire.rpc("summary")["SUMMARY"]
    assert after["Elapsed"] - before["Elapsed"] == pytest.approx(3600, abs=1)
    assert after["Accepted"] > before["Accepted"]


def test_the_text_form_is_taken_and_answered_as_text() -> None:
    answer = Wire("Q").raw(b"version")
    assert answer.startswith(b"STATUS=S,")
    assert b"|VERSION,API=3.7," in answer
    assert answer.endswith(b"|\0")
    assert b"Msg=ASC 0 set info: help|" in Wire("Q").raw(b"ascset|0,help")


def test_joined_commands_are_answered_by_name() -> None:
    answer = Wire().rpc("summary+devs")
    assert set(answer) == {"summary", "devs", "id"}
    assert answer["devs"][0]["DEVS"][0]["Name"] == "AVALON"


def test_one_command_is_served_at_a_time() -> None:
    wire = Wire()
    first = wire.connect()
    assert first is not None
    first[0].dataReceived(b"summary")
    assert wire.connect() is None
    wire.wait(0.1)
    first[0].connectionLost()
    assert wire.connect() is not None


def test_a_dead_board_leaves_its_traces() -> None:
    wire = Wire()
    wire.avalon.fault = Fault.DEAD_BOARD
    wire.wait(3600)
    told = fields(wire.rpc("stats")["STATS"][0]["MM ID0"])
    [dead] = [n for n, degrees in enumerate(told["MTmax"].split()) if degrees == "0"]
    assert set(told[f"PVT_T{dead}"].split()) == {"0"}
    assert float(told["GHSspd"]) < 62_000


def test_a_missing_board_is_not_counted() -> None:
    wire = Wire()
    wire.avalon.fault = Fault.MISSING_BOARD
    assert wire.fields()["SYSTEMSTATU"] == "Work: In Work, Hash Board: 2 "


def test_a_hot_board_is_hot() -> None:
    wire = Wire()
    wire.avalon.fault = Fault.HOT_BOARD
    assert int(wire.fields()["TMax"]) > 95


def test_a_fan_that_stands_still_says_nothing() -> None:
    wire = Wire()
    wire.avalon.stopped_fans.add(2)
    told = wire.fields()
    assert told["Fan2"] == "0"
    assert int(told["Fan1"]) > 4000
