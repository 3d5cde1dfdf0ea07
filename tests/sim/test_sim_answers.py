"""Every recorded answer has its like in the simulator: same keys, order and types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mother.sim.dragonmint.models import Firmware
from tests.sim.wire import RECORDINGS, Wire, exchanges, recorded_response, shape

SINGLE = [
    "overview.yaml",
    "pools.yaml",
    "updatePools.yaml",
    "network.yaml",
    "updateNetwork.yaml",
    "type.yaml",
    "getAutoTune.yaml",
    "getAutoTuneStatus.yaml",
    "getDebugStats.yaml",
    "getLatestFirmwareVersion.yaml",
]
HIDDEN = {"Date", "Connection", "Content-Length"}
"""What the client keeps to itself (or differs by nature); tried over TCP elsewhere."""

FORMS = {
    "updateNetwork": {"dhcp": "dhcp", "dns": "null"},
    "setAutoTune": {"autotune": "efficient"},
    "updatePools": {"Pool1": "stratum+tcp://a.example:3333", "UserName1": "u", "Password1": "x"},
}


@pytest.mark.parametrize("file", SINGLE)
def test_an_answer_has_the_recorded_keys_order_and_types(file: str) -> None:
    [(action, recorded)] = exchanges(file)
    answer = Wire().log_in().ask(action, FORMS.get(action))
    assert shape(answer) == shape(recorded)


def summaries() -> list[dict[str, Any]]:
    files = ("summary.yaml", "check_health.yaml", "fetch_stats.yaml", "mother_scan.yaml")
    return [answer for file in files for action, answer in exchanges(file) if action == "summary"]


def test_the_recordings_hold_summaries() -> None:
    assert len(summaries()) >= 7


@pytest.mark.parametrize("recorded", summaries())
def test_a_summary_has_the_recorded_keys_order_and_types(recorded: dict[str, Any]) -> None:
    wire = Wire().log_in()
    assert wire.dragon.pools is not None
    wire.dragon.pools = wire.dragon.pools[: len(recorded["POOLS"])]
    assert shape(wire.ask("summary")) == shape(recorded)


def test_a_login_answers_as_recorded() -> None:
    [(_, recorded)] = exchanges("auth.yaml")
    answer = json.loads(Wire().raw("/api/auth", {"username": "admin", "password": "dragonadmin"}))
    assert shape(answer) == shape(recorded)


def test_an_expired_token_answers_as_recorded() -> None:
    recorded = next(a for _, a in exchanges("mother_scan.yaml") if "token" in a)
    wire = Wire().log_in()
    wire.clock.advance(6 * 3600)
    assert wire.ask("overview") == recorded


def test_the_start_page_is_the_recorded_one_with_its_headers() -> None:
    recorded = recorded_response("is_dragon.yaml")
    wire = Wire()
    assert wire.raw("/", method="GET") == recorded["body"]["string"].encode()
    response = wire.response("/", method="GET")
    assert response.length == 811
    for name in set(recorded["headers"]) - HIDDEN:
        assert response.headers.getRawHeaders(name) == recorded["headers"][name], name


def test_an_api_answer_has_the_recorded_headers() -> None:
    recorded = recorded_response("overview.yaml")
    response = Wire().log_in().response("/api/overview")
    for name in set(recorded["headers"]) - HIDDEN:
        assert response.headers.getRawHeaders(name) == recorded["headers"][name], name
    assert response.code == 200
    assert response.headers.getRawHeaders("Date") == ["Sun, 25 Nov 2018 19:24:31 GMT"]


def test_slashes_are_escaped_everywhere_but_in_pools() -> None:
    wire = Wire().log_in()
    assert b'"URL":"stratum+tcp:\\/\\/' in wire.raw("/api/summary")
    assert b'"url":"stratum+tcp://' in wire.raw("/api/pools")


def test_the_build_date_is_told_as_recorded() -> None:
    assert Firmware("t1_20180515_060842").build_date == "15th of May 2018 06:08 AM"
    assert Firmware("t1_20180801_190000").build_date == "1st of August 2018 07:00 PM"


@pytest.mark.parametrize(
    ("uptime", "text"),
    [
        (59.0, "up 0 min,"),
        (125.0, "up 2 min,"),
        (3720.0, "up  1:02,"),
        (86400.0 + 5 * 3600 + 600, "up 1 day,  5:10,"),
        (16 * 86400.0 + 23 * 3600 + 180, "up 16 days, 23:03,"),
    ],
)
def test_the_uptime_reads_as_recorded(uptime: float, text: str) -> None:
    status = Wire(uptime=uptime).log_in().ask("overview")["hardware"]["status"]
    assert status == f"19:24:31 {text}  load average: 0.07, 0.06, 0.07"


def test_questions_by_get_are_answered_but_their_parameters_are_not_read() -> None:
    wire = Wire()
    answer = json.loads(wire.raw("/api/auth?username=admin&password=dragonadmin", method="GET"))
    assert answer["message"] == "missing username/password fields"


def test_other_pages_do_not_exist() -> None:
    assert Wire().response("/cgi-bin/luci", method="GET").code == 404


def test_a_newer_build_speaks_in_the_shape_of_august_2018() -> None:
    wire = Wire("B29+").log_in("admin", "admin")
    assert b"<title>AsicMiner</title>" in wire.raw("/", method="GET")
    assert wire.ask("getAutoTune")["autoTuneMode"] == {"mode": "factory", "level": "2"}
    assert wire.ask("getAutoTuneStatus")["level"] == "2"
    assert wire.ask("overview")["type"] == "B29+"
    summary = wire.ask("summary")
    board = summary["DEVS"][0]
    assert board["Unit"] == "kSol/s"
    assert board["Hash Rate H"] == pytest.approx(board["MHS 15m"], rel=1e-6)
    assert board["Hash Rate"] == pytest.approx(board["Hash Rate H"] / 1e3, abs=0.01)
    assert set(summary["TotalHash"]) == {"Hash Rate", "Unit", "Hash Rate H"}


@pytest.mark.parametrize(("model", "base"), [("T2", 1e6), ("A8+", 1e3), ("B29+", 1.0)])
def test_the_windows_count_in_the_units_of_the_type(model: str, base: float) -> None:
    board = Wire(model).log_in("admin", "admin").ask("summary")["DEVS"][0]
    assert board["Hash Rate H"] == pytest.approx(board["MHS 15m"] * base, rel=1e-6)


def test_the_error_detail_is_known_to_newer_builds_only() -> None:
    assert Wire().log_in().ask("getErrorDetail")["message"] == "invalid request"
    newer = Wire("T2").log_in("admin", "admin")
    newer.dragon.error_code = 21
    assert newer.ask("getErrorDetail") == {"success": True, "code": 21}
    assert Wire().log_in().ask("getErrorMessage")["code"] == 0


def test_the_calls_nobody_recorded_answer_too() -> None:
    wire = Wire().log_in()
    assert wire.ask("ping") == {"success": True}
    assert [each["STATS"] for each in wire.ask("stats")["STATS"]] == [0, 1, 2]
    rates = wire.ask("getHashRates")
    assert len(rates["times"]) == len(rates["stats"]["chain"][0]) == 23
    assert Wire(uptime=600.0).log_in().ask("getHashRates")["message"] == "No data to show"


def test_the_log_is_streamed_as_text() -> None:
    wire = Wire().log_in()
    response = wire.response("/stream/logs", method="GET")
    assert response.headers.getRawHeaders("content-type") == ["text/plain"]
    assert b"cgminer" in wire.raw("/stream/logs", method="GET")


def test_the_recordings_are_where_they_belong() -> None:
    assert RECORDINGS.is_dir()
