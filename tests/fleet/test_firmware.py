"""Firmware is handed out only whole, and only what it is known to be."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from mother.core.clock import sleep
from mother.core.model import FirmwareImage
from mother.fleet import firmware_folder
from mother.fleet.firmware import Disk, FirmwareRefused, FirmwareShelf
from mother.net.fetch import Fetcher
from tests.net.hosts import Farm, always
from tests.net.turning import in_reactor, listen, reactor, until

VERSION = "t1_20190101_000000"
NAME = f"{VERSION}.swu"
URL = f"https://files.example/t1/{NAME}"
HTTP = f"http://files.example/t1/{NAME}"
CONTENT = b"firmware " * 1000
OTHER = b"another " * 1000


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Came(Struct, frozen=True):
    path: Path
    size: int
    sha256: str


class Vendor:
    """What is to be had at which URL; an answer may be an error, or wait for `gate`."""

    def __init__(self) -> None:
        self.content: dict[str, bytes | OSError] = {URL: CONTENT, HTTP: CONTENT}
        self.asked: list[tuple[str, bool]] = []
        self.gate: Deferred[None] | None = None
        self.cut = 0

    async def fetch(self, url: str, folder: Path, disk: Disk, *, plain: bool) -> Came:
        self.asked.append((url, plain))
        path = folder / f".{len(self.asked)}.part"
        try:
            if self.gate is not None:
                await self.gate
            content = self.content[url]
            if isinstance(content, OSError):
                raise content
            await disk(lambda: path.write_bytes(content))
        except CancelledError:
            self.cut += 1
            raise
        return Came(path, len(content), sha(content))


@asynccontextmanager
async def shelf(
    folder: Path, vendor: Vendor | None = None, clock: Clock | None = None
) -> AsyncIterator[FirmwareShelf]:
    """A started shelf over this folder, as after a restart of the program."""
    fetch = (vendor or Vendor()).fetch
    one = FirmwareShelf(reactor, clock or Clock(), lambda: str(folder), fetch)
    one.start()
    try:
        yield one
    finally:
        await one.stop()


async def refused(image: Awaitable[FirmwareImage]) -> str:
    with pytest.raises(FirmwareRefused) as raised:
        await image
    assert "\n" not in str(raised.value)
    return str(raised.value)


def asked(one: FirmwareShelf, url: str = URL, pin: str | None = None) -> Deferred[FirmwareImage]:
    return Deferred.fromCoroutine(one.offered(VERSION, url, pin))


def held(image: FirmwareImage) -> bytes:
    return Path(image.path).read_bytes()


def mine(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / NAME
    path.write_bytes(content)
    return path


@in_reactor
async def test_the_operators_file_is_handed_out_with_its_size(tmp_path: Path) -> None:
    path = mine(tmp_path)
    async with shelf(tmp_path / "kept") as one:
        image = await one.own(str(path), sha(CONTENT).upper(), VERSION)
    assert image == FirmwareImage(VERSION, str(path), sha(CONTENT), len(CONTENT))


@in_reactor
async def test_an_operators_file_that_is_not_right_is_refused_by_name(tmp_path: Path) -> None:
    path = str(mine(tmp_path))
    empty = tmp_path / "empty.swu"
    empty.touch()
    pipe = tmp_path / "pipe.swu"
    os.mkfifo(pipe)
    async with shelf(tmp_path) as one:
        said = await refused(one.own(path, sha(OTHER), VERSION))
        assert said.startswith(f"{path} has the SHA-256 {sha(CONTENT)}, not")
        assert "--firmware-sha256" in said
        for bad, words in (
            (tmp_path / "absent.swu", "No such file or directory"),
            (tmp_path, "Is a directory"),
            (pipe, "it is not a file"),
            (empty, "is empty"),
        ):
            said = await refused(one.own(str(bad), sha(b""), VERSION))
            assert said.startswith(str(bad))
            assert words in said


@in_reactor
async def test_the_digest_is_computed_again_only_when_the_file_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests: list[Any] = []
    real = hashlib.sha256

    def counted() -> Any:
        digests.append(real())
        return digests[-1]

    path = mine(tmp_path)
    first, second = sha(CONTENT), sha(OTHER)
    monkeypatch.setattr(hashlib, "sha256", counted)
    async with shelf(tmp_path) as one:
        both = [Deferred.fromCoroutine(one.own(str(path), first, VERSION)) for _ in "ab"]
        assert [(await each).size for each in both] == [len(CONTENT)] * 2
        await one.own(str(path), first, VERSION)
        assert len(digests) == 1
        mine(tmp_path, OTHER)
        await refused(one.own(str(path), first, VERSION))
        assert (await one.own(str(path), second, VERSION)).size == len(OTHER)
        assert len(digests) == 2


@in_reactor
async def test_what_a_miner_names_is_fetched_once_and_kept_under_its_name(tmp_path: Path) -> None:
    vendor, folder = Vendor(), tmp_path / "not" / "yet"
    async with shelf(folder, vendor) as one:
        first, second = await asked(one), await asked(one)
    assert first == second == FirmwareImage(VERSION, str(folder / NAME), sha(CONTENT), len(CONTENT))
    assert (folder / NAME).read_bytes() == CONTENT
    assert vendor.asked == [(URL, False)]
    assert sorted(os.listdir(folder)) == [firmware_folder.INDEX, NAME]
    assert (folder / firmware_folder.INDEX).stat().st_mode & 0o777 == 0o600


@in_reactor
async def test_a_kept_file_is_used_after_a_restart(tmp_path: Path) -> None:
    vendor = Vendor()
    for pin in (None, None, sha(CONTENT).upper()):
        async with shelf(tmp_path, vendor) as one:
            assert (await asked(one, pin=pin)).sha256 == sha(CONTENT)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("damage", ["file", "gone", "index", "version"])
@in_reactor
async def test_what_is_not_as_it_was_kept_is_fetched_anew(tmp_path: Path, damage: str) -> None:
    vendor = Vendor()
    async with shelf(tmp_path, vendor) as one:
        await asked(one)
    if damage == "file":
        mine(tmp_path, CONTENT[:-1] + b"?")
    elif damage == "gone":
        (tmp_path / NAME).unlink()
    elif damage == "index":
        (tmp_path / firmware_folder.INDEX).write_bytes(b'{"\xff')
    async with shelf(tmp_path, vendor) as one:
        version = "t1_20200101_000000" if damage == "version" else VERSION
        assert (await one.offered(version, URL, None)).sha256 == sha(CONTENT)
        assert (await one.offered(version, URL, None)).version == version
    assert len(vendor.asked) == 2
    assert (tmp_path / NAME).read_bytes() == CONTENT


@in_reactor
async def test_a_file_that_somebody_left_is_used_only_if_a_digest_pins_it(tmp_path: Path) -> None:
    vendor = Vendor()
    left = mine(tmp_path, OTHER)
    async with shelf(tmp_path, vendor) as one:
        assert (await asked(one, HTTP, sha(OTHER))).path == str(left)
        assert vendor.asked == []
        image = await asked(one)
    assert vendor.asked == [(URL, False)]
    assert (image.sha256, left.read_bytes()) == (sha(CONTENT), CONTENT)


@in_reactor
async def test_http_is_used_only_with_a_pinned_digest(tmp_path: Path) -> None:
    vendor = Vendor()
    async with shelf(tmp_path, vendor) as one:
        said = await refused(asked(one, HTTP))
        assert NAME in said
        assert "files.example without encryption" in said
        assert "--firmware-sha256" in said
        assert vendor.asked == []
        await asked(one, HTTP, sha(CONTENT))
    assert vendor.asked == [(HTTP, True)]


@in_reactor
async def test_a_download_that_is_not_what_is_pinned_is_thrown_away(tmp_path: Path) -> None:
    vendor, clock = Vendor(), Clock()
    async with shelf(tmp_path, vendor, clock) as one:
        said = await refused(asked(one, pin=sha(OTHER)))
        assert f"has the SHA-256 {sha(CONTENT)}, not the pinned" in said
        assert os.listdir(tmp_path) == []
        assert (await asked(one)).size == len(CONTENT)
        clock.advance(300)
        vendor.content[URL] = OTHER
        assert (await asked(one, pin=sha(OTHER))).sha256 == sha(OTHER)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.example/a.swu",
        "https://[/a.swu",
        "https://x\ny/..",
        "https://files.example/",
        "https://files.example/..",
        "https://files.example/.hidden.swu",
        "https://files.example/a%2fb.swu",
        "https://files.example/a\x00.swu",
        "https://files.example/" + "a" * 200,
        f"https://files.example/{firmware_folder.INDEX}",
    ],
)
@in_reactor
async def test_an_address_without_a_safe_name_is_refused(tmp_path: Path, url: str) -> None:
    vendor = Vendor()
    async with shelf(tmp_path, vendor) as one:
        assert "--firmware-file" in await refused(asked(one, url, sha(CONTENT)))
    assert (vendor.asked, os.listdir(tmp_path)) == ([], [])


@in_reactor
async def test_two_addresses_with_the_same_name_keep_a_file_each(tmp_path: Path) -> None:
    vendor, rogue = Vendor(), f"https://rogue.example/{NAME}"
    vendor.content[rogue] = OTHER
    for _ in range(2):
        async with shelf(tmp_path, vendor) as one:
            good, bad = await asked(one), await asked(one, rogue)
            assert held(good) == CONTENT
            assert held(bad) == OTHER
            assert {Path(image.path).name for image in (good, bad)} == {NAME}
    assert len(vendor.asked) == 2


@in_reactor
async def test_callers_share_one_download_that_one_who_goes_does_not_end(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate = Deferred()
    async with shelf(tmp_path, vendor) as one:
        first, second, third = asked(one), asked(one), asked(one)
        await until(lambda: vendor.asked)
        for caller in (first, third):
            caller.addErrback(lambda failure: failure.trap(CancelledError)).cancel()
        vendor.gate.callback(None)
        assert (await second).sha256 == sha(CONTENT)
        assert (await asked(one)).sha256 == sha(CONTENT)
    assert len(vendor.asked) == 1


@in_reactor
async def test_a_download_that_everybody_left_goes_on_for_who_comes_next(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate = Deferred()
    async with shelf(tmp_path, vendor) as one:
        first = asked(one)
        await until(lambda: vendor.asked)
        first.addErrback(lambda failure: None).cancel()
        second = asked(one)
        vendor.gate.callback(None)
        assert (await second).sha256 == sha(CONTENT)
    assert len(vendor.asked) == 1


@in_reactor
async def test_one_address_is_fetched_by_one_download_at_a_time(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate = Deferred()
    async with shelf(tmp_path, vendor) as one:
        free, pinned = asked(one), asked(one, pin=sha(CONTENT))
        await until(lambda: vendor.asked)
        await sleep(reactor, 0.05)
        assert len(vendor.asked) == 1
        vendor.gate.callback(None)
        assert await free == await pinned
    assert len(vendor.asked) == 1


@in_reactor
async def test_a_failed_download_waits_longer_each_time_and_says_so(tmp_path: Path) -> None:
    vendor, clock = Vendor(), Clock()
    vendor.content[URL] = OSError("nothing could be fetched from files.example: it is down")
    async with shelf(tmp_path, vendor, clock) as one:
        said = await refused(asked(one))
        assert said == (
            f"{NAME} of files.example: nothing could be fetched from files.example: it is down; "
            "it is tried again in 5 min, or give the file itself with --firmware-file"
        )
        clock.advance(240)
        assert "it is down; it is tried again in 1 min" in await refused(asked(one))
        assert len(vendor.asked) == 1
        for wait in ("10 min", "20 min", "40 min", "1 h 20 min", "2 h 40 min", "5 h 20 min"):
            clock.advance(6 * 3600)
            assert f"again in {wait}, or" in await refused(asked(one))
        clock.advance(6 * 3600)
        assert "again in 6 h, or" in await refused(asked(one))
        vendor.content[URL] = CONTENT
        clock.advance(6 * 3600)
        assert (await asked(one)).size == len(CONTENT)
        (tmp_path / NAME).unlink()
        vendor.content[URL] = OSError("down")
        assert "again in 5 min, or" in await refused(asked(one))


@in_reactor
async def test_a_folder_that_cannot_be_used_is_named_and_costs_no_wait(tmp_path: Path) -> None:
    folder = tmp_path / "firmwares"
    folder.touch()
    async with shelf(folder) as one:
        said = await refused(asked(one))
        assert said.startswith(f"{folder} cannot keep firmware: ")
        assert "--firmwares-path" in said
        folder.unlink()
        assert (await asked(one)).path == str(folder / NAME)


@in_reactor
async def test_the_folder_may_change_while_it_runs(tmp_path: Path) -> None:
    folders, vendor = [tmp_path / "a", tmp_path / "b"], Vendor()
    one = FirmwareShelf(reactor, Clock(), lambda: str(folders[0]), vendor.fetch)
    one.start()
    assert (await asked(one)).path == str(tmp_path / "a" / NAME)
    folders.reverse()
    assert (await asked(one)).path == str(tmp_path / "b" / NAME)
    await one.stop()


@in_reactor
async def test_what_a_killed_process_left_half_fetched_is_removed_in_time(tmp_path: Path) -> None:
    for name, age in ((".old.part", 90_000), (".new.part", 80_000), ("mine.part", 90_000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    async with shelf(tmp_path) as one:
        await asked(one)
    assert set(os.listdir(tmp_path)) == {firmware_folder.INDEX, ".new.part", "mine.part", NAME}


@in_reactor
async def test_stopping_gives_up_the_download_and_hands_out_nothing_more(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate = Deferred()
    async with shelf(tmp_path, vendor) as one:
        waiting = asked(one)
        await until(lambda: vendor.asked)
    with pytest.raises(CancelledError):
        await waiting
    assert vendor.cut == 1
    assert "while the program stops" in await refused(asked(one))


@in_reactor
async def test_a_real_download_of_a_pinned_file_ends_on_the_shelf(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
    port = listen(Farm(always(head + content)))
    one = FirmwareShelf(reactor, Clock(), lambda: str(tmp_path), Fetcher(reactor).fetch)
    one.start()
    url = f"http://127.0.0.1:{port.getHost().port}/{NAME}"
    image = await one.offered(VERSION, url, sha(content))
    assert held(image) == content
    await one.stop()
    await port.stopListening()
