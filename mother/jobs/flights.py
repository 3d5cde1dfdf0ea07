"""Miners that were written to, until they are known to hash again; and what that proves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import Config
from mother.core.backoff import Backoff
from mother.core.bus import Bus
from mother.core.model import CommandKind, EventKind, Reading, Severity
from mother.core.units import duration
from mother.fleet.desired import Aspect
from mother.fleet.restarts import has_restarted, hashes
from mother.fleet.roster import Entry, Roster
from mother.fleet.setups import Setups
from mother.fleet.undertaken import Flight, Restart, Rollout, Trust
from mother.jobs import waves

PATIENCE = 600.0
"""So long after its settings were written a miner must hash again, in seconds."""

PATIENCE_FIRMWARE = 1800.0
FORGET_AFTER = 7 * 86400.0
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
    flight: Flight, sight: Sight, canary_time: float, now: float, waited: float | None = None
) -> Verdict:
    """Whether a miner came back from what we wrote to it. Pure; times in Unix seconds.

    A canary must go on hashing for `canary_time` seconds, all others but be seen to hash once.
    `waited` is for how long it was watched, where that is shorter than its flight.
    """
    flight = replace(flight, at=min(flight.at, now))
    why = _missing(flight, sight)
    proof = canary_time if flight.canary else 0.0
    if not why and sight.reading is not None:
        flight = replace(flight, since=min(flight.since or sight.reading.at, now))
        if sight.reading.at - (flight.since or now) >= proof:
            return Verdict(True, flight)
        why = "it must hash on for a while"
    else:
        flight = replace(flight, since=None)
    patience = PATIENCE_FIRMWARE if flight.version else PATIENCE
    if min(now - flight.at, now if waited is None else waited) < patience + proof:
        return Verdict(None, flight, why)
    return Verdict(False, flight, f"{duration(now - flight.at)} after the write {why}")


def _missing(flight: Flight, sight: Sight) -> str:
    """What it still lacks; empty where it is as it should be."""
    kind = CommandKind.UPGRADE if flight.version else CommandKind.SET_POOLS
    reading = sight.reading
    if reading is None:
        return "it does not answer"
    if reading.restarting:
        return "its mining program is not ready"
    if not has_restarted(Restart(flight.at, kind), reading):
        return "it has not restarted"
    if flight.version and sight.firmware != flight.version:
        return f"it runs {sight.firmware or 'an unknown version'}, not {flight.version}"
    if reading.pool_alive is False:
        return "none of its pools works"
    return "" if hashes(reading) else "it does not hash"


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
        self._began = now()

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
        return waves.room(self.rollout(aspect.key), self.limits(aspect.key))

    def is_stopped(self, key: str) -> bool:
        """Whether it goes to nobody."""
        return self.rollout(key).trust is Trust.STOPPED

    def prove(self, aspect: Aspect) -> None:
        """A miner that has it already was seen to hash."""
        rollout = self.rollout(aspect.key, aspect.what)
        self._keep(aspect.key, waves.proved(rollout, self._now()))

    def resume(self, keys: Iterable[str]) -> int:
        """A person wants these changes all the same; how many were stopped."""
        count = 0
        for key in keys:
            rollout = self.rollout(key)
            if rollout.trust is Trust.STOPPED:
                count += 1
                self._keep(key, waves.resumed(rollout, self._now()))
                text = f"{_capital(rollout.what)}: goes on, with one miner first"
                self._bus.tell(EventKind.ROLLOUT_RESUMED, Severity.INFO, text)
        return count

    def forget_old(self, wanted: set[str]) -> None:
        """Changes that nobody wishes any more, a week after."""
        known, oldest = self._setups.undertaken.rollouts, self._now() - FORGET_AFTER
        kept = {
            key: one
            for key, one in known.items()
            if key in wanted or one.flying or (one.since or oldest + 1) > oldest
        }
        if len(kept) != len(known):
            self._setups.keep_undertaken(rollouts=kept)

    # flights

    def launch(self, entry: Entry, changes: tuple[Aspect, ...], version: str) -> Flight:
        """It is about to be written to: take its places."""
        now, canary = self._now(), False
        for one in changes:
            rollout = self.rollout(one.key, one.what)
            canary = canary or rollout.trust is Trust.UNPROVED
            self._keep(one.key, waves.launched(rollout, entry.id, self.limits(one.key), now))
        keys = tuple(one.key for one in changes)
        flight = Flight(now, keys, hashes(entry.reading), canary, version, whole=False)
        self._setups.keep(entry.id, flight=flight)
        return flight

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
        """Who is in flight."""
        rollouts = self._setups.undertaken.rollouts.values()
        flying = {ident for one in rollouts for ident in one.flying}
        found = {ident: self._setups.of(ident).flight for ident in flying}
        return {ident: flight for ident, flight in found.items() if flight is not None}

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
        verdict = judge(flight, sight, canary_time, now, now - min(self._began, now))
        if verdict.hashes is None:
            self._setups.keep(ident, flight=verdict.flight)
            return False
        if not verdict.hashes and not flight.whole:
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

    def crash(self, ident: str, keys: tuple[str, ...], why: str) -> None:
        """It got these changes and did not come back as it should, or did not keep them.

        What others hash with already is not blamed beside a change that is new, nor by a miner
        that did not hash before.
        """
        flight, stopped = self._setups.of(ident).flight, []
        before = {key: self.rollout(key) for key in keys}
        new = [key for key, one in before.items() if one.trust is Trust.UNPROVED]
        hashed = flight is None or flight.hashed
        for key in new or (keys if hashed else ()):
            cause = f"{self._name(ident)}: {why}"
            after = waves.crashed(before[key], ident, self.limits(key), cause, self._now())
            self._keep(key, after)
            if after.trust is Trust.STOPPED and before[key].trust is not Trust.STOPPED:
                stopped.append(after)
        self.recall(ident, keys)
        self._tell_stop(stopped)
        for key in keys:
            self._tell_progress(key, before[key], self.rollout(key))
        self.put_off(ident, why)
        whats = " and ".join(self.rollout(key).what for key in keys)
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
            whats = " and ".join(one.what for one in stopped)
            text = (
                f"{_capital(whats)}: stopped, nobody else gets it; {stopped[0].why}. "
                "Mend the cause, then `mother apply` goes on"
            )
            self._bus.tell(EventKind.ROLLOUT_STOPPED, Severity.CRITICAL, text)

    def _tell_progress(self, key: str, before: Rollout, after: Rollout) -> None:
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
        return ident if entry is None else f"{entry.worker} at {entry.address}"

    def _keep(self, key: str, rollout: Rollout) -> None:
        known = self._setups.undertaken.rollouts
        if known.get(key) != rollout:
            self._setups.keep_undertaken(rollouts={**known, key: rollout})


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
