"""A simulated farm and the daemon that minds it, as two processes of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from msgspec import json

from benchmarks.configuring_setup import Options, Setup, plain, wishes_of, write_config
from benchmarks.process import ENVIRONMENT, ROOT
from mother.control.client import Denied, NoDaemon, ask
from mother.sim.plan import FarmPlan

Facts = dict[str, Any]
PATIENCE = 60.0
"""So many real seconds the farm or the daemon may be silent."""

LOOK_EVERY = 0.5


class Failed(Exception):
    """The scenario cannot go on; the text says what did not happen."""


class Site:
    """A farm that is up for as long as the `with` block lasts; the daemon comes and goes."""

    def __init__(
        self, folder: Path, plan: FarmPlan, speed: float, options: Options, **more: Any
    ) -> None:
        self.folder = folder
        self.speed = speed
        self.epoch = time.time()
        self.log = folder / "daemon.log"
        self.config = folder / "config.toml"
        self._setup = Setup(plan, speed, self.epoch, wishes_of(plan, options), **more)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._farm: subprocess.Popen[str] | None = None
        write_config(self.config, folder, speed, options)

    def __enter__(self) -> Site:
        file = self.folder / "farm.json"
        file.write_bytes(json.encode(plain(self._setup)))
        with (self.folder / "farm.log").open("wb") as errors:
            self._farm = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.configuring_farm", str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=ENVIRONMENT,
            )
        if self._answer().strip() != "ready":
            raise Failed(f"the farm did not start: {(self.folder / 'farm.log').read_text()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._daemon is not None:
            self.end_daemon()
        if self._farm is not None:
            self._farm.communicate()

    # the farm

    def tell(self, words: str) -> Facts:
        """Ask the farm process one thing; its answer."""
        assert self._farm is not None
        assert self._farm.stdin is not None
        self._farm.stdin.write(words + "\n")
        self._farm.stdin.flush()
        line = self._answer()
        if words == "facts":
            (self.folder / "facts.json").write_text(line)
        answer: Facts = json.decode(line)
        return answer

    def _answer(self) -> str:
        assert self._farm is not None
        assert self._farm.stdout is not None
        line = self._farm.stdout.readline()
        if not line:
            raise Failed(f"the farm ended: {(self.folder / 'farm.log').read_text()[-2000:]}")
        return line

    def until(self, enough: Callable[[Facts], bool], seconds: float, what: str) -> Facts:
        """Wait for so many of the farm's seconds until what the farm sees is enough."""
        look = self.tell("look")
        ends = look["at"] + seconds
        while not enough(look):
            if look["at"] > ends:
                raise Failed(f"after {seconds:.0f} s of its time the farm had not: {what} ({look})")
            self._check_daemon()
            time.sleep(LOOK_EVERY)
            look = self.tell("look")
        return look

    def during(self, seconds: float) -> tuple[Facts, Facts]:
        """What the farm saw before and after so many of its seconds."""
        before = self.tell("look")
        return before, self.until(
            lambda look: bool(look["at"] >= before["at"] + seconds), seconds + 60, "go on"
        )

    # the daemon

    def start_daemon(self) -> None:
        """Start it, over the state that is there."""
        words = [
            "benchmarks.configuring_daemon",
            str(self.config),
            f"{self.speed}",
            f"{self.epoch}",
        ]
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-m", *words], stdout=log, stderr=log, cwd=ROOT, env=ENVIRONMENT
            )

    def kill_daemon(self) -> None:
        """SIGKILL: it writes nothing more."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()
        shutil.copy(self.folder / "state.json", self.folder / "state-when-killed.json")

    def end_daemon(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough."""
        assert self._daemon is not None
        self._daemon.terminate()
        try:
            self._daemon.wait(10)
        except subprocess.TimeoutExpired:
            self.kill_daemon()

    def ask(self, call: str, body: Mapping[str, Any] | None = None) -> Facts:
        """One call over the control socket; waits while the daemon starts."""
        ends = time.monotonic() + PATIENCE
        while True:
            self._check_daemon()
            try:
                return ask(self.folder / "mother.sock", call, body, PATIENCE)
            except NoDaemon as error:
                if time.monotonic() > ends:
                    raise Failed(str(error)) from error
                time.sleep(0.1)
            except Denied as error:
                raise Failed(f"{call} was refused: {error}") from error

    def until_progress(self, enough: Callable[[Facts], bool], seconds: float, what: str) -> Facts:
        """Wait for so many of the farm's seconds until the daemon says enough."""
        progress = self.ask("progress")
        ends = self.tell("look")["at"] + seconds
        while not enough(progress):
            if self.tell("look")["at"] > ends:
                told = {name: value for name, value in progress.items() if name != "news"}
                raise Failed(
                    f"after {seconds:.0f} s of its time the daemon had not: {what} ({told})"
                )
            time.sleep(LOOK_EVERY)
            progress = self.ask("progress")
        return progress

    def _check_daemon(self) -> None:
        if self._daemon is not None and self._daemon.poll() is not None:
            raise Failed(f"the daemon ended by itself: {self.log.read_text()[-2000:]}")

    def logged(self, level: str) -> list[str]:
        """The lines of the daemon's log at this level."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if line[24:].lstrip().startswith(level)]

    def tracebacks(self) -> int:
        """How many exceptions the log tells."""
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")
