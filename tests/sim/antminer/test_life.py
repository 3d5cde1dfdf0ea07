"""Modes, restarts and reboots of a simulated Antminer."""

from __future__ import annotations

from typing import Any

import pytest

from mother.sim.faults import Fault
from tests.sim.antminer.wire import Wire

SLEEP = 1
LOW = 3


def set_mode(wire: Wire, mode: int, *, long: bool = True, short: bool = True) -> None:
    conf = wire.page("get_miner_conf")
    conf["bitmain-work-mode"] = str(mode) if long else conf["bitmain-work-mode"]
    if short:
        conf["miner-mode"] = mode
    assert wire.page("set_miner_conf", conf)["stats"] == "success"


def rate(wire: Wire) -> float:
    told: float = wire.rpc("stats")["STATS"][1]["GHS 5s"]
    return told


def test_a_write_restarts_the_mining_program() -> None:
    wire = Wire()
    wire.page("set_miner_conf", wire.page("get_miner_conf"))
    assert 4028 not in wire.services
    assert wire.content("/cgi-bin/stats.cgi").startswith(b"Socket connect failed")
    wire.wait(40)
    assert wire.rpc("summary")["SUMMARY"][0]["Elapsed"] < 40
    wire.wait(300)
    assert rate(wire) > 90_000


def test_the_farm_is_told_when_the_port_opens_again() -> None:
    wire = Wire()
    wire.page("set_miner_conf", wire.page("get_miner_conf"))
    assert 4028 not in wire.services
    before = wire.changes
    wire.wait(45)
    assert wire.changes == before + 1
    assert 4028 in wire.services


@pytest.mark.parametrize(("model", "deaf"), [("S19Pro", True), ("S19jPro", False)])
def test_asleep_it_answers_zero_or_not_at_all(model: str, deaf: bool) -> None:
    wire = Wire(model)
    set_mode(wire, SLEEP)
    wire.wait(120)
    assert (4028 not in wire.services) is deaf
    assert wire.page("get_miner_conf")["bitmain-work-mode"] == "1"
    if not deaf:
        assert rate(wire) == 0
        assert wire.rpc("stats", new_api=True)["STATS"][0]["watt"] < 30


@pytest.mark.parametrize("model", ["S19Pro", "S19jPro"])
def test_waking_up_takes_minutes(model: str) -> None:
    wire = Wire(model)
    set_mode(wire, SLEEP)
    wire.wait(600)
    set_mode(wire, 0)
    wire.wait(100)
    assert 0 <= rate(wire) < 70_000
    wire.wait(300)
    assert rate(wire) > 85_000


def test_low_power_is_slower_and_draws_less() -> None:
    wire = Wire("S19jPro")
    set_mode(wire, LOW)
    wire.wait(600)
    assert 65_000 < rate(wire) < 92_000
    told = wire.rpc("stats", new_api=True)["STATS"][0]
    assert told["miner-mode"] == LOW
    assert told["watt"] < 2700


@pytest.mark.parametrize("keys", [{"short": False}, {"long": False}])
@pytest.mark.parametrize(("model", "obeys"), [("S19jPro", True), ("S21", False)])
def test_the_newest_firmware_wants_both_keys(
    model: str, obeys: bool, keys: dict[str, bool]
) -> None:
    wire = Wire(model)
    set_mode(wire, SLEEP, **keys)
    assert wire.ant.asleep is obeys


def test_the_newest_firmware_obeys_both_keys_together() -> None:
    wire = Wire("S21")
    set_mode(wire, SLEEP)
    assert wire.ant.asleep
    set_mode(wire, 0)
    assert not wire.ant.asleep


def test_the_newest_firmware_does_nothing_where_the_keys_disagree() -> None:
    wire = Wire("S21")
    conf = {**wire.page("get_miner_conf"), "bitmain-work-mode": "1", "miner-mode": 0}
    wire.page("set_miner_conf", conf)
    assert not wire.ant.asleep


@pytest.mark.parametrize("short", ["1", True, 7])
def test_the_newest_firmware_wants_a_number(short: Any) -> None:
    wire = Wire("S21")
    conf = {**wire.page("get_miner_conf"), "bitmain-work-mode": str(short), "miner-mode": short}
    wire.page("set_miner_conf", conf)
    assert not wire.ant.asleep


def test_a_lost_mode_is_the_normal_one() -> None:
    wire = Wire()
    set_mode(wire, SLEEP)
    conf = wire.page("get_miner_conf")
    del conf["bitmain-work-mode"]
    wire.page("set_miner_conf", conf)
    assert not wire.ant.asleep


def test_a_level_of_frequency_slows_it() -> None:
    wire = Wire()
    wire.page("set_miner_conf", {**wire.page("get_miner_conf"), "freq-level": "60"})
    wire.wait(600)
    assert wire.page("get_miner_conf")["bitmain-freq-level"] == "60"
    assert rate(wire) < 75_000


@pytest.mark.parametrize("model", ["S19Pro", "S9"])
def test_a_reboot_takes_it_away_for_a_while(model: str) -> None:
    wire = Wire(model)
    assert wire.content("/cgi-bin/reboot.cgi") == b""
    wire.wait(1.0)
    assert not wire.ant.present
    assert wire.changes == 1
    wire.wait(95)
    assert wire.ant.present
    wire.wait(60)
    assert wire.rpc("summary")["SUMMARY"][0]["Elapsed"] < 90


def test_it_sleeps_on_through_a_reboot() -> None:
    wire = Wire("S19jPro")
    set_mode(wire, SLEEP)
    wire.page("get_miner_conf")
    wire.ant.reboot()
    wire.wait(600)
    assert rate(wire) == 0


@pytest.mark.parametrize(("cure", "left"), [(1.0, Fault.NONE), (0.0, Fault.DEAD_BOARD)])
def test_a_reboot_may_cure_a_board(cure: float, left: Fault) -> None:
    wire = Wire(cure=cure)
    wire.ant.fault = Fault.DEAD_BOARD
    wire.ant.reboot()
    assert wire.ant.fault is left


def test_one_that_vanished_comes_back_by_itself() -> None:
    wire = Wire()
    wire.ant.fault = Fault.VANISHED
    assert not wire.ant.present
    wire.wait(1801)
    assert wire.ant.present
    assert wire.ant.fault is Fault.NONE


def test_one_that_nobody_set_up_does_not_mine() -> None:
    wire = Wire()
    wire.ant.factory_fresh()
    wire.wait(600)
    assert rate(wire) == pytest.approx(0.0, abs=1.0)
    assert wire.rpc("pools")["POOLS"] == []


def test_nothing_ticks_while_it_is_quiet() -> None:
    wire = Wire()
    rate(wire)
    wire.page("stats")
    assert [
        c for c in wire.clock.getDelayedCalls() if c.getTime() < 60 + wire.clock.seconds()
    ] == []
