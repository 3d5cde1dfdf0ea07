"""Where alarms and heartbeats go, as the operator writes it; no value is ever shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mother.config.problems import Problems, wrong


def lines(text: str, place: str) -> object:
    """Addresses parted by blanks or line feeds: a comma may belong to one."""
    return text.split()


def check_notify_urls(value: Any, place: str) -> tuple[str, ...]:
    """Addresses of apprise; whether it knows them is asked where it is used."""
    problems = Problems()
    given = [value] if isinstance(value, str) else value
    urls = [problems.checked(_url, item, where, "") for where, item in problems.items(given, place)]
    problems.end()
    return tuple(urls)


def _url(value: Any, place: str) -> str:
    if not isinstance(value, str) or "://" not in value:
        raise wrong(place, "is no address of apprise, e.g. tgram://TOKEN/CHAT or ntfy://TOPIC")
    return value


def check_heartbeat(value: Any, place: str) -> str:
    """An http or https address."""
    try:
        good = isinstance(value, str) and bool(urlsplit(value).hostname)
        good = good and urlsplit(value).scheme in {"http", "https"}
    except ValueError:
        good = False
    if not good:
        raise wrong(place, "is no http or https address, e.g. https://hc.example/ping/UUID")
    return str(value)
