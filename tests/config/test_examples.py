"""The examples that come along: each loads as it is, says nothing odd, and means what it tells."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from mother.config.flags import build_parser
from mother.config.load import Source
from mother.config.model import Config
from mother.core.reading import Mode

FOLDER = Path(__file__).parents[2] / "packaging" / "examples"
EXAMPLES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.toml"))


def example(name: str) -> Config:
    """Without the secrets, which only its operator has."""
    words = ["--network", "10.1.0.0/24", "-c", str(FOLDER / name)]
    options = build_parser("run", "mother", "").parse_args(words, env_vars={})
    return Source(options, "mother", environ={}, secrets=False, require_network=True).load()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_loads_and_nothing_is_to_be_noted(name: str) -> None:
    assert example(name).notes == ()


def test_the_examples_are_there() -> None:
    assert {"schedule.toml", "price.toml", "solar.toml", "facility.toml"} <= set(EXAMPLES)


def test_the_day_of_minercontrolapp_is_as_its_readme_says() -> None:
    plans = example("schedule.toml").schedule.plans
    assert [(plan.begins, plan.ends, plan.profile, plan.mode) for plan in plans] == [
        (time(0), time(6), "overclock", Mode.ACTIVE),
        (time(6), time(12), "normal", Mode.ACTIVE),
        (time(12), time(18), "underclock", Mode.ACTIVE),
        (time(18), time(0), "normal", Mode.SLEEP),
    ]
    assert {plan.zone for plan in plans} == {"UTC"}


def test_the_package_brings_them_all() -> None:
    listed = (FOLDER.parent / "debian" / "mother.examples").read_text().split()
    root = FOLDER.parents[1]
    brought = {path for line in listed for path in root.glob(line)}
    for name in EXAMPLES:
        path = FOLDER / name
        assert path in brought or path.parent in brought, name
