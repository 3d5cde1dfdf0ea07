"""Places: kept by MAC over restarts and moves, found by rack, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from mother.config.subject import Group
from mother.core.model import EventKind
from mother.fleet.forgetting import MOST
from mother.fleet.places import Placed
from mother.fleet.remembered import DeviceMemory, Place
from mother.terminal import places_file
from tests.desk.asking import as_json, entries, minded, order, plain, wishing
from tests.fleet.world import World

NEW = "00:11:22:33:44:56"
A3 = Place(rack="A3", slot="4", owner="Ann")


def put(world: World, *pairs: tuple[str, Place], backup: bool = False) -> Any:
    rows = [{"mac": mac, "place": asdict(place)} for mac, place in pairs]
    return as_json(world.daemon.do(world.daemon.desk.place(rows, "ann", backup)))


def row_of(world: World, mac: str) -> Any:
    (row,) = [r for r in as_json(world.daemon.desk.places())["places"] if r["mac"] == mac]
    return row


def shown(world: World, mac: str) -> Any:
    (row,) = [r for r in as_json(world.daemon.desk.status())["miners"] if r["mac"] == mac]
    return row["place"]


def test_a_place_is_told_of_and_shown_and_outlives_the_process() -> None:
    world = plain(miners=2)
    (entry, _) = entries(world)
    told = put(world, (entry.mac, A3))
    assert told["text"] == f"{entry.worker} is at rack A3, slot 4, of Ann."
    (event,) = world.daemon.ear.of(EventKind.PLACED)
    assert (event.device, event.content["actor"]) == (entry.id, "ann")
    assert shown(world, entry.mac) == {"rack": "A3", "slot": "4", "owner": "Ann"}
    world.restart()
    world.adopted()
    assert entries(world)[0].place == A3
    assert row_of(world, entry.mac)["place"] == {"rack": "A3", "slot": "4", "owner": "Ann"}


def test_the_serial_of_who_tells_none_is_an_operators_word() -> None:
    world = plain()
    assert row_of(world, world.dragon.mac)["serial"] == ""
    put(world, (world.dragon.mac, replace(A3, serial="S7")))
    assert row_of(world, world.dragon.mac)["serial"] == "S7"
    (row,) = as_json(world.daemon.desk.status())["miners"]
    assert row["serial"] == "S7"


def test_a_place_follows_the_miner_to_another_address() -> None:
    world = plain()
    put(world, (world.dragon.mac, A3))
    static = {
        "dhcp": False, "address": "127.78.0.40", "netmask": "255.255.255.192",
        "gateway": "127.78.0.62", "dns": ["127.78.0.62", "127.78.0.61"],
    }  # fmt: skip
    order(world, "set_network", static)
    world.ether.run(10.0)
    (entry,) = entries(world)
    assert entry.address.host == "127.78.0.40"
    assert entry.place == A3
    assert row_of(world, entry.mac)["ip"] == "127.78.0.40"


def test_a_place_goes_to_the_board_that_takes_the_place_of_another() -> None:
    world = plain()
    old = world.dragon.mac
    put(world, (old, A3))
    world.dragon.vanish()
    world.ether.run()
    for _ in range(3):
        world.daemon.poll(entries(world)[0])
    world.daemon.desk.replace(old, NEW, "ann")
    assert row_of(world, NEW)["place"]["rack"] == "A3"


def test_one_that_is_not_on_the_network_yet_has_its_place_when_it_comes() -> None:
    world = World(config=wishing(()))
    mac = world.dragon.mac
    put(world, (mac, A3))
    assert as_json(world.daemon.desk.status())["miners"] == []
    assert world.daemon.setups.absent() == []
    world.restart()
    world.adopted()
    assert entries(world)[0].place == A3
    assert entries(world)[0].worker


def test_one_that_was_never_met_and_has_no_place_any_more_is_no_more() -> None:
    world = plain()
    put(world, (NEW, A3))
    assert row_of(world, NEW)["worker"] == ""
    put(world, (NEW, Place()))
    assert [r["mac"] for r in world.daemon.desk.places()["places"]] == [world.dragon.mac]


def test_a_rack_and_a_group_are_scopes_of_orders_and_holds() -> None:
    groups = (Group("Hall-1", mac_addresses=("a0:b0:45:00:00:00",)),)
    world = minded(replace(wishing(()), groups=groups), miners=3)
    first, second, _ = entries(world)
    world.daemon.change(groups=(Group("Hall-1", mac_addresses=(second.mac,)),))
    put(world, (first.mac, A3))
    desk = world.daemon.desk
    assert [one["mac"] for one in desk.covered("rack:a3", "")["miners"]] == [first.mac]
    assert [one["mac"] for one in desk.covered("group:hall-1", "")["miners"]] == [second.mac]
    with pytest.raises(LookupError, match="no miner is known in rack:B9"):
        desk.covered("rack:B9", "")
    desk.hold("rack:A3", None, "fans", "ann")
    desk.hold("group:hall-1", None, "fans", "ann")
    assert [bool(world.daemon.setups.held(one)) for one in entries(world)] == [True, True, False]
    assert {hold["name"] for hold in desk.status()["holds"]} == {"rack:A3", "group:hall-1"}
    assert world.restart().desk.status()["holds"]


# taking back


def test_the_last_placements_are_taken_back_one_by_one() -> None:
    world = plain(miners=2)
    first, second = entries(world)
    put(world, (first.mac, A3))
    put(world, (first.mac, replace(A3, slot="5")))
    put(world, (second.mac, replace(A3, slot="6")))
    desk = world.daemon.desk
    assert desk.unplace("ann").startswith(f"{second.worker} is taken back from rack A3, slot 6")
    assert desk.unplace("ann").endswith("it is rack A3, slot 4, of Ann again.")
    assert (first.place, second.place) == (A3, Place())
    desk.unplace("ann")
    with pytest.raises(LookupError, match="nothing was placed"):
        desk.unplace("ann")


def test_a_button_that_changes_nothing_is_taken_back_as_nothing() -> None:
    world = plain()
    mac = world.dragon.mac
    put(world, (mac, A3))
    put(world, (mac, A3))
    world.daemon.desk.unplace("ann")
    assert entries(world)[0].place == A3


def test_what_was_placed_anew_since_is_not_taken_back() -> None:
    world = plain()
    (entry,) = entries(world)
    put(world, (entry.mac, A3))
    world.daemon.memory.remember(entry.id, DeviceMemory(mac=entry.mac, place=Place(rack="B1")))
    with pytest.raises(PermissionError, match="placed anew since"):
        world.daemon.desk.unplace("ann")


# from a file


def test_the_former_places_are_in_a_file_before_others_are_written() -> None:
    world = plain(miners=2)
    first, second = entries(world)
    put(world, (first.mac, A3))
    told = put(world, (first.mac, Place(rack="B1")), (second.mac, A3), (NEW, A3), backup=True)
    assert (told["text"], told["miners"]) == ("3 miners placed.", 3)
    backup = Path(told["backup"])
    assert backup.parent == world.folder.absolute()
    spots = {one.mac: one.place for one in places_file.read(backup.read_bytes(), "b.csv").spots}
    assert spots == {first.mac: A3, second.mac: Place(), NEW: Place()}
    put(world, *spots.items(), backup=True)
    assert (first.place, second.place) == (A3, Place())
    assert len(world.daemon.memory.devices) == 2


def test_without_a_backup_nothing_is_changed() -> None:
    world = plain()
    world.daemon.disk.full = "no space left"
    with pytest.raises(PermissionError, match=r"no space left.*nothing was changed"):
        put(world, (world.dragon.mac, A3), backup=True)
    assert entries(world)[0].place == Place()


def test_no_more_are_kept_than_there_is_room_for() -> None:
    world = plain()
    for number in range(MOST - 1):
        world.daemon.memory.remember(f"home/x:{number}", DeviceMemory())
    put(world, (world.dragon.mac, A3))
    with pytest.raises(PermissionError, match="no more than 20,000 devices"):
        put(world, (NEW, A3))


def test_what_is_so_already_writes_no_backup() -> None:
    world = plain()
    put(world, (world.dragon.mac, A3))
    told = put(world, (world.dragon.mac, A3), backup=True)
    assert told == {"text": "Every place is so already.", "miners": 0, "backup": ""}


def test_a_row_is_what_the_file_is_made_of() -> None:
    world = plain()
    row = row_of(world, world.dragon.mac)
    assert set(row) <= set(Placed.__struct_fields__)
    assert row["model"] == "T1"
