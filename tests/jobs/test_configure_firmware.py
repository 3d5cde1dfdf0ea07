"""Firmware spreads one miner first, then a few at a time, never backwards, and is verified."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import Config, Waves
from mother.core.model import EventKind
from mother.sim.dragonmint.models import Firmware
from mother.sim.dragonmint.state import Dragon
from tests.fleet.world import CONFIG, HOUR, MINUTE, SETTINGS, World

OLD, NEW = "t1_20180515_060842", "t1_20190101_000000"
UPLOAD = "/upgrade/upload"


def upgrading(version: str = NEW, waves: Waves = Waves(), **other: Any) -> Config:  # noqa: B008
    """The operator has this file and wants it everywhere."""
    settings = replace(
        SETTINGS,
        health_reboot=False,
        auto_upgrade=True,
        firmware_file=f"/srv/firmware/{version}.swu",
        firmware_sha256="0" * 64,
        **other,
    )
    return replace(CONFIG, settings=settings, waves=waves)


def versions(world: World) -> list[str]:
    return [dragon.firmware.version for dragon in world.dragons]


def uploads(world: World) -> list[float]:
    return sorted(w.at for d in world.dragons for w in d.writes if w.path == UPLOAD)


def minded(config: Config, hours: float, **plan: Any) -> World:
    world = World(config=config, **plan)
    world.daemon.start()
    world.ether.run(hours * HOUR)
    return world


def test_one_miner_is_upgraded_first_then_five_at_a_time_and_each_is_verified() -> None:
    world = minded(upgrading(), 3.0, miners=13)
    assert set(versions(world)) == {NEW}
    times = uploads(world)
    assert len(times) == 13
    groups = [sum(abs(at - wave) < 30 for at in times) for wave in dict.fromkeys(times)]
    assert groups[0] == 1
    assert max(groups) == 5
    told = world.daemon.ear.of(EventKind.UPGRADED)
    assert len(told) == 13
    assert NEW in told[0].text
    assert told[0].at - times[0] < 300.0


def test_firmware_that_bricks_reaches_one_miner_only() -> None:
    world = minded(upgrading(), 6.0, miners=12, bricking=(NEW,))
    assert len(uploads(world)) == 1
    (told,) = world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)
    assert "does not answer" in told.text
    assert sum(dragon.present for dragon in world.dragons) == 11
    assert world.daemon.desk.progress()["settled"]


def test_firmware_that_never_mines_again_reaches_one_miner_only() -> None:
    world = minded(upgrading(), 6.0, miners=12, failing=(NEW,))
    assert len(uploads(world)) == 1
    assert len(world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)) == 1


def test_two_miners_in_a_row_that_fail_halt_the_rollout() -> None:
    world = World(config=upgrading(), miners=20)
    world.daemon.start()
    world.ether.until(lambda: world.daemon.ear.of(EventKind.UPGRADED), 2 * HOUR)
    for dragon in world.dragons:
        if dragon.firmware.version == OLD:
            dragon.builds = replace(dragon.builds, bricking=frozenset({NEW}))
    world.ether.run(6 * HOUR)
    assert len(uploads(world)) == 6
    assert "in a row" in world.daemon.ear.texts(EventKind.ROLLOUT_STOPPED)[0]


@pytest.mark.parametrize("version", ["t1_20170101_000000", OLD])
def test_firmware_is_never_put_back(version: str) -> None:
    world = minded(upgrading(version), 2.0, miners=3)
    assert uploads(world) == []
    assert world.daemon.desk.plan()["items"] == ()


def test_firmware_of_another_model_is_not_for_this_one() -> None:
    world = minded(upgrading("t2_20190101_000000"), 2.0, miners=3)
    assert uploads(world) == []
    assert set(versions(world)) == {OLD}


def test_a_miner_that_keeps_its_old_firmware_is_told() -> None:
    world = World(config=upgrading(), miners=4)
    for dragon in world.dragons:
        again = lambda *_, one=dragon: Dragon.reboot(one)  # noqa: E731  # the old one boots
        dragon.reboot = again  # type: ignore[method-assign]  # it says yes and lies
    world.daemon.start()
    world.ether.run(3 * HOUR)
    assert len(uploads(world)) == 1
    assert f"it runs {OLD}, not {NEW}" in world.daemon.ear.texts(EventKind.ROLLOUT_STOPPED)[0]


def test_a_file_that_is_refused_is_written_to_nobody_and_reported() -> None:
    world = World(config=upgrading(), miners=2)
    world.daemon.shelf.refused = "the digest of /srv/firmware differs: fetch it again"
    world.daemon.start()
    world.ether.run(HOUR)
    assert uploads(world) == []
    assert "digest" in world.daemon.ear.texts(EventKind.WISH_FAILED)[0]
    assert {item["status"] for item in world.daemon.desk.plan()["items"]} == {"backing off"}
    told = [e for e in world.daemon.ear.of(EventKind.WISH_FAILED) if e.content["first"]]
    assert len(told) == 2


def test_the_makers_own_offer_is_taken_where_no_file_is_named() -> None:
    config = upgrading()
    settings = replace(config.settings, firmware_file=None, firmware_sha256=None)
    world = minded(replace(config, settings=settings), 2.0, miners=2, newest_firmware=NEW)
    assert set(versions(world)) == {NEW}
    asked = [dragon.requests["/api/getLatestFirmwareVersion"] for dragon in world.dragons]
    assert max(asked) <= 2


def test_a_maker_that_offers_nothing_newer_is_asked_once_a_day() -> None:
    config = upgrading()
    settings = replace(config.settings, firmware_file=None, firmware_sha256=None)
    world = minded(replace(config, settings=settings), 12.0, miners=2)
    assert uploads(world) == []
    assert [dragon.requests["/api/getLatestFirmwareVersion"] for dragon in world.dragons] == [1, 1]


def test_a_miner_that_is_being_flashed_is_rebooted_by_nobody() -> None:
    world = World(config=upgrading())
    world.daemon.start()
    world.ether.until(lambda: uploads(world), HOUR)
    entry = world.daemon.entry(world.dragon)
    answer = world.daemon.do(world.daemon.desk.order(entry.worker, "reboot", {}, "ann", False))
    assert answer["result"] == "denied"
    assert "firmware is being written" in answer["text"]


def test_firmware_that_was_never_sent_when_the_daemon_was_killed_is_no_failure() -> None:
    config = upgrading()
    world = World(config=config, miners=3)
    world.adopted()
    entry = world.daemon.entry(world.dragons[0])
    world.daemon.flights.launch(entry, world.daemon.survey.aspects(entry), NEW)
    world.daemon.memory.save()
    world.daemon = world.another(config)
    world.daemon.start()
    world.ether.run(20 * MINUTE)
    assert uploads(world) == []  # it may be flashing: nobody else before that is known
    world.ether.run(2 * HOUR)
    assert set(versions(world)) == {NEW}
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED, EventKind.WISH_FAILED)


@pytest.mark.parametrize("moment", [0.0, 5.0])
def test_a_daemon_killed_while_a_miner_is_flashed_does_not_send_it_again(moment: float) -> None:
    config = upgrading()
    world = World(config=config, miners=3)
    world.daemon.start()
    world.ether.until(lambda: uploads(world), HOUR)
    world.ether.run(moment)
    world.daemon.halt()
    world.daemon = world.another(config)
    world.daemon.start()
    world.ether.run(2 * HOUR)
    assert len(uploads(world)) == 3
    assert set(versions(world)) == {NEW}
    assert Firmware(NEW).modern
    assert world.ether.seconds() > MINUTE
