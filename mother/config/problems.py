"""What is wrong in a configuration: every problem at once, one clear line each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

Check = Callable[[Any, str], Any]
"""`(value, place)` to the checked value; raises ConfigError with lines that begin with `place`."""

_LONGEST = 60
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a text"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a table"),
)


class ConfigError(Exception):
    """The configuration cannot be used; `lines` holds every problem with place and cure."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


def wrong(place: str, says: str) -> ConfigError:
    """One problem."""
    return ConfigError([f"{place}: {says}"])


class Problems:
    """Gathers problems, so that one does not hide the next."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, place: str, says: str) -> None:
        """One more."""
        self.lines.append(f"{place}: {says}")

    def checked(self, check: Callable[[Any, str], T], value: object, place: str, bad: T) -> T:
        """The checked value; `bad` in its stead when there was a problem, which is kept."""
        try:
            return check(value, place)
        except ConfigError as error:
            self.lines += error.lines
            return bad

    def table(self, value: object, place: str, known: Iterable[str]) -> dict[str, Any]:
        """The value as a table, without its unknown keys, which are problems."""
        table: dict[str, Any] = self.checked(a_table, value, place, {})
        words = tuple(known)
        for key in table:
            if key not in words:
                self.add(f"{place}.{key}" if place else key, unknown(key, words))
        return {key: item for key, item in table.items() if key in words}

    def items(self, value: object, place: str) -> list[tuple[str, Any]]:
        """The items of a list, each with its place; none, and a problem, when it is no list."""
        if not isinstance(value, list):
            self.add(place, f"must be a list, not {kind_of(value)}")
            return []
        return [(f"{place}[{number}]", item) for number, item in enumerate(value)]

    def end(self) -> None:
        """Raise all that was gathered, if anything was."""
        if self.lines:
            raise ConfigError(self.lines)


def a_table(value: Any, place: str) -> dict[str, Any]:
    """The value, when it is a table."""
    if not isinstance(value, dict):
        raise wrong(place, f"must be a table, not {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """What a value is, in words, without showing it."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "a date or nothing")


def shown(value: object) -> str:
    """A value for a line, cut when long. Never for a secret."""
    if isinstance(value, (list, dict)) or value is None:
        return kind_of(value)
    text = repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def unknown(word: str, known: Iterable[str]) -> str:
    """`unknown; did you mean scan_timeout?`, or all known words when none is near."""
    words = sorted(known)
    near = difflib.get_close_matches(str(word), words, n=1)
    if near:
        return f"unknown; did you mean {near[0]}?"
    return f"unknown; known here: {', '.join(words)}"
