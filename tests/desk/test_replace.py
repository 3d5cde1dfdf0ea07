"""`replace`: a swapped control board goes on as the miner that it is built into."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mother.config.model import Block, Config
from mother.core.model import EventKind, State
from mother.fleet.roster import Entry
from mother.sim.dragonmint.state import Dragon
from tests.desk.asking import DEAD, OTHER, POOLS, entries, paths, settle, urls, wishing
from tests.fleet.world import HOUR, MINUTE, World

SPARE = "a0:b0:45:99:99:99"


def swap_boards(world: World, dragon: Dragon, mac: str = SPARE) -> None:
    """Somebody builds another control board in, which nobody has set up."""
    dragon.vanish()
    world.ether.run(10 * MINUTE)
    dragon.mac = mac
    dragon.factory_fresh()
    dragon.come_back()
    world.ether.run()


def of_old(world: World, by_mac: bool) -> Config:
    """The first miner shall have pools of its own."""
    mac = world.dragons[0].mac
    config = wishing()
    if by_mac:
        return replace(config, pools_by_mac={mac: OTHER})
    return replace(config, blocks=(Block((), (mac,), replace(config.settings, pools=OTHER)),))


def started(miners: int = 2, by_mac: bool = True) -> tuple[World, Entry]:
    world = World(config=wishing(), miners=miners)
    world.daemon.config = of_old(world, by_mac)
    world.daemon.start()
    settle(world)
    return world, entries(world)[0]


@pytest.mark.parametrize("by_mac", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_a_swapped_board_gets_name_and_wishes_of_the_old_one(by_mac: bool, restart: bool) -> None:
    world, old = started(by_mac=by_mac)
    world.daemon.desk.accept(old.worker, 2, "ann")
    swap_boards(world, world.dragon)
    world.daemon.scan_once()
    new = entries(world)[0]
    assert new.worker != old.worker
    told = world.daemon.desk.replace(old.worker, new.worker, "ann")
    assert told == (
        f"{SPARE} takes the place of {old.mac} as {old.worker}: wishes and history moved."
    )
    if restart:
        world.restart().start()
    settle(world)
    world.ether.run(HOUR)
    (now,) = (one for one in entries(world) if one.mac == SPARE)
    assert now.worker == old.worker
    assert urls(world.dragon) == [OTHER[0].url]
    assert world.dragon.pools is not None
    assert world.dragon.pools[0].user == f"bob.{old.worker}"
    assert now.boards == 2
    assert len(world.daemon.roster) == 2
    status = world.daemon.desk.status()["miners"]
    assert [row["mac"] for row in status if row["worker"] == old.worker] == [SPARE]


@pytest.mark.parametrize("restart", [True, False])
def test_a_board_that_is_not_here_yet_is_what_it_replaces_when_it_comes(restart: bool) -> None:
    world, old = started()
    world.dragon.vanish()
    world.ether.run(10 * MINUTE)
    world.daemon.desk.replace(str(old.address), SPARE.upper().replace(":", "-"), "ann")
    if restart:
        world.restart().start()
    world.ether.run(10 * MINUTE)
    swap_boards(world, world.dragon)
    world.ether.run(HOUR)
    settle(world)
    (now,) = (one for one in entries(world) if one.mac == SPARE)
    assert (now.worker, now.wish_mac) == (old.worker, old.mac)
    assert urls(world.dragon) == [OTHER[0].url]


def test_who_still_answers_is_not_replaced() -> None:
    world, old = started()
    with pytest.raises(PermissionError, match="still answers at"):
        world.daemon.desk.replace(old.worker, SPARE, "ann")
    assert not world.daemon.ear.of(EventKind.REPLACED)
    assert world.daemon.memory.undertaken.successors == {}


def test_who_is_given_up_is_still_known_by_name_and_mac() -> None:
    world, old = started()
    world.dragon.vanish()
    world.ether.run(3 * HOUR)
    assert world.daemon.roster.get(old.id) is None
    assert old.worker in world.daemon.desk.replace(old.worker, SPARE, "ann")


@pytest.mark.parametrize("name", ["nobody", "10.9.9.9", "a0:b0:45:99:99:9", "zz:b0:45:99:99:99"])
def test_what_names_no_board_is_refused(name: str) -> None:
    world, old = started()
    with pytest.raises(LookupError, match="is known here"):
        world.daemon.desk.replace(old.worker, name, "ann")
    with pytest.raises(LookupError, match="is known here"):
        world.daemon.desk.replace(name, old.worker, "ann")


def test_it_is_told_with_who_said_so_and_kept_at_once() -> None:
    world, old = started()
    swap_boards(world, world.dragon)
    world.daemon.scan_once()
    world.daemon.desk.replace(old.mac, SPARE, "ann")
    (event,) = world.daemon.ear.of(EventKind.REPLACED)
    assert event.text.startswith(f"ann: {SPARE} takes the place of {old.mac}")
    told = {"actor": "ann", "old": old.mac, "new": SPARE, "replaced": old.id}
    assert event.content == told
    assert world.another().memory.undertaken.successors == {SPARE: old.mac}


def test_nothing_is_repeated_under_the_name_that_the_new_board_had() -> None:
    world, old = started()
    swap_boards(world, world.dragon)
    world.daemon.scan_once()
    new = entries(world)[0]
    assert world.daemon.poll(new)
    former = new.worker
    world.daemon.ear.samples.clear()
    world.daemon.desk.replace(old.worker, former, "ann")
    farewell, again = world.daemon.ear.samples
    assert (farewell.device, farewell.worker, farewell.state) == (new.id, former, State.GONE)
    assert (again.device, again.worker, again.reading) == (new.id, old.worker, new.reading)
    assert again.state is not State.GONE


def test_the_old_board_elsewhere_bears_another_name_than_the_miner_it_was_in() -> None:
    world, old = started(miners=3)
    swap_boards(world, world.dragon)
    world.daemon.scan_once()
    world.daemon.desk.replace(old.mac, SPARE, "ann")
    other = world.dragons[2]
    swap_boards(world, other, old.mac)
    world.ether.run(HOUR)
    names = [entry.worker for entry in world.daemon.roster]
    assert len(set(names)) == len(names)
    assert entries(world)[0].worker == old.worker
    assert entries(world)[2].worker == "dragon-" + old.mac.replace(":", "")


def test_the_others_do_not_wait_for_a_board_that_was_swapped_while_it_tried_a_change() -> None:
    world = World(config=wishing(), miners=4)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    canary = next(dragon for dragon in world.dragons if dragon.writes)
    old = world.daemon.entry(canary)
    canary.vanish()
    world.ether.until(lambda: old.gone, HOUR)
    assert world.daemon.setups.of(old.id).flight is not None
    world.daemon.desk.replace(old.mac, SPARE, "ann")
    world.ether.run(2 * HOUR)
    others = [dragon for dragon in world.dragons if dragon is not canary]
    assert [urls(dragon) for dragon in others] == [[POOLS[0].url]] * 3


def test_a_board_that_tries_a_change_goes_on_trying_it_under_its_new_name() -> None:
    world = World(config=wishing(DEAD), miners=4)
    world.daemon.start()
    world.ether.until(lambda: paths(world), HOUR)
    canary = next(dragon for dragon in world.dragons if dragon.writes)
    old = next(dragon for dragon in world.dragons if dragon is not canary)
    old.vanish()
    entry = world.daemon.entry(old)
    world.ether.until(lambda: entry.gone, HOUR)
    world.daemon.desk.replace(old.mac, canary.mac, "ann")
    world.ether.run(2 * HOUR)
    assert len(paths(world)) == 1
    assert entry.worker in world.daemon.ear.texts(EventKind.ROLLOUT_STOPPED)[0]
    world.daemon.change(settings=wishing(POOLS).settings)
    settle(world)
    here = [dragon for dragon in world.dragons if dragon is not old]
    assert [urls(dragon) for dragon in here] == [[POOLS[0].url]] * 3
