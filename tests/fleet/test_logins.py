"""A login that mother sets on a miner is never lost, whatever happens in between."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from mother.core.model import CommandKind, Credential, EventKind
from mother.fleet.roster import Entry
from tests.fleet.world import CONFIG, World

NEW = Credential("admin", "brand-new-1")


def set_password(world: World, entry: Entry, credential: Credential = NEW) -> Any:
    order = world.daemon.order(
        entry, CommandKind.SET_PASSWORD, args={"credential": credential}, by_hand=True
    )
    return world.daemon.do(world.daemon.commands.submit(order))


def kept(world: World, entry: Entry) -> list[str]:
    """The passwords on the disk, newest first."""
    state = msgspec.json.decode((world.folder / "state.json").read_bytes())
    logins = state["devices"][entry.id]["setup"].get("logins", [])
    return [login["password"] for login in logins]


def test_the_new_login_is_on_the_disk_before_the_miner_hears_of_it() -> None:
    world = World()
    (entry,) = world.adopted()
    seen: list[list[str]] = []
    perform = entry.device.perform

    async def watched(command: Any) -> None:
        seen.append(kept(world, entry))
        await perform(command)

    entry.device.perform = watched  # type: ignore[method-assign]  # listens in
    assert set_password(world, entry).done
    assert seen == [["brand-new-1", "dragonadmin"]]


def test_once_the_new_login_is_taken_the_old_one_is_forgotten() -> None:
    world = World()
    (entry,) = world.adopted()
    assert set_password(world, entry).done
    assert entry.device.credential == NEW
    world.restart()
    assert kept(world, entry) == ["brand-new-1"]


def test_a_daemon_that_dies_before_the_answer_still_gets_in() -> None:
    world = World()
    (entry,) = world.adopted()
    perform = entry.device.perform

    async def torn(command: Any) -> None:
        await perform(command)
        world.daemon.halt()
        raise SystemError

    entry.device.perform = torn  # type: ignore[method-assign]  # the process ends here
    set_password(world, entry)
    world.daemon = world.another()
    (again,) = world.adopted()
    assert again.device.credential == NEW


def test_a_miner_that_says_yes_and_keeps_its_login_is_still_ours() -> None:
    world = World()
    (entry,) = world.adopted()

    async def idle(command: Any) -> None:
        """It says yes."""

    entry.device.perform = idle  # type: ignore[method-assign]  # a miner that lies
    outcome = set_password(world, entry)
    assert (outcome.result, outcome.text) == ("failed", "it said yes and kept the old login")
    assert entry.device.credential.password == "dragonadmin"  # the maker's
    world.restart()
    (again,) = world.adopted()
    assert again.device.credential.password == "dragonadmin"  # the maker's


def test_where_nothing_can_be_remembered_no_login_is_changed() -> None:
    world = World()
    (entry,) = world.adopted()
    world.daemon.disk.full = "no space left on device"
    outcome = set_password(world, entry)
    assert outcome.result == "denied"
    assert "would be forgotten" in outcome.text
    assert world.writes() == {}


def test_a_miner_whose_login_we_set_is_known_again_at_another_address() -> None:
    world = World(miners=3)
    entries = world.adopted()
    assert set_password(world, entries[0]).done
    world.farm.deal_addresses_anew()
    for _ in range(3):
        world.ether.run(310)
        world.daemon.scan_once()
    entry = world.daemon.entry(world.dragon)
    assert entry.address.host == world.dragon.host
    assert entry.device.credential == NEW


def test_no_more_than_three_logins_are_offered_in_one_go() -> None:
    wrong = tuple(Credential("admin", f"wrong-{number}") for number in range(4))
    right = Credential("admin", "dragonadmin")
    world = World(config=replace(CONFIG, credentials=(*wrong, right)))
    world.daemon.scan_once()
    (sighting,) = world.daemon.roster.sightings.values()
    assert sighting.reason == "refuses 3 of 5 logins we know"
    world.daemon.scan_once()
    assert len(world.daemon.roster) == 0
    world.ether.run(301)
    world.daemon.scan_once()
    assert len(world.daemon.roster) == 1


def test_another_account_of_the_miner_does_not_become_ours() -> None:
    world = World()
    (entry,) = world.adopted()
    outcome = set_password(world, entry, Credential("guest", "visitor-1"))
    assert outcome.result in {"done", "failed"}
    assert entry.device.credential.username == "admin"
    assert NEW.password not in str(world.daemon.ear.of(EventKind.AUDIT))
