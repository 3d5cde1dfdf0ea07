"""The orders that a simulated Avalon takes, and what comes of them."""

from __future__ import annotations

import pytest

from tests.sim.avalon.wire import Wire, recording

POOL = "stratum+tcp://new.example:3333,me.one,secret"


def when(wire: Wire, later: int) -> int:
    return int(wire.avalon.clock) + later


def test_softoff_answers_as_recorded_and_is_obeyed_at_its_second() -> None:
    wire = Wire("Q")
    at = when(wire, 5)
    told = wire.set(f"0,softoff,1:{at}")
    [recorded] = recording("ascset_softoff")["STATUS"]
    assert told["Msg"] == f"ASC 0 set info: success softoff:{at}"
    assert (told["STATUS"], told["Code"]) == (recorded["STATUS"], recorded["Code"])
    assert wire.fields()["SYSTEMSTATU"].startswith("Work: In Work")
    wire.wait(5)
    told_ = wire.fields()
    assert told_["SYSTEMSTATU"].startswith("Work: In Idle")
    assert (told_["SoftOFF"], told_["SoftOffTime"]) == ("4", str(at))


def test_an_idle_device_goes_on_answering_and_its_windows_fall() -> None:
    wire = Wire()
    wire.set(f"0,softoff,1:{when(wire, 0)}")
    wire.wait(900)
    [told] = wire.rpc("summary")["SUMMARY"]
    assert told["MHS 1m"] < 1000
    assert told["MHS 15m"] > told["MHS 5m"] > told["MHS 1m"]
    assert told["MHS av"] > 50e6
    assert wire.fields()["GHSspd"] == "0.00"


def test_softon_wakes_it_and_it_takes_a_while() -> None:
    wire = Wire()
    wire.set(f"0,softoff,1:{when(wire, 0)}")
    wire.wait(600)
    told = wire.set(f"0,softon,1:{when(wire, 2)}")
    [recorded] = recording("ascset_softon")["STATUS"]
    assert (told["STATUS"], told["Code"]) == (recorded["STATUS"], recorded["Code"])
    wire.wait(60)
    assert float(wire.fields()["GHSspd"]) < 40_000
    wire.wait(600)
    assert float(wire.fields()["GHSspd"]) > 75_000
    assert wire.fields()["SoftOFF"] == "0"


def test_softon_may_close_without_an_answer_and_is_obeyed() -> None:
    wire = Wire()
    wire.avalon.mute_softon = True
    wire.set(f"0,softoff,1:{when(wire, 0)}")
    assert wire.raw(f"ascset|0,softon,1:{when(wire, 0)}".encode()) == b""
    assert not wire.avalon.off


def test_an_order_for_a_time_long_gone_does_nothing() -> None:
    wire = Wire()
    assert "success" in wire.set(f"0,softoff,1:{when(wire, -60)}")["Msg"]
    wire.wait(60)
    assert not wire.avalon.off


def test_the_second_is_that_of_its_own_clock() -> None:
    wire = Wire()
    wire.avalon.skew = -30.0
    wire.set(f"0,softoff,1:{int(wire.clock.seconds()) + 5}")
    wire.wait(20)
    wire.fields()
    assert not wire.avalon.off
    wire.wait(20)
    wire.fields()
    assert wire.avalon.off


@pytest.mark.parametrize(
    "parameter",
    [
        "0,softoff",
        "0,softoff,1:soon",
        "0,softoff,0:1753434821",
        "0,workmode,9",
        "0,worklevel,set,x",
        "0,fan-spd,5",
        "0,nonsense,1",
        "1,softoff,1:1753434821",
        "",
    ],
)
def test_what_makes_no_sense_is_refused(parameter: str) -> None:
    assert Wire("Q").set(parameter)["STATUS"] == "E"


@pytest.mark.parametrize("parameter", ["0,workmode,set,2", "0,workmode,2"])
def test_a_work_mode_answers_as_recorded_and_changes_rate_and_power(parameter: str) -> None:
    wire = Wire("Q")
    [recorded] = recording("ascset_workmode")["STATUS"]
    assert {**wire.set(parameter), "When": 0} == {**recorded, "When": 0}
    wire.wait(900)
    told = wire.fields()
    assert (told["WORKMODE"], told["MPO"], told["GHSmm"]) == ("2", "1674", "90000.00")
    assert float(told["GHSspd"]) > 80_000
    assert int(told["PS"].split()[-1]) > 1500


def test_a_work_level_is_told() -> None:
    wire = Wire("Q")
    assert wire.set("0,worklevel,set,1")["STATUS"] == "S"
    assert wire.fields()["WORKLEVEL"] == "1"


def test_only_a_model_with_a_lamp_lights_it() -> None:
    wire = Wire("A1246")
    assert wire.set("0,led,1-1")["Msg"] == "ASC 0 set OK"
    assert wire.fields()["Led"] == "1"
    assert Wire("Q").set("0,led,1-1")["STATUS"] == "E"


def test_a_reboot_takes_it_away_and_wakes_it() -> None:
    wire = Wire()
    wire.set(f"0,softoff,1:{when(wire, 0)}")
    assert wire.set("0,reboot,0")["STATUS"] == "S"
    assert not wire.avalon.present
    wire.wait(120)
    assert wire.avalon.present
    assert wire.rpc("summary")["SUMMARY"][0]["Elapsed"] < 90
    wire.wait(300)
    assert float(wire.fields()["GHSspd"]) > 70_000


def test_a_restart_says_one_word_and_shuts_the_port() -> None:
    wire = Wire()
    assert wire.rpc("restart") == {"STATUS": "RESTART"}
    wire.wait(1)
    assert wire.services == {}
    before = wire.changes
    wire.wait(30)
    assert wire.changes == before + 1
    assert 4028 in wire.services


@pytest.mark.parametrize(("model", "at_once"), [("Q", True), ("A1246", False)])
def test_a_pool_is_used_at_once_or_after_a_reboot(model: str, at_once: bool) -> None:
    wire = Wire(model)
    [told] = wire.rpc("setpool", f"root,root,0,{POOL}")["STATUS"]
    assert told["STATUS"] == "S"
    assert (wire.rpc("pools")["POOLS"][0]["User"] == "me.one") is at_once
    wire.set("0,reboot,0")
    wire.wait(120)
    pool = wire.rpc("pools")["POOLS"][0]
    assert (pool["URL"], pool["User"], pool["Password"]) == tuple(POOL.split(","))


@pytest.mark.parametrize(
    "parameter", [f"root,wrong,0,{POOL}", f"root,root,7,{POOL}", "root,root,0", ""]
)
def test_a_pool_is_not_set_just_so(parameter: str) -> None:
    wire = Wire("Q")
    assert wire.rpc("setpool", parameter)["STATUS"][0]["STATUS"] == "E"
    assert wire.rpc("pools")["POOLS"][0]["User"] != "me.one"


def test_no_password_of_a_pool_is_in_its_repr() -> None:
    wire = Wire("Q")
    wire.rpc("setpool", f"root,root,0,{POOL}")
    assert "secret" not in repr(wire.avalon.pools)


def test_one_that_nobody_set_up_does_not_mine() -> None:
    wire = Wire()
    wire.avalon.factory_fresh()
    assert wire.rpc("pools")["POOLS"] == []
    assert wire.fields()["SYSTEMSTATU"].startswith("Work: In Idle")


def test_nothing_ticks_while_it_is_quiet() -> None:
    wire = Wire()
    wire.fields()
    assert wire.clock.getDelayedCalls() == []
