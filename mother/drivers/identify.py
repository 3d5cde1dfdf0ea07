"""One pass over an address that nobody knows: what it shows to anybody who comes by.

At most three harmless questions, one after the other: its page, `version` on the cgminer port,
a knock at Whatsminer's third port; each only where somebody is looked for who would answer it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from mother.core.errors import DeviceError, Garbled
from mother.core.model import Address
from mother.core.ports import Ports, knocks
from mother.drivers.base import Traces
from mother.drivers.cgminer.wire import repaired
from mother.drivers.marks import speaks_http
from mother.net.exchange import Answer
from mother.net.knock import Knocker
from mother.net.wire import Wire

PAGE_LIMIT = 64 * 1024
VERSION_LIMIT = 64 * 1024
KEPT = 4096
BUSY = 0.3
"""Seconds until a device is asked once more that was busy, perhaps with our knock."""
TO_TLS = 307

ANSWER_WITHIN = 5.0
"""Seconds for each question; a Whatsminer is slow."""

_VERSION = b'{"command":"version"}'
_REALM = re.compile(r'realm="?([^",]{0,64})', re.IGNORECASE)


class Identifier:
    """Collects the traces of an address. `families` are those that are looked for.

    `connect` is asked for the seconds of a knock; `seconds` is a clock that is never set.
    """

    def __init__(
        self,
        wire: Wire,
        knocker: Callable[[], Knocker],
        families: Callable[[], tuple[str, ...]],
        connect: Callable[[], float],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wire = wire
        self._seconds = seconds
        self._knocker = knocker
        self._families = families
        self._connect = connect

    async def traces(self, host: str, deadline: float) -> Traces:
        """What it shows, within `deadline` seconds; never raises DeviceError.

        A question has at most half of the time that is left, so that the next one has its turn.
        The page is asked for even where only the cgminer port tells: who speaks HTTP on that is
        known by its page alone.
        """
        end = self._seconds() + deadline

        def within() -> float:
            return max(0.0, min(ANSWER_WITHIN, (end - self._seconds()) / 2))

        ports = self._wire.ports()
        wanted = knocks(ports, self._families())
        asked = frozenset((*wanted.first, *wanted.then))
        pages = (ports.dragon, ports.web) if ports.dragon in asked else (ports.web,)
        found = Traces(host, frozenset(), ports)
        for port in dict.fromkeys(pages):
            if not found.status and (port in asked or ports.cgminer in asked):
                found = await self._page(found, port, within())
        if ports.cgminer in asked and not speaks_http(found.page):
            found = await self._version(found, ports.cgminer, within())
        if ports.whatsminer in asked and _may_be_whatsminer(found):
            found = await self._third(found, ports, within())
        return found

    async def _page(self, found: Traces, port: int, deadline: float) -> Traces:
        try:
            answer = await self._wire.http.exchange(
                Address(found.host, port),
                b"GET",
                "/",
                deadline=deadline,
                limit=PAGE_LIMIT,
                fresh=True,  # some bear one connection only, and this one would be kept
            )
        except Garbled:
            return _opened(found, port)
        except DeviceError:
            return found
        return _opened(
            found,
            port,
            page_port=port,
            status=answer.status,
            page=answer.body,
            realm=_realm(answer),
            location=_header(answer, b"location"),
            server=_header(answer, b"server"),
        )

    async def _version(self, found: Traces, port: int, deadline: float) -> Traces:
        try:
            said = await self._wire.lines.ask(
                Address(found.host, port),
                _VERSION,
                deadline=deadline,
                limit=VERSION_LIMIT,
                again=BUSY,
            )
        except Garbled:
            return _opened(found, port)
        except DeviceError:
            return found
        try:
            version = repaired(said)
        except Garbled:
            return _opened(found, port, said=said[:KEPT])
        return _opened(found, port, version=version, said=said[:KEPT])

    async def _third(self, found: Traces, ports: Ports, deadline: float) -> Traces:
        within = min(self._connect(), deadline)
        knock = self._knocker().knock(found.host, ports.whatsminer, within)
        opens = await Deferred.fromCoroutine(knock)
        return _opened(found, ports.whatsminer) if opens else found


def _may_be_whatsminer(found: Traces) -> bool:
    """It said so, or it said nothing that tells what it is.

    A Whatsminer's answers have their STATUS flat, as no cgminer's are, and its page leads to TLS.
    """
    said = found.said.upper()
    named = b"BTMINER" in said or b"BITMICRO" in said
    flat = isinstance(found.version.get("STATUS"), str)
    return named or flat or found.status == TO_TLS or not (found.version or found.page)


def _opened(found: Traces, port: int, **more: Any) -> Traces:
    known = {name: getattr(found, name) for name in found.__struct_fields__}
    return Traces(**{**known, "open": found.open | {port}, **more})


def _header(answer: Answer, name: bytes) -> str:
    values = answer.headers.getRawHeaders(name) or [b""]
    return values[0][:256].decode("latin-1")


def _realm(answer: Answer) -> str:
    found = _REALM.search(_header(answer, b"www-authenticate"))
    return "" if found is None else found.group(1)
