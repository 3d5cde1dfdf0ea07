"""What a person may ask of the running daemon (see `mother.control.calls.Desk`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from mother import __version__
from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.model import CommandKind, EventKind, Severity
from mother.desk.curtailing import Curtailing
from mother.desk.holding import Holding
from mother.desk.orders import Orders
from mother.desk.placing import Placing
from mother.desk.retiring import Retiring
from mother.fleet.commands import Commands
from mother.fleet.identity import device_id
from mother.fleet.memory import Memory
from mother.fleet.news import tell_of
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import ALL, Scope, is_wide, miner_of, scope_of
from mother.fleet.setups import Setups
from mother.fleet.succession import Succession
from mother.fleet.views import RosterView, Row
from mother.jobs import healing
from mother.jobs.configure import Shelf
from mother.jobs.flights import Flights
from mother.jobs.plan import News, Planner, item
from mother.jobs.survey import Survey
from mother.jobs.undoing import changes_back


class Desk:
    """Answers from what is known, and orders through the door. `hurry` wakes the loops.

    `curtailing` answers for the schedule, where one runs.
    """

    def __init__(
        self,
        roster: Roster,
        view: RosterView,
        memory: Memory,
        setups: Setups,
        survey: Survey,
        flights: Flights,
        planner: Planner,
        commands: Commands,
        shelf: Shelf,
        bus: Bus,
        news: News,
        config: Callable[[], Config],
        now: Callable[[], float],
        numbers: Callable[[], Mapping[str, float]],
        hurry: Callable[[], None],
        rename: Callable[[Entry, str], None],
        curtailing: Curtailing | None = None,
    ) -> None:
        self._roster = roster
        self._view = view
        self._memory = memory
        self._setups = setups
        self._survey = survey
        self._flights = flights
        self._planner = planner
        self._orders = Orders(setups, flights, commands, shelf, config, now, hurry)
        self._holding = Holding(roster, memory, setups, bus, now, hurry)
        self.curtailing = curtailing
        self._placing = Placing(roster, memory, bus, config, now)
        self._retiring = Retiring(roster, memory, setups, flights, bus, now, self._sought)
        self._bus = bus
        self._news = news
        self._config = config
        self._now = now
        self._numbers = numbers
        self._hurry = hurry
        self._rename = rename

    # seeing

    def status(self) -> Mapping[str, Any]:
        """The farm now, as plain values; `miners` are rows of `fleet.views`."""
        config = self._config()
        return {
            "version": __version__,
            "networks": list(config.networks),
            "dry_run": config.dry_run,
            "reboots": config.settings.health_reboot,
            "totals": to_builtins(self._view.totals(self._now())),
            "miners": to_builtins(self._everybody()),
            "holds": self._holding.rows(),
            "curtailments": [] if self.curtailing is None else self.curtailing.running(),
            "unidentified": [
                {
                    "address": str(one.address),
                    "family": one.family,
                    "reason": one.reason,
                    "said": one.said,
                }
                for one in sorted(self._roster.sightings.values(), key=lambda one: one.address)
            ],
            "numbers": dict(self._numbers()),
            "trouble": self._memory.trouble,
        }

    def _everybody(self) -> list[Row]:
        """Also who was met once and is not here."""
        missed = self._view.missed(self._memory.devices, self._now(), self._sought())
        return sorted([*self._view.rows(), *missed], key=lambda row: row.worker)

    def _sought(self) -> bool:
        """Whether a scan has ended since the start: who is not known since is not here."""
        return self._numbers().get("loop.scan.runs", 1.0) > 0

    async def kept(self) -> str:
        """Wait until what was ordered is on the disk; why it is not, or empty."""
        await self._memory.save_now()
        return self._memory.trouble

    def plan(self) -> Mapping[str, Any]:
        """What differs between wish and farm."""
        plan: Mapping[str, Any] = to_builtins(self._planner.plan(Scope(ALL)))
        return plan

    def progress(self) -> Mapping[str, Any]:
        """How far the farm is from its wish."""
        progress: Mapping[str, Any] = to_builtins(self._planner.progress(self._news.last()))
        return progress

    # configuring

    def apply(self, scope: str, by: str) -> Mapping[str, Any]:
        """Ask the miners anew and write what differs; what waited or was stopped goes on."""
        covered = self._covered(scope)
        single = not is_wide(scope)
        for entry in covered:
            self._survey.again(entry)
            self._setups.keep(entry.id, retry_at=None, again=0)
            if single:
                self._setups.keep(entry.id, left_alone=())
        keys = {k for entry in covered for one in self._survey.aspects(entry) for k in one.keys}
        resumed = self._flights.resume(sorted(keys))
        self._memory.save()
        self._hurry()
        todo = sum(1 for entry in covered if self._planner.items(entry))
        text = f"{_miners(todo)} of {len(covered)} to be configured"
        text += f"; {resumed} stopped changes go on" if resumed else ""
        self._audit(by, "apply", f"{by} asked to configure {scope}: {text}")
        return {"text": f"{text}.", "miners": todo}

    def undo(self, target: str, by: str, preview: bool, despite_hold: bool) -> Mapping[str, Any]:
        """Put back what was there before our last write."""
        chosen, items, miners = self._to_undo(target), [], 0
        for entry in chosen:
            held = self._setups.held(entry)
            skipped = bool(held and not despite_hold)
            for before in reversed(self._setups.of(entry.id).before):
                for change in changes_back(before, entry.settings):
                    status = "held" if skipped else "ready"
                    items.append(item(entry, change, status, held, restarts=not skipped))
            miners += not skipped
            if not preview and not skipped:
                self._mark(entry, by, despite_hold)
        text = f"The last write is put back on {_miners(miners)}"
        if self._config().dry_run:
            text = f"Dry run: the last write would be put back on {_miners(miners)}"
        if not preview:
            if target.strip().lower() == "last" and not self._config().dry_run:
                for key in {
                    one.key for entry in chosen for one in self._setups.of(entry.id).before
                }:
                    self._flights.stop(key, f"{by} has undone it")
            self._memory.save()
            self._audit(by, "undo", f"{by} asked to undo {target}: {_miners(miners)}")
            self._hurry()
        return {"text": f"{text}.", "miners": miners, "items": to_builtins(items)}

    def _mark(self, entry: Entry, by: str, despite_hold: bool) -> None:
        setup = self._setups.of(entry.id)
        if self._config().dry_run:
            return
        if setup.flight is not None:
            self._flights.recall(entry.id, setup.flight.keys)
        keys = {one.key for one in setup.before if one.key} | set(setup.left_alone)
        self._setups.keep(
            entry.id,
            undoing=by,
            undoing_held=despite_hold,
            left_alone=tuple(sorted(keys)),
        )

    def _to_undo(self, target: str) -> list[Entry]:
        """The miner that is meant; for `last`, all that got the change that was written last."""
        if target.strip().lower() != "last":
            entry = miner_of(target, self._roster)
            befores = self._setups.of(entry.id).before
            if not befores:
                raise LookupError(f"nothing of ours is to be undone on {entry.worker}")
            if not any(one.can_be_undone for one in befores):
                raise PermissionError(
                    f"the last order to {entry.worker} ({befores[-1].kind.value}) cannot be undone"
                )
            return [entry]
        written = [
            (one.at, one.key, entry)
            for entry in self._roster
            for one in self._setups.of(entry.id).before
            if one.can_be_undone
        ]
        if not written:
            raise LookupError("nothing of ours is to be undone")
        _, key, newest = max(written, key=lambda one: one[0])
        if not key:
            return [newest]
        return list(dict.fromkeys(entry for _, other, entry in written if other == key))

    # holds

    def hold(self, scope: str, seconds: float | None, why: str, by: str) -> Mapping[str, Any]:
        """Nothing is written by itself to what is held, whatever happens."""
        return self._holding.hold(scope, seconds, why, by)

    def release(self, scope: str, by: str) -> Mapping[str, Any]:
        """End holds; with `all`, every one."""
        return self._holding.release(scope, by)

    # single miners

    async def order(
        self,
        miner: str,
        kind: str,
        args: Mapping[str, Any],
        by: str,
        despite_hold: bool,
        in_turn: bool = False,
    ) -> Mapping[str, Any]:
        """One order by hand, through the door; `in_turn` where it is one of many."""
        entry = miner_of(miner, self._roster)
        give = self._orders.give_in_turn if in_turn else self._orders.give
        return await give(entry, CommandKind(kind), args, by, despite_hold)

    def covered(self, scope: str, kind: str) -> Mapping[str, Any]:
        """Who is in a scope, by worker name, and who would not take such an order."""
        found = sorted(self._covered(scope), key=lambda entry: entry.worker)
        return {"miners": self._orders.covered(found, kind)}

    # places

    def places(self) -> Mapping[str, Any]:
        """Where everybody stands."""
        return {"places": self._placing.rows()}

    async def place(
        self, rows: Sequence[Mapping[str, Any]], by: str, backup: bool
    ) -> Mapping[str, Any]:
        """These stand there from now on."""
        return await self._placing.put(rows, by, backup)

    def unplace(self, by: str) -> str:
        """The last one is taken back."""
        return self._placing.take_back(by)

    def retire(self, miner: str, by: str) -> str:
        """One that is gone is forgotten for good."""
        return self._retiring.retire(miner, by)

    def clear(self, miner: str) -> str:
        """Let a miner be healed again that was left for a human."""
        entry = miner_of(miner, self._roster)
        known = self._memory.device(entry.id)
        if not known.record.left and not known.record.reboots:
            return f"{entry.worker} was not rebooted lately: there is nothing to clear."
        self._memory.remember(entry.id, replace(known, record=healing.cleared(known.record)))
        text = f"{entry.worker} at {entry.address} is cleared: it may be rebooted again"
        tell_of(
            self._bus,
            entry,
            EventKind.AUDIT,
            Severity.INFO,
            f"{text}, as asked by `mother clear`",
            actor="operator",
            kind="clear",
        )
        return f"{text}."

    def accept(self, miner: str, boards: int | None, by: str) -> str:
        """So many boards are what it should have; None: what its model has."""
        entry = miner_of(miner, self._roster)
        entry.boards = boards
        self._setups.keep(entry.id, boards=boards)
        self._memory.save()
        many = "as many boards as its model" if boards is None else f"{boards} boards"
        text = f"{entry.worker} at {entry.address} should have {many} from now on"
        tell_of(self._bus, entry, EventKind.ACCEPTED, Severity.INFO, f"{by}: {text}", actor=by)
        return f"{text}."

    def replace(self, old: str, new: str, by: str) -> str:
        """Wishes, name and history move to a swapped control board."""
        before, after = self._mac(old), self._mac(new)
        site = self._config().site
        succession = Succession(self._roster, self._memory, site, self._rename)
        worker = succession.replace(before, after)
        self._memory.save()
        text = f"{after} takes the place of {before} as {worker}: wishes and history moved"
        self._bus.tell(
            EventKind.REPLACED,
            Severity.INFO,
            f"{by}: {text}",
            worker=worker,
            content={
                "actor": by,
                "old": before,
                "new": after,
                "replaced": device_id(site, before),
            },
        )
        self._hurry()
        return f"{text}."

    def _mac(self, named: str) -> str:
        """The MAC address of a miner by any of its names, or one that is not here (any more)."""
        wanted = named.strip().lower()
        known = {one.worker.lower(): one.mac for one in self._memory.devices.values() if one.mac}
        try:
            return miner_of(named, self._roster).mac
        except LookupError:
            dense = "".join(char for char in wanted if char not in ":-.")
            if len(dense) == 12 and all(char in "0123456789abcdef" for char in dense):
                return ":".join(dense[place : place + 2] for place in range(0, 12, 2))
            if wanted in known:
                return known[wanted]
            raise

    # words

    def _covered(self, scope: str) -> list[Entry]:
        meant = scope_of(scope)
        if not is_wide(scope):
            return [miner_of(scope, self._roster)]
        found = [entry for entry in self._roster if self._is_in(meant, entry)]
        if not found:
            raise LookupError(f"no miner is known in {scope}")
        return found

    def _is_in(self, scope: Scope, entry: Entry) -> bool:
        return scope.covers(entry, self._setups.groups_of)

    def _audit(self, by: str, kind: str, text: str) -> None:
        content = {"actor": by, "kind": kind}
        self._bus.tell(EventKind.AUDIT, Severity.INFO, text, content=content)


def _miners(count: int) -> str:
    return "1 miner" if count == 1 else f"{count} miners"
