"""Toys that sleep and wake by the schedule's orders, through a real door and a journal on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail, succeed

from mother.config.model import Waves
from mother.config.schedule import Ramp, Schedule
from mother.core.clock import sleep
from mother.core.model import Address, Command, CommandKind, Description, EventKind
from mother.core.reading import Mode
from mother.fleet.roster import Entry
from mother.schedule.acting import AT_ONCE, Acting
from mother.schedule.journal import Journal
from mother.schedule.values import Ruling, Stage, Standing, Verdict
from tests.fleet.toy import CAPABILITIES, LOGIN, Box, Toy, ToyDevice
from tests.fleet.world import CONFIG, Daemon, World

PLAIN = Schedule(up=Ramp(), resume_percent=0.0)
SLEEP = Verdict(Mode.SLEEP, because=("price 112 > 80",), asked_by=("rule price",))
WAKE = Verdict(Mode.ACTIVE)
KEEPING = {kind: replace(one, kept=True) for kind, one in CAPABILITIES.items()}


class Far(ToyDevice):
    """A toy that takes `lag` seconds to say who it is."""

    lag = 0.0
    ether: Any = None

    async def describe(self) -> Description:
        if self.lag:
            await sleep(self.ether, self.lag)
        return await super().describe()


class Hand:
    """A Thread whose work is done at once, or by hand where it is `slow`.

    `full` is raised by every write. `dead`: the process is gone, and so is what it had to do.
    """

    def __init__(self) -> None:
        self.slow = False
        self.full: OSError | None = None
        self.dead = False
        self.jobs: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.done = 0

    def do(self, job: Callable[[], Any]) -> Deferred[Any]:
        if self.dead:
            return Deferred()
        if not self.slow:
            return self._did(job)
        done: Deferred[Any] = Deferred()
        self.jobs.append((job, done))
        return done

    def _did(self, job: Callable[[], Any]) -> Deferred[Any]:
        self.done += 1
        if self.full is not None:
            return fail(self.full)
        return succeed(job())

    def write(self) -> None:
        """It reaches the disk, and nobody was told yet."""
        for job, _ in self.jobs:
            job()

    def work(self) -> None:
        """All that waits is done."""
        jobs, self.jobs = self.jobs, []
        for job, done in jobs:
            self._did(job).chainDeferred(done)


class Minder(Daemon):
    """The daemon, with the schedule's hand in it."""

    acting: Acting | None = None

    async def wrote(self, entry: Entry, command: Command) -> None:
        await super().wrote(entry, command)
        if self.acting is not None:
            await self.acting.wrote(entry, command)


class Nursery:
    """`count` toys. What `kill` leaves is the toys, the state file and the journal.

    `keeps`: their settings tell at once whether they were told to sleep.
    """

    def __init__(
        self,
        count: int = 1,
        schedule: Schedule = PLAIN,
        lag: float = 0.0,
        keeps: bool = False,
        waves: Waves = Waves(),  # noqa: B008  # frozen
    ) -> None:
        self.config = replace(CONFIG, waves=waves)
        self.world = World(miners=1)
        self.ether = self.world.ether
        self.schedule = schedule
        self.family = Toy()
        self.dry = False
        self.lag = lag
        self.width = AT_ONCE
        self.boxes = [Box(self.ether.seconds, f"02:00:00:00:01:{n:02x}") for n in range(count)]
        self._grave: list[Any] = []
        if keeps:
            self.family.capabilities = KEEPING
        for box in self.boxes:
            box.keeps = keeps
            box.settings = replace(box.settings, asleep=False if keeps else None)
        self.path: Path = self.world.folder / "sleepers.jsonl"
        self.start()

    def start(self) -> None:
        """The daemon begins, and has read everybody once."""
        self.hand = Hand()
        self.daemon = Minder(self.ether, self.world.folder, self.config, lambda: 0.0)
        self.entries = [self._entry(place, box) for place, box in enumerate(self.boxes)]
        for entry in self.entries:
            self.daemon.poll(entry)
        self.journal = Journal(self.path, self.hand, self.daemon.now)
        self.journal.load()
        self.acting = Acting(
            self.daemon.commands,
            self.journal,
            self.daemon.roster,
            self.ether,
            self.daemon.now,
            lambda: self.schedule,
            self.daemon.setups.groups_of,
            Random(1),
            lambda: self.dry,
            self.width,
            room=self.daemon.setups.room,
        )
        self.daemon.acting = self.acting
        self.daemon.bus.add(self.acting)

    def _entry(self, place: int, box: Box) -> Entry:
        host = f"127.78.1.{place + 1}"
        self.family.boxes[host] = box
        who = Description("toy", box.mac, "Toy 1", "1.0")
        device = Far(box, Address(host, 4028), LOGIN)
        device.ether, device.lag = self.ether, self.lag
        entry = Entry(f"home/mac:{box.mac}", f"toy-{place}", self.family, device, who)
        self.daemon.roster.add(entry)
        return entry

    def kill(self) -> None:
        """The process is no more; nothing that it was about to do happens."""
        self.hand.dead = True
        self._grave += [self.daemon, self.acting, self.journal, self.hand, list(self.ether.calls)]
        self.ether.calls.clear()

    @property
    def box(self) -> Box:
        return self.boxes[0]

    @property
    def entry(self) -> Entry:
        return self.entries[0]

    @property
    def standing(self) -> Standing:
        return self.acting.standings[self.entry.id]

    @property
    def stages(self) -> list[Stage]:
        return [self.acting.standings[entry.id].stage for entry in self.entries]

    @property
    def sent(self) -> list[list[CommandKind]]:
        return [box.sent for box in self.boxes]

    def pursue(self, verdict: Verdict) -> None:
        """One round: everybody shall be this."""
        self.rule({entry.id: verdict for entry in self.entries})

    def rule(self, verdicts: dict[str, Verdict]) -> None:
        self.acting.pursue(Ruling(verdicts), self.daemon.now())

    def run(self, seconds: float) -> None:
        self.ether.run(seconds)

    def poll(self) -> None:
        for entry in self.entries:
            self.daemon.poll(entry)

    def rounds(self, verdict: Verdict, seconds: float, every: float = 15.0) -> None:
        """So long everybody is read and ruled again and again."""
        until = self.ether.seconds() + seconds
        while self.ether.seconds() < until:
            self.poll()
            self.pursue(verdict)
            self.run(every)

    def by_hand(self, kind: CommandKind, entry: Entry | None = None, **what: Any) -> None:
        """A person gives an order."""
        key = f"by hand {self.ether.seconds()} {kind}"
        told = {"key": key, "actor": "ann", "by_hand": True, **what}
        command = self.daemon.order(entry or self.entry, kind, **told)
        self.daemon.do(self.daemon.commands.submit(command))

    def orders(self) -> list[str]:
        """What the door was asked for, as the audit tells it."""
        return [one.text for one in self.daemon.ear.events if one.kind is EventKind.AUDIT]

    def lines(self) -> list[str]:
        """The journal's file, as the words of its lines."""
        rows = self.path.read_text().splitlines() if self.path.exists() else []
        return [row.split('"')[1] for row in rows]


def because(verdict: Verdict, *asked_by: str) -> Verdict:
    """The same, asked for by others."""
    return replace(verdict, asked_by=asked_by)
