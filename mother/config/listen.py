"""The endpoint that metrics are served at, as the operator writes it."""

from __future__ import annotations

from typing import Any

from mother.config.problems import shown, wrong

CURE = "e.g. tcp:9151:interface=127.0.0.1"


def check_endpoint(value: Any, place: str) -> str:
    """A description of a Twisted server endpoint."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(place, f"must be a Twisted endpoint in quotes, {CURE}, not {shown(value)}")
    return value
