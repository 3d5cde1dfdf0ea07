"""Pictures of the panels for Graphite, drawn by Graphite itself, without a Grafana.

    python -m tests.grafana.pictures FOLDER

starts a Graphite and a simulated farm with faults, waits, and draws every panel to FOLDER. Needs
what the tests need: carbon-cache, graphite-web, nodejs. `--seconds` says how long the story is;
`--docs` renews the two pictures in docs/ as well.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from .files import DASHBOARDS, GRAFANA, Json, drawn
from .stores import Graphite
from .story import Story, put, told

UNITS = {
    "Hs": "H/s",
    "percentunit": "share",
    "percent": "%",
    "celsius": "°C",
    "watt": "W",
    "s": "s",
    "dtdurations": "s",
    "dateTimeFromNow": "ms since 1970",
}
PALETTE = ("12a594", "3b82f6", "f5871f", "7c6ce0", "e5484d", "8b8d98")
DOCS = GRAFANA.parent.parent / "docs"
IN_DOCS = {
    "fleet-12-hashrate": "grafana-fleet.png",
    "miner-10-hashrate-by-board": "grafana-miner.png",
}
WIDTH, HEIGHT = 37, 38
"""Pixels that a cell of the grid is wide and high."""


def colors_of(panel: Json) -> Iterator[str]:
    """The colour of each series, as the panel's overrides say."""
    fixed = {
        one["matcher"]["options"]: prop["value"].get("fixedColor")
        or prop["value"]["steps"][-1]["color"]
        for one in panel["fieldConfig"]["overrides"]
        for prop in one["properties"]
        if prop["id"] in ("color", "thresholds")
    }
    free = iter(PALETTE)
    for target in panel["targets"]:
        named = re.search(r", '([^']+)'\)$", target["target"])
        color = fixed.get(named[1], "") if named else ""
        yield color.removeprefix("#") or next(free, "8b8d98")
    yield from free


def words_of(panel: Json, chosen: Mapping[str, str], seconds: int) -> dict[str, object]:
    """What Graphite's /render is asked for the picture of a panel."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    place = panel["gridPos"]
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    said = UNITS.get(unit, unit.removeprefix("suffix:").strip().replace("none", ""))
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    summed = any("summarize" in one["target"] for one in panel["targets"])
    return {
        "target": [put(one["target"], chosen) for one in panel["targets"]],
        "from": f"-{seconds}s",
        "format": "png",
        "width": max(place["w"] * WIDTH, 330),
        "height": max(place["h"] * HEIGHT, 190),
        "title": f"{panel['title']}, {said}" if said else panel["title"],
        "colorList": ",".join(colors_of(panel)),
        "bgcolor": "ffffff",
        "fgcolor": "374151",
        "majorGridLineColor": "e5e7eb",
        "minorGridLineColor": "f3f4f6",
        "fontName": "DejaVu Sans",
        "fontSize": 11,
        "lineWidth": 1.6,
        "areaMode": "stacked" if stacked else "none",
        "yMin": 0,
        "hideLegend": "true" if panel["type"] == "heatmap" else "false",
        "lineMode": "slope" if summed else "connected",
        "template": "plain",
    }


def draw(graphite: Graphite, story: Story, folder: Path, seconds: int) -> list[Path]:
    """Every panel of every dashboard for Graphite, as `fleet-hashrate-11.png` and so on."""
    made = []
    for name, dashboard in DASHBOARDS.items():
        if not name.startswith("graphite-"):
            continue
        for panel in drawn(dashboard):
            words = words_of(panel, story.chosen, seconds)
            asked = urllib.parse.urlencode(words, doseq=True).encode()
            title = re.sub(r"\W+", "-", panel["title"].lower())
            path = folder / f"{name.removeprefix('graphite-')}-{panel['id']:02}-{title}.png"
            with urllib.request.urlopen(f"{graphite.real.url}/render", asked) as answer:
                path.write_bytes(answer.read())
            made.append(path)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=60, help="how long the story is")
    parser.add_argument("--docs", action="store_true", help="renew the pictures in docs/")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        graphite = Graphite(Path(scratch))
        try:
            with told(Path(scratch), *graphite.start(), models="T1") as story:
                time.sleep(options.seconds / 2)
                story.fall_ill()
                time.sleep(options.seconds / 2)
                for path in draw(graphite, story, options.folder, options.seconds):
                    print(path)
                    if options.docs and path.stem in IN_DOCS:
                        shutil.copy(path, DOCS / IN_DOCS[path.stem])
        finally:
            graphite.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
