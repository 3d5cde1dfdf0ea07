"""Firmware files on this machine's disk: the operator's own, and those that miners name.

A file is only ever handed out whole and with the digest that is known of it. What miners name
is kept across restarts, with an index that tells where each file came from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from mother.core.backoff import Backoff
from mother.core.model import FirmwareImage
from mother.core.units import duration
from mother.fleet.firmware_folder import Digests, Download, Named, Rack

T = TypeVar("T")

FAILURES_AT_MOST = 1000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_OWN = "give the file itself with --firmware-file"


class FirmwareRefused(Exception):
    """There is no such firmware to hand out; one sentence with file or host, and the cure."""


class Disk(Protocol):
    """Runs jobs that may block, one after the other, off the reactor's thread."""

    def __call__(self, job: Callable[[], T], /) -> Awaitable[T]:
        """The result of `job()`."""


class Fetch(Protocol):
    """Fetches a file from a URL."""

    async def __call__(self, url: str, folder: Path, disk: Disk, *, plain: bool) -> Download:
        """The whole file; over http too where `plain`. Raises OSError with a sentence."""


class _Failures(Struct, frozen=True):
    """So many in a row, the last one because of `why`; not before `until` (clock) again."""

    count: int
    until: float
    why: str


class FirmwareShelf:
    """A service: hands out firmware files, at most one download at a time per URL.

    `folder` is asked at each use, as it may change on reload. What is asked for before `start`
    waits for it.
    """

    log = Logger()
    name = "firmware"

    def __init__(
        self,
        reactor: IReactorFromThreads,
        clock: IReactorTime,
        folder: Callable[[], str],
        fetch: Fetch,
        backoff: Backoff = Backoff(300.0, 21600.0),  # noqa: B008  # frozen
    ) -> None:
        self._reactor = reactor
        self._clock = clock
        self._folder = folder
        self._fetch = fetch
        self._backoff = backoff
        self._pool = ThreadPool(1, 1, name="firmware")
        # A disk that hangs must not keep the process from ending.
        thread = partial(threading.Thread, daemon=True)
        self._pool.threadFactory = thread  # type: ignore[assignment]  # any maker of threads does
        self._digests = Digests()
        self._shared = _Shared()
        self._locks: WeakValueDictionary[str, DeferredLock] = WeakValueDictionary()
        self._failures: dict[tuple[str, str | None], _Failures] = {}

    def start(self) -> None:
        """Start the thread."""
        self._pool.start()

    async def stop(self) -> None:
        """Give up what is under way, then end the thread."""
        self._digests.halted.set()
        await self._shared.stop()
        if self._pool.started:
            await self._disk(bool)  # what the thread still does comes first
            self._pool.stop()

    async def own(self, path: str, sha256: str, version: str) -> FirmwareImage:
        """The operator's file, which must have that digest (hex). Raises FirmwareRefused.

        It is read once, and again whenever it was changed.
        """
        try:
            size, found = await self._shared.run(("own", path), partial(self._read, Path(path)))
        except OSError as problem:
            raise FirmwareRefused(
                f"{path} cannot be read: {_words(problem)}; correct --firmware-file"
            ) from problem
        if not size:
            raise FirmwareRefused(f"{path} is empty: put the firmware there again")
        if found != sha256.lower():
            raise FirmwareRefused(
                f"{path} has the SHA-256 {found}, not the one that was given: "
                "put the right file there, or correct --firmware-sha256"
            )
        return FirmwareImage(version, path, found, size)

    async def offered(self, version: str, url: str, sha256: str | None) -> FirmwareImage:
        """What a miner's own check names, from the disk or fetched. Raises FirmwareRefused.

        Only https is trusted, unless `sha256` (hex) pins the file. Callers who ask for the
        same share one download, which goes on when one of them is cancelled.
        """
        wish = _wish(version, url, sha256)
        image: FirmwareImage = await self._shared.run(wish, partial(self._obtain, wish))
        return image

    def _disk(self, job: Callable[[], T], /) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._pool, job)

    async def _read(self, path: Path) -> tuple[int, str]:
        return await self._disk(partial(self._digests.of, path))

    async def _obtain(self, wish: Named) -> FirmwareImage:
        lock = self._locks.setdefault(wish.url, DeferredLock())
        async with lock:
            rack = Rack(Path(self._folder()), self._digests)
            try:
                kept = await self._disk(partial(rack.find, wish))
            except OSError as problem:
                raise FirmwareRefused(
                    f"{rack.folder} cannot keep firmware: {_words(problem)}; "
                    "make it writable, or correct --firmwares-path"
                ) from problem
            return await self._download(wish, rack) if kept is None else kept

    async def _download(self, wish: Named, rack: Rack) -> FirmwareImage:
        key = (wish.url, wish.sha256)
        failures = self._failures.get(key)
        if failures is not None and self._clock.seconds() < failures.until:
            raise self._refused(wish, failures)
        plain = wish.sha256 is not None
        self.log.info("Fetching {name} from {host}.", name=wish.name, host=wish.host)
        try:
            got = await self._fetch(wish.url, rack.folder, self._disk, plain=plain)
            image = await self._disk(partial(rack.keep, wish, got))
        except OSError as problem:
            raise self._refused(wish, self._failed(key, _words(problem))) from problem
        self._failures.pop(key, None)
        self.log.info("{name} is there: {size} bytes.", name=wish.name, size=image.size)
        return image

    def _failed(self, key: tuple[str, str | None], why: str) -> _Failures:
        before = self._failures.pop(key, None)
        if len(self._failures) >= FAILURES_AT_MOST:
            del self._failures[next(iter(self._failures))]
        count = 1 if before is None else before.count + 1
        until = self._clock.seconds() + self._backoff.wait(count)
        failures = self._failures[key] = _Failures(count, until, why)
        return failures

    def _refused(self, wish: Named, failures: _Failures) -> FirmwareRefused:
        left = duration(max(1.0, failures.until - self._clock.seconds()))
        return FirmwareRefused(
            f"{wish.name} of {wish.host}: {failures.why}; it is tried again in {left}, or {_OWN}"
        )


