"""`apply`: what waited, backed off or was stopped goes on; what is held is left in peace."""

from __future__ import annotations

import pytest

from mother.core.model import EventKind
from tests.desk.asking import (
    OTHER,
    POOLS,
    entries,
    give,
    minded,
    paths,
    settle,
    urls,
    wishing,
)
from tests.fleet.world import HOUR, MINUTE, World


def test_apply_lets_a_stopped_change_go_on_with_one_miner() -> None:
    world = World(config=wishing(), miners=4)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    for dragon in world.dragons:
        dragon.pools_dead = True
    world.ether.run(HOUR)
    assert len(paths(world)) == 1
    for dragon in world.dragons:
        dragon.pools_dead = False
    world.ether.run(5 * MINUTE)
    told = world.daemon.desk.apply("all", "ann")
    assert told["text"].endswith("; 1 stopped changes go on.")
    settle(world)
    assert all(urls(dragon) == [POOLS[0].url] for dragon in world.dragons)
    (event,) = world.daemon.ear.of(EventKind.ROLLOUT_RESUMED)
    assert event.text.endswith("goes on, with one miner first")


def test_apply_ends_a_back_off_and_asks_anew() -> None:
    world = minded()
    (entry,) = entries(world)
    later = world.daemon.now() + HOUR
    world.daemon.setups.keep(entry.id, failures=3, retry_at=later, why="it was busy")
    give(world.dragon, OTHER)
    told = world.daemon.desk.apply(entry.worker, "ann")
    assert told == {"text": "1 miner of 1 to be configured.", "miners": 1}
    world.daemon.turn()
    assert urls(world.dragon) == [POOLS[0].url]
    assert world.daemon.setups.of(entry.id).retry_at is None


def test_apply_finds_what_somebody_changed_on_the_miner_since_the_last_scan() -> None:
    world = minded(wishing(OTHER))
    give(world.dragon, OTHER)
    world.daemon.desk.apply("all", "ann")
    world.daemon.turn()
    assert paths(world) == []
    give(world.dragon, POOLS)
    world.daemon.turn()
    assert paths(world) == []
    world.daemon.desk.apply(world.dragon.mac, "ann")
    world.daemon.turn()
    assert urls(world.dragon) == [OTHER[0].url]


@pytest.mark.parametrize(
    ("scope", "miners"), [("all", 3), ("model:t1", 3), ("127.78.0.0/31", 1), ("127.78.0.3", 1)]
)
def test_apply_counts_the_miners_it_is_asked_for(scope: str, miners: int) -> None:
    world = minded(miners=3)
    assert world.daemon.desk.apply(scope, "ann")["miners"] == miners


@pytest.mark.parametrize("scope", ["10.0.0.0/8", "model:T9", "nobody"])
def test_apply_to_nobody_is_refused(scope: str) -> None:
    world = minded()
    with pytest.raises(LookupError, match="is known"):
        world.daemon.desk.apply(scope, "ann")


def test_apply_writes_nothing_to_who_is_held() -> None:
    world = World(config=wishing())
    world.daemon.start()
    world.ether.run(1.0)
    world.daemon.desk.hold("all", None, "fans", "bob")
    world.daemon.desk.apply("all", "ann")
    world.ether.run(HOUR)
    assert paths(world) == []


def test_apply_is_audited() -> None:
    world = minded()
    world.daemon.desk.apply("all", "ann")
    (event,) = world.daemon.ear.of(EventKind.AUDIT)
    assert event.text == "ann asked to configure all: 1 miner of 1 to be configured"
