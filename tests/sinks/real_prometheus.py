"""The Prometheus that operators run, started on loopback for one test, and its promtool."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

REQUIRED = os.environ.get("MOTHER_REQUIRE_REAL_PARTS") == "1"
PATIENCE = 20.0
"""Seconds; the first scrape comes only about six after the start."""

JOB = "mother"


def program(name: str) -> str:
    """Where `prometheus` or `promtool` is; the test is skipped where it is not installed.

    With MOTHER_REQUIRE_REAL_PARTS=1 it fails instead.
    """
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed (Debian: apt-get install prometheus)"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def complaints(exposition: str) -> str:
    """What `promtool check metrics` has to say of an exposition; empty where all is well."""
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=exposition,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()
    return said or ("" if done.returncode == 0 else f"exit code {done.returncode}")


class RealPrometheus:
    """A Prometheus that scrapes `targets` (`127.0.0.1:9151`) every second.

    `rules` are files of rules, given as their texts.
    """

    def __init__(
        self, scratch: Path, *targets: str, rules: Mapping[str, str] | None = None
    ) -> None:
        self._folder = scratch / "prometheus"
        self._folder.mkdir()
        for name, text in (rules or {}).items():
            (self._folder / name).write_text(text)
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": sorted(rules or {}),
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": targets}]}],
        }
        (self._folder / "prometheus.yml").write_text(json.dumps(config))  # YAML knows JSON
        self._output = self._folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RealPrometheus:
        """Returns when it answers."""
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    program("prometheus"),
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        self._until(self._is_ready, "it is not ready")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def __enter__(self) -> RealPrometheus:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def query(self, query: str) -> list[dict[str, Any]]:
        """The vector that a query gives now: `metric` (labels) and `value` of each."""
        result: list[dict[str, Any]] = self._api("query", query=query)["result"]
        return result

    def query_range(self, query: str, seconds: float, step: float = 1.0) -> list[dict[str, Any]]:
        """The matrix of the last so many seconds: `metric` and `values` of each series."""
        now = time.time()
        answer = self._api("query_range", query=query, start=now - seconds, end=now, step=step)
        result: list[dict[str, Any]] = answer["result"]
        return result

    def targets(self) -> list[dict[str, Any]]:
        """What it scrapes: `health` (`up`) and `lastError` of each."""
        found: list[dict[str, Any]] = self._api("targets")["activeTargets"]
        return found

    def label_values(self, label: str) -> list[str]:
        """All values of a label; of `__name__`, all names."""
        found: list[str] = self._api(f"label/{label}/values")
        return found

    def scraped(self) -> None:
        """Return when every target was scraped well."""

        def all_up() -> bool:
            found = self.targets()
            return bool(found) and all(target["health"] == "up" for target in found)

        self._until(all_up, "its targets are not up")

    def eventually(self, query: str, patience: float = PATIENCE) -> list[dict[str, Any]]:
        """What the query gives as soon as it gives something."""
        found: list[dict[str, Any]] = []

        def answers() -> bool:
            found[:] = self.query(query)
            return bool(found)

        self._until(answers, f"nothing for {query}", patience)
        return found

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2):
                return True
        except (URLError, OSError):
            assert self._process is not None
            assert self._process.poll() is None, self._output.read_text()
            return False

    def _api(self, call: str, **arguments: Any) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/v1/{call}?{urlencode(arguments)}"
        try:
            with urlopen(address, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except URLError as error:
            why = error.read().decode() if hasattr(error, "read") else ""
            raise AssertionError(f"{arguments or call}: {error} {why}") from None

    def _until(self, holds: Any, what: str, patience: float = PATIENCE) -> None:
        ends = time.monotonic() + patience
        while not holds():
            if time.monotonic() > ends:
                raise AssertionError(
                    f"{what}; {self.targets()}; {self._output.read_text()[-2000:]}"
                )
            time.sleep(0.1)
