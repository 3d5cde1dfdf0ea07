"""What the name of an Antminer's firmware tells: `FR-1.12(251009-S21)`, a release for a model.

Only firmware that names its version so (as recorded) is understood; what tells no more than
when it was compiled cannot be compared with a file.
"""

from __future__ import annotations

import re

from msgspec import Struct

SUFFIX = ".bmu"
_GRAMMAR = re.compile(r"FR-(\d{1,4}(?:\.\d{1,4}){1,3})\((\d{6})-([A-Za-z0-9+._ -]{1,24})\)")


class Release(Struct, frozen=True):
    """A version taken apart; `day` is the year, month and day in two digits each."""

    number: tuple[int, ...]
    day: str
    model: str


def release_of(version: str) -> Release | None:
    """None where it is no version of this kind."""
    found = _GRAMMAR.fullmatch(version)
    if found is None:
        return None
    number, day, model = found.groups()
    return Release(tuple(int(part) for part in number.split(".")), day, model)


def version_in(file_name: str) -> str:
    """`FR-1.12(251009-S21).bmu` -> `FR-1.12(251009-S21)`; empty for anything else."""
    version = file_name.removesuffix(SUFFIX)
    return version if version != file_name and release_of(version) is not None else ""


def is_newer(version: str, than: str) -> bool | None:
    """By day and number; None where either is no version, they are of two models, or disagree."""
    new, old = release_of(version), release_of(than)
    if new is None or old is None or _plain(new.model) != _plain(old.model):
        return None
    if new.day == old.day and new.number == old.number:
        return False
    if new.day >= old.day and new.number >= old.number:
        return True
    return False if new.day <= old.day and new.number <= old.number else None


def fits(version: str, model: str) -> bool | None:
    """Whether its model is this one; None where it does not tell."""
    release = release_of(version)
    if release is None or not model:
        return None
    return _plain(release.model) == _plain(model)


def _plain(model: str) -> str:
    return re.sub(r"[^a-z0-9+]", "", model.lower())
