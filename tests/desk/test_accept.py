"""`accept`: a board that was taken out on purpose makes nobody ill."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.model import EventKind, State
from mother.fleet.remembered import Ailment
from tests.desk.asking import entries, minded, paths, wishing
from tests.fleet.world import CONFIG, HOUR, World


def accept(world: World, boards: int | None) -> str:
    return world.daemon.desk.accept(entries(world)[0].worker, boards, "ann")


def without_a_board(**what: Any) -> World:
    """Its third board is out, and it is watched."""
    world = World(**what)
    world.dragon.boards[2].missing = True
    world.daemon.start()
    return world


def ill(world: World) -> bool:
    return entries(world)[0].state() is State.ILL


def test_a_missing_board_makes_a_miner_ill_and_accepting_it_makes_it_well() -> None:
    world = without_a_board(config=wishing(()))
    world.ether.run(3 * HOUR)
    assert entries(world)[0].ailments == (Ailment.MISSING.value,)
    assert accept(world, 2).endswith("should have 2 boards from now on.")
    world.ether.run(HOUR)
    assert entries(world)[0].state() is State.HASHING
    assert len(world.daemon.ear.of(EventKind.WELL)) == 1
    row = world.daemon.desk.status()["miners"][0]
    assert (row["boards_alive"], row["boards_expected"]) == (2, 2)


def test_who_is_accepted_as_it_is_is_never_rebooted_for_it() -> None:
    world = without_a_board(config=CONFIG)
    world.ether.run(10.0)
    accept(world, 2)
    world.ether.run(6 * HOUR)
    assert paths(world) == []
    assert not ill(world)


def test_default_takes_it_back() -> None:
    world = without_a_board(config=wishing(()))
    world.ether.run(10.0)
    accept(world, 2)
    world.ether.run(3 * HOUR)
    assert not ill(world)
    assert accept(world, None).endswith("should have as many boards as its model from now on.")
    world.ether.run(3 * HOUR)
    assert ill(world)
    assert world.daemon.desk.status()["miners"][0]["boards_expected"] == 3


@pytest.mark.parametrize("boards", [2, None])
def test_it_outlives_the_process(boards: int | None) -> None:
    world = without_a_board(config=wishing(()))
    world.ether.run(10.0)
    accept(world, 2)
    accept(world, boards)
    daemon = world.restart()
    daemon.start()
    world.ether.run(3 * HOUR)
    assert daemon.entry(world.dragon).boards == boards
    assert ill(world) is (boards is None)


def test_it_is_told_with_who_said_so() -> None:
    world = minded(wishing(()))
    accept(world, 2)
    (event,) = world.daemon.ear.of(EventKind.ACCEPTED)
    assert event.text.startswith("ann: dragon-")
    assert event.content["actor"] == "ann"


def test_who_is_not_known_is_not_accepted() -> None:
    world = minded(wishing(()))
    with pytest.raises(LookupError, match="no miner nobody is known here"):
        world.daemon.desk.accept("nobody", 2, "ann")
