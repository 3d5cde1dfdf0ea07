"""How the numbers live: ramps, windows, counters, temperatures, cures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.wire import Wire, exchanges

WINDOWS = ("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m")


def started(elapsed: float) -> Wire:
    """A device whose mining program has run for so many seconds."""
    wire = Wire(uptime=0.0)
    wire.clock.advance(wire.dragon.mining_from - wire.clock.seconds() + elapsed)
    return wire.log_in()


def boards(wire: Wire) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = wire.ask("summary")["DEVS"]
    return devices


def test_the_mining_program_does_not_answer_right_after_a_boot() -> None:
    wire = Wire(uptime=0.0).log_in()
    assert wire.ask("summary") == {"success": False}
    assert wire.ask("overview")["success"] is True


def test_the_windows_ramp_as_in_the_recording_of_a_fresh_start() -> None:
    [recorded] = [a for action, a in exchanges("check_health.yaml") if action == "summary"]
    theirs = recorded["DEVS"][0]
    ours = boards(started(theirs["Device Elapsed"]))[0]
    assert ours["Device Elapsed"] == theirs["Device Elapsed"] == 51
    for window in WINDOWS[1:]:
        assert ours[window] / ours["MHS av"] == pytest.approx(
            theirs[window] / theirs["MHS av"], rel=0.06
        )


def test_a_healthy_board_does_about_five_terahashes() -> None:
    for board in boards(started(86400)):
        for window in (*WINDOWS, "MHS av"):
            assert 4.3e6 < board[window] < 6e6


@pytest.mark.parametrize(
    ("elapsed", "window"),
    [
        (299, "MHS 5s"),
        (301, "MHS 1m"),
        (898, "MHS 1m"),
        (901, "MHS 5m"),
        (3598, "MHS 5m"),
        (3601, "MHS 15m"),
    ],
)
def test_the_hash_rate_copies_a_window_by_the_time_it_mines(elapsed: float, window: str) -> None:
    board = boards(started(elapsed))[0]
    assert board["Hash Rate"] == board[window]
    assert len({board[each] for each in WINDOWS}) == 4


def test_a_dead_board_shows_whole_zeros_as_recorded() -> None:
    [recorded] = [a for action, a in exchanges("fetch_stats.yaml") if action == "summary"]
    wire = Wire()
    wire.dragon.has_always_had("dead-board")
    [dead] = [b for b in boards(wire.log_in()) if b["Status"] == "Dead"]
    for key, value in recorded["DEVS"][0].items():
        if key not in {"ASC", "ID", "Temperature", "Last Valid Work", "Device Elapsed"}:
            assert (dead[key], type(dead[key])) == (value, type(value)), key


def test_a_board_that_dies_fades_from_its_windows_and_keeps_its_counters() -> None:
    wire = started(3600)
    before = boards(wire)[1]
    wire.dragon.kill_board(1, temperature=111)
    after = boards(wire)[1]
    assert (after["Status"], after["Temperature"]) == ("Dead", 111)
    wire.clock.advance(300)
    later = boards(wire)[1]
    assert later["MHS 5s"] == 0
    assert 0 < later["MHS 5m"] < before["MHS 5m"] * 0.5 < later["MHS 15m"]
    assert later["Accepted"] >= before["Accepted"]
    assert later["Last Valid Work"] <= after["Last Valid Work"]
    assert boards(wire)[0]["Status"] == "Alive"


def test_counters_grow_and_agree_with_one_another() -> None:
    wire = started(3600)
    first = wire.ask("summary")
    wire.clock.advance(600)
    second = wire.ask("summary")
    for one, other in zip(first["DEVS"], second["DEVS"], strict=True):
        for key in ("Total MH", "Accepted", "Diff1 Work", "Difficulty Accepted"):
            assert other[key] > one[key], key
        assert other["Utility"] == pytest.approx(
            other["Accepted"] * 60 / other["Device Elapsed"], rel=0.01
        )
        assert other["Last Share Time"] <= wire.clock.seconds()
    active = second["POOLS"][0]
    assert active["Accepted"] == sum(board["Accepted"] for board in second["DEVS"])
    assert active["Stratum Active"] is True
    assert second["POOLS"][1]["Accepted"] == 0


def test_numbers_jitter_but_the_same_moment_reads_the_same() -> None:
    wire = started(7200)
    assert boards(wire)[0]["MHS 5s"] != boards(wire)[0]["MHS 5s"]
    one, other = started(7200), started(7200)
    assert boards(one) == boards(other)


def test_tuning_ends_a_few_minutes_after_a_start() -> None:
    wire = started(30)
    assert wire.ask("summary")["tuning"] is True
    assert wire.ask("getAutoTuneStatus")["isTuning"] is True
    wire.clock.advance(240)
    assert wire.ask("summary")["tuning"] is False


def test_with_all_boards_dead_it_tunes_for_ever_as_recorded() -> None:
    wire = started(3600)
    for index in range(3):
        wire.dragon.kill_board(index)
    assert wire.ask("summary")["tuning"] is True


def test_a_start_is_warm_and_loud_and_then_it_settles() -> None:
    wire = started(40)
    fresh = wire.ask("summary")
    wire.clock.advance(3600)
    settled = wire.ask("summary")
    assert fresh["HARDWARE"]["Fan duty"] == 100
    assert settled["HARDWARE"]["Fan duty"] < 80
    for one, other in zip(fresh["DEVS"], settled["DEVS"], strict=True):
        assert 100 >= one["Temperature"] > other["Temperature"] > 60


def test_dead_pools_stop_the_hashing_and_nothing_else() -> None:
    wire = started(3600)
    wire.dragon.pools_dead = True
    wire.clock.advance(3600)
    summary = wire.ask("summary")
    assert {pool["Status"] for pool in summary["POOLS"]} == {"Dead"}
    assert not any(pool["Stratum Active"] for pool in summary["POOLS"])
    assert [board["Status"] for board in summary["DEVS"]] == ["Alive"] * 3
    assert all(board["MHS 5m"] < 100 for board in summary["DEVS"])
    wire.dragon.pools_dead = False
    wire.clock.advance(3600)
    assert all(board["MHS 5m"] > 4e6 for board in boards(wire))


def test_a_pool_whose_host_says_so_is_dead_and_the_next_one_is_mined_for() -> None:
    wire = Wire().log_in()
    form = {"Pool1": "stratum+tcp://dead.example:1", "UserName1": "u", "Password1": "x"}
    form |= {"Pool2": "stratum+tcp://live.example:1", "UserName2": "u", "Password2": "x"}
    wire.ask("updatePools", form)
    wire.clock.advance(900)
    pools = wire.ask("summary")["POOLS"]
    assert [pool["Status"] for pool in pools] == ["Dead", "Alive"]
    assert [pool["Stratum Active"] for pool in pools] == [False, True]
    assert pools[1]["Stratum URL"] == "live.example"
    assert boards(wire)[0]["Last Share Pool"] == 1


@pytest.mark.parametrize("model", ["T1", "T2"])
@pytest.mark.parametrize("host", ["dead.example", "pool.invalid"])
def test_a_device_whose_pools_are_all_dead_answers_and_hashes_nothing(
    model: str, host: str
) -> None:
    wire = Wire(model)
    wire.log_in("admin", "admin" if model == "T2" else "dragonadmin")
    slots = {f"Pool{slot}": f"stratum+tcp://{host}:{slot}" for slot in (1, 2)}
    logins = {f"{name}{slot}": "x" for slot in (1, 2) for name in ("UserName", "Password")}
    wire.ask("updatePools", slots | logins)
    for _ in range(3):
        wire.clock.advance(900)
        summary = wire.ask("summary")
        assert summary["success"] is True
        assert [pool["Status"] for pool in summary["POOLS"]] == ["Dead", "Dead"]
        assert not any(pool["Stratum Active"] for pool in summary["POOLS"])
        for board in summary["DEVS"]:
            assert board["Status"] == "Alive"
            assert {board[each] for each in (*WINDOWS, "MHS av", "Hash Rate", "Accepted")} == {0}


def test_a_reboot_cures_or_not_and_always_the_same_way() -> None:
    def cured(mac: int) -> bool:
        wire = Wire()
        wire.dragon.mac = f"a0:b0:45:00:00:{mac:02x}"
        wire.dragon.kill_board(0)
        wire.dragon.reboot()
        return wire.dragon.fault == "none"

    fates = [cured(mac) for mac in range(100)]
    assert 30 < sum(fates) < 70
    assert fates == [cured(mac) for mac in range(100)]


@pytest.mark.parametrize(("chance", "fault"), [(1.0, "none"), (0.0, "dead-board")])
def test_the_chance_of_a_cure_can_be_set(chance: float, fault: str) -> None:
    wire = Wire(cure=chance).log_in()
    wire.dragon.kill_board(2)
    wire.ask("reboot")
    wire.clock.advance(400)
    assert wire.dragon.fault == fault
    assert (boards(wire.log_in())[2]["Status"] == "Dead") is (fault == "dead-board")


def test_a_mode_changes_what_is_hashed() -> None:
    wire = Wire().log_in()
    before = wire.ask("summary")["DEVS"][0]["MHS 15m"]
    wire.ask("setAutoTune", {"autotune": "efficient"})
    wire.clock.advance(86400)
    assert boards(wire.log_in())[0]["MHS 15m"] < 0.95 * before
