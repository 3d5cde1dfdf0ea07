"""Build the daemon out of its parts: the one place that knows them all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.config.load import changes_needing_restart, keep_until_restart
from mother.config.model import Config
from mother.core.addresses import Addresses, span
from mother.core.bus import Bus, Sink
from mother.core.crowd import Gang
from mother.core.loop import Loop
from mother.core.model import Address, Command
from mother.core.stack import Service, Stack
from mother.drivers.registry import FAMILIES
from mother.fleet.adoption import Adoption
from mother.fleet.commands import Commands
from mother.fleet.files import Files
from mother.fleet.inventory import Inventory, hints
from mother.fleet.memory import FileMemory, Memory
from mother.fleet.polling import Poller
from mother.fleet.roster import Entry, Roster
from mother.fleet.views import RosterView
from mother.jobs.health import Health
from mother.jobs.metrics import Metrics
from mother.jobs.scan import Scan
from mother.net.http import Http
from mother.net.knock import Knocker
from mother.net.limits import neighbour_places, on_link, probe_width, raise_file_limit
from mother.sinks.log import LogSink
from mother.sinks.statsd import StatsdSink

HINTS_AT_ONCE = 100
"""So many miners of the inventory are visited at once at the start."""

ROUTES = Path("/proc/net/route")


class Finder:
    """The parts that find and read miners: what a one-shot scan and the daemon share."""

    log = Logger()

    def __init__(
        self,
        config: Config,
        reactor: EPollReactor,
        now: Callable[[], float],
        memory: Memory,
    ) -> None:
        self.config = config
        self.reactor = reactor
        self.now = now
        self.http = Http(reactor, lambda: self.config.connect_timeout)
        self.roster = Roster()
        self.view = RosterView(self.roster)
        self.bus = Bus(config.site, now, lambda: uuid.uuid4().hex)
        self.poller = Poller(self.bus, now, self.misplaced)
        self.adoption = Adoption(
            self.roster,
            [make(self.http, lambda: self.config.dragon_timeout) for make in FAMILIES.values()],
            self.bus,
            self.current,
            now,
            memory,
            self.settled,
        )
        self.scan = Scan(
            self.roster,
            self.adoption,
            self.poller,
            self._sweep,
            self.bus,
            self.current,
            reactor,
            now,
            Random(),  # noqa: S311  # scatters a scan, guards nothing
        )
        self._knocker = Knocker(reactor)
        self._limit = raise_file_limit()

    def current(self) -> Config:
        """The configuration that is in force now."""
        return self.config

    def settled(self, entry: Entry) -> None:
        """A miner is new or has moved."""

    def misplaced(self, address: Address) -> None:
        """Another device answers at an address than we believed: look who it is, at once."""
        look = Deferred.fromCoroutine(self.adoption.look(address))
        look.addErrback(self._look_failed, address)

    def _look_failed(self, failure: Failure, address: Address) -> None:
        self.log.failure("a look at {address} failed", failure=failure, address=str(address))

    async def _sweep(
        self, hosts: Iterator[str], config: Config, found: Callable[[str], None]
    ) -> object:
        """Knock at hosts, as fast as configuration and machine allow."""
        return await self._knocker.sweep(
            hosts,
            config.dragon_port,
            width=self._width(config),
            rate=config.scan_rate,
            deadline=config.connect_timeout,
            found=found,
        )

    def _width(self, config: Config) -> int:
        try:
            routes = ROUTES.read_text()
        except OSError:
            routes = ""
        near = any(on_link(span(text), routes) for text in config.networks)
        return probe_width(self._limit, near, neighbour_places())


class Daemon(Finder):
    """The whole daemon: `start` it, `reload` it, `stop` it."""

    def __init__(
        self,
        config: Config,
        reactor: EPollReactor,
        now: Callable[[], float],
        memory: FileMemory,
        files: Files,
    ) -> None:
        super().__init__(config, reactor, now, memory)
        self._memory = memory
        self._files = files
        self._hinting = Gang(HINTS_AT_ONCE, self._hint_failed)
        self.statsd = StatsdSink(lambda: self.config.statsd, reactor, reactor)
        self.commands = Commands(
            self.roster,
            self.bus,
            now,
            lambda: self.config.dry_run,
            self._wrote,
            self.misplaced,
        )
        self.health = Health(
            self.roster,
            self.poller,
            memory,
            self.commands,
            self.bus,
            self.current,
            now,
            lambda: self._loops["scan"].counts.runs > 0,
        )
        self.metrics = Metrics(
            self.roster,
            self.poller,
            self.view,
            self.bus,
            lambda: self.config.statsd.interval,
            reactor,
            now,
            self.numbers,
        )
        self._loops = {
            "scan": Loop(self.scan, lambda: self.config.scan_interval, reactor),
            "metrics": Loop(self.metrics, lambda: self.config.statsd.interval, reactor),
            "health": Loop(self.health, self.health.interval, reactor),
        }
        self._stack = self._build_stack()

    def _build_stack(self) -> Stack:
        path = Path(self.config.inventory_file)
        inventory = Inventory(path, self.roster, self._files, self.reactor)
        sinks: tuple[Sink, ...] = (LogSink(), self.statsd, inventory)
        for sink in sinks:
            self.bus.add(sink)
        stack = Stack(self.reactor)
        services: tuple[Service, ...] = (
            self._files,
            self._memory,
            inventory,
            self.statsd,
            Closing(self),
            *self._loops.values(),
        )
        for service in services:
            stack.add(service)
        return stack

    async def start(self) -> None:
        """Begin to find, measure and heal."""
        self.adoption.recall()
        await self._stack.start()
        self._visit_old_friends()

    async def stop(self) -> None:
        """End within seconds, nothing half-written."""
        self._hinting.cancel()
        await self._stack.stop()

    def reload(self, config: Config) -> None:
        """Put another configuration in force; what needs a restart stays as it is."""
        for name in changes_needing_restart(self.config, config):
            self.log.warn("{name} has changed: that takes effect after a restart", name=name)
        old, self.config = self.config, keep_until_restart(self.config, config)
        for note in config.notes:
            self.log.warn("{note}", note=note)
        if old != self.config:
            for loop in self._loops.values():
                loop.hurry()
        self.log.info("The configuration was read again.")

    def settled(self, entry: Entry) -> None:
        """A miner is new or has moved: it is read at once, not at its place in the next sweep."""
        first = Deferred.fromCoroutine(self._read_first(entry))
        first.addErrback(self._look_failed, entry.address)

    async def _wrote(self, entry: Entry, command: Command) -> None:
        await self.health.wrote(entry, command)

    async def _read_first(self, entry: Entry) -> None:
        if entry.reading is None:
            await self.poller.poll(entry, "stats")

    def _visit_old_friends(self) -> None:
        """Those who were here before need no scan to be found."""
        port = self.config.dragon_port
        known = {one.address for one in self._memory.devices.values() if one.address is not None}
        known.update(hints(Path(self.config.inventory_file), port))
        addresses = Addresses(self.config.networks, self.config.exclude)
        for address in sorted(known):
            if address.port == port and address.host in addresses:
                self._hinting.submit(partial(self._visit, address))

    async def _visit(self, address: Address) -> None:
        await self.adoption.look(address)

    def _hint_failed(self, error: Exception) -> None:
        self.log.error("a visit to a known miner failed: {error!r}", error=error)

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges."""
        numbers: dict[str, float] = {
            "polls.made": self.poller.polls,
            "polls.failed": self.poller.failures,
            "polls.skipped": self.poller.skipped,
            "statsd.dropped": self.statsd.dropped,
            "sightings": len(self.roster.sightings),
            **self.health.numbers(),
        }
        for name, loop in self._loops.items():
            for what in ("runs", "failures", "overruns", "seconds"):
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
        await self._daemon.http.close()
