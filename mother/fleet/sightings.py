"""Hosts that look like miners and could not be identified: listed, asked seldom, never written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv4Address

from twisted.logger import Logger

from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.model import Address, EventKind, Severity
from mother.core.units import duration
from mother.fleet.memory import Memory
from mother.fleet.remembered import SightingMemory
from mother.fleet.roster import GIVE_UP_SCANS, REFUSED, Roster, Sighting

NAMED = 5
"""So many hosts are named where many are mute."""


class Sightings:
    """Keeps those of the roster, and tells of each the first time."""

    log = Logger()

    def __init__(self, roster: Roster, bus: Bus, now: Callable[[], float], memory: Memory) -> None:
        self._roster = roster
        self._bus = bus
        self._now = now
        self._memory = memory
        self._mute: set[Address] = set()
        self._told: set[Address] = set()

    def recall(self) -> None:
        """Take the back-offs of an earlier run over.

        Nobody waits for longer than after a first refusal, since the restart may be the cure.
        """
        sightings = self._roster.sightings
        for place, kept in self._memory.sightings.items():
            host, _, port = place.rpartition(":")
            if host and port.isdigit():
                address = Address(host, int(port))
                soon = min(kept.retry_at or 0.0, self._now() + REFUSED.first)
                sightings[address] = Sighting(address, "", "", kept.failures, soon)
        if sightings:
            self.log.info(
                "{count} {what} could not be identified by the last run, and will be asked again "
                "within {wait}.",
                count=len(sightings),
                what="host" if len(sightings) == 1 else "hosts",
                wait=duration(REFUSED.first),
            )

    def hurry(self) -> None:
        """Ask them all again at once."""
        for sighting in self._roster.sightings.values():
            sighting.next_try = 0.0
            sighting.skip = 0

    def conclude_scan(self, met: Collection[Address]) -> None:
        """A whole scan is done: forget those that several in a row did not find.

        Of those that it `met`, tell who was mute, of each the first time.
        """
        for address, sighting in tuple(self._roster.sightings.items()):
            sighting.missed_scans = 0 if address in met else sighting.missed_scans + 1
            if sighting.missed_scans >= GIVE_UP_SCANS:
                self.drop(address)
        self._mute.intersection_update(met)
        self._roster.mute = tuple(
            sorted(
                self._mute - self._roster.sightings.keys(), key=lambda one: IPv4Address(one.host)
            )
        )
        self._tell_mute([one for one in self._roster.mute if one not in self._told])

    def _tell_mute(self, news: Sequence[Address]) -> None:
        if not news:
            return
        self._told.update(news)
        hosts = [one.host for one in news]
        self._bus.tell(
            EventKind.SIGHTED,
            Severity.WARNING,
            mute_hosts(hosts),
            content={"where": "add", "hosts": hosts},
        )

    def mute(self, address: Address) -> None:
        """Nobody there says anything that we know."""
        self._mute.add(address)

    def drop_outsiders(self, is_inside: Callable[[Address], bool]) -> None:
        """Those outside the networks (they were reconfigured) are not ours."""
        self._roster.mute = tuple(one for one in self._roster.mute if is_inside(one))
        self._told = {one for one in self._told if is_inside(one)}
        for address in [one for one in self._roster.sightings if not is_inside(one)]:
            self.drop(address)

    def add(
        self,
        address: Address,
        family: str,
        reason: str,
        backoff: Backoff,
        *,
        skip: int = 0,
        said: str = "",
    ) -> float:
        """Remember a host that could not be identified; say so the first time.

        Returns until when it is left in peace, in Unix seconds.
        """
        old = self._roster.sightings.get(address)
        failures = old.failures + 1 if old else 1
        wait = backoff.wait(failures)
        until = self._now() + wait
        self._roster.sightings[address] = Sighting(
            address, family, reason, failures, until, skip=skip, said=said
        )
        self._memory.remember_sighting(
            f"{address.host}:{address.port}", SightingMemory(failures, until)
        )
        self._bus.tell(
            EventKind.SIGHTED,
            Severity.WARNING,
            f"{address} {_looks(family, reason)}; not asked again for {duration(wait)}",
            content={
                "ip": str(address),
                "where": "add",
                "first": old is None or old.reason != reason,
            },
        )
        return until

    def drop(self, address: Address) -> None:
        """It is known who that is, or nobody is there."""
        self._mute.discard(address)
        if self._roster.sightings.pop(address, None) is not None:
            self._memory.forget_sighting(f"{address.host}:{address.port}")


def mute_hosts(hosts: Sequence[str]) -> str:
    """How many take a connection and say nothing that we know, with the first few by name."""
    one, more = len(hosts) == 1, len(hosts) - NAMED
    what = "1 host accepts" if one else f"{len(hosts):,} hosts accept"
    names = ", ".join(hosts[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f"{what} connections but {'does' if one else 'do'} not answer: {names}"


def _looks(family: str, reason: str) -> str:
    return f"looks like a {family} but {reason}" if family else f"is not minded: {reason}"
