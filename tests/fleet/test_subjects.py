"""A miner in the words of the configuration."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from mother.config.subject import Subject
from mother.core.model import Address
from mother.fleet.remembered import DeviceMemory, Place
from mother.fleet.subjects import remembered_subject, subject_of
from tests.fleet.world import World


def test_a_miner_is_known_by_what_it_said_and_where_it_is(tmp_path: Path) -> None:
    world = World(tmp_path, miners=1)
    (entry,) = world.adopted()
    entry.description = replace(entry.description, firmware_name="stock", maker="", algorithm="")
    subject = subject_of(entry)
    assert (subject.family, subject.maker) == ("dragonmint", "Innosilicon")
    assert (subject.model, subject.mac, subject.host) == (
        entry.model,
        entry.mac,
        entry.address.host,
    )
    assert (subject.worker, subject.firmware_name) == (entry.worker, "stock")
    assert subject.algorithm == ("" if entry.reading is None else entry.reading.algorithm)
    entry.description = replace(entry.description, maker="Halong", algorithm="sha256")
    entry.stands_for = "a0:b0:45:00:00:99"
    subject = subject_of(entry)
    assert (subject.maker, subject.algorithm) == ("Halong", "sha256")
    assert subject.mac == "a0:b0:45:00:00:99"


def test_one_that_is_away_is_known_by_what_is_remembered_and_is_a_dragonmint_of_old() -> None:
    known = DeviceMemory(model="T1", mac="a0:b0:45:00:00:01", worker="w", firmware="1.2")
    subject = remembered_subject(known, "a0:b0:45:00:00:02", "north")
    assert subject == Subject(
        family="dragonmint",
        model="T1",
        mac="a0:b0:45:00:00:02",
        worker="w",
        firmware="1.2",
        site="north",
    )
    known = replace(known, family="avalon", address=Address("10.1.0.7", 4028))
    known = replace(known, place=Place(site="Hall 2"))
    subject = remembered_subject(known, "", "north")
    assert (subject.family, subject.host, subject.site) == ("avalon", "10.1.0.7", "Hall 2")
