"""`mother scan` as a person meets it: real processes on a simulated farm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.terminal.processes import MOTHER, Running, environment, farm, free_port, mother


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_scan_shows_a_table_of_at_most_eighty_columns(tmp_path: Path) -> None:
    faults = ("--fault=dead-board", "--fault=wrong-password")
    with farm(tmp_path, "127.81.100.128/28", "--miners=5", *faults) as one:
        done = mother("scan", *one.where, cwd=tmp_path)
        assert one.writes == []
    assert (done.returncode, done.stderr) == (0, "")
    table, rest = done.stdout.splitlines()[:6], done.stdout.splitlines()[6:]
    assert table[0].split()[:4] == ["Worker", "Address", "Type", "State"]
    assert table[2].split()[3] == "ill"
    assert max(map(len, table)) <= 80
    assert "\x1b" not in done.stdout
    said = "\n".join(rest)
    assert "Board" in said
    assert "4 miners" in said
    assert "3 hashing  1 ill" in said
    assert "looks like a dragonmint but refuses all 3 logins" in said
    assert everything_below(tmp_path) == {"farm.out", "farm.err"}


def test_scan_as_json_prints_nothing_else_and_no_password(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.6.0/28", "--miners=3", "--fault=http-500") as one:
        done = mother("scan", "--json", *one.where, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert set(answer) == {"miners", "unidentified", "mute"}
    assert len(answer["miners"]) == 2
    miner = answer["miners"][0]
    assert miner["state"] == "hashing"
    assert miner["hashrate"] == pytest.approx(15e12, rel=0.2)
    assert miner["ip_address"].startswith("127.81.6.")
    assert miner["pools"]
    assert all(set(pool) == {"url", "user"} for pool in miner["pools"])
    assert "HTTP 500" in answer["unidentified"][0]["reason"]
    assert "password" not in done.stdout


def test_scan_names_hosts_that_take_a_connection_and_stay_mute(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.11.0/28", "--miners=3", "--fault=hang:2") as one:
        words = ("scan", *one.where, "--scan-timeout=2")
        shown = mother(*words, cwd=tmp_path)
        answer = json.loads(mother(*words, "--json", cwd=tmp_path).stdout)
    assert len(answer["mute"]) == 2
    assert answer["unidentified"] == []
    line = f"2 hosts accept connections but do not answer: {', '.join(answer['mute'])}."
    assert shown.stdout.splitlines().count(line) == 1


def test_a_scan_that_finds_nothing_says_so(tmp_path: Path) -> None:
    done = mother("scan", "--network=127.81.7.0/28", f"--dragon-port={free_port()}", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("No miner answered at 14 addresses on port")
    assert done.stdout.count("\n") == 1


def test_a_scan_that_is_interrupted_ends_at_once_with_130(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.8.0/28", "--miners=2", "--fault=hang:2") as one:
        words = (*MOTHER, "scan", *one.where, "--scan-timeout=60")
        with Running(*words, cwd=tmp_path, name="scan") as process:
            time.sleep(1.5)
            assert not process.ended
            assert process.end(signal.SIGINT, seconds=2) == 130
            assert process.out == ""
            assert "Traceback" not in process.log


def on_terminal(*words: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run with a terminal of 80 columns; the exit code and what it showed."""
    main, other = os.openpty()
    process = subprocess.Popen(
        [*MOTHER, *words], cwd=cwd, env=environment(COLUMNS="80", LINES="24", **env),
        stdin=other, stdout=other, stderr=other,
    )  # fmt: skip
    os.close(other)
    shown: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(main, 65536):
                shown.append(part)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        code = process.wait(20)
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        os.close(main)
    return code, b"".join(shown).decode()


def test_on_a_terminal_there_is_colour_and_progress_and_no_color_is_obeyed(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.9.0/28", "--miners=2") as one:
        slow = ("scan", *one.where, "--scan-rate=20")
        code, shown = on_terminal(*slow, cwd=tmp_path, env={})
        assert code == 0
        assert "Scanning" in shown
        assert "\x1b[32mhashing" in shown
        _, shown = on_terminal(*slow, cwd=tmp_path, env={"NO_COLOR": "1"})
        assert "hashing" in shown
        assert "\x1b[32m" not in shown
