"""Orders by hand: typed, checked, sent through the door, and told as they went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mother.control.calls import ARGS
from mother.core.model import CommandKind, EventKind
from mother.fleet.undertaken import Flight
from tests.desk.asking import (
    LOGIN,
    POOLS,
    REBOOT,
    SET_POOLS,
    entries,
    minded,
    order,
    paths,
    running,
    settle,
    urls,
    wishing,
)
from tests.fleet.world import HOUR, MINUTE, World

STATIC = {
    "dhcp": False,
    "address": "127.78.0.40",
    "netmask": "255.255.255.192",
    "gateway": "127.78.0.62",
    "dns": ["127.78.0.62", "127.78.0.61"],
}
NEW = "t1_20190101_000000"
SHA = "0" * 64
BY_HAND = [kind for kind in CommandKind if kind.value in ARGS]


def plain(**plan: Any) -> World:
    """A farm of which nothing is wished."""
    return minded(wishing(()), **plan)


@pytest.mark.parametrize(
    ("kind", "path", "done"),
    [
        ("reboot", REBOOT, "was rebooted"),
        ("restart_mining", "/api/restartCgMiner", "had its mining program restarted"),
        ("factory_reset", "/api/factoryReset", "was reset to the factory's settings"),
        ("power_off", "/api/poweroff", "was powered off"),
    ],
)
def test_an_order_reaches_the_miner_and_is_answered_in_a_sentence(
    kind: str, path: str, done: str
) -> None:
    world = plain()
    (entry,) = entries(world)
    assert order(world, kind) == {
        "result": "done",
        "text": f"{entry.worker} at 127.78.0.1 {done}.",
        "worker": entry.worker,
    }
    assert paths(world) == [path]
    (audit,) = world.daemon.ear.of(EventKind.AUDIT)
    assert audit.content["actor"] == "ann"
    assert audit.content["kind"] == kind


@pytest.mark.parametrize("name", ["worker", "mac", "address"])
def test_a_miner_is_ordered_by_any_of_its_names(name: str) -> None:
    world = plain(miners=3)
    entry = entries(world)[1]
    assert order(world, "reboot", miner=str(getattr(entry, name)).upper())["result"] == "done"
    assert list(world.writes()) == [entry.mac]


def test_who_is_not_known_and_what_is_not_known_is_refused() -> None:
    world = plain()
    with pytest.raises(LookupError, match="no miner nobody is known here"):
        order(world, "reboot", miner="nobody")
    with pytest.raises(LookupError, match="no miner all is known here"):
        order(world, "reboot", miner="all")
    with pytest.raises(ValueError, match="dance"):
        order(world, "dance")
    assert paths(world) == []


def test_a_family_without_a_light_says_so() -> None:
    world = plain()
    told = order(world, "locate", {"on": True})
    assert (told["result"], told["text"]) == ("denied", "no dragonmint can do that")


def test_a_dry_run_sends_no_order_and_says_so() -> None:
    world = plain()
    world.daemon.change(dry_run=True)
    for kind, args in (("reboot", {}), ("set_network", STATIC), ("factory_reset", {})):
        told = order(world, kind, args)
        assert told["result"] == "dry-run"
        assert told["text"].startswith("dry run: would ")
    assert paths(world) == []


def test_two_orders_of_the_same_kind_are_two_orders() -> None:
    world = plain()
    for _ in range(2):
        assert order(world, "restart_mining")["result"] == "done"
    assert len(paths(world)) == 2


def test_a_miner_that_does_not_answer_fails_the_order_with_a_sentence() -> None:
    world = plain()
    world.dragon.vanish()
    world.ether.run()
    told = order(world, "reboot")
    assert told["result"] == "failed"
    assert told["text"]


def test_a_reboot_by_hand_is_not_counted_against_the_miner() -> None:
    world = plain()
    (entry,) = entries(world)
    for _ in range(3):
        assert order(world, "reboot")["result"] == "done"
        world.ether.run(5 * MINUTE)
    record = world.daemon.memory.device(entry.id).record
    assert (record.reboots, record.left) == (0, False)
    assert record.rebooted is not None


# network


def test_a_static_network_moves_the_miner_and_what_we_know_of_it() -> None:
    world = plain()
    (entry,) = entries(world)
    assert order(world, "set_network", STATIC)["result"] == "done"
    world.ether.run(10.0)
    assert world.dragon.host == "127.78.0.40"
    assert str(entry.address) == "127.78.0.40"
    assert world.daemon.poll(entry)
    assert len(world.daemon.ear.of(EventKind.MOVED)) == 1
    assert "network: as it is -> static 127.78.0.40" in world.daemon.ear.texts(EventKind.ORDERED)[0]


def test_a_miner_goes_back_to_dhcp() -> None:
    world = plain()
    order(world, "set_network", STATIC)
    world.ether.run(10.0)
    assert order(world, "set_network", {"dhcp": True})["result"] == "done"
    world.daemon.scan_once()
    assert world.dragon.host == "127.78.0.1"
    assert str(entries(world)[0].address) == "127.78.0.1"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"gateway": "10.0.0.1"}, "not in the network"),
        ({"dns": ["127.78.0.62"]}, "two DNS servers"),
        ({"dns": []}, "two DNS servers"),
        ({"netmask": "255.0.255.0"}, "netmask"),
        ({"address": "here"}, "no IPv4 address"),
    ],
)
def test_a_network_in_which_the_miner_would_be_lost_is_never_sent(
    wrong: dict[str, Any], why: str
) -> None:
    world = plain()
    told = order(world, "set_network", {**STATIC, **wrong})
    assert told["result"] == "denied"
    assert why in told["text"]
    assert paths(world) == []


# logins


def test_a_login_that_is_configured_may_be_set_and_is_used_from_then_on() -> None:
    world = plain()
    (entry,) = entries(world)
    told = order(world, "set_password", {"username": "admin", "password": LOGIN})
    assert told["result"] == "done"
    assert world.dragon.access.passwords["admin"] == LOGIN
    world.dragon.access.booted(7)
    assert world.daemon.poll(entry)
    daemon = world.restart()
    daemon.scan_once()
    assert daemon.poll(daemon.entry(world.dragon))


def test_a_login_that_is_not_configured_is_refused_since_nobody_could_log_in_any_more() -> None:
    world = plain()
    with pytest.raises(PermissionError, match="that login is not among `credentials`"):
        order(world, "set_password", {"username": "admin", "password": "elsewhere"})
    with pytest.raises(PermissionError, match="that login is not among `credentials`"):
        order(world, "set_password", {"username": "root", "password": LOGIN})
    assert paths(world) == []


def test_a_login_is_never_told() -> None:
    world = plain()
    told = order(world, "set_password", {"username": "admin", "password": LOGIN})
    assert LOGIN not in repr(told)
    assert LOGIN not in repr(world.daemon.ear.events)


# firmware


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
    told = upgrade(world)
    assert told["result"] == "denied"
    assert told["text"].startswith("a crash in the middle would be forgotten: ")
    assert paths(world) == []


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


# what comes after


def test_a_miner_that_was_reset_gets_its_wish_again() -> None:
    world = running()
    assert order(world, "factory_reset")["result"] == "done"
    world.ether.run(5.0)
    assert world.dragon.pools is None
    settle(world)
    world.ether.run(HOUR)
    assert urls(world.dragon) == [POOLS[0].url]
    assert paths(world).count(SET_POOLS) == 2


def test_a_miner_that_was_powered_off_is_left_alone_until_it_is_back() -> None:
    world = running()
    order(world, "power_off")
    world.ether.run(3 * HOUR)
    assert paths(world)[-1] == "/api/poweroff"
    world.dragon.come_back()
    world.ether.run(HOUR)
    assert world.daemon.desk.progress()["reached"] == 1


@pytest.mark.parametrize("kind", BY_HAND)
def test_every_kind_of_order_ends_in_an_answer_or_a_sentence(kind: CommandKind) -> None:
    world = plain()
    args: dict[str, dict[str, Any]] = {
        "set_network": STATIC,
        "set_password": {"username": "admin", "password": LOGIN},
        "upgrade": {"path": f"/srv/{NEW}.swu", "sha256": SHA},
    }
    told = order(world, kind.value, args.get(kind.value))
    assert told["result"] == ("denied" if kind is CommandKind.LOCATE else "done")
    assert told["text"]
