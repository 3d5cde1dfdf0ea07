"""The demo as a person sees it: on a terminal, in a log, and when it is interrupted."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.terminal.processes import MOTHER, Running, environment, mother, until
from tests.terminal.screen import Painted

COLUMNS, LINES = 80, 24
FAMILIES = ("antminer", "whatsminer", "avalon", "axeos", "dragon")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("mother-demo-")]


class OnTerminal:
    """A process with a terminal of 80 x 24; `shown` is what a person sees now."""

    def __init__(self, *command: str, cwd: Path) -> None:
        self._main, other = pty.openpty()
        ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(TMPDIR=str(cwd)),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.painted = Painted(COLUMNS, LINES)

    def __enter__(self) -> OnTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        os.close(self._main)

    def look(self) -> list[str]:
        """The lines on the screen now."""
        while select.select([self._main], [], [], 0.05)[0]:
            try:
                self.painted.feed(os.read(self._main, 65536))
            except OSError:
                break
        return self.painted.lines

    def shows(self, pattern: str, seconds: float) -> list[str]:
        """Wait until a line matches; the whole screen then."""

        def seen() -> list[str] | None:
            lines = self.look()
            return lines if any(re.search(pattern, line) for line in lines) else None

        return until(seen, seconds, lambda: f"no {pattern!r} on\n" + "\n".join(self.look()))

    def end(self, number: int, seconds: float = 5) -> int:
        self._process.send_signal(number)
        end = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < end:
            self.look()
        assert self._process.poll() is not None, f"still there after {seconds} s"
        self.look()
        return int(self._process.returncode)


def test_the_live_table_fits_the_terminal_and_tells_the_story(tmp_path: Path) -> None:
    words = ("demo", "--network=127.81.40.0/24", "--speed=120")
    with OnTerminal(*MOTHER, *words, cwd=tmp_path) as terminal:
        shown = terminal.shows("24 hashing", 30)
        assert shown[0].startswith("24 miners  ")
        assert re.search(r" of [\d.]+\sPH/s ", shown[0])
        assert shown[3].split()[:4] == ["Worker", "Address", "Type", "State"]
        assert re.match(r"antminer-97[0-9a-f]+…? +127\.81\.40\.\S+ +S\S+ .* hashing +\d", shown[5])
        shown = terminal.shows("was rebooted. Board [012] dead", 60)  # or in a later turn of it
        assert any(line.startswith("Lately") for line in shown)
        shown = terminal.shows("has started again", 60)
        assert sum(line.startswith("Worker") for line in shown) == 1
        assert terminal.end(signal.SIGINT) == 0
        assert sum(line.startswith("Worker") for line in terminal.look()) == 1
        assert "Traceback" not in "\n".join(terminal.look())
    assert terminal.painted.widest <= COLUMNS
    assert terminal.painted.cursor_shown
    assert leftovers(tmp_path) == []


def test_in_plain_mode_faults_an_illness_a_reboot_and_its_confirmation_are_told(
    tmp_path: Path,
) -> None:
    words = ("demo", "--network=127.81.41.0/24", "--speed=300", "--for=6", "--plain")
    done = mother(*words, cwd=tmp_path, env={"TMPDIR": str(tmp_path)}, seconds=20)
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "minds 127.81.41.1-127.81.41.24: 24 addresses",
        "Scanned 24 addresses",
        r"got its pools; pools\[0\]: \(none\) -> stratum",
        "2 of 2 of wave 1 hash",
        r"is ill: Board [012] dead for",
        r"was rebooted\. Board [012] dead",
        r"has started again, .* after our reboot",
        "is hot: board",
        "is gone",
        *(rf"{family}-[0-9a-f]{{8}} found at" for family in FAMILIES),
    ):
        assert re.search(told, done.stdout), f"{told} is not in\n{done.stdout}"
    assert "nobody is rebooted" not in done.stdout
    assert "Traceback" not in done.stdout
    assert leftovers(tmp_path) == []


def test_so_many_miners_as_named_are_minded(tmp_path: Path) -> None:
    words = ("demo", "--network=127.81.42.0/28", "--miners=3", "--for=2")
    done = mother(*words, cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0
    assert done.stdout.count("found at") == 3
    assert "3 miners answer, 3 known" in done.stdout
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_plain_demo_cleanly(tmp_path: Path, number: int) -> None:
    words = ("demo", "--network=127.81.43.0/28", "--miners=3", "--plain")
    env = {"TMPDIR": str(tmp_path)}
    with Running(*MOTHER, *words, cwd=tmp_path, env=env) as process:
        process.said("Scanned")
        assert process.end(number) == 0
        assert process.log == ""
        assert "did not stop" not in process.out
    assert leftovers(tmp_path) == []


def test_a_demo_whose_reader_has_left_ends(tmp_path: Path) -> None:
    words = ("demo", "--network=127.81.44.0/28", "--miners=3", "--plain", "--speed=300")
    process = subprocess.Popen(
        [*MOTHER, *words],
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert b"minds" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(15) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait(5)
        process.stderr.close()
    assert leftovers(tmp_path) == []


def test_a_demo_at_the_highest_speed_is_still_a_good_configuration(tmp_path: Path) -> None:
    words = ("demo", "--network=127.81.45.0/28", "--miners=2", "--speed=1000", "--for=1.5")
    done = mother(*words, cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "Traceback" not in done.stdout
