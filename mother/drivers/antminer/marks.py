"""What shows that an Antminer runs Bitmain's own firmware, before anybody logs in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mother.core.errors import DeviceError
from mother.core.model import Address
from mother.drivers.base import Traces
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.wire import repaired
from mother.drivers.marks import MARKS
from mother.net.exchange import Answer
from mother.net.wire import Wire

_OWN = "ANTMINER"
_REALM = "antminer"
_LIMIT = 64 * 1024
_VERSION = b'{"command":"version"}'
_WORDS = re.compile(r'realm="?antminer', re.IGNORECASE)

_OTHERS = tuple(word for mark in MARKS for word in mark.version if word != _OWN)
_PAGES = tuple(text for mark in MARKS for text in mark.page)


def is_ours(traces: Traces) -> bool:
    """By what it says to `version`; by its page's realm where it says nothing."""
    if any(text in traces.page for text in _PAGES):
        return False
    if traces.version:
        return says_antminer(traces.version)
    return not traces.said and traces.status == 401 and traces.realm.lower().startswith(_REALM)


def says_antminer(answer: Mapping[str, object]) -> bool:
    """Whether this answer to `version` names an Antminer, and nobody else's firmware.

    `Type` is that of stock firmware; others leave it and add a field or a word of their own.
    """
    told = picks.first(answer.get("VERSION"))
    words = " ".join(f"{name} {value}" for name, value in list(told.items())[:64]).upper()
    status = picks.first(answer.get("STATUS")).get("Description")
    words += f" {status}".upper()
    if any(word in words for word in _OTHERS):
        return False
    return picks.text(told.get("Type")).upper().startswith(_OWN)


async def recognise(wire: Wire, address: Address, deadline: float) -> bool:
    """Asks `version`, or the page where that port is shut; at most `deadline` seconds."""
    half = deadline / 2
    try:
        said = await wire.lines.ask(address, _VERSION, deadline=half, limit=_LIMIT)
        return says_antminer(repaired(said))
    except DeviceError:
        pass
    page = Address(address.host, wire.ports().web)
    try:
        answer = await wire.http.exchange(page, b"GET", "/", deadline=half, limit=_LIMIT)
    except DeviceError:
        return False
    return answer.status == 401 and _asks_for_antminer(answer)


def _asks_for_antminer(answer: Answer) -> bool:
    asked = answer.headers.getRawHeaders(b"www-authenticate") or []
    return any(_WORDS.search(line[:256].decode("latin-1")) for line in asked)


def safe_model(model: str) -> str:
    """`S19j Pro+` -> `S19j-Pro-plus`; nothing is `unknown`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", model.replace("+", "-plus")).strip("-") or "unknown"
