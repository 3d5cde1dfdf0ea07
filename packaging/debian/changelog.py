"""Debian's changelog, made from CHANGELOG.md; python3 changelog.py --help tells how.

A version that is marked unreleased becomes `0.3.0~git20261121113500.2e11165`: newer than 0.2.0
and than the commits before, older than 0.3.0 itself.
"""

from __future__ import annotations

import argparse
import calendar
import re
import textwrap
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

_VERSION = re.compile(r"^## \[([0-9.]+)\] - (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^- (.*(?:\n  .*)*)", re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
_WIDTH = 76


def changelog(notes: str, commit: str, when: int, maintainer: str, version: str = "") -> str:
    """All versions, newest first. `version` speaks before what the notes say of the first."""
    found = _VERSION.findall(notes)
    entries = []
    for place, (number, day, says) in enumerate(found):
        date, name = when, f"{number}~git{_moment(when)}.{commit}"
        if day != "unreleased":
            date, name = calendar.timegm(time.strptime(day, "%Y-%m-%d")), number
        if place == 0:
            date, name = when, version or name
        entries.append("\n".join(_entry(name, date, says, maintainer)))
    return "\n\n".join(entries) + "\n"


def _entry(version: str, when: int, says: str, maintainer: str) -> Iterator[str]:
    yield f"mother ({version}) bookworm; urgency=medium\n"
    for item in _ITEM.findall(says):
        plain = _LINK.sub(r"\1", " ".join(item.split()))
        yield textwrap.fill(
            plain, _WIDTH, initial_indent="  * ", subsequent_indent="    ", break_on_hyphens=False
        )
    yield f"\n -- {maintainer}  {formatdate(when)}"


def _moment(when: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(when))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notes", type=Path, help="CHANGELOG.md")
    parser.add_argument("--commit", required=True, help="short name of the commit")
    parser.add_argument("--when", type=int, required=True, help="its time in Unix seconds")
    parser.add_argument("--maintainer", required=True, help="NAME <ADDRESS>")
    parser.add_argument("--version", default="", help="of the package (default: from the notes)")
    return parser.parse_args()


if __name__ == "__main__":
    told = _arguments()
    notes = told.notes.read_text(encoding="utf-8")
    print(changelog(notes, told.commit, told.when, told.maintainer, told.version), end="")
