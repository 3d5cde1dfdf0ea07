"""What differs between wish and farm, per miner and setting: what `mother plan` shows."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping

from msgspec import Struct

from mother.core.bus import Sample
from mother.core.model import Change, Event, EventKind, Totals
from mother.core.units import duration, moment
from mother.fleet.commands import Commands
from mother.fleet.desired import Aspect
from mother.fleet.remembered import DeviceMemory
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import ALL, Scope
from mother.fleet.setups import Setups
from mother.fleet.undertaken import Trust
from mother.jobs.flights import RETRY, Flights
from mother.jobs.survey import Survey


class Item(Struct, frozen=True):
    """One setting of one miner that differs from its wish; no secrets.

    `status` is `ready`, `under way`, `waiting`, `held`, `backing off`, `undone`, `stopped` or
    `disputed`; `why` says more.
    """

    device: str
    worker: str
    address: str
    mac: str
    model: str
    setting: str
    old: str
    new: str
    restarts: bool
    status: str = "ready"
    why: str = ""


class Unread(Struct, frozen=True):
    """A miner whose settings are not known, so that nothing can be compared."""

    worker: str
    address: str
    why: str


class Plan(Struct, frozen=True):
    """All that differs. `miners` and `restarts` count miners, each once."""

    at: float
    dry_run: bool
    miners: int
    restarts: int
    items: tuple[Item, ...]
    unread: tuple[Unread, ...] = ()


class Progress(Struct, frozen=True):
    """How far the farm is from its wish, in miners.

    `settled`: nothing is under way, and nothing will be written soon. `stopped` and `news` are
    sentences.
    """

    at: float = 0.0
    miners: int = 0
    wished: int = 0
    reached: int = 0
    to_do: int = 0
    under_way: int = 0
    waiting: int = 0
    held: int = 0
    failed: int = 0
    undoing: int = 0
    stopped: tuple[str, ...] = ()
    settled: bool = False
    news: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`3 under way, 10 waiting, 1 failed`: what there is of these."""
        counts = {
            "under way": self.under_way,
            "undoing": self.undoing,
            "waiting": self.waiting,
            "held": self.held,
            "failed": self.failed,
        }
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


NEWS = frozenset(
    {
        EventKind.POOLS_CHANGED,
        EventKind.PROFILE_CHANGED,
        EventKind.POWER_CHANGED,
        EventKind.CLOCK_CHANGED,
        EventKind.UPGRADING,
        EventKind.UPGRADED,
        EventKind.UNDONE,
        EventKind.WISH_FAILED,
        EventKind.WISH_REACHED,
        EventKind.ROLLOUT_PROVED,
        EventKind.ROLLOUT_STOPPED,
        EventKind.WAVE,
        EventKind.WOULD_WRITE,
    }
)


class News:
    """A sink that keeps the last sentences about configuring."""

    name = "news"

    def __init__(self, most: int = 20) -> None:
        self._last: deque[str] = deque(maxlen=most)

    def sample(self, sample: Sample) -> None:
        """Readings are no news."""

    def event(self, event: Event) -> None:
        """Keep what concerns settings."""
        if event.kind in NEWS and event.content.get("first") is not False:
            self._last.append(event.text)

    def totals(self, totals: Totals) -> None:
        """Sums are no news."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts are no news."""

    def last(self) -> tuple[str, ...]:
        """The newest last."""
        return tuple(self._last)


