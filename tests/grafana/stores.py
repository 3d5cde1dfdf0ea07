"""Real stores that hear of the story, and what each is asked."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError

from tests.sinks import real_graphite, real_prometheus, real_statsd
from tests.terminal.processes import free_port

from .story import Answer, Asked, asked, put

FLUSH = 1.1
"""Seconds between two flushes of statsd: never two in one point of Graphite's."""

CALM = 1.5
"""Seconds until carbon tells no more tags: graphite-web does not end while it answers."""

MEMORY = Path("/dev/shm")
"""Graphite keeps tags in SQLite, which waits for the disk at each new one: seconds, not minutes."""


class Store(Protocol):
    """What a dashboard asks."""

    def start(self) -> tuple[str, ...]:
        """The options of a daemon that tells it."""

    def stop(self) -> None: ...

    def ask(self, question: str, chosen: Mapping[str, str]) -> Answer: ...

    def choices(self, query: str, chosen: Mapping[str, str]) -> set[str]:
        """What a variable offers, as Grafana asks for it."""

    def only_when_ill(self) -> set[Asked]:
        """The questions that nothing answers while all is well."""


class Graphite:
    """A Graphite behind a statsd."""

    def __init__(self, folder: Path) -> None:
        memory = MEMORY if MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="mother-graphite-", dir=memory)
        self.real = real_graphite.RealGraphite(Path(self._folder.name))
        packages = real_statsd.install()
        self._statsd = real_statsd.RealStatsd(packages, folder, self.real.lines, FLUSH)

    def start(self) -> tuple[str, ...]:
        self.real.start()
        port = self._statsd.start().port
        return ("--statsd-host=127.0.0.1", f"--statsd-port={port}", "--statsd-tags")

    def stop(self) -> None:
        self._statsd.stop()
        time.sleep(CALM)
        self.real.stop()
        self._folder.cleanup()

    def ask(self, question: str, chosen: Mapping[str, str]) -> Answer:
        try:
            found = self.real.render(put(question, chosen), seconds=300)
        except HTTPError:  # its SQLite is locked while carbon writes new tags
            return {}
        return {one.target: one.values[-1] for one in found if one.values}

    def choices(self, query: str, chosen: Mapping[str, str]) -> set[str]:
        if query.startswith("tag_values("):
            tag = query.removeprefix("tag_values(").removesuffix(")")
            return set(self.real.ask("/tags/autoComplete/values", tag=tag))
        nodes = self.real.ask("/metrics/find", query=put(query, chosen))
        return {node["text"] for node in nodes}

    def only_when_ill(self) -> set[Asked]:
        titles = {"Reboots", "Without a pool", "Gone", "Too hot", "Faults"}
        lists = {("graphite-fleet", "Boards missing", "asPercent")}
        return {
            (name, title, question)
            for name, title, question in asked("graphite")
            if title in titles
            or any((name, title) == one[:2] and one[2] in question for one in lists)
        }


class Prometheus:
    """A Prometheus that scrapes the daemon."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self.real = real_prometheus.RealPrometheus(folder, f"127.0.0.1:{self._port}")

    def start(self) -> tuple[str, ...]:
        self.real.start()
        return (f"--metrics-listen=tcp:{self._port}:interface=127.0.0.1",)

    def stop(self) -> None:
        self.real.stop()

    def ask(self, question: str, chosen: Mapping[str, str]) -> Answer:
        found = self.real.query(put(question, chosen))
        values = {_name(one["metric"]): float(one["value"][1]) for one in found}
        return {name: value for name, value in values.items() if not math.isnan(value)}

    def choices(self, query: str, chosen: Mapping[str, str]) -> set[str]:
        asks = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
        assert asks, query
        found = self.real.query(put(f"group by ({asks[2]}) ({asks[1]})", chosen))
        return {one["metric"][asks[2]] for one in found}

    def only_when_ill(self) -> set[Asked]:
        return {one for one in asked("prometheus") if one[1] == "What is wrong"}


def _name(labels: Mapping[str, str]) -> str:
    """The labels that tell series apart, in the order of their names: `dead-board hall`."""
    return " ".join(labels[key] for key in sorted(labels) if key not in ("instance", "job"))


def _lacks_prometheus() -> str:
    found = shutil.which("prometheus")
    return "" if found else "prometheus is not installed: apt install prometheus"


def _lacks_graphite() -> str:
    if reason := real_graphite.missing():
        return reason
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "statsd itself is a node program: install nodejs and npm"
    try:
        real_statsd.install()
    except (subprocess.SubprocessError, OSError) as error:
        return f"npm could not install statsd (set MOTHER_STATSD_DIR to where it is): {error}"
    return ""


STORES: dict[str, Callable[[Path], Store]] = {"graphite": Graphite, "prometheus": Prometheus}
LACKS: dict[str, Callable[[], str]] = {"graphite": _lacks_graphite, "prometheus": _lacks_prometheus}
