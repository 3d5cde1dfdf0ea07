"""Firmware by hand: typed, checked, sent through the door, and watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.model import EventKind
from mother.fleet.undertaken import Flight
from tests.desk.asking import (
    REBOOT,
    entries,
    order,
    paths,
    plain,
    running,
    wishing,
)
from tests.fleet.world import HOUR, World

NEW = "t1_20190101_000000"
SHA = "0" * 64


def upgrade(world: World, name: str = NEW + ".swu", **what: Any) -> Any:
    args = what.pop("args", {"path": f"/srv/{name}", "sha256": SHA})
    return order(world, "upgrade", args, **what)


def test_firmware_by_hand_is_sent_and_watched_until_the_miner_hashes_with_it() -> None:
    world = running(wishing(()))
    assert upgrade(world)["result"] == "done"
    (entry,) = entries(world)
    assert world.daemon.setups.of(entry.id).flight is not None
    world.ether.run(HOUR)
    assert world.dragon.firmware.version == NEW
    assert world.daemon.setups.of(entry.id).flight is None
    (told,) = world.daemon.ear.texts(EventKind.UPGRADED)
    assert told == f"{entry.worker} at 127.78.0.1 came back hashing with firmware {NEW}"


FULL = "No space left on device"


def test_firmware_that_could_not_be_remembered_is_not_sent() -> None:
    world = running(wishing(()))
    world.daemon.disk.full = FULL
    told = upgrade(world)
    assert told["result"] == "denied"
    assert told["text"].startswith("a crash in the middle would be forgotten: ")
    assert told["text"].endswith(f"state.json cannot be written: {FULL}")
    assert paths(world) == []


def test_firmware_whose_beginning_cannot_be_remembered_is_not_sent() -> None:
    world = running(wishing(()))
    write, disk = world.daemon.disk.write, world.daemon.disk

    def fill(path: Path, content: bytes, mode: int = 0o600) -> None:
        """The disk turns out to be full at the last write before the order."""
        disk.full = FULL
        write(path, content, mode)

    disk.write = fill  # type: ignore[method-assign]  # this disk is the test's own
    (entry,) = entries(world)
    before = world.daemon.setups.of(entry.id)
    told = upgrade(world)
    assert told["result"] == "denied"
    assert told["text"].startswith("a crash in the middle would be forgotten: ")
    assert paths(world) == []
    assert world.daemon.setups.of(entry.id) == before
    assert not world.daemon.setups.restarting()


def test_what_can_do_no_harm_when_forgotten_is_done_on_a_full_disk_too() -> None:
    world = running(wishing(()))
    world.daemon.disk.full = FULL
    assert order(world, "reboot")["result"] == "done"


def test_a_full_disk_shows_in_the_status() -> None:
    world = running(wishing(()))
    assert world.daemon.desk.status()["trouble"] == ""
    world.daemon.disk.full = FULL
    assert world.daemon.desk.status()["trouble"].endswith(f"state.json cannot be written: {FULL}")
    assert world.daemon.do(world.daemon.desk.kept()) == world.daemon.desk.status()["trouble"]


def test_firmware_that_does_harm_stops_the_rollout_of_the_same_version() -> None:
    world = running(wishing(()), bricking=(NEW,), miners=2)
    upgrade(world)
    world.ether.run(2 * HOUR)
    (stopped,) = world.daemon.desk.progress()["stopped"]
    assert stopped.startswith(f"firmware {NEW} on T1: the first miner to get it failed")
    assert len(world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)) == 1


def test_a_miner_may_fetch_firmware_itself_over_https() -> None:
    world = running(wishing(()))
    url = f"https://files.example/{NEW}.swu?token=1"
    assert upgrade(world, args={"url": url})["result"] == "done"
    assert paths(world) == ["/upgrade/download"]


@pytest.mark.parametrize("scheme", ["http", "ftp", "HTTP"])
def test_firmware_that_anybody_on_the_way_could_swap_is_refused(scheme: str) -> None:
    world = plain()
    with pytest.raises(ValueError, match="only https"):
        upgrade(world, args={"url": f"{scheme}://files.example/{NEW}.swu"})
    assert paths(world) == []


@pytest.mark.parametrize(
    "name", ["t2_20190101_000000.swu", "firmware.swu", f"{NEW}.zip", NEW, "t1_20191332_000000.swu"]
)
def test_what_is_no_firmware_for_the_model_is_refused(name: str) -> None:
    world = plain()
    with pytest.raises(ValueError, match="is no firmware for a T1, as its name tells"):
        upgrade(world, name)
    assert paths(world) == []


@pytest.mark.parametrize("older", [True, False])
def test_firmware_never_goes_back_by_hand_either(older: bool) -> None:
    world = plain()
    name = "t1_20100101_000000" if older else world.dragon.firmware.version
    with pytest.raises(PermissionError, match="never a downgrade"):
        upgrade(world, f"{name}.swu")


def test_firmware_of_unknown_age_is_refused() -> None:
    world = plain()
    (entry,) = entries(world)
    entry.description = replace(entry.description, firmware="whatever")
    with pytest.raises(PermissionError, match="cannot be told from the names"):
        upgrade(world)


def test_a_file_that_the_shelf_refuses_is_not_sent() -> None:
    world = plain()
    world.daemon.shelf.refused = "its SHA-256 is another"
    with pytest.raises(ValueError, match="its SHA-256 is another"):
        upgrade(world)
    assert paths(world) == []
    assert not world.daemon.flights.all()


def test_a_miner_that_was_just_written_to_gets_no_firmware() -> None:
    world = plain()
    (entry,) = entries(world)
    world.daemon.setups.keep(entry.id, flight=Flight(world.daemon.now(), ("pools:T1:1",)))
    with pytest.raises(PermissionError, match="was written to just now: wait until it hashes"):
        upgrade(world)
    assert paths(world) == []


@pytest.mark.parametrize("case", ["held", "dry", "away"])
def test_firmware_that_was_not_sent_leaves_nobody_in_flight(case: str) -> None:
    world = plain()
    (entry,) = entries(world)
    if case == "held":
        world.daemon.desk.hold("all", None, "fans", "bob")
    elif case == "dry":
        world.daemon.change(dry_run=True)
    else:
        world.dragon.vanish()
        world.ether.run()
    result = upgrade(world)["result"]
    assert result == {"held": "denied", "dry": "dry-run", "away": "failed"}[case]
    assert world.daemon.setups.of(entry.id).flight is None
    assert not world.daemon.flights.all()
    assert not any(one.flying for one in world.daemon.setups.undertaken.rollouts.values())


def test_while_firmware_is_written_a_person_cannot_reboot_the_miner() -> None:
    world = running(wishing(()))
    upgrade(world)
    world.ether.run(10.0)
    assert order(world, "reboot")["text"] == "its firmware is being written"
    assert REBOOT not in paths(world)
