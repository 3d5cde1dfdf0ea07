"""Hosts that look like miners and could not be identified: told once, asked seldom, forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.backoff import Backoff
from mother.core.model import Address, Credential, EventKind
from mother.drivers.base import Traces
from mother.fleet.adoption import FOREIGN
from mother.fleet.meeting import Claim
from mother.fleet.roster import GIVE_UP_SCANS, REFUSED
from mother.fleet.sightings import Sightings, mute_hosts
from tests.fleet.toy import HOST, LOGIN, Playroom
from tests.fleet.world import CONFIG, HOUR, NETWORK, World

PLACE = Address("127.78.0.40", 80)
WAIT = Backoff(first=60.0, most=240.0)


class Seen:
    """The sightings of a daemon, by themselves."""

    def __init__(self) -> None:
        self.world = World()
        self.daemon = self.world.daemon
        self.sightings = self.another()

    def another(self) -> Sightings:
        daemon = self.daemon
        return Sightings(daemon.roster, daemon.bus, daemon.now, daemon.memory)

    def add(self, reason: str = "refuses", **what: Any) -> float:
        return self.sightings.add(PLACE, "toy", reason, WAIT, **what) - self.daemon.now()

    @property
    def told(self) -> list[Any]:
        return self.daemon.ear.of(EventKind.SIGHTED)


def test_a_sighting_is_told_with_its_reason_and_first_only_once() -> None:
    seen = Seen()
    seen.add()
    seen.add()
    seen.add("hangs")
    assert [one.content["first"] for one in seen.told] == [True, False, True]
    assert (
        seen.told[0].text == "127.78.0.40 looks like a toy but refuses; not asked again for 1 min"
    )


def test_one_of_no_family_of_ours_is_told_as_what_it_is() -> None:
    seen = Seen()
    seen.sightings.add(PLACE, "", "it is LuxOS, which mother does not support", WAIT, said="{x")
    assert seen.told[0].text == (
        "127.78.0.40 is not minded: it is LuxOS, which mother does not support; "
        "not asked again for 1 min"
    )
    assert seen.daemon.roster.sightings[PLACE].said == "{x"


def test_each_failure_makes_the_wait_longer_until_it_is_known_who_that_is() -> None:
    seen = Seen()
    assert [seen.add() for _ in range(4)] == [60.0, 120.0, 240.0, 240.0]
    assert seen.daemon.roster.sightings[PLACE].quiet(seen.daemon.now() + 239.0)
    seen.sightings.drop(PLACE)
    assert seen.daemon.roster.sightings == {}
    assert seen.add() == 60.0


def test_those_of_an_earlier_run_wait_no_longer_than_after_a_first_refusal() -> None:
    seen = Seen()
    for _ in range(12):
        seen.sightings.add(PLACE, "toy", "refuses", REFUSED)
    seen.daemon.roster.sightings.clear()
    seen.another().recall()
    (again,) = seen.daemon.roster.sightings.values()
    assert (again.address, again.failures) == (PLACE, 12)
    assert again.next_try == seen.daemon.now() + REFUSED.first


def test_one_that_was_dropped_is_not_recalled() -> None:
    seen = Seen()
    seen.add()
    seen.sightings.drop(PLACE)
    seen.another().recall()
    assert seen.daemon.roster.sightings == {}


def test_a_hurry_asks_them_all_again_with_all_logins() -> None:
    seen = Seen()
    seen.add(skip=3)
    seen.sightings.hurry()
    (sighting,) = seen.daemon.roster.sightings.values()
    assert not sighting.quiet(seen.daemon.now())
    assert sighting.skip == 0


def test_who_is_missed_by_several_whole_scans_in_a_row_is_forgotten() -> None:
    seen = Seen()
    seen.add()
    for _ in range(GIVE_UP_SCANS - 1):
        seen.sightings.conclude_scan(())
    seen.sightings.conclude_scan((PLACE,))
    for _ in range(GIVE_UP_SCANS - 1):
        seen.sightings.conclude_scan(())
    assert PLACE in seen.daemon.roster.sightings
    seen.sightings.conclude_scan(())
    assert seen.daemon.roster.sightings == {}
    assert seen.daemon.memory.sightings == {}


def test_who_is_outside_the_networks_is_not_ours() -> None:
    seen = Seen()
    seen.add()
    seen.sightings.drop_outsiders(lambda address: address == PLACE)
    assert PLACE in seen.daemon.roster.sightings
    seen.sightings.drop_outsiders(lambda address: False)
    assert seen.daemon.roster.sightings == {}


def test_of_many_mute_hosts_the_first_few_are_named_in_their_order() -> None:
    assert mute_hosts(["10.0.0.7"]) == ("1 host accepts connections but does not answer: 10.0.0.7")
    seen = Seen()
    hosts = [Address(f"127.78.0.{number}", 80) for number in (20, 3, 1, 10, 2, 4, 5)]
    for one in hosts:
        seen.sightings.mute(one)
    seen.sightings.conclude_scan(hosts)
    assert seen.told[0].text == (
        "7 hosts accept connections but do not answer: 127.78.0.1, 127.78.0.2, 127.78.0.3, "
        "127.78.0.4, 127.78.0.5 and 2 more"
    )


def test_a_mute_host_that_refuses_our_logins_or_is_no_more_is_not_named() -> None:
    seen = Seen()
    seen.sightings.mute(PLACE)
    seen.add()
    seen.sightings.mute(Address("127.78.0.41", 80))
    seen.sightings.conclude_scan([PLACE])
    assert seen.daemon.roster.mute == ()
    assert len(seen.told) == 1


# with the scan


def with_a_stranger(**config: Any) -> World:
    """A farm with one host that shows LuxOS, whose families have no page of their own."""
    world = World(config=replace(CONFIG, **config))
    shown = {"VERSION": [{"LUXminer": "2025.1"}]}

    async def trace(host: str, deadline: float) -> Traces:
        world.traced += 1  # type: ignore[attr-defined]  # counts
        return Traces(host, frozenset({4028}), version=shown, said=b"{}")

    world.traced = 0  # type: ignore[attr-defined]  # as above
    world.daemon.identifier.traces = trace  # type: ignore[method-assign]  # no such wire here
    return world


def traced(world: World) -> int:
    return int(world.traced)  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize("families", [("avalon",), ("whatsminer",), ("antminer", "axeos")])
def test_a_foreign_miner_is_asked_once_in_its_back_off_whoever_is_looked_for(
    families: tuple[str, ...],
) -> None:
    world = with_a_stranger(families=families)
    for _ in range(GIVE_UP_SCANS + 2):
        world.daemon.scan_once()
        world.ether.run(300.0)
    assert traced(world) == 1
    (told,) = world.daemon.ear.of(EventKind.SIGHTED)
    assert "it is LuxOS, which mother does not support" in told.text
    world.ether.run(FOREIGN.first)
    world.daemon.scan_once()
    assert traced(world) == 2


def test_a_miner_that_needs_many_logins_is_offered_the_others_later() -> None:
    wrong = tuple(Credential("admin", f"guess{number}") for number in range(5))
    world = World(config=replace(CONFIG, credentials=(*wrong, CONFIG.credentials[1])))
    world.daemon.scan_once()
    (sighting,) = world.daemon.roster.sightings.values()
    assert sighting.skip == 3
    world.ether.run(HOUR)
    world.daemon.scan_once()
    assert world.daemon.entry(world.dragon).device.credential == CONFIG.credentials[1]


def test_a_known_miner_that_refuses_its_login_stays_sighted_where_its_talk_has_its_own_port() -> (
    None
):
    world = World()
    sighted = world.daemon.adoption._sighted
    sighted.add(PLACE, "antminer", "refuses all 2 logins we know", REFUSED)
    for _ in range(2 * GIVE_UP_SCANS):
        world.daemon.adoption.conclude_scan([Address(PLACE.host, 4028)])
    assert PLACE in world.daemon.roster.sightings


def test_a_scan_of_other_networks_drops_what_was_sighted() -> None:
    world = with_a_stranger(families=("avalon",))
    world.daemon.scan_once()
    assert world.daemon.roster.sightings
    world.daemon.change(exclude=(NETWORK,))
    world.daemon.scan.drop_outsiders()
    assert world.daemon.roster.sightings == {}


def test_a_known_miner_that_talks_at_another_port_since_is_at_home_there() -> None:
    room = Playroom()
    room.daemon.change(credentials=(LOGIN,))
    moved = Address(HOST, 4433)

    async def recognise(address: Address, deadline: float) -> bool:
        return address == moved

    async def seen(host: str) -> Claim:
        return Claim(room.family, moved)

    room.family.recognise = recognise  # type: ignore[method-assign]  # as after an upgrade
    room.daemon.meeting.seen = seen  # type: ignore[method-assign]  # no such wire here
    room.entry.failed(room.daemon.now(), "away")
    room.daemon.do(room.daemon.adoption.look(room.entry.address))
    assert room.daemon.roster.get(room.entry.id) is room.entry
    assert room.entry.address == moved
    assert room.daemon.roster.housed(room.entry)
