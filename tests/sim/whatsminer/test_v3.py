"""What a simulated Whatsminer tells and takes on 4433."""

from __future__ import annotations

import json

import pytest

from mother.sim.faults import Fault
from mother.sim.whatsminer.access import CLOCK_S

from .wire import MAC, V3, Wire, lacking, recording


def test_every_key_of_each_recorded_status_is_served() -> None:
    wire = Wire(V3)
    for part in ("summary", "edevs", "pools"):
        answer = wire.frame({"cmd": "get.miner.status", "param": part})
        assert lacking(answer, recording(f"v3/get_miner_status_{part}")) == [], part


def test_every_key_of_the_recorded_device_info_is_served() -> None:
    answer = Wire(V3).frame({"cmd": "get.device.info"})
    recorded = recording("v3/get_device_info")
    assert lacking(answer, recorded) == []
    assert set(answer["msg"]) == set(recorded["msg"])


def test_error_codes_have_the_recorded_shape() -> None:
    wire = Wire(V3)
    wire.miner.fault = Fault.HOT_BOARD
    [error] = wire.get("get.device.info")["error-code"]
    assert "reason" in error
    [code] = set(error) - {"reason"}
    assert code.startswith("35")
    assert wire.get("get.device.info", "error-code") == {"error-code": [error]}


def test_the_recorded_figures_are_those_of_the_recorded_model() -> None:
    summary = Wire(V3).get("get.miner.status", "summary")["summary"]
    recorded = recording("v3/get_miner_status_summary")["msg"]["summary"]
    for key in ("factory-hash", "freq-avg", "power-limit"):
        assert summary[key] == recorded[key], key
    for key in ("hash-realtime", "hash-average", "power-realtime"):
        assert summary[key] == pytest.approx(recorded[key], rel=0.12), key


def test_one_section_of_the_device_may_be_asked_for() -> None:
    wire = Wire(V3)
    assert set(wire.get("get.device.info", "salt")) == {"salt"}
    assert wire.get("get.device.info", "network")["network"]["mac"] == MAC.upper()
    assert wire.frame({"cmd": "get.device.info", "param": "secrets"})["code"] == -1


def test_several_sections_of_the_status_may_be_joined() -> None:
    status = Wire(V3).get("get.miner.status", "summary+pools")
    assert set(status) == {"summary", "pools"}


def test_the_status_must_say_of_what() -> None:
    assert Wire(V3).frame({"cmd": "get.miner.status"})["code"] == -1


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{}", -2), (b'{"cmd": "get.rich"}', -2), (b"nonsense", -3), (b"[]", -2), (b"", -3)],
)
def test_nonsense_is_refused(body: bytes, code: int) -> None:
    assert Wire(V3).frame(body)["code"] == code


def test_a_connection_carries_several_requests_and_frames_may_come_in_pieces() -> None:
    wire = Wire(V3)
    talk, connection = wire.open(4433)
    body = json.dumps({"cmd": "get.device.info", "param": "salt"}).encode()
    both = (len(body).to_bytes(4, "little") + body) * 2
    for index in range(len(both)):
        talk.dataReceived(both[index : index + 1])
    size = int.from_bytes(connection.came[:4], "little")
    assert len(connection.came) == 2 * (4 + size)
    wire.wait(10.1)
    assert connection.closed


def test_it_answers_slowly() -> None:
    wire = Wire(V3, delays={4433: 0.7})
    talk, connection = wire.open(4433)
    body = b'{"cmd":"get.device.info"}'
    talk.dataReceived(len(body).to_bytes(4, "little") + body)
    wire.wait(0.69)
    assert not connection.came
    wire.wait(0.02)
    assert connection.came


def test_by_itself_it_takes_from_a_fifth_of_a_second_to_one() -> None:
    assert 0.2 <= Wire(V3, delays=None).miner.delays[4433] <= 1.0


