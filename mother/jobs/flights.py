"""Miners that were written to, until they are known to hash again; and what that proves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import Config
from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.model import CommandKind, EventKind, Severity
from mother.core.reading import Reading
from mother.core.units import duration
from mother.drivers.base import Nature
from mother.fleet.desired import WIDER, Aspect
from mother.fleet.restarts import has_restarted, hashes
from mother.fleet.roster import Entry, Roster
from mother.fleet.setups import Setups
from mother.fleet.undertaken import Flight, Restart, Rollout, Trust
from mother.jobs import waves

PATIENCE = 600.0
"""So long after its settings were written a miner must hash again, in seconds."""

PATIENCE_FIRMWARE = 1800.0
MOST_BETWEEN = 60.0
"""Seconds between two looks that count as passed; what is more is a jump of the clock."""

LAPSES_AFTER = 3600.0
FORGET_AFTER = 7 * 86400.0
KEEP_STOPS = 366 * 86400.0
RETRY = Backoff(first=600.0, most=6 * 3600.0)
"""A miner whose wish could not be reached is not tried again sooner."""


class Sight(Struct, frozen=True):
    """What is seen of a miner in flight; `reading` None: it does not answer."""

    reading: Reading | None
    firmware: str


class Verdict(Struct, frozen=True):
    """`hashes` None: it must still be waited for. `why` says what is missing."""

    hashes: bool | None
    flight: Flight
    why: str = ""


def judge(
    flight: Flight,
    sight: Sight,
    canary_time: float,
    now: float,
    waited: float,
    slowness: float = 0.0,
) -> Verdict:
    """Whether a miner came back from what we wrote to it. Pure; times in Unix seconds.

    A canary must go on hashing for `canary_time` seconds, all others but be seen to hash once.
    `waited` is for how long it was watched, in seconds that really passed; `slowness` is by how
    much longer its family takes to start than others.
    """
    flight = replace(flight, at=min(flight.at, now))
    why = _missing(flight, sight, now)
    proof = canary_time if flight.canary else 0.0
    if not why and sight.reading is not None:
        flight = replace(flight, since=min(flight.since or sight.reading.at, now))
        if sight.reading.at - (flight.since or now) >= proof:
            return Verdict(True, flight)
        why = "it must hash on for a while"
    else:
        flight = replace(flight, since=None)
    patience = (PATIENCE_FIRMWARE if flight.version else PATIENCE) + slowness
    if waited < patience + proof:
        return Verdict(None, flight, why)
    return Verdict(False, flight, f"{duration(waited)} after the write {why}")


def _missing(flight: Flight, sight: Sight, now: float) -> str:
    """What it still lacks; empty where it is as it should be."""
    if sight.reading is None:
        return "it does not answer"
    kind = CommandKind.UPGRADE if flight.version else CommandKind.SET_POOLS
    reading = sight.reading
    wrong = flight.version and sight.firmware != flight.version
    lacks = {
        "it was not read since": reading.at > now,  # the clock was set back
        "its mining program is not ready": reading.restarting,
        "it has not restarted": not has_restarted(Restart(flight.at, kind), reading),
        f"it runs {sight.firmware or 'an unknown version'}, not {flight.version}": wrong,
        "none of its pools works": reading.pool_alive is False,
        "it does not hash": not hashes(reading),
    }
    return next((what for what, so in lacks.items() if so), "")


def _was_spared(flight: Flight, sight: Sight) -> bool:
    """Whether it mines on as if nothing had been written to it."""
    if sight.reading is None or not hashes(sight.reading):
        return False
    return not has_restarted(Restart(flight.at, CommandKind.UPGRADE), sight.reading)


def _sleeps(flight: Flight, sight: Sight) -> bool:
    """Whether it got all that it shall and sleeps, so that it will not hash for long."""
    reading = sight.reading
    if reading is None or not reading.asleep or not flight.whole or reading.at <= flight.at:
        return False
    return flight.version in ("", sight.firmware)


def _slowness(entry: Entry | None) -> float:
    """By how many seconds its family's grace is longer than usual."""
    return 0.0 if entry is None else max(0.0, entry.family.nature.grace - Nature().grace)


