"""A process ends within seconds of its signal, whatever hangs, and begins without its streams."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.terminal.processes import MOTHER, Running, environment

WORDS = ("run", "--network=127.81.70.0/30", "--dragon-port=9")

BLOCKED = """
import sys, time
from mother.cli import main
from mother.jobs.scan import Scan

async def run(self):
    print("blocked", flush=True)
    time.sleep(60)

Scan.run = run
sys.exit(main())
"""
"""mother with a scan that blocks its reactor."""


def test_a_blocked_reactor_is_cut_off_in_time(tmp_path: Path) -> None:
    script = tmp_path / "blocked.py"
    script.write_text(BLOCKED)
    with Running(sys.executable, str(script), *WORDS, cwd=tmp_path) as process:
        process.said("^blocked")
        assert process.end(signal.SIGTERM, seconds=5.5) == 1
        assert "did not end in time and is cut off" in process.log


def test_an_error_stream_that_takes_nothing_delays_no_end(tmp_path: Path) -> None:
    script = tmp_path / "blocked.py"
    script.write_text(BLOCKED)
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [sys.executable, str(script), *WORDS],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=writer,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"blocked\n"
        os.set_blocking(writer, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, b"x")
        os.set_blocking(writer, True)
        began = time.monotonic()
        process.terminate()
        assert process.wait(8) == 1
        assert time.monotonic() - began < 5.5
    finally:
        process.kill()
        process.wait(10)
        os.close(reader)
        os.close(writer)


def test_it_runs_without_an_error_stream(tmp_path: Path) -> None:
    command = " ".join((*MOTHER, *WORDS))
    with Running("/bin/sh", "-c", f"exec {command} 2>&- 1>&-", cwd=tmp_path) as process:
        end = time.monotonic() + 15
        while not (tmp_path / "mother.sock").exists() and time.monotonic() < end:
            assert not process.ended
            time.sleep(0.05)
        assert process.end() == 0


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-"])
def test_a_command_runs_without_a_stream(tmp_path: Path, closed: str) -> None:
    command = " ".join((*MOTHER, "check-config", "--network=127.81.70.0/30"))
    result = subprocess.run(
        ["/bin/sh", "-c", f"exec {command} {closed}"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
