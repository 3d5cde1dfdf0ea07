"""The options of the simulated farm, and the farm that they plan."""

from __future__ import annotations

import argparse
import ipaddress
from collections import Counter

import pytest
from msgspec.structs import replace

from mother.sim.faults import FAULTS
from mother.sim.options import add_arguments, plan_from
from mother.sim.plan import FarmPlan, berths


def plan(*argv: str) -> FarmPlan:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return plan_from(parser.parse_args(argv))


def test_without_options_ten_healthy_recorded_miners_are_planned() -> None:
    chosen = plan()
    assert chosen == FarmPlan()
    assert [(b.host, b.model, b.fault) for b in berths(chosen)] == [
        (f"127.77.0.{number}", "T1", "none") for number in range(1, 11)
    ]


@pytest.mark.parametrize(
    ("argv", "option"),
    [
        (["--network", "192.168.0.0/24"], "--network"),
        (["--network", "126.0.0.0/7"], "--network"),
        (["--network", "127.77.0.1/16"], "--network"),
        (["--network", "loopback"], "--network"),
        (["--network", "::1/128"], "--network"),
        (["--network", "127.77.0.0/30", "--miners", "3"], "--network"),
        (["--miners", "0"], "--miners"),
        (["--port", "0"], "--port"),
        (["--port", "65536"], "--port"),
        (["--fault", "tired"], "--fault"),
        (["--fault", "hang:0"], "--fault"),
        (["--fault", "hang:x"], "--fault"),
        (["--fault", "hang:11"], "--fault"),
        (["--faulty", "101"], "--faulty"),
        (["--faulty", "nan"], "--faulty"),
        (["--model", "S9"], "--model"),
        (["--model", "T1:0"], "--model"),
        (["--model", "T1:x"], "--model"),
        (["--newest-firmware", "2.0"], "--newest-firmware"),
        (["--newest-firmware", "t1_20181332_000000"], "--newest-firmware"),
        (["--firmware-url", "ftp://127.0.0.1/a.swu"], "--firmware-url"),
        (["--bricking-firmware", "2.0"], "--bricking-firmware"),
        (["--bricking-firmware", ""], "--bricking-firmware"),
        (["--failing-firmware", "t1_20190101_000000", "--failing-firmware", "x"], "--failing"),
        (["--factory-fresh", "101"], "--factory-fresh"),
        (["--factory-fresh", "nan"], "--factory-fresh"),
        (["--cured-by-reboot", "-1"], "--cured-by-reboot"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(argv: list[str], option: str) -> None:
    with pytest.raises(ValueError, match="^" + option) as raised:
        plan(*argv)
    assert "\n" not in str(raised.value)


def test_faults_are_dealt_by_kind_and_count() -> None:
    chosen = plan("--miners", "20", "--fault", "all", "--fault", "hang:2", "--fault", "none")
    dealt = Counter(berth.fault for berth in berths(chosen))
    assert dealt == dict.fromkeys(FAULTS, 1) | {"hang": 3, "none": 8}
    assert all(berth.after == 0 for berth in berths(chosen))


def test_a_share_of_the_miners_falls_ill_at_random_times() -> None:
    ill = [b for b in berths(plan("--miners", "200", "--faulty", "10")) if b.fault != "none"]
    assert len(ill) == 20
    assert len({berth.after for berth in ill}) == 20
    assert all(0 < berth.after < 1800 for berth in ill)


def test_models_are_mixed_by_their_shares() -> None:
    chosen = plan("--miners", "40", "--model", "T1:3,B29+")
    assert Counter(berth.model for berth in berths(chosen)) == {"T1": 30, "B29+": 10}


def test_every_miner_has_a_mac_of_the_maker_of_its_own() -> None:
    macs = [berth.mac for berth in berths(plan("--miners", "5000"))]
    assert len(set(macs)) == 5000
    assert all(mac.startswith("a0:b0:45:") and len(mac) == 17 for mac in macs)


def test_the_seed_alone_decides() -> None:
    argv = ["--miners", "50", "--faulty", "50", "--scatter", "--model", "T1,T2"]
    assert berths(plan(*argv)) == berths(plan(*argv))
    assert berths(plan(*argv)) != berths(plan(*argv, "--seed", "1"))


def test_scattered_miners_stay_within_the_network_without_its_ends() -> None:
    chosen = plan("--network", "127.9.0.0/29", "--miners", "6", "--scatter")
    assert [b.host for b in berths(chosen)] == [f"127.9.0.{n}" for n in range(1, 7)]
    hosts = [b.host for b in berths(plan("--miners", "100", "--scatter"))]
    assert len(set(hosts)) == 100
    network = ipaddress.ip_network("127.77.0.0/16")
    assert all(ipaddress.ip_address(host) in network for host in hosts)
    assert len({host.rsplit(".", 1)[0] for host in hosts}) > 50


def test_a_single_address_is_a_farm() -> None:
    [berth] = berths(plan("--network", "127.9.0.7/32", "--miners", "1"))
    assert berth.host == "127.9.0.7"


def test_bad_builds_may_be_several_and_the_newest_one_elsewhere() -> None:
    first, second, third = (f"t1_2019010{day}_000000" for day in (1, 2, 3))
    chosen = plan(
        *("--bricking-firmware", first, "--bricking-firmware", second),
        *("--failing-firmware", third, "--newest-firmware", third),
        *("--firmware-url", "https://127.0.0.1:8000/new.swu"),
    )
    assert (chosen.bricking, chosen.failing) == ((first, second), (third,))
    assert chosen.newest_firmware == third
    assert chosen.firmware_url == "https://127.0.0.1:8000/new.swu"


def test_a_share_of_the_miners_or_all_are_fresh_from_the_factory() -> None:
    def fresh(*argv: str) -> int:
        return sum(berth.factory_fresh for berth in berths(plan("--miners", "40", *argv)))

    assert [fresh(), fresh("--factory-fresh"), fresh("--factory-fresh", "25")] == [0, 40, 10]


def test_who_is_fresh_from_the_factory_changes_nothing_else() -> None:
    argv = ["--miners", "40", "--faulty", "50", "--model", "T1,T2"]
    some = berths(plan(*argv, "--factory-fresh", "50"))
    others = berths(plan(*argv, "--factory-fresh", "50", "--seed", "1"))
    assert [one.factory_fresh for one in some] != [one.factory_fresh for one in others]
    assert [replace(berth, factory_fresh=False) for berth in some] == berths(plan(*argv))


def test_miners_have_long_been_running_unless_fresh() -> None:
    assert all(berth.uptime > 1800 for berth in berths(plan()))
    assert all(berth.uptime == 0 for berth in berths(plan("--fresh")))
