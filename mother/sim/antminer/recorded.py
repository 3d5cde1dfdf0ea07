"""The recorded and the hand-made answers, as data; copy before changing."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files("mother.sim.antminer") / "replies"


def _read(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return answer


VERSION = _read("version")
STATS = _read("stats")
SUMMARY = _read("summary")
POOLS = _read("pools")
DEVS = _read("devs")
SYSTEM_INFO = _read("system_info")

NEW_STATS = _read("handmade/new_stats")
NEW_SUMMARY = _read("handmade/new_summary")
NEW_POOLS = _read("handmade/new_pools")
MINER_CONF = _read("handmade/get_miner_conf")
MINER_TYPE = _read("handmade/miner_type")
NETWORK_INFO = _read("handmade/get_network_info")
OLD_SYSTEM_INFO = _read("handmade/old_system_info")
OLD_MINER_CONF = _read("handmade/old_miner_conf")
