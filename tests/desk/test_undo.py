"""Undo puts back what was there before our last write, and what was undone stays so."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.model import CommandKind, EventKind, Severity
from mother.fleet.roster import Entry
from mother.sim.faults import Fault
from tests.desk.asking import (
    DEAD,
    OTHER,
    POOLS,
    SECRET,
    SET_POOLS,
    as_json,
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


def undo(world: World, target: str, preview: bool = False, despite_hold: bool = False) -> Any:
    return world.daemon.desk.undo(target, "ann", preview, despite_hold)


def pools_of(world: World) -> list[Any]:
    return [dragon.pools for dragon in world.dragons]


def changed(world: World) -> list[Any]:
    """Everybody gets the wish; what the pools were before."""
    before = pools_of(world)
    world.daemon.start()
    settle(world)
    assert all(urls(dragon) == [POOLS[0].url] for dragon in world.dragons)
    return before


def test_undo_puts_back_what_was_there() -> None:
    world = World(config=wishing(autotune_mode="efficient"))
    before = changed(world)
    told = undo(world, entries(world)[0].worker)
    assert told["text"] == "The last write is put back on 1 miner."
    settle(world)
    assert pools_of(world) == before
    assert world.dragon.autotune.mode(world.dragon.firmware) == "balanced"
    (event,) = world.daemon.ear.of(EventKind.UNDONE)
    assert event.severity is Severity.INFO
    assert "is as before our last write" in event.text
    assert f"{POOLS[0].url} as ann." in event.text
    assert "profile: efficient -> balanced" in event.text


def test_a_preview_says_what_would_be_put_back_and_changes_nothing() -> None:
    world = World(config=wishing())
    changed(world)
    entry = entries(world)[0]
    told = as_json(undo(world, entry.worker, preview=True))
    assert told["miners"] == 1
    first = told["items"][0]
    assert (first["worker"], first["mac"], first["setting"]) == (
        entry.worker,
        entry.mac,
        "pools[0]",
    )
    assert first["old"] == f"{POOLS[0].url} as ann.{entry.worker}"
    assert (first["status"], first["restarts"]) == ("ready", True)
    writes = len(paths(world))
    world.ether.run(HOUR)
    assert len(paths(world)) == writes
    assert as_json(undo(world, entry.worker, preview=True)) == told


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_undone_is_not_set_again_until_a_person_applies_it(restart: bool) -> None:
    world = World(config=wishing())
    before = changed(world)
    worker = entries(world)[0].worker
    undo(world, worker)
    settle(world)
    if restart:
        world.restart().start()
    world.ether.run(6 * HOUR)
    assert pools_of(world) == before
    plan = as_json(world.daemon.desk.plan())
    assert {item["status"] for item in plan["items"]} == {"undone"}
    assert plan["items"][0]["why"] == f"`mother apply {worker}` sets it again"
    assert plan["restarts"] == 0
    world.daemon.desk.apply("all", "ann")
    world.ether.run(HOUR)
    assert pools_of(world) == before
    assert world.daemon.desk.apply(worker, "ann")["miners"] == 1
    settle(world)
    assert urls(world.dragon) == [POOLS[0].url]


def test_another_wish_is_written_although_the_last_one_was_undone() -> None:
    world = World(config=wishing())
    changed(world)
    undo(world, world.dragon.mac)
    settle(world)
    world.daemon.change(settings=wishing(OTHER).settings)
    settle(world)
    assert urls(world.dragon) == [OTHER[0].url]


def test_the_last_change_is_undone_on_all_who_got_it_and_on_nobody_else() -> None:
    world = World(config=wishing(), miners=9)
    first = changed(world)
    world.ether.run(HOUR)
    second_half = tuple(dragon.mac for dragon in world.dragons[4:])
    mine = dict.fromkeys(second_half, OTHER)
    world.daemon.change(pools_by_mac=mine)
    settle(world)
    assert [urls(one) == [OTHER[0].url] for one in world.dragons] == [False] * 4 + [True] * 5
    assert undo(world, "last", preview=True)["miners"] == 5
    assert undo(world, "LAST")["miners"] == 5
    settle(world)
    assert all(urls(dragon) == [POOLS[0].url] for dragon in world.dragons)
    assert first != pools_of(world)


def test_an_undo_of_a_farm_keeps_to_the_limit_of_restarts() -> None:
    config = wishing()
    world = World(config=config, miners=12)
    before = changed(world)
    world.daemon.change(waves=replace(config.waves, restarts_at_once=3))
    undo(world, "last")
    most = 0
    for _ in range(120):
        world.ether.run(10.0)
        most = max(most, sum(not dragon.ready for dragon in world.dragons))
    assert most == 3
    assert pools_of(world) == before


def test_what_is_held_is_left_out_but_for_who_says_so() -> None:
    world = World(config=wishing(), miners=3)
    before = changed(world)
    world.daemon.desk.hold("127.78.0.2", None, "fans", "bob")
    told = undo(world, "last")
    assert told["miners"] == 2
    assert [one["status"] for one in told["items"]].count("held") == len(before[1])
    settle(world)
    assert pools_of(world) == [before[0], pools_of(world)[1], before[2]]
    assert urls(world.dragons[1]) == [POOLS[0].url]
    assert undo(world, world.dragons[1].mac, despite_hold=True)["miners"] == 1
    settle(world)
    assert pools_of(world) == before


def test_an_undo_of_the_miner_that_tries_a_change_ends_the_trial() -> None:
    world = World(config=wishing(DEAD), miners=4)
    before = pools_of(world)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    world.ether.run(MINUTE)
    canary = next(dragon for dragon in world.dragons if dragon.writes)
    world.daemon.change(settings=wishing(()).settings)
    undo(world, canary.mac)
    settle(world)
    assert pools_of(world) == before
    assert not world.daemon.flights.all()
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)


def test_nobody_else_gets_what_a_person_has_just_undone() -> None:
    world = World(config=wishing(DEAD), miners=4)
    before = pools_of(world)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    world.ether.run(MINUTE)
    undo(world, "last")
    world.ether.run(3 * HOUR)
    assert pools_of(world) == before
    assert paths(world) == [SET_POOLS] * 2


def test_what_was_never_written_cannot_be_undone() -> None:
    world = minded(wishing(()))
    with pytest.raises(LookupError, match="nothing of ours is to be undone on dragon-"):
        undo(world, world.dragon.mac)
    with pytest.raises(LookupError, match="nothing of ours is to be undone"):
        undo(world, "last")
    with pytest.raises(LookupError, match="no miner nobody is known"):
        undo(world, "nobody")


def test_a_reset_cannot_be_undone_and_nothing_older_is_put_back() -> None:
    world = running()
    order(world, "factory_reset")
    assert world.daemon.setups.of(entries(world)[0].id).before
    with pytest.raises(PermissionError, match=r"\(factory_reset\) cannot be undone"):
        undo(world, world.dragon.mac)


def test_an_undo_waits_for_a_miner_that_does_not_answer() -> None:
    world = World(config=wishing())
    before = changed(world)
    world.dragon.vanish(HOUR)
    world.ether.run(5 * MINUTE)
    undo(world, world.dragon.mac)
    world.ether.run(20 * MINUTE)
    assert world.daemon.desk.progress()["undoing"] == 1
    world.ether.run(2 * HOUR)
    assert pools_of(world) == before
    assert world.daemon.desk.progress()["undoing"] == 0


def test_what_could_not_be_put_back_is_told_and_can_be_tried_again() -> None:
    world = World(config=wishing())
    before = changed(world)
    world.dragon.fault = Fault.HTTP_500
    entry = entries(world)[0]
    undo(world, entry.worker)
    world.ether.run(MINUTE)
    (event,) = world.daemon.ear.of(EventKind.UNDONE)
    assert event.severity is Severity.ERROR
    assert "is not as before our last write" in event.text
    assert "set_pools could not be put back: " in event.text
    world.dragon.fault = Fault.NONE
    world.ether.run(HOUR)
    undo(world, entry.worker)
    settle(world)
    assert pools_of(world) == before


def test_an_undo_goes_on_after_a_restart() -> None:
    world = World(config=wishing())
    before = changed(world)
    undo(world, world.dragon.mac)
    world.restart().start()
    settle(world)
    assert pools_of(world) == before


def test_a_preview_after_a_restart_shows_what_would_be_put_back() -> None:
    world = World(config=wishing())
    changed(world)
    daemon = world.restart()
    daemon.change(settings=wishing(()).settings)
    daemon.scan_once()
    world.do_survey()
    told = undo(world, world.dragon.mac, preview=True)
    assert told["miners"] == 1
    assert [one["setting"] for one in told["items"]]


def test_a_dry_run_undoes_nothing_and_says_so() -> None:
    world = World(config=wishing())
    changed(world)
    world.daemon.change(dry_run=True)
    told = undo(world, world.dragon.mac)
    world.ether.run(HOUR)
    assert urls(world.dragon) == [POOLS[0].url]
    assert "dry run" in told["text"].lower()
    assert world.daemon.setups.of(owner(world).id).left_alone == ()
    world.daemon.change(dry_run=False)
    world.ether.run(HOUR)
    assert urls(world.dragon) == [POOLS[0].url]


def test_an_undo_and_its_writes_are_audited_with_who_asked() -> None:
    world = World(config=wishing())
    changed(world)
    undo(world, world.dragon.mac)
    settle(world)
    actors = [event.content["actor"] for event in world.daemon.ear.of(EventKind.AUDIT)]
    assert actors == ["configure", "ann", "ann"]
    assert SECRET not in repr(world.daemon.ear.events)


def test_an_undone_network_goes_back_to_where_it_was() -> None:
    world = World(config=wishing(()))
    world.daemon.start()
    world.ether.run(5 * MINUTE)
    static = {
        "dhcp": False,
        "address": "127.78.0.40",
        "netmask": "255.255.255.192",
        "gateway": "127.78.0.62",
        "dns": ["127.78.0.62", "127.78.0.61"],
    }
    assert order(world, "set_network", static)["result"] == "done"
    world.ether.run(10.0)
    assert str(entries(world)[0].address) == "127.78.0.40"
    told = undo(world, "last")
    assert [(one["setting"], one["new"]) for one in told["items"]] == [("network", "dhcp")]
    settle(world)
    assert world.dragon.host == "127.78.0.1"
    assert str(entries(world)[0].address) == "127.78.0.1"


def owner(world: World) -> Entry:
    return entries(world)[0]


def test_a_write_that_was_undone_cannot_be_undone_twice() -> None:
    world = World(config=wishing())
    changed(world)
    undo(world, world.dragon.mac)
    settle(world)
    assert world.daemon.setups.of(owner(world).id).before == ()
    with pytest.raises(LookupError):
        undo(world, "last")


def test_the_last_order_by_hand_is_undone_alone() -> None:
    world = World(config=wishing(), miners=2)
    changed(world)
    world.ether.run(MINUTE)
    for place, dragon in enumerate(world.dragons):
        static = {
            "dhcp": False,
            "address": f"127.78.0.4{place}",
            "netmask": "255.255.255.192",
            "gateway": "127.78.0.62",
            "dns": ["127.78.0.62", "127.78.0.61"],
        }
        assert order(world, "set_network", static, miner=dragon.mac)["result"] == "done"
        world.ether.run(MINUTE)
    told = undo(world, "last", preview=True)
    last = entries(world)[1]
    assert [(one["worker"], one["setting"]) for one in told["items"]] == [(last.worker, "network")]
    assert world.daemon.setups.of(last.id).before[0].kind is CommandKind.SET_NETWORK
