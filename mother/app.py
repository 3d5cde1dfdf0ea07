"""Build the daemon out of its parts: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IDelayedCall

from mother.config.load import changes_needing_restart, keep_until_restart
from mother.config.model import Config
from mother.control.server import Control
from mother.core.addresses import Addresses
from mother.core.bus import Sink
from mother.core.loop import Job, Loop
from mother.core.model import Command
from mother.core.stack import Service, Stack
from mother.core.vitals import Vitals
from mother.desk.curtailing import Curtailing
from mother.desk.desk import Desk
from mother.finder import Finder
from mother.fleet.files import Files
from mother.fleet.firmware import FirmwareShelf
from mother.fleet.inventory import Inventory, hints
from mother.fleet.memory import FileMemory
from mother.fleet.roster import Entry
from mother.host.timekeeping import synchronised
from mother.jobs.health import Health
from mother.jobs.metrics import Metrics
from mother.jobs.plan import News
from mother.net.fetch import Fetcher
from mother.notify.notices import Notices
from mother.schedule.building import Around, Built
from mother.sinks.figures import Figures, Queue
from mother.sinks.log import LogSink
from mother.sinks.statsd import StatsdSink

if TYPE_CHECKING:
    from mother.web.serving import Serving

SOON = 1.0
"""Seconds from meeting a miner to comparing it with its wish, and as many more for each thousand
that are known: all of them are gone through.
"""


class MindedJob(Job, Protocol):
    """A job of a loop that the vitals go by."""

    def limit(self) -> float:
        """Seconds within which a round gets on."""


class Daemon(Finder):
    """The whole daemon: `start` it, `reload` it, `stop` it.

    `patience` is how many of the reactor's seconds one part may take to stop.
    """

    def __init__(
        self,
        config: Config,
        reactor: EPollReactor,
        now: Callable[[], float],
        memory: FileMemory,
        files: Files,
        patience: float = 1.0,
    ) -> None:
        super().__init__(config, reactor, now, memory)
        self.memory = memory
        self._files = files
        self.statsd = StatsdSink(lambda: self.config.statsd, reactor, reactor, config.site)
        self.news = News()
        self.shelf = FirmwareShelf(
            reactor, reactor, lambda: self.config.firmwares_path, Fetcher(reactor).fetch
        )
        self._build_jobs()
        self.schedule = self._build_schedule()
        self.loops = self._build_loops()
        self.vitals = Vitals(self.loops.values())
        self.notices = self._build_notices()
        self._serving = self._build_serving()
        self._started = False
        self._comparing: IDelayedCall | None = None
        self._stack = self._build_stack(patience)

    def _build_jobs(self) -> None:
        now = self.now
        self.health = Health(
            self.roster,
            self.poller,
            self.memory,
            self.commands,
            self.bus,
            self.current,
            now,
            lambda: self._scans() > 0,
        )
        self.configure = self.build_configure(self.shelf, self._scans)
        self.metrics = Metrics(
            self.roster,
            self.poller,
            self.view,
            self.bus,
            lambda: self.config.statsd.interval,
            self.reactor,
            now,
            self.numbers,
            self._anybody_was_met,
        )

    def _build_schedule(self) -> Built:
        return Built(
            Around(
                self.roster,
                self.commands,
                self.setups,
                self.memory,
                self._files,
                self.bus,
                self.current,
                self.reactor,
                self.now,
                lambda: self.loops["schedule"].hurry(),  # noqa: PLW0108  # there are no loops yet
                lambda: self._scans() > 0,
                synchronised,
            )
        )

    def _build_loops(self) -> dict[str, Loop]:
        config, clock = self.current, self.reactor
        jobs: tuple[tuple[MindedJob, Callable[[], float]], ...] = (
            (self.scan, lambda: config().scan_interval),
            (self.metrics, lambda: config().statsd.interval),
            (self.health, self.health.interval),
            (self.configure, self.configure.interval),
            (self.schedule.job, self.schedule.job.interval),
        )
        return {job.name: Loop(job, every, clock, limit=job.limit) for job, every in jobs}

    def _build_notices(self) -> Notices:
        return Notices(
            self.reactor,
            self.bus,
            self.memory,
            self._files,
            self.current,
            self.now,
            self._is_held,
            lambda: self.setups.restarting() | self.setups.in_flight(),
            self.vitals.complaints,
        )

    def _is_held(self, ident: str) -> bool | None:
        if not self.setups.undertaken.holds:
            return False
        entry = self.roster.get(ident)
        return None if entry is None else bool(self.setups.held(entry))

    def _build_serving(self) -> Serving | None:
        """What --metrics-listen asks for, with its package, which is not needed without."""
        endpoint = self.config.metrics_listen
        if endpoint is None:
            return None
        from mother.web.serving import Serving  # noqa: PLC0415  # needs mother[farm]

        figures = Figures(
            self.loops,
            polls=lambda: self.poller.polls,
            failed=lambda: self.poller.failures,
            skipped=lambda: self.poller.skipped,
            queues=self.queues(),
            breaker_open=lambda: self.health.numbers()["health.breaker_open"],
        )
        site, complaints = self.config.site, self.vitals.complaints
        return Serving(endpoint, site, figures, complaints, self._waits_for, self.reactor)

    def queues(self) -> Mapping[str, Queue]:
        """What may wait, and be lost, by the name it has in metrics."""
        return {
            "statsd": Queue(lambda: self.statsd.pending, lambda: self.statsd.dropped),
            "errands": Queue(lambda: self.errands.waiting),
            "notify": Queue(
                lambda: len(self.notices.alarm.outbox), lambda: self.notices.alarm.outbox.dropped
            ),
        }

    def _waits_for(self) -> str:
        """What is missing until the daemon is at its work; empty where nothing is."""
        if not self._started:
            return "the daemon's start"
        return "" if self._scans() else "the first scan"

    def _build_stack(self, patience: float) -> Stack:
        path = Path(self.config.inventory_file)
        inventory = Inventory(path, self.roster, self._files, self.reactor)
        sinks: tuple[Sink, ...] = (LogSink(), self.statsd, inventory, self.news)
        for sink in (*sinks, self.schedule.acting, *self.notices.sinks):
            self.bus.add(sink)
        serving = () if self._serving is None else (self._serving,)
        for served in serving:
            self.bus.add(served.sink)
        stack = Stack(self.reactor, patience)
        services: tuple[Service, ...] = (
            *serving,
            self._files,
            self.memory,
            self.notices.run,
            inventory,
            self.statsd,
            self.shelf,
            self.notices,
            Closing(self),
            self.schedule,
            *self.loops.values(),
            Control(Path(self.config.control_socket), self._build_desk(), self.reactor),
        )
        for service in services:
            stack.add(service)
        return stack

    def _build_desk(self) -> Desk:
        hurry = self.loops["configure"].hurry
        return self.build_desk(
            self.memory, self.shelf, self.news, self.numbers, hurry, self._build_curtailing()
        )

    def _build_curtailing(self) -> Curtailing:
        return Curtailing(
            self.schedule.book,
            self.schedule.telling,
            self.roster,
            self.setups,
            self.bus,
            self.current,
            self.now,
        )

    def _anybody_was_met(self) -> bool:
        """Whether the farm's sums mean anything yet: just after the start nobody is known."""
        return self._scans() > 0 or len(self.roster) > 0

    def _scans(self) -> int:
        return self.loops["scan"].counts.runs

    async def start(self) -> None:
        """Begin to find, measure and heal."""
        self.adoption.recall()
        self.members.settle()
        self.schedule.load()
        self._visit_old_friends()
        await self._stack.start()
        self._started = True

    async def stop(self) -> None:
        """End within seconds, nothing half-written."""
        self._started = False
        self.errands.cancel()
        if self._comparing is not None and self._comparing.active():
            self._comparing.cancel()
        await self._stack.stop()

    def reload(self, config: Config) -> None:
        """Put another configuration in force; what needs a restart stays as it is."""
        for name in changes_needing_restart(self.config, config):
            self.log.warn("{name} has changed: that takes effect after a restart", name=name)
        old, self.config = self.config, keep_until_restart(self.config, config)
        for note in config.notes:
            if note not in old.notes:
                self.log.warn("{note}", note=note)
        if old == self.config:
            self.log.info("The configuration was read again: nothing has changed.")
            return
        self.scan.drop_outsiders()
        self.members.settle()
        self.log.info("The configuration was read again and is in force.")
        for loop in self.loops.values():
            loop.hurry()
        self.notices.hurry()

    def settled(self, entry: Entry) -> None:
        """A miner is new or has moved: it is read at once, not at its place in the next sweep."""
        self.errands.submit(partial(self._read_first, entry))

    async def wrote(self, entry: Entry, command: Command) -> None:
        """Kept with what the health loop knows of it."""
        await self.schedule.acting.wrote(entry, command)
        await self.health.wrote(entry, command)

    async def _read_first(self, entry: Entry) -> None:
        if entry.reading is None or entry.failures:
            await self.poller.poll(entry, "stats")
        self._compare_soon()

    def _compare_soon(self) -> None:
        """Compare the farm with its wishes, once for all miners that are met about now."""
        if self._comparing is None or not self._comparing.active():
            wait = SOON * (1 + len(self.roster) / 1000)
            self._comparing = self.reactor.callLater(wait, self._compare)

    def _compare(self) -> None:
        self.loops["configure"].hurry()
        self.loops["schedule"].hurry()

    def _visit_old_friends(self) -> None:
        """Those who were here before need no scan to be found."""
        ports = self.config.ports
        known = {one.address for one in self.memory.devices.values() if one.address is not None}
        known.update(hints(Path(self.config.inventory_file), ports.dragon))
        addresses = Addresses(self.config.networks, self.config.exclude)
        for address in sorted(known):
            if address.port in ports.all and address.host in addresses:
                self.errands.submit(partial(self._visit, address))

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges."""
        numbers: dict[str, float] = {
            "polls.made": self.poller.polls,
            "polls.failed": self.poller.failures,
            "polls.skipped": self.poller.skipped,
            "statsd.dropped": self.statsd.dropped,
            "sightings": len(self.roster.sightings),
            **{f"queue.{name}": one.length() for name, one in self.queues().items()},
            **self.health.numbers(),
            **self.notices.numbers(),
            **self.planner.numbers(),
            **self.schedule.telling.numbers(),
        }
        for name, loop in self.loops.items():
            for what in ("runs", "failures", "overruns", "seconds", "late"):
                numbers[f"loop.{name}.{what}"] = float(getattr(loop.counts, what))
        return numbers


class Closing:
    """The service that ends what no loop owns: polls in flight and connections."""

    name = "connections"

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def start(self) -> None:
        """Connections are made as they are needed."""

    async def stop(self) -> None:
        """Give up polls in flight and close the pool."""
        self._daemon.metrics.cancel()
        await self._daemon.close()
