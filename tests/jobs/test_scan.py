"""The scan: who is found, who is given up, and what a changed configuration does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred

from mother.config.model import Config
from mother.core.clock import sleep
from mother.core.model import Address, EventKind
from mother.drivers.base import Traces
from mother.fleet.roster import GIVE_UP_SCANS
from mother.jobs.scan import Scan
from mother.sim.faults import Fault
from tests.fleet.world import CONFIG, Stranger, World, failures, logged


def test_all_miners_of_the_networks_are_found_and_told() -> None:
    world = World(miners=9)
    world.daemon.scan_once()
    assert len(world.daemon.roster) == 9
    (told,) = world.daemon.ear.of(EventKind.SCANNED)
    assert told.text == "Scanned 62 addresses in 0.0 s: 9 miners answer, 9 known"
    assert told.content == {"seconds": 0.0, "found": 9, "known": 9, "total": 62, "first": True}
    world.daemon.scan_once()
    assert world.daemon.ear.of(EventKind.SCANNED)[-1].content["first"] is False


def test_one_miner_answers_in_the_singular() -> None:
    world = World(miners=1)
    world.daemon.scan_once()
    (told,) = world.daemon.ear.texts(EventKind.SCANNED)
    assert told.endswith(": 1 miner answers, 1 known")


def test_a_miner_that_another_is_looking_at_is_counted_and_looked_at_once() -> None:
    world = World(miners=3)
    world.ether.latency = 0.1
    world.daemon.misplaced(Address("127.78.0.1", 80))
    world.daemon.misplaced(Address("127.78.0.2", 80))
    world.daemon.scan_once()
    (told,) = world.daemon.ear.of(EventKind.SCANNED)
    assert told.text.endswith(": 3 miners answer, 3 known")
    assert not any(entry.missed_scans for entry in world.daemon.roster)


def test_a_miner_that_refuses_a_knock_but_answers_its_poll_is_counted() -> None:
    world = World(miners=3)
    first, *_ = world.adopted()
    first.failures = 1  # so that it is knocked at
    world.ether.latency = 0.1
    world.daemon.begin(world.daemon.poller.poll(first, "stats"))

    async def sweep(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> None:
        assert first.address.host in set(hosts)

    world.daemon.scan._sweep = sweep
    world.daemon.scan_once()
    told = world.daemon.ear.texts(EventKind.SCANNED)[-1]
    assert told.endswith(": 3 miners answer, 3 known")
    assert world.daemon.scan.progress.met == 3
    assert first.missed_scans == 0


def test_the_progress_counts_addresses_and_miners() -> None:
    world = World(miners=9)
    for _ in range(2):
        world.daemon.scan_once()
        progress = world.daemon.scan.progress
        assert (progress.total, progress.tried, progress.met) == (62, 62, 9)


def slow_sweep(world: World) -> Scan:
    """A scan that knocks at one address a second, in order."""

    async def sweep(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> None:
        for host in sorted(hosts, key=lambda one: int(one.rpartition(".")[2])):
            if world.ether.is_open(host, config.dragon_port):
                found(host)
            step: Deferred[None] = Deferred()
            world.ether.callLater(1.0, step.callback, None)
            await step

    world.daemon.scan._sweep = sweep
    return world.daemon.scan


def test_who_answers_is_adopted_at_once_and_not_at_the_end() -> None:
    world = World(miners=3)
    scan = world.daemon.begin(slow_sweep(world).run())
    world.ether.run(0.5)
    assert len(world.daemon.roster) == 1
    world.ether.run(2)
    assert len(world.daemon.roster) == 3
    assert not scan
    world.ether.run(60)
    assert scan == [None]


def test_a_known_miner_that_answers_needs_no_knock() -> None:
    world = World(miners=3)
    world.daemon.scan_once()
    knocked: list[str] = []

    async def sweep(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> None:
        knocked.extend(hosts)

    world.daemon.scan._sweep = sweep
    world.daemon.scan_once()
    assert len(knocked) == 59
    assert world.daemon.ear.of(EventKind.SCANNED)[-1].content["found"] == 3


def test_hung_miners_delay_the_others_by_nothing() -> None:
    world = World(miners=9, faults={"hang": 3})
    scan = world.daemon.begin(world.daemon.scan.run())
    world.ether.run(0.1)
    assert len(world.daemon.roster) == 6
    assert not scan
    world.ether.run(10)
    assert scan == [None]


def test_a_miner_is_given_up_only_by_several_scans_and_several_polls() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    for _ in range(2 * GIVE_UP_SCANS):
        world.daemon.scan_once()
    assert len(world.daemon.roster) == 1  # no poll has failed
    world.daemon.ear.samples.clear()
    for _ in range(3):
        world.ether.run(200)
        world.daemon.poll(entry)
    world.daemon.scan_once()
    assert len(world.daemon.roster) == 0
    assert world.daemon.ear.texts(EventKind.REMOVED) == [
        f"{entry.worker} (127.78.0.1) is given up: not seen for 6 min 40 s, by 7 scans and "
        "3 polls; it is taken up again as soon as it answers"
    ]
    farewell = world.daemon.ear.samples[-1]
    assert not farewell.reachable
    assert farewell.at_rest
    assert world.daemon.roster.given_up == {entry.id: world.daemon.now()}


def test_failed_polls_alone_give_nobody_up() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.fault = Fault.HTTP_500
    for _ in range(20):
        world.daemon.poll(entry)
    world.dragon.vanish()
    for _ in range(GIVE_UP_SCANS - 1):
        world.daemon.scan_once()
    assert len(world.daemon.roster) == 1


def test_who_was_given_up_is_taken_up_as_soon_as_it_answers() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    for _ in range(GIVE_UP_SCANS):
        world.daemon.poll(entry)
        world.daemon.scan_once()
    assert len(world.daemon.roster) == 0
    world.dragon.come_back()
    world.ether.run()
    world.daemon.scan_once()
    (anew,) = world.daemon.roster
    assert (anew.id, anew.worker) == (entry.id, entry.worker)
    assert not world.daemon.roster.given_up


def test_who_lost_its_address_and_is_found_nowhere_is_given_up_too() -> None:
    world = World(miners=2)
    first, second = world.adopted()
    world.dragon.move("127.99.0.1")
    world.ether.run()
    world.dragons[1].move("127.78.0.1")
    world.ether.run()
    for _ in range(GIVE_UP_SCANS + 1):
        world.daemon.sweep()
        world.daemon.scan_once()
    assert list(world.daemon.roster) == [second]
    assert second.address == Address("127.78.0.1", 80)
    assert first.id in world.daemon.roster.given_up


def test_what_a_new_configuration_leaves_out_is_dropped_at_the_next_scan() -> None:
    world = World(miners=9)
    world.daemon.scan_once()
    world.daemon.change(networks=("127.78.0.0/29",), exclude=("127.78.0.3",))
    world.daemon.scan_once()
    left = {entry.address.host for entry in world.daemon.roster}
    assert left == {f"127.78.0.{n}" for n in (1, 2, 4, 5, 6)}
    removed = world.daemon.ear.texts(EventKind.REMOVED)
    assert len(removed) == 4
    assert removed[0].endswith("is given up: its address is not in the configured networks")
    assert not [sample for sample in world.daemon.ear.samples[-4:] if sample.reachable]


def test_another_port_is_another_farm() -> None:
    world = World(miners=2)
    world.daemon.scan_once()
    world.daemon.change(dragon_port=8080)
    world.daemon.scan_once()
    assert len(world.daemon.roster) == 0


def test_a_sighting_outside_the_networks_is_forgotten() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.daemon.scan_once()
    assert world.daemon.roster.sightings
    world.daemon.change(networks=("127.78.0.32/28",))
    world.daemon.scan_once()
    assert not world.daemon.roster.sightings


def test_other_web_servers_are_scanned_in_vain_and_see_no_post() -> None:
    world = World()
    strangers = [
        Stranger(b"<html><title>Switch</title></html>"),
        Stranger(b"", 401),
        Stranger(b"<title>DragonMint</title>", 404),
        Stranger(b"\x00\xff" * 5000),
        Stranger(b'{"success":true,"jwt":"x"}'),
    ]
    for number, stranger in enumerate(strangers):
        stranger.listen(world.ether, f"127.78.0.{40 + number}")
    for _ in range(3):
        world.daemon.scan_once()
    assert len(world.daemon.roster) == 1
    for stranger in strangers:
        assert stranger.asked == [("GET", "/")] * 3


def test_a_scan_that_is_cancelled_ends_its_looks_first_and_gives_nobody_up() -> None:
    world = World(miners=3)
    entries = world.adopted()
    world.ether.latency = 0.2
    outcome: list[Any] = []
    scan = Deferred.fromCoroutine(world.daemon.scan.run())
    scan.addErrback(outcome.append)
    world.ether.run(0.1)
    assert all(entry.lock.locked for entry in entries)
    scan.cancel()
    assert outcome[0].check(CancelledError)
    assert not any(entry.lock.locked or entry.missed_scans for entry in entries)
    assert len(world.daemon.ear.of(EventKind.SCANNED)) == 1


def test_a_sweep_that_fails_fails_the_round_and_gives_nobody_up() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.daemon.poll(entry)

    async def sweep(hosts: Iterator[str], config: Config, found: Callable[[str], None]) -> None:
        raise OSError(24, "too many open files")

    world.daemon.scan._sweep = sweep
    with pytest.raises(OSError, match="too many"):
        world.daemon.scan_once()
    assert entry.missed_scans == 0


def test_a_look_that_fails_in_an_unforeseen_way_is_told_in_full_once() -> None:
    world = World(miners=2)

    async def recognise(address: Address, deadline: float) -> bool:
        if address.host == "127.78.0.1":
            raise ZeroDivisionError
        return True

    async def traces(host: str, deadline: float) -> Traces:
        await recognise(Address(host, 80), deadline)
        return await see(host, deadline)

    see = world.daemon.identifier.traces
    world.daemon.identifier.traces = traces  # type: ignore[method-assign]  # broken on purpose
    world.daemon.family.recognise = recognise  # type: ignore[method-assign]  # broken on purpose
    with logged() as events:
        world.daemon.scan_once()
        world.daemon.scan_once()
    assert len(world.daemon.roster) == 1
    assert len(failures(events)) == 1
    told = world.daemon.ear.of(EventKind.FAULT)
    assert [one.content["first"] for one in told] == [True, False]
    assert told[0].content["where"] == "add"
    assert told[0].text == "a look at 127.78.0.1 failed: ZeroDivisionError"


def test_a_farm_of_nothing_is_scanned_too() -> None:
    world = World(config=replace(CONFIG, networks=()))
    world.daemon.scan_once()
    assert world.daemon.ear.of(EventKind.SCANNED)[0].content["total"] == 0


def test_a_scan_that_is_cancelled_while_it_knocks_ends_its_looks_too() -> None:
    world = World(miners=3)
    (entry, *_) = world.adopted()
    world.ether.latency = 0.2
    outcome: list[Any] = []
    scan = Deferred.fromCoroutine(slow_sweep(world).run())
    scan.addErrback(outcome.append)
    world.ether.run(0.1)
    assert entry.lock.locked
    scan.cancel()
    assert outcome[0].check(CancelledError)
    assert not entry.lock.locked


def test_miners_that_a_reload_excludes_are_dropped_while_a_scan_still_runs() -> None:
    world = World(miners=3)
    world.daemon.scan_once()
    running = world.daemon.begin(slow_sweep(world).run())
    world.ether.run(1)
    world.daemon.change(exclude=("127.78.0.2",))
    world.daemon.scan.drop_outsiders()
    assert not running
    assert {entry.address.host for entry in world.daemon.roster} == {"127.78.0.1", "127.78.0.3"}


def test_a_family_that_is_not_looked_for_any_more_is_given_up_by_its_name() -> None:
    world = World(miners=1)
    world.daemon.scan_once()
    world.daemon.change(families=("avalon",))
    world.daemon.scan.drop_outsiders()
    (told,) = world.daemon.ear.texts(EventKind.REMOVED)
    assert told.endswith("is given up: the family dragonmint is not looked for")


def test_hosts_that_take_a_connection_and_stay_mute_are_named_once() -> None:
    world = World(miners=4)
    for dragon in world.dragons[:2]:
        dragon.fault = Fault.HANG
    for _ in range(3):
        world.daemon.scan_once()
    told = "2 hosts accept connections but do not answer: 127.78.0.1, 127.78.0.2"
    assert world.daemon.ear.texts(EventKind.SIGHTED) == [told]
    assert [one.host for one in world.daemon.roster.mute] == ["127.78.0.1", "127.78.0.2"]
    world.dragons[0].fault = Fault.NONE
    Stranger(b"<title>Switch</title>").listen(world.ether, "127.78.0.40")
    world.dragons[2].fault = Fault.HANG  # a known one: its polls tell that
    world.daemon.scan_once()
    assert [one.host for one in world.daemon.roster.mute] == ["127.78.0.2"]
    assert world.daemon.ear.texts(EventKind.SIGHTED) == [told]


def test_a_host_whose_look_takes_too_long_is_mute_too() -> None:
    world = World(miners=2)
    world.daemon.change(dragon_timeout=300.0)
    see = world.daemon.identifier.traces

    async def slow(host: str, deadline: float) -> Traces:
        await sleep(cast(Any, world.ether), 60.0 if host == "127.78.0.1" else 0.0)
        return await see(host, deadline)

    world.daemon.identifier.traces = slow  # type: ignore[method-assign]  # broken on purpose
    world.daemon.scan_once()
    told = world.daemon.ear.texts(EventKind.SIGHTED)
    assert told == ["1 host accepts connections but does not answer: 127.78.0.1"]
    assert len(world.daemon.roster) == 1


def test_an_address_where_nobody_takes_a_connection_is_not_mute() -> None:
    world = World(miners=1)
    world.daemon.misplaced(Address("127.78.0.30", 80))
    world.daemon.scan_once()
    assert world.daemon.roster.mute == ()
    assert not world.daemon.ear.of(EventKind.SIGHTED)


def test_a_host_that_hangs_costs_a_scan_no_more_than_its_deadline() -> None:
    world = World(miners=2)
    world.daemon.scan_once()
    world.daemon.change(dragon_timeout=300.0)
    world.dragon.fault = Fault.HANG
    began = world.ether.seconds()
    world.daemon.scan_once()
    assert world.ether.seconds() - began == pytest.approx(10.0, abs=0.1)
    assert not any(entry.lock.locked for entry in world.daemon.roster)
