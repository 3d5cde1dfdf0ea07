"""What single values of the schedule are: times of day, days, zones, amounts, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from mother.config.problems import Check, Problems, a_table, kind_of, shown, unknown, wrong
from mother.config.references import UNREAD
from mother.config.web import check_web_address
from mother.core import amounts, units
from mother.core.reading import Mode

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: Mapping[str, tuple[int, ...]] = {
    **{word: (number,) for number, word in enumerate(_FULL)},
    **{word: (number,) for number, word in enumerate(DAYS)},
    "weekdays": (0, 1, 2, 3, 4),
    "weekend": (5, 6),
}
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_LONGEST = 1_000
_YEARS = range(2000, 2200)


# times


def clock(value: Any, place: str) -> time:
    """`06:30`, or a local time of TOML."""
    if isinstance(value, time) and value.tzinfo is None:
        return value.replace(microsecond=0)
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise wrong(place, f"{shown(value)} is no time of day, e.g. 06:30") from None


def end_of(value: Any, place: str) -> time:
    """The same, and `24:00` for the end of the day."""
    return time(0) if value in ("24:00", "24:00:00") else clock(value, place)


def days(value: Any, place: str) -> tuple[int, ...]:
    """`weekdays`, `weekend`, or a list of days; 0 is Monday. Every day: none."""
    problems = Problems()
    found: set[int] = set()
    for where, item in problems.items([value] if isinstance(value, str) else value, place):
        found.update(problems.checked(_day, item, where if value != item else place, ()))
    problems.end()
    if not found:
        raise wrong(place, 'empty; leave it out for every day, or name some, e.g. ["mon", "sat"]')
    return tuple(sorted(found)) if len(found) < len(DAYS) else ()


def _day(value: Any, place: str) -> tuple[int, ...]:
    word = value.strip().casefold() if isinstance(value, str) else ""
    if not word:
        raise wrong(place, f"must be a day such as mon, weekdays or weekend, not {shown(value)}")
    if word not in _DAYS:
        raise wrong(place, f"{shown(value)} is {unknown(word, (*DAYS, 'weekdays', 'weekend'))}")
    return _DAYS[word]


def dates(value: Any, place: str) -> tuple[date, ...]:
    """A list of days of the calendar, as ISO writes them or TOML does."""
    problems = Problems()
    items = problems.items(value, place)
    found = {problems.checked(_date, item, where, date.min) for where, item in items}
    if value == []:
        problems.add(place, 'empty; leave it out for all, or name some, e.g. ["2026-12-24"]')
    problems.end()
    return tuple(sorted(found))


def _date(value: Any, place: str) -> date:
    found = value if isinstance(value, date) and not isinstance(value, datetime) else None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            found = date.fromisoformat(value.strip())
        except ValueError:
            found = None
    if found is None or found.year not in _YEARS:
        raise wrong(place, f"{shown(value)} is no date, e.g. 2026-12-24")
    return found


# amounts


def _amount(
    read: Callable[[str], float], what: str, show: Callable[[float], str]
) -> Callable[[float, float], Check]:
    """A number, or a text that `read` turns into one, from `least` to `most`."""

    def kind(least: float, most: float) -> Check:
        def check(value: Any, place: str) -> float:
            found = units.finite(value)
            if isinstance(value, str):
                try:
                    found = read(value)
                except ValueError as error:
                    raise wrong(place, str(error)) from None
            if found is None:
                raise wrong(place, f"must be {what}, not {shown(value)}")
            if not least <= found <= most:
                says = f"{shown(value)} is out of range: {show(least)} to {show(most)}"
                raise wrong(place, says)
            return found

        return check

    return kind


def _power(value: float) -> str:
    return re.sub(r"\.0+ ", " ", units.si(value, "W").replace(units.THIN_SPACE, " "))


def _percent(value: float) -> str:
    return f"{value * 100:g}%"


span = _amount(amounts.seconds, "a time such as 15min, or a number of seconds", units.duration)
"""Seconds."""

power = _amount(amounts.watts, "a power such as 500kW, or a number of W", _power)
"""W."""

share = _amount(amounts.share, "a share such as 5% or 0.05", _percent)
"""A part of one."""

_MOST_ERROR = 0.5


def error(value: Any, place: str) -> float:
    """A relative error, of half at most; 1 is all of it, and no percent."""
    found = units.finite(value)
    if found is not None and found > _MOST_ERROR:
        most = _percent(_MOST_ERROR)
        cure = f'name a share such as 0.02 or "2%", {most} at most'
        raise wrong(place, f"{shown(value)} means {_percent(found)}; {cure}")
    right: float = share(0, _MOST_ERROR)(value, place)
    return right


def threshold(value: Any, place: str) -> float:
    """A number in the signal's unit; for one in W a power will do: `-2kW`."""
    found = units.finite(value)
    if isinstance(value, str):
        text = value.strip()
        sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
        try:
            found = sign * amounts.watts(rest)
        except ValueError:
            found = None
    if found is None:
        raise wrong(place, f"must be a number, e.g. 80, or a power, e.g. 500kW, not {shown(value)}")
    return found


