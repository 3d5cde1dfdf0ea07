"""The inventory file: the format of mother-of-dragons, whole or not at all, and no harm done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mother.core.model import Address, Description
from mother.fleet.inventory import DELAY, Inventory, export, hints
from tests.fleet.parts import Disk
from tests.fleet.world import World


def kept(world: World) -> tuple[Inventory, Path]:
    path = world.folder / "inventory.json"
    ether: Any = world.ether
    inventory = Inventory(path, world.daemon.roster, Disk(), ether)
    inventory.start()
    world.daemon.bus.add(inventory)
    return inventory, path


def test_the_file_is_a_sorted_list_as_it_always_was() -> None:
    world = World(miners=3)
    entries = world.adopted()
    text = export(world.daemon.roster).decode()
    rows = json.loads(text)
    assert [row["worker"] for row in rows] == sorted(entry.worker for entry in entries)
    for row in rows:
        assert list(row) == ["ip_address", "mac_address", "overview", "worker"]
        assert row["overview"]["version"]["ethaddr"] == row["mac_address"]
    assert text.startswith('[\n  {\n    "ip_address": "127.78.0.')
    assert text.endswith("]\n")


def test_changes_are_gathered_and_written_once() -> None:
    world = World(miners=3)
    _, path = kept(world)
    world.adopted()
    assert not path.exists()
    world.ether.run(DELAY)
    assert len(json.loads(path.read_bytes())) == 3
    world.dragon.move("127.78.0.9")
    world.ether.run()
    world.daemon.scan_once()
    world.ether.run(DELAY)
    assert "127.78.0.9" in path.read_text()
    world.daemon.change(networks=("127.78.0.8/29",))
    world.daemon.scan_once()
    world.ether.run(DELAY)
    assert [row["ip_address"] for row in json.loads(path.read_bytes())] == ["127.78.0.9"]


def test_what_is_due_at_the_end_is_written() -> None:
    world = World()
    inventory, path = kept(world)
    inventory.stop()
    assert not path.exists()
    world.adopted()
    inventory.stop()
    assert len(json.loads(path.read_bytes())) == 1
    world.ether.run(10)


def test_nothing_is_written_when_nothing_changed() -> None:
    world = World()
    _, path = kept(world)
    world.adopted()
    world.ether.run(DELAY)
    path.unlink()
    world.daemon.scan_once()
    world.daemon.sweep()
    world.ether.run(DELAY)
    assert not path.exists()


def test_one_odd_answer_does_not_spoil_the_file() -> None:
    world = World()
    (entry,) = world.adopted()
    odd = {"load": float("inf"), "list": [float("nan"), {"x": float("-inf")}], "big": 10**30}
    entry.description = Description("dragonmint", entry.mac, "T1", overview=odd)
    (row,) = json.loads(export(world.daemon.roster), parse_constant=pytest.fail)
    assert row["overview"] == {"load": None, "list": [None, {"x": None}], "big": 10**30}


def test_the_file_tells_whom_to_poll_first(tmp_path: Path) -> None:
    world = World(tmp_path, miners=3)
    _, path = kept(world)
    world.adopted()
    world.ether.run(DELAY)
    found = hints(path, 8080)
    assert sorted(found) == [Address(f"127.78.0.{n}", 8080) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b'{"ip_address": "10.0.0.1"}',
        b"[1, null, [], {}]",
        b'[{"ip_address": 5}, {"ip_address": null}]',
        b'[{"ip_address": "miner.local"}, {"ip_address": "fe80::1"}, {"ip_address": "1"}]',
        b'[{"ip_address": "010.0.0.1"}, {"ip_address": "10.0.0.1/8"}, {"ip_address": ""}]',
        b'"\xff\xfe"',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_none_of_ours_is_no_harm(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inventory.json"
    path.write_bytes(content)
    assert hints(path, 80) == []


def test_a_good_row_counts_among_bad_ones(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    path.write_text('[{"ip_address": "x"}, {"ip_address": "10.0.0.7", "worker": 5}, 3]')
    assert hints(path, 80) == [Address("10.0.0.7", 80)]


def test_a_file_that_is_not_there_or_cannot_be_read_is_no_harm(tmp_path: Path) -> None:
    assert hints(tmp_path / "none.json", 80) == []
    assert hints(tmp_path, 80) == []
