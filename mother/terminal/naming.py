"""What a recording is called: by the maker and the model that the answers tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mother.terminal.interview import Heard
from mother.terminal.leaves import Literal, Pairs, loaded

MAKERS: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("braiins", (b"BOSminer", b"BOSer", b"Braiins OS")),
    ("luxos", (b"LUXminer", b"Luxor Firmware")),
    ("vnish", (b"AnthillOS", b"VNish")),
    ("whatsminer", (b"btminer", b"whatsminer", b"bitmicro")),
    ("avalon", (b"avalon",)),
    ("dragonmint", (b"<title>DragonMint</title>", b"<title>AsicMiner</title>", b"innominer")),
    ("axeos", (b"AxeOS", b"ASICModel")),
    ("epic", (b"Miner Web Dashboard",)),
    ("goldshell", (b"cloud-box", b"intchains_qomo")),
    ("antminer", (b"antMiner",)),
)
"""The first whose mark stands in an answer, whatever its case."""

MODEL_KEYS = (
    "deviceModel", "miner_type", "minertype", "PROD", "MODEL", "Model", "Miner Type", "type",
    "Type", "ASICModel",
)  # fmt: skip
"""Fields that tell a model, the most telling one first."""

LONGEST = 32
DEEPEST = 8


def folder_name(heard: Sequence[Heard], date: str) -> str:
    """`recording-whatsminer-M60S_VK40-2026-11-21`."""
    return f"recording-{maker_of(heard)}-{model_of(heard)}-{date}"


def maker_of(heard: Sequence[Heard]) -> str:
    """Whose firmware it is; `unknown` where no mark is known."""
    said = b"\n".join(one.body[:65536] + b"\n" + one.how.encode() for one in heard).lower()
    for name, marks in MAKERS:
        if any(mark.lower() in said for mark in marks):
            return name
    return "unknown"


def model_of(heard: Sequence[Heard]) -> str:
    """What the answers call the model; `unknown` where they do not."""
    found: dict[str, str] = {}
    for one in heard:
        text = one.body.decode("utf-8", "replace").rstrip("\0\r\n\t ")
        for key, value in _texts(loaded(text)):
            found.setdefault(key, value)
    for key in MODEL_KEYS:
        model = re.sub(r"[^A-Za-z0-9_+]+", "-", found.get(key, "")).strip("-")[:LONGEST]
        if model:
            return model
    return "unknown"


def _texts(value: Any, depth: int = DEEPEST) -> Iterator[tuple[str, str]]:
    if isinstance(value, Pairs) and depth:
        for key, item in value:
            if isinstance(item, str) and not isinstance(item, Literal):
                yield key, item
            else:
                yield from _texts(item, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:64]:
            yield from _texts(item, depth - 1)
