"""The scan loop: who is on the network, and whether it is still who we think it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.addresses import Addresses
from mother.core.bus import Bus
from mother.core.crowd import Gang
from mother.core.model import Address, EventKind, Severity
from mother.core.units import duration
from mother.fleet.adoption import Adoption
from mother.fleet.polling import Poller
from mother.fleet.roster import GIVE_UP_SCANS, Entry, Roster

LOOKS = 100
"""So many hosts that answer are looked at more closely at once."""


class Sweep(Protocol):
    """Knocks at hosts (see `mother.net.knock`); `found` is called at once for each that opens."""

    async def __call__(
        self, hosts: Iterator[str], config: Config, found: Callable[[str], None]
    ) -> object:
        """Ends when every host was tried."""


class Progress:
    """How far the scan is: addresses tried, of how many, and miners met."""

    def __init__(self) -> None:
        self.total = 0
        self.tried = 0
        self.met = 0

    def counting(self, hosts: Iterator[str]) -> Iterator[str]:
        """The same hosts, counted as they are taken."""
        for host in hosts:
            self.tried += 1
            yield host


class Scan:
    """One round visits the known miners that answer and knocks at every other address."""

    name = "scan"
    log = Logger()

    def __init__(
        self,
        roster: Roster,
        adoption: Adoption,
        poller: Poller,
        sweep: Sweep,
        bus: Bus,
        config: Callable[[], Config],
        clock: IReactorTime,
        now: Callable[[], float],
        random: Random,
    ) -> None:
        self._roster = roster
        self._adoption = adoption
        self._poller = poller
        self._sweep = sweep
        self._bus = bus
        self._config = config
        self._clock = clock
        self._now = now
        self._random = random
        self.progress = Progress()
        self._rounds = 0

    async def run(self) -> None:
        """One scan of all configured networks."""
        config = self._config()
        began, wall = self._clock.seconds(), self._now()
        addresses = Addresses(config.networks, config.exclude)
        self.progress = progress = Progress()
        self._drop_outsiders(addresses, config.dragon_port)
        answering = self._answering()
        progress.total = len(addresses)
        met: set[str] = set()
        gang = Gang(LOOKS, self._failed)

        def look_at(address: Address) -> None:
            async def look() -> None:
                entry = await self._adoption.look(address)
                if entry is not None and entry.id not in met:
                    met.add(entry.id)
                    progress.met = len(met)

            gang.submit(look)

        try:
            for address in answering.values():
                progress.tried += 1
                look_at(address)
            hosts = (host for host in addresses.shuffled(self._random) if host not in answering)
            await self._sweep(
                progress.counting(hosts),
                config,
                lambda host: look_at(Address(host, config.dragon_port)),
            )
            await gang.drained()
        except BaseException:
            gang.cancel()
            raise
        self._adoption.settle_disputes(wall)
        self._give_up(met)
        self._report(self._clock.seconds() - began, len(met), progress.total)

    def _answering(self) -> dict[str, Address]:
        """Where the known miners live that answered last time: they need no knock."""
        return {
            entry.address.host: entry.address
            for entry in self._roster
            if self._roster.housed(entry) and not entry.failures
        }

    def _drop_outsiders(self, addresses: Addresses, port: int) -> None:
        """Miners outside the networks (they were reconfigured) are not ours any more."""
        for entry in self._roster:
            if entry.address.host not in addresses or entry.address.port != port:
                self._remove(entry, "its address is not in the configured networks")

    def _give_up(self, met: set[str]) -> None:
        for entry in self._roster:
            if entry.id in met:
                continue
            entry.missed_scans += 1
            if entry.lost:
                away = duration(self._now() - (entry.failing_since or self._now()))
                self._remove(
                    entry,
                    f"not seen for {away}, by {entry.missed_scans} scans and {entry.failures} "
                    "polls; it is taken up again as soon as it answers",
                )

    def _remove(self, entry: Entry, why: str) -> None:
        entry.failures = max(entry.failures, GIVE_UP_SCANS)
        self._poller.farewell(entry)
        self._roster.remove(entry, self._now())
        self._bus.tell(
            EventKind.REMOVED,
            Severity.WARNING,
            f"{entry.worker} ({entry.address}) is given up: {why}",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address)},
        )

    def _report(self, seconds: float, found: int, total: int) -> None:
        self._rounds += 1
        self._bus.tell(
            EventKind.SCANNED,
            Severity.INFO,
            f"scanned {total} addresses in {seconds:.1f} s: {found} miners answer, "
            f"{len(self._roster)} known",
            content={
                "seconds": seconds,
                "found": found,
                "known": len(self._roster),
                "total": total,
                "first": self._rounds == 1,
            },
        )

    def _failed(self, error: Exception) -> None:
        self.log.error("a look at one host failed: {error!r}", error=error)
        self._bus.tell(
            EventKind.FAULT,
            Severity.ERROR,
            f"a look at one host failed: {error!r}",
            content={"where": "add", "first": True},
        )
