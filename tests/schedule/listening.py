"""Signals at a site, and somebody who answers for their sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from mother.config.schedule import Schedule, Signal
from mother.core.model import EventKind
from mother.schedule.sources import Sources

BEGIN = 1_773_180_000.0
URL = "https://user.example/secret?key=secret"
PRICE = Signal("price", URL, "p", {"Authorization": "secret"}, unit="EUR/MWh", body="{secret}")
PUSHED = Signal("grid", factor=10.0, plus=1.0, unit="W")


@contextmanager
def logged() -> Iterator[list[str]]:
    """All lines of the log, ours and those of others."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def keep(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(keep)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(keep)


class Site:
    """Signals, and somebody who answers them: with a document, an error, or not at all."""

    def __init__(self, *signals: Signal, **config: Any) -> None:
        self.config = Schedule(signals=signals or (PRICE,), **config)
        self.clock = Clock()
        self.adrift = 0.0
        self.asked: list[tuple[str, Mapping[str, str], str]] = []
        self.answer: object = None
        self.waiting: list[Deferred[bytes]] = []
        self.events: list[tuple[EventKind, str]] = []
        self.hurries = 0
        self.sources = self.made()

    def made(self) -> Sources:
        sources = Sources(
            lambda: self.config, self._fetch, self.clock, self.now, self._tell, self._hurry
        )
        sources.start()
        return sources

    def now(self) -> float:
        return BEGIN + self.clock.seconds() + self.adrift

    async def _fetch(self, url: str, headers: Mapping[str, str], body: str) -> bytes:
        self.asked.append((url, headers, body))
        if self.answer is None:
            self.waiting.append(Deferred())
            return await self.waiting[-1]
        if isinstance(self.answer, Exception):
            raise self.answer
        return json.dumps(self.answer).encode()

    def _tell(
        self, kind: EventKind, severity: object, text: str, content: Mapping[str, object]
    ) -> None:
        assert "secret" not in text + str(content)
        assert json.dumps(content)
        self.events.append((kind, text))

    def _hurry(self) -> None:
        self.hurries += 1

    def live(self, seconds: float, answer: object = None) -> None:
        """So long, with a round every 15 s; the answer is from now on this."""
        if answer is not None:
            self.answer = answer
        for _ in range(round(seconds / 15)):
            self.sources.poll_due()
            self.clock.advance(15)
        self.sources.poll_due()

    def value(self, name: str = "price") -> float | None:
        said = self.sources.said(name)
        return None if said is None else said.value

    def kinds(self) -> list[EventKind]:
        return [kind for kind, _ in self.events]