def _wish(version: str, url: str, sha256: str | None) -> Named:
    """Raises FirmwareRefused for what may not be fetched, or not be kept under its name."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not _HOST.fullmatch(host) or parts.scheme not in {"https", "http"}:
        raise FirmwareRefused(f"the miner names no address of a firmware file: {_OWN}")
    name = parts.path.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise FirmwareRefused(f"the firmware at {host} has no name that a file may have: {_OWN}")
    if parts.scheme == "http" and not sha256:
        raise FirmwareRefused(
            f"{name} would come from {host} without encryption (http): "
            f"pin it with --firmware-sha256, or {_OWN}"
        )
    return Named(version, url, sha256.lower() if sha256 else None, name, host)


def _words(problem: OSError) -> str:
    """A sentence as it is; the words of the system without its number."""
    if not problem.strerror:
        return str(problem)
    return f"{problem.strerror} ({problem.filename})" if problem.filename else problem.strerror


class _Shared:
    """One run per key at a time, shared by all who ask; one who is cancelled costs no other."""

    def __init__(self) -> None:
        self._askers: dict[Hashable, list[Deferred[Any]]] = {}
        self._runs: dict[Hashable, Deferred[None]] = {}
        self._closed = False

    def run(self, key: Hashable, job: Callable[[], Any]) -> Deferred[Any]:
        """The result of `job`, a coroutine function, or of the run that is under way."""
        if self._closed:
            raise FirmwareRefused("no firmware is handed out while the program stops")
        askers = self._askers.setdefault(key, [])
        mine: Deferred[Any] = Deferred(askers.remove)
        askers.append(mine)
        if len(askers) == 1 and key not in self._runs:
            run = self._runs[key] = Deferred.fromCoroutine(job())
            run.addBoth(self._tell, key)
        return mine

    async def stop(self) -> None:
        """Cancel all runs and wait for their ends."""
        self._closed = True
        runs = list(self._runs.values())
        for run in runs:
            run.cancel()
        await DeferredList(runs)

    def _tell(self, result: object, key: Hashable) -> None:
        askers = self._askers.pop(key)
        self._runs.pop(key, None)
        while askers:
            asker = askers.pop(0)
            asker.errback(result) if isinstance(result, Failure) else asker.callback(result)
