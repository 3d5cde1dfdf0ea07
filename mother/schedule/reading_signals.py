"""What a signal says: from a JSON document to one number; pure, and nothing is invented."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from mother.config.schedule import Signal
from mother.core.errors import Garbled

MOST = 1e12
"""No number of a site, nor a price, is as large: what is beyond comes from a broken source."""

MOST_ROWS = 20_000

SKEW = 120.0
"""Seconds by which the clock of a source may be ahead of ours."""

_PART = re.compile(r"\[(?P<key>[^=\[\]]+)=(?P<value>[^\[\]]*)\]|(?P<name>[^.\[\]]+)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")
_INDEX = re.compile(r"-?[0-9]{1,6}")
_UNIX = re.compile(r"[0-9]{9,13}(\.[0-9]{1,9})?")
_KINDS = {bool: "true or false", str: "text", list: "a list", dict: "an object", type(None): "null"}
_WORDS = frozenset({"unavailable", "unknown", "none", "null", "nan", "inf", "-inf", "on", "off"})
"""What sources say where they have no number. No other text of an answer is repeated."""


class Said(Struct, frozen=True):
    """What a signal said: a number, when it was true (Unix seconds), and its unit."""

    value: float
    at: float
    unit: str = ""


class Series(Struct, frozen=True):
    """Numbers with times, as `signal` described them: when each begins (Unix seconds), in order;
    None where the source has none.
    """

    begins: tuple[float, ...]
    numbers: tuple[float | None, ...]

    def row(self, signal: Signal, now: float) -> tuple[float, float]:
        """When the one that holds now begins, and its number: until the next begins, the last
        for `step` seconds. Raises Garbled where there is none.
        """
        place = bisect_right(self.begins, now) - 1
        if place < 0 and len(self.begins) == 1 and now >= self.begins[0] - SKEW:
            place = 0  # one measurement by a clock that is ahead of ours
        if place < 0:
            first = _spell(self.begins[0])
            raise _garbled(signal, signal.path, f"has nothing for now: it begins at {first}")
        if place == len(self.begins) - 1 and now >= self.begins[place] + signal.step:
            ended = _spell(self.begins[place] + signal.step)
            raise _garbled(signal, signal.path, f"has nothing for now: it ended at {ended}")
        number = self.numbers[place]
        if number is None:
            began = _spell(self.begins[place])
            raise _garbled(signal, signal.value, f"is null in the row of {began}")
        return self.begins[place], number


def number_in(document: object, signal: Signal, now: float) -> float:
    """The number that the document says for now (Unix seconds), scaled as the signal wants.

    Raises Garbled with one sentence that names the signal and the path.
    """
    if signal.at:
        return series_in(document, signal).row(signal, now)[1]
    return scaled(_walk(document, signal.path, signal), signal, signal.path)


def series_in(document: object, signal: Signal) -> Series:
    """All numbers and their times, of a signal with `at`. Raises Garbled.

    `path` leads to a list of rows, to an object with two lists of the same length (`at` and
    `value` lead to them), or to a single row: an object with a time and a number.
    """
    found: dict[float, float | None] = {}
    for at, value in _rows(_walk(document, signal.path, signal), signal):
        begin = _moment(at, signal)
        number = None if value is None else scaled(value, signal, signal.value)
        if found.setdefault(begin, number) != number:
            said = f"says two different numbers for {_spell(begin)}"
            raise _garbled(signal, signal.value, said)
    if not found:
        raise _garbled(signal, signal.path, "has no rows")
    begins = sorted(found)
    return Series(tuple(begins), tuple(found[begin] for begin in begins))


def scaled(value: object, signal: Signal, path: str = "") -> float:
    """A number as it came, or a text that is one, times `factor` plus `plus`.

    Raises Garbled for anything else, and for what is not finite or beyond all measure.
    """
    number = _plain(value) * signal.factor + signal.plus
    if math.isnan(number):
        raise _garbled(signal, path, f"is {_kind(value)}, not a number")
    if abs(number) > MOST:
        raise _garbled(signal, path, "is beyond all measure")
    return number


def decoded(body: bytes, signal: Signal) -> object:
    """The JSON document in an answer. Raises Garbled."""
    try:
        document: object = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Garbled(f"the signal {signal.name}: the answer is no JSON") from None
    return document


def _rows(found: object, signal: Signal) -> Iterable[tuple[object, object]]:
    """Time and number of each row, as they are."""
    if isinstance(found, list):
        _bound(found, signal)
        return ((_walk(row, signal.at, signal), _walk(row, signal.value, signal)) for row in found)
    at, value = (_walk(found, path, signal) for path in (signal.at, signal.value))
    if not isinstance(at, list):
        return [(at, value)]
    if not isinstance(value, list) or len(value) != len(at):
        raise _garbled(signal, signal.value, f"is no list as long as {signal.at}")
    _bound(at, signal)
    return zip(at, value, strict=True)


def _bound(rows: list[object], signal: Signal) -> None:
    if len(rows) > MOST_ROWS:
        raise _garbled(signal, signal.path, f"has more than {MOST_ROWS} rows")


def _walk(document: object, path: str, signal: Signal) -> object:
    """What the path leads to; the document itself where it is empty."""
    found = document
    for part in _parts(path, signal):
        found = _step(found, part)
        if found is _NOTHING:
            raise _garbled(signal, path, f"is not there ({part.group()} leads nowhere)")
    return found


_NOTHING = object()


def _parts(path: str, signal: Signal) -> list[re.Match[str]]:
    parts, place = [], 0
    while place < len(path):
        part = _PART.match(path, place)
        if part is None:
            raise _garbled(signal, path, "is no path: write data.0.price or list.[key=value].price")
        parts.append(part)
        place = part.end()
        if path[place : place + 1] == "." and place + 1 < len(path):
            place += 1
        elif path[place : place + 1] not in {"", "["}:
            raise _garbled(signal, path, "is no path: write data.0.price or list.[key=value].price")
    return parts


def _step(found: object, part: re.Match[str]) -> object:
    name, key, value = part.group("name", "key", "value")
    if isinstance(found, dict) and name is not None:
        return found.get(name, _NOTHING)
    if not isinstance(found, list):
        return _NOTHING
    if name is None:
        fitting = (each for each in found if isinstance(each, dict) and key in each)
        return next((each for each in fitting if _fits(each[key], value)), _NOTHING)
    if _INDEX.fullmatch(name) and -len(found) <= int(name) < len(found):
        return found[int(name)]
    return _NOTHING


def _fits(found: object, text: str) -> bool:
    if isinstance(found, bool):
        return text == str(found).lower()
    if isinstance(found, int | float):
        return _NUMBER.fullmatch(text) is not None and _plain(found) == float(text)
    return found == text


def _plain(value: object) -> float:
    """The number; NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _moment(value: object, signal: Signal) -> float:
    """Unix seconds of a time in a row: seconds or milliseconds, or a date with a time."""
    if isinstance(value, str) and not _UNIX.fullmatch(value):
        return _date(value, signal)
    number = _plain(value)
    number = number / 1000.0 if number > 1e11 else number
    if not 0.0 <= number < 1e10:
        raise _garbled(signal, signal.at, f"is {_kind(value)}, not a time")
    return number


def _date(text: str, signal: Signal) -> float:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            if not signal.zone:
                raise _garbled(signal, signal.at, "is a time without its offset: say in which zone")
            moment = moment.replace(tzinfo=ZoneInfo(signal.zone))
        return moment.timestamp()
    except (ValueError, OverflowError, KeyError, OSError):
        raise _garbled(signal, signal.at, "is text, not a time") from None


def _kind(value: object) -> str:
    if isinstance(value, str) and value.lower() in _WORDS:
        return f"the word {value.lower()}"
    return _KINDS.get(type(value), "a number out of range")


def _garbled(signal: Signal, path: str, said: str) -> Garbled:
    return Garbled(f"the signal {signal.name}: {path or 'the answer'} {said}")


def _spell(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
