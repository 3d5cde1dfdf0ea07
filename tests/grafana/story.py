"""A farm that is well and then is not, minded by `mother run`, and what dashboards ask then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.terminal.processes import Farm, Running, daemon, farm, lines_with

from .files import DASHBOARDS, questions

NETWORK = "127.81.93.0/28"
MINERS = 12
SITE = "hall"
OF_FARM = (f"--miners={MINERS}", "--speed=40", "--cured-by-reboot=0")
MODELS = "T1:10,T2:2"
OF_DAEMON = (
    f"--site={SITE}",
    "--dragon-health-reboot",
    "--dragon-timeout=1",
    "--scan-timeout=2",
    "--scan-interval=300",
)
"""Scans are rare, lest the one that is gone be given up."""

FAULTS = ("dead-board", "hot-board", "http-500")

Answer = dict[str, float]
"""Name of each series that has a value, with its last one."""

Asked = tuple[str, str, str]
"""Dashboard, title of the panel, and the question as it stands in the file."""

Ask = Callable[[str, Mapping[str, str]], Answer]
"""A store: it answers a question, given the variables' values."""


class Story:
    """The T1s by address, and how to make them ill; `sick` names one for each fault.

    `without_power` is a T2: nobody knows what it draws.
    """

    def __init__(self, one: Farm, process: Running) -> None:
        self._farm = one
        self._process = process
        self._process.said("found at", times=MINERS)
        found = lines_with(process.log, "found at")
        names = re.findall(r"(dragon-[0-9a-f]{8}) found at ([\d.]+):.*: (T[12])", "\n".join(found))
        self.workers = {host: name for name, host, model in sorted(names) if model == "T1"}
        self.without_power = next((name for name, _, model in names if model == "T2"), "")
        self.sick: dict[str, str] = {}

    @property
    def chosen(self) -> dict[str, str]:
        """What the variables of a dashboard are set to; the miner is the one with a dead board."""
        return {
            "prefix": "dragons",
            "site": ".*",
            "model": ".*",
            "instance": ".*",
            "worker": self.sick.get("dead-board") or next(iter(self.workers.values())),
        }

    def fall_ill(self) -> None:
        """One miner gets each fault, and mother reboots the one that a reboot may cure."""
        for fault, host in zip(FAULTS, self.workers, strict=False):
            self._farm.set_fault(host, fault)
            self.sick[fault] = self.workers[host]
        self._process.said(f"{self.sick['dead-board']} .*was rebooted", seconds=30)
        self._process.said(f"{self.sick['http-500']} .*is gone", seconds=30)


@contextmanager
def told(scratch: Path, *options: str, models: str = MODELS) -> Iterator[Story]:
    """The farm runs and is minded while this lasts; `options` say who is told."""
    with (
        farm(scratch, NETWORK, *OF_FARM, f"--model={models}") as one,
        daemon(*one.where, *OF_DAEMON, *options, cwd=scratch) as process,
    ):
        yield Story(one, process)
        assert process.end() == 0


def put(question: str, chosen: Mapping[str, str]) -> str:
    """The question with the variables in it, as Grafana sends it."""
    given = {**chosen, "__rate_interval": "10s", "__range": "5m"}
    return re.sub(r"\$(?:\{(\w+):\w+\}|(\w+))", lambda at: given[at[1] or at[2]], question)


def asked(store: str) -> list[Asked]:
    """Every question of every dashboard for that store."""
    return [
        (name, panel["title"], question)
        for name, dashboard in DASHBOARDS.items()
        if name.startswith(store)
        for panel, question in questions(dashboard)
    ]


def unanswered(store: str, ask: Ask, chosen: Mapping[str, str]) -> set[Asked]:
    """The questions that nothing answers."""
    return {one for one in asked(store) if not ask(one[2], chosen)}


def patiently(look: Callable[[], set[Asked]], seconds: float) -> set[Asked]:
    """Look again until nothing is missing any more; what still is after so long."""
    ends = time.monotonic() + seconds
    while (missing := look()) and time.monotonic() < ends:
        time.sleep(0.5)
    return missing
