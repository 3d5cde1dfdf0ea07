"""The roster as the arbiter sees it: what each device draws, could draw and draws asleep.

W are by whoever knows best: a meter, the PDU's meter, the device's own word, its maker's. What a
device drew when it last hashed is remembered, so that it is known of one that sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from mother.config.model import Config
from mother.config.subject import ANY, Reach
from mother.core.model import CommandKind
from mother.core.reading import Reading, Word, efficiency
from mother.drivers.base import Nameplate
from mother.fleet.roster import TUNING_UPTIME, Entry, Roster
from mother.fleet.subjects import subject_of
from mother.schedule.values import Ids, Unit

METER, PDU, MEASURED, REPORTED = "meter", "pdu", "measured", "reported"
REMEMBERED, NAMEPLATE, GUESS, UNKNOWN = "remembered", "nameplate", "guess", "unknown"
"""Where W come from. `remembered`: what it drew itself before it slept, was limited or went."""

ERRORS: Mapping[str, float] = {
    MEASURED: 0.05,
    REPORTED: 0.10,
    REMEMBERED: 0.10,
    NAMEPLATE: 0.20,
    GUESS: 0.50,
}
"""Relative. A meter's own is in its configuration."""

AT_REST: Mapping[str, float] = {"antminer": 50.0, "whatsminer": 30.0, "avalon": 40.0, "axeos": 4.0}
AT_REST_ELSE = 50.0
"""W of a sleeper that does not tell: its control board, its fans, what its supply loses."""

AT_REST_MOST = 0.3
"""Of what it draws awake. More than that is what a mean of minutes says just after it slept: it
is drawn, or was, but will not be.
"""

LEAST: Mapping[str, float] = {"whatsminer": 0.6}
"""The lowest power target as a share of the nameplate, for families that take targets at all.

No maker's document names W: below about this share a miner keeps drawing more than it was told.
"""

SMOOTH = 0.1
"""How much of what is remembered each look renews: hashrates of seconds jump."""


class Power(Struct, frozen=True, gc=False):
    """So many W, whose word that is, and how far it may be off."""

    watts: float = 0.0
    source: str = UNKNOWN
    error: float = 1.0

    @property
    def known(self) -> bool:
        """Whether anybody has a word on it."""
        return self.source != UNKNOWN


class Keys(Struct, frozen=True, gc=False):
    """What a device shares with others, for ramps: empty where it is not known.

    Racks and PDUs of several sites may have one name: they are `site/name` where the site is
    known.
    """

    site: str = ""
    rack: str = ""
    pdu: str = ""
    groups: tuple[str, ...] = ()

    def of(self, by: str) -> tuple[str, ...]:
        """Its keys of `group`, `rack`, `pdu` or `site`."""
        if by == "group":
            return self.groups
        one: str = getattr(self, by)
        return (one,) if one else ()

    def named(self, by: str, name: str) -> bool:
        """Whether it is in this one; racks and PDUs may be named with or without their site."""
        return any(name in (key, key.partition("/")[2]) for key in self.of(by))


class Rated(Struct, frozen=True, gc=False):
    """A unit, and where its three numbers of W come from.

    `seen`: the device itself says whether it sleeps; a gateway only says yes to orders.
    """

    unit: Unit
    draws: Power
    full: Power
    rest: Power
    keys: Keys = Keys()
    seen: bool = True


class Lately(Struct, frozen=True, gc=False):
    """The power target in W that we wrote last (None: none, or not in this run), and when; `until`
    then no other is written.
    """

    until: float = 0.0
    watts: float | None = None
    at: float = 0.0


class History(Struct, frozen=True, gc=False):
    """What we did to a device: see `Unit` for `ours`, `since` and `starts`.

    `drew` is what the journal says that it drew before it slept. `limited`: its power target is
    not its usual one, but ours, so that what it draws now is not what it could; `usual` is the one
    it had, None: none. `planned` is the sleeper's. `refuses`: its firmware said that it cannot
    sleep. `woken_for`, `set_for` and `vain` are those of `Unit`.
    """

    ours: bool = False
    since: float | None = None
    starts: tuple[float, ...] = ()
    drew: float = 0.0
    limited: bool = False
    usual: float | None = None
    planned: bool = False
    refuses: bool = False
    woken_for: tuple[str, ...] | None = None
    set_for: tuple[str, ...] | None = None
    vain: bool = False
    lately: Lately = Lately()


NEVER = History()


class Seen(Struct, frozen=True, gc=False):
    """What a device drew when it last hashed as it likes, in profile and power target `key`."""

    key: tuple[str, float | None]
    watts: float
    efficiency: float | None


