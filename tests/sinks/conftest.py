"""Receivers for metrics: a plain UDP socket, and a real statsd."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from .real_graphite import MEMORY, RealGraphite, missing
from .real_statsd import RealStatsd, install

REQUIRED = os.environ.get("MOTHER_REQUIRE_REAL_PARTS") == "1"


class Receiver:
    """A UDP socket on loopback; `lines()` is what came since the last call."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.05)
        self.port: int = self._socket.getsockname()[1]

    def datagrams(self) -> list[str]:
        came = []
        while True:
            try:
                came.append(self._socket.recv(65536).decode("ascii"))
            except TimeoutError:
                return came

    def lines(self) -> list[str]:
        return [line for datagram in self.datagrams() for line in datagram.split("\n")]

    def values(self) -> dict[str, str]:
        """Name to the last value with its kind, such as `16|g`."""
        return dict(line.split(":", 1) for line in self.lines())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    """Everything that is logged during the test."""
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def _lacking(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def statsd_folder() -> Path:
    """Where npm's statsd is installed; put there on demand, once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        _lacking("statsd itself is a node program: install nodejs and npm to test against it")
    try:
        return install()
    except (subprocess.SubprocessError, OSError) as error:
        _lacking(f"npm could not install statsd (set MOTHER_STATSD_DIR to where it is): {error}")
        raise


@pytest.fixture
def statsd(statsd_folder: Path, tmp_path: Path) -> Iterator[RealStatsd]:
    one = RealStatsd(statsd_folder, tmp_path)
    try:
        yield one.start()
    finally:
        one.stop()


GRAPHITE_FLUSH = 1.1
"""Seconds between two flushes of statsd to Graphite: never two in one of its points."""


@pytest.fixture(scope="module")
def graphite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGraphite]:
    """A Graphite for all tests of a module."""
    if reason := missing():
        _lacking(reason)
    memory = MEMORY if MEMORY.is_dir() else tmp_path_factory.getbasetemp()
    with TemporaryDirectory(prefix="mother-graphite-", dir=memory) as folder:
        one = RealGraphite(Path(folder))
        try:
            yield one.start()
        finally:
            one.stop()


@pytest.fixture(scope="module")
def statsd_to_graphite(
    statsd_folder: Path, tmp_path_factory: pytest.TempPathFactory, graphite: RealGraphite
) -> Iterator[RealStatsd]:
    """A statsd that hands on to `graphite`."""
    scratch = tmp_path_factory.mktemp("statsd")
    one = RealStatsd(statsd_folder, scratch, graphite.lines, GRAPHITE_FLUSH)
    try:
        yield one.start()
    finally:
        one.stop()
