"""The guide to the schedule: every file in it loads as it stands, and its tables are so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mother import cli
from mother.config.model import Config
from mother.config.schedule import Step
from mother.config.subject import Subject
from mother.control.calls import CALLS
from mother.core.model import CommandKind
from mother.core.reading import Mode
from mother.drivers.antminer.driver import Antminer
from mother.drivers.avalon.driver import Avalon
from mother.drivers.axeos.driver import AxeOS
from mother.drivers.base import Family
from mother.drivers.dragonmint.driver import DragonMint
from mother.drivers.minercontrol.driver import MinerControl
from mother.drivers.whatsminer.driver import Whatsminer
from mother.net.wire import Wire
from mother.schedule.profiles import wished_for
from mother.schedule.values import Verdict
from tests.config.given import load

PAGE = Path(__file__).parents[1] / "docs" / "schedule.md"
NOTHING: Any = None
WIRE = Wire(*[NOTHING] * 5)
FAMILIES: Mapping[str, Family] = {
    "antminer": Antminer(NOTHING),
    "whatsminer": Whatsminer(NOTHING),
    "avalon": Avalon(NOTHING),
    "axeos": AxeOS(WIRE),
    "dragonmint": DragonMint(NOTHING, NOTHING),
    "minercontrol": MinerControl(WIRE),
}
MODELS = {"Q": "Avalon Q", "Nano 3S": "Avalon Nano 3S"}
UNKNOWN = "S9 to T17", "A-series"
"""Models that refuse when they are told, and not by their family."""


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return found


FILES = blocks("toml")


def loaded(number: int) -> Config:
    env, text = {"PRICE_TOKEN": "x"}, FILES[number]
    words = () if "\nnetwork =" in text else ("--network", "10.1.0.0/22")
    return load(*words, file=text, env=env, require_network=True)


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_file_of_the_guide_loads_and_no_more_is_to_be_noted_than_it_says(number: int) -> None:
    said = ("groups[0]: nothing in the file is for the group hall-a",)
    assert loaded(number).notes == (said if "it is noted" in FILES[number] else ())


def test_the_files_of_the_guide_mean_what_it_tells() -> None:
    *files, tried = (loaded(number) for number in range(len(FILES)))
    plans, profiles, price, sun, pace, fans, meter = (one.schedule for one in files)
    assert [(one.name, one.profile, one.mode) for one in plans.plans] == [
        ("night", "overclock", None),
        ("peak", "", Mode.SLEEP),
    ]
    assert profiles.profiles[0].steps["eco-winter"] == Step(power=2800.0)
    assert (price.rules[0].windows, price.rules[0].release_windows) == (2, 4)
    assert price.rules[0].window == 300.0
    assert [one.name for one in sun.budgets] == ["sun", "fuse"]
    assert (pace.down.batch, pace.ramps[0].by) == (50, "pdu")
    assert [one.name for one in fans.switches] == ["fans-a"]
    assert meter.meters[0].error == 0.01
    assert (tried.port_offset, [one.name for one in tried.groups]) == (8000, ["hall-a"])


def test_numbers_of_the_guide_are_those_that_hold_unless_said() -> None:
    usual, said = load("--network", "10.1.0.0/22").schedule, loaded(4).schedule
    for key in ("min_on", "min_off", "starts_a_day", "resume_percent"):
        assert getattr(said, key) == getattr(usual, key)
    assert (usual.interval, usual.dead_band, usual.power_gap) == (15.0, 0.05, 600.0)
    text = PAGE.read_text()
    for told in ("every 15 seconds", "5 % (`dead_band`)", "10 minutes (`power_gap`)"):
        assert told in text


def rows() -> list[tuple[str, ...]]:
    """Of the table of families."""
    _, table = PAGE.read_text().split("## What profiles mean", 1)
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    return [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[: len(TABLE)]
    ]


TABLE = range(9)


@pytest.mark.parametrize("place", TABLE)
def test_the_table_of_families_says_what_they_do(place: int) -> None:
    head, *profiles, power, sleeps = rows()[place]
    word, _, model = head.partition(",")
    family, model = FAMILIES[word.strip("`")], model.strip()
    assert (power != "–") == (CommandKind.SET_POWER in family.capabilities)
    if model in UNKNOWN:
        return
    assert (sleeps != "–") == (CommandKind.PAUSE in family.capabilities)
    subject = Subject(family=family.name, model=MODELS.get(model, "Any"))
    for name, told in zip(("overclock", "normal", "underclock"), profiles, strict=True):
        wished = wished_for(Verdict(Mode.ACTIVE, profile=name), family, subject)
        assert (wished.profile or "–") == told.strip("`")
        assert bool(wished.refused) == (told == "–")


def test_each_family_has_its_row() -> None:
    assert {row[0].partition(",")[0].strip("`") for row in rows()} == set(FAMILIES)


def test_the_commands_of_the_guide_exist() -> None:
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    called = [shlex.split(line, comments=True) for line in lines]
    assert {words[1] for words in called if words[0] == "mother"} <= set(cli.COMMANDS)
    named = re.findall(r"`mother ([a-z-]+)", PAGE.read_text())
    assert set(named) <= set(cli.COMMANDS)


def test_the_calls_of_the_socket_exist() -> None:
    told = re.search(r"The socket takes (.*?)\. `resume`", PAGE.read_text(), re.DOTALL)
    assert told is not None
    assert set(re.findall(r"`([a-z]+)`", told[1])) <= set(CALLS)
