"""mother-of-dragons' own units and file start this program as they are, but for the pools."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.sinks.dashboards import FARM_GAUGES, FARM_TIMES, series_of, unanswered, worker_gauges
from tests.terminal.processes import (
    PREDECESSOR,
    Farm,
    Running,
    Statsd,
    assert_clean,
    farm,
    lines_with,
    until,
)

ADDED = (
    "stats.counters.dragons.manager.dragons.added.count",
    "stats.counters.dragons.worker.T1.*.action.added.count",
)
NOBODY = 65_534
MINERS = ("--miners=4", "--model=T1,T2")

UNIT = """
[Unit]
Description=mother-of-dragons
After=network.target

[Service]
ExecStart=/usr/local/bin/mother-of-dragons \\
  --config=config.toml
Restart=always
User=mother-of-dragons

[Install]
WantedBy=multi-user.target
"""
"""The unit of its versions 0.2.1 to 0.2.9: no WorkingDirectory, so it runs in /."""

UNIT_WITH_FLAGS = """
[Unit]
Description=mother-of-dragons
After=network.target

[Service]
ExecStart=/usr/local/bin/mother-of-dragons \\
  --network {network} \\
  --pools '{pools}' \\
  --statsd-host localhost
Restart=always
User=mother-of-dragons

[Install]
WantedBy=multi-user.target
"""
"""The unit of its version 0.2.0, which had no file."""

POOLS = (
    '[{"mac_addresses": [], "pools": [{"id": 1, "url": "stratum+tcp://pool.example:3333", '
    '"username": "operator", "password": "x"}]}]'
)

DEFAULT_FILE = """
[main]
inventory_file = 'dragon-inventory.json'
firmwares_path = 'firmwares/'
api_timeout = 300

  [main.local_network]
  network = "{network}"
  scan_interval = 300
  scan_timeout = 10

  [main.statsd]
  host = "localhost"
  port = 8125
  prefix = "dragons"
  interval = 60

  [[main.credentials]]
  username = "admin"
  password = "dragonadmin"

  [[main.credentials]]
  username = "admin"
  password = "admin"

[[configs]]
health_reboot = true
health_check_interval = 300
health_hashrate_duration = 3600
health_hashrate_minimum = 1000
auto_upgrade = true
autotune_mode = "balanced"
autotune_level = 2

  [configs.apply_to]
  models = []
  mac_addresses = []

  [[configs.pools]]
  url = "stratum+tcp://pool.example:3333"
  username = "{account}"
  password = "x"

  [[configs.pools]]
  url = "stratum+tcp://reserve.example:3333"
  username = "{account}"
  password = "x"
"""
"""What 0.2.9 prints as its default file, but for the network and the account."""

SERIES = (*FARM_GAUGES, *FARM_TIMES, *worker_gauges(), *ADDED)
"""What dashboards made for it ask for, of a farm where nothing happens."""

UNWRITABLE = (
    r"dragon-inventory\.json cannot be written",
    r"mother-state\.json cannot be written",
    r"control socket \S*mother\.sock cannot be used",
)


def exec_start(unit: str) -> list[str]:
    """The words of its ExecStart, as systemd parts them."""
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units keep case
    parser.read_string(unit.replace("\\\n", " "))
    return shlex.split(parser["Service"]["ExecStart"])


def unprivileged() -> tuple[str, ...]:
    """Words before a command that take root's powers from it; none where we are not root."""
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.getuid() == 0 else ()


