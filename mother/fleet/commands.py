"""The single door: every order to a device passes here, whoever gives it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from msgspec import Struct

from mother.core.bus import Bus
from mother.core.errors import DeviceError, Stranger, Unsupported
from mother.core.model import Address, Command, CommandKind, EventKind, Severity
from mother.fleet.roster import Entry, Roster

KEYS_KEPT = 10_000

_DONE = {
    CommandKind.REBOOT: EventKind.REBOOTED,
    CommandKind.RESTART_MINING: EventKind.RESTARTED,
}
_RESTARTS = frozenset({CommandKind.REBOOT})
"""After these the device's login is void."""


class Outcome(Struct, frozen=True):
    """What became of a command: `result` is `done`, `dry-run`, `denied` or `failed`."""

    result: str
    text: str

    @property
    def done(self) -> bool:
        """Whether the device took it."""
        return self.result == "done"


class Commands:
    """Checks a command, confirms who is at the address, carries it out, writes the audit line.

    `wrote` is awaited just before a device is written to, so that a crash in the middle
    still leaves the write remembered.
    """

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
        self.would_write = 0

    async def submit(self, command: Command) -> Outcome:
        """Carry one command out, or say why not; a key that was done before is not done again."""
        if command.key in self._seen:
            return self._seen[command.key]
        entry = self._roster.get(command.device)
        if entry is None:
            return Outcome("denied", f"{command.device} is not known")
        denial = self._denial(entry, command)
        if denial:
            outcome = Outcome("denied", denial)
        elif self._dry_run():
            outcome = self._pretend(entry, command)
        else:
            outcome = await self._carry_out(entry, command)
        self._audit(entry, command, outcome)
        self._remember(command.key, outcome)
        return outcome

    def _denial(self, entry: Entry, command: Command) -> str:
        if self._now() > command.expires:
            return "it came too late"
        if command.kind not in entry.family.capabilities:
            return f"a {entry.family.name} cannot {command.kind}"
        if entry.disputed:
            others = ", ".join(str(address) for address in sorted(entry.claimants))
            return f"{others} claims the same MAC {entry.mac}"
        if not self._roster.housed(entry):
            return "another device answers at its address"
        return ""

    def _pretend(self, entry: Entry, command: Command) -> Outcome:
        self.would_write += 1
        text = f"dry run: would {command.kind} {entry.worker} at {entry.address}: {command.reason}"
        self._bus.tell(
            EventKind.WOULD_WRITE,
            Severity.INFO,
            text,
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address), "kind": command.kind.value},
        )
        return Outcome("dry-run", text)

    async def _carry_out(self, entry: Entry, command: Command) -> Outcome:
        async with entry.lock:
            address = entry.address
            try:
                who = await entry.device.describe()
                if who.mac != entry.mac:
                    raise Stranger(entry.mac, who.mac)
                await self._wrote(entry, command)
                await entry.device.perform(command)
            except Stranger as error:
                self._misplaced(address)
                return Outcome("denied", f"another device answers at {address}: {error}")
            except Unsupported as error:
                return Outcome("denied", str(error))
            except DeviceError as error:
                return Outcome("failed", f"{type(error).__name__.lower()}: {error}")
            finally:
                if command.kind in _RESTARTS:
                    entry.device.forget()
        self._bus.tell(
            _DONE[command.kind],
            Severity.WARNING,
            f"{entry.worker} at {address}: {command.kind} because {command.reason}",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(address), "model": entry.model},
        )
        return Outcome("done", "")

    def _audit(self, entry: Entry, command: Command, outcome: Outcome) -> None:
        self._bus.tell(
            EventKind.AUDIT,
            Severity.INFO,
            f"{command.actor} asked {entry.worker} to {command.kind}: {outcome.result}"
            + (f" ({outcome.text})" if outcome.text else ""),
            device=entry.id,
            worker=entry.worker,
            content={
                "actor": command.actor,
                "kind": command.kind.value,
                "reason": command.reason,
                "result": outcome.result,
                "ip": str(entry.address),
                "mac": entry.mac,
                "key": command.key,
            },
        )

    def _remember(self, key: str, outcome: Outcome) -> None:
        if outcome.done:
            self._seen[key] = outcome
        while len(self._seen) > KEYS_KEPT:
            self._seen.popitem(last=False)
