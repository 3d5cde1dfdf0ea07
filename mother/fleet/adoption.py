"""From an address that answers to a miner that is known: recognise, log in, identify, settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.errors import DeviceError, Refused, Stranger
from mother.core.model import Address, Description, EventKind, Severity
from mother.core.units import duration
from mother.drivers.base import Device, Family
from mother.fleet.identity import confirmed, device_id, recognised, worker_name
from mother.fleet.memory import Memory
from mother.fleet.news import tell_of
from mother.fleet.remembered import SightingMemory
from mother.fleet.roster import GIVE_UP_SCANS, REFUSED, Entry, Roster, Sighting

FAILED = Backoff(first=60.0, most=900.0)
"""A host with a miner's mark that cannot be identified for another reason."""

Met = tuple[Device, Description]


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
        self._logins = config().credentials
        self._looking: set[Address] = set()
        self._claims: dict[Address, Entry] = {}

    def recall(self) -> None:
        """Take back-offs and worker names of an earlier run over: a restart is no new attempt.

        Nobody waits for longer than after a first refusal, since the restart may be the cure.
        """
        for place, kept in self._memory.sightings.items():
            host, _, port = place.rpartition(":")
            if host and port.isdigit():
                address = Address(host, int(port))
                soon = min(kept.retry_at or 0.0, self._now() + REFUSED.first)
                self._roster.sightings[address] = Sighting(address, "", "", kept.failures, soon)
        if self._roster.sightings:
            self.log.info(
                "{count} {what} could not be identified by the last run, and will be asked again "
                "within {wait}.",
                count=len(self._roster.sightings),
                what="host" if len(self._roster.sightings) == 1 else "hosts",
                wait=duration(REFUSED.first),
            )
        for ident, device in self._memory.devices.items():
            if device.worker:
                self._roster.reserve(device.worker, ident)

    async def look(self, address: Address) -> Entry | None:
        """Who is at this address? Adopts, moves or confirms; None where no miner is identified.

        Never raises DeviceError: what goes wrong is told and costs this address only. One look
        at an address at a time: another one meanwhile finds None.
        """
        if address in self._looking:
            return None
        self._looking.add(address)
        try:
            return await self._look(address)
        finally:
            self._looking.discard(address)

    async def _look(self, address: Address) -> Entry | None:
        self._heed_logins()
        known = self._roster.at(address)
        if known is not None:
            return await self._revisit(known, address)
        sighting = self._roster.sightings.get(address)
        if sighting is not None and sighting.quiet(self._now()):
            return None
        for family in self._families:
            if await family.recognise(address, self._config().scan_timeout):
                return await self._identify(address, family)
        self._unsighted(address)
        return None

    def _heed_logins(self) -> None:
        """Logins that were configured meanwhile are offered at once: no refusal was of them."""
        logins = self._config().credentials
        if logins == self._logins:
            return
        self._logins = logins
        for sighting in self._roster.sightings.values():
            sighting.next_try = 0.0
        for entry in self._roster:
            entry.untried = entry.untried or entry.quiet_until > 0.0
            entry.quiet_until = 0.0

    async def _revisit(self, entry: Entry, address: Address) -> Entry | None:
        """Confirm that a known miner is still where we believe it to be."""
        if entry.quiet(self._now()) and not entry.untried:
            return None
        try:
            async with entry.lock:
                if entry.address != address:
                    return entry  # it was found elsewhere while we waited for our turn
                met = await self._meet(entry, address)
        except Stranger as stranger:
            return await self._evict(entry, address, stranger.found)
        except DeviceError:
            return None
        return None if met is None else await self._found(entry, address, *met)

    async def _found(
        self, entry: Entry, address: Address, device: Device, who: Description
    ) -> Entry | None:
        """A known miner's home has told who lives there: confirmed, unless all has changed."""
        if device is not entry.device or entry.dismissed:
            return await self._settle(entry.family, device, who)
        self._unsighted(address)
        entry.described(who, self._now())
        return entry

    async def _evict(self, entry: Entry, address: Address, found: str) -> Entry | None:
        """Another MAC was found where it lived: see who that is."""
        if entry.address == address:
            self._roster.vacate(entry)
            self.log.info(
                "{worker} is no longer at {address}: {found} answers there",
                worker=entry.worker,
                address=str(address),
                found=found,
            )
        return await self._identify(address, entry.family)

    async def _meet(self, entry: Entry, address: Address) -> Met | None:
        """Ask by the login we have; where it is refused, by all others."""
        if not entry.untried:
            try:
                return entry.device, await confirmed(entry)
            except Refused:
                entry.refusals += 1
        await recognised(entry)
        entry.untried = False
        return await self._log_in(address, entry.family, entry)

    async def _identify(self, address: Address, family: Family) -> Entry | None:
        """Adopt or move who is at an address that is nobody's."""
        met = await self._log_in(address, family)
        return None if met is None else await self._settle(family, *met)

    async def _log_in(
        self, address: Address, family: Family, known: Entry | None = None
    ) -> Met | None:
        """Try the credentials in order until one is taken; None, and told, where none is.

        `known` is who lived there so far, and is left in peace for as long as the address.
        """
        credentials = self._config().credentials
        for credential in credentials:
            device = family.device(address, credential)
            try:
                return device, await device.describe()
            except Refused:
                continue
            except DeviceError as error:
                if known is None:
                    reason = f"cannot be identified: {error}"
                    self._sighted(address, family.name, reason, FAILED)
                return None
        reason = f"refuses all {len(credentials)} logins we know"
        until = self._sighted(address, family.name, reason, REFUSED)
        if known is not None:
            known.quiet_until = until
        return None

    async def _settle(self, family: Family, device: Device, who: Description) -> Entry | None:
        """A miner is identified at an address: new, moved, refreshed or disputed."""
        self._unsighted(device.address)
        device.expect(who.mac)
        ident = device_id(self._config().site, who.mac)
        claimed = self._claims.get(device.address)
        if claimed is not None and claimed.mac != who.mac:
            self._withdraw(device.address, claimed)
        asked: Device | None = None
        while (entry := self._roster.get(ident)) is not None:
            home = entry.device
            if home.address == device.address or not self._roster.housed(entry) or home is asked:
                return self._house(entry, device, who)
            if await self._is_at_home(entry):
                self._dispute(entry, device.address)
                return None
            asked = home  # it may have moved while we asked: then its new home is asked too
        return self._welcome(family, device, who)

    async def _is_at_home(self, entry: Entry) -> bool:
        """Whether the same MAC really answers at the entry's own address as well."""
        try:
            async with entry.lock:
                await confirmed(entry)
        except DeviceError:
            return False
        return True

    def _welcome(self, family: Family, device: Device, who: Description) -> Entry:
        config = self._config()
        ident = device_id(config.site, who.mac)
        known = self._memory.device(ident)
        replaced = self._memory.undertaken.successors.get(who.mac, "")
        worker = self._roster.free_worker(
            (replaced and known.worker) or worker_name(config.worker_template, who.mac, who.model),
            "dragon-" + who.mac.replace(":", ""),
            ident,
        )
        entry = Entry(ident, worker, family, device, who)
        entry.stands_for, entry.boards = replaced, known.setup.boards
        entry.described(who, self._now())
        self._roster.add(entry)
        self._memory.remember(
            ident,
            replace(
                known,
                mac=who.mac,
                model=who.model,
                worker=worker,
                family=family.name,
                address=device.address,
                first_seen=known.first_seen or self._now(),
                last_seen=self._now(),
            ),
        )
        self._tell(
            entry,
            EventKind.ADDED,
            f"{worker} found at {device.address}: {who.model}, firmware {who.firmware or '?'}",
            mac=who.mac,
            model=who.model,
        )
        self._settled(entry)
        return entry

    def _house(self, entry: Entry, device: Device, who: Description) -> Entry:
        """A known miner was found at an address that is its own from now on."""
        before = entry.address
        if entry.disputed:
            # Its old home is silent now, which may not last: it goes on as a claimant.
            entry.claimants.pop(device.address, None)
            self._claims.pop(device.address, None)
            if before != device.address:
                entry.claimants[before] = 0
                self._claims[before] = entry
        self._roster.move(entry, device)
        entry.described(who, self._now())
        if device.address != before:
            text = f"{entry.worker} moved from {before} to {device.address}"
            self._tell(entry, EventKind.MOVED, text, before=str(before))
        self._settled(entry)
        return entry

    def _dispute(self, entry: Entry, address: Address) -> None:
        known = address in entry.claimants
        entry.claimants[address] = 0
        self._claims[address] = entry
        if not known:
            self._tell(
                entry,
                EventKind.CONFLICT,
                f"{entry.address} and {address} both claim MAC {entry.mac} ({entry.worker}): "
                "nothing is written to either until one of them stops; look for a cloned control "
                "board",
                Severity.ERROR,
                other=str(address),
            )

    def conclude_scan(self, looked_at: Iterable[Address]) -> None:
        """A whole scan is done: forget claims and sightings that several in a row did not find.

        A claim that was heard, and a sighting that was met, count as found by themselves.
        """
        met = set(looked_at)
        for address, entry in tuple(self._claims.items()):
            missed = entry.claimants.get(address, GIVE_UP_SCANS)
            if missed >= GIVE_UP_SCANS or entry.dismissed:
                self._withdraw(address, entry)
            else:
                entry.claimants[address] = missed + 1
        for address, sighting in tuple(self._roster.sightings.items()):
            sighting.missed_scans = 0 if address in met else sighting.missed_scans + 1
            if sighting.missed_scans >= GIVE_UP_SCANS:
                self._unsighted(address)

    def drop_outsiders(self, is_inside: Callable[[Address], bool]) -> None:
        """Claims and sightings outside the networks (they were reconfigured) are not ours."""
        for address in [one for one in self._roster.sightings if not is_inside(one)]:
            self._unsighted(address)
        for address, entry in tuple(self._claims.items()):
            if not is_inside(address):
                self._withdraw(address, entry)

    def _withdraw(self, address: Address, entry: Entry) -> None:
        del self._claims[address]
        if entry.claimants.pop(address, None) is None or entry.disputed or entry.dismissed:
            return
        text = f"{entry.worker} is the only one with MAC {entry.mac} again"
        self._tell(entry, EventKind.AGREED, text)

    def _tell(
        self,
        entry: Entry,
        kind: EventKind,
        text: str,
        severity: Severity = Severity.INFO,
        **content: str,
    ) -> None:
        tell_of(
            self._bus,
            entry,
            kind,
            severity,
            text,
            **content,
        )

    def _sighted(self, address: Address, family: str, reason: str, backoff: Backoff) -> float:
        """Remember a host that could not be identified; say so the first time.

        Returns until when it is left in peace, in Unix seconds.
        """
        old = self._roster.sightings.get(address)
        failures = old.failures + 1 if old else 1
        wait = backoff.wait(failures)
        until = self._now() + wait
        self._roster.sightings[address] = Sighting(address, family, reason, failures, until)
        self._memory.remember_sighting(
            f"{address.host}:{address.port}", SightingMemory(failures, until)
        )
        self._bus.tell(
            EventKind.SIGHTED,
            Severity.WARNING,
            f"{address} looks like a {family} but {reason}; not asked again for {duration(wait)}",
            content={
                "ip": str(address),
                "where": "add",
                "first": old is None or old.reason != reason,
            },
        )
        return until

    def _unsighted(self, address: Address) -> None:
        if self._roster.sightings.pop(address, None) is not None:
            self._memory.forget_sighting(f"{address.host}:{address.port}")
