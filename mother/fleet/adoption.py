"""From an address that answers to a miner that is known: recognise, log in, identify, settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.errors import DeviceError, Refused, Stranger
from mother.core.model import Address, Description, EventKind, Severity
from mother.drivers.base import NO_LOGIN, Device, Family
from mother.fleet.identity import NobodyHome, confirmed, device_id, recognised, worker_name
from mother.fleet.meeting import Claim, Foreigner, Meeting, Met, Mute, NotTaken
from mother.fleet.memory import Memory
from mother.fleet.news import tell_of
from mother.fleet.roster import GIVE_UP_SCANS, REFUSED, Entry, Roster
from mother.fleet.sightings import Sightings

FAILED = Backoff(first=60.0, most=900.0)
"""A host with a miner's mark that cannot be identified for another reason."""

FOREIGN = Backoff(first=3600.0, most=6 * 3600.0)
"""A miner that no driver of ours speaks to: it may have other firmware some day."""

MORE_LOGINS = Backoff(first=300.0, most=300.0)
"""So long until the logins that were not yet offered have their turn."""


class Adoption:
    """Looks at addresses and keeps the roster true. `settled` hears of each new or moved entry."""

    log = Logger()

    def __init__(
        self,
        roster: Roster,
        meeting: Meeting,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        memory: Memory,
        settled: Callable[[Entry], None],
    ) -> None:
        self._roster = roster
        self._meeting = meeting
        self._bus = bus
        self._config = config
        self._now = now
        self._memory = memory
        self._sighted = Sightings(roster, bus, now, memory)
        self._settled = settled
        self._logins = config().credentials
        self._looking: dict[Address, list[Deferred[Entry | None]]] = {}
        self._claims: dict[Address, Entry] = {}

    def recall(self) -> None:
        """Take back-offs and worker names of an earlier run over: a restart is no new attempt."""
        self._meeting.recall()
        self._sighted.recall()
        for ident, device in self._memory.devices.items():
            if device.worker:
                self._roster.reserve(device.worker, ident)

    async def look(self, address: Address) -> Entry | None:
        """Who is at this address? Adopts, moves or confirms; None where no miner is identified.

        Never raises DeviceError: what goes wrong is told and costs this address only. One look
        at an address at a time: another one meanwhile waits, and finds the same; None where the
        first is cancelled or fails.
        """
        place, found = self._place(address), None
        others = self._looking.get(place)
        if others is not None:
            same: Deferred[Entry | None] = Deferred()
            others.append(same)
            return await same
        others = self._looking[place] = []
        try:
            found = await self._look(place)
        finally:
            del self._looking[place]
            for other in others:
                if not other.called:
                    other.callback(found)
        return found

    def _place(self, address: Address) -> Address:
        """How an address is listed on which it is not known who lives."""
        return Address(address.host, self._config().ports.dragon)

    async def _look(self, address: Address) -> Entry | None:
        self._heed_logins()
        known = self._roster.at(address)
        if known is not None:
            return await self._revisit(known, address)
        sighting = self._roster.sightings.get(address)
        if sighting is not None and sighting.quiet(self._now()):
            return None
        who = await self._meeting.who(address.host)
        if isinstance(who, Claim):
            return await self._identify(who)
        if isinstance(who, Foreigner):
            reason = f"it is {who.name}, which mother does not support"
            self._sighted.add(address, "", reason, FOREIGN, said=who.said)
        else:
            self._sighted.drop(address)
            if isinstance(who, Mute):
                self._sighted.mute(address)
        return None

    def hangs(self, address: Address) -> None:
        """A look there took too long: it is mute, unless it is known who that is."""
        place = self._place(address)
        if self._roster.at(place) is None:
            self._sighted.mute(place)

    def _heed_logins(self) -> None:
        """Logins that were configured meanwhile are offered at once: no refusal was of them."""
        logins = self._config().credentials
        if logins == self._logins:
            return
        self._logins = logins
        self._sighted.hurry()
        for entry in self._roster:
            entry.untried = entry.untried or entry.quiet_until > 0.0
            entry.quiet_until = 0.0

    async def _revisit(self, entry: Entry, address: Address) -> Entry | None:
        """Confirm that a known miner is still where we believe it to be."""
        if entry.quiet(self._now()) and not entry.untried:
            return None
        try:
            async with entry.lock:
                if entry.address.host != address.host:
                    return entry  # it was found elsewhere while we waited for our turn
                met = await self._meet(entry)
        except Stranger as stranger:
            return await self._evict(entry, address, stranger.found)
        except NobodyHome:
            return await self._other(entry, address)
        except DeviceError:
            return None
        return None if met is None else await self._found(entry, address, *met)

    async def _found(
        self, entry: Entry, address: Address, device: Device, who: Description
    ) -> Entry | None:
        """A known miner's home has told who lives there: confirmed, unless all has changed."""
        if device is not entry.device or entry.dismissed:
            return await self._settle(entry.family, device, who)
        self._sighted.drop(address)
        entry.described(who, self._now())
        return entry

    async def _evict(self, entry: Entry, address: Address, found: str) -> Entry | None:
        """Another MAC was found where it lived: see who that is."""
        claim = Claim(entry.family, Address(address.host, entry.address.port))
        self._vacate(entry, address, found)
        return await self._identify(claim)

    async def _other(self, entry: Entry, address: Address) -> Entry | None:
        """Its family's mark is not there any more: see whether another's is, or at another port."""
        who = await self._meeting.seen(address.host)
        if not isinstance(who, Claim):
            return None
        if who.family is entry.family and who.address == entry.address:
            return None
        self._vacate(entry, address, f"a device of the family {who.family.name}")
        return await self._identify(who)

    def _vacate(self, entry: Entry, address: Address, found: str) -> None:
        if entry.address.host != address.host or not self._roster.housed(entry):
            return
        self._roster.vacate(entry)
        self.log.info(
            "{worker} is no longer at {address}: {found} answers there",
            worker=entry.worker,
            address=str(entry.address),
            found=found,
        )

    async def _meet(self, entry: Entry) -> Met | None:
        """Ask by the login we have; where it is refused, by all others."""
        if not entry.untried:
            try:
                return entry.device, await confirmed(entry)
            except Refused:
                entry.refusals += 1
        await recognised(entry)
        entry.untried = False
        return await self._log_in(Claim(entry.family, entry.address), entry)

    async def _identify(self, claim: Claim) -> Entry | None:
        """Adopt or move who is at an address that is nobody's."""
        met = await self._log_in(claim)
        return None if met is None else await self._settle(claim.family, *met)

    async def _log_in(self, claim: Claim, known: Entry | None = None) -> Met | None:
        """Try the credentials in order until one is taken; None, and told, where none is.

        `known` is who lived there so far, and is left in peace for as long as the address.
        """
        place, name = self._place(claim.address), claim.family.name
        sighting = self._roster.sightings.get(place)
        skip = sighting.skip if sighting is not None else 0
        try:
            return await self._meeting.log_in(claim, skip, "" if known is None else known.id)
        except NotTaken as refused:
            wait = MORE_LOGINS if refused.left else REFUSED
            skip = refused.known - refused.left if refused.left else 0
            until = self._sighted.add(place, name, str(refused), wait, skip=skip)
            if known is not None:
                known.quiet_until = until
        except DeviceError as error:
            if known is None:
                self._sighted.add(place, name, f"cannot be identified: {error}", FAILED)
        return None

    async def _settle(self, family: Family, device: Device, who: Description) -> Entry | None:
        """A miner is identified at an address: new, moved, refreshed or disputed."""
        place = self._place(device.address)
        self._sighted.drop(place)
        device.expect(who.mac)
        ident = device_id(self._config().site, who.mac)
        claimed = self._claims.get(place)
        if claimed is not None and claimed.mac != who.mac:
            self._withdraw(place, claimed)
        asked: Device | None = None
        while (entry := self._roster.get(ident)) is not None:
            home = entry.device
            if home.address.host == place.host or not self._roster.housed(entry) or home is asked:
                return self._house(entry, device, who)
            if await self._is_at_home(entry):
                self._dispute(entry, place)
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
        ident = device_id(self._config().site, who.mac)
        known = self._memory.device(ident)
        replaced = self._memory.undertaken.successors.get(who.mac, "")
        worker = self._name(family, who, ident, known.worker if replaced else "")
        entry = Entry(ident, worker, family, device, who)
        entry.stands_for, entry.boards = replaced, known.setup.boards
        entry.place = known.place
        entry.described(who, self._now())
        entry.factory_login = known.setup.factory_login or is_factory_login(family, device)
        self._meeting.lives(ident, device.address.host)
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
                maker=who.maker,
                firmware=who.firmware,
                algorithm=who.algorithm,
                serial=who.serial or known.serial,
                first_seen=known.first_seen or self._now(),
                last_seen=self._now(),
            ),
        )
        self._tell(
            entry,
            EventKind.ADDED,
            f"{worker} found at {device.address}: {who.model}, firmware {who.firmware or '?'}"
            + (f"; only read, since {who.closed}" if who.closed else ""),
            mac=who.mac,
            model=who.model,
        )
        self._settled(entry)
        return entry

    def _name(self, family: Family, who: Description, ident: str, inherited: str) -> str:
        """What it is called: as the one that it replaced, or by its MAC address."""
        template = self._config().worker_template
        wanted = inherited or worker_name(template, who.mac, who.model, family.name)
        whole = _WHOLE.get(family.name, "{family}-{mac}")
        return self._roster.free_worker(wanted, worker_name(whole, who.mac, "", family.name), ident)

    def _house(self, entry: Entry, device: Device, who: Description) -> Entry:
        """A known miner was found at an address that is its own from now on."""
        before, old, new = entry.address, self._place(entry.address), self._place(device.address)
        if entry.disputed:
            # Its old home is silent now, which may not last: it goes on as a claimant.
            entry.claimants.pop(new, None)
            self._claims.pop(new, None)
            if old != new:
                entry.claimants[old] = 0
                self._claims[old] = entry
        self._roster.move(entry, device)
        entry.described(who, self._now())
        if entry.family.needs_login:
            entry.factory_login = is_factory_login(entry.family, device)
        self._meeting.lives(entry.id, device.address.host)
        if old != new:
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
        met = {self._place(address) for address in looked_at}
        for address, entry in tuple(self._claims.items()):
            missed = entry.claimants.get(address, GIVE_UP_SCANS)
            if missed >= GIVE_UP_SCANS or entry.dismissed:
                self._withdraw(address, entry)
            else:
                entry.claimants[address] = missed + 1
        self._sighted.conclude_scan(met)

    def drop_outsiders(self, is_inside: Callable[[Address], bool]) -> None:
        """Claims and sightings outside the networks (they were reconfigured) are not ours."""
        self._sighted.drop_outsiders(is_inside)
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


_WHOLE = {"dragonmint": "dragon-{mac}"}


def is_factory_login(family: Family, device: Device) -> bool:
    """Whether it is open to everybody who knows its maker's own login."""
    login = device.credential
    return family.needs_login and login != NO_LOGIN and login in family.default_credentials