def factor(value: Any, place: str) -> float:
    """Any number but 0, which would make every value the same."""
    found = units.finite(value)
    if not found:
        raise wrong(place, f"must be a number other than 0, e.g. 0.1, not {shown(value)}")
    return found


def offset(value: Any, place: str) -> float:
    """Any number."""
    found = units.finite(value)
    if found is None:
        raise wrong(place, f"must be a number, e.g. 2.5, not {shown(value)}")
    return found


# texts


def name(value: Any, place: str) -> str:
    """What a thing is called, in reasons and orders."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise wrong(place, f"must be 1 to 64 letters, digits, _, . and -, not {shown(value)}")
    return value


def text(value: Any, place: str) -> str:
    """One line in quotes."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST:
        raise wrong(place, f"must be a text of one line in quotes, not {shown(value)}")
    return value.strip()


def path(value: Any, place: str) -> str:
    """Where the number stands in an answer: `data.0.price`, `data.[name=A].value`."""
    found = text(value, place)
    plain = re.sub(r"\[[^\[\]=]+=[^\[\]]*\]", "x", found)
    if found and ("[" in plain or "]" in plain or not all(plain.split("."))):
        raise wrong(place, f"{shown(value)} is no path, e.g. data.0.price or data.[name=A].value")
    return found


def mode(value: Any, place: str) -> Mode:
    """`active` or `sleep`."""
    if value not in ("active", "sleep"):
        raise wrong(place, f"must be active or sleep, not {shown(value)}")
    return Mode(value)


# what may be secret: no value is ever shown


def body(value: Any, place: str) -> str:
    """What is sent; it may hold anything."""
    if not isinstance(value, str):
        raise wrong(place, f"must be a text in quotes, not {kind_of(value)}")
    return value


def url(value: Any, place: str) -> str:
    """An http or https address in ASCII without a login."""
    if value is UNREAD:
        return str(UNREAD)
    cure = 'leave it out, and name a header, e.g. headers = { Authorization = "env:NAME" }'
    return check_web_address(value, place, "http://10.1.0.5/api/state", cure)


def headers(value: Any, place: str) -> Mapping[str, str]:
    """Texts by the names of headers."""
    problems = Problems()
    found: dict[str, str] = {}
    for key, item in a_table(value, place).items():
        if not _HEADER.fullmatch(key):
            problems.add(place, "one of them is no name of a header, e.g. Authorization")
        elif item is not UNREAD and not _is_header_value(item):
            problems.add(f"{place}.{key}", "must be a text of one line in ASCII, in quotes")
        found[key] = item
    problems.end()
    return found


def _is_header_value(item: object) -> bool:
    return isinstance(item, str) and item.isascii() and item.isprintable()
