"""A simulated farm is configured through every mishap: what must never happen, did it?

`python -m benchmarks.configuring [--miners 500] [--speed N] [--only SCENARIO] [--write]`. Farm and
daemon are processes of their own, and only the farm is believed. Prints a table, a line per
broken rule, and exits with 1 when there is one; `--write` puts the table into docs/configuring.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.configuring_scenarios import SCENARIOS, Case, Found
from benchmarks.configuring_site import Failed
from benchmarks.results import Row, table
from mother import __version__

PAGE = Path(__file__).parents[1] / "docs" / "configuring.md"
_PART = re.compile(r"(<!-- table: configuring -->\n).*?(<!-- end -->)", re.DOTALL)
_MARK = "MOTHER_BENCHMARKS_APART"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--miners", type=int, default=500)
    parser.add_argument("--speed", type=float, help="of all scenarios (default: each its own)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SCENARIOS, action="append", metavar="SCENARIO")
    parser.add_argument("--keep", type=Path, help="leave logs and state in this directory")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    options = parser.parse_args()
    apart()
    found = Found()
    for name in options.only or SCENARIOS:
        began = time.monotonic()
        one = run(name, options)
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        found.rows += one.rows
        found.broken += [f"{name}: {line}" for line in one.broken]
    print(table(found.rows))
    for line in found.broken:
        print("BROKEN:", line)
    if options.write:
        write(found.rows)
    return 1 if found.broken else 0


def run(name: str, options: argparse.Namespace) -> Found:
    """One scenario in a directory of its own."""
    scenario, speed = SCENARIOS[name]
    folder = Path(tempfile.mkdtemp(prefix="mother-"))
    try:
        return scenario(Case(folder, options.miners, options.speed or speed, options.seed))
    except Failed as error:
        return Found([Row(name, "not to the end", "to the end", False)], [str(error)])
    finally:
        if options.keep is not None:
            shutil.copytree(folder, options.keep / name, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def apart() -> None:
    """Go on in a network namespace of one's own, where that may be made: no packet leaves it."""
    tools = all(shutil.which(tool) for tool in ("unshare", "ip"))
    if os.environ.get(_MARK) or os.geteuid() != 0 or not tools:
        return
    inside = 'ip link set lo up && exec "$@"'
    words = [sys.executable, "-m", "benchmarks.configuring", *sys.argv[1:]]
    environment = {**os.environ, _MARK: "1"}
    os.execvpe("unshare", ["unshare", "--net", "sh", "-c", inside, "sh", *words], environment)


def machine() -> str:
    """What it was measured on, in one line."""
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Linux {platform.release()}, "
        f"CPython {platform.python_version()}, Twisted {version('twisted')}, "
        f"mother {__version__}."
    )


def write(rows: Sequence[Row]) -> None:
    """Put the table into the page, between its markers."""
    text = f"\n{machine()}\n\n{table(rows)}\n\n"
    page = PAGE.read_text()
    PAGE.write_text(_PART.sub(lambda found: found[1] + text + found[2], page))


if __name__ == "__main__":
    sys.exit(main())
