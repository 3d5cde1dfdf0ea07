"""The dashboards as they lie in packaging/grafana, and what stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GRAFANA = Path(__file__).parent.parent.parent / "packaging" / "grafana"
FILES = sorted(GRAFANA.glob("dashboards/*/*.json"))

Json = dict[str, Any]


def name_of(path: Path) -> str:
    """`graphite-fleet`."""
    return f"{path.parent.name}-{path.stem}"


DASHBOARDS: dict[str, Json] = {
    name_of(path): json.loads(path.read_text(encoding="utf-8")) for path in FILES
}


def drawn(dashboard: Json) -> Iterator[Json]:
    """Its panels without the headings of rows."""
    yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def questions(dashboard: Json) -> Iterator[tuple[Json, str]]:
    """Each panel with each text it asks its store."""
    for panel in drawn(dashboard):
        for target in panel["targets"]:
            yield panel, target.get("target") or target["expr"]


def variables(dashboard: Json) -> dict[str, Json]:
    """By name."""
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def texts(thing: Any) -> Iterator[str]:
    """Every string within."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from texts(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from texts(value)
