"""`mother init` as a person meets it: real processes on a simulated farm, and a terminal."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mother.config.sample import print_toml
from tests.config.given import load
from tests.terminal.processes import (
    BAD_WORDS,
    MOTHER,
    Running,
    daemon,
    environment,
    farm,
    free_port,
    mother,
    until,
)

MIXED = ("--miners=8", "--model=T1:6,T2:2", "--factory-fresh=25", "--fault=wrong-password")


def files(folder: Path) -> set[str]:
    """What is there beside what the test's own processes write."""
    return {one.name for one in folder.iterdir() if one.suffix not in {".out", ".err"}}


def test_a_daemon_on_the_file_finds_everybody_and_writes_to_nobody(tmp_path: Path) -> None:
    with farm(tmp_path, "127.93.1.0/28", *MIXED) as one:
        done = mother("init", *one.where, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "A first start would write nothing to these 7 miners." in done.stdout
        assert "refuses all 3 logins" in done.stdout
        assert "mother run -c mother.toml" in done.stdout
        path = tmp_path / "mother.toml"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert files(tmp_path) == {"mother.toml"}
        with daemon("-c", "mother.toml", cwd=tmp_path) as process:
            process.said("found at", times=7)
            until(lambda: process.log.count("Scanned"), 15, lambda: process.log)
            time.sleep(4)
            assert process.end() == 0
        assert one.writes == []
        path.write_text(path.read_text().replace('username = "farmer"', 'username = "else"'))
        with daemon("-c", "mother.toml", cwd=tmp_path) as process:
            until(lambda: one.writes, 20, lambda: process.log)


def test_plan_says_that_there_is_nothing_to_do(tmp_path: Path) -> None:
    with farm(tmp_path, "127.93.2.0/28", "--miners=3") as one:
        assert mother("init", *one.where, "-c", "f.toml", cwd=tmp_path).returncode == 0
        done = mother("plan", "-c", "f.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Nothing to do: every miner is as wished.\n")


def test_a_file_that_is_there_is_not_touched_without_force_and_kept_with_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mother.toml"
    with farm(tmp_path, "127.93.3.0/28", "--miners=2") as one:
        login = '[[credentials]]\nusername = "admin"\npassword = "dragonadmin"\n'
        before = f"statsd_host = 'stats.example'\ndragon_health_reboot = true\n{login}"
        path.write_text(before)
        done = mother("init", *one.where, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert "--force" in done.stderr
        assert path.read_text() == before
        done = mother("init", *one.where, "--force", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "mother.toml.bak").read_text() == before
    config = load("-c", str(path))
    assert config.statsd.host == "stats.example"
    assert config.credentials[0].password == "dragonadmin"
    assert not config.settings.health_reboot
    assert "dragonadmin" not in done.stdout + done.stderr


def test_logins_of_the_environment_are_used_and_written(tmp_path: Path) -> None:
    logins = [{"username": "admin", "password": "dragonadmin"}]
    with farm(tmp_path, "127.93.4.0/28", "--miners=2") as one:
        wrong = {"MOTHER_CREDENTIALS": '[{"username": "admin", "password": "guess"}]'}
        done = mother("init", *one.where, cwd=tmp_path, env=wrong)
        assert done.returncode == 1
        assert "MOTHER_CREDENTIALS" in done.stdout
        assert files(tmp_path) == set()
        right = {"MOTHER_CREDENTIALS": json.dumps(logins)}
        assert mother("init", *one.where, cwd=tmp_path, env=right).returncode == 0
    assert len(load("-c", str(tmp_path / "mother.toml")).credentials) == 1


def test_secrets_that_stand_elsewhere_stay_there(tmp_path: Path) -> None:
    path = tmp_path / "mother.toml"
    path.write_text(
        'notify_url = ["env:ALARM_URL"]\n'
        '[[credentials]]\nusername = "admin"\npassword = "env:MINER_LOGIN"\n'
    )
    secrets = {"ALARM_URL": "json://alarm.example/topsecret", "MINER_LOGIN": "dragonadmin"}
    with farm(tmp_path, "127.93.13.0/28", "--miners=2") as one:
        done = mother("init", *one.where, "--force", cwd=tmp_path, env=secrets)
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text()
    assert "topsecret" not in text
    assert "dragonadmin" not in text
    assert text.count('"env:ALARM_URL"') == text.count('"env:MINER_LOGIN"') == 1


def test_nobody_found_writes_no_file_and_says_what_to_try(tmp_path: Path) -> None:
    where = ("--network=127.93.5.0/29", f"--dragon-port={free_port()}")
    done = mother("init", *where, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    for word in ("6 addresses", "--network", "--dragon-port", "power"):
        assert word in done.stdout
    assert files(tmp_path) == set()


def test_without_a_terminal_it_wants_to_be_told_what_to_scan(tmp_path: Path) -> None:
    done = mother("init", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "network: no terminal to ask on: add --network 10.1.0.0/22, or --yes\n"


def test_wishes_are_refused_by_flag_and_by_variable(tmp_path: Path) -> None:
    words = ("init", "--network=127.93.6.0/29", "--dragon-health-reboot", "--dry-run")
    done = mother(*words, cwd=tmp_path, env={"MOTHER_POOLS": "[]"})
    assert done.returncode == 2
    places = {line.partition(":")[0] for line in done.stderr.splitlines()}
    assert places == {"--dragon-health-reboot", "--dry-run", "MOTHER_POOLS"}


def test_print_writes_the_file_to_standard_output_only(tmp_path: Path) -> None:
    with farm(tmp_path, "127.93.7.0/28", "--miners=2") as one:
        done = mother("init", *one.where, "--print", cwd=tmp_path)
    assert done.returncode == 0
    assert load(file=done.stdout).settings.pools[0].username == "farmer"
    assert "dragon-45" in done.stderr
    assert files(tmp_path) == set()


def test_json_tells_what_was_found_and_where_the_file_is_and_no_password(tmp_path: Path) -> None:
    with farm(tmp_path, "127.93.8.0/28", *MIXED) as one:
        done = mother("init", *one.where, "--json", "-c", "f.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["config"] == "f.toml"
    assert len(answer["miners"]) == 7
    assert len(answer["unidentified"]) == 1
    assert sum(len(one["mac_addresses"]) for one in answer["pools_left_alone"]) in {1, 2}
    assert "password" not in done.stdout
    assert files(tmp_path) == {"f.toml"}


def test_a_running_daemon_is_told_of(tmp_path: Path) -> None:
    with farm(tmp_path, "127.93.9.0/28", "--miners=1") as one, daemon(*one.where, cwd=tmp_path):
        until((tmp_path / "mother.sock").exists, 15, lambda: "no socket")
        done = mother("init", *one.where, cwd=tmp_path)
    assert done.returncode == 0
    assert "A daemon answers on mother.sock already; restart it" in done.stdout


@contextmanager
def at_a_terminal(
    *words: str, cwd: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int, bytearray]]:
    """The process at a terminal of 80 columns, its other end, and what it has shown."""
    main, other = os.openpty()
    process = subprocess.Popen(
        [*MOTHER, *words], cwd=cwd, env=environment(COLUMNS="80", LINES="24"),
        stdin=other, stdout=other, stderr=other,
    )  # fmt: skip
    os.close(other)
    shown = bytearray()

    def read() -> None:
        try:
            while part := os.read(main, 65536):
                shown.extend(part)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield process, main, shown
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        os.close(main)


def test_at_a_terminal_it_asks_what_to_scan_and_takes_what_is_typed(tmp_path: Path) -> None:
    with (
        farm(tmp_path, "127.93.10.0/28", "--miners=2") as one,
        at_a_terminal("init", one.where[1], "--scan-rate=20", cwd=tmp_path) as (
            process,
            end,
            shown,
        ),
    ):
        until(lambda: b"commas: " in shown or b"10.1.0.0/22: " in shown, 15, shown.decode)
        os.write(end, b"127.93.10.0/2x\n")
        until(lambda: b"is no IPv4 network" in shown, 15, shown.decode)
        os.write(end, b"127.93.10.0/29, 127.93.10.8/29\n")
        assert process.wait(20) == 0
        text = shown.decode()
    assert "Scanning" in text
    assert "these 2 miners" in text
    config = load("-c", str(tmp_path / "mother.toml"))
    assert config.networks == ("127.93.10.0/29", "127.93.10.8/29")


def test_ctrl_c_at_the_question_and_in_the_scan_writes_nothing(tmp_path: Path) -> None:
    with at_a_terminal("init", cwd=tmp_path) as (process, _, shown):
        until(lambda: b": " in shown, 15, shown.decode)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
    with farm(tmp_path, "127.93.11.0/28", "--miners=2", "--fault=hang") as one:
        words = (*MOTHER, "init", *one.where, "--scan-timeout=60")
        with Running(*words, cwd=tmp_path, name="init") as process_:
            time.sleep(2)
            assert process_.end(signal.SIGINT) == 130
            assert not any(word in process_.log for word in BAD_WORDS)
    assert files(tmp_path) == set()


def test_the_end_of_input_at_the_question_is_no_answer(tmp_path: Path) -> None:
    with at_a_terminal("init", cwd=tmp_path) as (process, end, shown):
        until(lambda: b": " in shown, 15, shown.decode)
        os.write(end, b"\x04")
        assert process.wait(5) == 130
        until(lambda: b"Nothing was done." in shown, 5, shown.decode)
    assert files(tmp_path) == set()


PACKAGED = """
import sys
from pathlib import Path
from twisted.internet import reactor
from mother.terminal.initial import init
from mother.terminal.initial_file import Places
here = Path.cwd()
places = Places(here / "etc", "no-such-group", (here / "unit",), here, here / "s", here / "state")
sys.exit(init(sys.argv[1:], "mother", reactor, places))
"""


def test_the_service_has_its_untouched_file_replaced_and_is_started_next(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "unit").touch()
    path = tmp_path / "etc" / "mother.toml"
    path.write_text(print_toml() + "# packaged\n")
    program = (sys.executable, "-c", PACKAGED)
    with farm(tmp_path, "127.93.12.0/28", "--miners=2") as one:
        done = mother(*one.where, cwd=tmp_path, program=program)
        assert (done.returncode, done.stderr) == (0, "")
        again = mother(*one.where, cwd=tmp_path, program=program)
    assert "sudo systemctl start mother" in done.stdout
    assert "sudo journalctl -u mother -f" in done.stdout
    assert path.with_name("mother.toml.bak").read_text().endswith("# packaged\n")
    assert load("-c", str(path)).settings.pools
    assert again.returncode == 2
    assert "exists already" in again.stderr
