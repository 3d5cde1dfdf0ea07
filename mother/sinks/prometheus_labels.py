"""Texts of devices as values of labels: short, printable, and few of them."""

from __future__ import annotations

import re

LONGEST = 100
MODELS = 50
OTHER = "other"
UNKNOWN = "unknown"

_POOL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20})://)?"
    r"(?P<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
_END = re.compile(r"[/?#\\]")


def cleaned(text: str) -> str:
    """At most LONGEST characters; what does not print becomes `_`; `unknown` for nothing.

    A lone surrogate, which JSON may hold and UTF-8 may not, does not print either.
    """
    text = text[:LONGEST]
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else "_" for sign in text)
    return text.strip() or UNKNOWN


def pool_address(url: str) -> str:
    """`scheme://host:port` of a pool's URL and nothing else of it; `unknown` where in doubt.

    A login before the host, a path and a query are left out. Where an `@` follows a slash,
    nobody knows what of it is a password.
    """
    if not url.strip():
        return ""
    scheme, parted, rest = url.strip().rpartition("://")
    if "://" in scheme:
        return UNKNOWN
    authority, *path = _END.split(rest, maxsplit=1)
    if path and "@" in path[0]:
        return UNKNOWN
    host = authority.rpartition("@")[2]
    found = _POOL.fullmatch(f"{scheme}{parted}{host}")
    return UNKNOWN if found is None else found[0].lower()


class Models:
    """The models as labels: the first MODELS that are met, and `other` for all that come later."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def label(self, model: str) -> str:
        """The label of a model."""
        known = self._labels.get(model)
        if known is None:
            if len(self._labels) >= MODELS:
                return OTHER
            known = self._labels[model] = cleaned(model)
        return known
