"""The health loop over restarts, clocks that are set, odd miners and weeks."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.model import EventKind
from mother.fleet.forgetting import MOST
from mother.fleet.remembered import DeviceMemory, Phase, Place, Record, Watch
from mother.jobs.health import FIRST_LOOK
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, DAY, HOUR, MINUTE, World
from tests.jobs.test_health import minded, reboots


def test_a_restart_of_the_daemon_forgets_no_cool_down_and_tells_nothing_twice() -> None:
    world = minded(cure=0.0)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.until(lambda: reboots(world), 600)
    world.ether.run(2 * MINUTE)
    heard = []
    for _ in range(60):  # a daemon that is restarted every 5 minutes
        heard.append(world.daemon.ear)
        world.restart().start()
        world.ether.run(5 * MINUTE)
    heard.append(world.daemon.ear)
    times = reboots(world)
    assert len(times) == 2
    assert times[1] - times[0] >= 900

    def count(kind: EventKind) -> int:
        return sum(len(ear.of(kind)) for ear in heard)

    assert count(EventKind.LEFT) == 1
    assert count(EventKind.REBOOT_CONFIRMED) == 2
    assert count(EventKind.REBOOT_FAILED) == 0


def test_reboots_of_last_week_are_no_news_after_a_restart() -> None:
    world = minded()
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(6 * HOUR)
    assert len(world.daemon.ear.of(EventKind.REBOOT_CONFIRMED)) == 1
    world.restart().start()
    world.ether.run(HOUR)
    assert not world.daemon.ear.of(EventKind.REBOOT_CONFIRMED, EventKind.REBOOT_FAILED)


def test_the_start_of_the_daemon_delays_a_reboot_by_no_more_than_one_check() -> None:
    world = World(miners=20, faults={"dead-board": 1}, cure=1.0)
    world.daemon.ready = False  # the first scan never ends
    world.daemon.start()
    world.ether.run(290)
    assert reboots(world) == []
    world.ether.run(15)
    assert len(reboots(world)) == 1


def test_the_first_look_comes_soon_after_the_first_scan() -> None:
    world = World(miners=20, faults={"dead-board": 1}, cure=1.0)
    world.daemon.ready = False
    world.daemon.start()
    world.ether.run(2)
    world.daemon.ready = True
    world.ether.run(FIRST_LOOK)
    assert len(reboots(world)) == 1


def test_a_clock_that_is_set_back_at_the_start_does_not_stop_health() -> None:
    world = World(miners=20, faults={"dead-board": 1}, cure=1.0)
    world.daemon.ready = False
    world.daemon.start()
    world.ether.run(2)
    world.lag = -DAY
    world.ether.run(310)
    assert len(reboots(world)) == 1


def test_a_clock_that_is_set_back_stops_no_checks() -> None:
    world = minded(replace(CONFIG, statsd=replace(CONFIG.statsd, interval=DAY)))
    world.lag = -3 * HOUR
    world.ether.run(10 * MINUTE)
    world.dragon.fault = Fault.DEAD_BOARD
    world.ether.run(20 * MINUTE)
    assert len(reboots(world)) == 1


def test_who_was_given_up_is_remembered_until_it_is_retired() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.check()
    world.daemon.roster.remove(entry, world.daemon.now())
    world.dragon.vanish()
    world.ether.run(400 * DAY)
    world.daemon.check()
    assert entry.id in world.daemon.memory.devices
    assert list(world.daemon.roster.given_up) == [entry.id]
    assert world.daemon.health._due == {}


def test_who_is_gone_longest_is_forgotten_when_there_are_too_many() -> None:
    world = World(miners=2)
    gone, here = world.adopted()
    daemon = world.daemon
    daemon.roster.remove(gone, daemon.now())
    world.dragon.vanish()
    for number in range(MOST - 2):
        seen = daemon.now() + number + 1
        daemon.memory.remember(f"home/mac:{number}", DeviceMemory(worker="x", last_seen=seen))
    daemon.check()
    assert gone.id in daemon.memory.devices
    placed = DeviceMemory(mac="00:11:22:33:44:55", place=Place(rack="A3"))
    daemon.memory.remember("home/mac:00:11:22:33:44:55", placed)
    daemon.check()
    assert gone.id not in daemon.memory.devices
    assert daemon.roster.given_up == {}
    assert len(daemon.memory.devices) == MOST
    assert {here.id, "home/mac:00:11:22:33:44:55"} <= set(daemon.memory.devices)
    (told,) = daemon.ear.texts(EventKind.RETIRED)
    assert told.startswith(f"{gone.worker} forgotten: gone longest")


def test_what_is_remembered_of_others_is_kept_while_they_are_looked_for() -> None:
    world = World()
    stranger = "home/mac:00:11:22:33:44:55"
    watch, record = Watch(ill_since=world.daemon.now()), Record(reboots=2, left=True)
    kept = DeviceMemory(watch=watch, record=record, first_seen=world.daemon.now())
    world.daemon.memory.remember(stranger, kept)
    world.adopted()
    world.daemon.check()
    assert world.daemon.memory.device(stranger) == kept


def test_an_open_breaker_stays_open_over_a_restart() -> None:
    world = minded()
    for dragon in world.dragons[:4]:
        dragon.fault = Fault.DEAD_BOARD
    world.ether.run(6 * MINUTE)
    world.restart().start()
    world.ether.run(4 * MINUTE)
    assert world.daemon.memory.farm.breaker.phase is Phase.OPEN
    assert reboots(world) == []
    assert not world.daemon.ear.of(EventKind.BREAKER_OPENED)


def test_weeks_of_minding_leave_nothing_behind() -> None:
    world = minded(miners=6, faults={"wrong-password": 1})
    for week in range(4):
        dragon = world.dragons[week]
        dragon.vanish(2 * HOUR)
        world.ether.run(6 * HOUR)
    daemon = world.daemon
    assert len(daemon.roster) == 5
    assert len(daemon.health._due) == 5
    assert len(daemon.roster.given_up) == 0
    assert len(daemon.roster.sightings) == len(daemon.memory.sightings) == 1
    assert len(daemon.memory.devices) == 5
    assert len(daemon.adoption._claims) == len(daemon.adoption._looking) == 0
    assert len(daemon.metrics._flying) == 0
