"""One poll: what it publishes, what it says of failures, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from mother.core.model import EventKind, State
from mother.sim.faults import Fault
from tests.fleet.world import Stranger, World, failures, logged


def test_an_answer_is_published_with_what_the_miner_said() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.ear.samples.clear()
    assert world.daemon.poll(entry)
    (sample,) = world.daemon.ear.samples
    assert (sample.worker, sample.model, sample.state) == (entry.worker, "T1", State.HASHING)
    assert sample.reachable
    assert sample.reading is entry.reading
    assert sample.last_seen == sample.at == world.daemon.now()
    assert sample.at_rest == {}


def test_a_sample_tells_how_long_the_answer_took_and_nothing_where_there_was_none() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.ear.samples.clear()
    world.ether.latency = 0.1
    flight = Deferred.fromCoroutine(world.daemon.poller.poll(entry, "stats"))
    world.ether.run(5)
    assert flight.called
    world.dragon.vanish()
    for _ in range(2):
        world.daemon.poll(entry)
    answered, gone = world.daemon.ear.samples
    assert answered.latency is not None
    assert 0.1 <= answered.latency < 1
    assert gone.latency is None


def test_one_failed_poll_is_told_but_nobody_is_gone_by_it() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.daemon.ear.samples.clear()
    assert not world.daemon.poll(entry)
    assert not entry.gone
    assert entry.state() is State.HASHING
    assert not world.daemon.ear.samples
    (told,) = world.daemon.ear.of(EventKind.FAULT)
    assert told.content == {"ip": "127.78.0.1", "where": "stats", "first": True}
    assert told.text.startswith(f"{entry.worker} at 127.78.0.1 could not be read: ")


def test_a_gone_miner_sends_zeros_and_is_told_once() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.daemon.ear.samples.clear()
    for _ in range(4):
        world.daemon.poll(entry)
    assert len(world.daemon.ear.of(EventKind.GONE)) == 1
    faults = world.daemon.ear.of(EventKind.FAULT)
    assert [fault.content["first"] for fault in faults] == [True, False, False, False]
    assert len(world.daemon.ear.samples) == 3  # from the second failure on
    for sample in world.daemon.ear.samples:
        assert (sample.state, sample.reachable, sample.reading) == (State.GONE, False, None)
        assert sample.at_rest["dev.0.MHS-5m"] == 0
        assert set(sample.at_rest.values()) == {0}


def test_a_miner_that_is_back_is_told_once_with_how_long_it_was_away() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.daemon.poll(entry)
    world.ether.run(600)
    world.daemon.poll(entry)
    world.dragon.come_back()
    world.ether.run()
    for _ in range(2):
        assert world.daemon.poll(entry)
    assert world.daemon.ear.texts(EventKind.BACK) == [
        f"{entry.worker} at 127.78.0.1 is back after 10 min"
    ]
    assert world.daemon.ear.samples[-1].reachable


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.HANG, "no whole answer within 5 s"),
        (Fault.GARBAGE, "this is no HTTP"),
        (Fault.TRUNCATED, "no JSON object"),
        (Fault.HTTP_500, "HTTP 500"),
    ],
)
def test_the_first_failure_says_what_was_wrong(fault: Fault, words: str) -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.fault = fault
    with logged() as events:
        world.daemon.poll(entry)
    assert words in world.daemon.ear.texts(EventKind.FAULT)[0]
    assert not failures(events)
    world.dragon.fault = Fault.NONE
    assert world.daemon.poll(entry)


def test_the_fault_names_the_loop_that_asked() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.daemon.do(world.daemon.poller.poll(entry, "health"))
    assert world.daemon.ear.of(EventKind.FAULT)[0].content["where"] == "health"


def test_a_miner_has_one_call_in_flight_and_the_other_poll_is_left_out() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.fault = Fault.HANG
    first = world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    asked = world.dragon.requests.total()
    assert not world.daemon.do(world.daemon.poller.poll(entry, "health"))
    assert world.dragon.requests.total() == asked
    assert (world.daemon.poller.skipped, entry.failures) == (1, 0)
    world.ether.run(5)
    assert first == [False]
    assert entry.failures == 1
    assert not entry.lock.locked


def test_a_cancelled_poll_fails_nobody_and_frees_the_miner() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    outcome: list[Any] = []
    poll = Deferred.fromCoroutine(world.daemon.poller.poll(entry, "stats"))
    poll.addErrback(outcome.append)
    poll.cancel()
    assert outcome
    assert not entry.lock.locked
    assert entry.failures == 0
    assert not world.daemon.ear.of(EventKind.FAULT)
    assert world.daemon.poll(entry)


def test_another_miner_at_the_address_is_looked_at_once_and_no_reading_is_taken() -> None:
    world = World(miners=2)
    entry, other = world.adopted()
    world.dragon.move("127.99.0.1")
    world.ether.run()
    world.dragons[1].move("127.78.0.1")
    world.ether.run()
    reading = entry.reading
    for _ in range(5):
        world.daemon.sweep()
    assert entry.reading is reading
    assert len(world.daemon.looked) == 1
    assert other.address.host == "127.78.0.1"
    assert not world.daemon.roster.housed(entry)
    assert entry.gone
    assert entry.fault == "another device answers at its address"


def test_a_miner_given_up_while_its_poll_flies_publishes_nothing_more() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    world.daemon.ear.samples.clear()
    poll = world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    world.daemon.roster.remove(entry, world.daemon.now())
    world.ether.run(1)
    assert poll == [True]
    assert not world.daemon.ear.samples


def test_of_a_miner_that_refused_us_and_was_given_up_nothing_more_is_published() -> None:
    world = World()
    (entry,) = world.adopted()
    entry.quiet_until = world.daemon.now() + 100
    entry.failures = 3
    world.daemon.roster.remove(entry, world.daemon.now())
    world.daemon.ear.samples.clear()
    for _ in range(2):
        assert not world.daemon.poll(entry)
    assert world.daemon.ear.samples == []
    assert world.daemon.ear.of(EventKind.FAULT) == []


def test_a_failure_at_an_address_that_the_miner_has_left_is_nobodys() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.silent.add("127.78.0.1")
    poll = world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    world.dragon.move("127.78.0.9")
    world.ether.run()
    world.daemon.roster.vacate(entry)  # somebody else was found at its old address
    assert world.daemon.look(world.dragon) is entry
    assert not poll
    world.ether.run(5)
    assert poll == [False]
    assert entry.address.host == "127.78.0.9"
    assert not entry.failures
    assert not world.daemon.ear.of(EventKind.FAULT)


def test_what_nobody_foresaw_costs_one_poll_and_one_traceback() -> None:
    world = World()
    (entry,) = world.adopted()

    class Broken:
        """A device whose driver has a fault of its own."""

        address = entry.address

        async def read(self, now: float) -> None:
            raise ZeroDivisionError

    entry.device = Broken()  # type: ignore[assignment]  # broken on purpose
    with logged() as events:
        for _ in range(3):
            assert not world.daemon.poll(entry)
    assert len(failures(events)) == 1
    assert entry.gone
    assert world.daemon.ear.of(EventKind.FAULT)[0].text.endswith(
        "its answer makes our reading fail (ZeroDivisionError)"
    )
    assert not entry.lock.locked


def test_a_miner_without_a_page_of_its_kind_is_not_asked_for_more() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.ether.run()
    world.daemon.poll(entry)
    stranger = Stranger(b"<title>Printer</title>")
    stranger.listen(world.ether, "127.78.0.1")
    world.daemon.poll(entry)
    assert stranger.asked == [("GET", "/")]
    assert entry.fault == "no dragonmint answers there"


def test_a_farewell_says_gone_whatever_was_known() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.poller.farewell(entry)
    sample = world.daemon.ear.samples[-1]
    assert (sample.state, sample.reachable, sample.reading) == (State.GONE, False, None)
    assert sample.at_rest


def test_a_miner_that_was_never_read_can_be_gone_too() -> None:
    world = World()
    world.dragon.fault = Fault.NONE
    entry = world.daemon.look(world.dragon)
    assert entry is not None
    entry.reading = None
    world.dragon.vanish()
    for _ in range(2):
        world.daemon.poll(entry)
    assert world.daemon.ear.samples[-1].at_rest == {}
    assert world.daemon.ear.samples[-1].state is State.GONE


def test_a_board_that_vanishes_falls_to_zero_until_it_is_back() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.poll(entry)
    world.dragon.boards[1].missing = True
    for _ in range(2):
        world.daemon.poll(entry)
        sample = world.daemon.ear.samples[-1]
        assert sample.at_rest["dev.1.MHS-5m"] == sample.at_rest["dev.1.Alive"] == 0
        assert "dev.0.MHS-5m" not in sample.at_rest
    world.dragon.boards[1].missing = False
    world.daemon.poll(entry)
    assert world.daemon.ear.samples[-1].at_rest == {}


def test_no_hashrate_is_repeated_while_the_mining_program_restarts() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.poll(entry)
    world.dragon.restart_mining()
    world.daemon.poll(entry)
    sample = world.daemon.ear.samples[-1]
    assert sample.reading is not None
    assert sample.reading.restarting
    assert {sample.at_rest[f"dev.{board}.MHS-av"] for board in range(3)} == {0}
