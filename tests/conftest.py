"""What holds for all tests: one time zone wherever they run, and nothing left running."""

import os
import sys
import time
from collections.abc import Iterator

import pytest

os.environ["TZ"] = "UTC"
time.tzset()

SLOW = (
    "tests/grafana/",
    "tests/host/test_service",
    "tests/notify/test_farm_changes",
    "tests/notify/test_notices",
    "tests/notify/test_secrets",
    "tests/packaging/",
    "tests/sim/test_judges",
    "tests/sinks/test_graphite",
    "tests/sinks/test_prometheus_real",
    "tests/sinks/test_dashboards",
    "tests/jobs/test_configure_review",
    "tests/jobs/test_configure_firmware",
    "tests/jobs/test_dry_run",
    "tests/jobs/test_health_over_time",
    "tests/terminal/test_ending",
    "tests/terminal/test_init",
    "tests/terminal/test_scan_command",
    "tests/test_app",
    "tests/test_bad_devices",
    "tests/test_cli",
    "tests/test_demo",
    "tests/test_drop_in",
    "tests/test_mixed",
    "tests/test_packaging",
    "tests/test_run",
)
"""What takes long: programs as processes, servers of others, weeks of a farm's life."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make quick` leaves out, and what one process runs from beginning to end."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = file if not file.startswith("tests/grafana/") else "tests/grafana"
        item.add_marker(pytest.mark.xdist_group(group))
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    """End the simulated daemons that a test leaves running."""
    yield
    world = sys.modules.get("tests.fleet.world")
    while world is not None and world.RUNNING:
        world.RUNNING.pop().halt()
