"""What the name of a DragonMint's firmware tells: `t1_20180515_060842`, `{type}_{date}_{time}`.

Newer builds of Innosilicon's have one more part between type and date, whose meaning is unknown.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from mother.drivers.dragonmint.models import MODELS

SUFFIX = ".swu"
_GRAMMAR = re.compile(r"([a-z0-9+]+)(_[a-z0-9+]+)?_([0-9]{8})_([0-9]{6})", re.IGNORECASE)
_TYPES = frozenset(name.lower() for name in MODELS)


class Build(Struct, frozen=True):
    """A version taken apart; `type` is in lower case, `longer`: it has the fourth part."""

    type: str
    longer: bool
    built: datetime


def build_of(version: str) -> Build | None:
    """None where it is no version, or of a date that does not exist."""
    match = _GRAMMAR.fullmatch(version)
    if match is None:
        return None
    kind, more, day, time = match.groups()
    try:
        built = datetime.strptime(day + time, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Build(kind.lower(), more is not None, built)


def version_in(file_name: str) -> str:
    """`t1_20190101_000000.swu` -> `t1_20190101_000000`; empty for anything else."""
    version = file_name.removesuffix(SUFFIX)
    return version if version != file_name and build_of(version) is not None else ""


def is_newer(version: str, than: str) -> bool | None:
    """By the time it was built; None where either is no version, or they are of two types."""
    new, old = build_of(version), build_of(than)
    if new is None or old is None or new.type != old.type:
        return None
    return new.built > old.built


def fits(version: str, model: str) -> bool | None:
    """Whether its type is this model.

    None where either is unknown, and for a version of four parts whose first is no type we know.
    """
    build = build_of(version)
    if build is None or not model:
        return None
    if build.type == model.lower():
        return True
    return None if build.longer and build.type not in _TYPES else False
