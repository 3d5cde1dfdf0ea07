"""`--mix`: what it plans, and what it refuses in one line."""

from __future__ import annotations

import argparse
from collections import Counter

import pytest

from mother.config.options import OPTIONS
from mother.config.problems import ConfigError
from mother.core.ports import MOST_OFFSET
from mother.sim.families import FAMILIES
from mother.sim.faults import HOSTILE
from mother.sim.mix import daemon_words, open_files
from mother.sim.options import add_arguments, plan_from
from mother.sim.plan import WEB, Berth, FarmPlan, berths
from tests.sim.toy import TOYS


def plan(*argv: str) -> FarmPlan:
    parser = argparse.ArgumentParser()
    add_arguments(parser, mixed=True)
    return plan_from(parser.parse_args(argv), TOYS)


def dealt(*argv: str) -> list[Berth]:
    return berths(plan(*argv), TOYS)


def test_a_mix_is_dealt_family_after_family() -> None:
    farm = dealt("--mix", "toy=3, dragonmint=2")
    assert [(one.host, one.family) for one in farm] == [
        *((f"127.77.0.{number}", "toy") for number in (1, 2, 3)),
        *((f"127.77.0.{number}", "dragonmint") for number in (4, 5)),
    ]


def test_every_family_has_macs_of_its_maker() -> None:
    farm = dealt("--mix", "toy=300,dragonmint=200,plain=100")
    assert len({one.mac for one in farm}) == 600
    begins = Counter((one.family, one.mac[:9]) for one in farm)
    assert begins == {
        ("toy", "02:00:00:"): 300,
        ("dragonmint", "a0:b0:45:"): 200,
        ("plain", "02:00:01:"): 100,
    }
    assert len({one.mac[9:] for one in farm}) > 590, "families share their dice"


def test_the_models_of_a_family_come_in_its_own_shares() -> None:
    farm = dealt("--mix", "toy=40,plain=10,dragonmint=5", "--model", "T2")
    assert Counter((one.family, one.model) for one in farm) == {
        ("toy", "Bear"): 30,
        ("toy", "Duck"): 10,
        ("plain", "Bear"): 5,
        ("plain", "Duck"): 5,
        ("dragonmint", "T2"): 5,
    }


def test_dragonmints_are_the_same_by_mix_as_without() -> None:
    assert dealt("--mix", "dragonmint=30", "--fault", "all") == dealt(
        "--miners", "30", "--fault", "all"
    )


def test_all_ports_are_shifted_by_what_the_web_port_is_above_80() -> None:
    assert plan("--mix", "toy=1").offset == 8000
    assert plan("--mix", "toy=1", "--port", "9080").offset == 9000
    assert plan("--mix", "toy=1", "--real-ports").offset == 0
    assert plan("--real-ports").port == 80


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (
            "--mix antmner=400",
            "--mix: 'antmner' is no family that can be simulated; did you mean antminer?",
        ),
        (
            "--mix x=1",
            "--mix: 'x' is no family that can be simulated; "
            "there are dragonmint, antminer, whatsminer, avalon, axeos, toy, plain",
        ),
        ("--mix toy", "--mix: 'toy': write how many, from 1, such as toy=40"),
        ("--mix toy=0", "--mix: 'toy=0': write how many, from 1, such as toy=40"),
        ("--mix toy=-1", "--mix: 'toy=-1': write how many, from 1, such as toy=40"),
        ("--mix toy=1,toy=2", "--mix: toy stands there twice: add its numbers up"),
        (
            "--mix toy=1,",
            "--mix: '' is no family that can be simulated; "
            "there are dragonmint, antminer, whatsminer, avalon, axeos, toy, plain",
        ),
        ("--mix toy=1 --miners 4", "--miners 4: leave it out, --mix says how many"),
        (
            "--mix toy=200,dragonmint=100 --network 127.77.0.0/24",
            "--network 127.77.0.0/24 has room for 254: lower the 300 miners of --mix "
            "or name a larger network, such as 127.77.0.0/16",
        ),
        (
            "--mix toy=1 --port 60081",
            "--port 60081: choose a port from 80 to 60080, such as 8080",
        ),
        ("--mix toy=1 --port 79", "--port 79: choose a port from 80 to 60080, such as 8080"),
        ("--port 81 --real-ports", "--port 81: leave it out, --real-ports says where to listen"),
        (
            "--mix toy=2 --fault hang:3",
            "--fault names 3 faulty miners of 2: name fewer, or raise the numbers of --mix",
        ),
        (
            "--mix toy=2,dragonmint=1 --fault http-500:2",
            "--fault http-500: no miner is left that can have it: name fewer",
        ),
    ],
)
def test_a_wrong_mix_is_one_line_with_the_cure(argv: str, line: str) -> None:
    with pytest.raises(ValueError, match=r"^--") as raised:
        plan(*argv.split())
    assert str(raised.value) == line


def test_picky_faults_are_dealt_before_those_that_any_miner_can_have() -> None:
    for seed in range(20):
        faults = ("--fault", "drip:4", "--fault", "http-500:1", "--seed", str(seed))
        farm = dealt("--mix", "toy=4,dragonmint=1", *faults)
        assert [one.fault for one in farm] == ["drip"] * 4 + ["http-500"]


def test_hostile_faults_come_only_where_they_are_named() -> None:
    named = Counter(one.fault for one in dealt("--miners", "20", "--fault", "all"))
    chance = Counter(one.fault for one in dealt("--miners", "500", "--faulty", "100"))
    for hostile in HOSTILE:
        assert not named[hostile]
        assert not chance[hostile]
        assert sum(one.fault == hostile for one in dealt("--fault", f"{hostile}:2")) == 2


def test_the_files_that_a_farm_needs_are_its_listeners_and_its_connections() -> None:
    assert open_files(FarmPlan(mix={"toy": 1000, "dragonmint": 10}), TOYS) == 2010 + 1010 + 100


def test_the_daemon_is_told_where_the_farm_is() -> None:
    chosen = plan("--mix", "toy=1", "--network", "127.5.0.0/24", "--port", "9080")
    assert daemon_words(chosen) == "--network 127.5.0.0/24 --port-offset 9000"


def test_the_daemon_takes_the_offset_of_the_highest_farm_that_can_be() -> None:
    highest = plan("--mix", "toy=1", "--port", str(WEB + MOST_OFFSET))
    assert daemon_words(highest).endswith(f" --port-offset {MOST_OFFSET}")
    (offset,) = (option for option in OPTIONS if option.at == "port_offset")
    assert offset.kind.check(MOST_OFFSET, "--port-offset") == MOST_OFFSET
    with pytest.raises(ConfigError):
        offset.kind.check(MOST_OFFSET + 1, "--port-offset")
    with pytest.raises(ValueError, match="choose a port from 80 to 60080"):
        plan("--mix", "toy=1", "--port", str(WEB + MOST_OFFSET + 1))


def test_a_farm_of_one_family_needs_no_word_of_mixes() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--mix", "toy=1"])
    assert plan_from(parser.parse_args([])) == FarmPlan()
    assert set(FAMILIES) < set(TOYS)
