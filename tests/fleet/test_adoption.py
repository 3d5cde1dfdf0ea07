"""From an address to a miner that is known, over the wire of a simulated farm."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from mother.core.model import Address, Credential, EventKind
from mother.fleet.roster import GIVE_UP_SCANS
from mother.sim.faults import Fault
from tests.drivers.dragonmint.cassettes import recorded
from tests.fleet.world import CONFIG, DAY, HOUR, Stranger, World, place

LOGIN = "/api/auth"


def test_a_miner_that_answers_is_known_and_named_by_its_mac() -> None:
    world = World()
    entry = world.daemon.look(world.dragon)
    assert entry is not None
    assert entry.id == f"home/mac:{world.dragon.mac}"
    assert entry.worker == "dragon-" + world.dragon.mac.replace(":", "")[-8:]
    assert entry.model == "T1"
    (told,) = world.daemon.ear.of(EventKind.ADDED)
    assert told.content == {"ip": "127.78.0.1", "mac": world.dragon.mac, "model": "T1"}
    assert told.text.startswith(f"{entry.worker} found at 127.78.0.1: T1, firmware t1_")


def test_the_credentials_are_tried_in_their_order_and_no_more_than_needed() -> None:
    world = World()
    world.daemon.look(world.dragon)
    assert world.dragon.requests[LOGIN] == 2  # the guess, then the right one


def test_a_known_miner_is_confirmed_without_another_login() -> None:
    world = World()
    first = world.daemon.look(world.dragon)
    logins = world.dragon.requests[LOGIN]
    assert world.daemon.look(world.dragon) is first
    assert world.dragon.requests[LOGIN] == logins
    assert len(world.daemon.ear.of(EventKind.ADDED)) == 1


@pytest.mark.parametrize("host", ["10.1.0.1", "10.1.0.2"])
def test_a_recorded_web_server_of_another_kind_sees_no_login(host: str) -> None:
    pages = [one for one in recorded("/") if one.host == host]
    world = World()
    for page in pages:
        stranger = Stranger(page.body.encode(), page.status)
        listening = stranger.listen(world.ether, "127.78.0.40")
        assert world.daemon.do(world.daemon.adoption.look(Address("127.78.0.40", 80))) is None
        assert stranger.asked == [("GET", "/")]
        listening.stopListening()
    assert pages
    assert not world.daemon.ear.events
    assert not world.daemon.roster.sightings


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.HANG])
def test_garbage_and_silence_see_no_login(fault: Fault) -> None:
    world = World()
    world.dragon.fault = fault
    assert world.daemon.look(world.dragon) is None
    assert set(world.dragon.requests) == {"/"}
    assert not world.daemon.roster.sightings


def test_a_miner_that_refuses_all_logins_is_sighted_and_left_in_peace() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    assert world.daemon.look(world.dragon) is None
    (told,) = world.daemon.ear.of(EventKind.SIGHTED)
    assert told.text == (
        "127.78.0.1 looks like a dragonmint but refuses all 3 logins we know; "
        "not asked again for 5 min"
    )
    assert told.content == {"ip": "127.78.0.1", "where": "add", "first": True}
    asked = world.dragon.requests.total()
    world.ether.run(299)
    world.daemon.look(world.dragon)
    assert world.dragon.requests.total() == asked
    world.ether.run(1)
    world.daemon.look(world.dragon)
    assert world.dragon.requests[LOGIN] == 6
    again = world.daemon.ear.of(EventKind.SIGHTED)[-1]
    assert again.text.endswith("not asked again for 10 min")
    assert again.content["first"] is False


def test_after_a_restart_nobody_waits_longer_than_after_a_first_refusal(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.dragon.fault = Fault.WRONG_PASSWORD
    for _ in range(5):
        world.daemon.look(world.dragon)
        world.ether.run(3600)
    world.daemon.look(world.dragon)
    asked = world.dragon.requests.total()
    world.restart()
    world.ether.run(299)
    world.daemon.look(world.dragon)
    assert world.dragon.requests.total() == asked
    world.ether.run(1)
    world.daemon.look(world.dragon)
    assert world.dragon.requests.total() > asked


def test_a_refusal_is_remembered_over_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.daemon.look(world.dragon)
    asked = world.dragon.requests.total()
    world.restart().look(world.dragon)
    assert world.dragon.requests.total() == asked
    world.ether.run(300)
    world.daemon.look(world.dragon)
    (told,) = world.daemon.ear.of(EventKind.SIGHTED)
    assert told.text.endswith("not asked again for 10 min")
    assert told.content["first"] is True  # the new log has not said it yet


def test_other_logins_are_offered_at_once_whatever_was_refused_before() -> None:
    guess, *right = CONFIG.credentials
    world = World(config=replace(CONFIG, credentials=(guess,)))
    assert world.daemon.look(world.dragon) is None
    world.daemon.change(credentials=tuple(right))
    assert world.daemon.look(world.dragon) is not None
    assert not world.daemon.roster.sightings


def test_other_logins_are_offered_at_once_to_a_known_miner_that_refused_the_old_ones() -> None:
    world = World()
    (entry,) = world.adopted()
    passwords = world.dragon.access.passwords
    world.dragon.access.passwords = {**passwords, "admin": "new"}
    world.dragon.access.booted(99)
    assert not world.daemon.poll(entry)
    world.daemon.scan_once()
    assert world.daemon.roster.sightings
    world.daemon.change(credentials=(Credential("admin", "new"),))
    world.daemon.scan_once()
    assert world.daemon.poll(entry)
    assert not world.daemon.roster.sightings


def test_a_clock_that_was_set_back_makes_no_back_off_longer_than_the_longest() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.daemon.look(world.dragon)
    world.dragon.fault = Fault.NONE
    world.lag = -300 * DAY
    world.daemon.look(world.dragon)
    world.ether.run(6 * HOUR)
    assert world.daemon.look(world.dragon) is not None


def test_a_sighting_that_lets_us_in_is_a_sighting_no_more() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.daemon.look(world.dragon)
    world.dragon.fault = Fault.NONE
    world.ether.run(300)
    assert world.daemon.look(world.dragon) is not None
    assert not world.daemon.roster.sightings
    assert not world.daemon.memory.sightings


def test_a_sighting_that_vanished_is_forgotten_after_several_scans() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.daemon.scan_once()
    world.dragon.vanish()
    for _ in range(GIVE_UP_SCANS):
        assert world.daemon.roster.sightings
        world.daemon.scan_once()
    assert not world.daemon.roster.sightings
    assert not world.daemon.memory.sightings


def test_a_sighting_that_is_left_in_peace_is_not_forgotten() -> None:
    world = World()
    world.dragon.fault = Fault.WRONG_PASSWORD
    for _ in range(GIVE_UP_SCANS + 2):
        world.daemon.scan_once()
    assert world.dragon.requests[LOGIN] == 3
    assert world.daemon.roster.sightings


@pytest.mark.parametrize("fault", [Fault.HTTP_500, Fault.TRUNCATED])
def test_a_miner_that_cannot_say_who_it_is_is_sighted_and_tried_again_soon(fault: Fault) -> None:
    world = World()
    world.dragon.fault = fault
    assert world.daemon.look(world.dragon) is None
    (told,) = world.daemon.ear.texts(EventKind.SIGHTED)
    assert "cannot be identified" in told
    assert told.endswith("not asked again for 1 min")
    world.dragon.fault = Fault.NONE
    world.ether.run(60)
    assert world.daemon.look(world.dragon) is not None


def test_a_changed_password_that_we_know_costs_one_look_and_no_back_off() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.access.passwords = {**world.dragon.access.passwords, "admin": "admin"}
    world.dragon.access.booted(99)  # the old token is void
    assert not world.daemon.poll(entry)
    world.ether.run(1)
    assert world.daemon.poll(entry)
    assert not world.daemon.roster.sightings
    assert world.daemon.entry(world.dragon) is entry


def test_a_known_miner_that_refuses_all_logins_is_not_hammered_by_anybody() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.fault = Fault.WRONG_PASSWORD
    world.dragon.access.booted(99)
    logins = world.dragon.requests[LOGIN]
    for _ in range(25):  # 250 s
        world.daemon.poll(entry)
        world.daemon.scan_once()
        world.ether.run(10)
    assert world.dragon.requests[LOGIN] - logins == 1 + 3  # a poll, then each login once
    assert entry.gone
    assert len(world.daemon.ear.of(EventKind.SIGHTED)) == 1
    world.dragon.fault = Fault.NONE
    world.ether.run(60)
    world.daemon.scan_once()
    assert world.daemon.poll(entry)
    assert not world.daemon.roster.sightings


def test_a_miner_that_moved_stays_the_same_miner() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.move("127.78.0.9")
    world.ether.run()
    assert world.daemon.look(world.dragon) is entry
    assert entry.address == Address("127.78.0.9", 80)
    assert len(world.daemon.roster) == 1
    (told,) = world.daemon.ear.of(EventKind.MOVED)
    assert told.text == f"{entry.worker} moved from 127.78.0.1 to 127.78.0.9"
    assert told.content == {"ip": "127.78.0.9", "before": "127.78.0.1"}
    assert world.daemon.roster.at(Address("127.78.0.1", 80)) is None


def test_two_looks_at_one_address_ask_it_once() -> None:
    world = World()
    world.ether.latency = 0.1
    looks = [world.daemon.begin(world.daemon.adoption.look(place(world.dragon))) for _ in range(2)]
    world.ether.run(10)
    assert looks[1] == looks[0]
    assert [entry.mac for entry in looks[0]] == [world.dragon.mac]
    assert world.dragon.requests["/"] == 1
    assert len(world.daemon.ear.of(EventKind.ADDED)) == 1


def test_a_look_and_a_poll_at_once_take_turns() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    look = world.daemon.begin(world.daemon.adoption.look(entry.address))
    poll = world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    assert not world.daemon.do(world.daemon.poller.poll(entry, "stats"))
    assert world.daemon.poller.skipped == 1
    world.ether.run(1)
    assert look == [entry]
    assert poll == [True]
    assert not entry.lock.locked


def test_a_cancelled_look_frees_miner_and_address() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    for _ in range(2):
        look = Deferred.fromCoroutine(world.daemon.adoption.look(entry.address))
        look.addErrback(lambda _: None)
        assert entry.lock.locked
        look.cancel()
        assert not entry.lock.locked
    assert world.daemon.look(world.dragon) is entry


def test_a_miner_given_up_during_the_look_at_it_is_taken_up_anew() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    look = world.daemon.begin(world.daemon.adoption.look(entry.address))
    world.daemon.roster.remove(entry, world.daemon.now())
    world.ether.run(2)
    (anew,) = look
    assert anew is not entry
    assert world.daemon.entry(world.dragon) is anew
    assert world.daemon.roster.at(anew.address) is anew


def test_a_miner_that_moves_during_the_look_at_its_old_home_keeps_the_new_one() -> None:
    world = World(miners=2)
    entry, neighbour = world.adopted()
    old, new = entry.address, Address("127.78.0.30", 80)
    world.dragons[1].move("127.78.0.31")
    world.dragon.move(new.host)
    world.ether.run()
    world.dragons[1].move(old.host)
    world.ether.run()
    world.ether.latency = 0.1
    looks = [world.daemon.begin(world.daemon.adoption.look(one)) for one in (old, new)]
    world.ether.run(20)
    assert all(looks)
    assert (entry.address, neighbour.address) == (new, old)
    assert world.daemon.roster.housed(entry)
    assert world.daemon.roster.housed(neighbour)


def test_an_address_that_was_a_miners_and_is_a_printers_now_sees_no_password() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.access.booted(99)
    world.dragon.vanish()
    world.ether.run()
    assert not world.daemon.poll(entry)
    printer = Stranger(b'{"success":false,"token":"expired"}')  # it even speaks like one
    printer.listen(world.ether, "127.78.0.1")
    for _ in range(3):
        assert not world.daemon.poll(entry)
        world.daemon.scan_once()
    assert {method for method, _ in printer.asked} == {"GET"}


@pytest.mark.parametrize("order", [1, -1])
def test_workers_that_would_bear_one_name_keep_theirs_over_a_restart(
    tmp_path: Path, order: int
) -> None:
    world = World(tmp_path, replace(CONFIG, worker_template="rig-{model}"), miners=2)
    names = [entry.worker for entry in world.adopted()]
    assert "rig-T1" in names
    assert len(set(names)) == 2
    world.daemon.check()
    daemon = world.restart()
    for dragon in world.dragons[::order]:
        daemon.look(dragon)
    assert [daemon.entry(dragon).worker for dragon in world.dragons] == names


def test_no_password_is_ever_told() -> None:
    world = World(config=replace(CONFIG, credentials=(Credential("admin", "guess"),)))
    assert world.daemon.look(world.dragon) is None
    (told,) = world.daemon.ear.texts(EventKind.SIGHTED)
    assert "refuses all 1 logins we know" in told
    assert "guess" not in told


def test_a_stranger_at_the_old_home_takes_nothing_from_the_new_one() -> None:
    world = World(miners=2)
    entry, _ = world.adopted()
    old, new = entry.address, Address("127.78.0.30", 80)
    world.dragon.move(new.host)
    world.ether.run()
    world.dragons[1].move(old.host)
    world.ether.run()
    world.ether.latency = 0.1
    look = world.daemon.begin(world.daemon.adoption.look(old))
    world.ether.run(0.05)
    world.daemon.roster.move(entry, world.daemon.family.device(new, CONFIG.credentials[1]))
    world.ether.run(20)
    assert look
    assert world.daemon.roster.at(new) is entry
    assert world.daemon.entry(world.dragons[1]).address == old


def test_a_miner_found_elsewhere_while_a_look_waits_is_not_asked_again() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.fault = Fault.HANG
    world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    world.ether.run()
    world.dragon.fault = Fault.NONE
    look = world.daemon.begin(world.daemon.adoption.look(entry.address))
    new = Address("127.78.0.30", 80)
    world.daemon.roster.move(entry, world.daemon.family.device(new, CONFIG.credentials[1]))
    asked = world.dragon.requests.total()
    world.ether.run(10)
    assert look == [entry]
    assert world.dragon.requests.total() == asked
