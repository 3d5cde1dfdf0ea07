"""A sink that turns events into messages: each cause once, over a restart too."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from mother.core.bus import Sample
from mother.core.model import Event, Totals
from mother.fleet.files import Writer
from mother.fleet.memory import Memory
from mother.fleet.undertaken import Trust
from mother.notify import causes
from mother.notify.causes import Cause, Outcome
from mother.notify.message import Message, Words, harmless
from mother.notify.outbox import Outbox, Waiting
from mother.notify.telling import BREAKER, CLOCK, ROLLOUT, SIGNAL, TELLINGS, Turn, rollout_key
from mother.notify.watch import Judged

VERSION = 1
OUTBOX = "mother-outbox.json"
DEFAULT_SITE = "site"

SAVED_EVERY = 300.0
"""Seconds; a crash costs so much of the history that the hashrate is compared with."""


class Kept(Struct, frozen=True):
    """The file. It holds no address of a channel, only keys (see `courier.channel_keys`)."""

    version: int = VERSION
    causes: dict[str, Cause] = {}
    judged: Judged = Judged()
    waiting: tuple[Waiting, ...] = ()
    dropped: int = 0


TURNS: dict[Turn, Callable[[Cause, Words, float], Outcome]] = {
    Turn.RAISES: causes.raised,
    Turn.GROWS: causes.grew,
    Turn.CLEARS: causes.cleared,
    Turn.HAPPENS: causes.happened,
}


_GAUGES = {
    "health.breaker_open": (BREAKER, "Miners are rebooted as usual again"),
    "schedule.clock_astray": (CLOCK, "Plans are followed again"),
}
"""Gauges that are 0 while a cause does not hold, and what is said then."""


class Alarm:
    """Keeps the causes and fills the outbox. `channels` are the keys of those to be told,
    `signals` the names of those that the schedule has; None: not known.

    Without channels nothing is written, but the causes are followed all the same.
    """

    name = "alarm"
    log = Logger()

    def __init__(
        self,
        path: Path,
        files: Writer,
        memory: Memory,
        now: Callable[[], float],
        site: str,
    ) -> None:
        self.outbox = Outbox()
        self.channels: Callable[[], tuple[str, ...]] = tuple
        self.judged: Callable[[], Judged] = Judged
        self.signals: Callable[[], Collection[str] | None] = lambda: None
        self.hurry: Callable[[], None] = lambda: None
        self._path = path
        self._files = files
        self._memory = memory
        self._now = now
        self._place = "" if site == DEFAULT_SITE else f"{site}: "
        self._causes: dict[str, Cause] = {}
        self._well: dict[str, int] = {}
        self._on_disk = False
        self._saved = 0.0

    def load(self) -> Judged:
        """Read what the last run left; blocks. What is broken is left where it is and replaced
        by the next write.
        """
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return Judged()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            kind = type(error).__name__
            self.log.error(
                "{path} cannot be read ({kind}): what was still to be told is lost.",
                path=str(self._path),
                kind=kind,
            )
            return Judged()
        self._on_disk = True
        self._causes = dict(kept.causes)
        self.outbox = Outbox(kept.waiting, kept.dropped)
        return kept.judged

    def save(self) -> None:
        """Begin to write what is known now, where there is anybody to tell."""
        if not self._on_disk and not self.channels():
            return
        self._on_disk = True
        self._saved = self._now()
        outbox = self.outbox
        kept = Kept(VERSION, self._causes, self.judged(), outbox.waiting, outbox.dropped)
        self._files.write(self._path, msgspec.json.encode(kept))

    # the sink

    def sample(self, sample: Sample) -> None:
        """Readings are no news."""

    def totals(self, totals: Totals) -> None:
        """A sweep has ended: say again what has to be said again."""
        self.review()
        if not 0.0 <= self._now() - self._saved < SAVED_EVERY:
            self.save()

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """What ended while nobody was there to say so has ended all the same."""
        for gauge, (key, title) in _GAUGES.items():
            well = numbers.get(gauge) == 0.0
            self._well[gauge] = self._well.get(gauge, 0) + 1 if well else 0
            if self._well[gauge] >= 2:
                self._clear(key, Words(title, ""))

    def event(self, event: Event) -> None:
        """Something happened: tell it where it is worth waking somebody."""
        telling = TELLINGS.get(event.kind)
        if telling is None:
            return
        turn, words = telling.turn(event), harmless(telling.words(event))
        keys = [telling.key(event)]
        if turn is Turn.CLEARS and keys[0].startswith(ROLLOUT):
            keys = [key for key in self._causes if _is_part(keys[0], key)]
        for key in keys:
            outcome = TURNS[turn](self._causes.get(key, Cause()), words, self._now())
            self._put(key, outcome, keep=turn is not Turn.HAPPENS)

    # time

    def review(self) -> None:
        """Reminders, sums, ends of flaps; rollouts that nobody wishes any more, and signals."""
        now, signals = self._now(), self.signals()
        stopped = {
            rollout_key(one.what)
            for one in self._memory.undertaken.rollouts.values()
            if one.trust is Trust.STOPPED
        }
        for key, cause in tuple(self._causes.items()):
            rollout = key.startswith(ROLLOUT)
            if rollout and cause.open and not any(_is_part(one, key) for one in stopped):
                words = Words("A rollout that was stopped is not stopped any more", "")
                self._clear(key, words)
                continue
            remind = causes.REMIND_SLOWLY if rollout else causes.REMIND
            name = key.removeprefix(SIGNAL)
            if name != key and cause.open and signals is not None and name not in signals:
                title = f"A silent signal is not in the configuration any more: {name}"
                self._clear(key, harmless(Words(title, "")))
                continue
            self._put(key, causes.reviewed(cause, now, remind))
            if causes.is_over(self._causes[key], now):
                del self._causes[key]

    def _clear(self, key: str, words: Words) -> None:
        cause = self._causes.get(key)
        if cause is not None and cause.open:
            self._put(key, causes.cleared(cause, words, self._now()))

    def _put(self, key: str, outcome: Outcome, keep: bool = True) -> None:
        """`keep`: write it down at once; what is told always is."""
        cause, say = outcome
        changed = self._causes.get(key) != cause
        self._causes[key] = cause
        if say is not None:
            message = Message(
                id=uuid.uuid4().hex[:12],
                at=self._now(),
                key=key,
                tone=say.tone,
                title=self._place + say.words.title,
                body=say.words.body,
            )
            self.outbox.put(message, self.channels())
            self.hurry()
        if changed and (keep or say is not None):
            self.save()


def _is_part(one: str, key: str) -> bool:
    """Whether the rollout of cause `one` is told of by cause `key`, alone or among others."""
    what = one.removeprefix(ROLLOUT)
    return key.startswith(ROLLOUT) and what in key.removeprefix(ROLLOUT).split(" and ")
