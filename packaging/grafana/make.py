#!/usr/bin/env python3
"""Write the dashboards; with --check, only say whether they are as they should be.

Needs nothing but Python 3.11. Exit code 1 with --check where a file is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pages import daemon, fleet, miner
from pages.names import STORES

FOLDER = Path(__file__).resolve().parent / "dashboards"
PAGES = {"fleet": fleet.page, "miner": miner.page, "daemon": daemon.page}


def files() -> dict[Path, str]:
    """Path and content of each."""
    return {
        FOLDER / store / f"{name}.json": json.dumps(page(store), indent=1, ensure_ascii=False)
        + "\n"
        for store in STORES
        for name, page in PAGES.items()
    }


def main(words: list[str]) -> int:
    """Write, or check."""
    if words not in ([], ["--check"]):
        print(f"usage: {Path(__file__).name} [--check]", file=sys.stderr)
        return 2
    stale = [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if words:
        for path in stale:
            print(f"{path}: out of date: run {Path(__file__).name}", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path], encoding="utf-8")
        print(f"wrote {path.parent.name}/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
