"""Clients that others wrote take the simulated devices for what they are, on the real ports.

Their own faults are written down where they show: what they cannot do is no fault of ours.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from mother.sim.device import SimDevice
from mother.sim.dragonmint.state import Dragon
from mother.sim.families import DRAGONMINT, FAMILIES, SimFamily
from tests.sim.real_judges import PYASIC, PYASIC_RS, Judge, obstacle
from tests.sim.serving import served

REQUIRED = os.environ.get("MOTHER_REQUIRE_REAL_PARTS") == "1"
NETWORK = f"127.98.{os.getpid() % 256}.0/24"
"""Of this process alone: others may run the same tests, and the ports are what they are."""

ASKED_OF_PYASIC = {"admin": "admin", "guest": "guest"}
"""The only logins of an Innosilicon that pyasic offers."""

Answers = Mapping[str, Mapping[str, Any]]


class Every(SimFamily, frozen=True):
    """A family of which a farm has every model."""

    @property
    def shares(self) -> Mapping[str, float]:
        return dict.fromkeys(models(self.package), 1.0)


class Is(Struct, frozen=True):
    """What a model is: nominal H/s, boards, and what either client calls it."""

    family: str
    model: str
    rate: float
    boards: int
    pyasic: str
    pyasic_rs: str

    def __repr__(self) -> str:
        return self.model


ANTMINERS = [
    Is("antminer", "S9", 13.5e12, 3, "S9", "S9"),
    Is("antminer", "T17", 40e12, 3, "T17", "T17"),
    Is("antminer", "S19Pro", 110e12, 3, "S19 Pro", "S19Pro"),
    Is("antminer", "S19jPro", 100e12, 3, "S19j Pro", "S19jPro"),
    Is("antminer", "S21", 200e12, 3, "S21", "S21"),
]
WHATSMINERS = [
    Is("whatsminer", "M30S+_VE40", 100e12, 3, "M30S+ VE40", "M30SPlusVE40"),
    Is("whatsminer", "M30S++_VE40", 106e12, 3, "M30S++ VE40", "M30SPlusPlusVE40"),
    Is("whatsminer", "M50_VH60", 126e12, 3, "M50 VH60", "M50VH60"),
    Is("whatsminer", "M50S_VJ20", 130e12, 3, "M50S VJ20", "M50SVJ20"),
    Is("whatsminer", "M60S_VK40", 181e12, 3, "M60S VK40", "M60SVK40"),
    Is("whatsminer", "M63S_VK30", 390e12, 4, "M63S VK30", "M63SVK30"),
]
AVALONS = [
    Is("avalon", "A1246", 83.9e12, 3, "Avalon 1246", "Avalon1246"),
    Is("avalon", "Q", 55.0e12, 1, "Avalon Q Home", "AvalonHomeQ"),
]
AXES = [
    Is("axeos", "bitaxe-max", 286e9, 1, "Max", "Max"),
    Is("axeos", "bitaxe-ultra", 434e9, 1, "Ultra", "Ultra"),
    Is("axeos", "bitaxe-supra", 625e9, 1, "Supra", "Supra"),
    Is("axeos", "bitaxe-gamma", 1071e9, 1, "Gamma", "Gamma"),
    Is("axeos", "bitaxe-gt", 2142e9, 1, "Gamma", "Gamma"),  # both go by its chip
    Is("axeos", "bitaxe-supra-hex", 3751e9, 1, "Supra", "Supra"),  # both go by its chip
]
ALL = [*ANTMINERS, *WHATSMINERS, *AVALONS, *AXES]
MAKES = {
    "antminer": ("AntMiner", "Antminer"),
    "whatsminer": ("WhatsMiner", "Whatsminer"),
    "avalon": ("AvalonMiner", "Avalonminer"),
    "axeos": ("BitAxe", "Bitaxe"),
}
POOLS = {"antminer": 3, "whatsminer": 3, "avalon": 3, "axeos": 2}

PYASIC_HASHES_LESS = {
    "M63S_VK30": 3 / 4,  # its own table knows three boards, and it sums up those
}
PYASIC_MACS = {
    "S9": None,  # asked of the page alone, which it does not look for at an S9
    "Q": "B4::A:2::EB::8:C::EA::0:1",  # puts colons into one that has them
}
PYASIC_POOLS = {
    "M60S_VK40": 0,  # it never asks the third API for them
    "M63S_VK30": 0,
    "Q": 1,  # such a one has no more
}
RS_WITHOUT_BOARDS = {"S9", "T17"}  # looks for the rates of newer firmware only
RS_ALL_AT_ONCE = {"A1246", "Q"}  # opens many connections to what takes one, and loses some


class Judged(Struct):
    """Every device by its model, and what each client made of it."""

    devices: Mapping[str, SimDevice]
    by: Mapping[str, Answers]

    def answer(self, judge: Judge, model: str) -> Mapping[str, Any]:
        return self.by[judge.package][self.devices[model].host]

    def mac(self, model: str) -> str:
        """As both write it."""
        return self.devices[model].mac.upper()


def models(package: str) -> Mapping[str, object]:
    found: Mapping[str, object] = import_module(package).MODELS
    return found


def lacking(reason: str) -> None:
    """Leave the tests out, or fail where all real parts are required."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


