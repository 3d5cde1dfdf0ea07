"""Holds: miners to which nothing is written by itself, by a person's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import to_builtins

from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.core.units import moment
from mother.fleet.memory import Memory
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import ALL, MODEL, RACK, Scope, is_wide, scope_of, settled_scope
from mother.fleet.setups import Setups
from mother.fleet.undertaken import HoldOrder


class Holding:
    """Makes, ends and lists them. `hurry` wakes who waits for a release."""

    def __init__(
        self,
        roster: Roster,
        memory: Memory,
        setups: Setups,
        bus: Bus,
        now: Callable[[], float],
        hurry: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._memory = memory
        self._setups = setups
        self._bus = bus
        self._now = now
        self._hurry = hurry

    def hold(self, scope: str, seconds: float | None, why: str, by: str) -> Mapping[str, Any]:
        """Nothing is written by itself to what is held, whatever happens."""
        meant, now = settled_scope(scope, self._roster), self._now()
        until = None if seconds is None else now + seconds
        others = tuple(one for one in self._setups.holds() if one.scope != meant.text)
        order = HoldOrder(meant.text, " ".join(why.split()), by, now, until)
        self._setups.keep_undertaken(holds=(*others, order))
        self._memory.save()
        miners = len(self._covered(meant))
        end = "until released" if until is None else f"until {moment(until, now)}"
        text = f"{scope} is held {end}: {_miners(miners)}, nothing is written to them by itself"
        self._bus.tell(
            EventKind.HELD,
            Severity.WARNING,
            f"{by} holds {scope} {end} ({_miners(miners)}): {order.why}",
            content={"actor": by, "scope": meant.text, "until": until},
        )
        return {"text": f"{text}.", "miners": miners}

    def release(self, scope: str, by: str) -> Mapping[str, Any]:
        """End holds; with `all`, every one."""
        known = self._setups.holds()
        if scope.strip().lower() == ALL:
            gone = known
        else:
            meant = scope_of(scope)
            names = {meant.text}
            if not is_wide(scope):
                names |= {entry.mac for entry in self._covered(meant)}
            gone = tuple(one for one in known if one.scope in names)
        if not gone:
            raise LookupError(f"{scope} is not held: `mother holds` lists what is")
        self._setups.keep_undertaken(holds=tuple(one for one in known if one not in gone))
        self._memory.save()
        meant_now = [Scope(one.scope) for one in gone]
        covered = [e for e in self._roster if any(self._is_in(one, e) for one in meant_now)]
        still = sum(1 for entry in covered if self._setups.held(entry))
        text = f"{scope} is released: {_miners(len(covered))}"
        text += f", {still} of them held by another order" if still else ""
        self._bus.tell(EventKind.RELEASED, Severity.INFO, f"{by}: {text}", content={"actor": by})
        self._hurry()
        return {"text": f"{text}.", "miners": len(covered)}

    def rows(self) -> list[dict[str, Any]]:
        """Those in force, each with the name of its scope and how many miners are in it."""
        return [self._row(one) for one in self._setups.holds()]

    def _row(self, hold: HoldOrder) -> dict[str, Any]:
        covered = self._covered(Scope(hold.scope))
        row: dict[str, Any] = to_builtins(hold)
        name = name_of(hold.scope, covered)
        return {**row, "name": name, "until": hold.until, "miners": len(covered)}

    def _covered(self, scope: Scope) -> list[Entry]:
        return [entry for entry in self._roster if self._is_in(scope, entry)]

    def _is_in(self, scope: Scope, entry: Entry) -> bool:
        return scope.covers(entry, self._setups.groups_of)


def name_of(scope: str, covered: list[Entry]) -> str:
    """What a person calls a scope that is kept; `covered` are in it now."""
    name = covered[0].worker if covered and not is_wide(scope) else scope
    for prefix in (MODEL, RACK):
        if name.startswith(prefix):
            name = prefix + name.removeprefix(prefix).upper()
    return name


def _miners(count: int) -> str:
    return "1 miner" if count == 1 else f"{count} miners"
