"""The recorded and the hand-made answers, as data; copy before changing."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from mother.sim.axeos.models import NEWER, OLDER, RECORDED

_FOLDER = files("mother.sim.axeos") / "replies"

INFO: dict[str, dict[str, Any]] = {
    firmware.info: json.loads((_FOLDER / firmware.info).read_text("utf-8"))
    for firmware in (RECORDED, OLDER, NEWER)
}
"""`/api/system/info` by the file that a firmware names; the first is recorded."""

ASIC: dict[str, Any] = json.loads((_FOLDER / "handmade/system_asic.json").read_text("utf-8"))

INDEX: bytes = (_FOLDER / "handmade/index.html").read_bytes()
