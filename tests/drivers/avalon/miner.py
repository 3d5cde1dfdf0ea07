"""An Avalon that says what was recorded, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mother.core.model import Command, CommandKind, Credential
from mother.core.ports import Ports
from mother.drivers.avalon.driver import Avalon, AvalonDevice
from mother.net.http import Http
from mother.net.wire import Wire
from tests.drivers.cgminer.shelf import Said, Shelf, shelf
from tests.net.turning import reactor

RECORDINGS = Path(__file__).parents[2] / "recordings" / "avalon"
NOW = 1_760_000_000.0
MAC = "aa:bb:cc:dd:ee:ff"
NO_LOGIN = Credential("", "")


def recorded(name: str) -> dict[str, Any]:
    """The answer as it was recorded."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


def section(**parts: Any) -> dict[str, Any]:
    """An answer that says yes at the time that the recorded ones were given."""
    return {"STATUS": [{"STATUS": "S", "When": 1753432244, "Code": 1, "Msg": "ok"}], **parts}


Q: dict[str, Said] = {
    name: recorded(name) for name in ("version", "litestats", "stats", "summary", "pools", "check")
}
"""The Avalon Q, asleep."""

A: dict[str, Said] = {
    "version": section(
        VERSION=[
            {"PROD": "AvalonMiner 1246", "MODEL": "1246", "MAC": "b4a2eb3f0001"}
            | {"LVERSION": "21072802_4ec6bb0_211fc46", "DNA": "02010000cbd2fd6d"}
        ]
    ),
    "stats": recorded("avalon_a_stats"),
    "pools": recorded("pools"),
}
"""The A1246 at work; its `version` is hand-made (reference page, P), it knows no `litestats`."""

ASCSET_OK = recorded("ascset_workmode")


def wire_of(lines: Any, ports: Ports | None = None) -> Wire:
    """What the family is handed."""
    return Wire(
        http=Http(reactor),
        lines=lines,
        timeout=lambda: 2.0,
        ports=lambda: ports or Ports(),
        now=lambda: NOW,
    )


@asynccontextmanager
async def miner(
    said: dict[str, Said], **changes: Said
) -> AsyncIterator[tuple[Shelf, AvalonDevice]]:
    """A miner that says this, and the device of the family for it."""
    async with shelf({**said, **changes}) as (one, lines, address):
        yield one, Avalon(wire_of(lines)).device(address, NO_LOGIN)


def order(kind: CommandKind, **args: Any) -> Command:
    """A command for it."""
    return Command(
        id="1", key="1", actor="test", reason="", at=0.0, expires=1e12, device="x",
        kind=kind, args=args,
    )  # fmt: skip


def block_of(stats: dict[str, Any], **fields: str) -> dict[str, Any]:
    """The same answer with other values in its text block."""
    copy: dict[str, Any] = json.loads(json.dumps(stats))
    row = copy["STATS"][0]
    key = next(name for name in row if name.startswith("MM ID"))
    for name, value in fields.items():
        head, _, rest = row[key].partition(f" {name}[")
        assert rest, name
        row[key] = f"{head} {name}[{value}]{rest.partition(']')[2]}"
    return copy
