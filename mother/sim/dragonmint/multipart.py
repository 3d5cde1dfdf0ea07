"""What PHP makes of an upload: the files of a multipart body, as far as it is whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from msgspec import Struct

_BOUNDARY = re.compile(r'^multipart/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;"]+))', re.I)
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.I)
_FILE_NAME = re.compile(rb'[;\s]filename="([^"]*)"', re.I)
_DISPOSITION = re.compile(rb"^content-disposition:\s*form-data\b(.*)$", re.I | re.M)


class Upload(Struct, frozen=True):
    """A file that came whole: its name without folders, `size` in bytes, `sha256` in hex."""

    name: str
    size: int
    sha256: str


def upload(content_type: str, body: bytes, field: str) -> Upload | None:
    """The file in this field; None without one, or where the body ends before its end."""
    found = None
    for head, content in _parts(content_type, body):
        disposition = _DISPOSITION.search(head)
        named = disposition and _NAME.search(disposition[1])
        file = disposition and _FILE_NAME.search(disposition[1])
        if named and file and named[1].decode("utf-8", "replace") == field:
            name = re.split(r"[/\\]", file[1].decode("utf-8", "replace"))[-1]
            found = Upload(name, len(content), hashlib.sha256(content).hexdigest())
    return found


def _parts(content_type: str, body: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Head and content of each part that is whole."""
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        return
    line = b"--" + (boundary[1] or boundary[2]).encode()
    whole = memoryview(body)
    at = 0
    if not body.startswith(line):
        before = body.find(b"\r\n" + line)
        at = before + 2 if before >= 0 else len(body)
    while body.startswith(line + b"\r\n", at):
        end = body.find(b"\r\n" + line, at + len(line))
        head_end = body.find(b"\r\n\r\n", at, end)
        if end < 0 or head_end < 0:
            return
        yield body[at + len(line) + 2 : head_end], whole[head_end + 4 : max(end, head_end + 4)]
        at = end + 2
