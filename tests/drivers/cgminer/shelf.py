"""A host on loopback that answers commands from a table, one to a connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mother.core.model import Address
from mother.net.jsonline import Lines
from tests.net.talkers import Talker, house

INVALID = {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1}
DENIED = {"STATUS": [{"STATUS": "E", "Code": 45, "Msg": "Access denied to 'x' command"}], "id": 1}

Said = Mapping[str, Any] | bytes | None
"""An object, the very bytes, or None: it hangs up without a word."""


def good(**parts: Any) -> dict[str, Any]:
    """An answer that says yes."""
    return {"STATUS": [{"STATUS": "S", "Code": 11, "Msg": "ok"}], **parts, "id": 1}


class Shelf:
    """What is said to each command, and what was asked. Strange commands are invalid."""

    def __init__(self, said: Mapping[str, Said]) -> None:
        self.said = dict(said)
        self.asked: list[dict[str, Any]] = []
        self.change: Callable[[dict[str, Any]], None] = lambda request: None
        self.joined = False

    @property
    def commands(self) -> list[str]:
        """The commands asked so far, with their parameters where they had any."""
        return [
            one["command"] + (f"|{one['parameter']}" if "parameter" in one else "")
            for one in self.asked
        ]

    def answer(self, talker: Talker) -> None:
        """To one connection."""
        request = json.loads(talker.heard)
        self.asked.append(request)
        self.change(request)
        said = self._to(request["command"])
        if said is not None:
            talker.say(said)
        talker.leave()

    def _to(self, command: str) -> bytes | None:
        parts = command.split("+")
        if len(parts) > 1 and self.joined:
            whole = {one: [self.said.get(one, INVALID)] for one in parts}
            return json.dumps({**whole, "id": 1}).encode() + b"\0"
        said = self.said.get(command, INVALID)
        return said if said is None or isinstance(said, bytes) else json.dumps(said).encode()


@asynccontextmanager
async def shelf(said: Mapping[str, Said]) -> AsyncIterator[tuple[Shelf, Lines, Address]]:
    """Such a host, and a client to ask it with."""
    one = Shelf(said)
    async with house(one.answer) as (_, lines, address):
        yield one, lines, address
