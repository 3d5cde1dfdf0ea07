"""`--mix antminer=40,avalon=10`: how many of which family, and where all of them can listen."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from mother.core.ports import MOST_OFFSET
from mother.sim.families import SimFamily
from mother.sim.plan import WEB, FarmPlan

HIGHEST = 65535


def parsed_mix(text: str, families: Mapping[str, SimFamily]) -> dict[str, int]:
    """The counts by family; raises ValueError with one line."""
    counts: dict[str, int] = {}
    for part in text.split(",") if text else []:
        name, _, count = part.strip().partition("=")
        if name not in families:
            raise ValueError(
                f"--mix: {name!r} is no family that can be simulated; {_near(name, families)}"
            )
        if not (count.isdecimal() and int(count)):
            raise ValueError(f"--mix: {part.strip()!r}: write how many, from 1, such as {name}=40")
        if name in counts:
            raise ValueError(f"--mix: {name} stands there twice: add its numbers up")
        counts[name] = int(count)
    return counts


def check_ports(option: str, port: int, families: Iterable[SimFamily], *, shifted: bool) -> None:
    """ValueError where `option`, the port of web pages, leaves no room for the other services.

    `shifted`: the daemon is to be told by how much, and takes that from nothing to MOST_OFFSET.
    """
    lowest = WEB if shifted else 1
    most = HIGHEST + WEB - max(port for family in families for port in family.ports)
    most = min(most, WEB + MOST_OFFSET) if shifted else most
    if not lowest <= port <= most:
        raise ValueError(f"{option}: choose a port from {lowest} to {most}, such as 8080")


def open_files(plan: FarmPlan, families: Mapping[str, SimFamily]) -> int:
    """How many files the farm needs open: listeners, a connection each, and some more."""
    listeners = sum(count * len(families[name].ports) for name, count in plan.counts.items())
    return listeners + plan.total + 100


def daemon_words(plan: FarmPlan) -> str:
    """The options with which the daemon finds this farm."""
    return f"--network {plan.network} --port-offset {plan.port - WEB}"


def _near(name: str, families: Mapping[str, SimFamily]) -> str:
    near = difflib.get_close_matches(name, families, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(families)}"
