"""The health loop's notes about each miner and the farm, kept in memory (`fleet.memory`)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mother.core.model import EventKind
from mother.core.units import duration
from mother.fleet.memory import Memory
from mother.fleet.remembered import DeviceMemory, FarmMemory, Ledger, Record, Watch
from mother.fleet.roster import Entry
from mother.jobs import breaker, healing

BACK_WITHIN = 900.0
"""A miner that was rebooted must have started again after so many seconds."""

EARLY = 60.0
"""Its start may seem earlier than our order by so much: clocks and rounding."""


class Chart:
    """Reads and keeps watches and records.

    In a dry run what was only pretended (reboots, places in the farm's limits) never reaches
    the memory: the next real run must not believe in reboots that never were.
    """

    def __init__(
        self, memory: Memory, now: Callable[[], float], pretending: Callable[[], bool]
    ) -> None:
        self._memory = memory
        self._now = now
        self._pretending = pretending
        self._pretended: dict[str, Record] = {}
        self._pretended_farm: FarmMemory | None = None
        self._reserved: dict[str, float] = {}
        self._awaited: dict[str, float] | None = None

    def of(self, ident: str) -> DeviceMemory:
        """What is known of one device."""
        known = self._memory.device(ident)
        pretended = self._pretended.get(ident) if self._pretending() else None
        return known if pretended is None else replace(known, record=pretended)

    def keep(self, entry: Entry, watch: Watch, record: Record) -> None:
        """After a look at a miner."""
        self._waiting()  # as it was before
        known = self._memory.device(entry.id)
        if self._pretending() and entry.id in self._pretended:
            self._pretended[entry.id] = record
            record = known.record
        self._memory.remember(
            entry.id,
            replace(
                known,
                watch=watch,
                record=record,
                address=None if entry.via else entry.address,
                mac=entry.mac,
                model=entry.model,
                worker=entry.worker,
                family=entry.family.name,
                first_seen=known.first_seen or self._now(),
                last_seen=entry.last_seen or known.last_seen,
            ),
        )

    def keep_record(self, ident: str, record: Record) -> None:
        """After something was done to a device."""
        waiting = self._waiting()  # as it was before
        if self._pretending():
            self._pretended[ident] = record
            return
        if record.rebooted not in (None, self._memory.device(ident).record.rebooted):
            waiting[ident] = record.rebooted
        self._memory.remember(ident, replace(self._memory.device(ident), record=record))

    @property
    def farm(self) -> FarmMemory:
        """What is known of the farm as a whole."""
        if self._pretending() and self._pretended_farm is not None:
            return self._pretended_farm
        return self._memory.farm

    def keep_farm(self, farm: FarmMemory) -> None:
        """After a look at the whole farm."""
        if self._pretending():
            self._pretended_farm = farm
        else:
            self._memory.remember_farm(farm)

    def reserve(self, ident: str) -> None:
        """A reboot is about to be ordered: it takes a place in the farm's limits at once."""
        now, farm = self._now(), self.farm
        self._reserved[ident] = now
        self.keep_farm(
            replace(
                farm,
                ledger=healing.entered(farm.ledger, now),
                breaker=breaker.tried(farm.breaker, ident, now),
            )
        )

    def release(self, ident: str) -> None:
        """The reboot was not made: its place is free again."""
        farm, at = self.farm, list(self.farm.ledger.at)
        mine = self._reserved.pop(ident, None)
        if mine in at:
            at.remove(mine)
        trials = tuple(trial for trial in farm.breaker.trials if trial.device != ident)
        self.keep_farm(
            replace(
                farm,
                ledger=Ledger(tuple(at)),
                breaker=replace(farm.breaker, trials=trials),
            )
        )

    def told(self, ident: str) -> None:
        """What became of a device's reboot is told already."""
        self._waiting().pop(ident, None)

    def reboot_news(self, entry: Entry) -> tuple[EventKind, str] | None:
        """What became of our last reboot of a miner, once per reboot."""
        at = self._waiting().get(entry.id)
        if at is None or self._pretending():
            return None
        now = self._now()
        at = self._waiting()[entry.id] = min(at, now)
        started, since = self.of(entry.id).record.started, now - at
        if not entry.failures and _has_started(started, at):
            self.told(entry.id)
            return (
                EventKind.REBOOT_CONFIRMED,
                f"has started again, {duration(since)} after our reboot",
            )
        if since > BACK_WITHIN:
            self.told(entry.id)
            return EventKind.REBOOT_FAILED, f"did not start again within {duration(since)}"
        return None

    def never_back(self) -> list[str]:
        """Devices whose start after our reboot is overdue; to be told once for each."""
        oldest = self._now() - BACK_WITHIN
        return [ident for ident, at in self._waiting().items() if at < oldest]

    def forget(self, ident: str) -> None:
        """The device was given up long ago."""
        self._memory.forget(ident)
        self._pretended.pop(ident, None)
        self.told(ident)

    def _waiting(self) -> dict[str, float]:
        """Reboots of which nothing was told yet, by device; those of an earlier run too.

        A start after a reboot, and the end of the time for it, were told by the earlier run.
        """
        if self._awaited is None:
            now = self._now()
            self._awaited = {
                ident: at
                for ident, known in self._memory.devices.items()
                if (at := known.record.rebooted) is not None
                and now - at <= BACK_WITHIN
                and not _has_started(known.record.started, at)
            }
        return self._awaited


def _has_started(started: float | None, rebooted: float) -> bool:
    return started is not None and started >= rebooted - EARLY
