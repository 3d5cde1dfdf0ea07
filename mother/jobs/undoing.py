"""Putting back what was there before our last write, miner by miner, within the limits."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mother.core.bus import Bus
from mother.core.crowd import each
from mother.core.model import Change, Command, CommandKind, EventKind, Settings, Severity
from mother.core.pulse import Pulse
from mother.fleet.commands import Commands
from mother.fleet.desired import profile_change
from mother.fleet.news import tell_of
from mother.fleet.pools import pool_changes
from mother.fleet.roster import Entry, Roster
from mother.fleet.setups import Setups
from mother.fleet.undertaken import Before, DeviceSetup

AT_ONCE = 20
COMMAND_LIFE = 600.0


class Undoing:
    """Works off the miners whose `undoing` names a person."""

    def __init__(
        self,
        roster: Roster,
        commands: Commands,
        setups: Setups,
        bus: Bus,
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._commands = commands
        self._setups = setups
        self._bus = bus
        self._now = now

    def left(self) -> list[Entry]:
        """Who is still to be put back."""
        return [entry for entry in self._roster if self._setups.of(entry.id).undoing]

    async def run(self, pulse: Pulse) -> None:
        """Put back as many as may restart now."""
        places = self._setups.places()
        ready = [one for one in self.left() if not one.failures and self._may(one)]
        await each(ready[:places], lambda entry: self._undo(entry, pulse), AT_ONCE, pulse)

    def _may(self, entry: Entry) -> bool:
        """It may have been held since."""
        return self._setups.of(entry.id).undoing_held or not self._setups.held(entry)

    async def _undo(self, entry: Entry, pulse: Pulse) -> None:
        """Newest first. What cannot be put back is told, and not tried for ever."""
        setup = self._setups.of(entry.id)
        said: list[str] = []
        severity = Severity.INFO
        for before in reversed(setup.before):
            order = order_back(before, entry, setup, self._now())
            if order is None:
                continue
            outcome = await self._commands.submit(order)
            pulse.beat()  # each may be watched for minutes
            if outcome.result == "dry-run":
                self._setups.keep(entry.id, undoing="")
                return
            if not outcome.done:
                severity = Severity.ERROR
                said.append(f"{order.kind.value} could not be put back: {outcome.text}")
            else:
                said.append("; ".join(map(str, order.changes)) or "it was so already")
        left = () if severity is Severity.INFO else setup.before  # a person may try again
        self._setups.keep(entry.id, undoing="", undoing_held=False, before=left)
        text = f"{entry.worker} at {entry.address} is as before our last write"
        if severity is not Severity.INFO:
            text = f"{entry.worker} at {entry.address} is not as before our last write"
        tell_of(self._bus, entry, EventKind.UNDONE, severity, f"{text}. {'. '.join(said)}")


def changes_back(before: Before, found: Settings | None) -> tuple[Change, ...]:
    """What putting it back would change; what is there now may not be known."""
    if before.network is not None:
        old = before.network
        shown = "dhcp" if old.dhcp else f"static {old.address}"
        return (Change("network", "as it is", shown),)
    found = found or Settings()
    if before.pools is not None:
        if found.pools is None:
            return tuple(replace(one, old="unknown") for one in pool_changes((), before.pools))
        return pool_changes(found.pools, before.pools)
    numbers = _number_changes(before, found)
    if numbers:
        return numbers
    if before.profile is None or (found.profile, found.level) == (before.profile, before.level):
        return ()
    return (profile_change(found, before.profile, before.level),)


def order_back(before: Before, entry: Entry, setup: DeviceSetup, now: float) -> Command | None:
    """The order that puts it back; None for what cannot be."""
    ident = uuid.uuid4().hex
    order = _opposite(before)
    if order is None:
        return None
    kind, args = order
    return Command(
        id=ident,
        key=ident,
        actor=setup.undoing,
        reason="As it was before.",
        at=now,
        expires=now + COMMAND_LIFE,
        device=entry.id,
        kind=kind,
        args=args,
        changes=changes_back(before, entry.settings),
        by_hand=True,
        despite_hold=setup.undoing_held,
        undoes=True,
    )


def _opposite(before: Before) -> tuple[CommandKind, dict[str, Any]] | None:
    """The command that puts it back, with its args.

    A pool whose password was hidden gets `x`, which nearly all pools take for any.
    """
    if before.pools is not None:
        pools = tuple(replace(one, password=one.password or "x") for one in before.pools)
        return CommandKind.SET_POOLS, {"pools": pools}
    if before.profile is not None:
        return CommandKind.SET_PROFILE, {"profile": before.profile, "level": before.level}
    if before.network is not None:
        return CommandKind.SET_NETWORK, {"network": before.network}
    if before.power_target is not None:
        return CommandKind.SET_POWER, {"watts": before.power_target}
    if before.asleep is not None:
        return (CommandKind.PAUSE if before.asleep else CommandKind.RESUME), {}
    clock = {"frequency": before.frequency, "voltage": before.voltage}
    args: dict[str, Any] = {name: value for name, value in clock.items() if value is not None}
    return (CommandKind.SET_FREQUENCY, args) if args else None


def _number_changes(before: Before, found: Settings) -> tuple[Change, ...]:
    rows = (
        ("power target", before.power_target, found.power_target, "W"),
        ("frequency", before.frequency, found.frequency, "MHz"),
        ("voltage", before.voltage, found.voltage, "V"),
    )
    changes = [
        Change(name, "unknown" if has is None else f"{has:g} {unit}", f"{old:g} {unit}")
        for name, old, has, unit in rows
        if old is not None and old != has
    ]
    if before.asleep is not None:
        changes.append(Change("state", "as it is", "asleep" if before.asleep else "awake"))
    return tuple(changes)
