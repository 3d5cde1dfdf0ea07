"""The schedule out of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from random import Random

from twisted.internet.interfaces import IReactorTime

from mother.config.model import Config
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


class Built:
    """The loop's job, what answers for it, and a service: `load` it before it starts.

    `scanned` says whether a scan has ended since the start, `hurry` wakes the loop, `clock_kept`
    whether somebody keeps this machine's clock right.
    """

    name = "schedule's parts"

    def __init__(
        self,
        roster: Roster,
        commands: Commands,
        setups: Setups,
        memory: Memory,
        files: Files,
        bus: Bus,
        config: Callable[[], Config],
        reactor: IReactorTime,
        now: Callable[[], float],
        hurry: Callable[[], None],
        scanned: Callable[[], bool],
        clock_kept: Callable[[], bool | None],
        zone: Callable[[], tzinfo | None] = lambda: None,
    ) -> None:
        folder = Path(config().state_file).absolute().parent
        asker = Asker(reactor)
        self.book = Book(memory)
        self.journal = Journal(beside(config().state_file), files, now)
        self.sources = Sources(
            lambda: config().schedule, asker.ask, reactor, now, _teller(bus), hurry
        )
        self.acting = Acting(
            commands,
            self.journal,
            roster,
            reactor,
            now,
            lambda: config().schedule,
            setups.groups_of,
            Random(),  # noqa: S311  # spreads starts only
            lambda: config().dry_run,
        )
        units = Units(self.acting.history, commands.obstacle)
        deciding = Deciding(
            roster, config, self.sources, self.book, units, setups.groups_of, zone, clock_kept
        )
        self.facility = Facility(
            lambda: config().schedule.switches,
            asker.ask,
            now,
            _warner(bus),
            sought=scanned,
            dry_run=lambda: config().dry_run,
            hurry=hurry,
        )
        self.reports = Reports(folder / REPORTS, files)
        self.recall = Recall(folder / RECALL, files, deciding, self.sources)
        self.job = Scheduler(
            roster,
            config,
            deciding,
            self.acting,
            self.sources,
            self.book,
            self.facility,
            self.reports,
            self.recall,
            bus,
            now,
        )
        self.telling = Telling(
            self.job,
            self.acting,
            self.sources,
            self.reports,
            self.facility,
            config,
            now,
            hurry,
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
        self.recall.close()


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
