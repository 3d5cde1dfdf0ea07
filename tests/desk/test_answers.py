"""What the desk tells: shapes that others build on, and sums that add up."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.model import EventKind
from mother.sim.faults import Fault
from tests.desk.asking import (
    DEAD,
    OTHER,
    POOLS,
    as_json,
    entries,
    give,
    minded,
    paths,
    running,
    settle,
    wishing,
)
from tests.fleet.world import HOUR, MINUTE, World

ITEM = {
    "device",
    "worker",
    "address",
    "mac",
    "model",
    "setting",
    "old",
    "new",
    "restarts",
    "status",
    "why",
}
STATUSES = {
    "ready",
    "under way",
    "waiting",
    "held",
    "backing off",
    "undone",
    "stopped",
    "disputed",
    "blocked",
}
COUNTS = ("reached", "to_do", "under_way", "waiting", "held", "failed")


def plan(world: World) -> Any:
    return as_json(world.daemon.desk.plan())


def progress(world: World) -> Any:
    return as_json(world.daemon.desk.progress())


def statuses(world: World) -> list[str]:
    return [item["status"] for item in plan(world)["items"] if item["setting"] == "pools[0]"]


def test_a_plan_has_the_shape_that_was_agreed() -> None:
    world = minded(miners=2)
    told = plan(world)
    assert set(told) == {"at", "dry_run", "miners", "restarts", "items", "unread"}
    assert (told["at"], told["dry_run"]) == (world.daemon.now(), False)
    assert (told["miners"], told["restarts"], told["unread"]) == (2, 2, [])
    entry = min(entries(world), key=lambda one: one.worker)
    first = told["items"][0]
    old = first.pop("old")
    assert old.startswith("stratum+tcp://")
    assert first == {
        "device": entry.id,
        "worker": entry.worker,
        "address": str(entry.address),
        "mac": entry.mac,
        "model": "T1",
        "setting": "pools[0]",
        "new": f"{POOLS[0].url} as ann.{entry.worker}",
        "restarts": True,
        "status": "ready",
        "why": "",
    }


def test_a_farm_that_is_as_wished_has_an_empty_plan() -> None:
    world = running(miners=3)
    told = plan(world)
    assert (told["items"], told["unread"], told["miners"], told["restarts"]) == ([], [], 0, 0)


def test_a_miner_with_several_differences_counts_once() -> None:
    world = minded(wishing(autotune_mode="efficient"))
    told = plan(world)
    assert {item["setting"] for item in told["items"]} == {"pools[0]", "pools[1]", "profile"}
    assert (told["miners"], told["restarts"]) == (1, 1)


def test_whose_settings_are_not_known_is_listed_with_why() -> None:
    world = World(config=wishing(), miners=2)
    world.adopted()
    (asked, other) = entries(world)
    assert {row["why"] for row in plan(world)["unread"]} == {"it was not asked yet"}
    world.dragons[1].fault = Fault.HTTP_500
    world.do_survey()
    (row,) = plan(world)["unread"]
    assert set(row) == {"worker", "address", "why"}
    assert (row["worker"], row["address"]) == (other.worker, str(other.address))
    assert row["why"]
    assert {item["device"] for item in plan(world)["items"]} == {asked.id}


def test_who_cannot_be_read_any_more_is_not_compared_with_what_was_read_long_ago() -> None:
    world = minded()
    assert plan(world)["miners"] == 1
    world.dragon.fault = Fault.HTTP_500
    world.daemon.desk.apply("all", "ann")
    world.do_survey()
    told = plan(world)
    assert (told["items"], len(told["unread"])) == ([], 1)
    assert progress(world)["failed"] == 1


def test_while_the_first_miner_tries_a_change_the_others_wait_for_it() -> None:
    world = World(config=wishing(), miners=3)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    world.ether.run(MINUTE)
    told = plan(world)
    assert {(item["status"], item["why"]) for item in told["items"]} == {
        ("waiting", "one miner tries it first")
    }
    assert len({item["device"] for item in told["items"]}) == 2
    counts = progress(world)
    assert (counts["under_way"], counts["waiting"], counts["settled"]) == (1, 2, False)


def test_a_stopped_change_says_why_on_each_miner() -> None:
    world = World(config=wishing(DEAD), miners=3)
    world.daemon.start()
    world.ether.run(HOUR)
    told = plan(world)
    assert {item["status"] for item in told["items"]} == {"stopped"}
    assert all("none of its pools works" in item["why"] for item in told["items"])
    assert told["restarts"] == 0
    counts = progress(world)
    (sentence,) = counts["stopped"]
    assert sentence.startswith(f"pools {DEAD[0].url} on T1: the first miner to get it failed")
    assert (counts["failed"], counts["settled"]) == (3, True)


def test_a_miner_that_was_not_reached_backs_off_and_says_until_when() -> None:
    world = minded()
    (entry,) = entries(world)
    now = world.daemon.now()
    world.daemon.setups.keep(entry.id, failures=1, retry_at=now + HOUR, why="it was busy")
    (why,) = {item["why"] for item in plan(world)["items"]}
    assert statuses(world) == ["backing off"]
    assert why.startswith("it was busy; next try at ")
    world.ether.run(HOUR)
    assert statuses(world) == ["ready"]


def test_a_miner_that_does_not_answer_waits_and_counts_as_failed() -> None:
    world = minded(miners=2)
    world.dragons[0].vanish()
    world.ether.run()
    world.daemon.poll(entries(world)[0])
    assert sorted(statuses(world)) == ["ready", "waiting"]
    counts = progress(world)
    assert (counts["to_do"], counts["failed"]) == (1, 1)


def test_a_miner_with_a_double_is_disputed() -> None:
    world = minded(miners=2)
    world.dragons[1].mac = world.dragons[0].mac
    world.daemon.look(world.dragons[1])
    assert "disputed" in statuses(world)


def test_a_dry_run_is_ready_and_settled_at_once() -> None:
    world = World(config=replace(wishing(), dry_run=True), miners=8)
    world.daemon.start()
    world.ether.run(10 * MINUTE)
    assert plan(world)["dry_run"] is True
    assert set(statuses(world)) == {"ready"}
    assert progress(world)["settled"] is True


def test_progress_has_the_shape_that_was_agreed() -> None:
    world = running(miners=3)
    told = progress(world)
    assert set(told) == {
        "at",
        "miners",
        "wished",
        *COUNTS,
        "undoing",
        "stopped",
        "settled",
        "news",
    }
    assert (told["miners"], told["wished"], told["reached"]) == (3, 3, 3)
    assert (told["settled"], told["stopped"]) == (True, [])
    assert "got its pools" in told["news"][0]
    assert told["news"][1].endswith("the first miner hashes with it, others may follow")
    assert told["news"][-1].endswith("2 of 2 of wave 1 hash")


def test_the_last_twenty_sentences_are_kept_and_the_newest_is_the_last() -> None:
    world = running(miners=30)
    news = progress(world)["news"]
    assert len(news) == 20
    told = world.daemon.ear.texts(EventKind.WAVE, EventKind.POOLS_CHANGED)
    assert news[-1] == told[-1]


def test_the_sums_of_progress_add_up_all_the_way() -> None:
    world = World(config=wishing(autotune_mode="efficient"), miners=12, faults={"hang": 1})
    world.daemon.start()
    for minute in range(90):
        world.ether.run(MINUTE)
        if minute == 20:
            world.daemon.desk.hold("127.78.0.2", None, "fans", "ann")
        if minute == 40:
            world.daemon.desk.undo("last", "ann", False, False)
        told = progress(world)
        assert sum(told[name] for name in COUNTS) == told["wished"], told


def test_every_row_of_the_status_says_what_is_not_as_wished() -> None:
    world = minded(miners=2)
    world.daemon.desk.hold("127.78.0.1", None, "fans", "ann")
    rows = {row["mac"]: row for row in as_json(world.daemon.desk.status())["miners"]}
    held, free = (rows[dragon.mac] for dragon in world.dragons)
    assert held["wish"] == "pools[0], pools[1] not as wished: held"
    assert held["held"] == "held until released by ann: fans"
    assert (free["wish"], free["held"]) == (
        "pools[0], pools[1] not as wished: ready",
        "",
    )


def test_the_status_says_who_must_hash_again_and_who_is_as_wished() -> None:
    world = World(config=wishing())
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    world.ether.run(1.0)
    assert world.daemon.desk.status()["miners"][0]["wish"] == "was configured, must hash again"
    settle(world)
    assert world.daemon.desk.status()["miners"][0]["wish"] == ""


@effort(max_examples=15, deadline=None)
@given(
    has=st.lists(st.sampled_from(["wished", "other", "none", "held", "away", "broken"]), max_size=5)
)
def test_whatever_a_farm_is_like_its_plan_has_known_words_and_its_sums_add_up(
    has: list[str],
) -> None:
    world = World(config=wishing(), miners=max(1, len(has)))
    world.daemon.scan_once()
    for kind, dragon in zip(has, world.dragons, strict=False):
        give(dragon, POOLS if kind == "wished" else OTHER)
        dragon.pools = None if kind == "none" else dragon.pools
        dragon.fault = Fault.HTTP_500 if kind == "broken" else Fault.NONE
        if kind == "held":
            world.daemon.desk.hold(dragon.mac, None, "fans", "ann")
    world.do_survey()
    for kind, dragon in zip(has, world.dragons, strict=False):
        if kind == "away":
            dragon.vanish()
            world.ether.run()
            world.daemon.poll(world.daemon.entry(dragon))
    told = plan(world)
    assert all(set(item) == ITEM for item in told["items"])
    assert {item["status"] for item in told["items"]} <= STATUSES
    listed = {item["device"] for item in told["items"]}
    assert (
        told["miners"]
        == len(listed)
        == len(world.dragons) - has.count("wished") - has.count("broken")
    )
    assert told["restarts"] == told["miners"] - has.count("held")
    counts = progress(world)
    assert sum(counts[name] for name in COUNTS) == counts["wished"] == len(world.dragons)
    assert counts["reached"] == has.count("wished")
