"""The recorded and the hand-made answers, as data; copy before changing."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files("mother.sim.whatsminer") / "replies"


def _read(part: str, *names: str) -> dict[str, Any]:
    folder = _FOLDER / part
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names}


V2: dict[str, Any] = _read(
    "v2",
    "devs",
    "get_error_code",
    "get_miner_info",
    "get_psu",
    "get_version",
    "pools",
    "status",
    "summary",
)
"""Recorded answers on 4028 by command."""

V3: dict[str, Any] = _read(
    "v3",
    "get_device_info",
    "get_device_info_with_errors",
    "get_miner_status_edevs",
    "get_miner_status_pools",
    "get_miner_status_summary",
)
"""Recorded answers on 4433 by command and parameter."""

HANDMADE: dict[str, Any] = _read(
    "handmade",
    "devdetails",
    "devs_more",
    "get_miner_info_more",
    "get_miner_setting",
    "get_token",
    "status_old",
    "summary_more",
)
"""Answers nobody recorded; `replies/README.md` names their sources."""