class Flights:
    """Keeps flights and rollouts, and tells what becomes of them."""

    def __init__(
        self,
        roster: Roster,
        setups: Setups,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._setups = setups
        self._bus = bus
        self._config = config
        self._now = now
        self._watched: dict[str, tuple[float, float]] = {}
        self._flying: set[str] | None = None

    # rollouts

    def rollout(self, key: str, what: str = "") -> Rollout:
        """How far a change has spread; a new one is unproved."""
        return self._setups.undertaken.rollouts.get(key) or Rollout(what or key)

    def limits(self, key: str) -> waves.Limits:
        """What holds for a change."""
        firmware = key.startswith("firmware:")
        return waves.limits_for(self._config().waves, len(self._roster), firmware)

    def room(self, aspect: Aspect) -> int:
        """How many more miners may get it now."""
        return min(waves.room(self.rollout(key), self.limits(key)) for key in aspect.keys)

    def doubt(self, aspect: Aspect) -> Rollout | None:
        """That part of it which goes to nobody, or is just being tried; None where none is."""
        parts = [self.rollout(key) for key in aspect.keys]
        stopped = [one for one in parts if one.trust is Trust.STOPPED]
        tried = [one for one in parts if one.trust is Trust.UNPROVED and one.flying]
        return next(iter((*stopped, *tried)), None)

    def is_stopped(self, aspect: Aspect) -> bool:
        """Whether it goes to nobody."""
        doubt = self.doubt(aspect)
        return doubt is not None and doubt.trust is Trust.STOPPED

    def is_proved(self, aspect: Aspect) -> bool:
        """Whether miners are known to hash with it."""
        return all(self.rollout(key).trust is Trust.PROVED for key in aspect.keys)

    def prove(self, aspect: Aspect) -> None:
        """A miner that has it already was seen to hash."""
        for key in aspect.keys:
            self._keep(key, waves.proved(self.rollout(key, aspect.what), self._now()))

    def stop(self, key: str, why: str) -> None:
        """A person wants it to go to nobody else."""
        if key in self._setups.undertaken.rollouts:
            self._keep(key, waves.stopped(self.rollout(key), why, self._now()))

    def review(self, wanted: set[str], proving: set[str]) -> None:
        """What nobody hashes with is unproved again, and what nobody wishes is forgotten.

        A stop is kept long: the miners that wish it may only be away.
        """
        now, kept = self._now(), {}
        for key, one in self._setups.undertaken.rollouts.items():
            age = now - (one.since or now)
            idle = key not in proving and not key.startswith("firmware:") and age > LAPSES_AFTER
            rollout = waves.lapsed(one, now) if idle or key not in wanted else one
            limit = KEEP_STOPS if one.trust is Trust.STOPPED else FORGET_AFTER
            if key in wanted or rollout.flying or age < limit:
                kept[key] = rollout
        self._setups.keep_undertaken(rollouts=kept)

    def resume(self, keys: Iterable[str]) -> int:
        """A person wants these changes all the same; how many were stopped."""
        count = 0
        for key in keys:
            rollout = self.rollout(key)
            if rollout.trust is Trust.STOPPED:
                self._keep(key, waves.resumed(rollout, self._now()))
                if key.startswith(WIDER):
                    continue  # told with the pools at these URLs
                count += 1
                text = f"{_capital(rollout.what)}: goes on, with one miner first"
                self._bus.tell(EventKind.ROLLOUT_RESUMED, Severity.INFO, text)
        return count

    # flights

    def launch(self, entry: Entry, changes: tuple[Aspect, ...], version: str) -> Flight:
        """It is about to be written to: take its places."""
        now, canary = self._now(), False
        for one in changes:
            for key in one.keys:
                rollout = self.rollout(key, one.what)
                canary = canary or rollout.trust is Trust.UNPROVED
                self._keep(key, waves.launched(rollout, entry.id, self.limits(key), now))
        keys = tuple(key for one in changes for key in one.keys)
        flight = Flight(now, keys, hashes(entry.reading), canary, version, whole=False)
        self._setups.keep(entry.id, flight=flight)
        self._known().add(entry.id)
        self._watched[entry.id] = (now, 0.0)
        return flight

    def _known(self) -> set[str]:
        """Who is, or was a moment ago, in flight."""
        if self._flying is None:
            self._flying = self._setups.in_flight()
        return self._flying

    def recall(self, ident: str, keys: Iterable[str]) -> None:
        """These changes were not made after all."""
        flight = self._setups.of(ident).flight
        gone = tuple(keys)
        for key in gone:
            self._keep(key, waves.recalled(self.rollout(key), ident))
        if flight is not None:
            left = tuple(key for key in flight.keys if key not in gone)
            self._setups.keep(ident, flight=replace(flight, keys=left) if left else None)

    def all(self) -> dict[str, Flight]:
        """Who is in flight. A place whose miner is not known any more is given up."""
        found: dict[str, Flight] = {}
        for ident in tuple(self._known()):
            flight = self._setups.of(ident).flight
            if flight is None:
                self._known().discard(ident)
                self._watched.pop(ident, None)
            else:
                found[ident] = flight
        for key, one in self._setups.undertaken.rollouts.items():
            for ident in one.flying:
                if ident not in found or key not in found[ident].keys:
                    self._keep(key, waves.recalled(self.rollout(key), ident))
        return found

    def _waited(self, ident: str) -> float:
        """For how long it was watched: a clock that jumps is no time that has passed."""
        now = self._now()
        last, total = self._watched.get(ident, (now, 0.0))
        total += min(max(0.0, now - last), MOST_BETWEEN)
        self._watched[ident] = (now, total)
        return total

    def look(self, ident: str) -> bool:
        """Judge one by what is known of it now; whether its flight has ended."""
        flight = self._setups.of(ident).flight
        if flight is None:
            return True
        entry = self._roster.get(ident)
        sight = Sight(None, "")
        if entry is not None and not entry.failures:
            sight = Sight(entry.reading, entry.description.firmware)
        now, canary_time = self._now(), self._config().waves.canary_time
        if _sleeps(flight, sight):
            self._rest(ident, flight)
            return True
        waited, slowness = self._waited(ident), _slowness(entry)
        verdict = judge(flight, sight, canary_time, now, waited, slowness)
        if verdict.hashes is None:
            self._setups.keep(ident, flight=verdict.flight)
            return False
        if not verdict.hashes and not flight.whole and _was_spared(flight, sight):
            self.recall(ident, flight.keys)  # we were ended before it was written
        elif verdict.hashes:
            self._land(ident, verdict.flight)
        else:
            self.crash(ident, verdict.flight.keys, verdict.why)
        return True

    def _land(self, ident: str, flight: Flight) -> None:
        for key in flight.keys:
            before = self.rollout(key)
            after = waves.landed(before, ident, self._now())
            self._keep(key, after)
            self._tell_progress(key, before, after)
        self._setups.keep(ident, flight=None, restart=None, failures=0, retry_at=None, why="")
        if flight.version:
            text = f"came back hashing with firmware {flight.version}"
            self._tell(ident, EventKind.UPGRADED, Severity.INFO, text)

    def _rest(self, ident: str, flight: Flight) -> None:
        """It has what it got and sleeps: that proves nothing, and is nobody's fault."""
        self.recall(ident, flight.keys)
        self._setups.keep(ident, failures=0, retry_at=None, why="")
        if flight.version:
            text = f"came back asleep with firmware {flight.version}"
            self._tell(ident, EventKind.UPGRADED, Severity.INFO, text)

    def crash(self, ident: str, keys: tuple[str, ...], why: str) -> None:
        """It got these changes and did not come back as it should, or did not keep them.

        What others hash with already is not blamed beside a change that is new, nor by a miner
        that did not hash before, or that has failed before.
        """
        flight, stopped = self._setups.of(ident).flight, []
        before = {key: self.rollout(key) for key in keys}
        new = [key for key, one in before.items() if one.trust is Trust.UNPROVED]
        sound = (flight is None or flight.hashed) and not self._setups.of(ident).failures
        for key in new or (keys if sound else ()):
            cause = f"{self._name(ident)}: {why.rstrip('.')}"
            after = waves.crashed(before[key], ident, self.limits(key), cause, self._now())
            self._keep(key, after)
            if after.trust is Trust.STOPPED and before[key].trust is not Trust.STOPPED:
                stopped.append(after)
        self.recall(ident, keys)
        self._tell_stop(stopped)
        for key in keys:
            self._tell_progress(key, before[key], self.rollout(key))
        self.put_off(ident, why)
        whats = " and ".join(dict.fromkeys(self.rollout(key).what for key in keys))
        self._tell(ident, EventKind.WISH_FAILED, Severity.ERROR, f"got {whats}, but {why}")

    def put_off(self, ident: str, why: str) -> int:
        """It is left in peace for a while, longer each time; how often in a row that was."""
        failures = self._setups.of(ident).failures + 1
        retry_at = self._now() + RETRY.wait(failures)
        self._setups.keep(ident, failures=failures, retry_at=retry_at, why=why)
        return failures

    # words

    def _tell_stop(self, stopped: list[Rollout]) -> None:
        if stopped:
            whats = " and ".join(dict.fromkeys(one.what for one in stopped))
            text = (
                f"{_capital(whats)}: stopped, nobody else gets it; {stopped[0].why}. "
                "Mend the cause, then `mother apply` goes on"
            )
            self._bus.tell(EventKind.ROLLOUT_STOPPED, Severity.CRITICAL, text)

    def _tell_progress(self, key: str, before: Rollout, after: Rollout) -> None:
        if key.startswith(WIDER):
            return  # told with the pools at these URLs
        if before.trust is Trust.UNPROVED and after.trust is Trust.PROVED:
            text = f"{_capital(after.what)}: the first miner hashes with it, others may follow"
            self._bus.tell(EventKind.ROLLOUT_PROVED, Severity.INFO, text)
        elif after.trust is Trust.PROVED and before.flying and not after.flying:
            if after.launched < self.limits(key).wave and after.landed < 2:
                return  # a single miner is no wave
            good = after.landed - after.failed
            text = f"{_capital(after.what)}: {good} of {after.landed} of wave {after.waves} hash"
            self._bus.tell(EventKind.WAVE, Severity.INFO, text)

    def _tell(self, ident: str, kind: EventKind, severity: Severity, text: str) -> None:
        entry = self._roster.get(ident)
        content = {"ip": "" if entry is None else str(entry.address)}
        self._bus.tell(
            kind,
            severity,
            f"{self._name(ident)} {text}",
            device=ident,
            worker="" if entry is None else entry.worker,
            content=content,
        )

    def _name(self, ident: str) -> str:
        entry = self._roster.get(ident)
        if entry is None:
            return self._setups.worker(ident)
        return f"{entry.worker} at {entry.address}"

    def _keep(self, key: str, rollout: Rollout) -> None:
        known = self._setups.undertaken.rollouts
        if known.get(key) != rollout:
            self._setups.keep_undertaken(rollouts={**known, key: rollout})


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
