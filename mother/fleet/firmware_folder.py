"""The folder with the firmware files, and its index; for a thread that may block."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from mother.core.model import FirmwareImage
from mother.fleet.files import write_atomic

INDEX = ".firmware-index.json"
STALE_S = 86400.0
"""A file that was not fetched to its end, and that nobody wrote to for so long, is litter."""

_BLOCK = 1 << 20


class Download(Protocol):
    """A fetched file under a name of its own: `size` in bytes, `sha256` in lower-case hex."""

    @property
    def path(self) -> Path:
        """Where it is, in the folder that was asked for."""

    @property
    def size(self) -> int:
        """Above 0."""

    @property
    def sha256(self) -> str:
        """Of what was written."""


class Kept(Struct, frozen=True):
    """One file in the index, by its URL. `apart`: in a folder of its own."""

    version: str
    size: int
    sha256: str
    apart: bool = False


class Named(Struct, frozen=True):
    """What is asked for; `name` is safe as a file name, `host` to be shown."""

    version: str
    url: str
    sha256: str | None
    name: str
    host: str


class Digests:
    """Sizes and digests of files; used on the shelf's thread alone, but for `halted`."""

    def __init__(self) -> None:
        self.halted = threading.Event()
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, path: Path) -> tuple[int, str]:
        """Size and SHA-256; the file is read again only when it was changed. Raises OSError."""
        with open(path, "rb", opener=_without_waiting) as file:
            mark = _mark(file.fileno())
            known = self._known.get(path)
            if known is None or known[0] != mark:
                known = (mark, self._digest(file))
                if _mark(file.fileno()) != mark:
                    raise OSError("it was changed while it was read")
                self._known[path] = known
        return mark[0], known[1]

    def _digest(self, file: BinaryIO) -> str:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            if self.halted.is_set():
                raise OSError("the program stops")
            digest.update(block)
        return digest.hexdigest()


def _without_waiting(path: str, flags: int) -> int:
    """A pipe in place of the file must not hold the thread."""
    return os.open(path, flags | os.O_NONBLOCK)


def _mark(handle: int) -> tuple[int, ...]:
    """What changes when a file does, its size first."""
    now = os.fstat(handle)
    if not stat.S_ISREG(now.st_mode):
        raise OSError("it is not a file")
    return now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, now.st_dev


class Rack:
    """The files in one folder and their index; used on the shelf's thread alone."""

    def __init__(self, folder: Path, digests: Digests) -> None:
        self.folder = folder
        self._digests = digests

    def find(self, wish: Named) -> FirmwareImage | None:
        """The file, if it is there and its digest known beforehand. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self._index().get(wish.url)
        if kept is not None and kept.version == wish.version:
            image = self._image(wish, self._place(wish, kept.apart), kept.sha256)
            if image is not None and wish.sha256 in {None, kept.sha256}:
                return image
        if wish.sha256 is None:
            return None
        return self._image(wish, self._place(wish, apart=False), wish.sha256)

    def keep(self, wish: Named, got: Download) -> FirmwareImage:
        """Put a fetched file in its place and note it. Raises OSError, and removes it then."""
        try:
            if wish.sha256 not in {None, got.sha256}:
                raise OSError(f"the file that came has the SHA-256 {got.sha256}, not the pinned")
            index = self._index()
            apart = self._taken(wish, index)
            path = self._place(wish, apart)
            path.parent.mkdir(exist_ok=True)
            got.path.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                got.path.unlink()
            raise
        index[wish.url] = Kept(wish.version, got.size, got.sha256, apart)
        write_atomic(self.folder / INDEX, msgspec.json.format(msgspec.json.encode(index)))
        self._sweep()
        return FirmwareImage(wish.version, str(path), got.sha256, got.size)

    def _image(self, wish: Named, path: Path, sha256: str) -> FirmwareImage | None:
        try:
            size, found = self._digests.of(path)
        except OSError:
            return None
        return FirmwareImage(wish.version, str(path), found, size) if found == sha256 else None

    def _place(self, wish: Named, apart: bool) -> Path:
        folder = hashlib.sha256(wish.url.encode()).hexdigest()[:16] if apart else ""
        return self.folder / folder / wish.name

    def _taken(self, wish: Named, index: dict[str, Kept]) -> bool:
        """Whether its plain name belongs to another URL: neither may replace the other's file."""
        if wish.url in index:
            return index[wish.url].apart
        names = (urlsplit(url).path.rpartition("/")[2] for url, kept in index.items())
        return wish.name in names

    def _index(self) -> dict[str, Kept]:
        """What is known of the files; nothing where the index cannot be understood."""
        try:
            return msgspec.json.decode((self.folder / INDEX).read_bytes(), type=dict[str, Kept])
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return {}

    def _sweep(self) -> None:
        """Remove what a process that was killed had not fetched to its end."""
        for path in self.folder.glob(".*.part"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
