"""The parts that find and read miners, and compare them with their wishes."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from random import Random
from typing import Any

from msgspec import to_builtins
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.crowd import Gang
from mother.core.model import Address, Command, Credential
from mother.core.ports import Ports
from mother.desk.curtailing import Curtailing
from mother.desk.desk import Desk
from mother.drivers.base import Traces
from mother.drivers.identify import Identifier
from mother.drivers.marks import foreign
from mother.drivers.minercontrol.driver import MinerControl
from mother.drivers.registry import families
from mother.fleet.adoption import Adoption
from mother.fleet.commands import Commands
from mother.fleet.meeting import Claim, Meeting
from mother.fleet.members import Members
from mother.fleet.memory import Memory
from mother.fleet.polling import Poller
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import ALL, Scope
from mother.fleet.setups import Setups
from mother.fleet.views import RosterView
from mother.jobs.configure import Configure, Shelf
from mother.jobs.flights import Flights
from mother.jobs.plan import News, Planner
from mother.jobs.scan import Scan
from mother.jobs.survey import Survey
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.knock import Knocker, sweep_with
from mother.net.wire import Wire

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
        random: Random | None = None,
    ) -> None:
        self.config = config
        self.reactor = reactor
        self.now = now
        self.http = Http(reactor, lambda: self.config.connect_timeout)
        self.lines = self.make_lines()
        self.roster = Roster()
        self.setups = Setups(self.roster, memory, self.current, now)
        self.view = RosterView(self.roster, self.setups.held, self._word)
        self.bus = Bus(config.site, now, lambda: uuid.uuid4().hex)
        self.errands = Gang(ERRANDS_AT_ONCE, self._errand_failed)
        self.poller = Poller(
            self.bus,
            now,
            self.misplaced,
            reactor.seconds,
            lambda ident: memory.device(ident).healthy,
        )
        self._build_finding(memory, random or Random())  # noqa: S311  # scatters a scan only
        self._build_configuring()

    def _build_finding(self, memory: Memory, random: Random) -> None:
        now = self.now
        wire = Wire(self.http, self.lines, lambda: self.config.dragon_timeout, self._ports, now)
        self.families = families(wire)
        self.identifier = Identifier(
            wire,
            lambda: self._knocker,
            lambda: self.config.families,
            lambda: self.config.connect_timeout,
            self.reactor.seconds,
        )
        self.meeting = meeting = Meeting(self.families, self.current, memory, self._trace, foreign)
        self.adoption = Adoption(
            self.roster,
            meeting,
            self.bus,
            self.current,
            now,
            memory,
            self.settled,
        )
        self.members = self._build_members(memory, wire)
        self.scan = Scan(
            self.roster,
            self.adoption,
            self.poller,
            self._sweep,
            self.bus,
            self.current,
            self.reactor,
            now,
            random,
        )

    def _build_members(self, memory: Memory, wire: Wire) -> Members:
        return Members(
            MinerControl(wire),
            self.roster,
            self.bus,
            self.current,
            self.now,
            memory,
            self.settled,
            self.poller.farewell,
        )

    def _build_configuring(self) -> None:
        now = self.now
        self.commands = Commands(
            self.roster,
            self.bus,
            now,
            self.is_dry,
            self.wrote,
            self.misplaced,
            self.setups,
            self.reactor,
            self.poller.heard,
            self._logins,
        )
        self.survey = Survey(self.roster, self.setups, self.bus, self.current, now, self.misplaced)
        self.flights = Flights(self.roster, self.setups, self.bus, self.current, now)
        self.planner = Planner(
            self.roster,
            self.survey,
            self.setups,
            self.flights,
            self.commands,
            self.is_dry,
            now,
        )

    def build_configure(self, shelf: Shelf, scans: Callable[[], int]) -> Configure:
        """The configure loop's job over these parts."""
        return Configure(
            self.roster,
            self.poller,
            self.commands,
            self.setups,
            self.survey,
            self.flights,
            shelf,
            self.bus,
            self.current,
            self.now,
            scans,
        )

    def build_desk(
        self,
        memory: Memory,
        shelf: Shelf,
        news: News,
        numbers: Callable[[], Mapping[str, float]],
        hurry: Callable[[], None],
        curtailing: Curtailing | None = None,
    ) -> Desk:
        """What a person may ask of these parts."""
        return Desk(
            self.roster,
            self.view,
            memory,
            self.setups,
            self.survey,
            self.flights,
            self.planner,
            self.commands,
            shelf,
            self.bus,
            news,
            self.current,
            self.now,
            numbers,
            hurry,
            self.poller.rename,
            curtailing,
        )

    async def _trace(self, host: str, deadline: float) -> Traces:
        return await self.identifier.traces(host, deadline)

    def make_lines(self) -> Lines:
        """What speaks to devices that answer a line and hang up."""
        return Lines(self.reactor, lambda: self.config.connect_timeout)

    def _logins(self, entry: Entry) -> Sequence[Credential]:
        return self.meeting.logins(Claim(entry.family, entry.address), entry.id)

    def _ports(self) -> Ports:
        return self.config.ports

    def _word(self, entry: Entry) -> str:
        return self.planner.word(entry)

    def is_dry(self) -> bool:
        """Whether writes are only told."""
        return self.config.dry_run

    async def wrote(self, entry: Entry, command: Command) -> None:
        """A miner is about to be written to: return when that is remembered."""

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

    @cached_property
    def _knocker(self) -> Knocker:
        return Knocker(self.reactor)

    @cached_property
    def _knock(self) -> Callable[..., Awaitable[object]]:
        return sweep_with(self._knocker)

    async def _visit(self, address: Address) -> None:
        await self.adoption.look(address)

    def _errand_failed(self, error: Exception) -> None:
        self.log.failure("a visit to a miner failed ({error!r})", error=error)


async def plan_once(finder: Finder) -> Mapping[str, Any]:
    """Scan once, ask every miner that is found for its settings, and say what differs."""
    await finder.scan.run()
    await finder.survey.run(1)
    plan: Mapping[str, Any] = to_builtins(finder.planner.plan(Scope(ALL)))
    return plan
