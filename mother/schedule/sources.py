"""Where signals come from: asked of their addresses, or pushed; and what counts while they are
silent.

The clock on the wall dates what was said, the steady one times the questions. Addresses, headers
and bodies of questions are secret: logs and events name the signal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from difflib import get_close_matches
from typing import Protocol

from msgspec import Struct
from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mother.config.schedule import Rule, Schedule, Signal
from mother.core.backoff import Backoff
from mother.core.errors import Garbled
from mother.core.model import EventKind, Severity
from mother.net.asking import AskFailed
from mother.schedule.reading_signals import (
    SKEW,
    Said,
    Series,
    decoded,
    number_in,
    scaled,
    series_in,
)
from mother.schedule.thresholds import in_silence

DEADLINE = 60.0
"""Seconds after which a question is given up, whatever it waits for."""

PATIENT = 300.0
"""Seconds to which the waits after failures grow, where `every` is not longer."""

Tell = Callable[[EventKind, Severity, str, Mapping[str, object]], object]


class Fetch(Protocol):
    """How an address is asked, as `mother.net.asking.Asker.ask` does."""

    def __call__(self, url: str, headers: Mapping[str, str], body: str, /) -> Awaitable[bytes]:
        """The body of a good answer. Raises AskFailed, whose text names no address."""


class NoSuchSignal(LookupError):
    """No signal has this name; the text is a sentence."""


class Remembered(Struct, frozen=True, omit_defaults=True):
    """What outlives the process of one signal: its last word, and whether its silence was told.

    `value` None: it said nothing yet; `heard` is then since when it is waited for. Otherwise
    `value` was said at `at`, and was known to hold at `heard` (Unix seconds).
    """

    heard: float
    value: float | None = None
    at: float = 0.0
    told: bool = False


class _Source:
    """One signal: what it said, and the question that is under way."""

    def __init__(self, signal: Signal, since: float) -> None:
        self.signal = signal
        self.said: Said | None = None
        self.heard = since
        self.series: Series | None = None
        self.asking: Deferred[None] | None = None
        self.due = 0.0
        self.patience = 0.0
        self.failures = 0
        self.trouble = ""
        self.told = False

    def follow(self, now: float) -> None:
        """What holds now of a list with times, which is known before it is true."""
        self.heard = min(self.heard, now)  # the clock may have been set back
        if self.said is not None and self.said.at > now:
            self.said = Said(self.said.value, now, self.signal.unit)
        if self.series is not None:
            try:
                self.take(self.series.row(self.signal, now), now)
            except Garbled as ended:
                self.trouble = self.trouble or str(ended)

    def take(self, row: tuple[float, float], now: float) -> None:
        """This holds now: a time and a number."""
        self.said = Said(row[1], min(row[0], now), self.signal.unit)
        self.heard = now

    def age(self, now: float) -> float:
        """Seconds since its last word held, or since it is waited for."""
        return now - self.heard

    def is_late(self, age: float, steady: float) -> bool:
        """Whether a word should have come by now: one that is asked for seldom comes seldom."""
        if steady < self.patience:
            return False
        return not self.signal.url or self.failures > 0 or age > self.signal.every + DEADLINE

    def hang_up(self) -> None:
        """Give up the question that is under way."""
        asking, self.asking = self.asking, None
        if asking is not None:
            asking.cancel()


class Sources:
    """All signals of the configuration, which may change at any time.

    `tell` takes an event (kind, severity, text, content). `hurry` is called when a word came
    that may change what miners shall do.
    """

    log = Logger()
    name = "signals"

    def __init__(
        self,
        config: Callable[[], Schedule],
        fetch: Fetch,
        clock: IReactorTime,
        now: Callable[[], float],
        tell: Tell,
        hurry: Callable[[], None],
    ) -> None:
        self._config = config
        self._fetch = fetch
        self._clock = clock
        self._now = now
        self._tell = tell
        self._hurry = hurry
        self._sources: dict[str, _Source] = {}
        self._seen: Schedule | None = None
        self._running = True

    def start(self) -> None:
        """From now on questions may be asked."""
        self._running = True

    def stop(self) -> None:
        """Give up what is under way, and ask no more."""
        self._running = False
        for source in self._sources.values():
            source.hang_up()

    def poll_due(self) -> None:
        """Begin the questions that are due, and tell of signals that fell silent; never waits."""
        self._keep_up()
        now, steady = self._now(), self._clock.seconds()
        for source in self._sources.values():
            source.follow(now)
            self._watch(source, now)
            if self._running and source.signal.url and not source.asking and source.due <= steady:
                self._ask(source)

    def said(self, name: str) -> Said | None:
        """What the signal says now; None where it is silent, unknown, or said nothing yet."""
        source, now = self._source(name), self._now()
        return None if source is None or _is_stale(source, now) else source.said

    def last(self, name: str) -> Said | None:
        """Its last word, however long ago."""
        source = self._source(name)
        return None if source is None else source.said

    def trouble(self, name: str) -> str:
        """Why nothing new comes, in one sentence; empty while all is well."""
        source = self._source(name)
        return "" if source is None else source.trouble

    def silent(self, name: str, now: float) -> bool:
        """Whether it said nothing for longer than `hold`; True where nobody knows it."""
        source = self._source(name)
        return source is None or self._is_silent(source, now)

    def fallback(self, name: str, now: float) -> str | None:
        """`run` or `curtail` where it is silent, as the operator chose; None while it speaks.

        A signal that the configuration does not have: `run`.
        """
        source = self._source(name)
        if source is None:
            return "run"
        return source.signal.silence.then if self._is_silent(source, now) else None

    def push(self, name: str, value: object, at: float) -> None:
        """The signal says so, at this time (Unix seconds).

        Raises NoSuchSignal for an unknown one, ValueError for what cannot be taken: one sentence.
        """
        source, now = self._source(name), self._now()
        if source is None:
            known = [each.name for each in self._config().signals if not each.url]
            near = get_close_matches(name, known, n=1)
            others = f"did you mean {near[0]}?" if near else _pushed(known)
            raise NoSuchSignal(f"there is no signal {name}; {others}")
        signal = source.signal
        if signal.url:
            raise ValueError(f"the signal {name} is asked of its address, and is not pushed")
        if not at <= now + SKEW:
            raise ValueError(f"the signal {name}: the time of its value has not come yet")
        if at < now - signal.silence.hold:
            raise ValueError(f"the signal {name}: its value is older than it would count")
        if source.said is not None and at < source.said.at:
            raise ValueError(f"the signal {name}: a newer value is known already")
        try:
            number = scaled(value, signal, "the value")
        except Garbled as garbled:
            raise ValueError(str(garbled)) from None
        self._heard(source, (at, number), at)

    def states(self) -> dict[str, Remembered]:
        """What must outlive the process, by signal."""
        return {name: _remembered(source) for name, source in self._sources.items()}

    def restore(self, states: Mapping[str, Remembered]) -> None:
        """What `states` returned in the life before; of signals that are no more it is dropped.

        None counts as silent before it could be asked once: we were silent ourselves.
        """
        self._keep_up()
        for name, state in states.items():
            source = self._sources.get(name)
            if source is None:
                continue
            source.told = state.told
            source.patience = self._clock.seconds() + DEADLINE
            source.heard = state.heard
            if state.value is not None:
                source.said = Said(state.value, state.at, source.signal.unit)

    def _keep_up(self) -> None:
        """With the configuration: a signal that says something else now begins anew."""
        config = self._config()
        if config is self._seen:
            return
        self._seen = config
        wanted = {signal.name: signal for signal in config.signals}
        for name in [name for name in self._sources if name not in wanted]:
            self._sources.pop(name).hang_up()
        for name, signal in wanted.items():
            old = self._sources.get(name)
            if old is not None and old.signal == signal:
                continue
            source = self._sources[name] = _Source(signal, self._now())
            if old is None:
                continue
            old.hang_up()
            source.told = old.told
            if _says_the_same(old.signal, signal):
                source.said, source.heard = old.said, old.heard

    def _source(self, name: str) -> _Source | None:
        self._keep_up()
        source = self._sources.get(name)
        if source is not None:
            source.follow(self._now())
        return source

    def _is_silent(self, source: _Source, now: float) -> bool:
        return _is_stale(source, now) and self._clock.seconds() >= source.patience

    def _watch(self, source: _Source, now: float) -> None:
        """Tell once of a silence, after half of the time for which the last word counts."""
        age, silence = source.age(now), source.signal.silence
        if source.told:
            if source.said is not None and age <= silence.hold / 2:
                source.told = False
                name = source.signal.name
                said = f"The signal {name} speaks again."
                self._tell(EventKind.SIGNAL_BACK, Severity.INFO, said, {"signal": name})
        elif age > silence.hold / 2 and source.is_late(age, self._clock.seconds()):
            source.told = True
            self._tell(EventKind.SIGNAL_SILENT, Severity.WARNING, *self._silence(source, age))

    def _silence(self, source: _Source, age: float) -> tuple[str, dict[str, object]]:
        """The text and the content of the event."""
        signal, silence = source.signal, source.signal.silence
        then = in_silence(self._config(), signal)
        left = silence.hold - age
        until = f"in {left:.0f} s {then}" if left > 0 else f"from now on {then}"
        why = f" ({source.trouble})" if source.trouble else ""
        said = f"The signal {signal.name} has been silent for {age:.0f} s: {until}{why}."
        last = None if source.said is None else source.said.value
        return said, {"signal": signal.name, "silent": age, "then": silence.then, "last": last}

    def _ask(self, source: _Source) -> None:
        asking = Deferred.fromCoroutine(self._question(source))
        source.asking = asking
        asking.addTimeout(DEADLINE, self._clock)
        asking.addBoth(self._asked, source, asking)

    async def _question(self, source: _Source) -> None:
        signal = source.signal
        body = await self._fetch(signal.url, signal.headers, signal.body)
        document, now = decoded(body, signal), self._now()
        if signal.at:
            series = series_in(document, signal)
            row = series.row(signal, now)  # one with nothing for now replaces none
            source.series = series
        else:
            row = (now, number_in(document, signal, now))
        self._heard(source, row, now)

    def _asked(self, result: object, source: _Source, asking: Deferred[None]) -> None:
        """The end of a question, good or bad."""
        if source.asking is not asking:
            return  # given up
        source.asking = None
        every, name = max(1.0, source.signal.every), source.signal.name
        if isinstance(result, Failure):
            source.trouble = _trouble(result.value, source.signal)
            if not source.failures:
                self.log.warn("Nothing is known anew: {why}.", why=source.trouble)
            source.failures += 1
            wait = Backoff(min(every, 15.0), max(every, PATIENT)).wait(source.failures)
        else:
            if source.failures:
                self.log.info("The signal {name} answers well again.", name=name)
            source.failures, source.trouble, wait = 0, "", every
        source.due = self._clock.seconds() + wait

    def _heard(self, source: _Source, row: tuple[float, float], held: float) -> None:
        """A time and a number came, which was known to hold then."""
        now, old = self._now(), source.said
        news = old is None or source.told or _is_stale(source, now)
        source.take(row, min(held, now))
        self._watch(source, now)
        if news or (old is not None and self._matters(source.signal.name, old.value, row[1])):
            self._hurry()

    def _matters(self, name: str, old: float, new: float) -> bool:
        """Whether miners may have to change because the signal did."""
        config = self._config()
        return any(rule.signal == name and _crossed(rule, old, new) for rule in config.rules) or (
            old != new and any(budget.signal == name for budget in config.budgets)
        )


def _crossed(rule: Rule, old: float, new: float) -> bool:
    """Whether one of the rule's edges lies between the two, or is left or reached."""
    edges = (rule.threshold, rule.release, rule.threshold if rule.hard is None else rule.hard)
    return any((old > edge, old < edge) != (new > edge, new < edge) for edge in edges)


