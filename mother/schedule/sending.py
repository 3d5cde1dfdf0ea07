"""One device's orders on their way: journalled, handed to the door, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mother.core.clock import sleep
from mother.core.errors import DeviceError, Unsupported
from mother.core.model import Change, Command, CommandKind
from mother.fleet.commands import Outcome
from mother.fleet.identity import recognised
from mother.fleet.roster import Entry, Roster
from mother.schedule.journal import Journal, Line, NotJournalled, Woken
from mother.schedule.judging import PAUSE, RESUME, Judge, Step, Written, is_blind
from mother.schedule.profiles import Has, Wished, found
from mother.schedule.values import Sleeper, Verdict

ACTOR = "schedule"

LATE = 60.0
"""Seconds beyond twice the family's own after which an order to sleep has no effect any more."""

LIFE = 600.0
"""For so many seconds an order may wait at the door."""


STRAYED = "it has not stayed as it was told"


class Door(Protocol):
    """The single door (see `mother.fleet.commands`)."""

    async def submit(self, command: Command) -> Outcome:
        """Carry one out, or say why not."""

    def obstacle(self, entry: Entry) -> str:
        """Why nothing may be written to this device now."""


class Flight:
    """`handed`: the door has it; `written`: it is being sent to the device. `again`: it was done
    before, and has not stayed so.
    """

    def __init__(self, device: str, step: Step, verdict: Verdict, again: bool = False) -> None:
        self.device = device
        self.step = step
        self.verdict = verdict
        self.again = again
        self.handed = False
        self.written = False
        self.running: Deferred[None] | None = None

    def cancel(self) -> None:
        """Call it off."""
        if self.running is not None:
            self.running.cancel()


