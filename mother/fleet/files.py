"""Write files whole or not at all, off the reactor's thread."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

PRIVATE = 0o600
READABLE = 0o644

T = TypeVar("T")


def write_atomic(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Replace `path` by `content`, so that a reader or a power cut finds the old or the new one.

    Blocks until the disk has it. A symbolic link is followed. Raises OSError and leaves the
    old file and no litter.
    """
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def append_lines(path: Path, content: bytes) -> None:
    """Add whole lines to `path`, for its owner only; blocks until the disk has them.

    A torn line that a crash left at the end is ended first, so that it costs no other. Raises
    OSError, and cuts off what had reached the file by then.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    handle = os.open(path, flags, PRIVATE)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        try:
            _write_all(handle, b"\n" + content if torn else content)
            os.fsync(handle)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
    if not size:
        _sync_folder(path.parent)


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # the file is in place; some file systems cannot do this
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class Writer(Protocol):
    """Takes files to be written soon."""

    def write(self, path: Path, content: bytes, mode: int = PRIVATE) -> None:
        """Have `path` replaced by `content`; returns at once and raises nothing."""

    async def flush(self) -> None:
        """Return when all that was handed in so far is written, or has failed."""

    def trouble(self, path: Path) -> str:
        """Why `path` could not be written when it was last tried; empty where it could."""


class Wanted(Struct, frozen=True):
    """What a path shall hold; `mode` is its permission bits."""

    content: bytes
    mode: int


class Files:
    """A service: one thread of our own that writes files, the newest content of each path only.

    What is handed in before `start` waits for it. A path that cannot be written (disk full,
    read-only) is logged once until it works again; the old file stays, and the content is tried
    again after any other write has succeeded. `most` bounds the paths that may wait.
    """

    log = Logger()
    name = "files"

    def __init__(self, reactor: IReactorFromThreads, most: int = 100) -> None:
        self._reactor = reactor
        self._most = most
        self._pool = ThreadPool(1, 1, name="files")
        # A disk that hangs must not keep the process from ending.
        thread = partial(threading.Thread, daemon=True)
        self._pool.threadFactory = thread  # type: ignore[assignment]  # any maker of threads does
        self._waiting: dict[Path, Wanted] = {}
        self._owed: dict[Path, Wanted] = {}
        self._writing: Path | None = None
        self._broken: dict[Path, str] = {}
        self._flushers: list[Deferred[None]] = []
        self._jobs = 0
        self._ending: Deferred[None] | None = None
        self._open = False
        self._ended = False

    def start(self) -> None:
        """Start the thread, and with it what is already waiting."""
        self._pool.start()
        self._open, self._ended = True, False
        self._next()

    async def stop(self) -> None:
        """Write what waits, then end the thread."""
        if not self._open:
            return
        try:
            await self.flush()
            if self._jobs:
                self._ending = Deferred()
                await self._ending
            self._pool.stop()
        finally:
            self._ending = None
            self._open = False
            self._ended = True

    def write(self, path: Path, content: bytes, mode: int = PRIVATE) -> None:
        """Have `path` replaced by `content`; older content that still waits is forgotten."""
        if path not in self._waiting and len(self._waiting) >= self._most:
            self._failed(path, "too many files wait to be written")
            return
        self._waiting[path] = Wanted(content, mode)
        self._owed.pop(path, None)
        self._next()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """Have `job` run in the thread, after what it has begun; its result, or what it raised.

        Before `start` it waits for it; after `stop` it fails with OSError.
        """
        if self._ended:
            return fail(OSError("nothing is written any more"))
        self._jobs += 1
        done = deferToThreadPool(self._reactor, self._pool, job)
        return done.addBoth(self._did)

    async def flush(self) -> None:
        """Return when nothing waits and nothing is being written; at once before `start`."""
        if not self._open or (self._writing is None and not self._waiting):
            return
        done: Deferred[None] = Deferred()
        self._flushers.append(done)
        try:
            await done
        finally:
            if done in self._flushers:
                self._flushers.remove(done)

    def trouble(self, path: Path) -> str:
        """Why `path` could not be written when it was last tried; empty where it could."""
        return self._broken.get(path, "")

    def _next(self) -> None:
        if not self._open or self._writing is not None:
            return
        if not self._waiting:
            self._idle()
            return
        path = self._writing = next(iter(self._waiting))
        wanted = self._waiting.pop(path)
        job: Callable[[], None] = partial(write_atomic, path, wanted.content, wanted.mode)
        written = deferToThreadPool(self._reactor, self._pool, job)
        args = (path, wanted)
        written.addCallbacks(self._wrote, self._lost, callbackArgs=args, errbackArgs=args)
        written.addBoth(self._free)

    def _wrote(self, _: None, path: Path, wanted: Wanted) -> None:
        del wanted
        for other, owed in self._owed.items():
            self._waiting.setdefault(other, owed)
        self._owed.clear()
        if path in self._broken:
            del self._broken[path]
            self.log.info("{path} can be written again.", path=str(path))

    def _lost(self, failure: Failure, path: Path, wanted: Wanted) -> None:
        if path not in self._waiting:
            self._owed[path] = wanted
        self._failed(path, failure.getErrorMessage())

    def _failed(self, path: Path, why: str) -> None:
        first = path not in self._broken
        self._broken[path] = why
        if first:
            self.log.error("{path} cannot be written: {why}", path=str(path), why=why)

    def _free(self, _: None) -> None:
        self._writing = None
        self._next()

    def _did(self, result: T) -> T:
        self._jobs -= 1
        if self._ending is not None and not self._jobs:
            self._ending.callback(None)
        return result

    def _idle(self) -> None:
        flushers, self._flushers = self._flushers, []
        for done in flushers:
            done.callback(None)
