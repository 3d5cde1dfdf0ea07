"""The configure loop: bring each miner to its wish, one canary first, then in waves.

A round judges who was written to, asks whom nobody asked since the last scan, and writes to
as many as the rules allow (`waves`, `flights`, the door). Where all is as wished, it writes
nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec.structs import replace
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.crowd import each
from mother.core.errors import DeviceError
from mother.core.loop import ROUND
from mother.core.model import (
    Command,
    CommandKind,
    EventKind,
    FirmwareImage,
    Severity,
)
from mother.fleet.commands import Commands, Outcome
from mother.fleet.desired import Aspect, FirmwareSource, Step
from mother.fleet.firmware import FirmwareRefused
from mother.fleet.identity import confirmed
from mother.fleet.news import tell_of
from mother.fleet.polling import Poller
from mother.fleet.restarts import hashes
from mother.fleet.roster import Entry, Roster
from mother.fleet.setups import Setups
from mother.fleet.undertaken import Flight
from mother.jobs.flights import RETRY, Flights
from mother.jobs.survey import Survey
from mother.jobs.undoing import Undoing

ACTOR = "configure"
AT_ONCE = 20
"""So many miners are written to or looked at in the same moment."""

BUSY, IDLE = 10.0, 60.0
"""Seconds between two rounds while miners are in flight or wait, and else."""

LOOK_EVERY = 15.0
LOOK_AFTER = 30.0
LOOK_AFTER_UPGRADE = 90.0
"""A miner in flight is read this often, and first so long after the write, in seconds."""

FLASHING = 3 * 3600.0
"""Seconds that one miner may take while firmware is fetched and sent."""

COMMAND_LIFE = 3600.0
REPEATED_WITHIN = 86400.0


class Shelf(Protocol):
    """Where firmware files come from (see `mother.fleet.firmware`)."""

    async def own(self, path: str, sha256: str, version: str) -> FirmwareImage:
        """The operator's file. Raises FirmwareRefused."""

    async def offered(self, version: str, url: str, sha256: str | None) -> FirmwareImage:
        """What a miner's own check names. Raises FirmwareRefused."""


