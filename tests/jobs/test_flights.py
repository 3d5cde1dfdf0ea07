"""Who is in flight over a farm, and what becomes of a change by what becomes of them."""

from __future__ import annotations

from msgspec.structs import replace

from mother.core.model import EventKind, Severity
from mother.drivers.base import Nature
from mother.fleet.desired import Aspect
from mother.fleet.roster import Entry
from mother.fleet.undertaken import Flight, Rollout, Trust
from mother.jobs.flights import (
    FORGET_AFTER,
    PATIENCE,
    PATIENCE_FIRMWARE,
    RETRY,
    Flights,
)
from tests.fleet.world import CONFIG, HOUR, World

KEY = "pools:T1:1"
ASPECT = Aspect(KEY, "pools a on T1")
NEW = "t1_20190101_000000"
UPGRADED = Aspect(f"firmware:T1:{NEW}", f"firmware {NEW} on T1", provable=False)


def farm(miners: int = 3) -> tuple[World, list[Entry], Flights]:
    world = World(miners=miners)
    return world, world.adopted(), world.daemon.flights


def launch(world: World, entry: Entry, *aspects: Aspect, version: str = "") -> Flight:
    """It was written to, whole."""
    flight = world.daemon.flights.launch(entry, aspects or (ASPECT,), version)
    flight = replace(flight, whole=True)
    world.daemon.setups.keep(entry.id, flight=flight)
    return flight


def rollout(world: World, key: str = KEY) -> Rollout:
    return world.daemon.flights.rollout(key)


def come_back(world: World, *entries: Entry) -> bool:
    """They restart, hash, and are looked at for as long as a canary takes."""
    for dragon in world.dragons:
        if any(entry.mac == dragon.mac for entry in entries):
            dragon.restart_mining()
    ended = False
    for _ in range(10):
        world.ether.run(60.0)
        for entry in entries:
            world.daemon.poll(entry)
        looks = [world.daemon.flights.look(entry.id) for entry in entries]
        ended = all(looks)
    return ended


def test_the_first_is_a_canary_and_the_next_are_not() -> None:
    world, (one, two, _), flights = farm()
    assert launch(world, one).canary
    assert come_back(world, one)
    assert rollout(world).trust is Trust.PROVED
    assert not launch(world, two).canary
    assert set(flights.all()) == {two.id}
    (told,) = world.daemon.ear.texts(EventKind.ROLLOUT_PROVED)
    assert told == "Pools a on T1: the first miner hashes with it, others may follow"


def test_who_lands_has_no_flight_and_no_failures_any_more() -> None:
    world, (one, *_), _ = farm()
    world.daemon.setups.keep(one.id, failures=3, why="x", retry_at=1.0)
    launch(world, one)
    assert come_back(world, one)
    setup = world.daemon.setups.of(one.id)
    assert (setup.flight, setup.failures, setup.why, setup.retry_at) == (None, 0, "", None)


def test_one_critical_line_says_that_and_why_a_change_was_stopped() -> None:
    world, (one, *_), flights = farm()
    launch(world, one)
    flights.crash(one.id, (KEY,), "it does not hash")
    flights.crash(one.id, (KEY,), "it does not hash")
    (event,) = world.daemon.ear.of(EventKind.ROLLOUT_STOPPED)
    assert event.severity is Severity.CRITICAL
    assert event.text == (
        "Pools a on T1: stopped, nobody else gets it; the first miner to get it failed: "
        f"{one.worker} at 127.78.0.1: it does not hash. Mend the cause, then `mother apply` goes on"
    )
    assert flights.is_stopped(ASPECT)
    assert flights.room(ASPECT) == 0


def test_who_failed_is_left_in_peace_longer_each_time() -> None:
    world, (one, *_), flights = farm()
    waits = []
    for _ in range(8):
        flights.put_off(one.id, "it does not hash")
        waits.append((world.daemon.setups.of(one.id).retry_at or 0.0) - world.daemon.now())
    assert waits[0] == RETRY.first
    assert waits == sorted(waits)
    assert waits[-1] == RETRY.most


def test_who_did_not_hash_before_says_nothing_about_a_change_that_others_hash_with() -> None:
    world, (one, two, _), flights = farm()
    flights.prove(ASPECT)
    two.reading = None
    launch(world, two)
    flights.crash(two.id, (KEY,), "it does not hash")
    assert rollout(world).trust is Trust.PROVED
    assert rollout(world).failed == 0
    launch(world, one)
    flights.crash(one.id, (KEY,), "it does not hash")
    assert rollout(world).trust is Trust.STOPPED


