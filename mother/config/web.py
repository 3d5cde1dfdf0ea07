"""Addresses on the web, as the operator writes them; no value is ever shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mother.config.problems import wrong


def check_web_address(
    value: Any, place: str, example: str, instead_of_login: str = "leave it out"
) -> str:
    """An http or https address, in ASCII, without a login."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        good = parts is not None and bool(parts.hostname) and parts.port != 0
        good = good and parts is not None and parts.scheme in {"http", "https"}
    except ValueError:
        good = False
    if not good or not value.isascii() or any(sign <= " " for sign in value):
        raise wrong(place, f"is no http or https address, e.g. {example}")
    if "@" in urlsplit(value).netloc:
        cure = instead_of_login
        raise wrong(place, f"holds a login (the part before @), which is not sent: {cure}")
    return str(value)
