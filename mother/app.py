"""Build the daemon out of its parts: the one place that knows them all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger

from mother import __version__
from mother.config.load import changes_needing_restart, keep_until_restart
from mother.config.model import Config
from mother.control.server import Control
from mother.core.addresses import Addresses
from mother.core.bus import Bus, Sink
from mother.core.crowd import Gang
from mother.core.loop import Loop
from mother.core.model import Address, Command, EventKind, Severity
from mother.core.stack import Service, Stack
from mother.core.units import duration
from mother.drivers.registry import FAMILIES
from mother.fleet.adoption import Adoption
from mother.fleet.commands import Commands
from mother.fleet.files import Files
from mother.fleet.inventory import Inventory, hints
from mother.fleet.memory import FileMemory, Memory
from mother.fleet.news import tell_of
from mother.fleet.polling import Poller
from mother.fleet.roster import Entry, Roster
from mother.fleet.views import RosterView
from mother.jobs import healing
from mother.jobs.health import Health
from mother.jobs.metrics import Metrics
from mother.jobs.scan import Scan
from mother.net.http import Http
from mother.net.knock import Knocker, sweep_with
from mother.sinks.log import LogSink
from mother.sinks.statsd import StatsdSink

log = Logger()

ERRANDS_AT_ONCE = 100
"""So many miners are visited or read at once outside the loops."""


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
        self.errands = Gang(ERRANDS_AT_ONCE, self._errand_failed)
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
        self._knock = sweep_with(Knocker(reactor))

    def current(self) -> Config:
        """The configuration that is in force now."""
        return self.config

    def settled(self, entry: Entry) -> None:
        """A miner is new or has moved."""

    def misplaced(self, address: Address) -> None:
        """Another device answers at an address than we believed: look who it is, at once."""
        self.errands.submit(partial(self._visit, address))

    async def close(self) -> None:
        """Give up what no loop owns: errands and connections."""
        self.errands.cancel()
        await self.http.close()

    async def _sweep(
        self, hosts: Iterator[str], config: Config, found: Callable[[str], None]
    ) -> object:
        return await self._knock(hosts, config, found)

    async def _visit(self, address: Address) -> None:
        await self.adoption.look(address)

    def _errand_failed(self, error: Exception) -> None:
        self.log.failure("a visit to a miner failed ({error!r})", error=error)


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
        self.statsd = StatsdSink(lambda: self.config.statsd, reactor, reactor)
        self.commands = Commands(
            self.roster, self.bus, now, self._is_dry, self._wrote, self.misplaced
        )
        self.health = Health(
            self.roster,
            self.poller,
            memory,
            self.commands,
            self.bus,
            self.current,
            now,
            lambda: self.loops["scan"].counts.runs > 0,
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
        self.loops = self._build_loops()
        self._stack = self._build_stack(patience)

    def _build_loops(self) -> dict[str, Loop]:
        return {
            "scan": Loop(self.scan, lambda: self.config.scan_interval, self.reactor),
            "metrics": Loop(self.metrics, lambda: self.config.statsd.interval, self.reactor),
            "health": Loop(self.health, self.health.interval, self.reactor),
        }

    def _build_stack(self, patience: float) -> Stack:
        path = Path(self.config.inventory_file)
        inventory = Inventory(path, self.roster, self._files, self.reactor)
        sinks: tuple[Sink, ...] = (LogSink(), self.statsd, inventory)
        for sink in sinks:
            self.bus.add(sink)
        stack = Stack(self.reactor, patience)
        services: tuple[Service, ...] = (
            self._files,
            self.memory,
            inventory,
            self.statsd,
            Closing(self),
            *self.loops.values(),
            Control(Path(self.config.control_socket), Desk(self), self.reactor),
        )
        for service in services:
            stack.add(service)
        return stack

    async def start(self) -> None:
        """Begin to find, measure and heal."""
        self.adoption.recall()
        self._visit_old_friends()
        await self._stack.start()

    async def stop(self) -> None:
        """End within seconds, nothing half-written."""
        self.errands.cancel()
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
        self.log.info("The configuration was read again and is in force.")
        for loop in self.loops.values():
            loop.hurry()

    def settled(self, entry: Entry) -> None:
        """A miner is new or has moved: it is read at once, not at its place in the next sweep."""
        self.errands.submit(partial(self._read_first, entry))

    def _is_dry(self) -> bool:
        return self.config.dry_run

    async def _wrote(self, entry: Entry, command: Command) -> None:
        await self.health.wrote(entry, command)

    async def _read_first(self, entry: Entry) -> None:
        if entry.reading is None or entry.failures:
            await self.poller.poll(entry, "stats")

    def _visit_old_friends(self) -> None:
        """Those who were here before need no scan to be found."""
        port = self.config.dragon_port
        known = {one.address for one in self.memory.devices.values() if one.address is not None}
        known.update(hints(Path(self.config.inventory_file), port))
        addresses = Addresses(self.config.networks, self.config.exclude)
        for address in sorted(known):
            if address.port == port and address.host in addresses:
                self.errands.submit(partial(self._visit, address))

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
        for name, loop in self.loops.items():
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
        await self._daemon.close()


class Desk:
    """What commands may ask of the running daemon (see `mother.control.server`)."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def status(self) -> Mapping[str, Any]:
        """The farm now, as plain values; `miners` are rows of `fleet.views`."""
        daemon = self._daemon
        return {
            "version": __version__,
            "networks": list(daemon.config.networks),
            "dry_run": daemon.config.dry_run,
            "reboots": daemon.config.settings.health_reboot,
            "totals": to_builtins(daemon.view.totals(daemon.now())),
            "miners": to_builtins(daemon.view.rows()),
            "unidentified": [
                {"address": str(one.address), "family": one.family, "reason": one.reason}
                for one in sorted(daemon.roster.sightings.values(), key=lambda one: one.address)
            ],
            "numbers": dict(daemon.numbers()),
        }

    def clear(self, miner: str) -> str:
        """Let a miner be healed again that was left for a human; raises LookupError."""
        daemon = self._daemon
        entry = next((one for one in daemon.roster if miner.lower() in _names(one)), None)
        if entry is None:
            raise LookupError(f"no miner {miner} is known here: `mother status` lists them")
        known = daemon.memory.device(entry.id)
        if not known.record.left and not known.record.reboots:
            return f"{entry.worker} was not rebooted lately: there is nothing to clear."
        daemon.memory.remember(entry.id, replace(known, record=healing.cleared(known.record)))
        text = f"{entry.worker} at {entry.address} is cleared: it may be rebooted again"
        tell_of(
            daemon.bus,
            entry,
            EventKind.AUDIT,
            Severity.INFO,
            f"{text}, as asked by `mother clear`",
            actor="operator",
            kind="clear",
        )
        return f"{text}."


def _names(entry: Entry) -> set[str]:
    """Whatever a person may call a miner."""
    return {entry.worker.lower(), entry.mac, entry.address.host, str(entry.address)}


def announce(config: Config) -> None:
    """What runs, and what is on and off: the first lines of the log."""
    log.info(
        "mother {version} minds {networks}: {count:,} addresses, port {port}.",
        version=__version__,
        networks=", ".join(config.networks),
        count=len(Addresses(config.networks, config.exclude)),
        port=config.dragon_port,
    )
    settings = config.settings
    others = sum(one.settings.health_reboot != settings.health_reboot for one in config.blocks)
    log.info(
        "Ill miners are {done}; each is checked every {every}{but}.",
        done="rebooted, within limits" if settings.health_reboot else "reported, not rebooted",
        every=duration(settings.health_check_interval),
        but=f"; {others} [[configs]] of the file say otherwise" if others else "",
    )
    if config.statsd.host is None:
        log.info("Metrics go nowhere: there is no --statsd-host.")
    if config.dry_run:
        log.info("Dry run: everything is read, nothing is written to a miner.")
    for note in config.notes:
        log.warn("{note}", note=note)
