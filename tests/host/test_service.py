"""The daemon as a process under a service manager and a journal of the tests."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.sockets import ServiceManager
from tests.terminal.processes import (
    MOTHER,
    Running,
    assert_clean,
    daemon,
    farm,
    mother,
    until,
)

STUCK = """
import sys
from twisted.internet.defer import Deferred
from mother.cli import main
from mother.jobs.scan import Scan

async def run(self):
    await Deferred()

Scan.run = run
Scan.limit = lambda self: 2.0
sys.exit(main())
"""
"""mother with a scan that hangs, and that may do so for two seconds."""


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[ServiceManager]:
    with ServiceManager(str(tmp_path / "n")) as one:
        yield one


def service(systemd: ServiceManager) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.where, "WATCHDOG_USEC": "3000000"}


def test_from_the_start_to_the_end_the_manager_hears_how_it_is(
    tmp_path: Path, systemd: ServiceManager
) -> None:
    with (
        farm(tmp_path, "127.81.60.0/28", "--miners=3") as one,
        daemon(*one.where, cwd=tmp_path, env=service(systemd)) as process,
    ):
        systemd.got("READY", "1")
        systemd.got("STATUS", "3 of 3 miners hash, ", seconds=20)
        until(lambda: sum("WATCHDOG" in one for one in systemd.heard) > 3, 10, lambda: "hungry")
        process.send(signal.SIGHUP)
        systemd.got("RELOADING", "1")
        process.said("nothing has changed")
        began = time.monotonic()
        assert process.end() == 0
        assert time.monotonic() - began < 5
    names = systemd.names
    assert names[:2] == ["STATUS", "READY"]
    reload = names.index("RELOADING")
    assert names[reload : reload + 3] == ["RELOADING", "MONOTONIC_USEC", "READY"]
    assert systemd.heard[-1] == {"STOPPING": "1", "STATUS": "stopping"}
    assert_clean(process.log)
    last, end = process.log.splitlines()[-2:]
    assert "3 miners go on hashing with the pools they have; nobody watches the farm" in last
    assert end.endswith("mother has stopped.")
    assert one.writes == []


def test_a_broken_file_is_told_until_it_is_mended(tmp_path: Path, systemd: ServiceManager) -> None:
    file = tmp_path / "m.toml"
    good = 'network = ["127.81.61.0/30"]\ndragon_port = 9\n'
    file.write_text(good)
    with Running(
        *MOTHER, "run", "-c", "m.toml", cwd=tmp_path, env=service(systemd), name="daemon"
    ) as process:
        systemd.got("STATUS", "no miner is known yet")
        file.write_text(good + "scan_intervall = 5\n")
        process.send(signal.SIGHUP)
        systemd.got("STATUS", "the new configuration is broken, the old one is in force")
        file.write_text(good)
        process.send(signal.SIGHUP)
        until(lambda: "broken" not in systemd.last("STATUS"), 10, lambda: systemd.last("STATUS"))
        assert process.end() == 0


def test_a_blocked_reactor_is_not_fed(tmp_path: Path, systemd: ServiceManager) -> None:
    words = ("--network=127.81.62.0/30", "--dragon-port=9")
    with daemon(*words, cwd=tmp_path, env=service(systemd)) as process:
        systemd.got("WATCHDOG", "1")
        process.send(signal.SIGSTOP)
        time.sleep(0.2)
        before = len(systemd.heard)
        time.sleep(3)
        assert len(systemd.heard) == before
        process.send(signal.SIGCONT)
        until(lambda: len(systemd.heard) > before, 5, lambda: "still hungry")
        process.send(signal.SIGABRT)
        assert process.wait(5) == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in process.log
    assert "mainLoop" in process.log


def test_a_loop_that_is_stuck_is_told_and_the_watchdog_goes_hungry(
    tmp_path: Path, systemd: ServiceManager
) -> None:
    script = tmp_path / "stuck.py"
    script.write_text(STUCK)
    words = ("run", "--network=127.81.63.0/30", "--dragon-port=9")
    with Running(
        MOTHER[0], str(script), *words, cwd=tmp_path, env=service(systemd), name="daemon"
    ) as process:
        systemd.got("WATCHDOG", "1")
        process.said(r"critical The scan loop has not moved for [23] s\. systemd restarts mother")
        time.sleep(0.5)
        before = sum("WATCHDOG" in one for one in systemd.heard)
        systemd.got("STATUS", "The scan loop has not moved for")
        assert sum("WATCHDOG" in one for one in systemd.heard) == before
        assert process.end() == 0


def test_without_a_manager_it_runs_as_ever(tmp_path: Path) -> None:
    env = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "3000000"}
    with daemon("--network=127.81.64.0/30", "--dragon-port=9", cwd=tmp_path, env=env) as process:
        process.said("Scanned 2 addresses")
        assert process.end() == 0
    assert_clean(process.log)
    assert "No miner is known." in process.log


def test_a_json_log_is_json_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.81.65.0/28", "--miners=2", "--fault=dead-board") as one,
        daemon(*one.where, "--log-format=json", cwd=tmp_path) as process,
    ):
        process.said("is ill: Board")
        assert process.end() == 0
    rows = [json.loads(line) for line in process.log.splitlines()]
    assert "mother 0." in rows[0]["text"]
    assert rows[-1]["text"] == "mother has stopped."
    (ill,) = [row for row in rows if row["kind"] == "device.ill"]
    assert ill["worker"].startswith("dragon-45")
    assert ill["ip"].startswith("127.81.65.")


def test_whether_a_network_is_named_is_told_by_the_exit_code(tmp_path: Path) -> None:
    ask = ("check-config", "--network-named", "--config=m.toml")
    file = tmp_path / "m.toml"
    file.write_text("scan_interval = 60\n")
    done = mother(*ask, cwd=tmp_path)
    assert done.returncode == 4  # not 1: a crash must not pass for it
    assert done.stdout == (
        "m.toml: no network is named yet, so there is nothing to mind. Run `sudo mother init`, or "
        'name yours there, e.g. network = ["10.1.0.0/22"]; then: sudo systemctl start mother\n'
    )
    for good in ('network = ["10.1.0.0/22"]\n', "scan_intervall = 60\n", "broken"):
        file.write_text(good)
        done = mother(*ask, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    file.write_text('network = ["10.1.0.0/22"]\nnotify_url = ["credential:none"]\n')
    assert mother(*ask, cwd=tmp_path).returncode == 0
    assert mother("check-config", "--config=m.toml", cwd=tmp_path).returncode == 2
