"""The programs that are measured: this one, mother-of-dragons 0.2.8, and pyasic-rs 0.8.6."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.farm import BENCH, STATSD

PEER = "mother-of-dragons==0.2.8"
RUST_PEER = "pyasic-rs==0.8.6"
NAMED_BY = {PEER: "MOTHER_PEER_PYTHON", RUST_PEER: "MOTHER_RUST_PEER_PYTHON"}
"""Which variable names an interpreter that has it."""


def mother(command: str, *options: str) -> list[str]:
    """One command of this checkout, scanning as fast as it can."""
    return [sys.executable, "-m", "mother", command, "--scan-rate", "0", *options]


def mother_run(network: str, interval: int, statsd_port: int = STATSD) -> list[str]:
    """The daemon, with metrics to statsd on this machine."""
    return mother(
        "run",
        "--network",
        network,
        "--statsd-host",
        "127.0.0.1",
        "--statsd-port",
        str(statsd_port),
        "--statsd-interval",
        str(interval),
    )


def peer_python(peer: str = PEER) -> str:
    """The interpreter of an environment that has the peer, made when it is not there.

    The variable of `NAMED_BY` names one that exists.
    """
    given = os.environ.get(NAMED_BY[peer])
    if given:
        return given
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "mother-benchmarks" / peer.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", peer], check=True)
        (folder / "complete").touch()
    return str(python)


def peer_run(folder: Path, interval: int) -> list[str]:
    """mother-of-dragons with a configuration that leaves the farm as it is."""
    settings = (BENCH / "peer.toml").read_text().replace("interval = 60", f"interval = {interval}")
    (folder / "peer.toml").write_text(settings)
    return [peer_python(), str(BENCH / "run_peer.py"), str(folder / "peer.toml")]


def rust_peer(what: str, network: str) -> list[str]:
    """pyasic-rs: `scan` the network, or read what answers there again and again (`polls`)."""
    return [peer_python(RUST_PEER), str(BENCH / "rust_peer.py"), what, network, str(STATSD)]
