"""The files that this process holds open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def open_files() -> frozenset[str]:
    """What this process holds open, each by a name of its own, such as `socket:[4711]`.

    Others of this process may close theirs at any moment: compare names, and count only new ones.
    """
    held = set()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own, closed since
            name = str(one.readlink())
            held.add(f"{one.name} {name}" if name.startswith("anon_inode:") else name)
    return frozenset(held)
