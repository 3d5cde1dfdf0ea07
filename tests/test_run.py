"""The daemon as a process of its own, minding simulated farms over loopback."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.terminal.processes import (
    DEAD_BOARD,
    MOTHER,
    PREDECESSOR,
    Running,
    Statsd,
    assert_clean,
    daemon,
    farm,
    lines_with,
    mother,
    state_of,
    until,
)


def test_it_finds_measures_and_reports_but_reboots_nobody_unless_allowed(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.81.20.0/28", "--miners=4", "--fault=dead-board") as one,
        Statsd() as statsd,
        daemon(*one.where, *statsd.options, cwd=tmp_path) as process,
    ):
        process.said("dead")
        for name in (
            r"^dragons\.manager\.dragons\.added:1\|c",
            r"^dragons\.manager\.dragons\.count:4\|g",
            r"^dragons\.manager\.scan_timed:[\d.]+\|ms",
            r"^dragons\.worker\.T1\.dragon-45[0-9a-f]{6}\.\S+:[\d.]+\|g",
            r"^dragons\.miner\.dragon-45[0-9a-f]{6}\.hashrate:[\d.e+]+\|g",
            r"^dragons\.miner\.dragon-45[0-9a-f]{6}\.reachable:1\|g",
            r"^dragons\.fleet\.\S+:[\d.e+]+\|g",
            r"^dragons\.loop\.health\.runs:[2-9]",
        ):
            statsd.got(name)
        assert process.end() == 0
        assert one.writes == []
    log = process.log
    assert_clean(log)
    assert len(lines_with(log, "found at")) == 4
    assert len(lines_with(log, "is ill: Board")) == 1
    assert len(lines_with(log, "Scanned 14 addresses")) == 1
    first, *_, last = log.splitlines()
    assert "mother 0." in first
    assert "127.81.20.0/28: 14 addresses" in first
    assert "reported, not rebooted" in log.splitlines()[1]
    assert last.endswith("mother has stopped.")


def test_a_dead_board_is_rebooted_once_and_the_start_is_confirmed(tmp_path: Path) -> None:
    faults = ("--fault=dead-board", "--speed=40", "--cured-by-reboot=100")
    with (
        farm(tmp_path, "127.81.21.0/28", "--miners=4", *faults) as one,
        daemon(*one.where, "--dragon-health-reboot", cwd=tmp_path) as process,
    ):
        process.said("was rebooted. Board [012] dead")
        process.said("has started again, .* after our reboot", seconds=20)
        process.said("is well again")
        assert process.end() == 0
        assert [line.split()[2] for line in one.writes] == ["/api/reboot"]
    assert_clean(process.log)
    kept = [one["record"] for one in state_of(tmp_path)["devices"].values()]
    assert sum(record.get("reboots", 0) for record in kept) == 1


def test_what_it_keeps_is_for_its_own_user_and_what_it_exports_is_for_all(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.22.0/28", "--miners=2") as one:
        with daemon(*one.where, cwd=tmp_path) as process:
            inventory = tmp_path / "dragon-inventory.json"
            until(inventory.exists, 15, lambda: process.log)
            rows = json.loads(inventory.read_text())
            assert process.end() == 0
        assert {row["ip_address"] for row in rows} == {"127.81.22.1", "127.81.22.2"}
        assert set(rows[0]) == {"ip_address", "worker", "mac_address", "overview"}
        modes = {
            name: stat.S_IMODE((tmp_path / name).stat().st_mode)
            for name in ("mother-state.json", "dragon-inventory.json")
        }
        assert modes == {"mother-state.json": 0o600, "dragon-inventory.json": 0o644}
        litter = {path.name for path in tmp_path.iterdir()} - set(modes)
        assert {name for name in litter if not name.startswith(("farm.", "daemon."))} == set()


def test_it_ends_in_time_with_miners_that_hang_and_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    slow = ("--dragon-timeout=600", "--scan-timeout=300")
    with (
        farm(tmp_path, "127.81.26.0/28", "--miners=6", "--fault=hang:3") as one,
        daemon(*one.where, *slow, cwd=tmp_path) as process,
    ):
        found = process.said("found at", times=3)
        one.set_fault(found.split("found at ")[1].partition(":")[0], "hang")
        time.sleep(1.5)
        began = time.monotonic()
        assert process.end(seconds=10) == 0
        assert time.monotonic() - began < 5
    assert "Scanned" not in process.log
    assert_clean(process.log)
    assert process.log.splitlines()[-1].endswith("mother has stopped.")


def test_a_signal_that_comes_twice_or_at_once_is_no_trouble(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.81.27.0/28", "--miners=1") as one,
        daemon(*one.where, cwd=tmp_path) as process,
    ):
        process.said("found at")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            process.send(number)
        assert process.wait(5) == 0
    assert_clean(process.log)


def test_in_a_dry_run_each_write_is_told_and_none_is_made(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.81.28.0/28", "--miners=3", "--fault=dead-board") as one,
        Statsd() as statsd,
        daemon(
            *one.where, *statsd.options, "--dragon-health-reboot", "--dry-run", cwd=tmp_path
        ) as process,
    ):
        process.said("Dry run: everything is read, nothing is written")
        process.said("dry run: would reboot dragon-.* Board [012] dead")
        statsd.got(r"^dragons\.health\.would_write:1\b")
        time.sleep(1.2)
        assert process.end() == 0
        assert one.writes == []
    assert len(lines_with(process.log, "would reboot")) == 1
    assert_clean(process.log)
    records = [one["record"] for one in state_of(tmp_path)["devices"].values()]
    assert not any(record.get("reboots") for record in records)


def test_a_memory_that_cannot_be_written_is_told_once_and_costs_nothing_else(
    tmp_path: Path,
) -> None:
    with (
        farm(tmp_path, "127.81.29.0/28", *DEAD_BOARD) as one,
        daemon(
            *one.where,
            "--dragon-health-reboot",
            "--state-file=/proc/mother-state.json",
            f"--control-socket={tmp_path}/m.sock",
            cwd=tmp_path,
        ) as process,
    ):
        process.said("/proc/mother-state.json cannot be written", seconds=20)
        process.said("was rebooted")
        assert process.end() == 0
    assert len(lines_with(process.log, "cannot be written")) == 1
    assert_clean(process.log)


def test_a_statsd_host_that_cannot_be_found_is_told_once_and_the_rest_works(
    tmp_path: Path,
) -> None:
    with (
        farm(tmp_path, "127.81.30.0/28", "--miners=2", "--fault=dead-board") as one,
        daemon(*one.where, "--statsd-host=no-such-host.invalid", cwd=tmp_path) as process,
    ):
        process.said("Cannot find the address of statsd host no-such-host.invalid")
        process.said("is ill")
        time.sleep(1.5)
        assert process.end() == 0
    assert len(lines_with(process.log, "Cannot find the address")) == 1
    assert_clean(process.log)


def test_addresses_where_nobody_is_are_no_error(tmp_path: Path) -> None:
    with daemon("--network=127.81.31.0/28", "--dragon-port=9", cwd=tmp_path) as process:
        process.said("Scanned 14 addresses in .*: 0 miners answer, 0 known")
        time.sleep(1.5)
        assert process.end() == 0
    assert len(lines_with(process.log, "Scanned")) == 1
    assert_clean(process.log)


def test_a_farm_with_every_fault_is_minded_without_an_exception(tmp_path: Path) -> None:
    faults = ("--miners=14", "--fault=all", "--faulty=20", "--speed=30")
    with (
        farm(tmp_path, "127.81.32.0/28", *faults) as one,
        daemon(
            *one.where,
            "--dragon-health-reboot",
            "--dragon-timeout=1",
            "--scan-timeout=2",
            cwd=tmp_path,
        ) as process,
    ):
        process.said("Scanned")
        time.sleep(5)
        assert process.end() == 0
        assert len(one.writes) <= 1
    assert_clean(process.log)
    refused = lines_with(process.log, "refuses all 3 logins")
    assert len(refused) <= len({line.split()[2] for line in refused})


def test_a_second_login_is_taken_when_the_first_is_refused(tmp_path: Path) -> None:
    logins = '[{"username": "admin", "password": "hush"}, {"username": "admin", "password": "%s"}]'
    env = {"MOTHER_CREDENTIALS": logins % "dragonadmin"}
    with farm(tmp_path, "127.81.33.0/28", "--miners=1") as one:
        with daemon(*one.where, cwd=tmp_path, env=env) as process:
            process.said("found at")
            assert process.end() == 0
        assert "hush" not in process.log
        with daemon(*one.where, cwd=tmp_path, env={"MOTHER_CREDENTIALS": logins % "no"}) as process:
            process.said("refuses all 2 logins")
            assert process.end() == 0
    assert "hush" not in process.log
    assert_clean(process.log)


PREDECESSOR_FILE = """
[main]
inventory_file = 'inv.json'
firmwares_path = 'fw/'
api_timeout = 5
  [main.local_network]
    network = "127.81.34.0/28"
    scan_interval = 60
    scan_timeout = 5
  [main.statsd]
    host = "127.0.0.1"
    port = {port}
    prefix = "dragons"
    interval = 1
  [[main.credentials]]
    username = "admin"
    password = "dragonadmin"

