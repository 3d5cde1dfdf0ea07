"""Two addresses that claim one MAC, and addresses dealt anew, over the wire of a farm."""

from __future__ import annotations

from mother.core.model import EventKind
from mother.fleet.roster import GIVE_UP_SCANS
from mother.sim.dragonmint.state import Dragon
from tests.fleet.world import World, place


def clone(world: World, of: Dragon, host: str) -> Dragon:
    """Another control board with the same MAC; it listens where the farm's last device did."""
    other = world.dragons[-1]
    other.mac = of.mac
    other.move(host)
    world.ether.run()
    return other


def test_two_addresses_with_one_mac_are_reported_once_and_not_written_to() -> None:
    world = World(miners=2)
    world.daemon.look(world.dragon)
    entry = world.daemon.entry(world.dragon)
    other = clone(world, world.dragon, "127.78.0.20")
    for _ in range(3):
        assert world.daemon.look(other) is None
    (told,) = world.daemon.ear.texts(EventKind.CONFLICT)
    assert told.startswith(f"127.78.0.1 and 127.78.0.20 both claim MAC {entry.mac}")
    outcome = world.daemon.do(world.daemon.commands.submit(world.daemon.order(entry)))
    assert outcome.result == "denied"
    assert outcome.text == f"127.78.0.20 claims the same MAC {entry.mac}"
    assert world.writes() == {}
    assert world.daemon.poll(entry)  # it is read on


def test_they_are_written_to_again_when_one_has_been_away_for_several_scans() -> None:
    world = World(miners=2)
    world.daemon.look(world.dragon)
    entry, other = world.daemon.entry(world.dragon), clone(world, world.dragon, "127.78.0.20")
    world.daemon.scan_once()
    other.vanish()
    for _ in range(GIVE_UP_SCANS):  # one lost packet is no agreement
        assert entry.disputed
        assert not world.daemon.ear.of(EventKind.AGREED)
        world.daemon.scan_once()
    assert not entry.disputed
    assert world.daemon.ear.texts(EventKind.AGREED) == [
        f"{entry.worker} is the only one with MAC {entry.mac} again"
    ]
    world.daemon.do(world.daemon.commands.submit(world.daemon.order(entry)))
    assert world.writes() == {entry.mac: ["/api/reboot"]}


def test_a_dispute_lasts_while_the_claim_is_heard() -> None:
    world = World(miners=2)
    world.daemon.look(world.dragon)
    entry = world.daemon.entry(world.dragon)
    clone(world, world.dragon, "127.78.0.20")
    for _ in range(3 * GIVE_UP_SCANS):
        world.daemon.scan_once()
    assert entry.disputed
    assert len(world.daemon.ear.of(EventKind.CONFLICT)) == 1
    assert not world.daemon.ear.of(EventKind.AGREED)


def test_a_claim_ends_at_once_when_somebody_else_has_that_address() -> None:
    world = World(miners=3)
    world.daemon.look(world.dragon)
    entry, other = world.daemon.entry(world.dragon), clone(world, world.dragon, "127.78.0.20")
    world.daemon.look(other)
    other.move("127.99.0.1")
    world.ether.run()
    world.dragons[1].move("127.78.0.20")
    world.ether.run()
    world.daemon.look(world.dragons[1])
    assert not entry.disputed
    assert len(world.daemon.ear.of(EventKind.AGREED)) == 1


def test_when_the_first_of_two_claimants_falls_silent_it_is_not_trusted_to_stay_so() -> None:
    world = World(miners=2)
    world.daemon.look(world.dragon)
    entry, other = world.daemon.entry(world.dragon), clone(world, world.dragon, "127.78.0.20")
    world.daemon.look(other)
    world.dragon.vanish()
    world.ether.run()
    assert world.daemon.look(other) is entry
    assert entry.address.host == "127.78.0.20"
    assert entry.disputed
    for _ in range(GIVE_UP_SCANS + 1):
        world.daemon.scan_once()
    assert not entry.disputed


def test_a_claimant_outside_the_networks_claims_nothing() -> None:
    world = World(miners=2)
    world.daemon.look(world.dragon)
    entry, other = world.daemon.entry(world.dragon), clone(world, world.dragon, "127.78.0.20")
    world.daemon.look(other)
    world.daemon.change(exclude=("127.78.0.20",))
    world.daemon.scan_once()
    assert not entry.disputed


def test_addresses_dealt_anew_end_with_everybody_in_the_right_place() -> None:
    world = World(miners=12)
    daemon = world.daemon
    entries = world.adopted()
    for fresh in (False, True):
        if fresh:  # a power cut: the tokens are void too
            for dragon in world.dragons:
                dragon.access.booted(7)
        world.farm.deal_addresses_anew()
        world.ether.run(2)
        daemon.sweep()
        daemon.scan_once()
        daemon.sweep()
        for entry, dragon in zip(entries, world.dragons, strict=True):
            assert daemon.entry(dragon) is entry
            assert entry.address == place(dragon)
            assert daemon.roster.at(place(dragon)) is entry
            assert not entry.failures
    assert len(daemon.roster) == 12
    assert len(daemon.ear.of(EventKind.MOVED)) == 24
    assert not daemon.ear.of(EventKind.CONFLICT)
    assert len(daemon.ear.of(EventKind.ADDED)) == 12
    assert len(daemon.looked) <= 24  # no storm


def test_no_reading_is_credited_to_the_wrong_miner_while_addresses_are_dealt_anew() -> None:
    world = World(miners=8)
    daemon = world.daemon
    world.adopted()
    world.ether.latency = 0.05
    for dragon in world.dragons:  # tell them apart by their accepted shares
        for board in dragon.boards:
            board.dead = dragon.mac == world.dragons[0].mac
    daemon.ear.samples.clear()
    for moment in (0.0, 0.02, 0.07, 0.13, 0.3):
        polls = [daemon.begin(daemon.poller.poll(entry, "stats")) for entry in daemon.roster]
        world.ether.run(moment)
        world.farm.deal_addresses_anew()
        world.ether.run(5)
        assert all(polls)
        daemon.sweep()
        daemon.scan_once()
        daemon.sweep()
    read = [sample for sample in daemon.ear.samples if sample.reading is not None]
    assert len(read) >= 5 * 8
    for sample in read:
        assert sample.reading is not None
        assert (sample.reading.boards_alive == 0) is (
            sample.worker == daemon.entry(world.dragons[0]).worker
        )
    assert not daemon.ear.of(EventKind.CONFLICT)
    assert all(daemon.entry(dragon).address == place(dragon) for dragon in world.dragons)


def test_two_addresses_that_become_known_at_once_with_one_mac_are_a_dispute_too() -> None:
    world = World(miners=2)
    other = clone(world, world.dragon, "127.78.0.20")
    world.ether.latency = 0.1
    looks = [
        world.daemon.begin(world.daemon.adoption.look(place(dragon)))
        for dragon in (world.dragon, other)
    ]
    world.ether.run(20)
    assert all(looks)
    assert len(world.daemon.roster) == 1
    assert len(world.daemon.ear.of(EventKind.CONFLICT)) == 1
