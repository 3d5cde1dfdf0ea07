"""The programs that are measured: this one, and mother-of-dragons 0.2.8."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.farm import BENCH, STATSD

PEER = "mother-of-dragons==0.2.8"


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


def peer_python() -> str:
    """The interpreter of an environment that has mother-of-dragons, made when it is not there.

    MOTHER_PEER_PYTHON names one that exists.
    """
    given = os.environ.get("MOTHER_PEER_PYTHON")
    if given:
        return given
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "mother-benchmarks" / PEER.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=True)
        (folder / "complete").touch()
    return str(python)


def peer_run(folder: Path, interval: int) -> list[str]:
    """mother-of-dragons with a configuration that leaves the farm as it is."""
    settings = (BENCH / "peer.toml").read_text().replace("interval = 60", f"interval = {interval}")
    (folder / "peer.toml").write_text(settings)
    return [peer_python(), str(BENCH / "run_peer.py"), str(folder / "peer.toml")]
