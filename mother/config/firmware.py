"""The operator's own firmware file and its digest."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

from mother.config.problems import kind_of, shown, wrong

_NAME = re.compile(r"(?=.*\d\.?\d)[A-Za-z0-9][A-Za-z0-9._+-]{0,119}\.[A-Za-z][A-Za-z0-9]{1,7}")
_DIGEST = re.compile(r"[0-9a-f]{64}")

NO_DIGEST = "comes without firmware_sha256; `sha256sum FILE` prints it"
"""What is said of a file without its digest."""


def check_file(value: Any, place: str) -> str:
    """The path of a regular file that can be read and whose name tells a version."""
    if not isinstance(value, str) or not value or re.search(r"[\x00-\x1f\x7f]", value):
        raise wrong(place, f"must be a path, not {shown(value)}")
    if not _NAME.fullmatch(Path(value).name):
        says = "does not tell a version; keep the maker's name, e.g. t1_20180515_060842.swu"
        raise wrong(place, f"the name of {shown(value)} {says}")
    try:
        if not stat.S_ISREG(os.stat(value).st_mode):
            raise wrong(place, f"{shown(value)} is no regular file")
        with open(value, "rb"):
            return value
    except OSError as error:
        raise wrong(place, f"{shown(value)} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise wrong(place, f"{shown(value)} is no path of this machine") from None


def check_digest(value: Any, place: str) -> str:
    """A SHA-256 as 64 hex digits; lower case comes out."""
    if not isinstance(value, str):
        raise wrong(place, f"must be a text of 64 hex digits, not {kind_of(value)}")
    digest = value.strip().lower()
    if not _DIGEST.fullmatch(digest):
        says = "must be the 64 hex digits that `sha256sum FILE` prints"
        raise wrong(place, f"{says}, not {shown(value)}")
    return digest