class Planner:
    """Makes plans of what is known now; asks no device."""

    def __init__(
        self,
        roster: Roster,
        survey: Survey,
        setups: Setups,
        flights: Flights,
        commands: Commands,
        dry_run: Callable[[], bool],
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._survey = survey
        self._setups = setups
        self._flights = flights
        self._commands = commands
        self._dry_run = dry_run
        self._now = now

    def plan(self, scope: Scope) -> Plan:
        """What differs among the miners of this scope, by worker name."""
        items: list[Item] = []
        unread: list[Unread] = []
        for entry in sorted(self._roster, key=lambda one: one.worker):
            if not scope.covers(entry):
                continue
            items += self.items(entry)
            why = self._unread(entry)
            if why:
                unread.append(Unread(entry.worker, str(entry.address), why))
        if scope.text == ALL:
            unread += self._missed()
        return Plan(
            at=self._now(),
            dry_run=self._dry_run(),
            miners=len({item.device for item in items}),
            restarts=len({item.device for item in items if item.restarts}),
            items=tuple(items),
            unread=tuple(unread),
        )

    def _missed(self) -> list[Unread]:
        """Who is known and not here, so that nothing can be compared either."""
        now = self._now()
        return [
            Unread(one.worker, "" if one.address is None else str(one.address), _away(one, now))
            for one in sorted(self._setups.absent(), key=lambda one: one.worker)
            if self._survey.is_missed(one)
        ]

    def items(self, entry: Entry) -> list[Item]:
        """What differs on one miner."""
        found = []
        for aspect in self._survey.aspects(entry):
            if aspect.step is None:
                continue
            status, why = self.status(entry, aspect)
            writes = status not in _LEFT_ALONE
            found += [
                item(entry, change, status, why, restarts=writes) for change in aspect.step.changes
            ]
        return found

    def status(self, entry: Entry, aspect: Aspect) -> tuple[str, str]:
        """Where one change of one miner stands, and why."""
        setup = self._setups.of(entry.id)
        if setup.flight is not None and aspect.key in setup.flight.keys:
            return "under way", ""
        held = self._setups.held(entry)
        if held:
            return "held", held
        if aspect.key in setup.left_alone:
            return "undone", f"`mother apply {entry.worker}` sets it again"
        doubt = self._flights.doubt(aspect)
        if doubt is not None and doubt.trust is Trust.STOPPED:
            return "stopped", doubt.why
        return self._hindrance(entry) or self._turn(entry, aspect)

    def _hindrance(self, entry: Entry) -> tuple[str, str] | None:
        """What keeps this miner from getting anything now."""
        setup, now = self._setups.of(entry.id), self._now()
        if entry.failures:
            return "waiting", "it does not answer now"
        if entry.asleep:
            return "held", "it sleeps, and gets that once it is awake"
        obstacle = self._commands.obstacle(entry)
        if obstacle:
            return "disputed", obstacle
        if setup.retry_at is not None and now < setup.retry_at:
            return "backing off", f"{setup.why}; next try at {moment(setup.retry_at, now)}"
        again = max(setup.got.values(), default=0.0) + RETRY.wait(setup.again)
        if setup.again and now < again:
            why = f"it was changed back {setup.again} times"
            return "backing off", f"{why}; next try at {moment(again, now)}"
        return None

    def _turn(self, entry: Entry, aspect: Aspect) -> tuple[str, str]:
        if self._dry_run():
            return "ready", ""
        if self._flights.doubt(aspect) is not None:
            return "waiting", "one miner tries it first"
        if not self._flights.room(aspect) or not self._setups.places():
            return "waiting", "for the wave before it"
        if self._setups.is_restarting(entry):
            since = self._setups.of(entry.id).restart
            ago = "" if since is None else f", ordered {duration(self._now() - since.at)} ago"
            return "waiting", f"it restarts{ago}"
        return "ready", ""

    def _unread(self, entry: Entry) -> str:
        if not self._survey.is_wished(entry):
            return ""
        if entry.id in self._survey.unread:
            return self._survey.unread[entry.id]
        if entry.settings is None and self._survey.asks(entry):
            return entry.fault or "it was not asked yet"
        return ""

    def word(self, entry: Entry) -> str:
        """One miner's configuration in a few words; empty where it is as wished."""
        setup = self._setups.of(entry.id)
        if setup.undoing:
            return "our last write is being undone"
        if setup.flight is not None:
            return "was configured, must hash again"
        items = self.items(entry)
        if not items:
            return setup.why
        names = ", ".join(dict.fromkeys(item.setting for item in items))
        return f"{names} not as wished: {items[0].status}"

    def progress(self, news: tuple[str, ...]) -> Progress:
        """The farm as a whole."""
        count: Counter[str] = Counter()
        for entry in self._roster:
            if self._survey.is_wished(entry):
                count["wished"] += 1
                count[self._stand(entry)] += 1
        missed = sum(1 for one in self._setups.absent() if self._survey.is_missed(one))
        count["wished"] += missed
        count["failed"] += missed
        stopped = {
            f"{one.what}: {one.why}"
            for one in self._setups.undertaken.rollouts.values()
            if one.trust is Trust.STOPPED
        }
        undoing = sum(1 for entry in self._roster if self._setups.of(entry.id).undoing)
        busy = count["under way"] + count["ready"] + count["waiting"] + undoing
        return Progress(
            at=self._now(),
            miners=len(self._roster),
            wished=count["wished"],
            reached=count["reached"],
            to_do=count["ready"],
            under_way=count["under way"],
            waiting=count["waiting"],
            held=count["held"],
            failed=count["failed"],
            undoing=undoing,
            stopped=tuple(sorted(stopped)),
            settled=not busy or (self._dry_run() and not count["under way"]),
            news=news,
        )

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges about configuring, in miners; `stopped` in changes."""
        now = self.progress(())
        names = ("wished", "reached", "to_do", "under_way", "waiting", "held", "failed")
        gauges = {f"configure.{name}": float(getattr(now, name)) for name in names}
        gauges["configure.stopped"] = float(len(now.stopped))
        held = sum(1 for entry in self._roster if self._setups.held(entry))
        return {**gauges, "fleet.held": float(held)}

    def _stand(self, entry: Entry) -> str:
        setup = self._setups.of(entry.id)
        if setup.flight is not None:
            return "under way"
        items = self.items(entry)
        statuses = {item.status for item in items}
        for one in ("held", "under way", "ready"):
            if one in statuses:
                return one
        if "waiting" in statuses:
            return "failed" if entry.failures else "waiting"
        if statuses == {"undone"}:
            return "reached"  # as a person wants it
        if items or self._unread(entry) or setup.failures:
            return "failed"
        return "reached"


def _away(known: DeviceMemory, now: float) -> str:
    if known.last_seen is None:
        return "it is not here"
    return f"it is not here; last seen {duration(max(0.0, now - known.last_seen))} ago"


_LEFT_ALONE = frozenset({"held", "undone", "stopped", "disputed"})


def item(entry: Entry, change: Change, status: str, why: str, *, restarts: bool) -> Item:
    """One change of one miner."""
    return Item(
        device=entry.id,
        worker=entry.worker,
        address=str(entry.address),
        mac=entry.mac,
        model=entry.model,
        setting=change.setting,
        old=change.old,
        new=change.new,
        restarts=restarts,
        status=status,
        why=why,
    )
