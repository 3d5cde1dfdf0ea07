"""The configure loop over a simulated farm: what is written, to whom, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import Block, Config, PoolWish, Waves
from mother.core.model import Command, EventKind, Severity
from mother.fleet.commands import Outcome
from mother.fleet.undertaken import Trust
from mother.sim.dragonmint.settings import PoolSetting
from mother.sim.dragonmint.state import Dragon
from tests.fleet.world import CONFIG, HOUR, MINUTE, SETTINGS, World

POOLS = (
    PoolWish("stratum+tcp://one.example:3333", "ann", "x"),
    PoolWish("stratum+tcp://two.example:3333", "ann", "y"),
)
DEAD = (PoolWish("stratum+tcp://dead.example:3333", "ann", "x"),)
SET_POOLS, SET_PROFILE = "/api/updatePools", "/api/setAutoTune"


def wishing(waves: Waves = Waves(), **settings: Any) -> Config:  # noqa: B008  # frozen
    """The usual configuration with these wishes."""
    wish = replace(SETTINGS, health_reboot=False, **settings)
    return replace(CONFIG, settings=wish, waves=waves)


def worker(dragon: Dragon) -> str:
    return "dragon-" + dragon.mac.replace(":", "")[-8:]


def as_wished(dragon: Dragon, wishes: tuple[PoolWish, ...] = POOLS) -> bool:
    """Whether it has these pools, with its own name behind the user."""
    wanted = [(w.url, f"{w.username}.{worker(dragon)}", w.password) for w in wishes]
    return [(p.url, p.user, p.password) for p in dragon.pools or ()] == wanted


def give(dragon: Dragon, wishes: tuple[PoolWish, ...]) -> None:
    """It has these pools since long."""
    dragon.pools = tuple(
        PoolSetting(w.url, f"{w.username}.{worker(dragon)}", w.password) for w in wishes
    )


def written(world: World) -> list[tuple[float, str, str]]:
    """Every write to any miner, in order: time, MAC, path."""
    found = [(w.at, d.mac, w.path) for d in world.dragons for w in d.writes]
    return sorted(found, key=lambda one: one[0])


def settled(world: World, most: float = 6 * HOUR) -> None:
    """Let time pass until nothing is to be written any more."""
    began = world.ether.seconds()
    while True:
        world.ether.run(MINUTE)
        if world.daemon.desk.progress()["settled"] and world.daemon.scan.progress.met:
            return
        assert world.ether.seconds() - began < most, world.daemon.desk.progress()


def test_a_farm_that_is_as_wished_sees_not_one_write() -> None:
    world = World(config=wishing(pools=POOLS, autotune_mode="balanced"), miners=8)
    for dragon in world.dragons:
        give(dragon, POOLS)
    world.daemon.start()
    world.ether.run(HOUR)
    assert written(world) == []
    assert world.daemon.desk.plan()["items"] == ()
    assert world.daemon.desk.progress()["reached"] == 8


def test_one_miner_tries_a_change_and_the_others_follow_in_waves() -> None:
    world = World(config=wishing(pools=POOLS), miners=14)
    world.daemon.start()
    settled(world)
    assert all(as_wished(dragon) for dragon in world.dragons)
    times = [at for at, _, _ in written(world)]
    assert len(times) == 14
    canary, waves = times[0], sorted({round(at) for at in times[1:]})
    assert waves[0] - canary > 120.0
    assert [sum(round(at) == wave for at in times[1:]) for wave in waves] == [5, 5, 3]


def test_what_others_hash_with_already_needs_no_first_miner() -> None:
    world = World(config=wishing(pools=POOLS), miners=10)
    for dragon in world.dragons[::2]:
        give(dragon, POOLS)
    world.daemon.start()
    settled(world)
    times = sorted(at for at, _, _ in written(world))
    assert len(times) == 5
    assert times[-1] - times[0] < 90.0  # a reading later, and not a start and its proof


def test_a_wave_begins_when_all_of_the_one_before_hash_again() -> None:
    world = World(config=wishing(pools=POOLS), miners=11)
    world.daemon.start()
    slow = world.dragons[3]
    world.ether.until(lambda: len(slow.writes), 2 * HOUR)
    slow.mining_from += 240.0
    settled(world)
    wave = next(at for at, mac, _ in written(world) if mac == slow.mac)
    after = [at for at, _, _ in written(world) if at > wave + 1]
    assert after
    assert min(after) >= slow.mining_from


def test_pools_that_do_not_work_reach_one_miner_only() -> None:
    world = World(config=wishing(pools=DEAD), miners=12)
    world.daemon.start()
    world.ether.run(3 * HOUR)
    assert len({mac for _, mac, _ in written(world)}) == 1
    (told,) = world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)
    assert told.severity is Severity.CRITICAL
    assert "none of its pools works" in told.text
    progress = world.daemon.desk.progress()
    assert progress["settled"]
    assert progress["failed"] == 12
    assert {item["status"] for item in world.daemon.desk.plan()["items"]} == {"stopped"}


def test_a_change_that_only_the_first_miner_survives_stops_after_the_first_wave() -> None:
    world = World(config=wishing(pools=POOLS), miners=20)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    (canary,) = {mac for _, mac, _ in written(world)}
    for dragon in world.dragons:
        dragon.pools_dead = dragon.mac != canary and bool(dragon.writes)
    world.ether.until(lambda: len(written(world)) > 1, HOUR)
    for dragon in world.dragons:
        dragon.pools_dead = dragon.mac != canary and bool(dragon.writes)
    world.ether.run(3 * HOUR)
    assert len({mac for _, mac, _ in written(world)}) == 6
    assert len(world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)) == 1


def test_never_more_miners_restart_at_once_than_is_allowed() -> None:
    waves = Waves(percent=100.0, restarts_at_once=4)
    world = World(config=wishing(waves, pools=POOLS), miners=20)
    world.daemon.start()
    most = 0
    for _ in range(300):
        world.ether.run(10.0)
        most = max(most, sum(not dragon.ready for dragon in world.dragons))
    assert all(as_wished(dragon) for dragon in world.dragons)
    assert most == 4
    assert not world.daemon.ear.of(EventKind.WISH_FAILED)


def test_a_stopped_change_goes_on_with_one_miner_when_a_person_says_so() -> None:
    world = World(config=wishing(pools=DEAD), miners=6)
    world.daemon.start()
    world.ether.run(HOUR)
    assert len(written(world)) == 1
    first = next(dragon for dragon in world.dragons if dragon.writes)
    first.vanish()
    assert "1 stopped changes go on" in world.daemon.desk.apply("all", "ann")["text"]
    world.ether.run(5 * MINUTE)
    assert len(written(world)) == 2
    world.ether.run(HOUR)
    assert len(written(world)) == 2


def test_two_new_changes_of_one_miner_that_fails_are_stopped_in_one_line() -> None:
    world = World(config=wishing(pools=DEAD, autotune_mode="efficient"), miners=6)
    world.daemon.start()
    world.ether.run(2 * HOUR)
    assert len({mac for _, mac, _ in written(world)}) == 1
    (told,) = world.daemon.ear.texts(EventKind.ROLLOUT_STOPPED)
    assert told.startswith(
        "Pools stratum+tcp://dead.example:3333 on T1 and profile efficient on T1: stopped"
    )


def test_a_stopped_change_keeps_no_proved_one_from_anybody() -> None:
    world = World(config=wishing(pools=DEAD, autotune_mode="efficient"), miners=6)
    world.dragons[0].autotune.set("efficient", "2")
    world.daemon.start()
    world.ether.run(4 * HOUR)
    modes = [dragon.autotune.mode(dragon.firmware) for dragon in world.dragons]
    assert modes.count("efficient") == 6
    assert sum(as_wished(dragon, DEAD) for dragon in world.dragons) == 1


def test_a_fresh_miner_gets_pools_and_autotune_at_once_and_hashes() -> None:
    world = World(config=wishing(pools=POOLS, autotune_mode="efficient"), miners=5)
    for dragon in world.dragons[:4]:
        give(dragon, POOLS)
        dragon.autotune.set("efficient", "2")
    fresh = world.dragons[4]
    fresh.pools = None
    world.daemon.start()
    world.ether.run(6 * MINUTE)
    assert as_wished(fresh)
    assert fresh.autotune.mode(fresh.firmware) == "efficient"
    assert [path for _, _, path in written(world)] == [SET_POOLS, SET_PROFILE]
    world.ether.run(10 * MINUTE)
    assert world.daemon.desk.progress()["reached"] == 5


def test_each_order_of_a_visit_is_a_step_of_the_round() -> None:
    world = World(config=wishing(pools=POOLS, autotune_mode="efficient"), miners=1)
    seen: list[int] = []
    submit = world.daemon.commands.submit

    async def counted(command: Command) -> Outcome:
        seen.append(world.daemon.configure.pulse.beats)
        return await submit(command)

    world.daemon.commands.submit = counted  # type: ignore[method-assign]  # looks on
    world.daemon.start()
    settled(world)
    assert len(seen) == len(set(seen)) == 2


@pytest.mark.parametrize("left", [0, 1])
def test_a_shorter_pool_list_gets_its_pools(left: int) -> None:
    world = World(config=wishing(pools=POOLS))
    give(world.dragon, POOLS[:left])
    world.daemon.start()
    settled(world)
    assert as_wished(world.dragon)


def test_the_order_of_the_pools_counts() -> None:
    world = World(config=wishing(pools=POOLS))
    give(world.dragon, POOLS[::-1])
    world.daemon.start()
    settled(world)
    assert as_wished(world.dragon)


def test_a_miner_that_calls_factory_what_shall_be_balanced_is_not_asked_for_ever() -> None:
    world = World(config=wishing(autotune_mode="balanced"), models={"T2": 1.0}, miners=3)
    assert {dragon.autotune.mode(dragon.firmware) for dragon in world.dragons} == {"factory"}
    world.daemon.start()
    settled(world)
    assert {dragon.autotune.mode(dragon.firmware) for dragon in world.dragons} == {"balanced"}
    before = len(written(world))
    world.ether.run(2 * HOUR)
    assert len(written(world)) == before


def test_a_wish_that_is_not_kept_is_reported_and_not_hammered() -> None:
    world = World(config=wishing(pools=POOLS))
    dragon = world.dragon
    kept = dragon.pools
    set_pools = dragon.restart_mining

    def forget() -> None:
        dragon.pools = kept
        set_pools()

    dragon.restart_mining = forget  # type: ignore[method-assign]  # a miner that lies
    world.daemon.start()
    world.ether.run(6 * HOUR)
    assert len(dragon.writes) == 1  # the first to get it failed: the change is stopped
    assert "kept something else" in world.daemon.ear.texts(EventKind.ROLLOUT_STOPPED)[0]


def test_miners_of_other_wishes_are_tried_for_themselves() -> None:
    other = (PoolWish("stratum+tcp://dead.example:3333", "bob", "x"),)
    config = wishing(pools=POOLS)
    world = World(config=config, miners=8)
    macs = tuple(dragon.mac for dragon in world.dragons[:4])
    block = Block((), macs, replace(config.settings, pools=other))
    world.daemon.change(blocks=(block,))
    world.daemon.start()
    settled(world)
    assert sum(as_wished(dragon, other) for dragon in world.dragons[:4]) == 1
    assert all(as_wished(dragon) for dragon in world.dragons[4:])


def test_a_miner_without_wishes_is_asked_for_nothing() -> None:
    world = World(config=wishing(), miners=2)
    world.daemon.start()
    world.ether.run(HOUR)
    assert not any(dragon.requests["/api/pools"] for dragon in world.dragons)
    assert world.daemon.desk.progress()["wished"] == 0


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 20.0])
def test_a_daemon_that_is_killed_in_a_wave_goes_on_where_it_was(moment: float) -> None:
    config = wishing(pools=POOLS)
    world = World(config=config, miners=14)
    world.ether.latency = 0.05
    world.daemon.start()
    world.ether.until(lambda: world.daemon.ear.of(EventKind.ROLLOUT_PROVED), 2 * HOUR)
    world.ether.run(moment)
    kill(world)
    world.daemon = world.another(config)
    world.daemon.start()
    settled(world)
    assert all(as_wished(dragon) for dragon in world.dragons)
    assert max(len(dragon.writes) for dragon in world.dragons) == 1
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED, EventKind.WISH_FAILED)


@pytest.mark.parametrize("others", [0, 5])
def test_who_was_not_reached_when_the_daemon_was_killed_is_no_failure(others: int) -> None:
    config = wishing(pools=POOLS)
    world = World(config=config, miners=6)
    late, *rest = world.dragons
    for dragon in rest[:others]:
        give(dragon, POOLS)
    world.adopted()
    world.do_survey()
    entry = world.daemon.entry(late)
    world.daemon.flights.launch(entry, world.daemon.survey.aspects(entry), "")
    world.daemon.memory.save()
    kill(world)
    world.daemon = world.another(config)
    world.daemon.start()
    world.ether.run(3 * MINUTE)
    assert as_wished(late) or not others
    settled(world)
    assert all(as_wished(dragon) for dragon in world.dragons)
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED, EventKind.WISH_FAILED)


def test_what_was_stopped_stays_so_over_a_restart() -> None:
    config = wishing(pools=DEAD)
    world = World(config=config, miners=6)
    world.daemon.start()
    world.ether.run(HOUR)
    kill(world)
    world.daemon = world.another(config)
    world.daemon.start()
    world.ether.run(2 * HOUR)
    assert len(written(world)) == 1
    rollouts = world.daemon.setups.undertaken.rollouts.values()
    assert {one.trust for one in rollouts} == {Trust.STOPPED}


def test_nobody_gets_anothers_settings_when_the_addresses_are_dealt_anew() -> None:
    world = World(config=wishing(pools=POOLS), miners=24)
    world.daemon.start()
    world.ether.until(lambda: len(written(world)) > 8, 2 * HOUR)
    world.farm.deal_addresses_anew()
    world.ether.run(2 * HOUR)
    settled(world)
    for dragon in world.dragons:
        assert as_wished(dragon), dragon.host
        for one in dragon.writes:
            assert str(one.form["UserName1"]).endswith(worker(dragon))


def test_what_does_not_answer_waits_and_gets_its_wish_when_it_does() -> None:
    world = World(config=wishing(pools=POOLS), miners=4)
    away = world.dragons[2]
    world.daemon.start()
    world.ether.run(30.0)
    away.vanish(HOUR)
    settled(world)
    assert not as_wished(away)
    world.ether.run(2 * HOUR)
    assert as_wished(away)


def kill(world: World) -> None:
    """The process is gone at once: nothing more is written to the disk or to anybody."""
    world.daemon.memory.save = lambda: None  # type: ignore[method-assign]  # cut off
    world.daemon.memory.save_soon = lambda: None  # type: ignore[method-assign]  # cut off
    world.daemon.halt()


def test_a_wish_that_is_mended_need_not_wait_for_the_old_ones_end() -> None:
    world = World(config=wishing(pools=DEAD), miners=3)
    world.daemon.start()
    world.ether.until(lambda: written(world), HOUR)
    world.ether.run(MINUTE)
    (canary,) = [dragon for dragon in world.dragons if dragon.writes]
    world.daemon.change(settings=replace(world.daemon.config.settings, pools=POOLS))
    world.ether.run(8 * MINUTE)
    assert as_wished(canary)
    settled(world)
    assert all(as_wished(dragon) for dragon in world.dragons)
    assert not world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)


def test_who_is_known_and_not_here_is_reported() -> None:
    config = wishing(pools=POOLS)
    world = World(config=config, miners=3)
    world.daemon.start()
    settled(world)
    gone = world.dragons[1]
    gone.vanish()
    world.daemon.stop()
    world.daemon = world.another(config)
    world.daemon.start()
    world.ether.run(5 * MINUTE)
    (unread,) = world.daemon.desk.plan()["unread"]
    assert unread["worker"] == worker(gone)
    assert "it is not here; last seen" in unread["why"]
    progress = world.daemon.desk.progress()
    assert (progress["wished"], progress["reached"], progress["failed"]) == (3, 2, 1)
