"""The first lines of the log: what runs, where metrics and alarms go, and nothing secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher

from mother.announcing import announce
from mother.config.cascade import Rule
from mother.config.model import Alarm, Config, PoolWish
from mother.config.subject import Reach
from tests.fleet.world import CONFIG


@pytest.fixture
def said() -> Iterator[list[str]]:
    lines: list[str] = []

    def hear(event: LogEvent) -> None:
        lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    observer = cast(ILogObserver, hear)
    globalLogPublisher.addObserver(observer)
    yield lines
    globalLogPublisher.removeObserver(observer)


def config(**changes: Any) -> Config:
    return replace(CONFIG, **changes)


def test_metrics_that_go_nowhere_are_told_unless_they_are_served(said: list[str]) -> None:
    announce(config())
    assert "Metrics go nowhere: there is no --statsd-host." in said
    said.clear()
    announce(config(metrics_listen="tcp:9151"))
    assert not [line for line in said if "nowhere" in line]


def test_who_hears_alarms_is_told_without_the_address(said: list[str]) -> None:
    announce(config(alarm=Alarm(urls=("tgram://hush/1", "tgram://hush/2", "json://hush/"))))
    assert "Alarms are told to json://***, tgram://***." in said
    assert "hush" not in " ".join(said)


def test_without_addresses_alarms_are_not_spoken_of(said: list[str]) -> None:
    announce(config())
    assert not [line for line in said if "Alarms" in line]


def test_ports_and_families_are_told(said: list[str]) -> None:
    announce(config(families=("dragonmint",)))
    assert said[0].endswith("port 80; looked for: dragonmint.")
    said.clear()
    announce(config(families=(), port_offset=8000, dragon_port=8080))
    assert said[0].endswith("ports 8080, 12028, 12433; looked for: every family.")


def test_who_is_rebooted_is_told_in_one_sentence(said: list[str]) -> None:
    off = replace(CONFIG.settings, health_reboot=False)
    announce(config(families=(), settings=off))
    assert said[1].startswith("Ill miners are reported, not rebooted; each")
    said.clear()
    announce(config(families=()))
    assert "rebooted, within limits if they are DragonMints, and reported if not;" in said[1]


def test_what_blocks_for_other_families_wish_is_told_too(said: list[str]) -> None:
    wish = PoolWish("stratum+tcp://one.example:3333", "ann", "hush")
    rules = (
        Rule(Reach(families=("antminer",)), {"pools": (wish,), "health_reboot": True}),
        Rule(Reach(families=("whatsminer",)), {"profile": "low", "power_target": 3000.0}),
    )
    announce(config(families=(), rules=rules))
    text = " ".join(said)
    assert "Miners get pools stratum+tcp://one.example:3333; profile low; power targets:" in text
    assert "1 [[miners]] of the file let reboot others" in text
    assert "hush" not in text
