"""The command line as a person meets it: real processes, no farm needed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from msgspec import Struct

from mother import __version__, cli
from tests.terminal.processes import (
    MOTHER,
    Running,
    environment,
    farm,
    free_port,
    mother,
)

COMMANDS = (
    "run", "scan", "status", "plan", "apply", "undo", "hold", "release", "holds", "reboot",
    "locate", "set-network", "set-password", "upgrade", "factory-reset", "power-off", "clear",
    "accept", "replace", "check-config", "simulate", "demo", "place", "places", "retire", "pause",
    "resume", "restart-mining", "set-power", "set-profile", "set-frequency", "set-pools",
)  # fmt: skip

FREE = {
    "hold": ("all", "--why=x"), "release": ("all",), "locate": ("dragon-1",),
    "clear": ("dragon-1",), "accept": ("dragon-1", "boards=2"), "replace": ("a", "b"),
    "undo": ("last",), "apply": (), "status": (), "holds": (), "reboot": ("dragon-1", "--yes"),
}  # fmt: skip
"""Commands that do nothing without a daemon, with words that are right."""


class Done(Struct):
    """What a command printed and how it ended."""

    returncode: int
    stdout: str
    stderr: str


Asked = Callable[..., Done]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Run in this process a command that ends before the reactor would start."""
    for name in [name for name in os.environ if name.startswith("MOTHER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*words: str, program: str = cli.PROGRAM, **environ: str) -> Done:
        out, err = StringIO(), StringIO()
        with monkeypatch.context() as here, redirect_stdout(out), redirect_stderr(err):
            here.setenv("COLUMNS", "80")
            for name, text in environ.items():
                here.setenv(name, text)
            try:
                code = cli.main(words, program)
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    return run


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_version_is_told(tmp_path: Path) -> None:
    done = mother("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"mother {__version__}\n")


@pytest.mark.parametrize("word", ["--help", "help"])
def test_the_first_page_names_commands_options_environment_and_exit_codes(
    asked: Asked, word: str
) -> None:
    done = asked(word)
    assert done.returncode == 0
    for told in (*COMMANDS, "--network", "MOTHER_NETWORK", "Exit codes: 0 done", "130 interrupted"):
        assert told in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_of_its_own(asked: Asked, command: str) -> None:
    done = asked(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: mother {command}")
    assert "Exit codes: 0" in " ".join(done.stdout.split())


def test_help_of_a_command_is_its_page(asked: Asked) -> None:
    page = asked("help", "demo")
    assert (page.returncode, page.stderr) == (0, "")
    assert page.stdout == asked("demo", "--help").stdout


def test_the_page_of_the_demo_tells_its_own_defaults(asked: Asked) -> None:
    page = " ".join(asked("demo", "--help").stdout.split())
    assert "so many DragonMints (default: 24 of all families)" in page
    assert "how many (default 10)" not in page
    assert "(default: a free one)" in page


def test_an_unknown_command_is_one_line_with_the_nearest_known_one(tmp_path: Path) -> None:
    done = mother("scn", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mother: there is no command 'scn'; did you mean 'scan'?\n"


def test_an_unknown_command_that_is_near_none_is_told_what_there_is(asked: Asked) -> None:
    done = asked("zzz")
    assert done.returncode == 2
    assert all(command in done.stderr for command in COMMANDS)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("--scan-interval=60",)])
def test_to_run_a_network_must_be_named(
    asked: Asked, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = asked(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("network: none given; say what to scan")
    assert everything_below(tmp_path) == set()


def test_every_problem_is_told_at_once_and_nothing_is_written(asked: Asked, tmp_path: Path) -> None:
    bad = ("--network=nonsense", "--scan-interval=never", "--statsd-port=99999")
    done = asked("run", *bad)
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "--network",
        "--scan-interval",
        "--statsd-port",
    ]
    assert everything_below(tmp_path) == set()


def test_the_predecessor_s_name_brings_its_defaults(asked: Asked) -> None:
    done = asked("check-config", program=cli.PREDECESSOR)
    assert (done.returncode, done.stderr) == (0, "")
    assert "10.1.0.0/22" in done.stdout
    done = asked("--help", program=cli.PREDECESSOR)
    assert done.stdout.startswith("usage: mother-of-dragons")
    assert "no network yet" in asked("check-config").stdout


def test_the_predecessor_s_sample_account_is_refused_by_name(asked: Asked) -> None:
    pools = '[{"url": "stratum+tcp://pool:3333", "username": "brndnmtthws", "password": "x"}]'
    done = asked("check-config", f"--pools={pools}", program=cli.PREDECESSOR)
    assert done.returncode == 2
    assert "brndnmtthws" in done.stderr


def test_a_good_configuration_is_called_fine(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('network = ["10.1.0.0/22"]\n')
    done = asked("check-config", "-c", "m.toml")
    assert (done.returncode, done.stdout) == (0, "m.toml is fine (10.1.0.0/22).\n")


def test_a_bad_file_is_told_by_key_with_the_nearest_one(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('networks = ["10.1.0.0/22"]\nscan_timeout = "soon"\n')
    done = asked("check-config", "-c", "m.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean network?" in done.stderr
    assert "scan_timeout" in done.stderr
    assert everything_below(tmp_path) == {"m.toml"}


def test_no_secret_of_a_bad_file_is_told(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'network = "x"\n[[credentials]]\nusername = "admin"\npassword = "hush-hush"\nmore = 1\n'
    )
    done = asked("check-config", "-c", "m.toml")
    assert done.returncode == 2
    assert "credentials" in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["toml", "json"])
@pytest.mark.parametrize("words", [(), ("scan",)])
def test_the_printed_file_loads_again(
    asked: Asked, tmp_path: Path, words: tuple[str, ...], kind: str
) -> None:
    printed = asked(*words, f"--print-config-{kind}")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "statsd_prefix" in printed.stdout
    (tmp_path / f"m.{kind}").write_text(printed.stdout)
    done = asked("check-config", "-c", f"m.{kind}")
    assert (done.returncode, done.stderr) == (0, "")


def test_flag_beats_environment_beats_file(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('network = ["10.3.0.0/24"]\n')
    env = {"MOTHER_CONFIG": "m.toml", "MOTHER_NETWORK": "10.2.0.0/24"}
    flag = ("--network=10.1.0.0/24",)
    assert "(10.1.0.0/24)" in asked("check-config", *flag, **env).stdout
    assert "(10.2.0.0/24)" in asked("check-config", **env).stdout
    del env["MOTHER_NETWORK"]
    assert "(10.3.0.0/24)" in asked("check-config", **env).stdout


@pytest.mark.parametrize(
    "words", [("--help",), ("check-config",), ("simulate", "--network=127.81.11.0/28")]
)
def test_a_reader_that_has_left_is_no_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    nobody, out = os.pipe()
    os.close(nobody)
    port = (f"--port={free_port()}",) if "simulate" in words else ()
    done = subprocess.run(
        [*MOTHER, *words, *port],
        cwd=tmp_path,
        env=environment(),
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=20,
        check=False,
    )
    os.close(out)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_our_letters_gets_others(tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    with farm(tmp_path, "127.81.2.0/28", "--miners=1") as one:
        done = mother("scan", *one.where, cwd=tmp_path, env=env)
    assert done.returncode == 0
    assert "dragon-" in done.stdout


# simulate


def test_simulate_prints_a_line_per_miner_and_then_ready(tmp_path: Path) -> None:
    port = free_port()
    words = ("--miners=3", "--network=127.81.3.0/28", f"--port={port}", "--fault=hang")
    with Running(*MOTHER, "simulate", *words, cwd=tmp_path) as process:
        process.said("^ready$")
        *lines, ready = process.out.splitlines()
        assert (len(lines), ready) == (3, "ready")
        assert [line.split()[0] for line in lines] == [f"127.81.3.{n}:{port}" for n in (1, 2, 3)]
        assert sorted(line.split()[-1] for line in lines) == ["hang", "none", "none"]
        assert process.end() == 0
        assert process.log == ""


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--miners=0", "--miners 0: at least 1"),
        ("--network=10.0.0.0/8", "--network 10.0.0.0/8 is not loopback"),
        ("--fault=tired", "--fault tired: the kinds are"),
        ("--speed=0", "--speed 0: a number above 0"),
        ("--port=0", "--port 0: choose a port"),
    ],
)
def test_a_farm_that_cannot_be_is_refused_with_the_option_named(
    asked: Asked, option: str, line: str
) -> None:
    done = asked("simulate", option)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--for=0", "--for=nan", "--miners=0", "--speed=0"])
def test_a_demo_that_cannot_be_is_refused_with_the_option_named(asked: Asked, option: str) -> None:
    done = asked("demo", option)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(option.replace("=", " "))


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.81.4.1", 0))
        other.listen()
        port = other.getsockname()[1]
        words = ("--miners=1", "--network=127.81.4.0/28", f"--port={port}")
        done = mother("simulate", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"127.81.4.1:{port} is taken: choose another --port\n"


# commands for the daemon


@pytest.mark.parametrize("command", FREE)
def test_without_a_daemon_a_command_says_where_it_looked(asked: Asked, command: str) -> None:
    done = asked(command, *FREE[command])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no daemon listens on mother.sock")
    assert done.stderr.count("\n") == 1


def test_to_plan_without_a_daemon_a_network_must_be_named(asked: Asked) -> None:
    done = asked("plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert "network: none given; say what to scan" in done.stderr


def test_without_a_daemon_the_plan_comes_of_one_scan_and_nothing_is_written(tmp_path: Path) -> None:
    with farm(tmp_path, "127.81.10.0/28", "--miners=3") as one:
        wish = "--dragon-autotune-mode=efficient"
        done = mother("plan", "--json", *one.where, wish, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        plan = json.loads(done.stdout)
        assert {item["setting"] for item in plan["items"]} == {"profile"}
        assert plan["miners"] == plan["restarts"] == 3
        worker = plan["items"][0]["worker"]
        done = mother("plan", worker, *one.where, wish, cwd=tmp_path)
        assert done.returncode == 3
        assert "1 change on 1 miner; it restarts." in done.stdout
        done = mother("plan", *one.where, cwd=tmp_path)
        assert done.returncode == 0
        assert done.stdout.startswith("Nothing to do")
        assert one.writes == []
    assert everything_below(tmp_path) == {"farm.out", "farm.err"}
