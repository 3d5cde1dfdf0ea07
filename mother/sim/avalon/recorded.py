"""The recorded and the hand-made answers, as data; copy before changing."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files("mother.sim.avalon") / "replies"


def _read(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return answer


VERSION = _read("version")
SUMMARY = _read("summary")
STATS = _read("stats")
LITESTATS = _read("litestats")
DEVS = _read("devs")
POOLS = _read("pools")
DEVDETAILS = _read("devdetails")
CONFIG = _read("config")
COIN = _read("coin")
CHECK = _read("check")
A_STATS = _read("avalon_a_stats")
A_VERSION = _read("handmade/avalon_a_version")

HELP: str = _read("ascset_help")["STATUS"][0]["Msg"]
"""`ASC 0 set info: help|voltage|...|`"""
