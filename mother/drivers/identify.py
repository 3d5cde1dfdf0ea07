"""One pass over an address that nobody knows: what it shows to anybody who comes by.

At most three harmless questions, one after the other: its page, `version` on the cgminer port,
a knock at Whatsminer's third port; each only where somebody is looked for who would answer it.
"""

from __future__ import annotations

import re
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

ANSWER_WITHIN = 5.0
"""Seconds for each question; a Whatsminer is slow."""

_VERSION = b'{"command":"version"}'
_REALM = re.compile(r'realm="?([^",]{0,64})', re.IGNORECASE)


class Identifier:
    """Collects the traces of an address. `families` are those that are looked for."""

    def __init__(
        self,
        wire: Wire,
        knocker: Callable[[], Knocker],
        families: Callable[[], tuple[str, ...]],
        connect: Callable[[], float],
    ) -> None:
        self._wire = wire
        self._knocker = knocker
        self._families = families
        self._connect = connect

    async def traces(self, host: str, deadline: float) -> Traces:
        """What it shows, within about `deadline` seconds; never raises DeviceError."""
        ports = self._wire.ports()
        wanted = knocks(ports, self._families())
        asked = frozenset((*wanted.first, *wanted.then))
        within = min(deadline, ANSWER_WITHIN)
        found = Traces(host, frozenset(), ports)
        for port in dict.fromkeys((ports.dragon, ports.web)):
            if port in asked and not found.status:
                found = await self._page(found, port, within)
        if ports.cgminer in asked and not speaks_http(found.page):
            found = await self._version(found, ports.cgminer, within)
        if ports.whatsminer in asked and _may_be_whatsminer(found):
            found = await self._third(found, ports)
        return found

    async def _page(self, found: Traces, port: int, deadline: float) -> Traces:
        try:
            answer = await self._wire.http.exchange(
                Address(found.host, port), b"GET", "/", deadline=deadline, limit=PAGE_LIMIT
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
                Address(found.host, port), _VERSION, deadline=deadline, limit=VERSION_LIMIT
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

    async def _third(self, found: Traces, ports: Ports) -> Traces:
        knock = self._knocker().knock(found.host, ports.whatsminer, self._connect())
        opens = await Deferred.fromCoroutine(knock)
        return _opened(found, ports.whatsminer) if opens else found


def _may_be_whatsminer(found: Traces) -> bool:
    """It said so, or it said nothing that tells what it is."""
    said = found.said.upper()
    return b"BTMINER" in said or b"BITMICRO" in said or not (found.version or found.page)


def _opened(found: Traces, port: int, **more: Any) -> Traces:
    known = {name: getattr(found, name) for name in found.__struct_fields__}
    return Traces(**{**known, "open": found.open | {port}, **more})


def _header(answer: Answer, name: bytes) -> str:
    values = answer.headers.getRawHeaders(name) or [b""]
    return values[0][:256].decode("latin-1")


def _realm(answer: Answer) -> str:
    found = _REALM.search(_header(answer, b"www-authenticate"))
    return "" if found is None else found.group(1)
