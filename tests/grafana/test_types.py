"""Grafana's own types take every dashboard, and refuse what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .checker import faults, unit_words
from .files import DASHBOARDS, Json, drawn

Break = Callable[[Json], object]


def _panel(dashboard: Json, kind: str) -> Json:
    return next(panel for panel in drawn(dashboard) if panel["type"] == kind)


def _set(thing: Any, *path: str | int, to: object) -> None:
    for step in path[:-1]:
        thing = thing[step]
    thing[path[-1]] = to


NEGATIVES: dict[str, Break] = {
    "unknown-key": lambda d: d.update(refreshes="30s"),
    "wrong-type": lambda d: d.update(schemaVersion="42"),
    "wrong-word": lambda d: _set(d, "templating", "list", 0, "type", to="source"),
    "null-options": lambda d: _panel(d, "stat").update(options=None),
    "unknown-kind": lambda d: _panel(d, "stat").update(type="single-stat"),
    "option-of-another-kind": lambda d: _set(
        _panel(d, "stat"), "options", "displayMode", to="basic"
    ),
    "wrong-option-word": lambda d: _set(_panel(d, "stat"), "options", "graphMode", to="spark"),
    "unknown-custom-key": lambda d: _set(
        _panel(d, "timeseries"), "fieldConfig", "defaults", "custom", "lineWith", to=2
    ),
    "unknown-default": lambda d: _set(
        _panel(d, "timeseries"), "fieldConfig", "defaults", "units", to="s"
    ),
    "source-as-text": lambda d: _panel(d, "timeseries").update(datasource="Graphite"),
    "threshold-without-color": lambda d: _set(
        _panel(d, "stat"), "fieldConfig", "defaults", "thresholds", "steps", 0, to={"value": None}
    ),
    "target-without-text": lambda d: _panel(d, "stat")["targets"][0].pop("target"),
}


@pytest.fixture(scope="module")
def found(grafana: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the compiler says of ours and of the broken ones, in one run."""
    asked = dict(DASHBOARDS)
    for name, spoil in NEGATIVES.items():
        asked[name] = deepcopy(DASHBOARDS["graphite-fleet"])
        spoil(asked[name])
    return faults(asked, grafana, tmp_path_factory.mktemp("types"))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafanas_own_types_take_it(found: dict[str, list[str]], name: str) -> None:
    assert found.get(name, []) == []


@pytest.mark.parametrize("name", NEGATIVES)
def test_grafanas_own_types_refuse_what_is_wrong(found: dict[str, list[str]], name: str) -> None:
    assert found.get(name), name


def test_every_unit_is_one_that_grafana_knows(grafana: Path) -> None:
    known = unit_words(grafana)
    assert {"Hs", "celsius", "watt"} <= known
    odd = {
        unit
        for dashboard in DASHBOARDS.values()
        for panel in drawn(dashboard)
        if (unit := panel["fieldConfig"]["defaults"]["unit"]) not in known
    }
    assert {unit for unit in odd if not unit.startswith("suffix:")} == set()
