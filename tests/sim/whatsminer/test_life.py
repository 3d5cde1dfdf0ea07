"""How a simulated Whatsminer lives: sleep and waking, faults and their error codes."""

from __future__ import annotations

import pytest

from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan
from mother.sim.whatsminer import FAULTS, MODELS, SHARES, device

from .wire import MAC, V2, V3, Wire


def codes(wire: Wire) -> set[int]:
    """The error codes that it tells."""
    told = wire.ask("get_error_code")["Msg"]["error_code"]
    return {int(key) for code in told for key in code}


def test_power_off_stops_the_boards_within_seconds_and_the_controller_stays() -> None:
    wire = Wire()
    assert wire.code("power_off", respbefore="true") == 131
    status = wire.ask("status")["Msg"]
    assert (status["mineroff"], status["mineroff_time"] != "") == ("true", True)
    wire.wait(7)
    summary = wire.summary()
    assert (summary["HS RT"], summary["Elapsed"]) == (0, 0)
    assert summary["Power"] < 50
    assert summary["Fan Speed In"] < 3000
    assert wire.miner.present


def test_power_on_takes_minutes_to_the_full_rate() -> None:
    wire = Wire()
    wire.write("power_off")
    wire.wait(600)
    assert wire.code("power_on") == 131
    assert wire.ask("status")["Msg"]["mineroff"] == "false"
    rates = []
    for _ in range(10):
        wire.wait(60)
        rates.append(wire.summary()["HS RT"] / 126e6)
    assert rates[0] < 0.3
    assert rates[1] < 0.8
    assert rates[-1] == pytest.approx(1.0, rel=0.07)


def test_what_is_set_while_it_is_off_does_not_wake_it() -> None:
    wire = Wire()
    wire.write("power_off")
    wire.wait(60)
    assert wire.code("set_low_power") == 131
    wire.wait(600)
    assert wire.summary()["HS RT"] == 0
    wire.write("power_on")
    wire.wait(900)
    assert wire.summary()["Power"] == pytest.approx(2400, rel=0.05)


def test_a_reboot_wakes_it() -> None:
    wire = Wire()
    wire.write("power_off")
    wire.miner.reboot()
    wire.wait(900)
    assert wire.ask("status")["Msg"]["mineroff"] == "false"
    assert wire.summary()["HS RT"] > 100e6


@pytest.mark.parametrize(
    ("fault", "low", "high"),
    [
        (Fault.DEAD_BOARD, 540, 542),
        (Fault.MISSING_BOARD, 530, 532),
        (Fault.HOT_BOARD, 350, 352),
        (Fault.SLOW_BOARD, 2310, 2310),
    ],
)
def test_a_fault_shows_its_error_code_until_it_heals(fault: Fault, low: int, high: int) -> None:
    wire = Wire()
    wire.miner.fault = fault
    [code] = codes(wire)
    assert low <= code <= high
    wire.miner.fault = Fault.NONE
    assert codes(wire) == set()


def test_a_failed_fan_stands_still_and_is_error_110() -> None:
    wire = Wire()
    wire.miner.fan_failed_at = wire.clock.seconds()
    assert codes(wire) == {110}
    assert wire.summary()["Fan Speed In"] == 0


def test_a_dead_board_is_told_dead_and_a_missing_one_not_at_all() -> None:
    wire = Wire()
    wire.miner.fault = Fault.DEAD_BOARD
    wire.wait(1800)
    boards = wire.ask("devs")["DEVS"]
    [dead] = [board for board in boards if board["Status"] == "Dead"]
    assert (len(boards), dead["MHS 1m"], dead["Effective Chips"]) == (3, pytest.approx(0), 0)
    assert len(wire.ask("edevs")["DEVS"]) == 2
    wire.miner.fault = Fault.MISSING_BOARD
    assert len(wire.ask("devs")["DEVS"]) == 2
    assert wire.summary()["MHS 15m"] == pytest.approx(84e6, rel=0.1)


def test_a_hot_board_is_hot() -> None:
    wire = Wire()
    wire.miner.fault = Fault.HOT_BOARD
    assert max(board["Temperature"] for board in wire.ask("devs")["DEVS"]) > 90


def test_v3_tells_the_same_faults() -> None:
    wire = Wire(V3)
    wire.miner.fault = Fault.DEAD_BOARD
    boards = wire.get("get.miner.status", "edevs")["edevs"]
    assert sorted(board["status"] for board in boards) == ["alive", "alive", "dead"]
    wire.miner.fault = Fault.MISSING_BOARD
    assert len(wire.get("get.miner.status", "edevs")["edevs"]) == 2


def test_without_any_pool_it_stops_and_says_which_are_gone() -> None:
    wire = Wire()
    wire.miner.lose_pools(wire.miner.pools[0].url)
    pools = wire.ask("pools")["POOLS"]
    assert [pool["Status"] for pool in pools] == ["Dead", "Alive", "Alive"]
    assert [pool["Stratum Active"] for pool in pools] == [False, True, False]
    wire.miner.pools_dead = True
    wire.wait(600)
    assert wire.summary()["HS RT"] < 126e3
    assert codes(wire) == {2020, 2021, 2022}
    wire.miner.pools_dead = False
    wire.wait(600)
    assert wire.summary()["HS RT"] > 100e6


def test_a_reboot_may_cure_a_board() -> None:
    wire = Wire(cure=1.0)
    wire.miner.fault = Fault.DEAD_BOARD
    wire.miner.reboot()
    wire.wait(900)
    assert wire.miner.fault is Fault.NONE
    assert codes(wire) == set()
    assert wire.summary()["HS RT"] == pytest.approx(126e6, rel=0.07)


def test_it_comes_up_slowly_after_a_power_cut() -> None:
    wire = Wire(uptime=0.0)
    assert wire.summary()["HS RT"] == 0
    wire.wait(900)
    assert wire.summary()["HS RT"] == pytest.approx(126e6, rel=0.07)


def test_a_berth_makes_the_device_that_it_says() -> None:
    berth = Berth(host="127.77.0.9", mac=MAC, model=V2, uptime=500.0, fault=Fault.NONE, after=0.0)
    miner = device(berth, FarmPlan(), lambda: 1000.0)
    assert (miner.family, miner.model, miner.host, miner.mac) == ("whatsminer", V2, berth.host, MAC)
    assert miner.uptime == 500.0
    assert set(SHARES) == set(MODELS)
    assert Fault.VANISHED in FAULTS
