"""One simulated Avalon under a clock of its own, asked in memory on 4028."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from twisted.internet.testing import MemoryReactorClock

import mother.sim.avalon
from mother.sim.avalon import server
from mother.sim.avalon.state import Avalon

NOW = 1_753_431_291.0
MAC = "b4:a2:eb:3f:5a:12"
REPLIES = Path(mother.sim.avalon.__file__).parent / "replies"
FIELD = re.compile(r"([A-Za-z0-9_ ]+?)\[([^\]]*)\]")


def recording(name: str) -> dict[str, Any]:
    """A recorded answer."""
    answer: dict[str, Any] = json.loads((REPLIES / f"{name}.json").read_text("utf-8"))
    return answer


def fields(block: str) -> dict[str, str]:
    """The fields of a block of text."""
    return {name.strip(): value for name, value in FIELD.findall(block)}


class Connection:
    """A TCP connection in memory."""

    def __init__(self) -> None:
        self.came = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.came += data

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.closed = True


class Wire:
    """The device and its client; `changes` counts how often it said that it had changed."""

    def __init__(self, model: str = "A1246", **settings: Any) -> None:
        self.clock = MemoryReactorClock()
        self.clock.advance(NOW)
        self.avalon = Avalon(
            "127.77.0.1", MAC, self.clock.seconds, model=model, server=server, **settings
        )
        self.avalon.mute_softon = False
        self.changes = 0
        self.avalon.changed = self._changed

    @property
    def services(self) -> dict[int, Any]:
        """What listens now."""
        return dict(self.avalon.services(cast(Any, self.clock)))

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    def connect(self) -> tuple[Any, Connection] | None:
        """A connection, or None where it is refused."""
        talk = self.services[4028].buildProtocol(None)
        if talk is None:
            return None
        connection = Connection()
        talk.makeConnection(connection)
        return talk, connection

    def raw(self, request: bytes) -> bytes:
        """What 4028 answers; empty when it is shut."""
        if 4028 not in self.services:
            return b""
        connected = self.connect()
        assert connected is not None
        talk, connection = connected
        talk.dataReceived(request)
        self.wait(0.1)
        assert connection.closed
        talk.connectionLost()
        return connection.came

    def rpc(self, command: str, parameter: str | None = None) -> Any:
        """The same, decoded."""
        asked = {"command": command} | ({} if parameter is None else {"parameter": parameter})
        return json.loads(self.raw(json.dumps(asked).encode())[:-1])

    def set(self, parameter: str) -> dict[str, Any]:
        """The status that `ascset` answers; the half second after it has gone by."""
        [status] = self.rpc("ascset", parameter)["STATUS"]
        self.wait(1.0)
        return cast(dict[str, Any], status)

    def fields(self) -> dict[str, str]:
        """The fields of the device."""
        first = self.rpc("litestats")["STATS"][0]
        return fields(first[self.avalon.kind.summary_key])

    def _changed(self) -> None:
        self.changes += 1
