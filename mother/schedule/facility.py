"""Fans and pumps behind HTTP switches: off after their miners sleep, on before they wake.

In doubt on: at the start, when a miner does not answer, when the switch does not, when it is no
longer configured, and when nobody minds it any more. URLs and headers may hold secrets: a switch
goes by its name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

import msgspec
from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger

from mother.config.schedule import Switch
from mother.config.subject import Reach
from mother.core.backoff import Backoff
from mother.core.model import Severity
from mother.core.units import duration
from mother.net.asking import AskFailed
from mother.schedule.units import Rated
from mother.schedule.values import Ids

RETRY = Backoff(first=5.0, most=300.0)
TRIES = 3
"""After so many failures in a row to switch on, somebody is told."""

LOOK = 60.0
"""Seconds between two looks at a switch that tells its state."""

WAKING = 600.0
"""Seconds after somebody last asked to wake a miner in which it stays on: miners wake slowly."""

LEAVING = 20
"""So often a switch that is no longer configured is tried."""


class Call(Protocol):
    """Asks an address on the web (`mother.net.asking.Asker.ask`)."""

    def __call__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        *,
        method: str = "",
    ) -> Awaitable[bytes]:
        """The body of an answer with status 2xx. Raises AskFailed, without the address."""


class Plant(Struct, frozen=True):
    """How one switch stands, for people. `on` None: not known. `why`: what went wrong last."""

    name: str
    on: bool | None
    since: float
    miners: int
    why: str = ""


class _Minded:
    """One switch; times in Unix seconds.

    `since` is when it was first seen to be as it is; `asleep` since when all its miners sleep;
    `asked` when somebody last wanted to wake one; `left_on`: a person has switched it on.
    """

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.ids: Ids = frozenset()
        self.on: bool | None = None
        self.since = 0.0
        self.asleep: float | None = None
        self.asked: float | None = None
        self.left_on = False
        self.looked = 0.0
        self.failures = 0
        self.again = 0.0
        self.why = ""
        self.told = False
        self.flight: Deferred[None] | None = None

    def ready(self, now: float) -> bool:
        """Whether it is on for so long that its miners may wake."""
        self.since = min(self.since, now)
        return self.on is True and now - self.since >= self.switch.lead

    def wants_on(self, now: float) -> bool:
        """Whether it shall be on now."""
        if self.asleep is None or self.left_on:
            return True
        self.asleep = min(self.asleep, now)
        if self.asked is not None:
            self.asked = min(self.asked, now)
            if now - self.asked < max(WAKING, self.switch.lag):
                return True
        return now - self.asleep < self.switch.lag


class Facility:
    """All switches. `round` sees to them, `may_wake` is the gate before a miner is woken.

    `sought` says whether a scan has ended since the start: before, miners may be awake that
    nobody has met. `tell` hears what a person must know; `hurry` when a gate may open.
    """

    log = Logger()
    name = "facility"

    def __init__(
        self,
        switches: Callable[[], Iterable[Switch]],
        call: Call,
        now: Callable[[], float],
        tell: Callable[[Severity, str], None],
        *,
        sought: Callable[[], bool] = lambda: True,
        dry_run: Callable[[], bool] = lambda: False,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        self._switches = switches
        self._call = call
        self._now = now
        self._tell = tell
        self._sought = sought
        self._dry_run = dry_run
        self._hurry = hurry
        self._minded: dict[str, _Minded] = {}
        self._leaving: list[_Minded] = []
        self._begun = False
        self._ended = False

    def round(
        self, rated: Mapping[str, Rated], members: Callable[[Reach], Ids], now: float
    ) -> None:
        """See who sleeps and begin to switch what must be switched; returns at once."""
        self._take()
        self._begun = True
        for one in self._minded.values():
            one.ids = members(one.switch.reach)
            self._look_at(one, rated, now)
            self._drive(one, now)
        for one in tuple(self._leaving):
            if one.flight is None and (one.on or one.failures >= LEAVING):
                self._leaving.remove(one)
            else:
                self._drive(one, now)

    def may_wake(self, ids: Iterable[str], now: float) -> bool:
        """Whether all that serves these miners is on for long enough.

        Asking is what switches it on: ask until it may.
        """
        wanted = frozenset(ids)
        if self._dry_run():
            return True
        if not self._begun:
            return not any(True for _ in self._switches())
        may = True
        for one in self._minded.values():
            if not one.ids.isdisjoint(wanted):
                one.asked = now
                may = one.ready(now) and may
                self._drive(one, now)
        return may

    def plants(self) -> tuple[Plant, ...]:
        """How all of them stand."""
        return tuple(
            Plant(one.switch.name, one.on, one.since, len(one.ids), one.why)
            for one in self._minded.values()
        )

    async def stop(self) -> None:
        """Switch on what is off, or may be: nobody minds it from now on. Tried once."""
        self._ended = True
        last = []
        for one in (*self._minded.values(), *self._leaving):
            if one.flight is not None:
                one.flight.cancel()
            if one.on is not True and not self._dry_run():
                last.append(Deferred.fromCoroutine(self._settle(one, True)))
        for done in last:
            done.addErrback(lambda _: None)
        await DeferredList(last)
        off = [one.switch.name for one in self._minded.values() if one.on is not True]
        if off and self._begun and not self._dry_run():
            self.log.warn(
                "Perhaps not switched on, and minded by nobody now: {names}.", names=", ".join(off)
            )

    def _take(self) -> None:
        """Go by the configuration of now; one that was changed begins anew, in doubt."""
        wanted = {switch.name: switch for switch in self._switches()}
        for name, one in tuple(self._minded.items()):
            if wanted.get(name) != one.switch:
                del self._minded[name]
                if one.on is not True:
                    one.asleep, one.again = None, 0.0
                    self._leaving.append(one)
        for name, switch in wanted.items():
            if name not in self._minded:
                self._minded[name] = _Minded(switch)

    def _look_at(self, one: _Minded, rated: Mapping[str, Rated], now: float) -> None:
        """Since when all its miners are confirmed asleep; one that is away may be awake."""
        found = [rated.get(ident) for ident in one.ids]
        if found and self._sought() and all(map(_sleeps, found)):
            one.asleep = now if one.asleep is None else one.asleep
        else:
            one.asleep = None
            one.left_on = False

    def _drive(self, one: _Minded, now: float) -> None:
        """Begin what is to be done, unless it is under way or was tried just now."""
        if one.flight is not None or self._ended or self._dry_run():
            return
        want = one.wants_on(now)
        one.looked, one.again = min(one.looked, now), min(one.again, now + RETRY.most)
        looks = bool(one.switch.state_url) and now - one.looked >= LOOK
        if now < one.again or (one.on is want and not looks):
            return
        flight = Deferred.fromCoroutine(self._settle(one, want))
        one.flight = flight
        flight.addCallbacks(
            lambda _: self._settled(one), lambda f: self._failed(one, want, f.value)
        )

    async def _settle(self, one: _Minded, want: bool) -> None:
        """Have it on or off, and see that it is. Raises AskFailed."""
        switch = one.switch
        if switch.state_url:
            found = await self._state(switch)
            one.looked = self._now()
            if found is want:
                self._is(one, want)
                return
            if one.on is False and not want:
                self._switched_on_by_hand(one)
                return
            if one.on is True and want:
                self._tell(Severity.WARNING, f"{switch.name} was found switched off: it goes on.")
        one.on = None
        url, body = (switch.on_url, switch.on_body) if want else (switch.off_url, switch.off_body)
        await self._call(url, switch.headers, body, method=switch.method)
        if switch.state_url and await self._state(switch) is not want:
            raise AskFailed(f"it took the call and is still {'off' if want else 'on'}")
        self._is(one, want)

    async def _state(self, switch: Switch) -> bool:
        answer = await self._call(switch.state_url, switch.headers, method="GET")
        return state_in(answer, switch.state_path, switch.on_value)

    def _is(self, one: _Minded, on: bool) -> None:
        if one.on is not on:
            one.on, one.since = on, self._now()
            self.log.info("{name} is {state}.", name=one.switch.name, state="on" if on else "off")

    def _switched_on_by_hand(self, one: _Minded) -> None:
        one.left_on = True
        self._is(one, True)
        self.log.info(
            "{name} was switched on by somebody: it stays on until its miners have been awake.",
            name=one.switch.name,
        )

    def _settled(self, one: _Minded) -> None:
        one.flight, one.failures, one.again, one.why = None, 0, 0.0, ""
        if one.told:
            one.told = False
            state = "on" if one.on else "off"
            self._tell(Severity.INFO, f"{one.switch.name} can be switched again: it is {state}.")
        if one.on:
            self._hurry()

    def _failed(self, one: _Minded, want: bool, problem: BaseException) -> None:
        one.flight = None
        if isinstance(problem, CancelledError):
            return
        one.on = None
        one.failures += 1
        wait = RETRY.wait(one.failures)
        one.again = self._now() + wait
        # Whatever else it is may hold the address in its text.
        known = isinstance(problem, AskFailed)
        one.why = str(problem) if known else f"mother failed ({type(problem).__name__})"
        word = "on" if want else "off"
        if one.failures == 1:
            self.log.warn(
                "{name} could not be switched {word}: {why}.",
                name=one.switch.name,
                word=word,
                why=one.why,
            )
        if want and one.failures >= TRIES and not one.told:
            one.told = True
            self._tell(
                Severity.ERROR,
                f"{one.switch.name} cannot be switched on: {one.why}. None of its "
                f"{len(one.ids)} miners is woken before; tried again in {duration(wait)}.",
            )


def _sleeps(one: Rated | None) -> bool:
    """Whether it says so itself, and answers."""
    return one is not None and one.seen and one.unit.asleep is True and not one.unit.away


def state_in(answer: bytes, path: str, on_value: str) -> bool:
    """Whether the JSON answer says, at `path` (`relays.0.on`), that it is on.

    True and false are the words `true` and `false`, numbers are compared as such; case does not
    count. Raises AskFailed.
    """
    try:
        found: object = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AskFailed("its state is no JSON") from None
    for part in path.split(".") if path else ():
        found = _member(found, part)
    if isinstance(found, bool):
        return str(found).lower() == on_value.strip().lower()
    if isinstance(found, (int, float)):
        return _same_number(found, on_value)
    if isinstance(found, str):
        return found.strip().lower() == on_value.strip().lower()
    raise AskFailed("its state is neither a word, a number, true nor false")


def _member(found: object, part: str) -> object:
    if isinstance(found, dict) and part in found:
        return found[part]
    if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
        return found[int(part)]
    raise AskFailed(f"its state is not at state_path ({part} is not there)")


def _same_number(found: float, on_value: str) -> bool:
    try:
        return float(on_value) == found
    except ValueError:
        return False
