"""The single door: every order to a device passes here, whoever gives it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from msgspec import Struct
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from mother.core.bus import Bus
from mother.core.errors import DeviceError, Stranger, Unsupported
from mother.core.model import Address, Command, CommandKind, EventKind, Severity
from mother.fleet.identity import confirmed
from mother.fleet.news import tell_of
from mother.fleet.roster import Entry, Roster

KEYS_KEPT = 10_000


class Deed(Struct, frozen=True):
    """How a person reads a kind of command, and what event its success is."""

    wish: str
    done: str
    event: EventKind


DEEDS = {
    CommandKind.REBOOT: Deed("reboot", "was rebooted", EventKind.REBOOTED),
    CommandKind.RESTART_MINING: Deed(
        "restart the mining program of", "had its mining program restarted", EventKind.RESTARTED
    ),
}
_RESTARTS = frozenset({CommandKind.REBOOT})
"""After these the device's login is void, and it is away for a while."""


class Outcome(Struct, frozen=True):
    """What became of a command: `result` is `done`, `dry-run`, `denied` or `failed`.

    `sent`: it may have reached the device, whatever the result.
    """

    result: str
    text: str
    sent: bool = False

    @property
    def done(self) -> bool:
        """Whether the device took it."""
        return self.result == "done"


class Commands:
    """Checks a command, confirms who is at the address, carries it out, writes the audit line.

    `wrote` is awaited just before a device is written to, so that a crash in the middle
    still leaves the write remembered.
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
    ) -> None:
        self._roster = roster
        self._bus = bus
        self._now = now
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
        """Why nothing may be written to this device now; empty where it may."""
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
        if outcome.done:
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
        return self.obstacle(entry)

    def _pretend(self, entry: Entry, command: Command) -> Outcome:
        self.would_write += 1
        wish = DEEDS[command.kind].wish
        text = f"dry run: would {wish} {entry.worker} at {entry.address}: {command.reason}"
        tell_of(
            self._bus,
            entry,
            EventKind.WOULD_WRITE,
            Severity.INFO,
            text,
            kind=command.kind.value,
        )
        return Outcome("dry-run", text)

    async def _carry_out(self, entry: Entry, command: Command) -> Outcome:
        """Confirm who is there, write; the entry's lock is held."""
        device, sent = entry.device, False
        try:
            await confirmed(entry)
            await self._wrote(entry, command)
            denial = "it has just moved" if entry.device is not device else self.obstacle(entry)
            if denial:
                return Outcome("denied", denial)
            sent = True
            await device.perform(command)
        except CancelledError:
            raise
        except Stranger as error:
            self._misplaced(device.address)
            return Outcome("denied", f"{error.found} answers at {device.address} now")
        except Unsupported as error:
            return Outcome("denied", str(error))
        except DeviceError as error:
            return Outcome("failed", str(error), sent)
        except Exception as error:
            self.log.failure("an order to {worker} failed", worker=entry.worker)
            return Outcome("failed", f"unforeseen: {type(error).__name__}", sent)
        finally:
            if sent and command.kind in _RESTARTS:
                device.forget()
                entry.doubtful = True
        return Outcome("done", "", sent)

    def _told(self, entry: Entry, command: Command) -> None:
        deed = DEEDS[command.kind]
        tell_of(
            self._bus,
            entry,
            deed.event,
            Severity.WARNING,
            f"{entry.worker} at {entry.address} {deed.done}. {command.reason}",
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
            },
        )

    def _remember(self, key: str, outcome: Outcome) -> None:
        if outcome.done:
            self._seen[key] = outcome
        while len(self._seen) > KEYS_KEPT:
            self._seen.popitem(last=False)
