"""The statsd that operators run (npm's `statsd`), started on loopback for one test."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.alone import alone

VERSION = "0.9.0"
PATIENCE = 20.0


def install() -> Path:
    """The folder with `node_modules/statsd`: MOTHER_STATSD_DIR, or a cache that npm fills."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    given = os.environ.get("MOTHER_STATSD_DIR")
    folder = Path(given) if given else cache / "mother-tests" / f"statsd-{VERSION}"
    program = folder / "node_modules" / "statsd" / "stats.js"
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    with alone(folder):
        if not program.exists():
            subprocess.run(
                ["npm", "install", *quiet, f"statsd@{VERSION}"],
                cwd=folder,
                check=True,
                capture_output=True,
                timeout=120,
            )
    return folder


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class RealStatsd:
    """A statsd process; its management port tells what it understood.

    With a `graphite_port` it hands everything on to there, every `flush` seconds. Two that fall
    in one second, which is a point of Graphite's, leave only the second one's counts.
    """

    def __init__(
        self,
        folder: Path,
        scratch: Path,
        graphite_port: int | None = None,
        flush: float = 0.5,
    ) -> None:
        self._graphite_port = graphite_port
        self._flush = flush
        self._program = folder / "node_modules" / "statsd" / "stats.js"
        self._config = scratch / "statsd.js"
        self._output = scratch / "statsd.log"
        self.port = free_port(socket.SOCK_DGRAM)
        self._management = free_port(socket.SOCK_STREAM)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RealStatsd:
        config: dict[str, Any] = {
            "address": "127.0.0.1",
            "port": self.port,
            "mgmt_address": "127.0.0.1",
            "mgmt_port": self._management,
            "flushInterval": 600_000,
            "backends": [],
        }
        if self._graphite_port is not None:
            config |= {
                "flushInterval": round(self._flush * 1000),
                "backends": ["./backends/graphite"],
                "graphiteHost": "127.0.0.1",
                "graphitePort": self._graphite_port,
                "graphite": {"legacyNamespace": False},
            }
        self._config.write_text(json.dumps(config))
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                ["node", str(self._program), str(self._config)], stdout=output, stderr=output
            )
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("health")
            except OSError:
                if time.monotonic() > ends or self._process.poll() is not None:
                    raise RuntimeError(self._output.read_text()) from None
                time.sleep(0.05)
            else:
                return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def ask(self, command: str) -> str:
        """One management command's answer."""
        with socket.create_connection(("127.0.0.1", self._management), 5) as talk:
            talk.sendall(f"{command}\n".encode())
            talk.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: talk.recv(65536), b"")).decode()

    def table(self, command: str) -> dict[str, float]:
        """`gauges`, `counters` or `timers`; a timer is its first value."""
        text = self.ask(command)
        pairs = re.findall(r"^\s*\{?\s*'?([^\s':]+)'?: \[?\s*(-?[0-9.e+]+)", text, re.MULTILINE)
        return {name: float(value) for name, value in pairs}

    def eventually(self, command: str, name: str, value: float) -> dict[str, float]:
        """The table as soon as `name` has that value in it."""
        ends = time.monotonic() + PATIENCE
        while (found := self.table(command)).get(name) != value:
            assert time.monotonic() < ends, f"{name} is {found.get(name)}, not {value}"
            time.sleep(0.02)
        return found

    @property
    def bad_lines(self) -> int:
        found = re.search(r"bad_lines_seen: (\d+)", self.ask("stats"))
        assert found is not None
        return int(found.group(1))
