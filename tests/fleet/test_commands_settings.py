"""The door and what it writes for good: read before, kept for undo, read back, within limits."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import Waves
from mother.core.model import (
    Change,
    CommandKind,
    ConfiguredPool,
    Credential,
    EventKind,
    NetworkSettings,
)
from mother.fleet.commands import Outcome
from mother.fleet.roster import Entry
from mother.fleet.undertaken import HoldOrder
from mother.sim.dragonmint.settings import PoolSetting
from tests.fleet.world import CONFIG, HOUR, MINUTE, World

POOL = ConfiguredPool("stratum+tcp://one.example:3333", "ann.w", "geheim")
SET_POOLS = CommandKind.SET_POOLS


def submit(world: World, entry: Entry, kind: CommandKind, **what: Any) -> Outcome:
    command = world.daemon.order(entry, kind, **what)
    outcome = world.daemon.do(world.daemon.commands.submit(command))
    assert isinstance(outcome, Outcome)
    return outcome


def set_pools(world: World, entry: Entry, *pools: ConfiguredPool, **what: Any) -> Outcome:
    return submit(world, entry, SET_POOLS, args={"pools": pools}, **what)


def test_pools_are_written_read_back_and_the_old_ones_kept() -> None:
    world = World()
    (entry,) = world.adopted()
    old = tuple(ConfiguredPool(p.url, p.user, p.password) for p in world.dragon.pools or ())
    assert set_pools(world, entry, POOL, batch="b", wish="w") == Outcome("done", "", sent=True)
    assert world.dragon.pools == (PoolSetting(POOL.url, POOL.user, "geheim"),)
    (before,) = world.daemon.setups.of(entry.id).before
    assert (before.pools, before.batch, before.key, before.by) == (old, "b", "w", "tester")
    assert entry.settings is not None
    assert entry.settings.pools == (POOL,)


def test_what_is_so_already_is_not_written() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.pools = (PoolSetting(POOL.url, POOL.user, "geheim"),)
    outcome = set_pools(world, entry, POOL)
    assert (outcome.done, outcome.sent) == (True, False)
    assert world.writes() == {}
    assert world.daemon.setups.of(entry.id).before == ()
    assert world.daemon.ear.of(EventKind.POOLS_CHANGED) == []


def test_a_miner_that_keeps_something_else_has_not_done_it() -> None:
    world = World()
    (entry,) = world.adopted()
    unusable = ConfiguredPool("stratum+tcp://one.example:3333", "ann", "x")
    restart = world.dragon.restart_mining
    kept = world.dragon.pools

    def lie() -> None:
        world.dragon.pools = kept
        restart()

    world.dragon.restart_mining = lie  # type: ignore[method-assign]  # it says yes
    outcome = set_pools(world, entry, unusable)
    assert outcome == Outcome("failed", "it said yes and kept something else", sent=True)


def test_both_writes_of_a_batch_are_kept_and_those_of_the_last_one_are_not() -> None:
    world = World()
    (entry,) = world.adopted()
    set_pools(world, entry, POOL, batch="one", key="1")
    args = {"profile": "efficient", "level": None}
    submit(world, entry, CommandKind.SET_PROFILE, args=args, batch="one", key="2")
    befores = world.daemon.setups.of(entry.id).before
    assert [one.kind for one in befores] == [SET_POOLS, CommandKind.SET_PROFILE]
    set_pools(world, entry, replace(POOL, user="bob.w"), batch="two", key="3")
    (before,) = world.daemon.setups.of(entry.id).before
    assert before.pools == (POOL,)


def test_what_was_there_is_on_the_disk_before_the_write_is_sent() -> None:
    world = World()
    (entry,) = world.adopted()
    restart = world.dragon.restart_mining
    seen: list[Any] = []

    def look() -> None:
        seen.append(world.another().setups.of(entry.id))
        restart()

    world.dragon.restart_mining = look  # type: ignore[method-assign]  # as the write arrives
    set_pools(world, entry, POOL)
    assert seen[0].before[0].kind is SET_POOLS
    assert seen[0].restart.kind is SET_POOLS
    assert world.folder.joinpath("state.json").stat().st_mode & 0o077 == 0


def test_nothing_is_written_by_itself_to_what_is_held() -> None:
    world = World()
    (entry,) = world.adopted()
    hold = HoldOrder("all", "fans are changed", "ann", world.ether.seconds())
    world.daemon.setups.keep_undertaken(holds=(hold,))
    outcome = submit(world, entry, CommandKind.REBOOT)
    assert outcome == Outcome("denied", "held until released by ann: fans are changed")
    assert submit(world, entry, CommandKind.REBOOT, by_hand=True).result == "denied"
    order = submit(world, entry, CommandKind.REBOOT, by_hand=True, despite_hold=True)
    assert order.done
    forged = submit(world, entry, SET_POOLS, args={"pools": (POOL,)}, despite_hold=True, key="9")
    assert forged.result == "denied"  # only a person may look past a hold


def test_a_hold_ends_by_itself() -> None:
    world = World()
    (entry,) = world.adopted()
    until = world.ether.seconds() + HOUR
    hold = HoldOrder("all", "why", "ann", world.ether.seconds(), until)
    world.daemon.setups.keep_undertaken(holds=(hold,))
    assert submit(world, entry, CommandKind.REBOOT).result == "denied"
    world.ether.run(HOUR + MINUTE)
    assert submit(world, entry, CommandKind.REBOOT).done
    assert world.daemon.setups.undertaken.holds == ()


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        (CommandKind.FACTORY_RESET, {}),
        (CommandKind.POWER_OFF, {}),
        (CommandKind.SET_NETWORK, {"network": NetworkSettings(True)}),
        (CommandKind.SET_PASSWORD, {"credential": Credential("admin", "dragonadmin")}),
    ],
)
def test_some_things_only_a_person_may_order(kind: CommandKind, args: dict[str, Any]) -> None:
    world = World()
    (entry,) = world.adopted()
    assert submit(world, entry, kind, args=args).text == "only a person may order that"
    assert world.writes() == {}


def test_reboots_and_settings_share_the_places_for_restarting() -> None:
    world = World(config=replace(CONFIG, waves=Waves(restarts_at_once=2)), miners=4)
    one, two, three, four = world.adopted()
    assert submit(world, one, CommandKind.REBOOT, key="1").done
    assert set_pools(world, two, POOL, key="2").done
    denied = submit(world, three, CommandKind.REBOOT, key="3")
    assert denied == Outcome("denied", "2 miners restart already, which is the most at once")
    assert submit(world, two, CommandKind.RESTART_MINING, key="4").done  # restarts already
    assert submit(world, four, CommandKind.REBOOT, key="5", by_hand=True).done
    world.ether.run(4 * MINUTE)
    world.daemon.sweep()
    assert world.daemon.setups.restarting() == set()
    assert submit(world, three, CommandKind.REBOOT, key="6").done


def test_who_never_comes_back_blocks_no_place_for_ever() -> None:
    world = World(config=replace(CONFIG, waves=Waves(restarts_at_once=1)), miners=2)
    one, two = world.adopted()
    submit(world, one, CommandKind.REBOOT, key="1")
    world.ether.run(5.0)
    world.dragons[0].power_off()
    assert submit(world, two, CommandKind.REBOOT, key="2").result == "denied"
    world.ether.run(16 * MINUTE)
    assert submit(world, two, CommandKind.REBOOT, key="3").done


def test_places_are_remembered_over_a_restart() -> None:
    world = World(config=replace(CONFIG, waves=Waves(restarts_at_once=1)), miners=2)
    one, _ = world.adopted()
    submit(world, one, CommandKind.REBOOT)
    assert world.another().setups.restarting() == {one.id}


def test_a_static_address_is_set_and_the_miner_found_there() -> None:
    world = World()
    (entry,) = world.adopted()
    network = NetworkSettings(
        False, "127.78.0.40", "255.255.255.192", "127.78.0.62", ("127.78.0.1", "127.78.0.2")
    )
    outcome = submit(world, entry, CommandKind.SET_NETWORK, args={"network": network}, by_hand=True)
    assert outcome.done
    world.ether.run(30.0)
    assert world.dragon.host == "127.78.0.40"
    assert entry.address.host == "127.78.0.40"
    (before,) = world.daemon.setups.of(entry.id).before
    assert before.network is not None
    assert before.network.dhcp


def test_another_login_is_set_and_used_at_once() -> None:
    world = World(config=replace(CONFIG, credentials=(*CONFIG.credentials,)))
    (entry,) = world.adopted()
    login = Credential("admin", "admin")
    outcome = submit(
        world, entry, CommandKind.SET_PASSWORD, args={"credential": login}, by_hand=True
    )
    assert outcome.done
    assert world.dragon.access.passwords["admin"] == "admin"
    assert world.daemon.poll(entry)
    assert "'admin'" not in repr(world.daemon.ear.events)


def test_args_that_no_miner_takes_are_denied_and_nothing_is_sent() -> None:
    world = World()
    (entry,) = world.adopted()
    outcome = set_pools(world, entry, POOL, POOL, POOL, POOL)
    assert (outcome.result, outcome.sent) == ("denied", False)
    assert world.writes() == {}


def test_the_line_of_an_order_holds_both_values_and_no_password() -> None:
    world = World()
    (entry,) = world.adopted()
    change = Change("pools[0]", "(none)", "stratum+tcp://one.example:3333 as ann.w")
    set_pools(world, entry, POOL, changes=(change,), reason="")
    (told,) = world.daemon.ear.of(EventKind.POOLS_CHANGED)
    assert told.text == (
        f"{entry.worker} at 127.78.0.1 got its pools; pools[0]: (none) -> "
        "stratum+tcp://one.example:3333 as ann.w"
    )
    assert "geheim" not in repr(world.daemon.ear.events)
