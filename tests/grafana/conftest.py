"""Grafana's own types, put there on demand, and a farm's story told to real stores."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from .checker import install
from .stores import LACKS, STORES, Store
from .story import Asked, Story, patiently, told, unanswered

REQUIRED = os.environ.get("MOTHER_REQUIRE_REAL_PARTS") == "1"
SOON, LATER = 30.0, 45.0


def lacking(reason: str) -> None:
    """A real part is not here: leave the test out, or fail where all parts are required."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def grafana() -> Path:
    """The folder with Grafana's types and units."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        lacking("Grafana's types are checked by node programs: install nodejs and npm")
    try:
        return install()
    except (subprocess.SubprocessError, OSError, KeyError) as error:
        lacking(f"npm could not install Grafana's types (set MOTHER_GRAFANA_DIR): {error}")
        raise


@dataclass(frozen=True)
class Lived:
    """The story at its end, still going on; per store, what was not answered while all was well
    and what is not now.
    """

    story: Story
    stores: Mapping[str, Store]
    lacks: Mapping[str, str]
    when_well: Mapping[str, set[Asked]]
    when_ill: Mapping[str, set[Asked]]

    def store(self, name: str) -> Store:
        """That store; its tests are left out where it is not installed."""
        if name in self.lacks:
            lacking(self.lacks[name])
        return self.stores[name]


@pytest.fixture(scope="package")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The farm was well, then fell ill; all stores that are installed heard of it."""
    scratch = tmp_path_factory.mktemp("story")
    lacks = {name: reason for name in STORES if (reason := LACKS[name]())}
    with ExitStack() as ends:
        stores: dict[str, Store] = {}
        options: list[str] = []
        for name, make in STORES.items():
            if name not in lacks:
                stores[name] = make(scratch)
                ends.callback(stores[name].stop)
                options += stores[name].start()
        story = ends.enter_context(told(scratch, *options))
        yield _lived(story, stores, lacks)


def _lived(story: Story, stores: Mapping[str, Store], lacks: Mapping[str, str]) -> Lived:
    when_well = {
        name: patiently(
            lambda: unanswered(name, store.ask, story.chosen) - store.only_when_ill(),  # noqa: B023
            SOON,
        )
        | unanswered(name, store.ask, story.chosen)
        for name, store in stores.items()
    }
    story.fall_ill()
    when_ill = {
        name: patiently(lambda: unanswered(name, store.ask, story.chosen), LATER)  # noqa: B023
        for name, store in stores.items()
    }
    return Lived(story, stores, lacks, when_well, when_ill)