[[configs]]
  health_reboot = true
  health_check_interval = 1
  health_hashrate_duration = 3600
  health_hashrate_minimum = 1000
  auto_upgrade = false
  autotune_mode = "balanced"
  [configs.apply_to]
    models = ["T1"]
    mac_addresses = []
  [[configs.pools]]
    url = "stratum+tcp://pool.example:3333"
    username = "{account}"
    password = "x"
"""


def test_under_the_predecessor_s_name_its_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with farm(tmp_path, "127.81.34.0/28", *DEAD_BOARD) as one, Statsd() as statsd:
        command = (*PREDECESSOR, f"--dragon-port={one.port}")
        file.write_text(PREDECESSOR_FILE.format(port=statsd.port, account="brndnmtthws"))
        with Running(*command, cwd=tmp_path, name="refused") as process:
            assert process.wait(10) == 2
            assert "'brndnmtthws' is the sample account" in process.log
        file.write_text(PREDECESSOR_FILE.format(port=statsd.port, account="operator"))
        with Running(*command, cwd=tmp_path, name="daemon") as process:
            process.said("was rebooted")
            statsd.got(r"^dragons\.worker\.T1\.dragon-45[0-9a-f]{6}\.action\.rebooted:1\|c")
            assert process.end() == 0
        assert [line.split()[2] for line in one.writes].count("/api/reboot") == 1
    assert (tmp_path / "inv.json").exists()
    assert_clean(process.log)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_whatever_hangs_is_cut_off_in_time(tmp_path: Path, signal_number: int) -> None:
    script = tmp_path / "hang.py"
    script.write_text(
        "import sys, time\n"
        "from twisted.internet import reactor, threads\n"
        "from twisted.internet.defer import Deferred\n"
        "from mother.terminal import process\n"
        "process.LAST_CALL = 1.0\n"
        "async def start():\n"
        "    threads.deferToThread(time.sleep, 30)\n"
        "    print('ready', flush=True)\n"
        "async def stop():\n"
        "    pass\n"
        "sys.exit(process.serve(reactor, start, stop).code)\n"
    )
    with Running(MOTHER[0], str(script), cwd=tmp_path, name="hang") as process:
        process.said("ready")
        assert process.end(signal_number, seconds=6) == 1
        assert "did not end in time" in process.log
    assert os.path.exists(script)


def test_a_memory_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    state = tmp_path / "mother-state.json"
    state.write_text('{"version": 999, "devices": {}}')
    done = mother("run", "--network=127.81.10.0/28", cwd=tmp_path)
    assert done.returncode == 2
    assert "was written by a newer mother (version 999" in done.stderr
    assert "Traceback" not in done.stderr
    assert state.read_text() == '{"version": 999, "devices": {}}'
    assert [path.name for path in tmp_path.iterdir()] == ["mother-state.json"]
