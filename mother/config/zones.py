"""Time zones by name, and the one that this machine is set to."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from mother.config.problems import shown, wrong

LOCALTIME = Path("/etc/localtime")
"""A link into the zone database, on nearly every Linux."""

UTC = "UTC"


def is_zone(name: str) -> bool:
    """Whether the zone database of this machine has it."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # what is unknown, a directory, or no name at all
        return False
    return True


def check_zone(value: Any, place: str) -> str:
    """The name of a zone, `Europe/Berlin`."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(place, f"must be a time zone such as Europe/Berlin, not {shown(value)}")
    name = value.strip()
    if not is_zone(name):
        raise wrong(place, f"{shown(value)} is no time zone{_cure(name)}")
    return name


def _cure(name: str) -> str:
    names = {one.casefold(): one for one in available_timezones() if one[0].isupper()}
    if not names:
        return " of this machine, which has none at all; install the package tzdata"
    near = difflib.get_close_matches(name.casefold(), names, n=1)
    return f"; did you mean {names[near[0]]}?" if near else ", e.g. Europe/Berlin or UTC"


def machine_zone(environ: Mapping[str, str], localtime: Path = LOCALTIME) -> str:
    """The zone by `TZ`, else by where `/etc/localtime` leads; UTC where neither tells."""
    named = environ.get("TZ", "").removeprefix(":")
    if named:
        return named if is_zone(named) else UTC
    try:
        parts = localtime.resolve(strict=True).parts
    except (OSError, RuntimeError):
        return UTC
    found = parts[parts.index("zoneinfo") + 1 :] if "zoneinfo" in parts else ()
    name = "/".join(part for part in found if part not in {"posix", "right"})
    return name if name and is_zone(name) else UTC
