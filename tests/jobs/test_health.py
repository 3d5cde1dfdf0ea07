"""The health loop from end to end: a simulated farm falls ill, is told of, and healed or not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from mother.config.model import Block, Config
from mother.core.errors import Declined
from mother.core.model import Address, EventKind, State
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, DAY, HOUR, MINUTE, SETTINGS, World, failures, logged

REBOOT = "/api/reboot"
TOLD = (EventKind.ILL, EventKind.WELL, EventKind.REBOOTED, EventKind.REBOOT_CONFIRMED)


def minded(config: Config | None = None, **plan: Any) -> World:
    """A farm that has been minded for a while; mostly with few polls, to be quick."""
    config = config or RARELY
    world = World(config=config, **{"miners": 12, "cure": 1.0, **plan})
    world.daemon.start()
    world.ether.run(10 * MINUTE)
    return world


RARELY = replace(CONFIG, statsd=replace(CONFIG.statsd, interval=240.0))


def reboots(world: World) -> list[float]:
    """When the farm was rebooted, seconds since the Ether began."""
    return sorted(
        write.at - 1_600_000_000.0
        for dragon in world.dragons
        for write in dragon.writes
        if write.path == REBOOT
    )


def test_a_dead_board_is_told_rebooted_confirmed_and_well_each_once() -> None:
    world = minded()
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    with logged() as events:
        world.ether.run(3 * HOUR)
    assert world.writes() == {entry.mac: [REBOOT]}
    told = world.daemon.ear.of(*TOLD)
    assert [one.kind for one in told] == [
        EventKind.ILL,
        EventKind.REBOOTED,
        EventKind.REBOOT_CONFIRMED,
        EventKind.WELL,
    ] or [one.kind for one in told] == [
        EventKind.ILL,
        EventKind.REBOOTED,
        EventKind.WELL,
        EventKind.REBOOT_CONFIRMED,
    ]
    assert told[0].text.startswith(f"{entry.worker} at 127.78.0.1 is ill: Board ")
    assert "after our reboot" in world.daemon.ear.texts(EventKind.REBOOT_CONFIRMED)[0]
    assert entry.state() is State.HASHING
    assert entry.because == ()
    assert not world.daemon.ear.of(EventKind.REBOOT_FAILED, EventKind.LEFT)
    assert not failures(events)


def test_without_the_wish_to_reboot_illness_is_told_and_nothing_done() -> None:
    world = minded(replace(CONFIG, settings=replace(SETTINGS, health_reboot=False)))
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(2 * HOUR)
    assert world.writes() == {}
    assert len(world.daemon.ear.of(EventKind.ILL)) == 1
    assert entry.state() is State.ILL
    assert entry.because[0].endswith("Reboots are off.")


def test_what_two_reboots_do_not_cure_is_left_for_a_human() -> None:
    world = minded(cure=0.0)
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(10 * HOUR)
    times = reboots(world)
    assert len(times) == 2
    assert times[1] - times[0] >= 900
    (left,) = world.daemon.ear.texts(EventKind.LEFT)
    assert "is left for a human. Board " in left
    assert "Rebooted twice" in left
    assert world.daemon.ear.gauges["health.left_for_a_human"] == 1
    assert entry.because
    assert world.daemon.memory.device(entry.id).record.left


def test_the_table_tells_of_a_reboot_at_once() -> None:
    world = minded()
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.until(lambda: world.daemon.ear.of(EventKind.REBOOTED), 600)
    world.ether.run()
    assert "Rebooted once at " in entry.because[0]
    assert "next try not before " in entry.because[0]


def test_a_hot_miner_is_told_once_and_never_rebooted() -> None:
    world = minded()
    world.dragon.fault = Fault.HOT_BOARD
    world.ether.run(5 * HOUR)
    assert reboots(world) == []
    (told,) = world.daemon.ear.texts(EventKind.HOT)
    assert told.endswith("above 100 °C; not rebooted")
    world.dragon.fault = Fault.NONE
    world.ether.run(HOUR)
    assert len(world.daemon.ear.of(EventKind.COOL)) == 1


def test_a_slow_board_needs_its_hour() -> None:
    world = minded()
    began = world.ether.seconds() - 1_600_000_000.0
    world.dragon.fault = Fault.SLOW_BOARD
    world.ether.run(4 * HOUR)
    (at,) = reboots(world)
    assert at - began > HOUR


def test_nobody_is_rebooted_within_15_minutes_of_its_start() -> None:
    world = World(miners=20, fresh=True, cure=1.0)
    world.daemon.start()
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(2 * HOUR)
    (at,) = reboots(world)
    assert 900 <= at <= 900 + 3 * 300


def test_the_farm_has_at_most_its_share_of_reboots_an_hour() -> None:
    world = minded(cure=0.0)
    for number in range(3):  # too few for a wave
        world.dragons[number * 3].fault = Fault.DEAD_BOARD
        world.ether.run(20 * MINUTE)
    world.ether.run(8 * HOUR)
    times = reboots(world)
    assert len(times) == 6  # two for each
    assert all(later - earlier >= HOUR for earlier, later in pairwise(times))


def test_a_wave_of_illness_opens_the_breaker_and_nobody_is_rebooted() -> None:
    world = minded(cure=1.0)
    for dragon in world.dragons[:4]:
        dragon.fault = Fault.DEAD_BOARD
    world.ether.run(9 * MINUTE)
    assert reboots(world) == []
    (told,) = world.daemon.ear.of(EventKind.BREAKER_OPENED)
    assert told.text == (
        "4 of 12 miners fell ill within 10 min: nobody is rebooted until the cause is gone."
    )
    assert world.daemon.ear.gauges["health.breaker_open"] == 1
    world.ether.run(12 * HOUR)
    assert len(world.daemon.ear.of(EventKind.BREAKER_OPENED)) == 1
    assert len(world.daemon.ear.of(EventKind.BREAKER_CLOSED)) == 1
    assert {len(paths) for paths in world.writes().values()} == {1}
    assert all(entry.state() is State.HASHING for entry in world.daemon.roster)


def test_a_power_cut_is_no_reason_to_reboot_anybody() -> None:
    world = minded()
    for dragon in world.dragons:
        dragon.power_off()
    world.ether.run(20 * MINUTE)
    for dragon in world.dragons:
        dragon.come_back()
    world.ether.run(3 * HOUR)
    assert reboots(world) == []
    assert len(world.daemon.ear.of(EventKind.GONE)) == 12
    assert len(world.daemon.ear.of(EventKind.BACK, EventKind.ADDED)) == 12 + 12
    assert all(entry.state() is State.HASHING for entry in world.daemon.roster)


def test_a_power_cut_after_which_addresses_are_dealt_anew_ends_well() -> None:
    world = minded()
    for dragon in world.dragons:
        dragon.power_off()
    world.ether.run(10 * MINUTE)
    world.farm.deal_addresses_anew()
    for dragon in world.dragons:
        dragon.come_back()
    world.ether.run(2 * HOUR)
    assert reboots(world) == []
    assert not world.daemon.ear.of(EventKind.CONFLICT)
    for dragon in world.dragons:
        assert world.daemon.entry(dragon).address == Address(dragon.host, 80)
        assert world.daemon.entry(dragon).state() is State.HASHING


def test_a_miner_that_does_not_come_back_from_a_reboot_is_told_once() -> None:
    world = minded()
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.until(lambda: reboots(world), 600)
    world.ether.run(5)
    world.dragon.power_off()
    world.ether.run(15 * MINUTE)
    assert not world.daemon.ear.of(EventKind.REBOOT_CONFIRMED)
    world.ether.run(20 * MINUTE)
    (told,) = world.daemon.ear.texts(EventKind.REBOOT_FAILED)
    assert told.endswith("did not come back from our reboot and was given up")


def test_a_miner_that_comes_back_from_a_reboot_too_late_is_told_once() -> None:
    world = minded(replace(RARELY, scan_interval=DAY))
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.until(lambda: reboots(world), 600)
    world.ether.run(5)
    world.dragon.power_off()
    world.ether.run(40 * MINUTE)
    (told,) = world.daemon.ear.texts(EventKind.REBOOT_FAILED)
    assert "did not start again within" in told
    world.dragon.come_back()
    world.ether.run(HOUR)
    assert len(world.daemon.ear.of(EventKind.REBOOT_FAILED)) == 1
    assert not world.daemon.ear.of(EventKind.REBOOT_CONFIRMED)


def test_a_reboot_that_cannot_be_ordered_takes_no_place_in_the_limits() -> None:
    world = minded()
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    world.daemon.poll(entry)
    world.daemon.change(dragon_timeout=1.0)
    order = world.daemon.commands.submit

    async def hung(command: Any) -> Any:
        world.dragon.fault = Fault.HANG
        outcome = await order(command)
        world.dragon.fault = Fault.DEAD_BOARD
        return outcome

    world.daemon.commands.submit = hung  # type: ignore[method-assign]  # broken on purpose
    world.ether.until(lambda: world.daemon.ear.of(EventKind.AUDIT), 600)
    world.ether.run()
    assert reboots(world) == []
    assert world.daemon.memory.farm.ledger.at == ()
    assert not world.daemon.memory.device(entry.id).record.reboots
    assert "Not rebooted: " in entry.because[-1]
    assert not world.daemon.ear.of(EventKind.REBOOT_FAILED)


def test_a_disputed_miner_is_told_but_not_ordered_to_reboot() -> None:
    world = minded()
    entry = world.daemon.entry(world.dragon)
    entry.claimants[Address("127.78.0.60", 80)] = -100
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(HOUR)
    assert reboots(world) == []
    assert entry.because[-1] == f"Not rebooted: 127.78.0.60 claims the same MAC {entry.mac}."
    assert not world.daemon.ear.of(EventKind.AUDIT)
    assert world.daemon.memory.farm.ledger.at == ()


def test_a_dry_run_pretends_within_the_same_limits_and_remembers_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, replace(RARELY, dry_run=True), miners=12)
    world.daemon.start()
    world.ether.run(10 * MINUTE)
    entry = world.daemon.entry(world.dragon)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(10 * HOUR)
    assert world.writes() == {}
    told = world.daemon.ear.of(EventKind.WOULD_WRITE)
    assert len(told) == 2
    assert told[1].at - told[0].at >= HOUR / 4
    assert told[0].text.startswith(f"dry run: would reboot {entry.worker} at 127.78.0.1: Board ")
    assert world.daemon.ear.gauges["health.would_write"] == 2
    assert len(world.daemon.ear.of(EventKind.LEFT)) == 1
    record = world.daemon.memory.device(entry.id).record
    assert (record.reboots, record.rebooted, record.written, record.left) == (0, None, None, False)
    assert world.daemon.memory.farm.ledger.at == ()
    assert not world.daemon.ear.of(EventKind.REBOOT_FAILED, EventKind.REBOOTED)
    world.daemon.change(dry_run=False)
    world.dragon.cure = 1.0
    world.ether.run(10 * MINUTE)
    assert world.writes() == {entry.mac: [REBOOT]}


def test_health_reads_for_itself_where_metrics_are_rare() -> None:
    world = minded(replace(CONFIG, statsd=replace(CONFIG.statsd, interval=DAY)))
    world.dragon.vanish()
    world.ether.run(20 * MINUTE)
    assert {one.content["where"] for one in world.daemon.ear.of(EventKind.FAULT)} == {"health"}
    assert "Not reachable" in world.daemon.ear.texts(EventKind.ILL)[0]


def test_health_does_not_ask_again_what_metrics_have_just_read() -> None:
    world = minded()
    asked = world.dragon.requests["/api/summary"]
    world.ether.run(HOUR)
    assert world.dragon.requests["/api/summary"] - asked == 15


def test_a_block_has_its_devices_checked_at_an_interval_of_its_own() -> None:
    world = World(miners=2)
    often = Block((), (world.dragon.mac,), replace(SETTINGS, health_check_interval=60.0))
    world.daemon.change(blocks=(often,), statsd=replace(CONFIG.statsd, interval=DAY))
    assert world.daemon.health.interval() == 60
    world.adopted()
    asked = [dragon.requests["/api/summary"] for dragon in world.dragons]
    for _ in range(10):
        world.ether.run(60)
        world.daemon.check()
    assert [
        dragon.requests["/api/summary"] - before
        for dragon, before in zip(world.dragons, asked, strict=True)
    ] == [10, 1]


def test_one_miner_that_cannot_be_judged_costs_only_itself() -> None:
    world = World(miners=3, cure=1.0)
    entries = world.adopted()
    broken, ill = world.daemon.entry(world.dragon), world.dragons[1]
    ill.fault = Fault.DEAD_BOARD
    world.daemon.sweep()
    broken.reading = SimpleNamespace(algorithm="")  # type: ignore[assignment]  # broken
    with logged() as events:
        for _ in range(2):
            broken.tried = entries[1].tried = world.daemon.now()
            world.daemon.check()
            world.ether.run(400)
    assert world.writes() == {ill.mac: [REBOOT]}
    assert len(failures(events)) == 1
    faults = [one for one in world.daemon.ear.of(EventKind.FAULT) if one.worker == broken.worker]
    assert faults[0].content["where"] == "health"
    assert faults[0].content["first"] is True


def test_a_reboot_that_the_miner_declines_is_told_once() -> None:
    world = minded()
    entry = world.daemon.entry(world.dragon)

    async def perform(command: object) -> None:
        raise Declined("not today")

    entry.device.perform = perform  # type: ignore[method-assign]  # a miner with a will
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.until(lambda: world.daemon.ear.of(EventKind.REBOOT_FAILED), 600)
    world.ether.run(25 * MINUTE)
    told = world.daemon.ear.texts(EventKind.REBOOT_FAILED)
    assert set(told) == {f"{entry.worker} at 127.78.0.1 could not be rebooted: not today"}
    assert len(told) == len(world.daemon.ear.of(EventKind.AUDIT))
