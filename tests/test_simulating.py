"""`mother simulate` with a mix of families, as a process of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.sim.asking import answer
from tests.terminal.processes import MOTHER, Running, environment, free_port, mother

PORT_MOST = 28_000
"""So low that what the trade has on 4433 fits above it."""


def web_port() -> int:
    """A port for web pages; addresses of our own keep the others free."""
    return 10_000 + free_port() % PORT_MOST


def test_a_mixed_farm_is_printed_with_the_command_that_minds_it(tmp_path: Path) -> None:
    port = web_port()
    words = ("--mix=antminer=2,axeos=1,dragonmint=1", "--network=127.86.40.0/28")
    with Running(*MOTHER, "simulate", *words, f"--port={port}", cwd=tmp_path) as process:
        process.said("^ready$")
        *miners, command, _ = process.out.splitlines()
        both = f"{port},{port + 4028 - 80}"
        assert [line.split()[:2] for line in miners] == [
            [f"127.86.40.1:{both}", "antminer"],
            [f"127.86.40.2:{both}", "antminer"],
            [f"127.86.40.3:{port}", "axeos"],
            [f"127.86.40.4:{port}", "dragonmint"],
        ]
        assert re.fullmatch(
            rf"\S*(mother|__main__.py) run --network 127.86.40.0/28 --port-offset {port - 80}",
            command,
        )
        for host in (1, 3, 4):
            assert answer(f"127.86.40.{host}", port).startswith(b"HTTP/1.1 ")
        assert process.end() == 0
        assert process.log == ""


def test_the_daemon_finds_the_farm_by_the_printed_options(tmp_path: Path) -> None:
    port = web_port()
    words = ("--mix=dragonmint=2", "--network=127.86.41.0/28", f"--port={port}")
    with Running(*MOTHER, "simulate", *words, cwd=tmp_path) as process:
        process.said("^ready$")
        [printed] = [line for line in process.out.splitlines() if " run " in line]
        found = mother("scan", *printed.partition(" run ")[2].split(), cwd=tmp_path)
        assert "2 miners" in found.stdout


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (
            "--mix=antmner=3",
            "--mix: 'antmner' is no family that can be simulated; did you mean antminer?\n",
        ),
        (
            "--mix=whatsminer=3 --port=60081",
            "--port 60081: choose a port from 80 to 60080, such as 8080\n",
        ),
    ],
)
def test_a_mix_that_cannot_be_is_one_line_and_ends_with_2(
    tmp_path: Path, word: str, line: str
) -> None:
    done = mother("simulate", *word.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_too_few_open_files_are_told_before_anything_is_started(tmp_path: Path) -> None:
    words = "simulate --mix=antminer=400 --network=127.86.42.0/23"
    done = subprocess.run(
        ["sh", "-c", f'ulimit -n 500; exec "$0" -m mother {words}', MOTHER[0]],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "--mix: 400 miners need 1,300 open files, and this process may have 500: simulate fewer, "
        "or raise the limit (ulimit -n 1300; LimitNOFILE= of a systemd unit)\n"
    )


def test_a_demo_knows_no_mix(tmp_path: Path) -> None:
    done = mother("demo", "--mix=antminer=3", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith("unrecognized arguments: --mix=antminer=3\n")
