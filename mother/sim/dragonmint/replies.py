"""The recorded and the hand-made answers, as data."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files("mother.sim") / "replies"

_recorded = json.loads((_FOLDER / "dragonmint-recorded.json").read_text("utf-8"))
_handmade = json.loads((_FOLDER / "dragonmint-handmade.json").read_text("utf-8"))

RECORDED: dict[str, dict[str, Any]] = _recorded["answers"]
"""Answers of real T1 miners by action; copy before changing."""

HANDMADE: dict[str, dict[str, Any]] = _handmade["answers"]
"""Answers nobody recorded, written after the firmware's sources."""

PAGES: dict[int, bytes] = {int(code): page.encode() for code, page in _handmade["pages"].items()}
"""The web server's own error pages by status; hand-made."""

INDEX_HEADERS: dict[str, str] = _recorded["headers"]["index"]
API_HEADERS: dict[str, str] = _recorded["headers"]["api"]

INDEX: bytes = (_FOLDER / "dragonmint-index.html").read_bytes()
"""The start page as recorded, 811 bytes."""
