"""The alert rules: promtool takes them, and each fires and is quiet when it should."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import lacking
from .files import GRAFANA

RULES = GRAFANA / "prometheus" / "mother.rules.yml"
TESTS = Path(__file__).with_name("rules.test.yml")
CONTENT: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
ALERTS = {rule["alert"]: rule for group in CONTENT["groups"] for rule in group["rules"]}

NEVER, ALWAYS = "vector(0) > 1", 'label_replace(vector(1), "site", "hall", "", "")'

every_alert = pytest.mark.parametrize("alert", ALERTS)
Promtool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def promtool() -> Promtool:
    """`promtool WORDS...` in a folder."""
    program = shutil.which("promtool")
    if program is None:
        lacking("promtool is not installed: apt install prometheus")

    def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def laid(folder: Path, content: dict[str, Any]) -> Path:
    """A folder with these rules and our tests of them."""
    (folder / RULES.name).write_text(yaml.safe_dump(content), encoding="utf-8")
    shutil.copy(TESTS, folder)
    return folder


def test_promtool_takes_the_rules(promtool: Promtool) -> None:
    done = promtool("check", "rules", RULES.name, cwd=RULES.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_each_fires_and_is_quiet_when_it_should(promtool: Promtool, tmp_path: Path) -> None:
    done = promtool("test", "rules", TESTS.name, cwd=laid(tmp_path, CONTENT))
    assert done.returncode == 0, done.stdout + done.stderr


SPOILED: dict[str, Callable[[dict[str, Any]], object]] = {
    "never fires": lambda rule: rule.update(expr=NEVER),
    "always fires": lambda rule: rule.update(expr=ALWAYS),
    "does not wait": lambda rule: rule.pop("for"),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_rule_that_is_broken_is_found_out(promtool: Promtool, tmp_path: Path, spoil: str) -> None:
    broken = deepcopy(CONTENT)
    for group in broken["groups"]:
        for rule in group["rules"]:
            SPOILED[spoil](rule)
    done = promtool("test", "rules", TESTS.name, cwd=laid(tmp_path, broken))
    assert done.returncode == 1
    told = set(re.findall(r"alertname: ?\"?(\w+)", done.stdout + done.stderr))
    assert set(ALERTS) - told == set()


@every_alert
def test_each_says_what_is_bad_and_what_is_done_about_it(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["for"]
    assert set(rule["annotations"]) == {"summary", "description"}
    for text in rule["annotations"].values():
        assert text.endswith(".")
    assert len(rule["annotations"]["summary"]) < 150
