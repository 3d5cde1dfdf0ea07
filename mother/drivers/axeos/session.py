"""The talk with one device: one connection, one request, one answer, and then it is closed.

AxeOS has few sockets and falls over when it is asked much (its issues 70, 356 and 773 tell of it):
no connection is kept, none is opened beside another, and no read is repeated. No Origin header is
sent, so that its check of origins finds nothing to complain about.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mother.core.errors import Declined, Garbled, Refused, Stranger, Unsupported
from mother.core.model import Address
from mother.drivers.axeos import parse
from mother.net.http import Answer, CutOff, Http

INFO = "/api/system/info"
ASIC = "/api/system/asic"
SETTINGS = "/api/system"
RESTART = "/api/system/restart"
PAUSE = "/api/system/pause"
RESUME = "/api/system/resume"
IDENTIFY = "/api/system/identify"

KEPT = 1.5
"""Seconds that an answer is good for."""

LIMIT = 256 * 1024
"""Bytes of an answer: `info` of a large one with all its counters has some ten thousand."""

_JSON = b"application/json"

_MISSING = frozenset({404, 405, 501})
"""How its server says that it does not know a path or a method."""


class Session:
    """`expected` is the MAC that must answer, once somebody said so."""

    def __init__(
        self,
        http: Http,
        timeout: Callable[[], float],
        address: Address,
        now: Callable[[], float],
    ) -> None:
        self._now = now
        self._kept: tuple[float, dict[str, Any]] | None = None
        self.address = address
        self.expected: str | None = None
        self._http = http
        self._timeout = timeout

    async def info(self) -> dict[str, Any]:
        """All that it tells of itself. Stranger where another MAC answers.

        Who it is, what it does and what is set stand in the same answer: asked for one after the
        other, it is asked once.
        """
        if self._kept is not None and 0.0 <= self._now() - self._kept[0] < KEPT:
            found = self._kept[1]
        else:
            found = parse.information((await self._read(INFO)).body)
            self._kept = (self._now(), found)
        if self.expected is not None and parse.text(found, "macAddr"):
            mac = parse.mac(found)
            if mac != self.expected:
                self.forget()
                raise Stranger(self.expected, mac)
        return found

    def forget(self) -> None:
        """What it told is not true any more."""
        self._kept = None

    async def asic(self) -> dict[str, Any]:
        """What newer firmware tells of its chips; empty where it does not."""
        try:
            return parse.decode((await self._read(ASIC)).body)
        except (Garbled, Unsupported):
            return {}

    async def change(self, form: Mapping[str, Any]) -> None:
        """Change these settings and leave the others as they are."""
        body = json.dumps(form, separators=(",", ":")).encode("ascii")
        await self._write(b"PATCH", SETTINGS, body, "take settings")

    async def order(self, path: str, deed: str) -> None:
        """Send one order; `deed` says what it is, should the firmware not know it."""
        await self._write(b"POST", path, None, deed)

    async def _read(self, path: str) -> Answer:
        answer = await self._http.exchange(
            self.address, b"GET", path, deadline=self._timeout(), limit=LIMIT, fresh=True
        )
        if answer.status in _MISSING:
            raise Unsupported(f"{path}: HTTP {answer.status}")
        if answer.status in (401, 403):
            raise Refused(f"{path}: HTTP {answer.status}: it lets nobody in from here")
        if answer.status != 200:
            raise Garbled(f"{path}: HTTP {answer.status}")
        return answer

    async def _write(self, method: bytes, path: str, body: bytes | None, deed: str) -> None:
        """Sent once; an answer that is lost counts as taken."""
        self.forget()
        try:
            answer = await self._http.exchange(
                self.address,
                method,
                path,
                body=body,
                content_type=None if body is None else _JSON,
                deadline=self._timeout(),
                limit=LIMIT,
                fresh=True,
            )
        except CutOff:
            return
        if answer.status in (401, 403):
            raise Declined(parse.OTP)
        if answer.status in _MISSING:
            raise Unsupported(f"its firmware does not know how to {deed} (HTTP {answer.status})")
        if answer.status == 400:
            raise Declined(f"it does not want to {deed} (HTTP 400)")
        if not 200 <= answer.status < 300:
            raise Garbled(f"{path}: HTTP {answer.status}")
