"""The versions of a Whatsminer's firmware: `20240624.18.REL`, `20251209.16.Rel2`."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(20\d{6})\.(\d{1,3})(?:\.\d{1,3})*(?:\.?([A-Za-z]+)(\d*))?")


def is_newer(version: str, than: str) -> bool | None:
    """By the day it was built and the number on that day; None where either is no version."""
    one, other = _parsed(version), _parsed(than)
    return None if one is None or other is None else one > other


def _parsed(version: str) -> tuple[int, int, int] | None:
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    return int(found.group(1)), int(found.group(2)), int(found.group(4) or 0)
