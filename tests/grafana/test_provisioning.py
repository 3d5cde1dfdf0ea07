"""The files that let Grafana load all by itself, and the page that says how."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from .files import DASHBOARDS, GRAFANA

ROOT = GRAFANA.parent.parent
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
ALERT_ROW = re.compile(r"^\| `(\w+)` \| .+ \| (\w+) \| (\w+) \|$", re.MULTILINE)


def provisioned(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((GRAFANA / "provisioning" / name).read_text())
    assert content["apiVersion"] == 1
    return content


def commands() -> list[list[str]]:
    """The words of every line in the page's blocks of commands."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line]


def test_there_is_a_datasource_for_each_kind_of_store() -> None:
    sources = provisioned("datasources.yaml")["datasources"]
    assert [one["type"] for one in sources] == ["graphite", "prometheus"]
    assert all(one["access"] == "proxy" for one in sources)
    assert all(one["url"].startswith("http://127.0.0.1:") for one in sources)
    assert not any("uid" in one or "password" in str(one).lower() for one in sources)


def test_the_dashboards_are_copied_to_where_the_providers_look() -> None:
    providers = provisioned("dashboards.yaml")["providers"]
    looks = {one["options"]["path"] for one in providers}
    [copy] = [words for words in commands() if words[:2] == ["cp", "-r"]]
    *sources, aim = copy[2:]
    assert {f"{aim}{source.rpartition('/')[2]}" for source in sources} == looks
    held = {f"{(ROOT / source).name}-{path.stem}" for source in sources
            for path in (ROOT / source).glob("*.json")}  # fmt: skip
    assert held == set(DASHBOARDS)
    assert len({one["name"] for one in providers}) == len(providers)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_file_that_the_page_names_is_there(words: list[str]) -> None:
    for word in words:
        if word.startswith("packaging/"):
            assert (ROOT / word).exists(), word


def test_the_page_lists_every_alert_as_it_is() -> None:
    groups = yaml.safe_load((GRAFANA / "prometheus" / "mother.rules.yml").read_text())["groups"]
    rules = [
        (rule["alert"], rule["for"], rule["labels"]["severity"])
        for group in groups
        for rule in group["rules"]
    ]
    assert ALERT_ROW.findall(PAGE) == rules


@pytest.mark.parametrize("name", re.findall(r"\]\((grafana-\w+\.png)\)", PAGE))
def test_the_pictures_of_the_page_are_there_and_small(name: str) -> None:
    picture = (ROOT / "docs" / name).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 60_000
