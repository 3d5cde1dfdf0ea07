"""Between a daemon and its statsd: what goes by, and what Graphite must make of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from .dashboards import SUFFIXES


class Relay:
    """A UDP port that hands every datagram on to another and keeps its lines."""

    def __init__(self, onward: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._onward = ("127.0.0.1", onward)
        self._open = True
        self._thread = threading.Thread(target=self._carry, name="relay")
        self.lines: list[str] = []
        self.longest = 0
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()

    def _carry(self) -> None:
        while self._open:
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                continue
            self._socket.sendto(datagram, self._onward)
            self.longest = max(self.longest, len(datagram))
            self.lines += datagram.decode("ascii").split("\n")


@dataclass
class Expected:
    """What lines must be found as: plain series, and per tagged name the tags of its series."""

    plain: set[str] = field(default_factory=set)
    tagged: dict[str, set[frozenset[tuple[str, str]]]] = field(default_factory=dict)


def expected(lines: Iterable[str]) -> Expected:
    """The series that statsd and Graphite must make of these lines."""
    found = Expected()
    for line in set(lines):
        told, _, tags = line.partition("|#")
        name, _, rest = told.partition(":")
        place, suffixes = SUFFIXES[rest.split("|")[1]]
        series = {f"stats.{place}.{name}{suffix}" for suffix in suffixes}
        if not tags:
            found.plain |= series
            continue
        pairs = (tag.partition(":") for tag in tags.split(","))
        kept = frozenset((tag, value) for tag, _, value in pairs)
        for one in series:
            found.tagged.setdefault(one, set()).add(kept)
    return found