def test_it_stops_and_starts() -> None:
    wire = Wire(V3)
    assert wire.set("set.miner.service", "stop") == 0
    wire.wait(10)
    assert wire.get("get.device.info", "miner")["miner"]["working"] == "false"
    summary = wire.get("get.miner.status", "summary")["summary"]
    assert (summary["hash-realtime"], summary["elapsed"]) == (0, 0)
    assert summary["power-realtime"] < 50
    assert wire.set("set.miner.service", "start") == 0
    wire.wait(60)
    assert wire.get("get.miner.status", "summary")["summary"]["up-freq-finish"] == 0
    wire.wait(600)
    summary = wire.get("get.miner.status", "summary")["summary"]
    assert summary["up-freq-finish"] == 1
    assert summary["hash-realtime"] == pytest.approx(181, rel=0.1)


def test_a_power_limit_may_be_any_whole_number() -> None:
    wire = Wire(V3)
    for param, watts in ((2500, 2500), (2600.0, 2600), ("2700", 2700)):
        assert wire.set("set.miner.power_limit", param) == 0
        assert wire.get("get.miner.setting")["power-limit"] == watts
    assert wire.set("set.miner.power_limit", 99999) == -1
    assert wire.set("set.miner.power_limit", None) == -1


@pytest.mark.parametrize("command", ["set.miner.mode", "set.miner.power_mode"])
def test_the_mode_is_kept(command: str) -> None:
    wire = Wire(V3)
    assert wire.set(command, "low") == 0
    assert wire.get("get.miner.setting")["power-mode"] == "low"
    assert wire.set(command, "ludicrous") == -1


def test_pools_come_hidden() -> None:
    wire = Wire(V3)
    pools = [{"pool": "stratum+tcp://a.example:1", "worker": "w", "passwd": "geheim"}]
    assert wire.set("set.miner.pools", pools) == 0
    [pool] = wire.get("get.miner.status", "pools")["pools"]
    assert (pool["url"], pool["account"]) == ("stratum+tcp://a.example:1", "w")
    assert wire.miner.pools[0].password == "geheim"
    assert wire.set("set.miner.pools", pools * 4) == -1
    assert wire.set("set.miner.pools", []) == -1


def test_open_pools_are_refused() -> None:
    wire = Wire(V3)
    pools = [{"pool": "stratum+tcp://a.example:1", "worker": "w", "passwd": "x"}]
    form = wire.signed("set.miner.pools", pools)
    assert wire.frame({**form, "param": pools})["code"] == -1
    assert wire.frame({**form, "param": form["param"][:-8]})["code"] == -1
    assert len(wire.miner.pools) == 3


def test_a_reboot_answers_first() -> None:
    wire = Wire(V3)
    assert wire.set("set.system.reboot") == 0
    assert wire.miner.present
    wire.wait(1)
    assert not wire.miner.present


def test_the_led() -> None:
    wire = Wire(V3)
    light = [{"color": "red", "period": 200, "duration": 100, "start": 0}]
    assert wire.set("set.system.led", light) == 0
    assert wire.get("get.device.info", "system")["system"]["ledstatus"] != "auto"
    assert wire.set("set.system.led", "auto") == 0
    assert wire.get("get.device.info", "system")["system"]["ledstatus"] == "auto"


def test_a_write_needs_account_token_and_time() -> None:
    wire = Wire(V3)
    ts = int(wire.clock.seconds())
    for changed in (
        {"token": "AAAAAAAA"},
        {"token": None},
        {"account": "admin"},
        {"ts": ts + 1},
        {"ts": str(ts)},
        {"cmd": "set.system.reboot"},
    ):
        assert wire.set("set.miner.service", "stop", **changed) == -4, changed
    assert not wire.miner.off


def test_a_write_must_be_of_now_by_the_clock_of_the_device() -> None:
    wire = Wire(V3)
    form = wire.signed("set.miner.service", "stop")
    wire.wait(CLOCK_S + 1)
    assert wire.frame(form)["code"] == -4
    wire.miner.access.clock_skew = 3600.0
    assert wire.set("set.miner.service", "stop") == -4
    assert not wire.miner.off


def test_with_the_switch_closed_it_says_so_and_refuses() -> None:
    wire = Wire(V3)
    assert wire.get("get.device.info", "system")["system"]["apiswitch"] == "1"
    wire.miner.access.open = False
    assert wire.get("get.device.info", "system")["system"]["apiswitch"] == "0"
    assert wire.set("set.miner.service", "stop") == -4
