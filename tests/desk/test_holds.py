"""Holds: nothing is written by itself to what is held, until its time is over or it is released."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.model import EventKind, Severity
from mother.sim.faults import Fault
from tests.desk.asking import (
    POOLS,
    REBOOT,
    as_json,
    entries,
    minded,
    order,
    paths,
    settle,
    urls,
    wishing,
)
from tests.fleet.world import CONFIG, HOUR, World


def hold(world: World, scope: str, seconds: float | None = None, why: str = "fans") -> Any:
    return world.daemon.desk.hold(scope, seconds, why, "ann")


def covered(world: World) -> list[bool]:
    return [bool(world.daemon.setups.held(entry)) for entry in entries(world)]


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("all", [True, True, True]),
        ("model:T1", [True, True, True]),
        ("model:T2", [False, False, False]),
        ("127.78.0.0/31", [True, False, False]),
        ("127.78.0.2-127.78.0.9", [False, True, True]),
        ("127.78.0.3", [False, False, True]),
    ],
)
def test_a_hold_covers_what_it_names(scope: str, wanted: list[bool]) -> None:
    world = minded(miners=3)
    told = hold(world, scope, 4 * HOUR)
    assert covered(world) == wanted
    assert told["miners"] == sum(wanted)
    assert told["text"].startswith(f"{scope} is held until ")
    (event,) = world.daemon.ear.of(EventKind.HELD)
    assert event.severity is Severity.WARNING
    assert event.content["actor"] == "ann"
    assert event.text.endswith(": fans")


def test_a_miner_is_held_by_any_of_its_names_and_stays_held_when_it_moves() -> None:
    world = minded(miners=4)
    for name in (lambda e: e.worker, lambda e: e.mac.replace(":", "-"), lambda e: str(e.address)):
        entry = entries(world)[1]
        hold(world, name(entry))
        world.farm.deal_addresses_anew()
        world.ether.run()
        world.daemon.scan_once()
        assert covered(world) == [False, True, False, False]
        world.daemon.desk.release(entries(world)[1].worker, "ann")
        assert covered(world) == [False] * 4


@pytest.mark.parametrize("scope", ["all", "model:T1", "127.78.0.0/26", "127.78.0.1"])
def test_a_hold_outlives_the_process(scope: str) -> None:
    world = minded()
    hold(world, scope, HOUR)
    daemon = world.another(world.daemon.config)  # the old one is simply gone
    daemon.scan_once()
    entry = daemon.entry(world.dragon)
    assert "by ann: fans" in daemon.setups.held(entry)
    world.ether.run(HOUR)
    assert not daemon.setups.held(entry)


def test_nothing_is_written_to_a_held_farm_and_all_of_it_once_it_is_released() -> None:
    world = World(config=wishing(), miners=4)
    world.daemon.start()
    world.ether.run(1.0)
    hold(world, "all")
    world.ether.run(6 * HOUR)
    assert paths(world) == []
    progress = world.daemon.desk.progress()
    assert (progress["held"], progress["settled"]) == (4, True)
    assert {item["status"] for item in world.daemon.desk.plan()["items"]} == {"held"}
    assert world.daemon.desk.release("all", "bob")["miners"] == 4
    settle(world)
    assert all(urls(dragon) == [POOLS[0].url] for dragon in world.dragons)


def test_a_hold_on_one_miner_keeps_the_others_going() -> None:
    world = World(config=wishing(), miners=3)
    world.daemon.start()
    world.ether.run(1.0)
    hold(world, "127.78.0.2")
    settle(world)
    assert [urls(dragon) == [POOLS[0].url] for dragon in world.dragons] == [True, False, True]


def test_a_miner_that_is_held_and_ill_is_not_rebooted_and_says_why() -> None:
    world = World(config=CONFIG)
    world.daemon.start()
    world.ether.run(1.0)
    hold(world, "all")
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(3 * HOUR)
    (entry,) = entries(world)
    assert paths(world) == []
    assert "Not rebooted: held until released by ann: fans." in entry.because
    world.daemon.desk.release("all", "ann")
    world.ether.run(HOUR)
    assert REBOOT in paths(world)


def test_a_hold_is_shown_everywhere() -> None:
    world = minded(miners=2)
    hold(world, "model:T1", HOUR, "new   fans\n")
    status = as_json(world.daemon.desk.status())
    (row,) = status["holds"]
    now = world.daemon.now()
    assert row == {
        "scope": "model:t1",
        "name": "model:T1",
        "why": "new fans",
        "by": "ann",
        "since": now,
        "until": now + HOUR,
        "miners": 2,
    }
    assert all("by ann: new fans" in miner["held"] for miner in status["miners"])


def test_a_miner_that_is_held_is_shown_by_its_name() -> None:
    world = minded(miners=2)
    hold(world, "127.78.0.2")
    (row,) = as_json(world.daemon.desk.status())["holds"]
    assert (row["name"], row["until"]) == (entries(world)[1].worker, None)
    assert row["scope"] == world.dragons[1].mac


def test_the_same_hold_again_takes_the_place_of_the_first() -> None:
    world = minded()
    hold(world, "all", HOUR)
    hold(world, "ALL", 2 * HOUR, "other")
    (row,) = world.daemon.desk.status()["holds"]
    assert (row["why"], row["until"]) == ("other", world.daemon.now() + 2 * HOUR)


def test_a_release_ends_the_hold_it_names_and_says_who_is_still_held() -> None:
    world = minded(miners=2)
    hold(world, "all")
    hold(world, "127.78.0.0/26")
    told = world.daemon.desk.release("all", "ann")
    assert told["miners"] == 2
    assert world.daemon.desk.status()["holds"] == []
    hold(world, "model:T1")
    hold(world, "127.78.0.1")
    told = world.daemon.desk.release("model:t1", "bob")
    assert told["text"] == "model:t1 is released: 2 miners, 1 of them held by another order."
    assert covered(world) == [True, False]
    assert world.daemon.ear.texts(EventKind.RELEASED)[-1].startswith("bob: model:t1 is released")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_single_miner_is_released_by_its_name_wherever_it_stands(place: int) -> None:
    world = minded(miners=3)
    for dragon in world.dragons:
        hold(world, dragon.mac)
    assert world.daemon.desk.release(entries(world)[place].worker, "ann")["miners"] == 1
    assert covered(world) == [one != place for one in range(3)]


def test_a_release_of_a_network_leaves_the_holds_on_single_miners_in_it() -> None:
    world = minded(miners=3)
    hold(world, "127.78.0.2")
    hold(world, "127.78.0.0/26")
    world.daemon.desk.release("127.78.0.0/26", "ann")
    assert covered(world) == [False, True, False]


def test_a_release_holds_over_a_restart() -> None:
    world = minded()
    hold(world, "all")
    world.daemon.desk.release("all", "ann")
    daemon = world.another(world.daemon.config)
    assert daemon.setups.holds() == ()


@pytest.mark.parametrize("scope", ["all", "127.78.0.1", "model:T1", "nobody"])
def test_what_is_not_held_cannot_be_released(scope: str) -> None:
    world = minded()
    with pytest.raises(LookupError, match="is not held: `mother holds` lists what is"):
        world.daemon.desk.release(scope, "ann")


def test_a_miner_that_is_not_known_cannot_be_held_and_a_bad_network_neither() -> None:
    world = minded()
    with pytest.raises(LookupError, match="no miner nobody is known here"):
        hold(world, "nobody")
    with pytest.raises(ValueError, match="is no network"):
        hold(world, "10.0.0.0/99")
    assert world.daemon.setups.holds() == ()


def test_a_person_may_order_something_despite_the_hold_by_saying_so() -> None:
    world = minded()
    hold(world, "all")
    denied = order(world, "reboot")
    assert denied["result"] == "denied"
    assert denied["text"] == "held until released by ann: fans"
    assert paths(world) == []
    assert order(world, "reboot", despite_hold=True)["result"] == "done"
    assert paths(world) == [REBOOT]


def test_what_is_under_way_when_a_hold_begins_is_watched_to_its_end() -> None:
    world = World(config=wishing(), miners=3)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    hold(world, "all")
    world.ether.run(HOUR)
    assert len(paths(world)) == 1
    progress = world.daemon.desk.progress()
    assert (progress["reached"], progress["held"], progress["under_way"]) == (1, 2, 0)


def test_a_hold_during_a_dry_run_is_not_told_as_something_that_would_be_written() -> None:
    world = World(config=replace(wishing(), dry_run=True))
    world.daemon.start()
    world.ether.run(1.0)
    hold(world, "all")
    before = len(world.daemon.ear.of(EventKind.WOULD_WRITE))
    world.daemon.change(settings=wishing(POOLS * 2).settings)
    world.ether.run(HOUR)
    assert len(world.daemon.ear.of(EventKind.WOULD_WRITE)) == before
