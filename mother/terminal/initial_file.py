"""Where `mother init` writes: the file, its rights, and what stood there before."""

from __future__ import annotations

import grp
import itertools
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from mother.config.file import named_in, read_file
from mother.config.problems import Problems, wrong
from mother.fleet.files import PRIVATE, write_atomic

NAME = "mother.toml"
FOR_GROUP = 0o640
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Places(Struct, frozen=True):
    """Where the package puts things."""

    settings: Path = Path("/etc/mother")
    group: str = "mother"
    units: tuple[Path, ...] = (
        Path("/etc/systemd/system/mother.service"),
        Path("/usr/lib/systemd/system/mother.service"),
        Path("/lib/systemd/system/mother.service"),
    )
    systemd: Path = Path("/run/systemd/system")
    socket: Path = Path("/run/mother/mother.sock")
    state: Path = Path("/var/lib/mother/mother-state.json")

    @property
    def file(self) -> Path:
        """The configuration of the packaged service."""
        return self.settings / NAME

    @property
    def served(self) -> bool:
        """Whether systemd runs here and knows the service."""
        return self.systemd.is_dir() and any(unit.exists() for unit in self.units)


class Target(Struct, frozen=True):
    """The file to write. `there`: something stands there, which is kept under another name."""

    path: Path
    packaged: bool
    there: bool = False


def target_of(named: str | None, places: Places, *, force: bool) -> Target:
    """The file to write. Raises ConfigError where it cannot be, or is not to be, written."""
    path = Path(named) if named else default_path(places)
    packaged = os.path.realpath(path) == os.path.realpath(places.file)
    if path.suffix != ".toml":
        raise wrong(str(path), "what init writes is TOML: give it a name that ends in .toml")
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise wrong(str(path), f"there is no directory {folder}: make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise wrong(str(path), "may not be written by this user: use sudo, or name another by -c")
    if not os.path.lexists(path):
        return Target(path, packaged)
    if not path.is_file():
        raise wrong(str(path), "is no file: name another by -c")
    if not force and not (packaged and names_no_network(path)):
        raise wrong(
            str(path), f"exists already: --force replaces it (it is kept as {path.name}.bak)"
        )
    return Target(path, packaged, there=True)


def default_path(places: Places) -> Path:
    """That of the packaged service where we may write it, else one in this directory."""
    folder = places.settings
    return places.file if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) else Path(NAME)


def names_no_network(path: Path) -> bool:
    """Whether it is a file of ours in which nobody has said yet what to scan."""
    problems = Problems()
    named = named_in(read_file(str(path)).tree, problems)
    return not problems.lines and "network" not in named


def save(target: Target, text: str, places: Places) -> Path | None:
    """Put the file there, whole or not at all; under which name the one before it is kept.

    For its owner only; the packaged service's group may read its own. In place of another file
    it has that one's owner and group, who may read it as before. Raises OSError.
    """
    with _undisturbed():
        before = os.stat(target.path) if target.there else None
        kept = _kept(Path(os.path.realpath(target.path))) if target.there else None
        write_atomic(target.path, text.encode(), PRIVATE)
        group = _group(places) if target.packaged and os.geteuid() == 0 else None
        if group is not None:
            os.chown(target.path, -1, group)
            os.chmod(target.path, FOR_GROUP)
        elif before is not None and not target.packaged:
            _hand_over(target.path, before)
    return kept


def _hand_over(path: Path, before: os.stat_result) -> None:
    """To whom it belonged before: the daemon may run as another user than the one who asks."""
    try:
        os.chown(path, before.st_uid if os.geteuid() == 0 else -1, before.st_gid)
    except PermissionError:
        return  # a group that is not ours: what is in the file is not for ours
    os.chmod(path, PRIVATE | before.st_mode & stat.S_IRGRP)


def _group(places: Places) -> int | None:
    try:
        return grp.getgrnam(places.group).gr_gid
    except KeyError:
        return None


def _kept(path: Path) -> Path:
    """The file under another name as well, with its rights; an older one is not replaced."""
    for number in itertools.count(1):
        other = path.with_name(f"{path.name}.bak{'' if number == 1 else number}")
        if os.path.lexists(other):
            continue
        try:
            os.link(path, other)
        except OSError:  # not on this file system
            os.close(os.open(other, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
            shutil.copy2(path, other)
        return other
    raise AssertionError  # the numbers do not end


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A signal waits until what is inside has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
