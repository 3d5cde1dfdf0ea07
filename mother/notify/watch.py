"""Watches the farm as a whole: a sink that makes events of much hashrate or many miners gone.

It keeps its own count of who is gone: a miner leaves the roster when it is given up, and a
restarted daemon knows only those that it has found again; both are missing all the same. Who is
missing for a day is no longer waited for; who was taken out of the configuration, sleeps, is
held, or restarts or was powered off by an order of ours is not missing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct

from mother.config.model import Config
from mother.core.addresses import Addresses
from mother.core.bus import Bus, Sample
from mother.core.model import Event, EventKind, Severity, State, Totals
from mother.core.units import THIN_SPACE, duration, si, three_digits
from mother.fleet.identity import device_id
from mother.fleet.memory import Memory
from mother.notify import rules
from mother.notify.message import are, miners, named
from mother.notify.ordered import Ordered, Orders
from mother.notify.rules import DAY, Drop, Fall, Left, Missing, Returned, Rise, Sight

GRACE = 600.0
GRACE_SCANS = 3
"""Nothing is judged for GRACE seconds after the start, or the time of GRACE_SCANS scans where
that is less: after a power cut the miners start together with us."""

SCANNED_WITHIN = 3600.0
"""Nor before the first scan has ended, which finds those that moved; but a large one may take
hours, and is waited for no longer than this, in seconds."""

NEARLY_ALL = 0.8

MOST = 2.0
"""Times what it should make: of a miner that claims more, no more is believed."""


class Known:
    """One miner as it was last heard of. `due` and `made` in H/s; `due` is 0 while unknown.

    `gone_since` is None while it answers; `idle`: it slept when it was last read; `held` is
    what was last known of that.
    """

    __slots__ = ("due", "gone_since", "held", "idle", "made", "model", "ramping", "worker")

    def __init__(self, worker: str, model: str, gone_since: float | None) -> None:
        self.worker = worker
        self.model = model
        self.gone_since = gone_since
        self.due = self.made = 0.0
        self.idle = self.ramping = self.held = False

    def heard(self, sample: Sample) -> None:
        """It was read, or found gone."""
        self.worker, self.model = sample.worker, sample.model
        reading = sample.reading
        if reading is None:
            self.made = 0.0
            if self.gone_since is None or self.gone_since > sample.at:
                self.gone_since = sample.at
            return
        self.gone_since = None
        self.idle = sample.state is State.ASLEEP
        self.ramping = sample.state is State.TUNING
        self.made = reading.hashrate or 0.0
        believed = min(self.made, MOST * self.due) if self.due else self.made
        self.due = reading.expected_hashrate or max(self.due, believed)


class Judged(Struct, frozen=True, omit_defaults=True):
    """What of the rules outlives the process."""

    drop: Drop = Drop()
    missing: Missing = Missing()
    orders: Orders = Orders()


class Watch:
    """A sink. `held` tells of a device whether a person has it in hand, None where it is not in
    the roster and cannot tell; `away` which devices restart by orders of ours.
    """

    name = "watch"

    def __init__(
        self,
        bus: Bus,
        memory: Memory,
        config: Callable[[], Config],
        now: Callable[[], float],
        held: Callable[[str], bool | None],
        away: Callable[[], Collection[str]],
    ) -> None:
        self._bus = bus
        self._memory = memory
        self._config = config
        self._now = now
        self._held = held
        self._away = away
        self._known: dict[str, Known] = {}
        self._began: float | None = None
        self._scanned = False
        self._ordered = Ordered()
        self._inside: tuple[Addresses, Config] | None = None
        self._judged_by: Config | None = None
        self.judged = Judged()

    def start(self) -> None:
        """Know whom the last run knew: who of them is not found is gone.

        Under another name of the site all devices are others.
        """
        self._began = now = self._now()
        self._ordered = Ordered(self.judged.orders)
        ours = device_id(self._config().site, "")
        for ident, one in self._memory.devices.items():
            if one.address is None or one.last_seen is None or not one.worker:
                continue
            if not ident.startswith(ours) or not 0.0 <= now - one.last_seen < DAY:
                continue
            if self._is_inside(one.address.host):
                self._known.setdefault(ident, Known(one.worker, one.model, one.last_seen))

    def sample(self, sample: Sample) -> None:
        """One miner was read, or found gone."""
        known = self._known.get(sample.device)
        if known is None:
            known = self._known[sample.device] = Known(sample.worker, sample.model, None)
        known.heard(sample)
        self._ordered.sample(sample)

    def event(self, event: Event) -> None:
        """Whom nobody misses any more: taken out of the networks, or replaced; and orders."""
        self._ordered.event(event)
        if event.kind is EventKind.SCANNED:
            self._scanned = True
        elif event.kind is EventKind.REMOVED:
            host = str(event.content.get("ip", "")).partition(":")[0]
            if not self._is_inside(host):
                self._known.pop(event.device, None)
        elif event.kind is EventKind.RETIRED:
            self._known.pop(event.device, None)
        elif event.kind is EventKind.REPLACED:
            old = device_id(event.site, str(event.content.get("old", "")))
            self._known.pop(old, None)

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Counts are no news."""

    def totals(self, totals: Totals) -> None:
        """A sweep has ended: judge the farm."""
        if not self._is_ready():
            return
        self._drop_outsiders()
        sight, alarm = self.sight(), self._config().alarm
        answering = frozenset(i for i, one in self._known.items() if one.gone_since is None)
        missing, news = rules.gone(self.judged.missing, sight, alarm.gone, answering)
        drop, change = rules.hashrate(self.judged.drop, sight, alarm.drop, missing.speaks)
        self.judged = Judged(drop, missing, self._ordered.kept(self._known))
        if news is not None:
            self._tell_gone(news)
        if change is not None:
            self._tell_hashrate(change, sight)

    def sight(self) -> Sight:
        """The farm at this moment."""
        made = due = ramping_made = ramping_due = lost = 0.0
        gone: dict[str, str] = {}
        usual = self._usual()
        for ident, one in self._counted():
            expected = one.due or usual.get(one.model, usual.get("", 0.0))
            expected *= self._ordered.pace(ident)
            makes = min(one.made, MOST * expected)
            if one.gone_since is not None:
                gone[ident] = one.worker
                lost += expected
                due += expected
            elif one.ramping:
                ramping_made += makes
                ramping_due += expected
            else:
                made += makes
                due += expected
        return Sight(
            at=self._now(),
            made=made,
            due=due,
            ramping_made=ramping_made,
            ramping_due=ramping_due,
            lost=lost,
            gone=gone,
            miners=len(self._known),
        )

    def _counted(self) -> Iterator[tuple[str, Known]]:
        """Those that shall hash. Forgets who has been gone for a day."""
        now, away = self._now(), self._away()
        for ident, one in tuple(self._known.items()):
            if one.gone_since is not None and now - one.gone_since >= DAY:
                del self._known[ident]
                continue
            held = self._held(ident)
            one.held = one.held if held is None else held
            if not (one.idle or one.held or ident in away or self._is_ordered(ident, one)):
                yield ident, one

    def _is_ordered(self, ident: str, one: Known) -> bool:
        """Whether an order of ours is why it does not answer, or makes something else."""
        if one.gone_since is not None:
            return self._ordered.is_off(ident)
        return self._ordered.is_changing(ident)

    def _usual(self) -> dict[str, float]:
        """What a miner makes by model, and by the empty one any miner: for those never read."""
        by_model: dict[str, list[float]] = {}
        for one in self._known.values():
            if one.due:
                by_model.setdefault(one.model, []).append(one.due)
                by_model.setdefault("", []).append(one.due)
        return {model: sum(all_due) / len(all_due) for model, all_due in by_model.items()}

    def _is_ready(self) -> bool:
        now, config = self._now(), self._config()
        if self._began is None:
            return False
        if not self._scanned and now - self._began < SCANNED_WITHIN:
            return False
        self._began = min(self._began, now)
        return now - self._began >= min(GRACE, GRACE_SCANS * config.scan_interval)

    def _is_inside(self, host: str) -> bool:
        config = self._config()
        if self._inside is None or self._inside[1] is not config:
            self._inside = (Addresses(config.networks, config.exclude), config)
        return host in self._inside[0]

    def _drop_outsiders(self) -> None:
        """Those that are gone may have been taken out of the networks since."""
        if self._config() is self._judged_by:
            return
        self._judged_by = self._config()
        for ident, one in tuple(self._known.items()):
            address = self._memory.device(ident).address
            if one.gone_since is None or address is None or self._is_inside(address.host):
                continue
            del self._known[ident]

    # words

    def _tell_gone(self, news: Left | Returned) -> None:
        if isinstance(news, Left):
            count = len(news.gone)
            more = f"{miners(count)} of {news.miners:,} are gone{' by now' if news.grown else ''}"
            text = f"{more}: {named(list(news.gone.values()))}"
            content = {"gone": count, "miners": news.miners, "grown": news.grown}
            self._bus.tell(EventKind.MANY_GONE, Severity.CRITICAL, text, content=content)
            return
        parts = [f"{miners(news.back)} that {'was' if news.back == 1 else 'were'} gone answer"]
        parts[0] += f"{'s' * (news.back == 1)} again"
        if news.still:
            count = len(news.still)
            parts.append(
                f"{miners(count)} {are(count)} still gone: {named(list(news.still.values()))}"
            )
        if news.others:
            count = news.others
            parts.append(
                f"{miners(count)} {are(count)} no longer waited for (gone for a day, asleep, held "
                "or taken out)"
            )
        content = {"gone": len(news.still), "back": news.back}
        self._bus.tell(EventKind.MANY_BACK, Severity.INFO, "; ".join(parts), content=content)

    def _tell_hashrate(self, change: Fall | Rise, sight: Sight) -> None:
        made, usual = si(change.made, "H/s"), si(change.usual, "H/s")
        if isinstance(change, Fall):
            text = (
                f"The farm makes {made}, {three_digits(change.percent)}{THIN_SPACE}% less than the "
                f"{usual} of the last hour"
            )
            content = {"hashrate": change.made, "usual": change.usual, "gone": len(sight.gone)}
            self._bus.tell(EventKind.HASHRATE_LOW, Severity.CRITICAL, text, content=content)
            return
        text = f"The farm makes {made} again"
        if change.used:
            text = (
                f"The farm makes {made} for {duration(DAY)} now: from here on its hashrate is "
                "measured against that"
            )
        elif change.fewer:
            text = (
                f"The farm makes {made}, as before without the miners that are gone, asleep, held "
                "or taken out"
            )
        content = {"hashrate": change.made, "fewer": change.fewer, "used": change.used}
        self._bus.tell(EventKind.HASHRATE_BACK, Severity.INFO, text, content=content)


def nearly_all(event: Event) -> bool:
    """Whether so many miners are gone that the cause is hardly theirs."""
    count, all_miners = event.content.get("gone", 0), event.content.get("miners", 0)
    return bool(all_miners) and count >= NEARLY_ALL * all_miners