async def judged(pythons: Mapping[Judge, Path]) -> Judged:
    """Serve one of every model, and let one client after the other look at them."""
    families: dict[str, SimFamily] = {
        name: Every(one.package, one.oui, one.ports) for name, one in FAMILIES.items()
    }
    mix = {name: len(models(one.package)) for name, one in FAMILIES.items()}
    mix[DRAGONMINT] = 1  # of the others only the T1 is made from recordings
    async with served(families=families, mix=mix, network=NETWORK, port=80) as farm:
        for device in farm.devices:
            if isinstance(device, Dragon):
                device.access.passwords = dict(ASKED_OF_PYASIC)
        hosts = [device.host for device in farm.devices]
        by = {
            judge.package: await deferToThread(judge.judges, python, hosts)
            for judge, python in pythons.items()
        }
        return Judged({device.model: device for device in farm.devices}, by)


@pytest.fixture(scope="module")
def court() -> Judged:
    """Everything that was asked, once for all tests."""
    if reason := obstacle(NETWORK.replace(".0/24", ".1")):
        lacking(reason)
    try:
        pythons = {judge: judge.install() for judge in (PYASIC, PYASIC_RS)}
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", "") or "")[-300:]
        named = f"{PYASIC.variable} and {PYASIC_RS.variable} name environments that have them"
        lacking(f"pip could not install pyasic and pyasic_rs ({named}): {error} {said}")
        raise
    found: Judged = pytest_twisted.blockon(Deferred.fromCoroutine(judged(pythons)))
    return found


@pytest.mark.parametrize("one", ALL, ids=repr)
def test_pyasic_names_it_and_reads_it(court: Judged, one: Is) -> None:
    told = court.answer(PYASIC, one.model)
    assert told["error"] is None
    assert (told["make"], told["model"]) == (MAKES[one.family][0], one.pyasic)
    assert told["hashrate"] == pytest.approx(
        one.rate * PYASIC_HASHES_LESS.get(one.model, 1.0), rel=0.15
    )
    assert told["mac"] == PYASIC_MACS.get(one.model, court.mac(one.model))
    assert told["mining"] is True


@pytest.mark.parametrize("one", ALL, ids=repr)
def test_pyasic_rs_names_it_and_reads_it(court: Judged, one: Is) -> None:
    told = court.answer(PYASIC_RS, one.model)
    assert told["error"] is None
    assert (told["make"], told["model"]) == (MAKES[one.family][1], one.pyasic_rs)
    assert told["mining"] is True
    if one.model in RS_ALL_AT_ONCE:
        return
    assert told["hashrate"] == pytest.approx(one.rate, rel=0.15)
    assert told["mac"] == court.mac(one.model)


@pytest.mark.parametrize("one", ALL, ids=repr)
def test_both_find_its_boards(court: Judged, one: Is) -> None:
    found = court.answer(PYASIC, one.model)["boards"]
    assert len(found) == round(one.boards * PYASIC_HASHES_LESS.get(one.model, 1.0))
    assert None not in found
    if one.model not in RS_ALL_AT_ONCE | RS_WITHOUT_BOARDS:
        found = court.answer(PYASIC_RS, one.model)["boards"]
        assert len(found) == one.boards
        assert None not in found


@pytest.mark.parametrize("one", [*ANTMINERS, *WHATSMINERS, *AVALONS], ids=repr)
def test_pyasic_reads_its_pools_and_which_is_mined_for(court: Judged, one: Is) -> None:
    pools = court.answer(PYASIC, one.model)["pools"]
    assert len(pools) == PYASIC_POOLS.get(one.model, POOLS[one.family])
    for number, pool in enumerate(pools):
        assert pool["url"].startswith("stratum+tcp://")
        assert (pool["alive"], pool["active"]) == (True, number == 0)


@pytest.mark.parametrize("one", [*ANTMINERS, *WHATSMINERS, *AXES], ids=repr)
def test_pyasic_rs_reads_its_pools_and_which_is_mined_for(court: Judged, one: Is) -> None:
    pools = court.answer(PYASIC_RS, one.model)["pools"]
    assert len(pools) == POOLS[one.family]
    assert all(pool["url"].startswith("stratum+tcp://") for pool in pools)
    assert [pool["active"] for pool in pools] == [True] + [False] * (len(pools) - 1)


def test_pyasic_knows_a_dragonmint_its_login_and_its_pools(court: Judged) -> None:
    """It reads only Innosilicons of the T3 whole, and says so of a T1."""
    told = court.answer(PYASIC, "T1")
    assert told["make"] == "Innosilicon"
    assert any("Partially supported miner found: T1" in one for one in told["said"])
    assert told["mac"] == court.mac("T1")
    assert [pool["user"].partition(".")[2][:7] for pool in told["pools"]] == ["dragon-"] * 2
    assert "while getting data" in told["error"]


def test_pyasic_rs_takes_no_dragonmint_for_anything(court: Judged) -> None:
    assert court.answer(PYASIC_RS, "T1")["error"] == "not taken for a miner"


def test_every_model_that_can_be_simulated_is_judged(court: Judged) -> None:
    assert {one.model for one in ALL} == court.devices.keys() - {"T1"}
