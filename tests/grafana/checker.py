"""Grafana's own types and units (npm's @grafana/schema and @grafana/data), and the compiler."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.alone import alone

GRAFANA = "13.2.3"
TYPESCRIPT = "5.9.3"
FORMATS = Path("package/dist/esm/valueFormats/categories.mjs")
TYPES = Path(__file__).with_name("grafana.ts")
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund")


def install() -> Path:
    """The folder with all three: MOTHER_GRAFANA_DIR, or a cache that npm fills."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    given = os.environ.get("MOTHER_GRAFANA_DIR")
    folder = Path(given) if given else cache / "mother-tests" / f"grafana-{GRAFANA}"
    with alone(folder):
        if not (folder / "node_modules" / ".bin" / "tsc").exists():
            packages = (f"@grafana/schema@{GRAFANA}", f"typescript@{TYPESCRIPT}")
            _npm("install", *QUIET, "--no-save", *packages, cwd=folder)
        if not (folder / FORMATS).exists():
            _npm("pack", f"@grafana/data@{GRAFANA}", cwd=folder)
            with tarfile.open(folder / f"grafana-data-{GRAFANA}.tgz") as archive:
                formats = archive.extractfile(FORMATS.as_posix())
                assert formats is not None, "the package is laid out otherwise"
                (folder / FORMATS).parent.mkdir(parents=True, exist_ok=True)
                (folder / FORMATS).write_bytes(formats.read())
    return folder


def _npm(*words: str, cwd: Path) -> None:
    subprocess.run(["npm", *words], cwd=cwd, check=True, capture_output=True, timeout=120)


def unit_words(folder: Path) -> set[str]:
    """Every unit that Grafana knows by a word."""
    return set(re.findall(r'\bid: "([^"]+)"', (folder / FORMATS).read_text(encoding="utf-8")))


def faults(dashboards: Mapping[str, Any], folder: Path, scratch: Path) -> dict[str, list[str]]:
    """What the compiler finds wrong with each, by name; nothing for one that is right."""
    (scratch / "node_modules").symlink_to(folder / "node_modules")
    shutil.copy(TYPES, scratch)
    for name, content in dashboards.items():
        text = json.dumps(content, indent=1)
        (scratch / f"{name}.ts").write_text(
            f"import type {{ Ours }} from './grafana.js';\nexport const one: Ours = {text};\n",
            encoding="utf-8",
        )
    options = ("--noEmit", "--strict", "--skipLibCheck", "--pretty", "false")
    modules = ("--module", "nodenext", "--moduleResolution", "nodenext")
    names = [f"{name}.ts" for name in dashboards]
    done = subprocess.run(
        [folder / "node_modules" / ".bin" / "tsc", *options, *modules, *names],
        cwd=scratch,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found: dict[str, list[str]] = defaultdict(list)
    for line in done.stdout.splitlines():
        if at := re.match(r"([\w-]+)\.ts\(\d+,\d+\): error ", line):
            found[at[1]].append(line)
    assert bool(found) == (done.returncode != 0), done.stdout + done.stderr
    return dict(found)
