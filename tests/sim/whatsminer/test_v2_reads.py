"""What a simulated Whatsminer tells on 4028."""

from __future__ import annotations

import json

import pytest

from mother.sim.faults import Fault

from .wire import MAC, OLD, V2, V3, Wire, all_models, lacking, recording

RECORDED = (
    "summary",
    "pools",
    "devs",
    "get_psu",
    "get_version",
    "get_miner_info",
    "get_error_code",
    "status",
)


@pytest.mark.parametrize("command", RECORDED)
def test_every_key_of_each_recording_is_served_with_its_type(command: str) -> None:
    assert lacking(Wire().ask(command), recording(f"v2/{command}")) == []


def test_the_error_codes_have_the_recorded_shape() -> None:
    wire = Wire()
    wire.miner.fan_failed_at = wire.clock.seconds()
    wire.miner.fault = Fault.DEAD_BOARD
    codes = wire.ask("get_error_code")["Msg"]["error_code"]
    recorded = recording("v2/get_error_code_with_errors")["Msg"]["error_code"]
    assert len(codes) == len(recorded)
    assert {len(code) for code in codes} == {1}
    assert "110" in {key for code in codes for key in code}
    [stamp] = codes[0].values()
    assert len(stamp) == len(recorded[0]["218"])


def test_the_recorded_figures_are_those_of_the_recorded_model() -> None:
    summary, recorded = Wire().summary(), recording("v2/summary")["SUMMARY"][0]
    for key in ("Factory GHS", "Power Limit", "Power Mode", "Target Freq"):
        assert summary[key] == recorded[key], key
    assert summary["Power"] == pytest.approx(recorded["Power"], rel=0.05)
    assert summary["MHS av"] == pytest.approx(recorded["MHS av"], rel=0.05)


def test_the_key_may_be_cmd_or_command() -> None:
    wire = Wire()
    one = json.loads(wire.raw(b'{"command":"get_version"}'))
    assert one == wire.ask("get_version")
    assert one["Msg"]["fw_ver"] == recording("v2/get_version")["Msg"]["fw_ver"]


def test_what_the_mining_program_says_may_be_joined() -> None:
    answer = Wire().ask("summary+pools+devs")
    assert [key for key in answer if key != "id"] == ["summary", "pools", "devs"]
    assert lacking(answer["pools"][0], recording("v2/pools")) == []


def test_what_the_controller_says_may_not() -> None:
    assert Wire().ask("summary+get_version")["Code"] == 14


def test_the_mining_program_ends_with_a_nul_and_the_controller_does_not() -> None:
    wire = Wire()
    assert wire.raw(b'{"cmd":"pools"}').endswith(b"}\0")
    assert wire.raw(b'{"cmd":"status"}').endswith(b"}")


@pytest.mark.parametrize(
    ("request_", "code"),
    [(b"{}", 14), (b'{"cmd":"nothing"}', 14), (b'{"cmd":7}', 14), (b"[1]", 23), (b"{]}", 23)],
)
def test_nonsense_is_refused_by_its_code(request_: bytes, code: int) -> None:
    answer = json.loads(Wire().raw(request_))
    assert (answer["STATUS"], answer["Code"]) == ("E", code)


def test_devdetails_tell_the_model_and_the_driver() -> None:
    details = Wire(OLD).ask("devdetails")["DEVDETAILS"]
    assert {(each["Model"], each["Driver"]) for each in details} == {(OLD, "bitmicro")}


def test_it_tells_its_own_address_and_mac() -> None:
    wire = Wire()
    info = wire.ask("get_miner_info")["Msg"]
    assert (info["mac"], info["ip"]) == (MAC.upper(), wire.miner.host)
    assert wire.summary()["MAC"] == MAC.upper()


@pytest.mark.parametrize("model", all_models())
def test_every_model_hashes_about_its_nominal_rate(model: str) -> None:
    wire = Wire(model)
    about = wire.miner.about
    summary = wire.summary()
    assert summary["HS RT"] == pytest.approx(about.rate * 1000, rel=0.07)
    assert summary["MHS 15m"] == pytest.approx(about.rate * 1000, rel=0.05)
    assert summary["Power"] == pytest.approx(about.watts, rel=0.06)
    boards = wire.ask("devs")["DEVS"]
    assert len(boards) == about.boards
    assert sum(board["MHS av"] for board in boards) == pytest.approx(summary["MHS av"], rel=0.01)


def test_shares_grow_with_the_time() -> None:
    wire = Wire(uptime=3600.0)
    first = wire.summary()
    wire.wait(3600)
    second = wire.summary()
    assert 500 < first["Accepted"] < second["Accepted"] < 1500
    assert second["Elapsed"] == first["Elapsed"] + 3600
    assert wire.ask("pools")["POOLS"][0]["Accepted"] == second["Accepted"]


def test_a_model_that_a_liquid_cools_has_no_fans() -> None:
    summary = Wire("M63S_VK30").summary()
    assert (summary["Fan Speed In"], summary["Fan Speed Out"]) == (0, 0)


def test_only_newer_firmware_listens_on_4433() -> None:
    assert set(Wire(V2).services) == {4028}
    assert set(Wire(V3).services) == {4028, 4433}


def test_the_error_codes_of_old_firmware_are_no_json() -> None:
    wire = Wire(OLD)
    assert wire.ask("get_error_code")["Msg"]["error_code"] == []
    wire.miner.fan_failed_at = wire.clock.seconds()
    wire.miner.fault = Fault.MISSING_BOARD
    raw = wire.raw(b'{"cmd":"get_error_code"}')
    assert b'"error_code":["53' in raw
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(raw)
    repaired = raw.replace(b"[", b"{").replace(b"]", b"}")
    assert "110" in json.loads(repaired)["Msg"]["error_code"]


def test_old_firmware_says_otherwise_that_it_is_off() -> None:
    wire = Wire(OLD)
    assert wire.ask("status")["Msg"]["btmineroff"] == "false"
    assert wire.code("power_off") == 131
    assert wire.ask("status")["Msg"]["btmineroff"] == "true"
    assert wire.ask("summary")["Code"] == 132
    assert wire.ask("summary+devs")["Code"] == 132
    assert wire.ask("get_version")["Code"] == 131


def test_a_silent_connection_is_closed_after_ten_seconds() -> None:
    wire = Wire()
    _, connection = wire.open(4028)
    wire.wait(9.9)
    assert not connection.closed
    wire.wait(0.2)
    assert connection.closed


def test_requests_are_counted_by_command() -> None:
    wire = Wire()
    wire.ask("summary+pools")
    wire.ask("summary")
    wire.ask("made up")
    assert wire.miner.requests == {"summary": 2, "pools": 1, "other": 1}
