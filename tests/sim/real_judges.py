"""Clients that others wrote for miners, each in an environment of its own that pip fills once."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.alone import alone

PORTS = (80, 4028, 4433)
"""Where they look for miners; they can be told of no others."""

NO_RIGHT = (
    "pyasic and pyasic_rs ask at the trade's own ports: run as root, or allow everybody's programs "
    "to listen from port 80 (sysctl net.ipv4.ip_unprivileged_port_start=80)"
)
INSTALL_WITHIN, JUDGE_WITHIN = 300.0, 120.0


class Judge(Struct, frozen=True):
    """A client: its package on PyPI, and the script of ours that asks it."""

    package: str
    version: str
    script: str

    @property
    def variable(self) -> str:
        """Names the folder of an environment that has it already."""
        return f"MOTHER_{self.package.upper()}_DIR"

    def install(self) -> Path:
        """The interpreter that has it: of the environment that is named, or of a cache."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        given = os.environ.get(self.variable)
        named = f"{self.package}-{self.version}-py{sys.version_info.major}.{sys.version_info.minor}"
        folder = Path(given) if given else cache / "mother-tests" / named
        python, done = folder / "bin" / "python", folder / ".made"
        with alone(folder):
            if not given and not done.exists():
                pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
                _run(sys.executable, "-m", "venv", folder)
                _run(python, *pip, f"{self.package}=={self.version}")
                done.touch()
        return python

    def judges(self, python: Path, hosts: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What it makes of the devices there, by host."""
        script = Path(__file__).with_name("judges") / self.script
        said = _run(python, script, *hosts, seconds=JUDGE_WITHIN)
        found: dict[str, dict[str, Any]] = json.loads(said)
        return found


PYASIC = Judge("pyasic", "0.79.0", "pyasic_reads.py")
PYASIC_RS = Judge("pyasic_rs", "0.8.6", "pyasic_rs_reads.py")


def obstacle(host: str) -> str:
    """Why nothing of ours can listen there at the trade's ports; empty where it can."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                taken = f"pyasic and pyasic_rs look at {host}:{port}, where we cannot be: {error}"
                return NO_RIGHT if error.errno == errno.EACCES else taken
    return ""


def _run(*words: str | Path, seconds: float = INSTALL_WITHIN) -> str:
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=seconds)
    return done.stdout
