"""A Debian 12 that boots in a container: its root, its systemd, commands in it, and its end.

Standard library only: the test runs on a bare machine.
"""

# ruff: noqa: S603  # every command is written here, none comes from outside

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

SUITE = "bookworm"
BASE = ("systemd", "systemd-sysv", "dbus", "python3", "procps", "iproute2")
HIERARCHIES = [Path("/sys/fs/cgroup", name) for name in ("systemd", "unified")]
SPACES = ("-m", "-u", "-i", "-n", "-p", "-C")
PATIENCE = 30.0
ENTER = 'for group in $0; do echo $$ >"$group/cgroup.procs" || exit; done; exec "$@"'
"""Joins the cgroups of its first word, then becomes the command that follows."""


class CannotBoot(Exception):
    """This machine cannot show anything; the text says why, and the cure."""


class Failed(Exception):
    """Something is not as it must be; the text is what was seen."""


def needs() -> None:
    """Raises CannotBoot unless this machine has what a boot needs."""
    if os.geteuid() != 0:
        raise CannotBoot("booting a container needs root: sudo packaging/boot/try")
    programs = {"systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
    if "MOTHER_BOOT_ROOT" not in os.environ:
        programs["mmdebstrap"] = "mmdebstrap"
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if missing:
        raise CannotBoot(f"missing here: apt-get install {' '.join(missing)}")


def unpacked(root: Path, packages: Sequence[str]) -> None:
    """A Debian with these packages, at `root`.

    It is made once and kept in the cache. MOTHER_BOOT_ROOT names a tar of a root of one's own,
    into which the packages are installed.
    """
    own = os.environ.get("MOTHER_BOOT_ROOT")
    tar = Path(own) if own else _cached([*BASE, *packages])
    root.mkdir()
    _called("tar", "--extract", "--file", str(tar), "--directory", str(root), "--numeric-owner")
    if own:
        shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
        for words in (
            ("update", "-qq"),
            ("install", "-qq", "-y", "--no-install-recommends", *packages),
        ):
            _called("chroot", str(root), "apt-get", *words)


def _cached(packages: Sequence[str]) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    key = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    tar = Path(home, "mother", f"{SUITE}-{key}.tar")
    if not tar.exists():
        tar.parent.mkdir(parents=True, exist_ok=True)
        made = tar.with_name(f"{os.getpid()}-{tar.name}")
        include = f"--include={','.join(packages)}"
        sources = Path("/etc/apt/sources.list.d/debian.sources")
        here = [str(sources)] if sources.exists() else []
        try:
            _called("mmdebstrap", "--variant=apt", include, SUITE, str(made), *here)
            made.rename(tar)
        finally:
            made.unlink(missing_ok=True)
    return tar


def _called(*words: str) -> None:
    """A step before the boot. Raises CannotBoot with the end of what it said."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise CannotBoot("\n".join([f"{' '.join(words)} failed:", *said[-5:]]))


class Container:
    """A root that is booted: no network but loopback, cgroups of its own."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self._name = name
        self._log = root.with_name("console")
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def boot(self) -> None:
        """Until systemd runs. Raises CannotBoot."""
        for folder in self._cgroups():
            folder.mkdir(exist_ok=True)
        words = ["sh", "-c", ENTER, " ".join(map(str, self._cgroups())), "systemd-nspawn"]
        words += [f"--directory={self.root}", f"--machine={self._name}", "--register=no"]
        words += ["--keep-unit", "--private-network", "--console=read-only", "--boot"]
        with self._log.open("wb") as console:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        try:
            until(self._is_up, PATIENCE)
        except Failed:
            said = self._log.read_text(errors="replace").splitlines()
            raise CannotBoot("\n".join(["the container did not come up:", *said[-5:]])) from None

    def run(self, *words: str, check: bool = True, seconds: float = 120) -> str:
        """What a command in the container says, on both streams. Raises Failed."""
        inside = ["nsenter", f"--target={self._leader}", *SPACES, "--"]
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        given = [
            "env",
            "-i",
            path,
            "LC_ALL=C.UTF-8",
            "HOME=/root",
            "DEBIAN_FRONTEND=noninteractive",
        ]
        done = subprocess.run(
            [*inside, *given, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout

    def stop(self) -> None:
        """End it, in whatever state it is: nspawn itself only ends when its systemd has."""
        if self._process is not None:
            if self._leader:
                with contextlib.suppress(Failed, subprocess.TimeoutExpired):
                    self.run("systemctl", "poweroff", check=False, seconds=10)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                for leader in self._children(self._process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(leader, signal.SIGKILL)
                self._process.wait(15)
        for folder in self._cgroups():
            for path in sorted(folder.rglob("*/"), key=lambda each: -len(each.parts)):
                _remove(path)
            _remove(folder)

    def _is_up(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise Failed("it ended")
        self._leader = next(iter(self._children(self._process.pid)), 0)
        if not self._leader:
            return False
        state = self.run("systemctl", "is-system-running", check=False).strip()
        return state in {"running", "degraded"}

    def _children(self, pid: int) -> list[int]:
        try:
            found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(each) for each in found.split()]

    def _cgroups(self) -> list[Path]:
        hierarchies = [path for path in HIERARCHIES if path.is_dir()] or [Path("/sys/fs/cgroup")]
        return [path / self._name for path in hierarchies]


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def until(holds: Callable[[], bool], seconds: float, what: str = "") -> None:
    """Ask again and again. Raises Failed when it does not hold in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)
