"""A whole dashboard: rows of panels on the grid, its variables, its links to the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .look import Json
from .panels import GRAPHITE, PROMETHEUS, Panel

WIDTH = 24
SCHEMA = 42
NAMES = {GRAPHITE: "Graphite", PROMETHEUS: "Prometheus"}


class Row:
    """Panels side by side, `height` cells high; `title` puts a heading above them."""

    def __init__(self, height: int, *panels: Panel, title: str = "") -> None:
        self.height, self.panels, self.title = height, panels, title


def uid(store: str, page: str) -> str:
    """The name of a dashboard in addresses, the same for ever."""
    return f"mother-{store}-{page}"


def dashboard(
    store: str, page: str, title: str, tells: str, rows: Sequence[Row], variables: Sequence[Json]
) -> Json:
    """As Grafana loads it from a file."""
    source: Json = {
        "name": "datasource",
        "label": NAMES[store],
        "type": "datasource",
        "query": store,
        "regex": "",
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "options": [],
        "description": f"The {NAMES[store]} that gets the metrics of mother.",
    }
    return {
        "id": None,
        "uid": uid(store, page),
        "title": f"mother: {title} ({NAMES[store]})",
        "description": tells,
        "tags": ["mother", f"mother-{store}"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {"refresh_intervals": ["10s", "30s", "1m", "5m", "15m", "1h"]},
        "annotations": {"list": [_alerts()]},
        "links": [_others(store)],
        "templating": {"list": [source, *variables]},
        "panels": placed(store, rows),
    }


def placed(store: str, rows: Sequence[Row]) -> list[Json]:
    """Every panel that the store can feed, on the grid: rows fill their width, none overlap."""
    made: list[Json] = []
    top = 0
    for row in rows:
        panels = [panel for panel in row.panels if panel.asked(store)]
        if not panels:
            continue
        if row.title:
            made.append(_heading(row.title, len(made) + 1, top))
            top += 1
        left = 0
        for panel, width in zip(panels, _widths([one.weight for one in panels]), strict=True):
            place = {"x": left, "y": top, "w": width, "h": row.height}
            made.append(panel.placed(store, len(made) + 1, place))
            left += width
        top += row.height
    return made


def _widths(weights: Sequence[int]) -> list[int]:
    """Whole cells in proportion that add up to the grid's width."""
    total, ends = sum(weights), [0]
    for index in range(1, len(weights) + 1):
        ends.append(round(WIDTH * sum(weights[:index]) / total))
    return [end - begin for begin, end in pairwise(ends)]


def _heading(title: str, ident: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {
        "id": ident,
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": place,
        "panels": [],
    }


def _alerts() -> Json:
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _others(store: str) -> Json:
    return {
        "type": "dashboards",
        "title": "mother",
        "tooltip": "The farm, one miner, the daemon",
        "icon": "external link",
        "tags": [f"mother-{store}"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "url": "",
    }


def typed(name: str, label: str, value: str, tells: str) -> Json:
    """A variable that is typed in."""
    chosen = {"selected": True, "text": value, "value": value}
    return {
        "name": name,
        "label": label,
        "type": "textbox",
        "query": value,
        "current": chosen,
        "options": [chosen],
        "hide": 0,
        "description": tells,
    }


def chosen(store: str, name: str, label: str, query: str, tells: str, *, many: bool) -> Json:
    """A variable to choose from what the store knows; `many`: several at a time, all at first."""
    asked: Json | str = query
    if store == PROMETHEUS:
        asked = {"qryType": 1, "query": query, "refId": f"Variable-{name}"}
    made: Json = {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": store, "uid": "${datasource}"},
        "query": asked,
        "regex": "",
        "refresh": 2,
        "sort": 7,
        "multi": many,
        "includeAll": many,
        "hide": 0,
        "options": [],
        "description": tells,
    }
    if many:
        made["allValue"] = ".*"
        made["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return made
