"""Real processes for tests: `python -m mother ...`, each ended by its pid within bounds."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

ROOT = Path(__file__).parent.parent.parent
WITNESS = Path(__file__).with_name("witness.py")
MOTHER = (sys.executable, "-m", "mother")
PREDECESSOR = (
    sys.executable,
    "-c",
    "import sys; from mother.cli import main_as_mother_of_dragons as m; sys.exit(m())",
)

BAD_WORDS = ("Traceback", "Unhandled", "did not stop in time", "failed to stop", "cut off")

DEAD_BOARD = ("--miners=3", "--fault=dead-board", "--speed=10")
"""A farm that takes the order to reboot in a moment, and is away for some seconds then."""

T = TypeVar("T")


def assert_clean(log: str) -> None:
    """Nothing in the log was unforeseen."""
    assert [line for line in log.splitlines() if any(word in line for word in BAD_WORDS)] == []


def lines_with(log: str, word: str) -> list[str]:
    return [line for line in log.splitlines() if word in line]


def state_of(folder: Path) -> dict[str, Any]:
    """The memory file, decoded: it is whole at any moment."""
    content: dict[str, Any] = json.loads((folder / "mother-state.json").read_text())
    return content


def environment(**more: str) -> dict[str, str]:
    """Ours without what would steer the program."""
    ours = ("MOTHER_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return {**plain, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}


def mother(
    *words: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    program: tuple[str, ...] = MOTHER,
    seconds: float = 20,
) -> subprocess.CompletedProcess[str]:
    """Run to the end; TimeoutExpired, and killed, after so many seconds."""
    return subprocess.run(
        [*program, *words],
        cwd=cwd,
        env=environment(**(env or {})),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(found: Callable[[], T | None], seconds: float, what: Callable[[], str]) -> T:
    """Ask again and again until something is found; fails with `what()` after so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(what())


class Running:
    """A process with its output in files; `with` it, and it is gone afterwards."""

    def __init__(
        self,
        *command: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        name: str = "process",
    ) -> None:
        self._out, self._err = cwd / f"{name}.out", cwd / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment(**(env or {})),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        assert self._process.stdin is not None
        self._process.stdin.close()

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._out.read_text(errors="replace")

    @property
    def log(self) -> str:
        """Standard error so far."""
        return self._err.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self, pattern: str, seconds: float = 15, times: int = 1) -> str:
        """Wait until a line of the output matches; the last such line."""

        def look() -> str | None:
            lines = [one for one in (self.out + self.log).splitlines() if re.search(pattern, one)]
            if len(lines) < times:
                assert not self.ended, f"ended without {pattern!r}:\n{self.out}{self.log}"
                return None
            return lines[-1]

        return until(look, seconds, lambda: f"nothing like {pattern!r} in\n{self.out}{self.log}")

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self, number: int = signal.SIGTERM, seconds: float = 5) -> int:
        """Send the signal and wait; its exit code. Fails when it takes longer."""
        if not self.ended:
            self._process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there after {seconds} s:\n{self.log}") from None


def daemon(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Running:
    """`mother run` with these options, quick loops unless said otherwise."""
    quick = ("--statsd-interval=1", "--dragon-health-check-interval=1", "--scan-interval=1")
    return Running(*MOTHER, "run", *quick, *words, cwd=cwd, env=env, name="daemon")


@contextmanager
def farm(cwd: Path, network: str, *words: str) -> Iterator[Farm]:
    """A simulated farm that tells what is written to it."""
    port = free_port()
    network_words = (f"--network={network}", f"--port={port}")
    with Running(
        sys.executable, str(WITNESS), *network_words, *words, cwd=cwd, name="farm"
    ) as process:
        process.said("^ready")
        yield Farm(process, network, port)


class Farm:
    """A farm that is served: `where` are the daemon's options to find it."""

    def __init__(self, process: Running, network: str, port: int) -> None:
        self.process = process
        self.port = port
        self.where = (f"--network={network}", f"--dragon-port={port}")

    @property
    def writes(self) -> list[str]:
        """Calls that changed something, as `write HOST PATH`."""
        return [line for line in self.process.out.splitlines() if line.startswith("write ")]

    def set_fault(self, host: str, fault: str) -> None:
        self.process.tell(f"{host} {fault}")
        self.process.said(f"^{host} has {fault}$")


class Statsd:
    """A UDP socket that gathers what is sent to it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._lines: list[str] = []
        self.port = int(self._socket.getsockname()[1])
        self.options = ("--statsd-host=127.0.0.1", f"--statsd-port={self.port}")

    def __enter__(self) -> Statsd:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def lines(self) -> list[str]:
        while True:
            try:
                self._lines += self._socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return self._lines

    def got(self, pattern: str, seconds: float = 10) -> str:
        """Wait for a line that matches, and return it."""
        return until(
            lambda: next((line for line in self.lines if re.search(pattern, line)), None),
            seconds,
            lambda: f"nothing like {pattern!r} among {len(self._lines)} lines",
        )
