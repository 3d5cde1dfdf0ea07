"""Rows of the table of results, and the page they are written to."""

from __future__ import annotations

import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from benchmarks.programs import PEER

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
README = PAGE.parents[1] / "README.md"
_SHORT = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- end -->)", re.DOTALL)


class Row(Struct, frozen=True):
    """One measured thing. `target` is the words of the demand, empty where there is none."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


def median_of(values: Sequence[float], digits: int, unit: str) -> str:
    """`3.2 s (2.9 to 3.4, 5 rounds)`."""
    middle = statistics.median(values)
    ends = f"{min(values):,.{digits}f} to {max(values):,.{digits}f}"
    return f"{middle:,.{digits}f}{unit} ({ends}, {len(values)} rounds)"


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    words = {True: "met", False: "**missed**", None: ""}
    lines = ["| what | measured | target | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.target} | {words[row.met]} |" for row in rows]
    return "\n".join(lines)


def machine(peer: str = PEER) -> str:
    """What it was measured on, in one line; `peer` as pip names it, empty for none."""
    processor = "an unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    against = f" against {peer.replace('==', ' ')}" if peer else ""
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=False)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {processor}, Linux {platform.release()}, "
        f"CPython {platform.python_version()}, Twisted {version('twisted')}, "
        f"msgspec {version('msgspec')}, statsd {version('statsd')}, gcc {gcc.stdout.strip()}; "
        f"mother {version('mother')}{against}."
    )


def write(rows: Sequence[Row]) -> None:
    """Put the table into the page, between its markers, and what has a target into the README."""
    write_part("results", rows)
    README.write_text(in_readme(README.read_text(), rows))


def write_part(name: str, rows: Iterable[Row], peer: str = PEER) -> None:
    """Put a table into the page, between the markers of that name."""
    PAGE.write_text(in_part(PAGE.read_text(), name, f"{machine(peer)}\n\n{table(rows)}"))


def in_part(page: str, name: str, text: str) -> str:
    """The page with `text` between the markers of that name. ValueError where it has none."""
    marks = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    page, places = marks.subn(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
    if not places:
        raise ValueError(f"{PAGE.name} has no table {name}")
    return page


def told(name: str, rows: Sequence[Row], peer: str = "") -> int:
    """Print the table, with `--write` put it into the page too; the exit code as of `show`."""
    if "--write" in sys.argv[1:]:
        write_part(name, rows, peer)
    return show(rows)


def in_readme(page: str, rows: Iterable[Row]) -> str:
    """The README with the rows that have a target, each named with the row it belongs to."""
    lines, head = ["| what | measured | target |", "|---|---|---|"], ""
    for row in rows:
        part = row.what.startswith("—")
        head = head if part else re.split(": |, ", row.what)[0]
        what = f"{head}: {row.what.lstrip('— ')}" if part else row.what
        if row.target:
            lines.append(f"| {what} | {row.measured} | {row.target} |")
    text = "\n" + "\n".join(lines) + "\n\n"
    return _SHORT.sub(lambda found: found[1] + text + found[2], page)


def show(rows: Iterable[Row]) -> int:
    """Print the table; the exit code tells whether every target was met."""
    rows = list(rows)
    sys.stdout.write(table(rows) + "\n")
    return 1 if any(row.met is False for row in rows) else 0
