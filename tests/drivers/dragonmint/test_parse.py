"""From recorded and hand-made summaries to readings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mother.core.errors import Garbled
from mother.core.reading import Reading
from mother.drivers.dragonmint import parse
from mother.drivers.dragonmint.models import MODELS, model_of
from tests.drivers.dragonmint.cassettes import Recorded, overview, recorded, summary


def read(answer: dict[str, Any], model: str = "T1") -> Reading:
    return parse.reading(answer, model, 5.0)


@pytest.mark.parametrize(
    "one", recorded("/api/summary"), ids=lambda one: f"{one.cassette}-{one.host}"
)
def test_every_recorded_summary_is_a_whole_reading(one: Recorded) -> None:
    reading = read(parse.decode(one.body.encode()))
    assert [board.index for board in reading.boards] == [0, 1, 2]
    assert all(
        None not in (b.alive, b.temperature, b.hashrate, b.hashrate_15m, b.accepted, b.elapsed)
        for b in reading.boards
    )
    assert [pool.active for pool in reading.pools][:1] == [True]
    assert len(reading.native) == 1 + 3 * 23 + 22 * len(reading.pools)
    assert (reading.at, reading.model, reading.algorithm) == (5.0, "T1", "sha256")
    assert (reading.expected_boards, reading.expected_hashrate) == (3, 16e12)


def test_a_healthy_miner_hashes_what_its_boards_say_over_five_minutes() -> None:
    reading = read(summary("summary"))
    assert reading.hashrate == pytest.approx((4923462.76 + 4916279.62 + 4976675.71) * 1e6)
    assert reading.boards[0].hashrate_15m == pytest.approx(4932258.41e6)
    assert (reading.boards_alive, reading.temperature_max) == (3, 72)
    assert (reading.fan_percent, reading.uptime, reading.tuning) == (59, 4792, False)
    assert reading.pool_alive is True
    assert reading.pools[0].url == "stratum+tcp://us-east.stratum.slushpool.com:3333"


def test_a_dead_miner_is_dead_on_every_board() -> None:
    reading = read(summary("fetch_stats"))
    assert [(b.alive, b.status) for b in reading.boards] == [(False, "Dead")] * 3
    assert reading.boards_alive == 0
    assert reading.native["dev.0.Alive"] == 0


def test_a_t1_draws_its_nameplates_share_of_the_boards_that_live() -> None:
    said = summary("summary")
    reading = read(said)
    assert (reading.power, reading.power_source) == (1480, "nameplate")
    assert reading.efficiency == pytest.approx(1480 / 14.816, rel=1e-3)
    said["DEVS"][0]["Status"] = "Dead"
    assert read(said).power == pytest.approx(1480 * 2 / 3)
    assert read(summary("fetch_stats")).power == 0
    other = read(said, "A8+")
    assert (other.power, other.power_source, other.efficiency) == (None, "", None)


@pytest.mark.parametrize(
    ("elapsed", "window"),
    [(0, "MHS 5s"), (299, "MHS 5s"), (300, "MHS 1m"), (899, "MHS 1m"), (900, "MHS 5m")],
)
def test_the_window_grows_with_the_uptime(elapsed: int, window: str) -> None:
    said = summary("summary")
    said["DEVS"] = said["DEVS"][:1]
    said["DEVS"][0]["Device Elapsed"] = elapsed
    assert read(said).hashrate == pytest.approx(said["DEVS"][0][window] * 1e6)


def board_says(model: str = "T1", **fields: Any) -> float | None:
    named = {key.replace("_", " "): value for key, value in fields.items()}
    return read({"success": True, "DEVS": [{"ID": 0, **named}]}, model).boards[0].hashrate


def test_a_missing_window_falls_back_to_average_then_raw_then_displayed() -> None:
    assert board_says(MHS_5m=5, MHS_av=4, Hash_Rate_H=3e6, Hash_Rate=2) == 5e6
    assert board_says(MHS_av=4, Hash_Rate_H=3e6, Hash_Rate=2) == 4e6
    assert board_says(Hash_Rate_H=3e6, Hash_Rate=2) == 3e6
    assert board_says(Hash_Rate=2) == 2e6
    assert board_says() is None


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("TH/s", 1e12),
        ("GH/s", 1e9),
        ("MH/s", 1e6),
        ("kH/s", 1e3),
        ("KH/s", 1e3),
        ("H/s", 1.0),
        ("Sol/s", 1.0),
        ("KSol/s", 1e3),
        ("parsecs", None),
        ("", None),
        (7, None),
    ],
)
def test_innosilicons_scaled_hash_rate_is_read_with_its_unit(
    unit: object, factor: float | None
) -> None:
    expected = None if factor is None else pytest.approx(4.93 * factor)
    assert board_says(Hash_Rate=4.93, Unit=unit) == expected


def test_innosilicons_scaled_hash_rate_never_beats_the_window() -> None:
    assert board_says(MHS_5m=4930000.0, Hash_Rate=4.93, Unit="TH/s") == 4930000.0e6


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("T1", 7e6),
        ("A4+", 7e6),
        ("A8", 7e3),
        ("a8+", 7e3),
        ("B29+", 7.0),
        ("B29", 7.0),
        ("Z1", None),
        ("T9", 7e6),
        ("", 7e6),
    ],
)
def test_mhs_means_what_the_type_counts_in(model: str, expected: float | None) -> None:
    assert board_says(model, MHS_5m=7) == expected


def test_a_type_whose_mhs_means_nothing_sure_uses_the_raw_hashes() -> None:
    assert board_says("Z1", MHS_5m=7, Hash_Rate_H=9) == 9


def test_the_total_counts_only_where_no_board_says_anything() -> None:
    total = {"Hash Rate": 14.8, "Unit": "TH/s"}
    said: dict[str, Any] = {"success": True, "DEVS": [{"ID": 0}], "TotalHash": total}
    assert read(said).hashrate == pytest.approx(14.8e12)
    said["DEVS"][0]["MHS 5m"] = 1
    assert read(said).hashrate == 1e6


def test_a_miner_without_boards_hashes_nothing() -> None:
    reading = read({"success": True, "DEVS": []})
    assert (reading.hashrate, reading.restarting, reading.boards_alive) == (0.0, False, None)


@pytest.mark.parametrize("said", [{"success": False}, {"success": True}, {"DEVS": "none"}])
def test_without_boards_in_the_answer_cgminer_is_restarting(said: dict[str, Any]) -> None:
    reading = read(said)
    assert (reading.restarting, reading.hashrate, reading.expected_boards) == (True, 0.0, 3)


@pytest.mark.parametrize("said", [{}, {"a": 1}, {"success": "yes"}])
def test_an_object_that_is_no_summary_is_garbled(said: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read(said)


@pytest.mark.parametrize("wrong", ["NaN", "-Infinity", '"hot"', "null", "[]", "true", "1" * 400])
def test_one_wrong_field_costs_that_field_only(wrong: str) -> None:
    right = read(summary("summary"))
    text = recorded("/api/summary")[-1].body.replace('"Temperature":72', f'"Temperature":{wrong}')
    reading = read(parse.decode(text.encode()))
    assert reading.boards[0].temperature is None
    assert set(right.native) - set(reading.native) == {"dev.0.Temperature"}
    assert (reading.hashrate, reading.boards[1:]) == (right.hashrate, right.boards[1:])


@pytest.mark.parametrize("junk", [b"\0", b"\x1b", b"\xff", b"\\ud800"])
def test_stray_bytes_in_a_text_do_not_cost_the_answer(junk: bytes) -> None:
    body = recorded("/api/summary")[-1].body.encode().replace(b"farmer.", b"farmer" + junk)
    reading = read(parse.decode(body))
    assert reading.boards_alive == 3
    reading.pools[0].user.encode()


def test_boards_without_an_id_are_counted_by_their_place() -> None:
    said = {"success": True, "DEVS": [{"ID": 2}, {"ID": "x"}, {}, {"ID": -1}, {"ID": 10**9}, 5]}
    assert [board.index for board in read(said).boards] == [2, 1, 2, 3, 4]


def test_a_flood_of_boards_and_pools_is_cut() -> None:
    reading = read({"success": True, "DEVS": [{}] * 5000, "POOLS": [{}] * 5000})
    assert (len(reading.boards), len(reading.pools)) == (64, 64)


def test_tuning_is_only_what_says_so() -> None:
    assert read(summary("check_health")).tuning is True
    assert read({"success": True, "DEVS": [], "tuning": "false"}).tuning is False


# the overview


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("22:04:26 up 3 days,  1:02,  load average: 0.07, 0.06, 0.07", 3 * 86400 + 3720),
        ("18:45:39 up 1 day,  5:10,  load average: 0.00, 0.00, 0.00", 86400 + 18600),
        ("19:32:23 up 2 min,  load average: 0.14, 0.06, 0.01", 120),
        ("19:32:23 up 1:02,  load average: 0.14", 3720),
        ("19:32:23 up 1 day, 3 min,  2 users,  load average: 0.14", 86400 + 180),
        ("19:32:23 up 16 days, 23:03,  1 user", 16 * 86400 + 23 * 3600 + 180),
        ("19:32:23 up 0 min", 0),
        ("19:32:23 up 2 days,  load average: 0.14", 2 * 86400),
        ("19:32:23 up 1000 days, 23:59", 1000 * 86400 + 86340),
        ("19:32:23", None),
        ("up", None),
        ("", None),
        ("up " + "9" * 400 + " days", None),
    ],
)
def test_the_uptime_is_read_in_every_way_it_is_printed(text: str, seconds: float | None) -> None:
    assert parse.uptime(text) == seconds


@pytest.mark.parametrize("one", recorded("/api/overview"), ids=lambda one: one.cassette)
def test_every_recorded_overview_describes_a_miner(one: Recorded) -> None:
    found = parse.description(one.answer)
    assert (found.family, found.model, found.hardware) == ("dragonmint", "T1", "g19")
    assert found.firmware == "t1_20180515_060842"
    assert found.mac == one.answer["version"]["ethaddr"]
    assert found.uptime is not None
    assert found.overview == one.answer


@pytest.mark.parametrize("text", ["A0-B0-45-0D-C8-50", "a0b0450dc850", "A0B0.450D.C850 "])
def test_a_mac_is_lower_case_with_colons_however_it_is_written(text: str) -> None:
    assert parse.mac(text) == "a0:b0:45:0d:c8:50"


@pytest.mark.parametrize("text", ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "a0:b0:45", 5, [], "x"])
def test_what_names_no_single_device_is_no_mac(text: object) -> None:
    with pytest.raises(Garbled):
        parse.mac(text)


def test_an_overview_needs_nothing_but_the_mac() -> None:
    said = {"version": {"ethaddr": "a0:b0:45:0d:c8:50"}, "hardware": None, "type": 7}
    found = parse.description(said)
    assert (found.model, found.firmware, found.uptime) == ("", "", None)


def test_the_type_is_told_in_upper_case() -> None:
    assert parse.description({**overview(), "type": " b29+ "}).model == "B29+"


# samples and models


def test_a_sample_shows_the_answer_without_tokens_and_passwords() -> None:
    token = recorded("/api/auth")[0].answer["jwt"]
    body = json.dumps({"jwt": token, "pass": "hunter2", "password": "hunter2", "url": "stratum"})
    for text in (body, body.replace(": ", ":"), body[: body.index("hunter2") + 4]):
        shown = parse.sample(text.encode())
        assert "hunt" not in shown
        assert token[:12] not in shown
    assert "stratum" in parse.sample(body.encode())


def test_the_table_of_models_knows_t1_and_guesses_nothing() -> None:
    assert model_of("t1").boards == 3
    assert model_of("nonsense").boards is None
    assert {name for name, model in MODELS.items() if model.hashrate} == {"T1"}