class Sending:
    """Sends. `run` tells the orders of this run of the daemon from those of others."""

    log = Logger()

    def __init__(
        self,
        door: Door,
        journal: Journal,
        judge: Judge,
        roster: Roster,
        clock: IReactorTime,
        now: Callable[[], float],
        dry_run: Callable[[], bool],
        run: str,
    ) -> None:
        self._door = door
        self._journal = journal
        self._judge = judge
        self._roster = roster
        self._clock = clock
        self._now = now
        self._dry_run = dry_run
        self._run = run
        self._count = 0
        self.slept: dict[str, float] = {}

    async def fly(
        self, flight: Flight, delay: float, still: Callable[[], bool], sent: Callable[[], None]
    ) -> Outcome | None:
        """What became of it; None where it is not wanted any more.

        `still` is asked before anything is sent, `sent` called when the door gets it. A line of
        the journal that nothing was sent for is taken back.
        """
        if delay > 0:
            await sleep(self._clock, delay)
        entry = self._roster.get(flight.device)
        if entry is None or not still():
            return None
        if flight.step.unknown or flight.step.doubtful:
            trouble = await self._ask(entry, flight)
            if trouble:
                return Outcome("failed", trouble)
            if (flight.step.doubtful and entry.id in self._judge.obeying) or not still():
                return None
        pauses = flight.step.kind is PAUSE and not self._dry_run()
        fresh = pauses and flight.device not in self._journal.sleepers
        since = self._journal.since(flight.device)
        outcome = None
        try:
            await self._journalled(entry, flight)
            if not still():
                return None
            flight.handed = True
            sent()
            outcome = await self._send(entry, flight)
            return outcome
        except NotJournalled as error:
            fresh = False
            return Outcome("failed", str(error))
        finally:
            if pauses and flight.handed:
                self.slept[flight.device] = self._now()
            if fresh and not (flight.handed if outcome is None else outcome.sent):
                self._take_back(flight.device, since)

    def is_awake(self, entry: Entry, began: float) -> bool:
        """Whether a sleeper of ours is awake for good: no order to sleep is still to be obeyed.

        `began` is when this run of the daemon did.
        """
        sleeper, reading = self._journal.sleepers.get(entry.id), entry.reading
        if sleeper is None or reading is None or reading.asleep or is_blind(entry, RESUME):
            return False
        capability = entry.family.capabilities.get(PAUSE)
        late = LATE + 2 * (0.0 if capability is None else capability.within)
        return reading.at > max(sleeper.at, self.slept.get(entry.id, began)) + late

    def missed(self, device: str) -> None:
        """It is decided about no more: say so where it sleeps and nobody minds it."""
        sleeper = self._journal.sleepers.get(device)
        if sleeper is not None and self._roster.get(device) is None:
            self.log.warn(
                "{worker} at {address} sleeps by our order and is minded no more: nobody wakes it "
                "until it is found again, unless by hand on its own page.",
                worker=sleeper.worker,
                address=sleeper.address,
            )

    async def _ask(self, entry: Entry, flight: Flight) -> str:
        """Read what is about to be replaced, so that it can be put back; why that failed."""
        try:
            async with entry.lock:
                await recognised(entry)
                entry.settings, entry.settings_at = await entry.device.settings(), self._now()
        except Unsupported:
            return ""
        except DeviceError as error:
            return f"its settings could not be read: {error}"
        has = found(entry.settings, entry.settings_at, entry.reading)
        flight.step = replace(flight.step, has=has)
        untold = flight.step.kind is RESUME  # that it shall sleep, by its settings
        if flight.step.doubtful and entry.settings.asleep is not untold:
            self._judge.obeying.add(entry.id)
        return ""

    async def _journalled(self, entry: Entry, flight: Flight) -> None:
        """Raises NotJournalled."""
        line = None
        if not self._dry_run():
            line = self._line(entry, flight)
        if line is not None:
            await self._journal.note(line)

    def _line(self, entry: Entry, flight: Flight) -> Line | None:
        now, reading = self._now(), entry.reading
        if flight.step.kind is RESUME:
            return None
        if flight.step.kind is not PAUSE:
            return self._judge.before(entry, flight.step, now)
        if entry.id in self._journal.sleepers:
            return None
        sleeper = Sleeper(
            device=entry.id,
            mac=entry.mac,
            worker=entry.worker,
            family=entry.family.name,
            address=f"{entry.address.host}:{entry.address.port}",
            at=now,
            why="; ".join(flight.verdict.because),
            profile="" if reading is None else reading.profile,
            draws=0.0 if reading is None else reading.power or 0.0,
            planned=flight.verdict.planned,
        )
        return Line(asleep=sleeper)

    def _take_back(self, device: str, since: float | None) -> None:
        """It was never told: it is awake since when it was before, and no start of ours."""
        if self._journal.yielded(device) is None:
            self._journal.tell(Line(woken=Woken(device, since or 0.0)))

    async def _send(self, entry: Entry, flight: Flight) -> Outcome:
        """All orders in turn, up to the first that is not done."""
        outcome, sent = Outcome("done", ""), False
        for kind, args in flight.step.orders:
            outcome = await self._door.submit(self._command(entry, flight, kind, args))
            sent = sent or outcome.sent
            self._keep(flight.device, kind, args, outcome)
            if kind is PAUSE and outcome.unable:
                self._judge.refused[entry.id] = entry.description.firmware
            if not outcome.done:
                break
        return replace(outcome, sent=sent)

    def _keep(
        self, device: str, kind: CommandKind, args: Mapping[str, Any], outcome: Outcome
    ) -> None:
        now = self._now()
        if kind is RESUME and outcome.done and outcome.sent:
            self._journal.tell(Line(woken=Woken(device, now, start=True)))
        if kind in (PAUSE, RESUME) or not (outcome.sent or outcome.done):
            return
        known = self._judge.written.get(device) or Written(Wished(), 0.0)
        what = known.what
        if outcome.done and kind is CommandKind.SET_POWER:
            what = replace(what, watts=args["watts"])
        elif outcome.done:
            what = replace(what, profile=args["profile"], level=args["level"])
        self._judge.written[device] = Written(what, now if outcome.sent else known.at)

    def _command(
        self, entry: Entry, flight: Flight, kind: CommandKind, args: Mapping[str, Any]
    ) -> Command:
        now = self._now()
        self._count += 1
        ident = f"{self._run}.{self._count}"
        return Command(
            id=ident,
            key=f"schedule:{flight.device}:{kind.value}:{ident}",
            actor=ACTOR,
            reason="; ".join((*((STRAYED,) if flight.again else ()), *flight.verdict.because)),
            at=now,
            expires=now + LIFE,
            device=entry.id,
            kind=kind,
            args=args,
            changes=_changes(kind, args, flight.step.has),
            paced=True,
        )


def farewell(sleeping: int, asked: int, changed: int) -> str:
    """What is said in the end of sleepers, `asked` of which were just being told to be some, and
    of those `changed` that have a power target or profile of ours.
    """
    many = "1 miner sleeps" if sleeping == 1 else f"{sleeping} miners sleep"
    said = f"{many} by our order" if sleeping else ""
    if changed:
        has = "has" if changed == 1 else "have"
        alone = "1 miner" if changed == 1 else f"{changed} miners"
        who = f"{said}, and {changed}" if said else alone
        said = f"{who} {has} a power target or profile of ours in force"
    if not asked:
        return f"{said}."
    them = "it" if sleeping == 1 else f"{asked} of them"
    if changed:
        them = "the sleeper" if sleeping == 1 else f"{asked} of the sleepers"
    return f"{said}; {them} may still be awake, for the stop came while it was told."


def _changes(kind: CommandKind, args: Mapping[str, Any], has: Has) -> tuple[Change, ...]:
    if kind is CommandKind.SET_POWER:
        old = "unknown" if has.watts is None else f"{has.watts:g} W"
        return (Change("power target", old, f"{args['watts']:g} W"),)
    if kind is CommandKind.SET_PROFILE:
        return (Change("profile", has.profile or "unknown", args["profile"]),)
    return ()
