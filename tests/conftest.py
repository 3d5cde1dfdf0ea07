"""What holds for all tests: one time zone wherever they run, and nothing left running."""

import os
import sys
import time
from collections.abc import Iterator

import pytest

os.environ["TZ"] = "UTC"
time.tzset()


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    """End the simulated daemons that a test leaves running."""
    yield
    world = sys.modules.get("tests.fleet.world")
    while world is not None and world.RUNNING:
        world.RUNNING.pop().halt()