class Units:
    """Makes units of entries; one for the daemon's life, for what it remembers."""

    def __init__(
        self,
        history: Callable[[str], History] = lambda _: NEVER,
        held: Callable[[Entry], str] = lambda _: "",
    ) -> None:
        self._history = history
        self._held = held
        self._seen: dict[str, Seen] = {}
        self._rest: dict[str, Power] = {}

    def of(
        self,
        entries: Iterable[Entry],
        metered: Mapping[str, Power] | None = None,
        groups: Callable[[Entry], tuple[str, ...]] = lambda _: (),
    ) -> dict[str, Rated]:
        """All of them by DeviceId. `metered` are those with a meter for themselves alone."""
        metered = metered or {}
        found = {
            entry.id: self._rated(entry, metered.get(entry.id), groups(entry)) for entry in entries
        }
        for known in (self._seen, self._rest):
            for ident in [one for one in known if one not in found]:
                del known[ident]
        return found

    def _rated(self, entry: Entry, meter: Power | None, groups: tuple[str, ...]) -> Rated:
        reading, past = entry.reading, self._history(entry.id)
        model = entry.model if reading is None else reading.model or entry.model
        plate = entry.family.nameplate(model)
        told = meter or _told(reading)
        asleep = _asleep(entry)
        if told is not None and not asleep and not past.limited and _steady(entry):
            self._learn(entry.id, reading, told)
        full = self._full(entry, past, plate)
        rest = self._at_rest(entry, told if asleep else None, full)
        if asleep:
            draws = told if told is not None and told.watts > 0 else rest
        else:
            draws = told or full
            full = draws if draws.watts > full.watts else full
        rest = full if full.known and rest.watts > full.watts else rest
        return Rated(
            unit=self._unit(entry, past, asleep, draws, full, rest, plate),
            draws=draws,
            full=full,
            rest=rest,
            keys=keys_of(entry, groups),
            seen=reading is not None and reading.word is Word.READ,
        )

    def _unit(
        self,
        entry: Entry,
        past: History,
        asleep: bool | None,
        draws: Power,
        full: Power,
        rest: Power,
        plate: Nameplate | None,
    ) -> Unit:
        takes = entry.family.capabilities
        seen = self._seen.get(entry.id)
        able = CommandKind.PAUSE in takes and CommandKind.RESUME in takes
        return Unit(
            id=entry.id,
            worker=entry.worker,
            asleep=asleep,
            ours=past.ours,
            planned=past.planned,
            held=self._held(entry) or entry.description.closed,
            away=entry.gone,
            draws=draws.watts,
            full=full.watts,
            rest=rest.watts,
            least=_least(entry, plate, full) if CommandKind.SET_POWER in takes else None,
            target=_present_target(entry, past),
            efficiency=seen.efficiency if seen is not None and seen.efficiency else _usual(plate),
            sleeps=able and not past.refuses,
            refuses=able and past.refuses,
            since=past.since,
            starts=past.starts,
            woken_for=past.woken_for,
            set_for=past.set_for,
            vain=past.vain,
            fixed_until=past.lately.until,
        )

    def _learn(self, ident: str, reading: Reading | None, told: Power) -> None:
        """Remember what it draws; nameplates are known anyway."""
        if reading is None or told.source == NAMEPLATE or told.watts <= 0:
            return
        key = (reading.profile, reading.power_target)
        watts, joules = told.watts, efficiency(told.watts, reading.hashrate)
        old = self._seen.get(ident)
        if old is not None and old.key == key:
            watts = old.watts + SMOOTH * (watts - old.watts)
            if joules is not None and old.efficiency is not None:
                joules = old.efficiency + SMOOTH * (joules - old.efficiency)
        self._seen[ident] = Seen(key, watts, joules)

    def _full(self, entry: Entry, past: History, plate: Nameplate | None) -> Power:
        """What it draws awake, unless a limit of ours binds it."""
        seen = self._seen.get(entry.id)
        if seen is not None:
            return Power(seen.watts, REMEMBERED, ERRORS[REMEMBERED])
        if past.drew > 0:
            return Power(past.drew, REMEMBERED, ERRORS[REMEMBERED])
        target = past.usual if past.limited else _target(entry)
        if plate is not None and plate.power:
            watts = plate.power if target is None else min(plate.power, target)
            return Power(watts, NAMEPLATE, ERRORS[NAMEPLATE])
        return Power() if target is None else Power(target, GUESS, ERRORS[GUESS])

    def _at_rest(self, entry: Entry, told: Power | None, full: Power) -> Power:
        """What it draws asleep. A sleeper that says 0 W speaks of its boards alone."""
        if told is not None and told.watts > 0 and _is_rest(told, full):
            self._rest[entry.id] = Power(told.watts, REMEMBERED, ERRORS[REMEMBERED])
            return told
        known = self._rest.get(entry.id)
        if known is not None:
            return known
        return Power(AT_REST.get(entry.family.name, AT_REST_ELSE), GUESS, ERRORS[GUESS])


