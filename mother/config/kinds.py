"""What kinds of value an option takes: how each is read from text, checked and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from msgspec import Struct

from mother.config.problems import Check, shown, wrong
from mother.core.units import finite


def _as_is(text: str, place: str) -> object:
    return text


class Kind(Struct, frozen=True):
    """A kind of value.

    `from_text` turns the text of a flag or environment variable into what a file would hold;
    `check` turns that into the value that counts. Both raise ConfigError.
    `joint` stands between the texts of a flag that is repeated.
    """

    metavar: str
    check: Check
    unit: str = ""
    from_text: Callable[[str, str], object] = _as_is
    switch: bool = False
    many: bool = False
    joint: str = ","


def plain(number: float) -> str:
    """A number without exponent or needless decimals: 300, 2.5."""
    return str(int(number)) if float(number).is_integer() else str(number)


def number(unit: str, least: float, most: float, example: float, metavar: str = "N") -> Kind:
    """A finite number from `least` to `most`."""

    def check(value: Any, place: str) -> float:
        found = finite(value)
        if found is None:
            says = f"must be a number of {unit}, e.g. {plain(example)}, not {shown(value)}"
            raise wrong(place, says)
        return _within(found, place, least, most, unit)

    return Kind(metavar, check, unit, _number_of)


def seconds(least: float, most: float, example: float) -> Kind:
    """A time in seconds."""
    return number("seconds", least, most, example, "SECONDS")


def whole(what: str, least: int, most: int, example: int, metavar: str) -> Kind:
    """A whole number from `least` to `most`."""

    def check(value: Any, place: str) -> int:
        found = finite(value)
        if found is None or not found.is_integer():
            raise wrong(place, f"must be a {what}, e.g. {example}, not {shown(value)}")
        return int(_within(found, place, least, most, ""))

    return Kind(metavar, check, from_text=_number_of)


def _within(found: float, place: str, least: float, most: float, unit: str) -> float:
    if not least <= found <= most:
        limits = f"{plain(least)} to {plain(most)} {unit}".rstrip()
        raise wrong(place, f"{plain(found)} is out of range: {limits}")
    return found


def _number_of(text: str, place: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _switch(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(place, f"must be true or false, not {shown(value)}")
    return value


SWITCH = Kind("", _switch, switch=True)


def choice(*words: str) -> Kind:
    """One of a few words."""

    def check(value: Any, place: str) -> str:
        if value not in words:
            raise wrong(place, f"must be one of {', '.join(words)}, not {shown(value)}")
        return str(value)

    return Kind("MODE", check)


def _word(pattern: str, says: str) -> Check:
    fits = re.compile(pattern)

    def check(value: Any, place: str) -> str:
        if not isinstance(value, str) or not fits.fullmatch(value):
            raise wrong(place, f"must be {says}, not {shown(value)}")
        return value

    return check


PREFIX = Kind(
    "PREFIX",
    _word(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", "letters, digits, _ and -, parted by dots"),
)
SITE = Kind("NAME", _word(r"[A-Za-z0-9_-]{1,32}", "1 to 32 letters, digits, _ and -"))
PATH = Kind("PATH", _word(r"[^\x00-\x1f\x7f]+", "a path"))
_host = _word(r"[A-Za-z0-9._:-]+", "a host name or an IP address")


def _statsd_host(value: Any, place: str) -> str | None:
    """A host, or None for the empty text: metrics go nowhere."""
    if value == "":
        return None
    host = str(_host(value, place))
    if host.count(":") == 1:
        raise wrong(place, f"{shown(host)} holds a port; the port goes into statsd_port")
    return host


HOST = Kind("HOST", _statsd_host)

_FIELDS = ("mac8", "mac6", "mac", "model", "family")
_TELLS_APART = {"mac8", "mac6", "mac"}


def _template(value: Any, place: str) -> str:
    """A worker name with placeholders; it must tell miners apart and be one safe segment."""
    if not isinstance(value, str):
        raise wrong(place, f"must be a text such as 'dragon-{{mac8}}', not {shown(value)}")
    try:
        parts = list(Formatter().parse(value))
    except ValueError:
        raise wrong(place, f"{shown(value)} has a brace without its partner") from None
    names = {name for _, name, _, _ in parts if name is not None}
    odd = sorted(names - set(_FIELDS))
    if odd or any(style or how for _, _, style, how in parts):
        known = ", ".join(f"{{{name}}}" for name in _FIELDS)
        raise wrong(place, f"{shown(value)} has an unknown placeholder; known: {known}")
    literal = "".join(text for text, _, _, _ in parts)
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,40}", literal):
        says = "may hold at most 40 letters, digits, _ and - beside its placeholders"
        raise wrong(place, f"{shown(value)} {says}")
    if not names & _TELLS_APART:
        raise wrong(place, f"{shown(value)} names every miner alike; add {{mac8}}")
    return value


TEMPLATE = Kind("TEMPLATE", _template)


def json_of(text: str, place: str) -> object:
    """What a JSON text holds; the text itself, which may hold secrets, is never shown."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise wrong(place, f"is no JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise wrong(place, "is no JSON of ours: nested too deeply") from None


def split(text: str, place: str) -> object:
    """A list parted by commas; empty parts do not count."""
    return [part.strip() for part in text.split(",") if part.strip()]
