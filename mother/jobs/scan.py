"""The scan loop: who is on the network, and whether it is still who we think it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred, TimeoutError  # noqa: A004
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.addresses import Addresses
from mother.core.bus import Bus
from mother.core.crowd import Gang
from mother.core.loop import ROUND
from mother.core.model import Address, EventKind, Severity
from mother.core.ports import knocks
from mother.core.pulse import Pulse
from mother.core.units import duration
from mother.fleet.adoption import Adoption
from mother.fleet.findings import open_to_all
from mother.fleet.news import tell_of
from mother.fleet.polling import Poller
from mother.fleet.roster import Entry, Roster

LOOKS = 400
"""So many hosts that answer are looked at more closely at once."""


class Sweep(Protocol):
    """Knocks at hosts (see `mother.net.knock`); `found` is called at once for each that opens."""

    async def __call__(
        self, hosts: Iterator[str], config: Config, found: Callable[[str], None]
    ) -> object:
        """Ends when every host was tried."""


class Progress:
    """How far the scan is: addresses tried, of how many, and miners met."""

    def __init__(self, total: int = 0, pulse: Pulse | None = None) -> None:
        self.total = total
        self._pulse = pulse or Pulse()
        self.tried = 0
        self.met = 0

    def counting(self, hosts: Iterator[str]) -> Iterator[str]:
        """The same hosts, counted as they are taken."""
        for host in hosts:
            self.tried += 1
            self._pulse.beat()
            yield host

    def looked(self) -> None:
        """One look has ended."""
        self._pulse.beat()


class _Looks:
    """The looks of one round: `at` which addresses, whom they `met`, which were `odd`.

    Each may take `deadline` seconds, logins included: a host that hangs holds up nobody.
    """

    def __init__(
        self,
        adoption: Adoption,
        progress: Progress,
        failed: Callable[[Address, Exception], None],
        clock: IReactorTime,
        deadline: float,
    ) -> None:
        self._clock = clock
        self._deadline = deadline
        self._adoption = adoption
        self._progress = progress
        self._failed = failed
        self.gang = Gang(LOOKS, lambda _: None)
        self.at: set[Address] = set()
        self.met: set[str] = set()
        self.odd: set[Address] = set()

    def begin(self, address: Address) -> None:
        """Look as soon as there is room."""
        self.at.add(address)
        self.gang.submit(partial(self._look_counted, address))

    async def _look_counted(self, address: Address) -> None:
        try:
            await self._look(address)
        finally:
            self._progress.looked()

    async def _look(self, address: Address) -> None:
        look = Deferred.fromCoroutine(self._adoption.look(address))
        look.addTimeout(self._deadline, self._clock)
        try:
            entry = await look
        except CancelledError:
            raise
        except TimeoutError:
            self._adoption.hangs(address)
            return
        except Exception as error:
            self.odd.add(address)
            self._failed(address, error)
            return
        if entry is not None:
            self.met.add(entry.id)
            self._progress.met = len(self.met)


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
        self.pulse = Pulse()
        self.progress = Progress()
        self._rounds = 0
        self._open_doors = 0
        self._odd: set[Address] = set()

    def limit(self) -> float:
        """Within so many seconds a scan gets on, however large the network is."""
        config = self._config()
        return ROUND + 2 * config.scan_timeout + (3 / config.scan_rate if config.scan_rate else 0)

    async def run(self) -> None:
        """One scan of all configured networks."""
        config, began, begun = self._config(), self._clock.seconds(), self._now()
        addresses = Addresses(config.networks, config.exclude)
        self.drop_outsiders()
        answering = self._answering()
        self.progress = progress = Progress(len(addresses), self.pulse)
        looks = _Looks(self._adoption, progress, self._failed, self._clock, config.scan_timeout)
        try:
            for address in answering.values():
                progress.tried += 1
                looks.begin(address)
            hosts = (host for host in addresses.shuffled(self._random) if host not in answering)
            await self._sweep(
                progress.counting(hosts),
                config,
                lambda host: looks.begin(Address(host, config.ports.dragon)),
            )
            await looks.gang.drained()
        except BaseException:
            looks.gang.cancel()
            await looks.gang.drained()
            raise
        self._adoption.conclude_scan(looks.at)
        met = looks.met | self._heard_since(begun)
        progress.met = len(met)
        self._give_up(met)
        self._odd = looks.odd
        self._report(self._clock.seconds() - began, len(met), progress.total)

    def _heard_since(self, begun: float) -> set[str]:
        """Who answered a poll meanwhile: some bear one connection, and refuse a knock then."""
        return {
            entry.id for entry in self._roster if entry.last_seen > begun and self._is_here(entry)
        }

    def _answering(self) -> dict[str, Address]:
        """Where the known miners live that answered last time: they need no knock."""
        return {entry.address.host: entry.address for entry in self._roster if self._is_here(entry)}

    def _is_here(self, entry: Entry) -> bool:
        """Whether it answers at an address that a scan would try."""
        return self._roster.housed(entry) and not (entry.failures or entry.via)

    def drop_outsiders(self) -> None:
        """What is outside the networks (they were reconfigured) is not ours any more."""
        config = self._config()
        addresses = Addresses(config.networks, config.exclude)
        doors = knocks(config.ports, config.families)

        def is_inside(address: Address) -> bool:
            inside = address.port in (*doors.first, *doors.then)
            return inside and address.host in addresses

        def is_ours(place: Address) -> bool:
            return place.port == config.ports.dragon and place.host in addresses

        for entry in self._roster:
            if entry.via:
                continue  # it is not there by its address
            if config.families and entry.family.name not in config.families:
                self._remove(entry, f"the family {entry.family.name} is not looked for")
            elif not is_inside(entry.address):
                self._remove(entry, "its address is not in the configured networks")
        self._adoption.drop_outsiders(is_ours)

    def _give_up(self, met: set[str]) -> None:
        for entry in self._roster:
            if entry.id in met or entry.via:
                continue
            entry.missed_scans += 1
            if entry.lost and not entry.lock.locked:  # a poll in flight may find it yet
                away = duration(self._now() - (entry.failing_since or self._now()))
                self._remove(
                    entry,
                    f"not seen for {away}, by {entry.missed_scans} scans and {entry.failures} "
                    "polls; it is taken up again as soon as it answers",
                )

    def _remove(self, entry: Entry, why: str) -> None:
        self._poller.farewell(entry)
        self._roster.remove(entry, self._now())
        tell_of(
            self._bus,
            entry,
            EventKind.REMOVED,
            Severity.WARNING,
            f"{entry.worker} ({entry.address}) is given up: {why}",
        )

    def _report(self, seconds: float, found: int, total: int) -> None:
        self._rounds += 1
        self._tell_open_doors()
        took = f"{seconds:.1f} s" if seconds < 60 else duration(seconds)
        self._bus.tell(
            EventKind.SCANNED,
            Severity.INFO,
            f"Scanned {total} addresses in {took}: "
            f"{found} {'miner answers' if found == 1 else 'miners answer'}, "
            f"{len(self._roster)} known",
            content={
                "seconds": seconds,
                "found": found,
                "known": len(self._roster),
                "total": total,
                "first": self._rounds == 1,
            },
        )

    def _tell_open_doors(self) -> None:
        """Say how many miners anybody can log in to, whenever there are more of them."""
        count = open_to_all(self._roster)
        if count > self._open_doors:
            self._bus.tell(
                EventKind.FACTORY_LOGIN,
                Severity.WARNING,
                f"{count:,} of {len(self._roster):,} miners have their maker's own login, which "
                "everybody knows: change it, with `mother set-password MINER` where it takes that",
                content={"miners": count},
            )
        self._open_doors = count

    def _failed(self, address: Address, error: Exception) -> None:
        """A look failed in a way nobody foresaw: told in full once, until a round goes well."""
        first = address not in self._odd
        if first:
            self.log.failure("a look at {address} failed", address=str(address))
        self._bus.tell(
            EventKind.FAULT,
            Severity.ERROR,
            f"a look at {address} failed: {type(error).__name__}",
            content={"ip": str(address), "where": "add", "first": first},
        )
