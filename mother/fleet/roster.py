"""The miners that are known: the only state that the jobs share."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mother.core.backoff import Backoff
from mother.core.model import Address, CommandKind, Description, Settings, State
from mother.core.reading import Mode, Reading, Word
from mother.drivers.base import Device, Family
from mother.fleet.pace import Mean
from mother.fleet.remembered import Place
from mother.fleet.turns import Turn

GONE_AFTER = 2
"""So many polls in a row must fail before a miner is called gone: one may be a lost packet."""

GIVE_UP_SCANS = 3
GIVE_UP_POLLS = 3

REFUSED = Backoff(first=300.0, most=6 * 3600.0)
"""A refused login is not tried again sooner: wrong guesses lock accounts and fill logs."""

TUNING_UPTIME = 300.0
"""A miner is ramping for so long after its mining program started, in seconds."""


VIA = "via:"
"""How the identity of one begins that is behind a gateway: `via:GATEWAY:MEMBER`, no MAC."""


class Entry:
    """One known miner. `id` and `worker` stay for life; address and device change.

    `tried` is when it was last asked, `last_seen` when it last answered, `failing_since` when
    the first of `failures` failed polls in a row was; `system_start` when its system started.
    All in Unix seconds. `untried`: its login was refused, and the others that we know have not
    been offered since. `doubtful`: it failed to answer since, or was told to reboot, so that
    anything may be at its address now. `dismissed`: it is in the roster no more, and what a
    poll still in flight brings is nobody's. `ailments` and `because` are the health loop's
    words, `limits` the schedule's: why it sleeps or is limited, and `wanted` what it shall be at
    (None: the schedule says nothing); what `ruled` names is the schedule's to write, whatever the
    configuration says. `settings` is what is configured on it, known since `settings_at`.
    `stands_for` is the MAC of the control board that it replaced, else empty; `boards` how many it
    shall have by an operator's word, and `place` where it stands by the same.
    """

    __slots__ = (  # so many have no quick way in a dictionary
        "ailments", "because", "boards", "claimants", "description", "device", "dismissed",
        "doubtful", "factory_login", "failing_since", "failures", "family", "fault", "id",
        "last_seen", "latency", "limits", "lock", "mean", "missed_scans", "place", "polling",
        "quiet_until", "reading", "refusals", "resting", "ruled", "settings", "settings_at",
        "stands_for", "system_start", "tried", "untried", "wanted", "worker",
    )  # fmt: skip

    def __init__(
        self, ident: str, worker: str, family: Family, device: Device, who: Description
    ) -> None:
        self.id = ident
        self.worker = worker
        self.family = family
        self.device = device
        self.description = who
        self.system_start: float | None = None
        self.tried = 0.0
        self.polling = False
        self.resting: dict[str, float] = {}
        self.lock = Turn()
        self.reading: Reading | None = None
        self.last_seen = 0.0
        self.failures = 0
        self.failing_since: float | None = None
        self.fault = ""
        self.missed_scans = 0
        self.refusals = 0
        self.quiet_until = 0.0
        self.untried = False
        self.doubtful = False
        self.dismissed = False
        self.claimants: dict[Address, int] = {}
        self.ailments: tuple[str, ...] = ()
        self.because: tuple[str, ...] = ()
        self.limits: tuple[str, ...] = ()
        self.wanted: Mode | None = None
        self.ruled: frozenset[CommandKind] = frozenset()
        self.settings: Settings | None = None
        self.settings_at = 0.0
        self.stands_for = ""
        self.boards: int | None = None
        self.place = Place()
        self.factory_login = False
        self.latency = 0.0
        self.mean: Mean | None = None

    @property
    def address(self) -> Address:
        """Where it answers now, as far as we know."""
        return self.device.address

    @property
    def mac(self) -> str:
        """Its identity: lower case with colons."""
        return self.description.mac

    @property
    def via(self) -> bool:
        """Whether it is behind a gateway: configured, never scanned for, at home nowhere else.

        The host of its address may be another miner's, or its own beside the gateway.
        """
        return self.mac.startswith(VIA)

    @property
    def wish_mac(self) -> str:
        """The MAC address by which the configuration knows it."""
        return self.stands_for or self.mac

    @property
    def model(self) -> str:
        """Its type, such as `T1`."""
        return self.description.model

    @property
    def asleep(self) -> bool:
        """Whether it slept when it was last read."""
        return self.reading is not None and self.reading.asleep

    @property
    def gone(self) -> bool:
        """Whether it has failed to answer too often to be a lost packet."""
        return self.failures >= GONE_AFTER

    @property
    def disputed(self) -> bool:
        """Whether another address claims its MAC too; nothing is written to either then.

        `claimants` maps those addresses to how many scans have ended since the claim was heard.
        """
        return bool(self.claimants)

    @property
    def lost(self) -> bool:
        """Whether it is time to give it up: several scans *and* several polls missed it."""
        return self.missed_scans >= GIVE_UP_SCANS and self.failures >= GIVE_UP_POLLS

    def quiet(self, now: float) -> bool:
        """Whether it refused our login so lately that it is not asked again yet."""
        self.quiet_until = min(self.quiet_until, now + REFUSED.most)
        return now < self.quiet_until

    def described(self, who: Description, now: float) -> None:
        """It was found where we believe it to be, and said who it is."""
        self.description = who
        self.system_start = None if who.uptime is None else now - who.uptime
        self.missed_scans = 0
        self.quiet_until = 0.0
        self.refusals = 0
        self.untried = False
        self.doubtful = False

    def answered(self, now: float, reading: Reading | None = None) -> None:
        """It spoke to us, with a reading or otherwise."""
        self.last_seen = now
        self.failures = 0
        self.failing_since = None
        self.fault = ""
        self.refusals = 0
        self.missed_scans = 0
        self.doubtful = False
        if reading is not None:
            self.reading = reading

    def failed(self, now: float, fault: str) -> None:
        """A poll of it failed; `fault` says how, without secrets."""
        self.failures += 1
        if self.failing_since is None or self.failing_since > now:
            self.failing_since = now
        self.fault = fault
        self.doubtful = True

    def state(self) -> State:
        """The one word that a person sees."""
        if self.gone:
            return State.GONE
        if self.reading is not None and self.reading.asleep:
            return State.ASLEEP
        if self.reading is None or self.reading.word is not Word.READ:
            return State.UNKNOWN  # who was told to be awake is not seen to hash
        if self.ailments:
            return State.ILL
        if self.reading.tuning or self.reading.restarting or self._ramping(self.reading):
            return State.TUNING
        return State.HASHING

    @staticmethod
    def _ramping(reading: Reading) -> bool:
        return reading.uptime is not None and reading.uptime < TUNING_UPTIME


class Sighting(Struct):
    """A host that bears a family's mark but could not be identified; never written to.

    `missed_scans` counts those in a row that found nothing there; `skip` the logins that it has
    refused already, while others are left. `said` is what a miner answered that is not supported.
    """

    address: Address
    family: str
    reason: str
    failures: int
    next_try: float
    missed_scans: int = 0
    skip: int = 0
    said: str = ""

    def quiet(self, now: float) -> bool:
        """Whether it is not to be asked again yet."""
        self.next_try = min(self.next_try, now + REFUSED.most)
        return now < self.next_try


class Roster:
    """Entries by id, by address and by worker; and the sightings.

    `mute` are the hosts that took a connection in the last scan, and said nothing that we know.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_host: dict[str, Entry] = {}
        self._workers: dict[str, str] = {}
        self.sightings: dict[Address, Sighting] = {}
        self.mute: tuple[Address, ...] = ()
        self.given_up: dict[str, float] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, ident: str) -> Entry | None:
        """The entry of this DeviceId."""
        return self._entries.get(ident)

    def at(self, address: Address) -> Entry | None:
        """Who we believe is at this address."""
        return self._by_host.get(address.host)

    def free_worker(self, wanted: str, fallback: str, ident: str) -> str:
        """`wanted`, or `fallback` where another device bears that name already."""
        return wanted if self._workers.get(wanted, ident) == ident else fallback

    def reserve(self, worker: str, ident: str) -> None:
        """This name is a device's, known or not: its metrics must not become another's."""
        self._workers.setdefault(worker, ident)

    def add(self, entry: Entry) -> None:
        """Take a new one in; whoever was at its address loses the address."""
        self._entries[entry.id] = entry
        self._workers.setdefault(entry.worker, entry.id)
        self.given_up.pop(entry.id, None)
        if not entry.via:
            self._by_host[entry.address.host] = entry
            self._sighted_no_more(entry.address.host)

    def move(self, entry: Entry, device: Device) -> None:
        """The same miner at another address (or with a fresh session at the old one)."""
        if self._by_host.get(entry.address.host) is entry:
            del self._by_host[entry.address.host]
        entry.device = device
        if not entry.via:
            self._by_host[entry.address.host] = entry
            self._sighted_no_more(entry.address.host)

    def _sighted_no_more(self, host: str) -> None:
        for address in [one for one in self.sightings if one.host == host]:
            del self.sightings[address]

    def vacate(self, entry: Entry) -> None:
        """The address it had belongs to somebody else now; it is looked for elsewhere."""
        if self._by_host.get(entry.address.host) is entry:
            del self._by_host[entry.address.host]

    def housed(self, entry: Entry) -> bool:
        """Whether its address is still its own."""
        return self._by_host.get(entry.device.address.host) is entry or entry.via

    def remove(self, entry: Entry, now: float) -> None:
        """Give one up; `given_up` remembers since when, and its name stays its own."""
        entry.dismissed = True
        self.vacate(entry)
        self._entries.pop(entry.id, None)
        self.given_up[entry.id] = now

    def forget(self, ident: str) -> None:
        """One that was given up long ago is no more, and its name is free."""
        self.given_up.pop(ident, None)
        for name in [name for name, owner in self._workers.items() if owner == ident]:
            del self._workers[name]
