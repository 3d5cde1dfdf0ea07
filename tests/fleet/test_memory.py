"""What outlives the process, and what a broken or newer file does to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import provider

from mother.core.model import Address
from mother.fleet import memory as module
from mother.fleet.files import PRIVATE, Files, write_atomic
from mother.fleet.memory import FileMemory, MemoryRefused
from mother.fleet.remembered import (
    Ailment,
    BreakerState,
    Condition,
    DeviceMemory,
    FarmMemory,
    Ledger,
    Phase,
    Record,
    SightingMemory,
    Trial,
    Watch,
)
from tests.net.turning import in_reactor, reactor

NOW = 1_700_000_000.0

FULL = DeviceMemory(
    watch=Watch(
        conditions=(
            Condition(
                Ailment.BELOW, NOW - 9, board=1, counted=NOW - 8, found=9e11, wanted=1e12, ripe=True
            ),
        ),
        judged=NOW - 1,
        ill_since=NOW - 5,
        hot=(0, 2),
        boards=3,
    ),
    record=Record(
        reboots=1, rebooted=NOW - 4, not_before=NOW + 9, written=NOW - 4, started=NOW, left=True
    ),
    address=Address("10.1.0.7", 80),
    mac="a0:b0:45:00:e3:ab",
    model="T1",
    worker="dragon-4500e3ab",
    family="dragonmint",
    credential=1,
    failures=2,
    failing_since=NOW - 3,
    retry_at=NOW + 3,
    first_seen=NOW - 100,
    last_seen=NOW - 4,
)
FARM = FarmMemory(
    breaker=BreakerState(
        phase=Phase.TRYING, why="w", since=NOW, onsets={"a": NOW}, trials=(Trial("a", NOW),)
    ),
    ledger=Ledger((NOW - 60, NOW)),
)


class Written:
    """Files that are written at once, and counted."""

    def __init__(self) -> None:
        self.count = 0
        self.why = ""

    def write(self, path: Path, content: bytes, mode: int = PRIVATE) -> None:
        self.count += 1
        write_atomic(path, content, mode)

    async def flush(self) -> None:
        """Nothing ever waits."""

    def trouble(self, path: Path) -> str:
        return self.why


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files() -> Written:
    return Written()


def open_memory(path: Path, files: Written | None = None, clock: Clock | None = None) -> FileMemory:
    memory = FileMemory(path, files or Written(), clock or Clock(), lambda: NOW)
    memory.load()
    return memory


def save(memory: FileMemory) -> None:
    Deferred.fromCoroutine(memory.save_now())


def heard(path: Path) -> list[str]:
    """What the log says while a memory is opened there."""
    lines: list[str] = []

    @provider(ILogObserver)
    def listen(event: LogEvent) -> None:
        if event.get("log_namespace", "").startswith(module.__name__):
            lines.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(listen)
    try:
        open_memory(path)
    finally:
        globalLogPublisher.removeObserver(listen)
    return lines


def test_what_is_remembered_outlives_the_process(path: Path) -> None:
    memory = open_memory(path)
    memory.remember("site/mac:a0", FULL)
    memory.remember_farm(FARM)
    memory.remember_sighting("10.1.0.9", SightingMemory(failures=3, retry_at=NOW + 60))
    save(memory)
    again = open_memory(path)
    assert again.devices == {"site/mac:a0": FULL}
    assert again.farm == FARM
    assert again.sightings == {"10.1.0.9": SightingMemory(failures=3, retry_at=NOW + 60)}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_missing_file_is_an_empty_memory_and_its_folder_is_made(tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "var" / "state.json")
    assert not memory.devices
    assert memory.device("anybody") == DeviceMemory()
    assert memory.farm == FarmMemory()
    save(memory)
    assert (tmp_path / "var" / "state.json").exists()


def test_what_is_forgotten_stays_forgotten(path: Path) -> None:
    memory = open_memory(path)
    memory.remember("a", FULL)
    memory.remember_sighting("b", SightingMemory())
    memory.forget("a")
    memory.forget("never known")
    memory.forget_sighting("b")
    memory.forget_sighting("never known")
    save(memory)
    again = open_memory(path)
    assert not again.devices
    assert not again.sightings


def test_many_changes_make_one_write(path: Path, files: Written, clock: Clock) -> None:
    memory = open_memory(path, files, clock)
    for number in range(100):
        memory.remember(str(number), FULL)
        clock.advance(0.01)
    assert files.count == 0
    clock.advance(10)
    assert files.count == 1
    clock.advance(1000)
    assert files.count == 1
    memory.remember("one more", FULL)
    clock.advance(10)
    assert files.count == 2


def test_saving_now_makes_saving_soon_needless(path: Path, files: Written, clock: Clock) -> None:
    memory = open_memory(path, files, clock)
    memory.remember("a", FULL)
    save(memory)
    clock.advance(100)
    assert files.count == 1
    assert not clock.getDelayedCalls()


def test_a_stop_saves(path: Path, files: Written, clock: Clock) -> None:
    memory = open_memory(path, files, clock)
    memory.remember("a", FULL)
    Deferred.fromCoroutine(memory.stop())
    assert open_memory(path).devices == {"a": FULL}
    assert not clock.getDelayedCalls()


def test_a_start_loads_what_nobody_loaded_yet(path: Path) -> None:
    memory = open_memory(path)
    memory.remember("a", FULL)
    save(memory)
    other = FileMemory(path, Written(), Clock(), lambda: NOW)
    other.start()
    assert other.devices == {"a": FULL}


def test_nothing_is_written_before_the_file_was_read(path: Path, files: Written) -> None:
    memory = FileMemory(path, files, Clock(), lambda: NOW)
    save(memory)
    assert files.count == 0


BROKEN = {
    "empty": b"",
    "cut off": b'{"version": 1, "devices": {"a": {"mac": "a0',
    "no JSON": b"\x00\xff\x80 what",
    "no object": b"[]",
    "no version": b"{}",
    "version is text": b'{"version": "1"}',
    "nested without end": b'{"version":1,"devices":' + b"[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_kept_aside_with_one_line_and_the_memory_begins_empty(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    (line,) = heard(path)
    aside = path.with_name("state.json.bad-20231114T221320Z")
    assert aside.read_bytes() == content
    assert aside.name in line
    memory = open_memory(path)
    assert not memory.devices
    save(memory)
    assert open_memory(path).farm == FarmMemory()


def test_a_broken_device_costs_that_device_only(path: Path) -> None:
    content = {
        "version": 1,
        "devices": {"good": {"mac": "a0"}, "bad": {"mac": 7}, "worse": {"watch": {"boards": None}}},
        "farm": {"ledger": {"at": [NOW]}},
    }
    path.write_text(json.dumps(content))
    memory = open_memory(path)
    assert memory.devices == {"good": DeviceMemory(mac="a0")}
    assert memory.farm.ledger == Ledger((NOW,))
    (aside,) = path.parent.glob("*.bad-*")
    assert json.loads(aside.read_text()) == content


def test_unknown_fields_are_left_aside_in_silence(path: Path) -> None:
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "colour": "blue",
                "devices": {"a": {"mac": "a0", "colour": 1, "watch": {"colour": 2}}},
            }
        )
    )
    assert not heard(path)
    assert open_memory(path).devices == {"a": DeviceMemory(mac="a0")}


def test_a_file_of_a_newer_version_is_refused_and_nothing_of_it_is_lost(path: Path) -> None:
    content = b'{"version": 5, "devices": {"a": ["another shape"]}}'
    path.write_bytes(content)
    files = Written()
    memory = FileMemory(path, files, Clock(), lambda: NOW)
    with pytest.raises(MemoryRefused, match=r"newer mother \(version 5, this one knows 4\)"):
        memory.load()
    memory.remember("b", FULL)
    save(memory)
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == ["state.json"]


def test_what_cannot_be_read_is_refused_and_not_replaced(path: Path) -> None:
    path.mkdir()
    with pytest.raises(MemoryRefused, match="cannot be read: Is a directory"):
        open_memory(path)


def test_no_password_can_be_remembered() -> None:
    fields = {one.name for one in msgspec.structs.fields(DeviceMemory)}
    assert not fields & {"password", "login", "token"}
    assert DeviceMemory.__annotations__["credential"] == "int | None"


def test_a_memory_that_cannot_be_written_says_so(path: Path, files: Written) -> None:
    memory = open_memory(path, files)
    assert memory.trouble == ""
    files.why = "No space left on device"
    assert memory.trouble == f"{path} cannot be written: No space left on device"


class Hanging(Written):
    async def flush(self) -> None:
        await Deferred()


def test_a_disk_that_hangs_holds_up_nobody_for_long(path: Path) -> None:
    clock = Clock()
    memory = open_memory(path, Hanging(), clock)
    waiting = Deferred.fromCoroutine(memory.save_now())
    clock.advance(4)
    assert not waiting.called
    clock.advance(2)
    assert waiting.called


@in_reactor
async def test_five_thousand_devices_are_kept_by_way_of_the_thread(path: Path) -> None:
    files = Files(reactor)
    files.start()
    memory = FileMemory(path, files, Clock(), lambda: NOW)
    memory.load()
    for number in range(5000):
        memory.remember(f"site/mac:{number:012x}", FULL)
    await memory.save_now()
    await files.stop()
    assert len(open_memory(path).devices) == 5000


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["devices", "sightings", "farm", "watch", "record", "conditions"])


@given(content=st.binary(max_size=60) | st.dictionaries(KEYS, values).map(
    lambda members: json.dumps({"version": 1, **members}).encode()
))  # fmt: skip
def test_whatever_a_file_holds_it_is_read_or_kept_aside(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("memory") / "state.json"
    path.write_bytes(content)
    try:
        open_memory(path)
    except MemoryRefused:
        assert path.read_bytes() == content
    else:
        kept = path if path.exists() else next(path.parent.glob("*.bad-*"))
        assert kept.read_bytes() == content


class Slow:
    """A Writer whose disk takes its time."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waiting: list[Deferred[None]] = []

    def write(self, path: Path, content: bytes, mode: int = PRIVATE) -> None:
        self.written.append(content)

    def trouble(self, path: Path) -> str:
        return ""

    async def flush(self) -> None:
        done: Deferred[None] = Deferred()
        self.waiting.append(done)
        await done


def test_many_who_must_be_remembered_at_once_share_one_write(tmp_path: Path) -> None:
    slow = Slow()
    clock = Clock()
    memory = FileMemory(tmp_path / "state.json", slow, clock, lambda: NOW)
    memory.load()
    kept = [Deferred.fromCoroutine(memory.save_now())]
    for number in range(100):
        memory.remember(f"home/mac:{number}", FULL)
        kept.append(Deferred.fromCoroutine(memory.save_now()))
    kept[50].addErrback(lambda _: None)
    kept[50].cancel()
    assert len(slow.written) == 1
    slow.waiting[0].callback(None)
    assert [one.called for one in kept] == [number in (0, 50) for number in range(101)]
    clock.advance(module.GATHER)
    assert len(slow.written) == 2
    assert len(json.loads(slow.written[1])["devices"]) == 100
    slow.waiting[1].callback(None)
    assert all(one.called for one in kept)
    assert len(slow.written) == 2
