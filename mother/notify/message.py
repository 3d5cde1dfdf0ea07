"""What a person is told: one message, in words."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence

from msgspec import Struct

EXAMPLES = 5
"""So many names stand for all."""


class Tone(enum.StrEnum):
    """What a message says about its cause."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    NOTE = "note"


class Words(Struct, frozen=True):
    """`title` says what and how bad, `body` what mother does about it."""

    title: str
    body: str


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


def harmless(words: Words) -> Words:
    """The words without what would steer a terminal or end a line: devices say what they like."""
    title, body = (
        _CONTROL.sub(" ", text).encode(errors="replace").decode()
        for text in (words.title.replace("\n", " "), words.body)
    )
    return Words(title, body)


class Message(Struct, frozen=True):
    """One message. `at` in Unix seconds; `key` names its cause."""

    id: str
    at: float
    key: str
    tone: Tone
    title: str
    body: str


def capital(text: str) -> str:
    """The sentence with a capital letter."""
    return text[:1].upper() + text[1:]


def named(names: Sequence[str]) -> str:
    """`a, b, c, d, e and 7 others`; all of them where there are few."""
    shown = sorted(names)[:EXAMPLES]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} other{'s' * (left > 1)}" if left else "")


def miners(count: int) -> str:
    """`1 miner`, `7 miners`."""
    return f"{count:,} miner{'s' * (count != 1)}"


def are(count: int) -> str:
    """`is` or `are`."""
    return "is" if count == 1 else "are"
