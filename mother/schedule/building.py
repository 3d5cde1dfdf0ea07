"""The schedule out of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from random import Random

from msgspec import Struct
from twisted.internet.interfaces import IReactorTime

from mother.config.model import Config
from mother.config.schedule import Schedule
from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.commands import Commands
from mother.fleet.files import Files
from mother.fleet.memory import Memory
from mother.fleet.roster import Roster
from mother.fleet.setups import Setups
from mother.net.asking import Asker
from mother.schedule.acting import Acting
from mother.schedule.deciding import Deciding
from mother.schedule.facility import Facility
from mother.schedule.job import Scheduler
from mother.schedule.journal import Journal, beside
from mother.schedule.orders import Book
from mother.schedule.recall import Recall
from mother.schedule.reports import Reports
from mother.schedule.sources import Sources, Tell
from mother.schedule.telling import Telling
from mother.schedule.units import Units

RECALL, REPORTS = "schedule.json", "reports"
"""Beside the state file."""


class Around(Struct, frozen=True):
    """What the schedule is built upon.

    `scanned` says whether a scan has ended since the start, `hurry` wakes the loop, `clock_kept`
    whether somebody keeps this machine's clock right, None: unknown.
    """

    roster: Roster
    commands: Commands
    setups: Setups
    memory: Memory
    files: Files
    bus: Bus
    config: Callable[[], Config]
    reactor: IReactorTime
    now: Callable[[], float]
    hurry: Callable[[], None]
    scanned: Callable[[], bool]
    clock_kept: Callable[[], bool | None]
    zone: Callable[[], tzinfo | None] = lambda: None

    def schedule(self) -> Schedule:
        """What the operator wants of it now."""
        return self.config().schedule

    def is_dry(self) -> bool:
        """Whether writes are only told."""
        return self.config().dry_run


class Built:
    """The loop's job, what answers for it, and a service: `load` it before it starts."""

    name = "schedule's parts"

    def __init__(self, around: Around) -> None:
        state, now = around.config().state_file, around.now
        folder = Path(state).absolute().parent
        asker = Asker(around.reactor)
        self.book = Book(around.memory)
        self.journal = Journal(beside(state), around.files, now)
        self.sources = Sources(
            around.schedule, asker.ask, around.reactor, now, _teller(around.bus), around.hurry
        )
        self.facility = facility = _facility(around, asker)
        self.acting = _acting(
            around, self.journal, lambda device, now: facility.may_wake((device,), now)
        )
        self.reports = Reports(folder / REPORTS, around.files)
        deciding = _deciding(around, self.acting, self.sources, self.book)
        self.recall = Recall(folder / RECALL, around.files, deciding, self.sources)
        self.job = Scheduler(
            around.roster,
            around.config,
            deciding,
            self.acting,
            self.sources,
            self.book,
            self.facility,
            self.reports,
            self.recall,
            around.bus,
            now,
        )
        self.telling = self._telling(around, deciding)

    def _telling(self, around: Around, deciding: Deciding) -> Telling:
        return Telling(
            self.job,
            self.acting,
            self.sources,
            self.reports,
            self.facility,
            around.config,
            around.now,
            around.hurry,
            self.recall.keep,
            lambda: deciding.astray,
            lambda: self.journal.trouble,
        )

    def load(self) -> None:
        """Take up what an earlier run has left; blocks."""
        self.journal.load()
        self.recall.load()
        self.reports.load()

    def start(self) -> None:
        """Begin to ask for signals."""
        self.sources.start()

    async def stop(self) -> None:
        """Send nothing more, switch fans on, keep what is to be kept, say who sleeps."""
        self.sources.stop()
        await self.acting.stop()
        await self.facility.stop()
        self.recall.keep()


def _acting(around: Around, journal: Journal, may_wake: Callable[[str, float], bool]) -> Acting:
    return Acting(
        around.commands,
        journal,
        around.roster,
        around.reactor,
        around.now,
        around.schedule,
        around.setups.groups_of,
        Random(),  # noqa: S311  # spreads starts only
        around.is_dry,
        may_wake=may_wake,
        room=around.setups.room,
    )


def _facility(around: Around, asker: Asker) -> Facility:
    return Facility(
        lambda: around.schedule().switches,
        asker.ask,
        around.now,
        _warner(around.bus),
        sought=around.scanned,
        dry_run=around.is_dry,
        hurry=around.hurry,
    )


def _deciding(around: Around, acting: Acting, sources: Sources, book: Book) -> Deciding:
    return Deciding(
        around.roster,
        around.config,
        sources,
        book,
        Units(acting.history, around.commands.obstacle),
        around.setups.groups_of,
        around.zone,
        around.clock_kept,
        around.scanned,
    )


def _warner(bus: Bus) -> Callable[[Severity, str], None]:
    def warn(severity: Severity, text: str) -> None:
        bus.tell(EventKind.FAULT, severity, text)

    return warn


def _teller(bus: Bus) -> Tell:
    def tell(
        kind: EventKind, severity: Severity, text: str, content: Mapping[str, object]
    ) -> object:
        return bus.tell(kind, severity, text, content=content)

    return tell