def _pushed(known: list[str]) -> str:
    return f"pushed can be: {', '.join(known) or 'none'}"


def _is_stale(source: _Source, now: float) -> bool:
    """Whether its last word does not count any more."""
    return source.age(now) > source.signal.silence.hold


def _says_the_same(old: Signal, new: Signal) -> bool:
    """Whether a word of the one is a word of the other: no more than how it is asked changed."""
    return all(
        getattr(old, name) == getattr(new, name)
        for name in ("url", "path", "at", "value", "factor", "plus", "unit", "body")
    )


def _remembered(source: _Source) -> Remembered:
    said = source.said
    if said is None:
        return Remembered(source.heard, told=source.told)
    return Remembered(source.heard, said.value, said.at, source.told)


def _trouble(problem: BaseException | None, signal: Signal) -> str:
    """One sentence that names the signal. Only texts of ours are repeated: others may hold the
    address.
    """
    if isinstance(problem, Garbled):
        return str(problem)
    if isinstance(problem, AskFailed):
        return f"the signal {signal.name}: {problem}"
    if isinstance(problem, defer.TimeoutError | TimeoutError | CancelledError):
        return f"the signal {signal.name}: it does not answer in time"
    return f"the signal {signal.name}: it cannot be asked ({type(problem).__name__})"
