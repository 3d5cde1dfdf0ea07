from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec.structs import replace

from mother.config.options import OPTIONS
from mother.config.page import up_to_date
from mother.config.subject import Subject
from tests.config.given import load

HALL = '[[groups]]\nname = "hall-a"\nworkers = ["a-*"]\n'
PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return found


def test_the_tables_of_the_page_are_those_of_the_options() -> None:
    text = PAGE.read_text()
    assert up_to_date(text) == text
    for option in OPTIONS:
        assert f"`{option.env}`" in text


def test_a_change_of_the_tables_is_noticed() -> None:
    text = PAGE.read_text()
    assert up_to_date(text.replace("300 seconds", "301 seconds")) == text


def test_the_examples_of_the_page_load() -> None:
    ours, every, planned, theirs = blocks("toml")
    config = load(file=ours, require_network=True)
    assert len(config.blocks) == 2
    assert config.for_device("T1", "").health_hashrate_minimum == 4000
    assert config.for_device("T2", "a0:b0:45:00:e3:ab").health_reboot is False
    assert load(file=theirs).dragon_timeout == 300
    farm = load(file=every, require_network=True)
    assert farm.notes == ()
    miner = Subject(
        family="antminer", model="Antminer S19", host="10.1.0.7", algorithm="SHA-256", mac="02:"
    )
    settings = farm.for_miner(miner)
    assert (settings.power_target, settings.health_reboot) == (2800, True)
    assert [wish.username for wish in settings.pools] == ["your-account"]
    assert farm.for_miner(replace(miner, mac="02:00:00:00:00:01")).pools == ()
    assert [login.username for login in farm.logins(miner)] == ["root"]
    assert farm.logins(replace(miner, host="10.1.1.7")) == ()
    schedule = load(file=f"{planned}\n{HALL}", env={"PRICE_TOKEN": "x"})
    assert schedule.notes == ()
    assert [plan.name for plan in schedule.schedule.plans] == ["evening", "night"]
    (pools,) = blocks("json")
    config = load("--pools", json.dumps(json.loads(pools)))
    assert config.for_device("T1", "a0:b0:45:00:e3:ab").pools[0].username == "first"
    assert config.settings.pools[0].username == "rest"