def _told(reading: Reading | None) -> Power | None:
    """The device's own word; a figure that was filled in for it is its maker's."""
    if reading is None or reading.power is None:
        return None
    source = reading.power_source if reading.power_source in ERRORS else REPORTED
    return Power(reading.power, source, ERRORS[source])


def _is_rest(told: Power, full: Power) -> bool:
    return not full.known or told.watts <= AT_REST_MOST * full.watts


def _asleep(entry: Entry) -> bool | None:
    if entry.reading is not None:
        return None if entry.reading.word is Word.NONE else entry.reading.asleep
    return None if entry.settings is None else entry.settings.asleep


def _steady(entry: Entry) -> bool:
    """Whether it hashes as it does for hours: answers, and neither starts nor tunes."""
    reading = entry.reading
    if reading is None or entry.failures or reading.tuning or reading.restarting:
        return False
    if reading.halted or not reading.hashrate:
        return False
    return reading.uptime is None or reading.uptime >= TUNING_UPTIME


def _target(entry: Entry) -> float | None:
    if entry.reading is not None and entry.reading.power_target is not None:
        return entry.reading.power_target
    return None if entry.settings is None else entry.settings.power_target


def _present_target(entry: Entry, past: History) -> float | None:
    """The power target that it has, or is taking up while it was told lately."""
    capability = entry.family.capabilities.get(CommandKind.SET_POWER)
    told, reading = past.lately, entry.reading
    if told.watts is None or past.set_for is not None or capability is None:
        return _target(entry)
    late = reading is not None and reading.at > told.at + capability.within
    return _target(entry) if late else told.watts


def _least(entry: Entry, plate: Nameplate | None, full: Power) -> float | None:
    share = LEAST.get(entry.family.name)
    if share is None:
        return None
    watts = plate.power if plate is not None and plate.power else full.watts
    return share * watts or None


def _usual(plate: Nameplate | None) -> float | None:
    """What the maker's word comes to, in J/TH."""
    return None if plate is None else efficiency(plate.power, plate.hashrate)


def keys_of(entry: Entry, groups: tuple[str, ...] = ()) -> Keys:
    """What it shares with others."""
    place = entry.place
    front = f"{place.site}/" if place.site else ""
    return Keys(
        site=place.site,
        rack=f"{front}{place.rack}" if place.rack else "",
        pdu=f"{front}{place.pdu}" if place.pdu else "",
        groups=groups,
    )


class Members:
    """Whom a Reach means, by DeviceId; asked as often as one likes, worked out once."""

    def __init__(self, config: Config, roster: Roster) -> None:
        self._subjects = tuple((entry.id, subject_of(entry)) for entry in roster)
        self._groups = {ident: config.groups_of(one) for ident, one in self._subjects}
        self._known: dict[Reach, Ids] = {ANY: frozenset(self._groups)}

    def __call__(self, reach: Reach) -> Ids:
        """All whom it means."""
        ids = self._known.get(reach)
        if ids is None:
            ids = self._known[reach] = frozenset(
                ident for ident, one in self._subjects if reach.fits(one, self._groups[ident])
            )
        return ids

    def groups(self, entry: Entry) -> tuple[str, ...]:
        """The groups of the configuration that hold it."""
        return self._groups.get(entry.id, ())


Mark = tuple[object, ...]


class Membership:
    """Members from round to round: made anew where the configuration or the roster changed."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._config: Config | None = None
        self._marks: list[Mark] = []
        self._members: Members | None = None

    def now(self, config: Config) -> Members:
        """The members at this moment."""
        marks = [_mark(entry) for entry in self._roster]
        if self._members is None or config is not self._config or marks != self._marks:
            self._members = Members(config, self._roster)
            self._config, self._marks = config, marks
        return self._members


def members(config: Config, roster: Roster) -> Members:
    """The same for one look."""
    return Members(config, roster)


def _mark(entry: Entry) -> Mark:
    """All that membership rests on; compared by identity first, so that it costs next to nothing.

    What it hashes is no condition of a Reach.
    """
    host, site = entry.address.host, entry.place.site
    return entry.id, entry.description, host, entry.stands_for, entry.worker, site
