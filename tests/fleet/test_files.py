"""Files are written whole or not at all, and off the reactor's thread."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from mother.fleet import files as module
from mother.fleet.files import READABLE, Files, write_atomic
from tests.net.turning import in_reactor, reactor


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_whole_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old and longer than the new one")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_file_may_be_readable_by_all_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    before = os.umask(0o077)
    try:
        write_atomic(path, b"[]", READABLE)
    finally:
        os.umask(before)
    assert mode(path) == 0o644


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "real.json"
    target.parent.mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(target)
    write_atomic(link, b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


@implementer(ILogObserver)
class Heard:
    """The log lines of `files`, while it is listening."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_namespace", "").startswith(module.__name__):
            self.lines.append(event["log_format"].format(**event))

    def __enter__(self) -> Heard:
        globalLogPublisher.addObserver(self)
        return self

    def __exit__(self, *_: object) -> None:
        globalLogPublisher.removeObserver(self)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which a file was put in place, one per write."""
    threads: list[str] = []
    real = os.replace

    def noted(old: str, new: Path) -> None:
        threads.append(threading.current_thread().name)
        real(old, new)

    monkeypatch.setattr(os, "replace", noted)
    return threads


@in_reactor
async def test_what_is_handed_in_is_written_in_a_thread_of_our_own(
    tmp_path: Path, replaced: list[str]
) -> None:
    files = Files(reactor)
    files.write(tmp_path / "early", b"before the start")
    files.start()
    files.write(tmp_path / "late", b"after it", READABLE)
    await files.flush()
    await files.stop()
    assert (tmp_path / "early").read_bytes() == b"before the start"
    assert mode(tmp_path / "late") == 0o644
    assert len(replaced) == 2
    assert all("files" in thread for thread in replaced)


@in_reactor
async def test_only_the_newest_content_of_a_path_is_written(
    tmp_path: Path, replaced: list[str]
) -> None:
    """The first is under way at once; of those handed in meanwhile one is left."""
    files = Files(reactor)
    files.start()
    for number in range(1000):
        files.write(tmp_path / "state", b"%d" % number)
    await files.flush()
    await files.stop()
    assert (tmp_path / "state").read_bytes() == b"999"
    assert len(replaced) == 2


@in_reactor
async def test_a_path_that_fails_is_told_once_and_told_again_when_it_works(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "state"
    files = Files(reactor)
    files.start()
    with Heard() as heard:
        for _ in range(3):
            files.write(path, b"x")
            await files.flush()
        path.parent.mkdir()
        for _ in range(2):
            files.write(path, b"y")
            await files.flush()
    await files.stop()
    assert path.read_bytes() == b"y"
    assert len(heard.lines) == 2
    assert "cannot be written" in heard.lines[0]
    assert "No such file or directory" in heard.lines[0]
    assert "again" in heard.lines[1]


@in_reactor
async def test_what_could_not_be_written_is_written_once_the_disk_takes_something_again(
    tmp_path: Path,
) -> None:
    """A full disk must not cost a file that changes once a month."""
    files = Files(reactor)
    files.start()
    rare, often = tmp_path / "missing" / "inventory", tmp_path / "state"
    files.write(rare, b"older", READABLE)
    files.write(rare, b"newest", READABLE)
    await files.flush()
    files.write(often, b"x")
    await files.flush()
    rare.parent.mkdir()
    files.write(often, b"y")
    await files.flush()
    await files.stop()
    assert rare.read_bytes() == b"newest"
    assert mode(rare) == 0o644


@in_reactor
async def test_the_trouble_with_a_path_is_told_until_it_can_be_written(tmp_path: Path) -> None:
    files = Files(reactor)
    files.start()
    path = tmp_path / "missing" / "state"
    assert files.trouble(path) == ""
    files.write(path, b"x")
    await files.flush()
    assert "No such file" in files.trouble(path)
    assert files.trouble(tmp_path / "good") == ""
    path.parent.mkdir()
    files.write(path, b"x")
    await files.flush()
    await files.stop()
    assert files.trouble(path) == ""


@in_reactor
async def test_one_path_that_fails_keeps_no_other_from_being_written(tmp_path: Path) -> None:
    files = Files(reactor)
    files.start()
    files.write(tmp_path / "missing" / "state", b"x")
    files.write(tmp_path / "good", b"x")
    await files.flush()
    await files.stop()
    assert (tmp_path / "good").exists()


@in_reactor
async def test_a_stop_writes_what_waits(tmp_path: Path) -> None:
    files = Files(reactor)
    files.start()
    for number in range(20):
        files.write(tmp_path / str(number), b"x")
    await files.stop()
    assert len(os.listdir(tmp_path)) == 20


@in_reactor
async def test_there_is_a_bound_to_the_paths_that_wait(tmp_path: Path) -> None:
    files = Files(reactor, most=2)
    with Heard() as heard:
        for name in ("a", "b", "c", "a"):
            files.write(tmp_path / name, name.encode())
    files.start()
    await files.stop()
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert len(heard.lines) == 1


@in_reactor
async def test_a_stop_without_a_start_and_a_second_stop_are_fine(tmp_path: Path) -> None:
    files = Files(reactor)
    await files.flush()
    await files.stop()
    files.start()
    await files.stop()
    await files.stop()
