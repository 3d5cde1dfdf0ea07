"""What must hold of configuring when things go wrong in ways nobody wished for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import PoolWish, Waves
from mother.core.model import EventKind, FirmwareOffer
from mother.fleet.restarts import hashes
from mother.fleet.undertaken import Rollout
from mother.sim.dragonmint.models import Firmware
from mother.sim.dragonmint.state import Dragon
from tests.fleet.world import DAY, HOUR, MINUTE, World
from tests.jobs.test_configure import (
    DEAD,
    POOLS,
    as_wished,
    give,
    kill,
    settled,
    wishing,
    written,
)
from tests.jobs.test_configure_firmware import NEW, upgrading, uploads

OTHER = (PoolWish("stratum+tcp://other.example:3333", "ann", "x"),)


def killed(world: World) -> None:
    config = world.daemon.config
    kill(world)
    world.daemon = world.another(config)
    world.daemon.start()


# more writes than the rules allow


def test_a_wrong_pool_in_lists_of_their_own_does_not_reach_the_whole_farm() -> None:
    world = World(config=wishing(), miners=50)
    dead = "stratum+tcp://dead.example:3333"
    lists = {d.mac: (PoolWish(dead, f"u{n}", "x"),) for n, d in enumerate(world.dragons)}
    world.daemon.change(pools_by_mac=lists)
    world.daemon.start()
    world.ether.run(3 * HOUR)
    assert len({mac for _, mac, _ in written(world)}) <= 6


def test_a_kill_while_a_canary_is_flashed_is_no_second_canary_for_firmware_that_bricks() -> None:
    world = World(config=upgrading(), miners=12, bricking=(NEW,))
    world.daemon.start()
    world.ether.until(lambda: uploads(world), HOUR)
    killed(world)
    world.ether.run(6 * HOUR)
    assert len(uploads(world)) == 1


def test_a_file_of_the_same_name_is_not_proved_by_a_miner_that_has_the_version() -> None:
    world = World(config=upgrading(), miners=12, bricking=(NEW,))
    world.dragons[0].firmware = Firmware(NEW)
    world.daemon.start()
    world.ether.run(6 * HOUR)
    assert len(uploads(world)) == 1


def test_firmware_that_was_updated_by_somebody_else_meanwhile_is_not_put_back() -> None:
    world = World(config=upgrading())
    world.adopted()
    world.daemon.scans = 1
    world.dragon.firmware = Firmware("t1_20200101_000000")
    world.daemon.turn()
    assert uploads(world) == []


@pytest.mark.parametrize("back", [10 * MINUTE, HOUR])
def test_a_clock_set_back_does_not_let_an_old_reading_prove_a_change(back: float) -> None:
    world = World(config=wishing(), miners=20)
    world.daemon.start()
    world.ether.run(340.0)
    world.daemon.change(settings=replace(world.daemon.config.settings, pools=DEAD))
    world.daemon.desk.apply("all", "ann")
    world.ether.until(lambda: written(world), HOUR)
    world.lag -= back
    world.ether.run(2 * HOUR)
    assert not world.daemon.ear.of(EventKind.ROLLOUT_PROVED)
    assert len(written(world)) == 1


def test_a_reading_from_before_its_pools_were_set_by_hand_proves_nothing() -> None:
    world = World(config=wishing(pools=DEAD), miners=20)
    world.adopted()
    give(world.dragons[3], DEAD)  # in the miner's own pages, a moment ago
    world.dragons[3].restart_mining()
    world.daemon.turn()
    assert len(written(world)) <= 1


def test_a_reboot_and_a_setting_in_the_same_moment_share_one_place() -> None:
    world = World(config=wishing(Waves(restarts_at_once=1), pools=POOLS), miners=2)
    one, two = world.adopted()
    world.ether.latency = 0.2
    first = world.daemon.begin(world.daemon.commands.submit(world.daemon.order(one, key="a")))
    second = world.daemon.begin(world.daemon.commands.submit(world.daemon.order(two, key="b")))
    world.ether.run(30.0)
    assert sorted([first[0].result, second[0].result]) == ["denied", "done"]


def test_a_proof_of_long_ago_is_none_when_the_pool_has_died_since() -> None:
    world = World(config=wishing(pools=POOLS), miners=12)
    world.daemon.start()
    settled(world)
    world.daemon.change(settings=replace(world.daemon.config.settings, pools=OTHER))
    world.ether.run(2 * HOUR)
    settled(world)
    assert all(as_wished(dragon, OTHER) for dragon in world.dragons)
    before = len(written(world))
    for dragon in world.dragons:  # POOLS have died meanwhile
        restart = dragon.restart_mining

        def dying(dragon: Dragon = dragon, restart: Any = restart) -> None:
            dragon.pools_dead = True
            restart()

        dragon.restart_mining = dying  # type: ignore[method-assign]  # its pools die
    world.ether.run(DAY)
    world.daemon.change(settings=replace(world.daemon.config.settings, pools=POOLS))
    world.ether.run(3 * HOUR)
    assert len(written(world)) - before == 1


def test_to_apply_to_one_miner_writes_to_that_one_first() -> None:
    world = World(config=wishing(pools=DEAD), miners=6)
    world.daemon.start()
    world.ether.run(HOUR)
    touched = {mac for _, mac, _ in written(world)}
    chosen = sorted((d for d in world.dragons if d.mac not in touched), key=lambda d: d.mac)[-1]
    world.daemon.desk.apply(chosen.mac, "ann")
    world.ether.run(HOUR)
    assert {mac for _, mac, _ in written(world)} - touched == {chosen.mac}


# a stop that is forgotten


def test_a_broken_rollout_costs_no_other_its_stop() -> None:
    world = World(config=wishing(pools=DEAD), miners=6)
    world.daemon.start()
    world.ether.run(HOUR)
    broken = Rollout("broken", flying=(5,))  # type: ignore[arg-type]  # broken
    rollouts = {**world.daemon.setups.undertaken.rollouts, "pools:T9:0": broken}
    world.daemon.setups.keep_undertaken(rollouts=rollouts)
    world.daemon.memory.save()
    killed(world)
    world.ether.run(2 * HOUR)
    assert len(written(world)) == 1


def test_a_stop_is_not_forgotten_while_its_miners_are_away() -> None:
    world = World(config=wishing(pools=DEAD), miners=6)
    world.daemon.start()
    world.ether.run(HOUR)
    assert len(written(world)) == 1
    for dragon in world.dragons:
        dragon.vanish(9 * DAY)
    world.daemon.stop()
    world.ether.run(8 * DAY)
    world.daemon = world.another(world.daemon.config)
    world.daemon.start()
    world.ether.run(HOUR)
    for dragon in world.dragons:
        dragon.come_back()
    world.ether.run(2 * HOUR)
    assert len(written(world)) == 1


# held miners


def test_a_miner_that_is_held_after_an_undo_was_asked_for_is_not_written_to() -> None:
    world = World(config=wishing(pools=POOLS))
    world.daemon.start()
    settled(world)
    before = len(written(world))
    entry = world.daemon.entry(world.dragon)
    world.dragon.vanish(HOUR)
    world.ether.run(5 * MINUTE)
    world.daemon.desk.undo(entry.worker, "ann", False, False)
    world.daemon.desk.hold(entry.worker, None, "fans", "bob")
    world.ether.run(3 * HOUR)
    assert len(written(world)) == before


def test_a_hold_stays_on_the_place_of_a_swapped_control_board() -> None:
    world = World(config=wishing(), miners=2)
    old, new = world.adopted()
    world.daemon.desk.hold(old.worker, None, "board is changed", "ann")
    world.dragons[0].vanish()
    for _ in range(3):
        world.daemon.poll(old)
    world.daemon.desk.replace(old.mac, new.mac, "ann")
    assert world.daemon.setups.held(new)


# loops


def test_a_miner_that_changes_back_by_itself_is_not_written_to_again_and_again() -> None:
    world = World(config=wishing(pools=POOLS))
    theirs = world.dragon.pools
    world.daemon.start()
    for _ in range(24 * 6):
        world.ether.run(10 * MINUTE)
        if as_wished(world.dragon) and hashes(world.daemon.entry(world.dragon).reading):
            world.dragon.pools = theirs
    assert len(written(world)) <= 12


# undo


def test_an_undo_that_fails_can_be_asked_for_again() -> None:
    world = World(config=wishing(pools=POOLS))
    world.daemon.start()
    settled(world)
    world.daemon.change(settings=replace(world.daemon.config.settings, pools=()))
    entry = world.daemon.entry(world.dragon)
    world.dragon.vanish(5 * MINUTE)
    world.daemon.desk.undo(entry.worker, "ann", False, False)
    world.ether.run(HOUR)
    if as_wished(world.dragon):
        world.daemon.desk.undo(entry.worker, "ann", False, False)
        world.ether.run(HOUR)
    assert not as_wished(world.dragon)


def test_a_kill_after_an_undo_does_not_undo_the_undo() -> None:
    world = World(config=wishing(pools=POOLS))
    theirs = world.dragon.pools
    world.daemon.start()
    settled(world)
    entry = world.daemon.entry(world.dragon)
    before = len(written(world))
    world.daemon.desk.undo(entry.worker, "ann", False, False)
    world.ether.until(lambda: len(written(world)) > before, HOUR)
    world.ether.run(1.0)
    assert world.dragon.pools == theirs
    killed(world)
    world.ether.run(HOUR)
    assert world.dragon.pools == theirs


def test_a_daemon_stopped_between_two_orders_back_puts_both_back_later() -> None:
    world = World(config=wishing(pools=POOLS, autotune_mode="efficient"))
    dragon = world.dragon
    theirs, mode = dragon.pools, dragon.autotune.mode(dragon.firmware)
    world.daemon.start()
    settled(world)
    before = len(written(world))
    world.ether.latency = 0.2
    world.daemon.desk.undo(world.daemon.entry(dragon).worker, "ann", False, False)
    world.ether.until(lambda: len(written(world)) > before, HOUR)
    killed(world)
    world.ether.run(HOUR)
    assert dragon.pools == theirs
    assert dragon.autotune.mode(dragon.firmware) == mode


def test_to_undo_the_last_change_ends_it_for_the_others_too() -> None:
    world = World(config=wishing(pools=POOLS), miners=20)
    world.daemon.start()
    world.ether.until(lambda: len(written(world)) > 3, 2 * HOUR)
    world.ether.run(30.0)
    got = {mac for _, mac, _ in written(world)}
    world.daemon.desk.undo("last", "ann", False, False)
    world.ether.run(2 * HOUR)
    assert {mac for _, mac, _ in written(world)} == got


# starvation


def stuck(world: World) -> bool:
    world.ether.run(6 * HOUR)
    return not world.daemon.desk.progress()["settled"]


def test_a_canary_whose_board_is_swapped_in_flight_holds_up_nobody() -> None:
    world = World(config=wishing(pools=POOLS), miners=4)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    canary = next(d for d in world.dragons if d.writes)
    canary.vanish()
    world.ether.run(4 * MINUTE)
    world.daemon.desk.replace(canary.mac, "a0:b0:45:99:99:99", "ann")
    assert not stuck(world)


def test_a_canary_whose_memory_is_broken_holds_up_nobody() -> None:
    world = World(config=wishing(pools=POOLS), miners=4)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    canary = next(d for d in world.dragons if d.writes)
    world.daemon.memory.forget(f"home/mac:{canary.mac}")
    world.daemon.memory.save()
    killed(world)
    assert not stuck(world)


def test_a_flight_whose_rollout_is_broken_is_still_judged() -> None:
    world = World(config=wishing(pools=POOLS), miners=4)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    world.ether.run(1.0)
    world.daemon.setups.keep_undertaken(rollouts={})
    world.daemon.memory.save()
    killed(world)
    assert not stuck(world)


def test_one_miner_that_refuses_at_once_does_not_stop_a_large_wave() -> None:
    world = World(config=wishing(Waves(percent=100.0), pools=POOLS), miners=40)
    world.daemon.start()
    world.ether.until(lambda: world.daemon.ear.of(EventKind.ROLLOUT_PROVED), HOUR)
    odd = sorted((d for d in world.dragons if not d.writes), key=lambda d: d.mac)[3]
    kept, restart = odd.pools, odd.restart_mining

    def forget() -> None:
        odd.pools = kept
        restart()

    odd.restart_mining = forget  # type: ignore[method-assign]  # a miner that lies
    world.ether.run(3 * HOUR)
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)


def test_a_miner_that_keeps_nothing_is_not_the_first_again_and_again() -> None:
    world = World(config=wishing(pools=POOLS), miners=30)
    odd = min(world.dragons, key=lambda dragon: dragon.mac)
    kept, restart = odd.pools, odd.restart_mining

    def forget() -> None:
        odd.pools = kept
        restart()

    odd.restart_mining = forget  # type: ignore[method-assign]  # a miner that lies
    world.daemon.start()
    for _ in range(4):
        world.ether.run(HOUR)
        world.daemon.desk.apply("all", "ann")
    assert any(as_wished(dragon) for dragon in world.dragons)


def test_a_miner_whose_own_check_is_odd_keeps_firmware_from_nobody_else() -> None:
    config = upgrading()
    settings = replace(config.settings, firmware_file=None, firmware_sha256=None)
    world = World(config=replace(config, settings=settings), miners=6, newest_firmware=NEW)
    odd, *_ = world.adopted()

    async def offered() -> FirmwareOffer:
        raise TypeError("an answer of a shape that nobody foresaw")

    odd.device.offered = offered  # type: ignore[method-assign]  # odd
    world.daemon.start()
    world.ether.run(6 * HOUR)
    assert len(uploads(world)) == 5


def test_a_group_that_is_flashed_does_not_open_the_breaker() -> None:
    config = upgrading()
    config = replace(config, settings=replace(config.settings, health_reboot=True))
    world = World(config=config, miners=20)
    world.daemon.start()
    world.ether.run(4 * HOUR)
    assert not world.daemon.ear.of(EventKind.BREAKER_OPENED)


def test_a_clock_set_forward_stops_nothing() -> None:
    world = World(config=wishing(pools=POOLS), miners=6)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    world.ether.run(5.0)
    world.lag += HOUR
    world.ether.run(2 * HOUR)
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)


# by hand


def test_a_miner_that_is_being_flashed_is_powered_off_by_nobody() -> None:
    world = World(config=upgrading())
    world.daemon.start()
    world.ether.until(lambda: uploads(world), HOUR)
    entry = world.daemon.entry(world.dragon)
    world.dragon.come_back()
    answer = world.daemon.do(world.daemon.desk.order(entry.worker, "power_off", {}, "ann", False))
    assert answer["result"] == "denied"
