"""What the parts do together over time: reload, restart, and questions to the daemon."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

from tests.terminal.processes import (
    DEAD_BOARD,
    MOTHER,
    Running,
    Statsd,
    assert_clean,
    daemon,
    farm,
    lines_with,
    mother,
    state_of,
)


def test_a_killed_daemon_goes_on_where_it_was(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.23.0/28", *DEAD_BOARD) as one:
        words = (*one.where, "--dragon-health-reboot")
        with daemon(*words, cwd=tmp_path) as process:
            process.said("was rebooted")
            process.end(signal.SIGKILL)
        before = state_of(tmp_path)
        (device,) = [d for d in before["devices"].values() if d["record"].get("reboots")]
        with daemon(*words, cwd=tmp_path) as process:
            process.said("Scanned", seconds=20)
            time.sleep(2)
            assert process.end() == 0
        assert len(lines_with(process.log, "was rebooted")) == 0
        assert len(one.writes) == 1
    after = state_of(tmp_path)["devices"][device_id(before, device)]
    assert after["record"]["reboots"] == 1
    assert after["record"]["rebooted"] == device["record"]["rebooted"]
    assert after["first_seen"] == device["first_seen"]
    assert_clean(process.log)


def device_id(state: dict[str, Any], device: dict[str, Any]) -> str:
    idents: dict[str, Any] = state["devices"]
    return next(ident for ident, one in idents.items() if one == device)


def test_a_better_file_takes_effect_on_hangup_and_a_broken_one_does_not(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    with farm(tmp_path, "127.81.24.0/28", "--miners=2") as one, Statsd() as statsd:
        start = (
            f'network = ["127.81.24.1"]\ndragon_port = {one.port}\nscan_interval = 60\n'
            f'statsd_host = "127.0.0.1"\nstatsd_port = {statsd.port}\nstatsd_interval = 1\n'
        )
        file.write_text(start)
        with Running(*MOTHER, "run", "-c", "m.toml", cwd=tmp_path, name="daemon") as process:
            statsd.got(r"^dragons\.manager\.dragons\.count:1\|g")
            file.write_text(start + 'scan_intervall = 5\nstatsd_prefix = "never"\n')
            process.send(signal.SIGHUP)
            process.said("scan_intervall: unknown; did you mean scan_interval")
            process.said("the old one stays in force")
            better = start.replace("127.81.24.1", "127.81.24.0/28")
            file.write_text(better + 'statsd_prefix = "other"\n')
            process.send(signal.SIGHUP)
            process.said("read again and is in force")
            statsd.got(r"^other\.manager\.dragons\.count:2\|g")
            process.send(signal.SIGHUP)
            process.said("nothing has changed")
            assert process.end() == 0
        assert not any(line.startswith("never.") for line in statsd.lines)
    assert_clean(process.log)


def test_what_needs_a_restart_is_named_on_hangup(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text('network = "127.81.25.1"\n')
    with Running(*MOTHER, "-c", "m.toml", cwd=tmp_path, name="daemon") as process:
        process.said("Scanned")
        file.write_text('network = "127.81.25.1"\nsite = "north"\n')
        process.send(signal.SIGHUP)
        process.said("site has changed: that takes effect after a restart")
        assert process.end() == 0


def test_status_and_clear_reach_the_daemon_and_a_second_one_is_refused(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.81.35.0/28", *DEAD_BOARD, "--speed=60") as one,
        daemon(*one.where, "--dragon-health-reboot", cwd=tmp_path) as process,
    ):
        worker = process.said("was rebooted").split()[2]
        process.said("has started again")  # while it is away it may be given up
        shown = mother("status", cwd=tmp_path)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert worker in shown.stdout
        assert "3 miners" in shown.stdout
        answer = json.loads(mother("status", "--json", cwd=tmp_path).stdout)
        assert answer["reboots"] is True
        assert worker in {miner["worker"] for miner in answer["miners"]}
        done = mother("clear", worker, cwd=tmp_path)
        assert done.returncode == 0
        assert "is cleared: it may be rebooted again" in done.stdout
        process.said("is cleared")
        assert "nothing to clear" in mother("clear", worker, cwd=tmp_path).stdout
        second = mother("run", *one.where, cwd=tmp_path)
        assert second.returncode == 2
        assert second.stderr.startswith("another mother runs here and answers on mother.sock")
        unknown = mother("clear", "dragon-nobody", cwd=tmp_path)
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert "no miner dragon-nobody is known" in unknown.stderr
        assert process.end() == 0
    assert_clean(process.log)
    assert not (tmp_path / "mother.sock").exists()