def test_who_did_not_hash_before_stops_a_change_that_nobody_hashes_with() -> None:
    world, (one, *_), flights = farm()
    one.reading = None
    launch(world, one)
    flights.crash(one.id, (KEY,), "it does not hash")
    assert flights.is_stopped(ASPECT)


def test_what_was_not_written_is_no_flight() -> None:
    world, (one, *_), flights = farm()
    other = Aspect("profile:T1:x", "profile x on T1")
    launch(world, one, ASPECT, other)
    flights.recall(one.id, (other.key,))
    flight = world.daemon.setups.of(one.id).flight
    assert flight is not None
    assert flight.keys == (KEY,)
    flights.recall(one.id, (KEY,))
    assert world.daemon.setups.of(one.id).flight is None
    assert not flights.all()
    assert flights.room(ASPECT) == flights.room(other) == 1


def watch(flights: Flights, world: World, ident: str, seconds: float) -> bool:
    """It is looked at every half minute; whether its flight has ended."""
    ended = False
    for _ in range(int(seconds / 30)):
        world.ether.run(30.0)
        ended = flights.look(ident)
    return ended


def test_who_mines_on_as_if_nothing_was_written_does_not_fail_the_change() -> None:
    world, (one, *_), flights = farm()
    flights.launch(one, (UPGRADED,), NEW)
    world.ether.run(60.0)
    world.daemon.poll(one)
    assert watch(flights, world, one.id, PATIENCE_FIRMWARE + CONFIG.waves.canary_time)
    assert not flights.is_stopped(UPGRADED)
    assert not flights.all()


def test_who_may_have_been_written_to_and_is_away_fails_the_change() -> None:
    world, (one, *_), flights = farm()
    flights.launch(one, (ASPECT,), "")
    one.failed(world.daemon.now(), "away")
    assert watch(flights, world, one.id, PATIENCE + CONFIG.waves.canary_time)
    assert flights.is_stopped(ASPECT)


def since(world: World, entry: Entry) -> float | None:
    flight = world.daemon.setups.of(entry.id).flight
    assert flight is not None
    return flight.since


def test_a_canary_that_does_not_answer_any_more_begins_anew() -> None:
    world, (one, *_), flights = farm()
    launch(world, one)
    world.dragons[0].restart_mining()
    world.ether.run(90.0)
    world.daemon.poll(one)
    assert not flights.look(one.id)
    assert since(world, one) is not None
    one.failed(world.daemon.now(), "away")
    assert not flights.look(one.id)
    assert since(world, one) is None


def sleep(world: World, entry: Entry) -> None:
    """A poll finds that it sleeps."""
    world.ether.run(30.0)
    world.daemon.poll(entry)
    assert entry.reading is not None
    entry.reading = replace(entry.reading, asleep=True, hashrate=0.0)


def test_who_sleeps_when_it_was_written_to_is_not_waited_for_and_proves_nothing() -> None:
    world, (one, two, _), flights = farm()
    launch(world, one)
    sleep(world, one)
    assert flights.look(one.id)
    assert not flights.is_stopped(ASPECT)
    assert not flights.is_proved(ASPECT)
    assert launch(world, two).canary


def test_who_was_put_to_sleep_in_flight_is_in_flight_while_it_is_written_to() -> None:
    world, (one, *_), flights = farm()
    flights.launch(one, (ASPECT,), "")
    sleep(world, one)
    assert not flights.look(one.id)
    assert flights.all()


def test_who_sleeps_with_its_new_firmware_has_it_and_one_with_the_old_is_waited_for() -> None:
    world, (one, *_), flights = farm()
    launch(world, one, UPGRADED, version=NEW)
    sleep(world, one)
    assert not flights.look(one.id)
    one.description = replace(one.description, firmware=NEW)
    assert flights.look(one.id)
    (told,) = world.daemon.ear.texts(EventKind.UPGRADED)
    assert told.endswith(f"came back asleep with firmware {NEW}")


def test_a_family_that_starts_slowly_is_waited_for_longer() -> None:
    world, (one, *_), flights = farm()
    world.daemon.family.nature = Nature(grace=1800.0)
    launch(world, one)
    one.failed(world.daemon.now(), "away")
    most = PATIENCE + CONFIG.waves.canary_time
    assert not watch(flights, world, one.id, most + 900.0 - 30.0)
    assert watch(flights, world, one.id, 30.0)


