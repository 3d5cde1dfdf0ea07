"""Who is gone stays listed until it is retired, and is forgotten everywhere then."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.model import EventKind
from mother.fleet.remembered import Place
from mother.fleet.undertaken import Flight, Rollout
from tests.desk.asking import as_json, entries, plain
from tests.fleet.world import DAY, HOUR, World


def listed(world: World) -> list[Any]:
    return list(as_json(world.daemon.desk.status())["miners"])


def given_up(miners: int = 2) -> World:
    """The first one has vanished, and nobody polls it any more."""
    world = plain(miners=miners)
    world.daemon.start()
    world.dragon.vanish()
    world.ether.run(2 * HOUR)
    assert len(world.daemon.roster) == miners - 1
    return world


def test_who_was_given_up_stays_listed_as_gone() -> None:
    world = given_up()
    world.lag = 40 * DAY
    world.ether.run(HOUR)
    (row,) = [one for one in listed(world) if one["mac"] == world.dragon.mac]
    assert (row["state"], row["hashrate"]) == ("gone", None)
    assert row["because"][0].startswith("Not seen for 40 d")
    totals = as_json(world.daemon.desk.status())["totals"]
    assert (totals["miners"], totals["given_up"]) == (1, 1)


def test_who_was_not_met_since_the_start_is_unknown_until_a_scan_has_ended() -> None:
    world = given_up()
    daemon = world.restart()
    scans = {"loop.scan.runs": 0.0}
    daemon.desk._numbers = lambda: scans
    assert [one["state"] for one in listed(world)] == ["unknown", "unknown"]
    daemon.scan_once()
    scans["loop.scan.runs"] = 1.0
    assert sorted(one["state"] for one in listed(world)) == ["gone", "hashing"]


def test_who_comes_back_is_listed_once() -> None:
    world = given_up()
    world.dragon.come_back()
    world.ether.run(HOUR)
    assert [one["state"] for one in listed(world)] == ["hashing", "hashing"]


@pytest.mark.parametrize("name", ["worker", "mac", "host"])
def test_who_is_retired_is_forgotten_everywhere(name: str) -> None:
    world = given_up()
    ident = f"home/mac:{world.dragon.mac}"
    known = world.daemon.memory.device(ident)
    world.daemon.memory.remember(ident, replace(known, place=Place(rack="A3")))
    world.daemon.desk.hold(entries_mac(world), None, "fans", "ann")
    named = {"worker": known.worker, "mac": known.mac, "host": "127.78.0.1"}[name]
    told = world.daemon.desk.retire(named.upper(), "ann")
    assert told.startswith(f"{known.worker} ({known.mac}) is retired, not seen for ")
    assert [one["mac"] for one in listed(world)] == [world.dragons[1].mac]
    assert ident not in world.daemon.memory.devices
    assert world.daemon.roster.given_up == {}
    assert world.daemon.roster.free_worker(known.worker, "other", "another") == known.worker
    (event,) = world.daemon.ear.of(EventKind.RETIRED)
    assert (event.device, event.content["actor"]) == (ident, "ann")
    assert [hold["scope"] for hold in world.daemon.desk.status()["holds"]] == [world.dragons[1].mac]
    world.restart()
    assert ident not in world.daemon.memory.devices


def entries_mac(world: World) -> str:
    return world.dragons[1].mac


def test_a_hold_on_it_goes_with_it() -> None:
    world = plain(miners=2)
    world.daemon.start()
    world.daemon.desk.hold(world.dragon.mac, None, "fans", "ann")
    world.dragon.vanish()
    world.ether.run(2 * HOUR)
    world.daemon.desk.retire(world.dragon.mac, "ann")
    assert world.daemon.desk.status()["holds"] == []


def test_who_answers_is_not_retired() -> None:
    world = plain()
    with pytest.raises(PermissionError, match="is here: only who is gone"):
        world.daemon.desk.retire(world.dragon.mac, "ann")
    assert len(world.daemon.memory.devices) == 1


def test_who_has_just_gone_is_retired_and_the_sinks_hear_of_it() -> None:
    world = plain()
    (entry,) = entries(world)
    world.dragon.vanish()
    world.ether.run()
    for _ in range(2):
        world.daemon.poll(entry)
    world.daemon.desk.retire(entry.worker, "ann")
    assert (entry.dismissed, len(world.daemon.roster), listed(world)) == (True, 0, [])
    (event,) = world.daemon.ear.of(EventKind.REMOVED)
    assert event.device == entry.id


def test_just_after_the_start_nobody_is_retired_who_may_answer() -> None:
    world = given_up()
    daemon = world.restart()
    daemon.desk._numbers = lambda: {"loop.scan.runs": 0.0}
    with pytest.raises(PermissionError, match="wait for the first scan"):
        daemon.desk.retire(world.dragons[1].mac, "ann")


def test_who_is_not_known_cannot_be_retired() -> None:
    world = plain()
    for name in ("nobody", " "):
        with pytest.raises(LookupError, match="is known here"):
            world.daemon.desk.retire(name, "ann")


def test_an_address_that_several_had_names_nobody() -> None:
    world = given_up()
    ident = f"home/mac:{world.dragon.mac}"
    other = replace(world.daemon.memory.device(ident), mac="a0:b0:45:99:99:99", worker="other")
    world.daemon.memory.remember("home/mac:a0:b0:45:99:99:99", other)
    with pytest.raises(LookupError, match=r"several were known as 127\.78\.0\.1: name one by"):
        world.daemon.desk.retire("127.78.0.1", "ann")


def test_one_that_is_retired_and_comes_back_is_a_new_one() -> None:
    world = given_up()
    world.daemon.desk.retire(world.dragon.mac, "ann")
    world.dragon.come_back()
    world.ether.run(HOUR)
    known = world.daemon.memory.device(f"home/mac:{world.dragon.mac}")
    assert known.first_seen is not None
    assert known.first_seen > world.daemon.now() - HOUR


def test_who_is_retired_in_the_middle_of_a_change_leaves_its_place_in_it() -> None:
    world = given_up()
    ident, setups = f"home/mac:{world.dragon.mac}", world.daemon.setups
    setups.keep(ident, flight=Flight(world.daemon.now(), ("pools:x",)))
    rollout = Rollout("pools x", flying=(ident,), launched=1)
    setups.keep_undertaken(rollouts={"pools:x": rollout})
    world.daemon.desk.retire(world.dragon.mac, "ann")
    assert setups.undertaken.rollouts["pools:x"].flying == ()