def started(unit: str, where: Path, cwd: Path, env: Mapping[str, str]) -> Running:
    """The unit's command, run in the folder `where` by somebody who cannot write there."""
    program, *words = exec_start(unit)
    assert Path(program).name == "mother-of-dragons"
    command = ("env", "-C", str(where), *unprivileged(), *PREDECESSOR, *words)
    return Running(*command, cwd=cwd, env=env, name="daemon")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is to its user what / is to a service: it can be read, not written."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def close(folder: Path) -> None:
    """From now on the user of the service cannot write there."""
    folder.chmod(0o555)
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def environment(one: Farm, statsd: Statsd) -> dict[str, str]:
    """What the test's machine makes necessary, beside the unit: other ports, and haste."""
    return {
        "MOTHER_DRAGON_PORT": str(one.port),
        "MOTHER_STATSD_PORT": str(statsd.port),
        "MOTHER_STATSD_INTERVAL": "1",
    }


def assert_minds(process: Running, statsd: Statsd, one: Farm) -> None:
    """It finds the farm, sets it up, sends every series, says once what it cannot write, ends."""
    process.said("found at", times=4)
    until(
        lambda: unanswered(SERIES, series_of(statsd.lines)) == [],
        20,
        lambda: f"{unanswered(SERIES, series_of(statsd.lines))}\n{process.log}",
    )
    process.said(UNWRITABLE[0])
    statsd.got(r"^dragons\.worker\.T[12]\.dragon-[0-9a-f]{8}\.action\.poolsChanged:1\|c", 20)
    assert process.end() == 0
    written = {line.split()[2] for line in one.writes}
    assert "/api/updatePools" in written <= {"/api/updatePools", "/api/setAutoTune"}
    assert_clean(process.log)
    for pattern in UNWRITABLE:
        assert len(re.findall(pattern, process.log)) == 1, f"{pattern} in\n{process.log}"
    assert lines_with(process.log, "refuses") == []


def test_its_unit_with_its_file_runs_where_nothing_can_be_written(
    tmp_path: Path, folder: Path
) -> None:
    with farm(tmp_path, "127.81.50.0/28", *MINERS) as one, Statsd() as statsd:
        text = DEFAULT_FILE.format(network="127.81.50.0/28", account="operator")
        (folder / "config.toml").write_text(text)
        close(folder)
        with started(UNIT, folder, tmp_path, environment(one, statsd)) as process:
            assert_minds(process, statsd, one)


def test_its_unit_with_flags_runs_where_nothing_can_be_written(
    tmp_path: Path, folder: Path
) -> None:
    close(folder)
    unit = UNIT_WITH_FLAGS.format(network="127.81.51.0/28", pools=POOLS)
    with (
        farm(tmp_path, "127.81.51.0/28", *MINERS) as one,
        Statsd() as statsd,
        started(unit, folder, tmp_path, environment(one, statsd)) as process,
    ):
        assert_minds(process, statsd, one)


def test_its_default_file_is_refused_for_its_sample_accounts(tmp_path: Path, folder: Path) -> None:
    text = DEFAULT_FILE.format(network="127.81.52.0/28", account="brndnmtthws")
    (folder / "config.toml").write_text(text)
    close(folder)
    with started(UNIT, folder, tmp_path, {}) as process:
        assert process.wait(15) == 2
    assert [line.partition(": ")[0] for line in process.log.splitlines()] == [
        "configs[0].pools[0].username",
        "configs[0].pools[1].username",
    ]
    assert len(lines_with(process.log, "'brndnmtthws' is the sample account")) == 2


def test_a_unit_s_command_is_read_as_systemd_reads_it() -> None:
    program, *words = exec_start(UNIT_WITH_FLAGS.format(network="10.1.0.0/22", pools=POOLS))
    assert program == "/usr/local/bin/mother-of-dragons"
    assert words == ["--network", "10.1.0.0/22", "--pools", POOLS, "--statsd-host", "localhost"]
    assert exec_start(UNIT)[1:] == ["--config=config.toml"]


def test_the_folder_of_these_tests_cannot_be_written(tmp_path: Path, folder: Path) -> None:
    close(folder)
    touch = ("env", "-C", str(folder), *unprivileged(), "touch", "x")
    with Running(*touch, cwd=tmp_path) as process:
        assert process.wait(5) != 0
    assert list(folder.iterdir()) == []
