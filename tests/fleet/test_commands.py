"""The single door: who may pass, that the right miner is written to, and what is told."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from mother.core.model import Address, CommandKind, EventKind
from mother.fleet.commands import KEYS_KEPT, Outcome
from mother.fleet.roster import Entry
from mother.sim.faults import Fault
from tests.fleet.world import World

REBOOT = "/api/reboot"


def submit(world: World, entry: Entry, **what: Any) -> Outcome:
    outcome = world.daemon.do(world.daemon.commands.submit(world.daemon.order(entry, **what)))
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_reboot_reaches_the_miner_and_is_told_and_audited() -> None:
    world = World()
    (entry,) = world.adopted()
    assert submit(world, entry) == Outcome("done", "", sent=True)
    assert world.writes() == {entry.mac: [REBOOT]}
    (told,) = world.daemon.ear.of(EventKind.REBOOTED)
    assert told.text == f"{entry.worker} at 127.78.0.1 was rebooted. It shall."
    assert told.content == {"ip": "127.78.0.1", "model": "T1"}
    (audit,) = world.daemon.ear.of(EventKind.AUDIT)
    assert audit.text == f"tester asked to reboot {entry.worker}: done"
    assert audit.content == {
        "actor": "tester",
        "kind": "reboot",
        "reason": "It shall.",
        "result": "done",
        "ip": "127.78.0.1",
        "mac": entry.mac,
        "key": "1",
        "changes": [],
    }


def test_the_mac_is_confirmed_before_the_write() -> None:
    world = World()
    (entry,) = world.adopted()
    asked = world.dragon.requests["/api/overview"]
    submit(world, entry, kind=CommandKind.RESTART_MINING)
    assert world.dragon.requests["/api/overview"] == asked + 1
    assert world.writes() == {entry.mac: ["/api/restartCgMiner"]}
    assert len(world.daemon.ear.of(EventKind.RESTARTED)) == 1


@pytest.mark.parametrize("fresh", [False, True], ids=["same keys", "new keys"])
def test_after_addresses_were_dealt_anew_nobody_else_is_written_to(fresh: bool) -> None:
    world = World(miners=6)
    entries = world.adopted()
    if fresh:
        for dragon in world.dragons:
            dragon.access.booted(5)
    world.farm.deal_addresses_anew()
    world.ether.run(2)
    for number, entry in enumerate(entries):
        outcome = submit(world, entry, key=str(number))
        written = world.writes().get(entry.mac, [])
        assert written == ([REBOOT] if outcome.done else [])
        assert len(world.writes()) == sum(
            one.content["result"] == "done" for one in world.daemon.ear.of(EventKind.AUDIT)
        )
    refused = world.daemon.ear.of(EventKind.AUDIT)[0]
    assert "answers at 127.78.0.1 now" in refused.text
    assert Address("127.78.0.1", 80) in world.daemon.looked


def test_a_key_that_was_done_is_not_done_again() -> None:
    world = World()
    (entry,) = world.adopted()
    for _ in range(2):
        assert submit(world, entry, kind=CommandKind.RESTART_MINING).done
    assert len(world.writes()[entry.mac]) == 1
    assert submit(world, entry, kind=CommandKind.RESTART_MINING, key="2").done
    assert len(world.writes()[entry.mac]) == 2


def test_the_same_order_given_twice_at_once_is_carried_out_once() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    order = world.daemon.order(entry, CommandKind.RESTART_MINING)
    orders = [world.daemon.begin(world.daemon.commands.submit(order)) for _ in range(2)]
    world.ether.run(5)
    assert orders[1][0].result == "denied"
    assert orders[0][0].done
    assert len(world.writes()[entry.mac]) == 1


def test_a_key_that_failed_may_be_tried_again() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.ether.run()
    assert submit(world, entry).result == "failed"
    world.dragon.come_back()
    world.ether.run()
    assert submit(world, entry).done


def test_only_the_last_keys_are_kept() -> None:
    world = World()
    (entry,) = world.adopted()
    done = Outcome("done", "")
    for number in range(KEYS_KEPT + 5):
        world.daemon.commands._remember(str(number), done)
    assert len(world.daemon.commands._seen) == KEYS_KEPT
    assert submit(world, entry, key=str(KEYS_KEPT + 4)) is done


def test_what_never_reached_the_miner_was_not_sent() -> None:
    world = World()
    (entry,) = world.adopted()
    world.dragon.vanish()
    world.ether.run()
    outcome = submit(world, entry)
    assert (outcome.result, outcome.sent) == ("failed", False)
    assert not world.daemon.memory.device(entry.id).record.reboots
    assert "failed" in world.daemon.ear.texts(EventKind.AUDIT)[0]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"expires": 1.0}, "it came too late"),
        ({"device": "home/mac:00"}, "home/mac:00 is not known"),
    ],
)
def test_an_order_that_may_not_pass_is_denied_and_audited(what: dict[str, Any], why: str) -> None:
    world = World()
    (entry,) = world.adopted()
    assert submit(world, entry, **what) == Outcome("denied", why)
    assert world.writes() == {}
    (audit,) = world.daemon.ear.texts(EventKind.AUDIT)
    assert audit.endswith(f"denied ({why})")


def test_a_family_is_not_asked_for_what_it_cannot_do() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.family.capabilities = {}
    assert submit(world, entry) == Outcome("denied", "no dragonmint can do that")


def test_a_miner_whose_address_is_somebody_elses_is_not_written_to() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.roster.vacate(entry)
    assert submit(world, entry).text == "another device answers at its address"
    assert world.writes() == {}


def test_a_dry_run_writes_nothing_and_says_and_counts_what_it_would_have() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.change(dry_run=True)
    asked = world.dragon.requests.total()
    outcome = submit(world, entry)
    assert outcome.result == "dry-run"
    assert not outcome.done
    assert world.writes() == {}
    assert world.dragon.requests.total() == asked
    assert world.daemon.commands.would_write == 1
    (told,) = world.daemon.ear.of(EventKind.WOULD_WRITE)
    assert told.text == f"dry run: would reboot {entry.worker} at 127.78.0.1: It shall."
    assert not world.daemon.ear.of(EventKind.REBOOTED)
    assert world.daemon.memory.device(entry.id).record.written is None


def waiting(world: World, entry: Entry) -> list[Any]:
    """An order that waits for a poll of a miner that hangs."""
    world.dragon.fault = Fault.HANG
    world.daemon.begin(world.daemon.poller.poll(entry, "stats"))
    world.ether.run()
    world.dragon.fault = Fault.NONE
    return world.daemon.begin(world.daemon.commands.submit(world.daemon.order(entry)))


def test_an_order_waits_for_the_poll_in_flight() -> None:
    world = World()
    (entry,) = world.adopted()
    order = waiting(world, entry)
    world.ether.run(4)
    assert not order
    world.ether.run(20)
    assert order[0].done


def test_what_was_allowed_before_the_wait_is_asked_again_after_it() -> None:
    world = World()
    (entry,) = world.adopted()
    order = waiting(world, entry)
    entry.claimants[Address("127.78.0.9", 80)] = 0
    world.ether.run(20)
    assert order[0].result == "denied"
    assert world.writes() == {}


def test_a_dry_run_that_begins_during_the_wait_holds() -> None:
    world = World()
    (entry,) = world.adopted()
    order = waiting(world, entry)
    world.daemon.change(dry_run=True)
    world.ether.run(20)
    assert order[0].result == "dry-run"
    assert world.writes() == {}


def test_a_miner_that_becomes_disputed_while_its_mac_is_confirmed_is_not_written_to() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    order = world.daemon.begin(world.daemon.commands.submit(world.daemon.order(entry)))
    entry.claimants[Address("127.78.0.9", 80)] = 0
    world.ether.run(20)
    assert order[0].result == "denied"
    assert world.writes() == {}


def test_the_write_is_remembered_before_it_happens() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    world.daemon.begin(world.daemon.commands.submit(world.daemon.order(entry)))
    world.ether.until(lambda: world.another().memory.device(entry.id).record.reboots == 1)
    assert world.writes() == {}
    world.ether.run(20)
    assert world.writes() == {entry.mac: [REBOOT]}


def test_an_interrupted_order_is_audited_as_such_and_frees_the_miner() -> None:
    world = World()
    (entry,) = world.adopted()
    world.ether.latency = 0.1
    outcome: list[Any] = []
    order = Deferred.fromCoroutine(world.daemon.commands.submit(world.daemon.order(entry)))
    order.addErrback(outcome.append)
    order.cancel()
    assert outcome[0].check(CancelledError)
    assert not entry.lock.locked
    (audit,) = world.daemon.ear.texts(EventKind.AUDIT)
    assert audit.endswith("failed (interrupted: whether it took the order is not known)")
    world.ether.run(5)
    assert submit(world, entry).done


def test_after_a_reboot_the_address_is_anybodys_until_a_miner_shows_itself() -> None:
    world = World()
    (entry,) = world.adopted()
    submit(world, entry)
    world.ether.run(100)
    asked = world.dragon.requests["/"]
    assert world.daemon.poll(entry)
    assert world.dragon.requests["/"] == asked + 1
    assert world.daemon.poll(entry)
    assert world.dragon.requests["/"] == asked + 1


def test_what_nobody_foresaw_fails_the_order_alone() -> None:
    world = World()
    (entry,) = world.adopted()

    async def perform(command: object) -> None:
        raise ZeroDivisionError

    entry.device.perform = perform  # type: ignore[method-assign]  # broken on purpose
    outcome = submit(world, entry)
    assert outcome == Outcome("failed", "unforeseen: ZeroDivisionError", sent=True)
    assert not entry.lock.locked
