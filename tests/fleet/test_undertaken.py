"""What was undertaken outlives the process, whole and part by part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from twisted.internet.task import Clock

from mother.core.model import CommandKind, ConfiguredPool, FirmwareOffer, NetworkSettings
from mother.fleet.memory import VERSION, FileMemory
from mother.fleet.remembered import DeviceMemory, Record
from mother.fleet.undertaken import (
    Before,
    DeviceSetup,
    Flight,
    HoldOrder,
    Restart,
    Rollout,
    Trust,
    Undertakings,
)
from tests.fleet.parts import Disk

NOW = 1_700_000_000.0
MAC, OTHER = "a0:b0:45:00:e3:ab", "a0:b0:45:00:e3:ac"
IDENT = f"home/mac:{MAC}"
SECRET = "geheim-pool-password"
POOLS = (ConfiguredPool("stratum+tcp://a:3333", "ann.w", SECRET),)

SETUP = DeviceSetup(
    flight=Flight(NOW, ("pools:T1:1",), False, True, "t1_2", NOW + 1, False),
    restart=Restart(NOW, CommandKind.SET_POOLS),
    before=(
        Before(NOW, CommandKind.SET_POOLS, "ann", "b", "pools:T1:1", pools=POOLS),
        Before(NOW, CommandKind.SET_PROFILE, "ann", "b", profile="balanced", level="2"),
        Before(
            NOW,
            CommandKind.SET_NETWORK,
            "ann",
            network=NetworkSettings(False, "10.0.0.2", "255.0.0.0", "10.0.0.1", ("a", "b")),
        ),
    ),
    left_alone=("pools:T1:0",),
    undoing="ann",
    failures=2,
    retry_at=NOW + 600,
    why="it does not hash",
    checked=NOW - 9,
    offer=FirmwareOffer("t1_2", "https://f/t1_2.swu", "t1_1", False),
    boards=2,
)
UNDERTAKEN = Undertakings(
    rollouts={
        "pools:T1:1": Rollout("pools", Trust.STOPPED, ("a",), 5, 4, 1, 1, 7, 2, "one failed", NOW)
    },
    holds=(
        HoldOrder("model:t1", "fans", "ann", NOW, NOW + 3600),
        HoldOrder(MAC, "board", "bob", NOW),
    ),
    successors={OTHER: MAC},
)


def opened(path: Path) -> FileMemory:
    memory = FileMemory(path, Disk(), Clock(), lambda: NOW)
    memory.load()
    return memory


def kept(path: Path) -> Any:
    return json.loads(path.read_bytes())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def full(path: Path) -> FileMemory:
    memory = opened(path)
    memory.remember(IDENT, DeviceMemory(mac=MAC, record=Record(reboots=1), setup=SETUP))
    memory.remember_undertaken(UNDERTAKEN)
    memory.save()
    return memory


def test_flights_and_what_to_go_back_to_outlive_the_process(path: Path) -> None:
    full(path)
    assert opened(path).device(IDENT).setup == SETUP


def test_rollouts_holds_and_successors_outlive_the_process(path: Path) -> None:
    full(path)
    assert opened(path).undertaken == UNDERTAKEN


def test_the_file_that_holds_passwords_is_for_its_owner_only(path: Path) -> None:
    full(path)
    assert SECRET in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_there_before_shows_no_password_to_whoever_looks(path: Path) -> None:
    memory = full(path)
    assert SECRET not in repr(memory.device(IDENT))
    assert SECRET not in repr(SETUP)


def test_a_file_of_version_1_is_read_and_nothing_was_undertaken_then(path: Path) -> None:
    device = {"mac": MAC, "worker": "w", "record": {"reboots": 2}}
    path.write_text(json.dumps({"version": 1, "devices": {IDENT: device}, "farm": {}}))
    memory = opened(path)
    assert memory.device(IDENT).record.reboots == 2
    assert memory.device(IDENT).setup == DeviceSetup()
    assert memory.undertaken == Undertakings()
    memory.save()
    assert kept(path)["version"] == VERSION == 4
    assert kept(path)["devices"][IDENT] == device
    assert list(path.parent.iterdir()) == [path]


BROKEN: list[tuple[str, object]] = [
    ("rollouts", {"k": {"what": 7}}),
    ("rollouts", "none"),
    ("holds", [{"scope": "all"}]),
    ("holds", 5),
    ("successors", {"a": None}),
]


@pytest.mark.parametrize(("part", "broken"), BROKEN)
def test_a_broken_part_costs_only_itself(path: Path, part: str, broken: object) -> None:
    full(path)
    file = kept(path)
    file["undertaken"][part] = broken
    path.write_text(json.dumps(file))
    memory = opened(path)
    for name in ("rollouts", "holds", "successors"):
        empty = getattr(Undertakings(), name)
        wanted = empty if name == part else getattr(UNDERTAKEN, name)
        assert getattr(memory.undertaken, name) == wanted
    assert memory.device(IDENT).setup == SETUP
    assert len(list(path.parent.glob("state.json.bad-*"))) == 1


@pytest.mark.parametrize("broken", [7, "x", [1], None])
def test_undertakings_that_are_none_at_all_cost_no_device(path: Path, broken: object) -> None:
    full(path)
    file = kept(path)
    file["undertaken"] = broken
    path.write_text(json.dumps(file))
    memory = opened(path)
    assert memory.undertaken == Undertakings()
    assert memory.device(IDENT).setup == SETUP
    assert len(list(path.parent.glob("state.json.bad-*"))) == 1


def test_a_broken_device_costs_no_hold(path: Path) -> None:
    full(path)
    file = kept(path)
    file["devices"][IDENT]["setup"]["before"] = "nothing"
    path.write_text(json.dumps(file))
    memory = opened(path)
    assert memory.undertaken == UNDERTAKEN
    assert IDENT not in memory.devices


def test_a_part_that_a_later_mother_added_is_left_out_and_no_fault(path: Path) -> None:
    full(path)
    file = kept(path)
    file["undertaken"]["moons"] = {"a": 1}
    path.write_text(json.dumps(file))
    assert opened(path).undertaken == UNDERTAKEN
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("before", "can"),
    [
        (Before(NOW, CommandKind.SET_POOLS, "ann", pools=()), True),
        (Before(NOW, CommandKind.SET_PROFILE, "ann", profile="balanced"), True),
        (Before(NOW, CommandKind.SET_NETWORK, "ann", network=NetworkSettings(True)), True),
        (Before(NOW, CommandKind.UPGRADE, "ann"), False),
        (Before(NOW, CommandKind.SET_POOLS, "ann"), False),
    ],
)
def test_only_what_is_known_can_be_undone(before: Before, can: bool) -> None:
    assert before.can_be_undone is can


texts = st.text(max_size=5)
times = st.floats(0, 2e9)
flights = st.builds(
    Flight,
    times,
    st.lists(texts, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
    texts,
    st.none() | times,
    st.booleans(),
)
setups = st.builds(
    DeviceSetup,
    flight=st.none() | flights,
    restart=st.none() | st.builds(Restart, times, st.sampled_from(CommandKind)),
    left_alone=st.lists(texts, max_size=2).map(tuple),
    undoing=texts,
    failures=st.integers(0, 9),
    retry_at=st.none() | times,
    why=texts,
    boards=st.none() | st.integers(0, 4),
)
rollouts = st.builds(
    Rollout,
    texts,
    st.sampled_from(Trust),
    st.lists(texts, max_size=3).map(tuple),
    st.integers(0, 9),
    why=texts,
    since=st.none() | times,
)
undertakings = st.builds(
    Undertakings,
    st.dictionaries(texts, rollouts, max_size=3),
    st.lists(st.builds(HoldOrder, texts, texts, texts, times, st.none() | times), max_size=2).map(
        tuple
    ),
    st.dictionaries(texts, texts, max_size=2),
)


@effort(max_examples=50)
@given(setup=setups, undertaken=undertakings)
def test_whatever_was_undertaken_is_read_as_it_was_written(
    setup: DeviceSetup, undertaken: Undertakings
) -> None:
    assert msgspec.json.decode(msgspec.json.encode(setup), type=DeviceSetup) == setup
    assert msgspec.json.decode(msgspec.json.encode(undertaken), type=Undertakings) == undertaken
