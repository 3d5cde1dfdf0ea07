"""Whose firmware this is that no driver of ours speaks to: by what an address shows to anybody.

The marks are those of the reference page: what `version` says on the cgminer port, realm and
text of the index page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mother.drivers.base import Traces


class Mark(Struct, frozen=True):
    """A firmware by name, and what shows it: words, upper case, in one of the places."""

    name: str
    version: tuple[str, ...] = ()
    page: tuple[bytes, ...] = ()
    realm: tuple[str, ...] = ()


EPIC = "ePIC PowerPlay"

MARKS: tuple[Mark, ...] = (
    Mark("Braiins OS", ("BOSMINER", "BOSER", "BOSMINER+"), (b"Braiins OS",)),
    Mark("LuxOS", ("LUXMINER",), (b"Luxor Firmware",)),
    Mark("VNish", ("VNISH",), (b"AnthillOS",)),
    Mark("Marathon firmware", ("KAONSU",)),
    Mark("Hiveon firmware", ("HIVEON",)),
    Mark("MSK firmware", ("RWGLR", "MSKMINER")),
    Mark("Auradine", ("GCMINER", "FLUXOS"), (b"Miner UI",)),
    Mark("Goldshell", ("INTCHAINS_QOMO", "KDAMINER", "BFGMINER"), (b"cloud-box",)),
    Mark(EPIC, (), (b"Miner Web Dashboard",)),
    Mark("Hammer or Volcminer", (), (), ("blackMiner",)),
    Mark("Elphapex", (), (), ("Daoge",)),
    Mark("Antminer with another firmware than Bitmain's", ("ANTMINER",), (), ("antMiner",)),
    Mark("Innosilicon with cgminer's API", ("INNOMINER",)),
)
"""In this order: what names another firmware comes before what names the machine."""


def foreign(traces: Traces) -> str:
    """What it is, as far as a mark tells; `a miner` for anything else that speaks cgminer's API.

    Empty where nothing says that it is a miner.
    """
    said = words(traces)
    for mark in MARKS:
        if any(word in said for word in mark.version):
            return mark.name
        if any(word in traces.page for word in mark.page):
            return mark.name
        if any(traces.realm.startswith(realm) for realm in mark.realm):
            return mark.name
    return "a miner" if traces.version else ""


def words(traces: Traces) -> str:
    """What it said to `version`, in upper case."""
    return json.dumps(_plain(traces.version)).upper() if traces.version else ""


def speaks_http(page: bytes) -> bool:
    """Whether the cgminer port of who has this page talks HTTP, so that JSON must not go there."""
    return next(mark for mark in MARKS if mark.name == EPIC).page[0] in page


def _plain(value: object, depth: int = 6) -> Any:
    """Only what JSON holds, and not deeper than anything real."""
    if depth and isinstance(value, Mapping):
        return {str(key): _plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list):
        return [_plain(item, depth - 1) for item in value[:64]]
    return value if isinstance(value, (str, int, float, bool)) else None
