"""Readings and events on their way from the jobs to the sinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct
from twisted.logger import Logger

from mother.core.model import Event, EventKind, Severity, State, Totals
from mother.core.reading import Reading


class Sample(Struct, frozen=True):
    """One miner at one moment, for the sinks.

    `reading` is None while the miner is gone; `last_seen` is Unix seconds. `model` names the
    type segment of a metric (`T1`). `at_rest` maps those native names that must fall to 0,
    because the miner is gone or asleep, or no longer tells them. `latency` is how many seconds
    the device took to answer; None where it was not asked, or did not.
    """

    device: str
    worker: str
    model: str
    state: State
    reachable: bool
    last_seen: float
    at: float
    reading: Reading | None = None
    at_rest: Mapping[str, float] = {}
    latency: float | None = None


class Sink(Protocol):
    """Takes what the bus carries into a bounded queue of its own; never blocks, never raises."""

    name: str

    def sample(self, sample: Sample) -> None:
        """One miner was read, or found gone."""

    def event(self, event: Event) -> None:
        """Something happened."""

    def totals(self, totals: Totals) -> None:
        """The farm's sums, once per sweep."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Gauges of the daemon itself, by dotted name (`loop.scan.runs`)."""


class Bus:
    """Hands everything to every sink; a sink that fails is logged once, the others still hear."""

    log = Logger()

    def __init__(self, site: str, now: Callable[[], float], make_id: Callable[[], str]) -> None:
        self._site = site
        self._now = now
        self._make_id = make_id
        self._sinks: list[Sink] = []
        self._broken: set[str] = set()

    def add(self, sink: Sink) -> None:
        """From now on this one hears everything."""
        self._sinks.append(sink)

    def sample(self, sample: Sample) -> None:
        """Publish one miner's moment."""
        for sink in self._sinks:
            self._hand(sink, sink.sample, sample)

    def totals(self, totals: Totals) -> None:
        """Publish the farm's sums."""
        for sink in self._sinks:
            self._hand(sink, sink.totals, totals)

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Publish gauges of the daemon itself."""
        for sink in self._sinks:
            self._hand(sink, sink.numbers, numbers)

    def tell(
        self,
        kind: EventKind,
        severity: Severity,
        text: str,
        *,
        device: str = "",
        worker: str = "",
        content: Mapping[str, Any] | None = None,
    ) -> Event:
        """Make an event of what happened and publish it."""
        event = Event(
            id=self._make_id(),
            at=self._now(),
            site=self._site,
            kind=kind,
            severity=severity,
            text=text,
            device=device,
            worker=worker,
            content=content or {},
        )
        for sink in self._sinks:
            self._hand(sink, sink.event, event)
        return event

    def _hand(self, sink: Sink, taker: Callable[[Any], None], item: object) -> None:
        try:
            taker(item)
        except Exception:
            if sink.name not in self._broken:
                self._broken.add(sink.name)
                self.log.failure("The {name} sink fails; the others go on.", name=sink.name)