def test_who_never_comes_back_fails_the_change_also_when_it_was_given_up() -> None:
    world, (one, *_), flights = farm()
    launch(world, one)
    world.daemon.roster.remove(one, world.daemon.now())
    assert not watch(flights, world, one.id, PATIENCE + CONFIG.waves.canary_time - 30)
    assert watch(flights, world, one.id, 30)
    assert flights.is_stopped(ASPECT)


def test_a_clock_that_jumps_ahead_fails_nobody() -> None:
    world, (one, *_), flights = farm()
    launch(world, one)
    one.failed(world.daemon.now(), "away")
    world.lag = 1000 * HOUR
    assert not flights.look(one.id)
    assert not watch(flights, world, one.id, PATIENCE)
    assert watch(flights, world, one.id, CONFIG.waves.canary_time)


def test_a_daemon_that_was_down_gives_everybody_time_to_be_seen() -> None:
    world, (one, *_), _ = farm()
    launch(world, one)
    world.daemon.memory.save()
    world.ether.run(10 * HOUR)
    daemon = world.another()
    daemon.scan_once()
    daemon.entry(world.dragons[0]).failed(daemon.now(), "away")
    assert not daemon.flights.look(one.id)
    assert watch(daemon.flights, world, one.id, PATIENCE + CONFIG.waves.canary_time)
    assert daemon.flights.is_stopped(ASPECT)


def test_a_place_is_free_again_when_its_miner_is_forgotten() -> None:
    world, (one, two, _), flights = farm()
    launch(world, one)
    launch(world, two, Aspect("profile:T1:x", "profile x on T1"))
    world.daemon.memory.forget(one.id)
    assert set(flights.all()) == {two.id}
    assert rollout(world).flying == ()
    assert flights.room(ASPECT) == 1
    assert rollout(world, "profile:T1:x").flying == (two.id,)


def test_a_person_resumes_what_was_stopped_and_nothing_else() -> None:
    world, (one, *_), flights = farm()
    launch(world, one)
    flights.crash(one.id, (KEY,), "it does not hash")
    assert flights.resume(["other", KEY]) == 1
    assert flights.resume([KEY]) == 0
    assert flights.room(ASPECT) == 1
    assert len(world.daemon.ear.of(EventKind.ROLLOUT_RESUMED)) == 1


def test_a_change_that_nobody_wishes_any_more_is_forgotten_after_a_week() -> None:
    world, (one, two, _), flights = farm()
    flights.prove(ASPECT)
    flights.prove(Aspect("wished", "w"))
    launch(world, one, Aspect("flying", "f"))
    launch(world, two, Aspect("bad", "b"))
    flights.crash(two.id, ("bad",), "it does not hash")
    wished = {"wished"}
    flights.review(wished, wished)
    assert set(world.daemon.setups.undertaken.rollouts) == {KEY, "wished", "flying", "bad"}
    world.ether.run(FORGET_AFTER + 1)
    flights.review(wished, wished)
    assert set(world.daemon.setups.undertaken.rollouts) == {"wished", "flying", "bad"}


def test_a_proof_lapses_where_nobody_hashes_with_it_any_more() -> None:
    world, _, flights = farm()
    flights.prove(ASPECT)
    world.ether.run(2 * HOUR)
    flights.review({KEY}, {KEY})
    assert rollout(world).trust is Trust.PROVED
    flights.review({KEY}, set())
    assert rollout(world).trust is Trust.UNPROVED


def test_a_wave_is_told_once_it_is_over_and_a_single_miner_is_none() -> None:
    world, entries, flights = farm(7)
    flights.prove(ASPECT)
    for entry in entries[:5]:
        launch(world, entry)
    assert come_back(world, *entries[:5])
    assert world.daemon.ear.texts(EventKind.WAVE) == ["Pools a on T1: 5 of 5 of wave 1 hash"]
    launch(world, entries[5])
    assert come_back(world, entries[5])
    assert len(world.daemon.ear.of(EventKind.WAVE)) == 1


def test_firmware_has_limits_of_its_own() -> None:
    world, _, flights = farm(1)
    assert flights.limits("firmware:T1:x").in_a_row == 2
    assert flights.limits(KEY).in_a_row is None
    assert flights.limits(KEY).at_once == world.daemon.config.waves.restarts_at_once
