"""Orders by hand: typed, checked, sent through the door, and told as they went."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.control.bodies import ARGS
from mother.core.model import CommandKind, Credential, EventKind
from mother.core.reading import Pool
from tests.desk.asking import (
    LOGIN,
    POOLS,
    REBOOT,
    SET_POOLS,
    entries,
    order,
    paths,
    plain,
    running,
    settle,
    urls,
)
from tests.fleet.toy import Playroom
from tests.fleet.world import HOUR, MINUTE

STATIC = {
    "dhcp": False,
    "address": "127.78.0.40",
    "netmask": "255.255.255.192",
    "gateway": "127.78.0.62",
    "dns": ["127.78.0.62", "127.78.0.61"],
}
BY_HAND = [kind for kind in CommandKind if kind.value in ARGS]


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
    assert told["result"] == "denied"
    assert "cannot show where it stands" in told["text"]
    assert world.dragon.mac in told["text"]


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


def test_a_login_that_is_not_configured_is_kept_and_still_good_after_a_restart() -> None:
    world = plain()
    told = order(world, "set_password", {"username": "admin", "password": "elsewhere"})
    assert told["result"] == "done"
    (entry,) = entries(world)
    assert entry.device.credential == Credential("admin", "elsewhere")
    world.restart().scan_once()
    (entry,) = entries(world)
    assert entry.device.credential == Credential("admin", "elsewhere")


def test_a_login_is_never_told() -> None:
    world = plain()
    told = order(world, "set_password", {"username": "admin", "password": LOGIN})
    assert LOGIN not in repr(told)
    assert LOGIN not in repr(world.daemon.ear.events)


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
        "upgrade": {"path": "/srv/t1_20190101_000000.swu", "sha256": "0" * 64},
        "set_power": {"watts": 3000.0},
        "set_frequency": {"frequency": 500.0, "voltage": None},
        "set_profile": {"profile": "efficient", "level": None},
        "set_pools": {"pools": [{"url": POOLS[0].url, "username": "ann", "password": "x"}]},
    }
    told = order(world, kind.value, args.get(kind.value))
    can = kind in entries(world)[0].family.capabilities
    assert told["result"] == ("done" if can else "denied")
    assert told["text"]


# many


def test_of_many_no_more_restart_at_once_than_may() -> None:
    world = plain(miners=3)
    world.daemon.change(waves=replace(world.daemon.config.waves, restarts_at_once=2))
    results = [
        order(world, "reboot", miner=entry.mac, in_turn=True)["result"] for entry in entries(world)
    ]
    assert results == ["done", "done", "later"]
    world.ether.run(20 * MINUTE)
    world.daemon.sweep()
    assert order(world, "reboot", miner=entries(world)[2].mac, in_turn=True)["result"] == "done"


def test_of_a_scope_it_is_told_who_would_not_take_the_order() -> None:
    world = plain(miners=2)
    first, second = entries(world)
    world.daemon.desk.hold(second.mac, None, "fans", "ann")
    world.dragon.vanish()
    world.ether.run()
    for _ in range(2):
        world.daemon.poll(first)
    gone, held = world.daemon.desk.covered("all", "reboot")["miners"]
    if gone["mac"] != first.mac:
        gone, held = held, gone
    assert gone["cannot"].startswith("it is gone")
    assert (held["cannot"], "fans" in held["held"]) == ("", True)
    cannot = {one["cannot"] for one in world.daemon.desk.covered("all", "pause")["miners"]}
    assert cannot == {"no dragonmint can do that"}


def test_pools_by_hand_have_the_workers_name_and_are_no_secret() -> None:
    world = plain()
    (entry,) = entries(world)
    pools = [{"url": POOLS[0].url, "username": "ann", "password": LOGIN}]
    assert order(world, "set_pools", {"pools": pools})["result"] == "done"
    assert [pool.user for pool in world.dragon.pools or ()] == [f"ann.{entry.worker}"]
    assert LOGIN not in repr(world.daemon.ear.events)
    with pytest.raises(ValueError, match="a dragonmint takes 3 at most"):
        order(world, "set_pools", {"pools": pools * 4})


@pytest.mark.parametrize(("template", "name"), [(None, "rack-7"), ("{mac8}", "toy-50")])
def test_pools_by_hand_keep_the_workers_name_that_is_found_unless_a_template_is_set(
    template: str | None, name: str
) -> None:
    room = Playroom()
    room.daemon.change(worker_template=template)
    assert room.entry.reading is not None
    found = (Pool(0, "stratum+tcp://fee:1", "maker.x", fee=True), Pool(1, "a:1", "old.rack-7"))
    room.entry.reading = replace(room.entry.reading, pools=found)
    pools = [{"url": POOLS[0].url, "username": "ann", "password": "x"}]
    asked = room.daemon.desk.order("toy-50", "set_pools", {"pools": pools}, "ann", False)
    assert room.daemon.do(asked)["result"] == "done"
    assert [pool.user for pool in room.box.settings.pools or ()] == [f"ann.{name}"]


def test_the_same_pools_are_for_nobody_where_miners_hash_different_things() -> None:
    world = plain(miners=2)
    one, two = entries(world)
    asked = world.daemon.desk.covered
    assert {row["cannot"] for row in asked("all", "set_pools")["miners"]} == {""}
    two.description = replace(two.description, algorithm="Scrypt")
    why = "these hash scrypt and sha256d: name only those that hash the same"
    assert {row["cannot"] for row in asked("all", "set_pools")["miners"]} == {why}
    assert {row["cannot"] for row in asked("all", "reboot")["miners"]} == {""}
    assert {row["cannot"] for row in asked(one.worker, "set_pools")["miners"]} == {""}


def test_a_profile_that_the_family_has_not_is_refused_with_those_it_has() -> None:
    world = plain()
    with pytest.raises(ValueError, match="a dragonmint has the profiles efficient"):
        order(world, "set_profile", {"profile": "turbo", "level": None})
    assert paths(world) == []
