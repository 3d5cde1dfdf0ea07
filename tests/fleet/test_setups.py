"""What may be written to a miner now: holds, restarts, and what is remembered of a write."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import Waves
from mother.core.model import CommandKind, ConfiguredPool, Credential
from mother.fleet.deeds import DEEDS
from mother.fleet.restarts import PATIENCE
from mother.fleet.roster import Entry
from mother.fleet.setups import FLASHING, Setups, hold_text
from mother.fleet.undertaken import Before, Flight, HoldOrder, Restart
from tests.fleet.world import CONFIG, HOUR, World

TWO = replace(CONFIG, waves=Waves(restarts_at_once=2))


SET_PASSWORD = CommandKind.SET_PASSWORD


def farm(miners: int = 1, config: Any = CONFIG) -> tuple[World, list[Entry], Setups]:
    world = World(config=config, miners=miners)
    entries = world.adopted()
    return world, entries, world.daemon.setups


def hold(world: World, scope: str, seconds: float | None = None, by: str = "ann") -> None:
    setups, now = world.daemon.setups, world.daemon.now()
    order = HoldOrder(scope, "fans", by, now, None if seconds is None else now + seconds)
    setups.keep_undertaken(holds=(*setups.undertaken.holds, order))


def verdict(world: World, entry: Entry, kind: CommandKind, **what: Any) -> str:
    order = world.daemon.order(entry, kind, **what)
    return world.daemon.setups.forbids(entry, order)


def test_a_hold_ends_when_its_time_is_over_and_is_forgotten() -> None:
    world, (entry,), setups = farm()
    hold(world, "all", 100.0)
    world.ether.run(99.0)
    assert setups.held(entry)
    world.ether.run(1.0)
    assert setups.held(entry) == ""
    assert setups.undertaken.holds == ()


def test_a_hold_without_an_end_lasts() -> None:
    world, (entry,), setups = farm()
    hold(world, "all")
    world.ether.run(1000 * HOUR)
    assert setups.held(entry) == "held until released by ann: fans"


def test_the_hold_that_lasts_longest_is_named() -> None:
    world, (entry,), setups = farm()
    for scope, seconds, by in [("all", 50.0, "a"), ("model:t1", None, "b"), (entry.mac, 9e9, "c")]:
        hold(world, scope, seconds, by)
    found = setups.hold_on(entry)
    assert found is not None
    assert found.by == "b"


def test_a_hold_covers_only_whom_it_names() -> None:
    world, (one, other), setups = farm(2)
    hold(world, one.mac)
    assert setups.held(one)
    assert not setups.held(other)


def test_a_hold_says_until_when_by_whom_and_why() -> None:
    order = HoldOrder("all", "fans", "ann", 0.0, 3600.0)
    text = hold_text(order, 0.0)
    assert text.startswith("held until ")
    assert text.endswith(" by ann: fans")


@pytest.mark.parametrize("kind", CommandKind)
def test_while_a_miner_is_held_nothing_is_written_to_it_by_itself(kind: CommandKind) -> None:
    world, (entry,), setups = farm()
    hold(world, "all")
    held = setups.held(entry)
    by_itself = verdict(world, entry, kind)
    assert by_itself == ("only a person may order that" if DEEDS[kind].by_hand else held)
    assert verdict(world, entry, kind, despite_hold=True) == by_itself
    assert verdict(world, entry, kind, by_hand=True) == held
    assert verdict(world, entry, kind, by_hand=True, despite_hold=True) == ""


@pytest.mark.parametrize("kind", CommandKind)
def test_some_orders_are_a_persons_alone(kind: CommandKind) -> None:
    world, (entry,), _ = farm()
    by_hand = {
        CommandKind.SET_NETWORK,
        SET_PASSWORD,
        CommandKind.FACTORY_RESET,
        CommandKind.POWER_OFF,
    }
    denied = "only a person may order that" if kind in by_hand else ""
    assert verdict(world, entry, kind) == denied
    assert verdict(world, entry, kind, by_hand=True) == ""


def test_where_as_many_restart_as_may_nobody_else_is_told_to_but_by_a_person() -> None:
    world, entries, setups = farm(3, TWO)
    for entry in entries[:2]:
        order = world.daemon.order(entry, CommandKind.SET_POOLS)
        setups.writing(entry, order, None)
    assert setups.restarting() == {entry.id for entry in entries[:2]}
    assert setups.places() == 0
    denied = verdict(world, entries[2], CommandKind.REBOOT)
    assert denied == "2 miners restart already, which is the most at once"
    assert verdict(world, entries[2], CommandKind.LOCATE) == ""
    assert verdict(world, entries[2], CommandKind.REBOOT, by_hand=True) == ""
    assert verdict(world, entries[0], CommandKind.SET_PROFILE) == ""


def test_who_never_comes_back_gives_its_place_up() -> None:
    world, entries, setups = farm(2, TWO)
    for entry in entries:
        setups.writing(entry, world.daemon.order(entry, CommandKind.REBOOT), None)
    world.ether.run(PATIENCE - 1)
    assert setups.places() == 0
    world.ether.run(1)
    assert setups.places() == 2
    assert setups.of(entries[0].id).restart is None


def test_who_hashes_again_gives_its_place_up() -> None:
    world, (entry,), setups = farm()
    world.dragon.restart_mining()
    setups.writing(entry, world.daemon.order(entry, CommandKind.SET_POOLS), None)
    world.ether.run(120.0)
    assert setups.restarting() == {entry.id}
    world.daemon.poll(entry)
    assert setups.restarting() == set()


def test_who_restarts_is_known_after_a_restart_of_our_own() -> None:
    world, (entry, *_), setups = farm(2, TWO)
    setups.writing(entry, world.daemon.order(entry, CommandKind.SET_POOLS), None)
    daemon = world.restart()
    assert daemon.setups.restarting() == {entry.id}
    assert daemon.setups.places() == 1


def test_a_clock_that_is_set_back_keeps_no_place_for_longer() -> None:
    world, (entry,), setups = farm(1, TWO)
    setups.writing(entry, world.daemon.order(entry, CommandKind.REBOOT), None)
    world.dragon.vanish()
    entry.failed(0.0, "away")
    world.lag = -1000 * HOUR
    assert setups.places() == 1
    world.ether.run(PATIENCE)
    assert setups.places() == 2


def test_while_firmware_is_written_nothing_else_may_restart_the_miner() -> None:
    world, (entry,), setups = farm()
    setups.keep(entry.id, flight=Flight(world.daemon.now(), ("firmware:x",), version="x"))
    for kind in CommandKind:
        if DEEDS[kind].restarts:
            assert verdict(world, entry, kind, by_hand=True) == "its firmware is being written"
    assert verdict(world, entry, CommandKind.REBOOT) == "its firmware is being written"
    assert verdict(world, entry, CommandKind.LOCATE) == ""
    world.ether.run(FLASHING)
    assert verdict(world, entry, CommandKind.REBOOT) == ""


def test_the_order_that_brings_the_firmware_itself_may_pass() -> None:
    world, (entry,), setups = farm()
    flight = Flight(world.daemon.now(), ("firmware:x",), version="x", whole=False)
    setups.keep(entry.id, flight=flight)
    assert verdict(world, entry, CommandKind.UPGRADE, wish="firmware:x") == ""
    assert verdict(world, entry, CommandKind.UPGRADE, wish="firmware:y")
    assert verdict(world, entry, CommandKind.UPGRADE)
    setups.keep(entry.id, flight=replace(flight, whole=True))
    assert verdict(world, entry, CommandKind.UPGRADE, wish="firmware:x")


POOL = ConfiguredPool("stratum+tcp://a:3333", "ann", "x")


def write(world: World, entry: Entry, kind: CommandKind, batch: str, known: bool = True) -> None:
    """A write that replaces one pool, or something of which nothing is known."""
    now = world.daemon.now()
    before = Before(now, kind, "tester", batch, pools=(POOL,)) if known else None
    args = {"credential": Credential("admin", "new")} if kind is SET_PASSWORD else {}
    order = world.daemon.order(entry, kind, batch=batch, args=args)
    world.daemon.setups.writing(entry, order, before)


def test_what_a_write_replaces_is_kept_until_the_next_one() -> None:
    world, (entry,), setups = farm()
    write(world, entry, CommandKind.SET_POOLS, "b1")
    write(world, entry, CommandKind.SET_PROFILE, "b1")
    assert [one.kind.value for one in setups.of(entry.id).before] == ["set_pools", "set_profile"]
    write(world, entry, CommandKind.SET_POOLS, "b2")
    assert [one.batch for one in setups.of(entry.id).before] == ["b2"]


def test_orders_without_a_batch_do_not_belong_together() -> None:
    world, (entry,), setups = farm()
    write(world, entry, CommandKind.SET_NETWORK, "")
    write(world, entry, CommandKind.SET_NETWORK, "")
    assert len(setups.of(entry.id).before) == 1


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (CommandKind.REBOOT, CommandKind.SET_POOLS),
        (CommandKind.LOCATE, CommandKind.SET_POOLS),
        (CommandKind.UPGRADE, CommandKind.UPGRADE),
        (CommandKind.FACTORY_RESET, CommandKind.FACTORY_RESET),
        (SET_PASSWORD, SET_PASSWORD),
    ],
)
def test_after_what_cannot_be_undone_nothing_older_is_put_back_by_mistake(
    kind: CommandKind, kept: CommandKind
) -> None:
    world, (entry,), setups = farm()
    write(world, entry, CommandKind.SET_POOLS, "b1")
    write(world, entry, kind, "", known=False)
    (before,) = setups.of(entry.id).before
    assert before.kind is kept
    assert before.can_be_undone is (kind is not kept)


@pytest.mark.parametrize("kind", CommandKind)
def test_only_what_restarts_a_miner_takes_a_place(kind: CommandKind) -> None:
    world, (entry,), setups = farm()
    write(world, entry, kind, "")
    assert (setups.restarting() == {entry.id}) is DEEDS[kind].restarts
    kept = setups.of(entry.id).restart
    assert kept == (Restart(world.daemon.now(), kind) if DEEDS[kind].restarts else None)


def test_every_kind_of_order_has_its_words() -> None:
    assert set(DEEDS) == set(CommandKind)
    assert all(deed.wish and deed.done for deed in DEEDS.values())
