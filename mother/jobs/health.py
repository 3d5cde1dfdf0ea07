"""The health loop: judge every miner, say what is wrong, reboot what a reboot may cure."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from msgspec.structs import replace
from twisted.logger import Logger

from mother.config.model import Config, DeviceSettings
from mother.core.bus import Bus
from mother.core.crowd import each
from mother.core.loop import ROUND
from mother.core.model import Command, CommandKind, EventKind, Severity
from mother.core.pulse import Pulse
from mother.core.reading import Mode
from mother.fleet.commands import Commands
from mother.fleet.expected import learned
from mother.fleet.forgetting import surplus, tell_forgotten
from mother.fleet.memory import Memory
from mother.fleet.news import tell_of
from mother.fleet.pace import pause
from mother.fleet.polling import Poller
from mother.fleet.remembered import UNCURABLE, Phase, Watch
from mother.fleet.roster import Entry, Roster
from mother.fleet.subjects import subject_of
from mother.jobs import breaker, healing
from mother.jobs.chart import Chart
from mother.jobs.output import Output, tells
from mother.jobs.rules import judge, sentences, unsure

AT_ONCE = 50
"""So many miners are read at once where the metrics loop has no fresh reading."""

REBOOTS_AT_ONCE = 5
FIRST_LOOK = 5.0
"""Seconds between two looks until the first scan is done."""

COMMAND_LIFE = 60.0


class Health:
    """One round judges every miner that is due. `ready` tells when the farm is known.

    Rules are in `rules`, `healing` and `breaker`; here they meet roster, memory and door.
    """

    name = "health"
    log = Logger()

    def __init__(
        self,
        roster: Roster,
        poller: Poller,
        memory: Memory,
        commands: Commands,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        ready: Callable[[], bool],
    ) -> None:
        self._roster = roster
        self._poller = poller
        self._memory = memory
        self._commands = commands
        self._bus = bus
        self._config = config
        self._now = now
        self._ready = ready
        self._chart = Chart(memory, now, lambda: config().dry_run)
        self.pulse = Pulse()
        self._due: dict[str, float] = {}
        self._odd: set[str] = set()
        self._began: float | None = now()

    def interval(self) -> float:
        """Seconds between rounds: the shortest that any miner's settings ask for."""
        every = self._shortest()
        return every if self._may_begin(every) else min(FIRST_LOOK, every)

    def limit(self) -> float:
        """Within so many seconds a round gets on: one miner may take several answers."""
        return ROUND + 20 * self._config().dragon_timeout

    def numbers(self) -> Mapping[str, float]:
        """The daemon's own gauges about healing."""
        phase = self._chart.farm.breaker.phase
        return {
            "health.breaker_open": float(phase is not Phase.CLOSED),
            "health.left_for_a_human": float(
                sum(self._chart.of(entry.id).record.left for entry in self._roster)
            ),
            "health.would_write": float(self._commands.would_write),
        }

    async def run(self) -> None:
        """One round."""
        if not self._may_begin(self._shortest()):
            return
        due = [entry for entry in self._roster if self._is_due(entry)]
        stale = [entry for entry in due if self._is_stale(entry)]
        await each(stale, self._read, AT_ONCE, self.pulse)
        due = [entry for entry in due if not entry.dismissed]
        judged = [entry for entry in due if self._guarded(self._examine, entry)]
        self._turn_breaker()
        chosen: list[Entry] = []
        for entry in sorted(judged, key=self._ill_since):
            self._guarded(lambda one: self._weigh(one, chosen), entry)
        await each(chosen, self._reboot, REBOOTS_AT_ONCE, self.pulse)
        self._miss()
        self._forget_old()

    async def wrote(self, entry: Entry, command: Command) -> None:
        """The door is about to write to a device: remember it before it happens."""
        now = self._now()
        record = self._chart.of(entry.id).record
        if command.kind is CommandKind.REBOOT and command.by_hand:
            record = replace(healing.written(record, now), rebooted=now)
        elif command.kind is CommandKind.REBOOT:
            record = healing.rebooted(record, now)
        else:
            record = healing.written(record, now)
        self._chart.keep_record(entry.id, record)
        await self._memory.save_now()

    # when to look

    def _shortest(self) -> float:
        config = self._config()
        general = config.settings.health_check_interval
        return min([general, *(one.settings.health_check_interval for one in config.blocks)])

    def _may_begin(self, every: float) -> bool:
        """A half-known farm would look like a wave of illness; but wait one check at most."""
        if self._began is not None and (
            self._ready() or not 0.0 <= self._now() - self._began < every
        ):
            self._began = None
        return self._began is None

    def _is_due(self, entry: Entry) -> bool:
        due = self._due.get(entry.id)
        every = self._settings(entry).health_check_interval
        if due is not None and due - every <= self._now() < due - 0.5:
            return False
        self._due[entry.id] = self._now() + every
        return True

    def _is_stale(self, entry: Entry) -> bool:
        every = self._settings(entry).health_check_interval
        fresh = 0.0 <= self._now() - entry.tried < 0.9 * every
        return self._roster.housed(entry) and not fresh

    async def _read(self, entry: Entry) -> None:
        await self._poller.poll(entry, "health")

    # what is wrong

    def _examine(self, entry: Entry) -> None:
        now, old = self._now(), self._chart.of(entry.id)
        reading = None if entry.failures else entry.reading
        if reading is None and not entry.failures:
            return
        if reading is not None and entry.wanted is Mode.SLEEP:
            reading = replace(reading, asleep=True)  # it is on its way there, by our order
        verdict = judge(
            old.watch,
            reading,
            self._paced(entry),
            now,
            failing_since=entry.failing_since,
            failures=entry.failures,
            output=self._output(entry),
        )
        record = healing.observed(old.record, verdict.watch, reading, now)
        self._chart.keep(entry, verdict.watch, record)
        entry.ailments = tuple(sorted({one.ailment.value for one in verdict.findings}))
        if verdict.new:
            self._tell(entry, EventKind.ILL, f"is ill: {sentences(verdict.new, now)}")
        if verdict.got_well:
            self._tell(entry, EventKind.WELL, "is well again")
            entry.because = ()
        if verdict.grew_hot:
            boards = ", ".join(str(board) for board in verdict.hot)
            self._tell(
                entry,
                EventKind.HOT,
                f"is hot: board {boards} above {entry.family.nature.hot:g} °C; not rebooted",
            )
        if verdict.cooled:
            self._tell(entry, EventKind.COOL, "has cooled down")
        self._follow_up(entry)
        self._learn(entry, verdict.watch)

    def _output(self, entry: Entry) -> Output:
        mean = None if entry.mean is None else entry.mean.value(self._now())
        return Output(mean, entry.family.nature)

    def _learn(self, entry: Entry, watch: Watch) -> None:
        """What a miner does that is well is what is expected of it where it does not say."""
        reading = entry.reading
        if reading is None or watch.conditions or entry.failures:
            return
        known, output = self._memory.device(entry.id), self._output(entry)
        if not tells(watch, reading, output.nature):
            return
        healthy = learned(reading, entry.description.firmware, known.healthy, output.mean)
        if healthy is not None:
            self._memory.remember(entry.id, replace(known, healthy=healthy))

    def _paced(self, entry: Entry) -> DeviceSettings:
        """Its settings; one that must be asked seldom is not judged as often as it says."""
        settings, every = self._settings(entry), pause(entry.family.nature, entry.latency)
        if every <= settings.health_check_interval:
            return settings
        return replace(settings, health_check_interval=every)

    def _follow_up(self, entry: Entry) -> None:
        """Say what became of a reboot of ours."""
        news = self._chart.reboot_news(entry)
        if news is not None:
            kind, text = news
            self._tell(entry, kind, text)

    def _miss(self) -> None:
        """Say of those that were given up before they came back from a reboot of ours."""
        for ident in self._chart.never_back():
            if self._roster.get(ident) is None:
                self._chart.told(ident)
                worker = self._memory.device(ident).worker or ident
                self._bus.tell(
                    EventKind.REBOOT_FAILED,
                    Severity.ERROR,
                    f"{worker} did not come back from our reboot and was given up",
                    device=ident,
                    worker=worker,
                )

    # what to do

    def _turn_breaker(self) -> None:
        now, farm = self._now(), self._chart.farm
        ledger = healing.kept(farm.ledger, now)
        state, changes = breaker.evaluate(farm.breaker, self._breaker_view(now), now)
        self._chart.keep_farm(replace(farm, breaker=state, ledger=ledger))
        for change in changes:
            self._bus.tell(change.kind, change.severity, change.text)

    def _breaker_view(self, now: float) -> breaker.Farm:
        watches = {entry: self._chart.of(entry.id).watch for entry in self._roster}
        ill = {e.id: w.ill_since for e, w in watches.items() if w.ill_since is not None}
        away = self._away()
        heard = [e for e in watches if now - e.last_seen <= 3600.0 and e.id not in away]
        return breaker.Farm(
            miners=len(watches),
            ill=ill,
            well={e.id for e, w in watches.items() if not w.ill and w.judged is not None},
            candidates={e.id for e in watches if e.id in ill and self._is_candidate(e)},
            unsure={e.id for e, w in watches.items() if unsure(w)},
            answered=len(heard),
            polls=len(heard),
            polls_ok=sum(entry.failures == 0 for entry in heard),
        )

    def _away(self) -> set[str]:
        """Who does not answer because we told it to restart."""
        setups = ((entry.id, self._memory.device(entry.id).setup) for entry in self._roster)
        return {ident for ident, one in setups if one.restart is not None or one.flight is not None}

    def _is_candidate(self, entry: Entry) -> bool:
        known = self._chart.of(entry.id)
        curable = any(c.ill and c.ailment not in UNCURABLE for c in known.watch.conditions)
        return (
            curable
            and not entry.failures
            and not known.watch.hot
            and not known.record.left
            and entry.wanted is not Mode.SLEEP
            and self._settings(entry).health_reboot
        )

    def _weigh(self, entry: Entry, chosen: list[Entry]) -> None:
        """Decide about one ill miner; a place in the farm's limits is taken at once."""
        decision = self._decide(entry)
        entry.because = (decision.because,) if decision.because else ()
        if decision.leave:
            self._chart.keep_record(entry.id, healing.left(self._chart.of(entry.id).record))
            self._tell(entry, EventKind.LEFT, f"is left for a human. {decision.because}")
        if not decision.reboot or entry.wanted is Mode.SLEEP:
            return
        obstacle = self._commands.obstacle(entry)
        if obstacle:
            entry.because = (*entry.because, f"Not rebooted: {obstacle}.")
        else:
            self._chart.reserve(entry.id)
            chosen.append(entry)

    def _decide(self, entry: Entry) -> healing.Decision:
        known, farm = self._chart.of(entry.id), self._chart.farm
        return healing.decide(
            healing.Case(
                record=known.record,
                watch=known.watch,
                reading=None if entry.failures else entry.reading,
                farm=healing.Farm(len(self._roster), farm.ledger, farm.breaker),
                settings=self._settings(entry),
                now=self._now(),
                system_start=entry.system_start,
                grace=entry.family.nature.grace,
            )
        )

    async def _reboot(self, entry: Entry) -> None:
        now, ident = self._now(), uuid.uuid4().hex
        outcome = await self._commands.submit(
            Command(
                id=ident,
                key=ident,
                actor="health",
                reason=" ".join(entry.because),
                at=now,
                expires=now + COMMAND_LIFE,
                device=entry.id,
                kind=CommandKind.REBOOT,
            )
        )
        if outcome.result == "dry-run":
            record = self._chart.of(entry.id).record
            self._chart.keep_record(entry.id, healing.rebooted(record, now))
        elif not outcome.sent:
            self._chart.release(entry.id)
            entry.because = (*entry.because, f"Not rebooted: {outcome.text}.")
            return
        elif not outcome.done:
            self._chart.told(entry.id)
            self._tell(entry, EventKind.REBOOT_FAILED, f"could not be rebooted: {outcome.text}")
        entry.because = (self._decide(entry).because,)

    # the small things

    def _guarded(self, look: Callable[[Entry], None], entry: Entry) -> bool:
        """One miner that cannot be judged costs only itself; whether all went well."""
        try:
            look(entry)
        except Exception as error:
            first = entry.id not in self._odd
            self._odd.add(entry.id)
            if first:
                self.log.failure("{worker} cannot be judged", worker=entry.worker)
            tell_of(
                self._bus,
                entry,
                EventKind.FAULT,
                Severity.ERROR,
                f"{entry.worker} cannot be judged: {type(error).__name__}",
                where="health",
                first=first,
            )
            return False
        return True

    def _settings(self, entry: Entry) -> DeviceSettings:
        return self._config().for_miner(subject_of(entry))

    def _ill_since(self, entry: Entry) -> float:
        since = self._chart.of(entry.id).watch.ill_since
        return float("inf") if since is None else since

    def _forget_old(self) -> None:
        """Those that there is no room for; who is gone is remembered until it is retired."""
        old = surplus(self._memory.devices, lambda one: self._roster.get(one) is not None)
        tell_forgotten(self._bus, [self._memory.device(one).worker or one for one in old])
        for ident in old:
            self._chart.forget(ident)
            self._roster.forget(ident)
        for ident in [ident for ident in self._due if self._roster.get(ident) is None]:
            del self._due[ident]
            self._odd.discard(ident)

    def _tell(self, entry: Entry, kind: EventKind, text: str) -> None:
        tell_of(
            self._bus,
            entry,
            kind,
            SEVERITIES.get(kind, Severity.WARNING),
            f"{entry.worker} at {entry.address} {text}",
            model=entry.model,
        )


SEVERITIES = {
    EventKind.WELL: Severity.INFO,
    EventKind.COOL: Severity.INFO,
    EventKind.REBOOT_CONFIRMED: Severity.INFO,
    EventKind.REBOOT_FAILED: Severity.ERROR,
    EventKind.LEFT: Severity.ERROR,
}
