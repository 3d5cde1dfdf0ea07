"""The single door: every order to a device passes here, whoever gives it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mother.core.bus import Bus
from mother.core.errors import DeviceError, Stranger, Unsupported
from mother.core.model import (
    Address,
    Command,
    CommandKind,
    Credential,
    EventKind,
    NetworkSettings,
    Settings,
    Severity,
)
from mother.core.reading import Reading, Word
from mother.drivers.base import Confirm, Device
from mother.fleet.confirming import Confirming, takes_login
from mother.fleet.deeds import DEEDS
from mother.fleet.desired import Found, settled
from mother.fleet.identity import confirmed
from mother.fleet.news import tell_of
from mother.fleet.offering import Logins, may_have_arrived, performed
from mother.fleet.roster import Entry, Roster
from mother.fleet.undertaken import Before

KEYS_KEPT = 10_000

SETTINGS = frozenset(
    {
        CommandKind.SET_POOLS,
        CommandKind.SET_PROFILE,
        CommandKind.SET_POWER,
        CommandKind.SET_FREQUENCY,
    }
)
"""What these set is read before."""

SLEEP = {CommandKind.PAUSE: True, CommandKind.RESUME: False}


class Outcome(Struct, frozen=True):
    """What became of a command: `result` is `done`, `dry-run`, `denied` or `failed`.

    `sent`: it may have reached the device, whatever the result. `unsure`: it was sent and taken,
    and could not be read back. `unable`: the device, asked to do it, knows no such order.
    """

    result: str
    text: str
    sent: bool = False
    unsure: bool = False
    unable: bool = False

    @property
    def done(self) -> bool:
        """Whether the device took it."""
        return self.result == "done"


class Guard(Protocol):
    """What is to be asked before a write, and told of it (see `mother.fleet.setups`)."""

    def held(self, entry: Entry) -> str:
        """Why nothing is written to this device by itself; empty where it is not held."""

    def forbids(self, entry: Entry, command: Command) -> str:
        """Why this may not be done now; empty where it may."""

    def forgets(self, command: Command) -> str:
        """Why this must not be done unremembered; empty where it is remembered, or harmless."""

    def writing(self, entry: Entry, command: Command, before: Before | None) -> Callable[[], None]:
        """It is about to be done; `before` is what it replaces. Call the answer if it is not."""

    def passwords(self, entry: Entry) -> str:
        """The digest of the pool passwords that we wrote last to this device."""

    def slept(self, entry: Entry) -> str:
        """The profile that it had when we told it to sleep; empty where that is not known."""

    def worked(self, entry: Entry, command: Command) -> None:
        """It was done and has been seen to work."""


class Commands:
    """Checks a command, confirms who is at the address, carries it out, writes the audit line.

    Settings are read before they are written, left alone where they are so already, and read
    back. `wrote` is awaited just before a device is written to, so that a crash in the middle
    still leaves the write remembered. `heard` takes every reading that is made on the way, `logins`
    are those to offer to a device that tells who it is to everybody.
    """

    log = Logger()

    def __init__(
        self,
        roster: Roster,
        bus: Bus,
        now: Callable[[], float],
        dry_run: Callable[[], bool],
        wrote: Callable[[Entry, Command], Awaitable[None]],
        misplaced: Callable[[Address], None],
        guard: Guard,
        clock: IReactorTime,
        heard: Callable[[Entry, Reading], None],
        logins: Logins = lambda _: (),
    ) -> None:
        self._roster = roster
        self._logins = logins
        self._confirming = Confirming(clock, now, heard)
        self._heard = heard
        self._bus = bus
        self._now = now
        self._guard = guard
        self._dry_run = dry_run
        self._wrote = wrote
        self._misplaced = misplaced
        self._seen: OrderedDict[str, Outcome] = OrderedDict()
        self._under_way: set[str] = set()
        self.would_write = 0

    async def submit(self, command: Command) -> Outcome:
        """Carry one command out, or say why not; a key that was done before is not done again.

        Raises nothing but CancelledError.
        """
        if command.key in self._seen:
            return self._seen[command.key]
        if command.key in self._under_way:
            return Outcome("denied", "the same order is being carried out")
        self._under_way.add(command.key)
        outcome = Outcome("failed", "interrupted: whether it took the order is not known", True)
        try:
            outcome = await self._submit(command)
        finally:
            self._under_way.discard(command.key)
            self._audit(command, outcome)
        self._remember(command.key, outcome)
        return outcome

    def obstacle(self, entry: Entry) -> str:
        """Why nothing may be written to this device by itself now; empty where it may."""
        return self._astray(entry) or entry.description.closed or self._guard.held(entry)

    def _astray(self, entry: Entry) -> str:
        if entry.disputed:
            others = ", ".join(str(address) for address in sorted(entry.claimants))
            return f"{others} claims the same MAC {entry.mac}"
        if entry.dismissed:
            return "it was given up"
        if not self._roster.housed(entry):
            return "another device answers at its address"
        return ""

    async def _submit(self, command: Command) -> Outcome:
        entry = self._roster.get(command.device)
        if entry is None:
            return Outcome("denied", f"{command.device} is not known")
        outcome = self._judged(entry, command)
        if outcome is None:
            async with entry.lock:  # what held a moment ago may not hold now
                outcome = self._judged(entry, command) or await self._carry_out(entry, command)
        if outcome.done and outcome.sent:
            self._told(entry, command)
        return outcome

    def _judged(self, entry: Entry, command: Command) -> Outcome | None:
        """How it ends without a word to the device; None where it may be carried out."""
        denial = self._denial(entry, command)
        if denial:
            return Outcome("denied", denial)
        return self._pretend(entry, command) if self._dry_run() else None

    def _denial(self, entry: Entry, command: Command) -> str:
        if self._now() > command.expires:
            return "it came too late"
        if command.kind not in entry.family.capabilities:
            return f"no {entry.family.name} can do that"
        # its owner may have opened it since: a person may try
        closed = "" if command.by_hand else entry.description.closed
        return self._astray(entry) or closed or self._guard.forbids(entry, command)

    def _pretend(self, entry: Entry, command: Command) -> Outcome:
        self.would_write += 1
        wish = DEEDS[command.kind].wish
        what = "; ".join(map(str, command.changes)) or command.reason
        text = f"dry run: would {wish} {entry.worker} at {entry.address}: {what}"
        tell_of(
            self._bus,
            entry,
            EventKind.WOULD_WRITE,
            Severity.INFO,
            text,
            kind=command.kind.value,
            changes=[(one.setting, one.old, one.new) for one in command.changes],
        )
        return Outcome("dry-run", text)

    async def _carry_out(self, entry: Entry, command: Command) -> Outcome:
        """Confirm who is there, write; the entry's lock is held."""
        write = _Write(entry)
        try:
            return await self._write(entry, command, write)
        except CancelledError:
            raise
        except Stranger as error:
            self._misplaced(write.device.address)
            return Outcome("denied", f"{error.found} answers at {write.device.address} now")
        except (Unsupported, ValueError) as error:
            unable = write.asked and isinstance(error, Unsupported)
            return Outcome("denied", str(error), unable=unable)
        except DeviceError as error:
            return Outcome("failed", str(error), write.sent)
        except Exception as error:
            self.log.failure("an order to {worker} failed", worker=entry.worker)
            return Outcome("failed", f"unforeseen: {type(error).__name__}", write.sent)
        finally:
            if write.sent and DEEDS[command.kind].reboots:
                write.device.forget()
                entry.doubtful = True

    async def _write(self, entry: Entry, command: Command, write: _Write) -> Outcome:
        device = write.device
        who = await confirmed(entry)
        if command.kind is CommandKind.UPGRADE and who.firmware != entry.description.firmware:
            entry.described(who, self._now())
            return Outcome("done", f"it runs {who.firmware} meanwhile")
        before = None if who.closed else await self._look(device, command)
        if self._is_so(entry, command, before):
            return Outcome("done", "it is so already")
        denial = who.closed or self._guard.forbids(entry, command)  # others may have been quicker
        denial = denial or self._guard.forgets(command)
        if denial:
            return Outcome("denied", denial)
        not_made = self._guard.writing(entry, command, _kept(command, before, self._now()))
        await self._wrote(entry, command)
        denial = "it has just moved" if entry.device is not device else self._astray(entry)
        denial = denial or self._guard.forgets(command)
        if denial:
            not_made()
            return Outcome("denied", denial)
        write.sent = write.asked = True
        if command.kind is CommandKind.RESUME:
            command = replace(command, args={"profile": self._guard.slept(entry)})
        try:
            device = await performed(self._roster, entry, command, self._logins)
        except (DeviceError, ValueError) as error:
            write.sent = await may_have_arrived(entry, error, self._now)
            if not write.sent:
                not_made()
            raise
        try:
            return await self._read_back(entry, device, command, write.login)
        except DeviceError as error:
            if isinstance(error, Stranger):
                self._misplaced(device.address)
            return Outcome("failed", f"sent, but not read back: {error}", True, unsure=True)

    async def _read_back(
        self, entry: Entry, device: Device, command: Command, login: Credential
    ) -> Outcome:
        """Whether the device kept it: it may say yes and keep something else."""
        capability = entry.family.capabilities[command.kind]
        if command.kind is CommandKind.SET_NETWORK:
            self._misplaced(device.address)
            moved = Address(command.args["network"].address, device.address.port)
            if moved.host and moved != device.address:
                self._misplaced(moved)
        if capability.confirm is Confirm.LOGIN:
            heir, wrong = await takes_login(entry, device, command, login)
            if entry.device is device:
                self._roster.move(entry, heir)
        else:
            wrong = await self._confirming.failure(entry, device, command, capability)
        if wrong:
            return Outcome("failed", wrong, True)
        self._guard.worked(entry, command)
        return Outcome("done", "", True)

    async def _look(self, device: Device, command: Command) -> _Look:
        """What the command is about to replace, as far as a device tells it."""
        if command.kind in SLEEP:
            return await device.read(self._now())
        if command.kind in SETTINGS:
            return await device.settings()
        return await device.network() if command.kind is CommandKind.SET_NETWORK else None

    def _is_so(self, entry: Entry, command: Command, before: _Look) -> bool:
        """Whether there is nothing to do; what was read for that is kept."""
        if isinstance(before, Reading):
            self._heard(entry, before)
            if before.word is not Word.READ:
                return False  # its yes may be long ago: to say it again harms nobody
            return before.asleep is SLEEP[command.kind]
        if not isinstance(before, Settings):
            return False
        known = Found(entry.worker, entry.model, before, self._guard.passwords(entry), entry.mac)
        if not settled(command.kind, command.args, before, known):
            return False
        entry.settings, entry.settings_at = before, self._now()
        return True

    def _told(self, entry: Entry, command: Command) -> None:
        deed = DEEDS[command.kind]
        tell_of(
            self._bus,
            entry,
            deed.event,
            deed.severity,
            f"{entry.worker} at {entry.address} {deed.was(command.args)}"
            + "".join(f"; {change}" for change in command.changes)
            + (f". {command.reason}" if command.reason else ""),
            model=entry.model,
        )

    def _audit(self, command: Command, outcome: Outcome) -> None:
        entry = self._roster.get(command.device)
        worker = command.device if entry is None else entry.worker
        where = "" if entry is None else str(entry.address)
        self._bus.tell(
            EventKind.AUDIT,
            Severity.INFO,
            f"{command.actor} asked to {DEEDS[command.kind].wish} {worker}: {outcome.result}"
            + (f" ({outcome.text})" if outcome.text else ""),
            device=command.device,
            worker="" if entry is None else worker,
            content={
                "actor": command.actor,
                "kind": command.kind.value,
                "reason": command.reason,
                "result": outcome.result,
                "ip": where,
                "mac": "" if entry is None else entry.mac,
                "key": command.key,
                "changes": [str(change) for change in command.changes],
            },
        )

    def _remember(self, key: str, outcome: Outcome) -> None:
        if outcome.done:
            self._seen[key] = outcome
        while len(self._seen) > KEYS_KEPT:
            self._seen.popitem(last=False)


class _Write:
    """One write under way: to which device object, and whether it may have been sent.

    `asked`: the device was about to be told, whether it took it or not.
    """

    def __init__(self, entry: Entry) -> None:
        self.device = entry.device
        self.login = entry.device.credential
        self.sent = self.asked = False


_Look = Settings | NetworkSettings | Reading | None


def _kept(command: Command, found: _Look, now: float) -> Before | None:
    """That part of it which the command changes."""
    before = Before(now, command.kind, command.actor, command.batch, command.wish)
    if isinstance(found, NetworkSettings):
        return replace(before, network=found)
    if found is None:
        return None
    told = {name: getattr(found, name) for name in _REPLACED[command.kind]}
    return replace(before, **told)


_REPLACED: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.SET_POOLS: ("pools",),
    CommandKind.SET_PROFILE: ("profile", "level"),
    CommandKind.SET_POWER: ("power_target",),
    CommandKind.SET_FREQUENCY: ("frequency", "voltage"),
    CommandKind.PAUSE: ("asleep",),
    CommandKind.RESUME: ("asleep",),
}
"""What each replaces, by the names that settings, readings and what is kept have in common."""
