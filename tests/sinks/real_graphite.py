"""Graphite as Debian packages it, carbon-cache and graphite-web, started on loopback for tests."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError

from .real_statsd import PATIENCE, free_port

PYTHON = "/usr/bin/python3"
"""Debian's own, which sees the packages."""

CONFIGS = Path(__file__).with_name("graphite")
"""Templates: `{FOLDER}`, `{LINES}` and the like are filled in."""

MEMORY = Path("/dev/shm")
"""Where the tags' SQLite is quick, if this machine has it."""

T = TypeVar("T")

TARGETS = 500
"""In one question: graphite-web takes none of more than a thousand fields."""


def missing() -> str:
    """What is not installed, in words; empty where everything is there."""
    if shutil.which("carbon-cache", path="/usr/bin") is None:
        return "carbon-cache is not installed: apt install graphite-carbon"
    asked = [PYTHON, "-c", "import carbon, graphite, twisted"]
    if subprocess.run(asked, capture_output=True, check=False, timeout=PATIENCE).returncode:
        return "graphite-web is not installed: apt install graphite-web"
    return ""


@dataclass(frozen=True)
class Series:
    """One series of an answer; points are (value, Unix seconds), None where nothing was stored."""

    target: str
    tags: dict[str, str]
    points: list[tuple[float | None, int]]

    @property
    def values(self) -> list[float]:
        """What was stored, the oldest first."""
        return [value for value, _ in self.points if value is not None]


class RealGraphite:
    """A carbon-cache and a graphite-web, with their own configuration and storage in a folder.

    Metrics go in at the TCP port `lines`, `name value time` each; `url` is graphite-web's.
    A point is a second long.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lines = free_port(socket.SOCK_STREAM)
        self._web = free_port(socket.SOCK_STREAM)
        self._query = free_port(socket.SOCK_STREAM)
        self._pickle = free_port(socket.SOCK_STREAM)
        self.url = f"http://127.0.0.1:{self._web}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> RealGraphite:
        """Ready when both answer; RuntimeError with their output where they do not."""
        for name in ("storage/whisper", "storage/log/webapp", "storage/tmp", "conf", "log"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        for template in CONFIGS.iterdir():
            config = self._folder / "conf" / template.name.removesuffix(".in")
            config.write_text(self._filled(template.read_text()))
        manage = [PYTHON, "-m", "django", "migrate", "--run-syncdb", "-v0"]
        subprocess.run(manage, check=True, timeout=60, capture_output=True, **self._place())
        places = {"--config": "conf/carbon.conf", "--pidfile": "carbon.pid", "--logdir": "log"}
        flags = [f"{flag}={self._folder / place}" for flag, place in places.items()]
        self._run("carbon", "/usr/bin/carbon-cache", *flags, "--nodaemon", "start")
        listen = f"tcp:{self._web}:interface=127.0.0.1"
        web = ["web", "--listen", listen, "--wsgi", "graphite.wsgi.application"]
        self._run("web", PYTHON, "-m", "twisted", *web)
        self._ready()
        return self

    def stop(self) -> None:
        """End both, by their ids; carbon first: the web part does not end while it is told tags."""
        for process in self._processes:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(PATIENCE)
        self._processes.clear()

    def render(self, *targets: str, seconds: int = 60) -> list[Series]:
        """What a panel with these targets gets for the last so many seconds."""
        found = []
        for first in range(0, len(targets), TARGETS):
            some = targets[first : first + TARGETS]
            words = {"target": some, "from": f"-{seconds}s", "format": "json"}
            found += json.loads(self._get("/render", **words))
        return [
            Series(one["target"], one["tags"], [(value, at) for value, at in one["datapoints"]])
            for one in found
        ]

    def png(self, target: str, path: Path, seconds: int = 60) -> Path:
        """The same as a picture in that file."""
        words = {"target": target, "from": f"-{seconds}s", "format": "png"}
        path.write_bytes(self._get("/render", **words))
        return path

    def ask(self, path: str, **words: object) -> Any:
        """What graphite-web answers in JSON, such as to `/tags` or `/metrics/index.json`."""
        return json.loads(self._get(path, **words))

    def eventually(self, found: Callable[[], T | None], what: Callable[[], str]) -> T:
        """Ask again until something is found; fails with `what()` where that takes too long."""
        ends = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(HTTPError):  # its SQLite is locked while carbon tells of tags
                if answer := found():
                    return answer
            assert time.monotonic() < ends, what()
            time.sleep(0.05)

    def value(self, target: str, wanted: Callable[[float], bool]) -> float:
        """The newest value of the one series of `target`, as soon as it is a wanted one."""
        last: list[float] = []

        def look() -> list[float] | None:
            series = self.render(target)
            last[:] = series[0].values[-1:] if len(series) == 1 else []
            return last if last and wanted(last[0]) else None

        return self.eventually(look, lambda: f"{target} is {last}")[0]

    def _get(self, path: str, **words: object) -> bytes:
        asked = urllib.parse.urlencode(words, doseq=True)
        body = asked.encode() if path == "/render" else None  # many targets are too long for a URL
        question = f"{self.url}{path}" if body else f"{self.url}{path}?{asked}"
        with urllib.request.urlopen(question, body, timeout=PATIENCE) as answer:
            content: bytes = answer.read()
            return content

    def _filled(self, template: str) -> str:
        facts = {
            "FOLDER": self._folder,
            "LINES": self.lines,
            "PICKLE": self._pickle,
            "QUERY": self._query,
            "WEB": self.url,
        }
        for name, fact in facts.items():
            template = template.replace(f"{{{name}}}", str(fact))
        return template

    def _place(self) -> dict[str, Any]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),
            "PYTHONPATH": str(self._folder / "conf"),
            "DJANGO_SETTINGS_MODULE": "graphite.settings",
            "GRAPHITE_SETTINGS_MODULE": "graphite_local",
        }
        return {"env": environment, "cwd": self._folder}

    def _run(self, name: str, *command: str) -> None:
        with (self._folder / f"{name}.out").open("wb") as output:
            self._processes.append(
                subprocess.Popen(command, stdout=output, stderr=output, **self._place())
            )

    def _ready(self) -> None:
        ends = time.monotonic() + 3 * PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.lines), 1).close()
                socket.create_connection(("127.0.0.1", self._query), 1).close()
                self.render("nothing")
            except OSError:
                ended = any(process.poll() is not None for process in self._processes)
                if ended or time.monotonic() > ends:
                    told = [path.read_text() for path in sorted(self._folder.glob("*.out"))]
                    raise RuntimeError("\n".join(told)) from None
                time.sleep(0.05)
            else:
                return
