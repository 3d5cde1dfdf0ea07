"""What Grafana's types leave open: the grid, variables, names, links, words and colours."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations

import pytest

from mother.core.model import State

from .files import DASHBOARDS, GRAFANA, Json, drawn, questions, texts, variables

NAMES = sorted(DASHBOARDS)
STORES = {"graphite", "prometheus"}
GLOBALS = {
    "__url_time_range", "__value.text", "__series.name", "__range", "__rate_interval", "__all",
    "__data.fields.Site", "__field.labels.worker", "__field.labels.site",
}  # fmt: skip
PROPERTIES = {"color", "thresholds", "mappings", "unit", "decimals", "links", "custom.lineWidth",
              "custom.fillOpacity", "custom.lineStyle", "custom.cellOptions"}  # fmt: skip
TRANSFORMATIONS = {"merge", "organize", "reduce"}

every_dashboard = pytest.mark.parametrize("name", NAMES)


def store_of(name: str) -> str:
    return name.partition("-")[0]


def used(dashboard: Json) -> set[str]:
    """Every variable that is named anywhere."""
    found = re.findall(r"\$(?:\{([\w.]+)(?::\w+)?\}|(\w+))", "\n".join(texts(dashboard)))
    return {braced or bare for braced, bare in found}


def test_there_are_three_for_each_store() -> None:
    pages = ("daemon", "fleet", "miner")
    assert [f"{store}-{page}" for store in sorted(STORES) for page in pages] == NAMES


def test_the_files_are_as_their_script_writes_them() -> None:
    script = [sys.executable, "-B", str(GRAFANA / "make.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@every_dashboard
def test_its_frame_is_ours(name: str) -> None:
    one = DASHBOARDS[name]
    assert one["id"] is None
    assert one["uid"] == f"mother-{name}"
    assert (one["schemaVersion"], one["refresh"], one["timezone"]) == (42, "30s", "browser")
    assert one["tags"] == ["mother", f"mother-{store_of(name)}"]
    assert one["title"]
    assert one["description"]
    [link] = one["links"]
    assert link["tags"] == [f"mother-{store_of(name)}"]
    assert link["includeVars"]
    assert link["keepTime"]


@every_dashboard
def test_panels_fill_their_rows_and_none_overlap(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    idents = [panel["id"] for panel in panels]
    assert len(set(idents)) == len(idents)
    cells = {}
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] >= 0
        assert at["x"] + at["w"] <= 24
        assert at["w"] >= 2
        cells[panel["id"]] = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
    assert not [pair for pair in combinations(cells, 2) if cells[pair[0]] & cells[pair[1]]]
    height = max(y for taken in cells.values() for _, y in taken) + 1
    assert sum(map(len, cells.values())) == 24 * height


@every_dashboard
def test_every_panel_says_what_it_shows_and_in_which_unit(name: str) -> None:
    for panel in drawn(DASHBOARDS[name]):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]


@every_dashboard
def test_every_question_goes_to_the_datasource_that_was_chosen(name: str) -> None:
    chosen = {"type": store_of(name), "uid": "${datasource}"}
    for panel in drawn(DASHBOARDS[name]):
        assert panel["datasource"] == chosen
        assert panel["targets"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)
        for target in panel["targets"]:
            assert target["datasource"] == chosen
    source, *others = DASHBOARDS[name]["templating"]["list"]
    assert (source["type"], source["name"], source["query"]) == (
        "datasource",
        "datasource",
        store_of(name),
    )
    for one in others:
        assert one["type"] == "textbox" or one["datasource"] == chosen


@every_dashboard
def test_every_variable_that_is_used_exists_and_every_other_is_used(name: str) -> None:
    one = DASHBOARDS[name]
    assert used(one) - GLOBALS - set(variables(one)) == set()
    assert set(variables(one)) - used(one) == set()


@every_dashboard
def test_every_series_has_a_name(name: str) -> None:
    named = re.compile(r"^(alias|aliasByNode|aliasSub|aliasByTags)")
    for panel in drawn(DASHBOARDS[name]):
        for target in panel["targets"]:
            if "expr" in target:
                silent = panel["type"] in ("table", "stat") or len(panel["targets"]) == 1
                assert target["legendFormat"] != "__auto" or silent, panel["title"]
            elif panel["type"] not in ("stat", "heatmap"):
                assert named.match(target["target"]), (panel["title"], target["target"])


@every_dashboard
def test_overrides_and_transformations_are_of_kinds_that_grafana_has(name: str) -> None:
    for panel in drawn(DASHBOARDS[name]):
        for override in panel["fieldConfig"]["overrides"]:
            assert override["matcher"]["id"] == "byName"
            assert {one["id"] for one in override["properties"]} <= PROPERTIES
        assert {one["id"] for one in panel.get("transformations", [])} <= TRANSFORMATIONS


@every_dashboard
def test_an_override_is_for_a_series_or_column_that_is_there(name: str) -> None:
    for panel in drawn(DASHBOARDS[name]):
        there = {target.get("legendFormat") for target in panel["targets"]}
        there |= {
            alias
            for target in panel["targets"]
            for alias in re.findall(r"^alias\(.*, '([^']+)'\)$", target.get("target", ""))
        }
        for turned in panel.get("transformations", []):
            there |= set(turned["options"].get("renameByName", {}).values())
        for override in panel["fieldConfig"]["overrides"]:
            assert override["matcher"]["options"] in there, panel["title"]


@every_dashboard
def test_links_lead_to_dashboards_and_variables_that_are_there(name: str) -> None:
    found = [text for text in texts(DASHBOARDS[name]) if text.startswith("/d/")]
    if name.endswith("fleet"):
        assert len(found) >= 2
    for url in found:
        path, _, query = url.partition("?")
        aim = DASHBOARDS[path.removeprefix("/d/mother-")]
        given = {word.split("=")[0].removeprefix("var-") for word in query.split("&")}
        assert given - {"${__url_time_range}"} <= set(variables(aim)), url
        assert "worker" in given


def test_the_states_have_the_same_words_and_colours_everywhere() -> None:
    words = [state.value for state in State]
    colors: dict[str, set[str]] = {word: set() for word in words}
    for dashboard in DASHBOARDS.values():
        for panel in drawn(dashboard):
            for override in panel["fieldConfig"]["overrides"]:
                if override["matcher"]["options"] in words:
                    color = override["properties"][0]["value"].get("fixedColor")
                    steps = override["properties"][0]["value"].get("steps", [{}])
                    colors[override["matcher"]["options"]].add(color or steps[-1]["color"])
            for mapping in panel["fieldConfig"]["defaults"].get("mappings", []):
                for shown in mapping["options"].values():
                    if shown["text"] in words:
                        colors[shown["text"]].add(shown["color"])
    assert {word: len(found) for word, found in colors.items()} == dict.fromkeys(words, 1)
    assert len({color for found in colors.values() for color in found}) == len(words)


@every_dashboard
def test_nothing_of_one_installation_is_wired_in(name: str) -> None:
    for text in texts(DASHBOARDS[name]):
        assert "://" not in text or text.startswith("$"), text
        assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b|localhost", text), text
    for _, question in questions(DASHBOARDS[name]):
        assert "dragon-" not in question
        if name.startswith("graphite"):
            assert "$prefix" in question
            assert "dragons." not in question.replace("manager.dragons.", "")


def test_several_values_reach_graphites_tags_as_a_pattern() -> None:
    """Grafana would write `{T1,T2}` otherwise, which is no regular expression."""
    for _, question in questions(DASHBOARDS["graphite-fleet"]):
        if "seriesByTag" in question:
            assert "${site:regex}" in question
            assert "${model:regex}" in question


def test_the_first_screen_says_whether_the_farm_earns_and_what_is_wrong() -> None:
    wanted = {
        "prometheus": {"Hashrate", "Of expected", "Miners by state", "What is wrong", "Power"},
        "graphite": {"Hashrate", "Of expected", "Miners by state", "Gone", "Boards missing"},
    }
    for store, titles in wanted.items():
        panels = DASHBOARDS[f"{store}-fleet"]["panels"]
        seen = {one["title"] for one in panels if one["gridPos"]["y"] + one["gridPos"]["h"] <= 18}
        assert titles <= seen


def test_both_stores_show_the_same_wherever_both_can_answer() -> None:
    only = {
        "fleet": {"Gone", "Too hot", "What is wrong"},
        "miner": {"State", "States"},
        "daemon": {"Version", "Running for", "Stuck", "Left for a human", "Answers of miners",
                   "Memory", "Processor"},
    }  # fmt: skip
    for page, alone in only.items():
        titles = [
            {panel["title"] for panel in drawn(DASHBOARDS[f"{store}-{page}"])} for store in STORES
        ]
        assert titles[0] ^ titles[1] == alone
