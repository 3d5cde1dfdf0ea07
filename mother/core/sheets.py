"""Cells of a CSV file, such that no program for spreadsheets takes a text for a formula."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tame(cell: object) -> object:
    """A text that looks like a formula gets an apostrophe before it; what is not known is empty."""
    if cell is None or (isinstance(cell, float) and not isfinite(cell)):
        return ""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def untamed(text: str) -> str:
    """What stood there before it was tamed."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def utc(at: float) -> str:
    """`2026-11-21T14:05:00Z`; seconds after 1970."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
