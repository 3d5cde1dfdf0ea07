"""What may be written to a miner now, and what is remembered of it: holds, restarts, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mother.config.model import Config
from mother.core.model import Command, CommandKind
from mother.core.units import moment
from mother.drivers.base import Confirm
from mother.fleet.deeds import DEEDS
from mother.fleet.memory import Memory
from mother.fleet.pools import digest_of
from mother.fleet.remembered import DeviceMemory
from mother.fleet.restarts import has_restarted, is_over
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import Scope, is_mac
from mother.fleet.subjects import subject_of
from mother.fleet.undertaken import Before, DeviceSetup, HoldOrder, Restart, Undertakings

FLASHING = 1800.0
"""For so many seconds after firmware was sent nothing else may restart the miner."""


_Holds = tuple[dict[str, list[HoldOrder]], list[HoldOrder]]


class Setups:
    """Reads and keeps `DeviceSetup` and `Undertakings`; says what forbids a write."""

    def __init__(
        self,
        roster: Roster,
        memory: Memory,
        config: Callable[[], Config],
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._memory = memory
        self._config = config
        self._now = now
        self._restarting: set[str] | None = None
        self._known_holds: tuple[tuple[HoldOrder, ...], _Holds] | None = None

    def of(self, ident: str) -> DeviceSetup:
        """One device's part."""
        return self._memory.device(ident).setup

    def keep(self, ident: str, **what: Any) -> DeviceSetup:
        """Change some of its fields; what there is from now on."""
        known = self._memory.device(ident)
        setup = replace(known.setup, **what)
        if setup != known.setup:
            self._memory.remember(ident, replace(known, setup=setup))
        return setup

    def worker(self, ident: str) -> str:
        """What a device is called that may not be here any more."""
        return self._memory.device(ident).worker or ident

    def absent(self) -> list[DeviceMemory]:
        """Who is remembered and not here: given up, or not yet met since the start.

        One of whom nothing but a place is known was never met: it has no name yet.
        """
        known, here = self._memory.devices, self._roster.get
        return [one for id_, one in known.items() if one.mac and one.worker and here(id_) is None]

    def in_flight(self) -> set[str]:
        """Who was written to and not yet seen to hash, an earlier run included."""
        devices = self._memory.devices
        return {ident for ident, one in devices.items() if one.setup.flight is not None}

    @property
    def undertaken(self) -> Undertakings:
        """The farm's part."""
        return self._memory.undertaken

    def keep_undertaken(self, **what: Any) -> None:
        """Change some of its fields."""
        known = self._memory.undertaken
        after = replace(known, **what)
        if after != known:
            self._memory.remember_undertaken(after)

    # holds

    def holds(self) -> tuple[HoldOrder, ...]:
        """Those in force; the others are forgotten."""
        now, known = self._now(), self.undertaken.holds
        if not known:
            return ()
        if all(one.until is None or now < one.until for one in known):
            return known
        valid = tuple(one for one in known if one.until is None or now < one.until)
        self.keep_undertaken(holds=valid)
        return valid

    def hold_on(self, entry: Entry) -> HoldOrder | None:
        """The hold on this miner, if any: the one that lasts longest."""
        holds = self.holds()
        if not holds:
            return None
        single, wide = self._sorted(holds)
        found = [*single.get(entry.mac, ()), *(one for one in wide if self._covers(one, entry))]
        return max(found, key=lambda one: one.until or float("inf"), default=None)

    def groups_of(self, entry: Entry) -> tuple[str, ...]:
        """The groups of the configuration that hold this miner."""
        return self._config().groups_of(subject_of(entry))

    def _covers(self, hold: HoldOrder, entry: Entry) -> bool:
        return Scope(hold.scope).covers(entry, self.groups_of)

    def _sorted(self, holds: tuple[HoldOrder, ...]) -> _Holds:
        """Those on single miners by MAC address, and the others; sorted anew when they change."""
        if self._known_holds is None or self._known_holds[0] is not holds:
            single: dict[str, list[HoldOrder]] = {}
            wide = [one for one in holds if not is_mac(one.scope)]
            for one in holds:
                if is_mac(one.scope):
                    single.setdefault(one.scope, []).append(one)
            self._known_holds = (holds, (single, wide))
        return self._known_holds[1]

    def held(self, entry: Entry) -> str:
        """Why nothing is written to this miner by itself; empty where it is not held."""
        hold = self.hold_on(entry)
        return "" if hold is None else hold_text(hold, self._now())

    # restarts

    def restarting(self) -> set[str]:
        """Who restarts now by an order of ours."""
        if self._restarting is None:
            devices = self._memory.devices
            self._restarting = {
                ident for ident, one in devices.items() if one.setup.restart is not None
            }
        now = self._now()
        for ident in tuple(self._restarting):
            restart = self.of(ident).restart
            entry = self._roster.get(ident)
            reading = None if entry is None or entry.failures else entry.reading
            if restart is None or is_over(restart, reading, now):
                self._restarting.discard(ident)
                self.keep(ident, restart=None)
            elif restart.at > now:  # the clock was set back
                self.keep(ident, restart=replace(restart, at=now))
        return self._restarting

    def is_restarting(self, entry: Entry) -> bool:
        """Whether it is not yet up again; one that is up and hashes nothing may be written to."""
        if entry.id not in self.restarting():
            return False
        restart = self.of(entry.id).restart
        return restart is not None and not has_restarted(restart, entry.reading)

    def places(self) -> int:
        """How many more miners may be told to restart now."""
        return max(0, self._config().waves.restarts_at_once - len(self.restarting()))

    def room(self) -> int | None:
        """How many more may be told to restart by who keeps a pace of its own; None: any number.

        A limit that a person has set holds for all; what is usual is meant for reboots.
        """
        return self.places() if self._config().waves.restarts_said else None

    # the door's questions

    def forbids(self, entry: Entry, command: Command) -> str:
        """Why this may not be done now; empty where it may."""
        deed = DEEDS[command.kind]
        if deed.by_hand and not command.by_hand:
            return "only a person may order that"
        if not (command.by_hand and command.despite_hold):
            held = self.held(entry)
            if held:
                return held
        flight = self.of(entry.id).flight
        own = flight is not None and not flight.whole and command.wish in flight.keys
        flashing = flight is not None and flight.version and self._now() - flight.at < FLASHING
        if flashing and not own and command.kind is not CommandKind.LOCATE:
            return "its firmware is being written"
        if not deed.restarts or command.by_hand or entry.id in self.restarting():
            return ""
        room = self.room() if command.paced else self.places()
        if room is None or room:
            return ""
        return f"{len(self.restarting())} miners restart already, which is the most at once"

    def forgets(self, command: Command) -> str:
        """Why this must not be done unremembered; empty where it is remembered, or harmless."""
        if command.kind not in _REMEMBERED or not self._memory.trouble:
            return ""
        return f"a crash in the middle would be forgotten: {self._memory.trouble}"

    def writing(self, entry: Entry, command: Command, before: Before | None) -> Callable[[], None]:
        """A write is about to be made: remember it, and what it replaces.

        Returns what is to be called where it is not made after all.
        """
        deed, now = DEEDS[command.kind], self._now()
        setup, restarted = self.of(entry.id), entry.id in self.restarting()

        def not_made() -> None:
            self.keep(
                entry.id,
                restart=setup.restart,
                before=setup.before,
                logins=setup.logins,
                slept=setup.slept,
            )
            if not restarted:
                self.restarting().discard(entry.id)

        if deed.restarts:
            self.restarting().add(entry.id)
            restart = Restart(now, command.kind)
            self.keep(entry.id, restart=restart)
        if command.kind is CommandKind.SET_PASSWORD:
            new, old = command.args["credential"], entry.device.credential
            if new.username == old.username:  # else it is another account's
                self.keep(entry.id, logins=(new, old))
        if command.kind is CommandKind.PAUSE and entry.reading is not None:
            self.keep(entry.id, slept=entry.reading.profile)  # some overwrite it to sleep
        if command.undoes:
            return not_made  # until all is put back, what to put back stays
        if before is not None:
            same = [one for one in setup.before if command.batch and one.batch == command.batch]
            self.keep(entry.id, before=(*same, before))
        elif command.kind in _FINAL:
            self.keep(entry.id, before=(Before(now, command.kind, command.actor),))
        return not_made

    def passwords(self, entry: Entry) -> str:
        """The digest of the pool passwords that we wrote last to this device."""
        return self.of(entry.id).passwords

    def slept(self, entry: Entry) -> str:
        """The profile that it had when we told it to sleep; empty where that is not known."""
        return self.of(entry.id).slept

    def worked(self, entry: Entry, command: Command) -> None:
        """It was done and has been seen to work: what it replaced for good is forgotten.

        A new login that was not tried at once has worked when another order was taken by it.
        """
        logins = self.of(entry.id).logins
        if command.kind is CommandKind.SET_PASSWORD:
            if entry.family.capabilities[command.kind].confirm is Confirm.LOGIN:
                self.keep(entry.id, logins=logins[:1])
        elif logins[1:] and not entry.family.needs_login and entry.device.credential == logins[0]:
            self.keep(entry.id, logins=logins[:1])
        self._knows_door(entry, command)
        if command.kind is CommandKind.RESUME:
            self.keep(entry.id, slept="")
        if command.kind is CommandKind.SET_POOLS:
            self.keep(entry.id, passwords=digest_of(command.args["pools"], entry.mac))
        elif command.kind is CommandKind.FACTORY_RESET:
            self.keep(entry.id, logins=(), passwords="")

    def _knows_door(self, entry: Entry, command: Command) -> None:
        """Who shows itself to everybody tells only by an order whether its login is its maker's."""
        family = entry.family
        if family.needs_login or not family.capabilities[command.kind].by_login:
            return
        entry.factory_login = entry.device.credential in family.default_credentials
        self.keep(entry.id, factory_login=entry.factory_login)


_REMEMBERED = frozenset({CommandKind.UPGRADE, CommandKind.SET_PASSWORD})
"""What must not be done while nothing can be remembered for good."""

_FINAL = frozenset({CommandKind.UPGRADE, CommandKind.FACTORY_RESET, CommandKind.SET_PASSWORD})
"""After these, what was before cannot be put back."""


def hold_text(hold: HoldOrder, now: float) -> str:
    """`held until 14:00 by ann: fans are changed`."""
    until = "until released" if hold.until is None else f"until {moment(hold.until, now)}"
    return f"held {until} by {hold.by}: {hold.why}"
