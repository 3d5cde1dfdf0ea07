"""The metrics loop: one reading per miner and interval, spread over the interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from zlib import crc32

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.core.bus import Bus
from mother.core.clock import sleep
from mother.core.loop import ROUND
from mother.core.pulse import Pulse
from mother.fleet.polling import Poller
from mother.fleet.roster import Entry, Roster
from mother.fleet.views import Farm

SPREAD = 0.85
"""The polls of a sweep start within this share of the interval; the rest is for answers."""

TOGETHER = 0.1
"""Polls that are due within so many seconds start together: each waking of the process costs."""


SUMS = 5.0
"""The farm's sums and the daemon's own gauges go out no oftener than so many seconds."""


@lru_cache(maxsize=1 << 16)
def phase(ident: str) -> float:
    """Where in the sweep a miner has its turn, 0 to 1: always the same place."""
    return (crc32(ident.encode()) & 0xFFFF) / 0x10000


class Metrics:
    """One round polls every miner once. A hung miner delays nobody: its poll goes on alone.

    `numbers` gives the daemon's own gauges, published at the end of a round; the farm's sums
    are published with them once anybody can have been `met`: a farm of none would mislead.
    Where rounds are shorter than SUMS, not each of them publishes.
    """

    name = "metrics"
    log = Logger()

    def __init__(
        self,
        roster: Roster,
        poller: Poller,
        farm: Farm,
        bus: Bus,
        interval: Callable[[], float],
        clock: IReactorTime,
        now: Callable[[], float],
        numbers: Callable[[], Mapping[str, float]],
        met: Callable[[], bool] = lambda: True,
    ) -> None:
        self._roster = roster
        self._poller = poller
        self._farm = farm
        self._bus = bus
        self._interval = interval
        self._clock = clock
        self._now = now
        self._numbers = numbers
        self._met = met
        self.pulse = Pulse()
        self._flying: set[Deferred[bool]] = set()
        self._summed = -SUMS
        self._summed_met = False

    def limit(self) -> float:
        """Within so many seconds a sweep gets on: it waits for each miner's turn."""
        return ROUND + self._interval()

    async def run(self) -> None:
        """One sweep over all that are known when it begins."""
        began, window = self._clock.seconds(), self._interval() * SPREAD
        for turn, entry in self._turns():
            wait = began + turn * window - self._clock.seconds()
            if wait > TOGETHER:
                await sleep(self._clock, wait)
            self._launch(entry)
            self.pulse.beat()
        ended, met = self._clock.seconds(), self._met()
        if met > self._summed_met or ended - self._summed >= SUMS - TOGETHER:
            self._summed, self._summed_met = ended, met
            if met:
                self._bus.totals(self._farm.totals(self._now()))
            self._bus.numbers(self._numbers())

    def _turns(self) -> list[tuple[float, Entry]]:
        """Every miner with its place: evenly spaced, in an order that does not change."""
        entries = sorted(self._roster, key=lambda entry: phase(entry.id))
        return [(place / len(entries), entry) for place, entry in enumerate(entries)]

    def _launch(self, entry: Entry) -> None:
        if self._roster.get(entry.id) is not entry:
            return
        if not self._roster.housed(entry):
            self._poller.homeless(entry, "stats")
            return
        flight = Deferred.fromCoroutine(self._poller.poll(entry, "stats"))
        if not flight.called:
            self._flying.add(flight)
        flight.addBoth(self._landed, flight)

    def _landed(self, result: bool | Failure, flight: Deferred[bool]) -> None:
        self._flying.discard(flight)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self.log.failure("a poll failed in an unforeseen way", failure=result)

    def cancel(self) -> None:
        """Give up the polls that are in flight (at the end of the process)."""
        for flight in tuple(self._flying):
            flight.cancel()
