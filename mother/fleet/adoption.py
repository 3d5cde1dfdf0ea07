"""From an address that answers to a miner that is known: recognise, log in, identify, settle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.errors import DeviceError, Refused, Stranger
from mother.core.model import Address, Description, EventKind, Severity
from mother.core.units import duration
from mother.drivers.base import Device, Family
from mother.fleet.identity import device_id, worker_name
from mother.fleet.memory import Memory
from mother.fleet.remembered import SightingMemory
from mother.fleet.roster import Entry, Roster, Sighting

REFUSED = Backoff(first=300.0, most=6 * 3600.0)
"""A refused login is not tried again sooner: wrong guesses lock accounts and fill logs."""

FAILED = Backoff(first=60.0, most=900.0)
"""A host with a miner's mark that cannot be identified for another reason."""


class Adoption:
    """Looks at addresses and keeps the roster true. `settled` hears of each new or moved entry."""

    log = Logger()

    def __init__(
        self,
        roster: Roster,
        families: Sequence[Family],
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        memory: Memory,
        settled: Callable[[Entry], None],
    ) -> None:
        self._roster = roster
        self._families = families
        self._bus = bus
        self._config = config
        self._now = now
        self._memory = memory
        self._settled = settled
        self._looking: set[Address] = set()
        self.claims: dict[Address, float] = {}

    def recall(self) -> None:
        """Take the back-offs of an earlier run over, so that a restart is no new attempt."""
        for place, kept in self._memory.sightings.items():
            host, _, port = place.rpartition(":")
            if host and port.isdigit():
                address = Address(host, int(port))
                self._roster.sightings[address] = Sighting(
                    address, "", "", kept.failures, kept.retry_at or 0.0
                )

    async def look(self, address: Address) -> Entry | None:
        """Who is at this address? Adopts, moves or confirms; None where no miner is identified.

        Never raises DeviceError: what goes wrong is told and costs this address only.
        """
        if address in self._looking:
            return None
        self._looking.add(address)
        try:
            return await self._look(address)
        except CancelledError:
            raise
        except DeviceError as error:
            self._sighted(address, "", str(error), FAILED)
            return None
        finally:
            self._looking.discard(address)

    async def _look(self, address: Address) -> Entry | None:
        known = self._roster.at(address)
        if known is not None:
            return await self._revisit(known)
        sighting = self._roster.sightings.get(address)
        if sighting is not None and self._now() < sighting.next_try:
            return None
        for family in self._families:
            if await family.recognise(address, self._config().scan_timeout):
                return await self._identify(address, family)
        self._unsighted(address)
        return None

    async def _revisit(self, entry: Entry) -> Entry | None:
        """Confirm that a known miner is still where we believe it to be."""
        address = entry.address
        try:
            async with entry.lock:
                who = await entry.device.describe()
            if who.mac != entry.mac:
                raise Stranger(entry.mac, who.mac)
        except Stranger as stranger:
            self.log.info(
                "{worker} is no longer at {address}: {found} answers there",
                worker=entry.worker,
                address=str(address),
                found=stranger.found,
            )
            self._roster.vacate(entry)
            return await self._identify(address, entry.family)
        except Refused:
            if self._now() < entry.quiet_until:
                return None
            return await self._identify(address, entry.family)
        except DeviceError:
            return None
        entry.described(who, self._now())
        return entry

    async def _identify(self, address: Address, family: Family) -> Entry | None:
        """Try the credentials in order until one is taken."""
        for credential in self._config().credentials:
            device = family.device(address, credential)
            try:
                who = await device.describe()
            except Refused:
                continue
            except DeviceError as error:
                self._sighted(address, family.name, str(error), FAILED)
                return None
            return await self._settle(family, device, who)
        count = len(self._config().credentials)
        self._sighted(address, family.name, f"it refuses all {count} logins", REFUSED)
        return None

    async def _settle(self, family: Family, device: Device, who: Description) -> Entry | None:
        """A miner is identified at an address: new, moved, refreshed or disputed."""
        self._unsighted(device.address)
        device.expect(who.mac)
        entry = self._roster.get(device_id(self._config().site, who.mac))
        if entry is None:
            return self._welcome(family, device, who)
        before = entry.address
        if device.address != before and self._roster.housed(entry) and await self._there(entry):
            self._dispute(entry, device.address)
            return None
        self._roster.move(entry, device)
        entry.described(who, self._now())
        if device.address != before:
            self._bus.tell(
                EventKind.MOVED,
                Severity.INFO,
                f"{entry.worker} moved from {before} to {device.address}",
                device=entry.id,
                worker=entry.worker,
                content={"ip": str(device.address), "before": str(before)},
            )
        self._settled(entry)
        return entry

    async def _there(self, entry: Entry) -> bool:
        """Whether the same MAC really answers at the entry's own address as well."""
        try:
            async with entry.lock:
                return (await entry.device.describe()).mac == entry.mac
        except DeviceError:
            return False

    def _welcome(self, family: Family, device: Device, who: Description) -> Entry:
        config = self._config()
        ident = device_id(config.site, who.mac)
        worker = self._roster.free_worker(
            worker_name(config.worker_template, who.mac, who.model),
            "dragon-" + who.mac.replace(":", ""),
            ident,
        )
        entry = Entry(ident, worker, family, device, who)
        entry.described(who, self._now())
        self._roster.add(entry)
        self._settled(entry)
        self._bus.tell(
            EventKind.ADDED,
            Severity.INFO,
            f"{worker} found at {device.address}: {who.model}, firmware {who.firmware or '?'}",
            device=ident,
            worker=worker,
            content={"ip": str(device.address), "mac": who.mac, "model": who.model},
        )
        return entry

    def _dispute(self, entry: Entry, address: Address) -> None:
        self.claims[address] = self._now()
        if address in entry.claimants:
            return
        entry.claimants.add(address)
        self._bus.tell(
            EventKind.CONFLICT,
            Severity.ERROR,
            f"{entry.address} and {address} both claim MAC {entry.mac} ({entry.worker}): nothing "
            "is written to either until one of them stops; look for a cloned control board",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address), "other": str(address)},
        )

    def settle_disputes(self, since: float) -> None:
        """Drop claims that no look has confirmed since then (Unix seconds)."""
        for address in [a for a, at in self.claims.items() if at < since]:
            del self.claims[address]
        for entry in self._roster:
            if entry.claimants and not entry.claimants & self.claims.keys():
                entry.claimants.clear()
                self._bus.tell(
                    EventKind.AGREED,
                    Severity.INFO,
                    f"{entry.worker} is the only one with MAC {entry.mac} again",
                    device=entry.id,
                    worker=entry.worker,
                    content={"ip": str(entry.address)},
                )

    def _sighted(self, address: Address, family: str, reason: str, backoff: Backoff) -> None:
        """Remember a host that could not be identified; say so the first time."""
        old = self._roster.sightings.get(address)
        failures = old.failures + 1 if old else 1
        wait = backoff.wait(failures)
        until = self._now() + wait
        self._roster.sightings[address] = Sighting(address, family, reason, failures, until)
        self._memory.remember_sighting(
            f"{address.host}:{address.port}", SightingMemory(failures, until)
        )
        entry = self._roster.at(address)
        if entry is not None:
            entry.quiet_until = until
        first = old is None or old.reason != reason
        self._bus.tell(
            EventKind.SIGHTED,
            Severity.WARNING,
            f"{address} looks like a {family or 'miner'} but {reason}; "
            f"next try in {duration(wait)}",
            content={"ip": str(address), "where": "add", "first": first},
        )

    def _unsighted(self, address: Address) -> None:
        if self._roster.sightings.pop(address, None) is not None:
            self._memory.forget_sighting(f"{address.host}:{address.port}")