class Configure:
    """One round. `scans` counts the scans that have ended."""

    name = "configure"
    log = Logger()

    def __init__(
        self,
        roster: Roster,
        poller: Poller,
        commands: Commands,
        setups: Setups,
        survey: Survey,
        flights: Flights,
        shelf: Shelf,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        scans: Callable[[], int],
    ) -> None:
        self._roster = roster
        self._poller = poller
        self._commands = commands
        self._setups = setups
        self._survey = survey
        self._flights = flights
        self._shelf = shelf
        self._bus = bus
        self._config = config
        self._now = now
        self._scans = scans
        self._undoing = Undoing(roster, commands, setups, bus, now)
        self.pulse = survey.pulse
        self._pretended: dict[str, object] = {}
        self._writing: set[str] = set()
        self._hopeful: set[str] = set()
        self._wait = False

    def interval(self) -> float:
        """Seconds to the next round."""
        return BUSY if self._wait else IDLE

    def limit(self) -> float:
        """Within so many seconds a round gets on; firmware may come and go slowly."""
        flights = [self._setups.of(ident).flight for ident in self._writing]
        slow = any(one is not None and one.version for one in flights)
        return FLASHING if slow else ROUND + 40 * self._config().dragon_timeout

    async def run(self) -> None:
        """One round."""
        await self._watch()
        await self._survey.run(self._scans())
        self._compare()
        await self._undoing.run(self.pulse)
        wait = await (self._pretend() if self._config().dry_run else self._spread())
        self._wait = bool(wait or self._flights.all() or self._undoing.left())

    # who was written to

    async def _watch(self) -> None:
        flights = self._flights.all()
        seen = [
            entry
            for ident, flight in flights.items()
            if (entry := self._roster.get(ident)) is not None and self._is_due(entry, flight)
        ]
        await each(seen, self._look, AT_ONCE, self.pulse)
        for ident in flights:
            self._flights.look(ident)

    def _is_due(self, entry: Entry, flight: Flight) -> bool:
        now = self._now()
        after = LOOK_AFTER_UPGRADE if flight.version else LOOK_AFTER
        return now - flight.at >= after and not 0 <= now - entry.tried < LOOK_EVERY

    async def _look(self, entry: Entry) -> None:
        flight = self._setups.of(entry.id).flight
        if not await self._poller.poll(entry, "configure") or flight is None:
            return
        if flight.version and entry.description.firmware != flight.version:
            try:
                async with entry.lock:
                    entry.described(await confirmed(entry), self._now())
            except DeviceError:
                return  # it may be on its way down; the next round asks again
            except CancelledError:
                raise
            except Exception:
                self.log.failure("{worker} describes itself oddly", worker=entry.worker)

    # what is found

    def _compare(self) -> None:
        """See what proves a change, and who has its wish again."""
        wanted: set[str] = set()
        proving: set[str] = set()
        self._hopeful.clear()
        for entry in self._roster:
            found = self._survey.aspects(entry)
            wanted.update(key for one in found for key in one.keys)
            flight = self._setups.of(entry.id).flight
            if flight is not None:
                self._resolve(entry, flight, found)
            elif hashes(entry.reading) and not entry.failures:
                has = [one for one in found if one.step is None and one.provable]
                for one in has if _tells(entry) else ():
                    self._flights.prove(one)
                    proving.update(one.keys)
                self._hopeful.update(key for one in has for key in one.keys)
                self._absolve(entry, found)
        if self._scans():
            self._flights.review(wanted, proving)

    def _resolve(self, entry: Entry, flight: Flight, found: tuple[Aspect, ...]) -> None:
        """We were ended while it was written to: what was not written is no flight.

        Nor is what nobody wishes any more: the new wish need not wait for the old one's end.
        """
        if entry.id in self._writing or entry.settings is None or flight.version:
            return  # a miner that may be flashing is left in peace
        wished = {key for one in found for key in one.keys}
        if found and wished.isdisjoint(flight.keys):
            self._flights.recall(entry.id, flight.keys)  # the wish has been mended meanwhile
        if flight.whole:
            return
        undone = {key for one in found if one.step is not None for key in one.keys}
        self._flights.recall(entry.id, [key for key in flight.keys if key in undone])
        left = self._setups.of(entry.id).flight
        if left is not None:
            self._setups.keep(entry.id, flight=replace(left, whole=True))

    def _absolve(self, entry: Entry, found: tuple[Aspect, ...]) -> None:
        if self._setups.of(entry.id).failures and all(one.step is None for one in found):
            self._setups.keep(entry.id, failures=0, retry_at=None, why="")
            text = f"{entry.worker} at {entry.address} has its wish and hashes"
            tell_of(self._bus, entry, EventKind.WISH_REACHED, Severity.INFO, text)

    # who is written to

    def steps(self, entry: Entry) -> tuple[Aspect, ...]:
        """What this miner's next visit brings: its settings, or else its firmware."""
        left_alone = self._setups.of(entry.id).left_alone
        todo = [
            one
            for one in self._survey.aspects(entry)
            if one.step is not None
            and one.key not in left_alone
            and not self._flights.is_stopped(one)
        ]
        settings = [one for one in todo if _step(one).kind is not CommandKind.UPGRADE]
        return tuple(settings or todo[:1])

    def may_visit(self, entry: Entry) -> bool:
        """Whether this miner itself may be written to now."""
        setup, now = self._setups.of(entry.id), self._now()
        if setup.retry_at is not None and now < setup.retry_at <= now + RETRY.most:
            return False
        if setup.again and now < max(setup.got.values(), default=0.0) + RETRY.wait(setup.again):
            return False
        busy = setup.flight is not None or setup.undoing or self._setups.is_restarting(entry)
        return not (busy or entry.failures or entry.asleep or self._commands.obstacle(entry))

    async def _spread(self) -> bool:
        """Write to as many as may be; whether others wait for their turn."""
        chosen: list[tuple[Entry, tuple[Aspect, ...]]] = []
        places, waiting = self._setups.places(), False
        for entry in sorted(self._candidates(), key=self._frailty):
            steps = self.steps(entry)
            if len(chosen) >= places or not all(self._may_spread(one) for one in steps):
                waiting = True
                continue
            self._flights.launch(entry, steps, _version(steps))
            self._writing.add(entry.id)
            chosen.append((entry, steps))
        try:
            await each(chosen, self._visit, AT_ONCE, self.pulse)
        finally:
            self._writing.clear()
        return waiting

    def _count(self, entry: Entry, aspect: Aspect) -> None:
        """What it needed again had been changed back, by whomever: it is set less and less."""
        now, setup = self._now(), self._setups.of(entry.id)
        got = {key: at for key, at in setup.got.items() if 0 <= now - at < REPEATED_WITHIN}
        again = aspect.key in got
        count = setup.again + 1 if again else setup.again if got else 0
        self._setups.keep(entry.id, got={**got, aspect.key: now}, again=count)
        if again:
            tell_of(
                self._bus,
                entry,
                EventKind.WISH_FAILED,
                Severity.WARNING,
                f"{entry.worker} at {entry.address} does not keep {aspect.what}: it was changed "
                f"back {count} times within a day, and is set less and less often",
                first=count in (1, 4),
            )

    def _frailty(self, entry: Entry) -> tuple[bool, bool, bool, bool, str]:
        """Whom a person named comes first, then the healthy: what becomes of them tells most."""
        return (
            entry.id not in self._survey.asked_for,
            bool(self._setups.of(entry.id).failures),
            not hashes(entry.reading),
            bool(entry.ailments),
            entry.id,
        )

    def _may_spread(self, aspect: Aspect) -> bool:
        """Whether one more may get it; where its next reading may prove it, that comes first."""
        proof = not self._hopeful.isdisjoint(aspect.keys) and not self._flights.is_proved(aspect)
        return not proof and self._flights.room(aspect) > 0

    def _candidates(self) -> Iterator[Entry]:
        for entry in self._roster:
            if self._survey.is_wished(entry) and self.may_visit(entry) and self.steps(entry):
                yield entry

    async def _visit(self, visit: tuple[Entry, tuple[Aspect, ...]]) -> None:
        """Write all that is to be written to one miner; what goes wrong costs only that one."""
        entry, steps = visit
        self._survey.asked_for.discard(entry.id)
        try:
            await self._write(entry, steps)
        except CancelledError:
            raise
        except Exception as error:
            self.log.failure("{worker} cannot be configured", worker=entry.worker)
            why = f"unforeseen: {type(error).__name__}"
            self._flights.crash(entry.id, tuple(key for one in steps for key in one.keys), why)

    async def _write(self, entry: Entry, steps: tuple[Aspect, ...]) -> None:
        batch = uuid.uuid4().hex
        for place, aspect in enumerate(steps):
            outcome = await self._order(entry, aspect, batch)
            self.pulse.beat()  # each may be watched for minutes
            if outcome.unsure:
                self._survey.again(entry)
            if outcome.unsure or (outcome.done and outcome.sent):
                self._count(entry, aspect)
                continue
            if outcome.done:
                self._flights.recall(entry.id, aspect.keys)
                continue
            later = [key for one in steps[place + 1 :] for key in one.keys]
            self._flights.recall(entry.id, later)
            self._miss(entry, aspect, outcome)
            break
        flight = self._setups.of(entry.id).flight
        if flight is not None:
            self._setups.keep(entry.id, flight=replace(flight, at=self._now(), whole=True))

    def _miss(self, entry: Entry, aspect: Aspect, outcome: Outcome) -> None:
        """It did not take it. What was never sent says nothing about the change."""
        if outcome.sent:
            self._flights.crash(entry.id, aspect.keys, outcome.text)
            return
        self._flights.recall(entry.id, aspect.keys)
        failures = self._flights.put_off(entry.id, outcome.text)
        tell_of(
            self._bus,
            entry,
            EventKind.WISH_FAILED,
            Severity.WARNING,
            f"{entry.worker} at {entry.address} could not get {aspect.what}: {outcome.text}",
            first=failures == 1,
        )

    async def _order(self, entry: Entry, aspect: Aspect, batch: str) -> Outcome:
        step, ident, now = _step(aspect), uuid.uuid4().hex, self._now()
        args = step.args
        if step.source is not None and not self._config().dry_run:
            try:
                args = {"firmware": await self._fetched(step.source)}
            except CancelledError:
                raise
            except FirmwareRefused as error:
                return Outcome("denied", str(error))
        return await self._commands.submit(
            Command(
                id=ident,
                key=ident,
                actor=ACTOR,
                reason="",
                at=now,
                expires=now + COMMAND_LIFE,
                device=entry.id,
                kind=step.kind,
                args=args,
                changes=step.changes,
                batch=batch,
                wish=aspect.key,
            )
        )

    async def _fetched(self, source: FirmwareSource) -> FirmwareImage:
        if source.path:
            return await self._shelf.own(source.path, source.sha256 or "", source.version)
        return await self._shelf.offered(source.version, source.url, source.sha256)

    async def _pretend(self) -> bool:
        """Dry run: everything that would be written, told once."""
        for entry in self._roster:
            steps = [one for one in self._survey.aspects(entry) if one.step is not None]
            said = [_step(one).changes for one in steps]
            if said and said != self._pretended.get(entry.id) and self.may_visit(entry):
                self._pretended[entry.id] = said
                for one in steps:
                    await self._order(entry, one, "")
        return False


def _step(aspect: Aspect) -> Step:
    assert aspect.step is not None  # noqa: S101  # the callers have looked
    return aspect.step


def _version(steps: tuple[Aspect, ...]) -> str:
    """The firmware that a visit brings; empty where it brings none."""
    source = _step(steps[0]).source
    return "" if source is None else source.version


def _tells(entry: Entry) -> bool:
    """Whether its reading is of the time after its settings were found to be as they are."""
    return entry.reading is not None and entry.reading.at > entry.settings_at
