"""How far each device is on its way to what it shall be, and when it is tried again."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from msgspec.structs import replace
from twisted.internet.interfaces import IReactorTime

from mother.core.backoff import Backoff
from mother.fleet.commands import Outcome
from mother.schedule.judging import UNSEEN, Finding
from mother.schedule.values import Stage, Standing, Verdict

RETRY = Backoff(30.0, 900.0)

DRIFT = 60.0
"""Seconds after which one that has drifted is told again."""

CROWDED = "as many restart already as restarts_at_once allows"

ASTRAY = "it was done, and is otherwise now"

_NEW = Standing(Stage.PENDING, None)


class Progress:
    """The standings. `random` gives numbers from 0 to 1; `pretended` are those of a dry run."""

    def __init__(
        self, clock: IReactorTime, now: Callable[[], float], random: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._now = now
        self._random = random
        self._again: dict[str, float] = {}
        self.standings: dict[str, Standing] = {}
        self.pretended: set[str] = set()

    def again(self, device: str) -> float:
        """When it may be told again, in steady seconds."""
        return self._again.get(device, 0.0)

    def hurry(self, device: str) -> None:
        """It may be told now."""
        self._again.pop(device, None)

    def forget(self, device: str) -> None:
        """It shall be nothing any more."""
        self.standings.pop(device, None)
        self._again.pop(device, None)
        self.pretended.discard(device)

    def shall_be(self, device: str, verdict: Verdict, now: float) -> Standing:
        """It shall be this; begun anew where that is something else.

        One that fails goes on to be tried as seldom where only the power target is another.
        """
        known = self.standings.get(device)
        wanted = verdict.mode, verdict.profile, verdict.power_target
        if known is not None and (known.mode, known.profile, known.power_target) == wanted:
            return known
        standing = Standing(Stage.PENDING, *wanted, since=now)
        if known is not None and known.tries and (known.mode, known.profile) == wanted[:2]:
            standing = replace(standing, tries=known.tries, again=known.again, why=known.why)
        else:
            self._again.pop(device, None)
            self.pretended.discard(device)
        self.standings[device] = standing
        return standing

    def found(self, device: str, finding: Finding, now: float) -> None:
        """Nothing is to be sent."""
        standing = self.standings[device]
        after = _at(standing, finding.stage, now, finding.why)
        if finding.stage is Stage.CONFIRMED and standing.stage is not Stage.CONFIRMED:
            after = replace(after, confirmed_at=now, tries=0, again=0.0)
        self.standings[device] = after
        self._again.pop(device, None)

    def lacks(
        self, device: str, finding: Finding, read_at: float, now: float, more: bool = False
    ) -> bool:
        """Something is missing, by a reading of `read_at`; whether it is to be sent, now or later.

        What was confirmed after that reading is not missing: the reading is older. `more`: what
        is missing is another thing than the one that was just done.
        """
        standing = self.standings[device]
        if standing.stage is Stage.CONFIRMED and not more:
            if standing.confirmed_at is not None and read_at <= standing.confirmed_at:
                return False
            standing = _at(standing, Stage.DRIFTED, now, ASTRAY)
            standing = self._later(device, standing, DRIFT)
        elif device not in self._again and device not in self.pretended:
            stage = standing.stage
            if stage is not Stage.DRIFTED:
                stage = Stage.PENDING
            standing = _at(standing, stage, now, finding.why)
        if finding.not_before > now:
            standing = self._later(device, standing, finding.not_before - now)
        self.standings[device] = standing
        return True

    def waits(self, device: str, why: str) -> None:
        """It would be told now, were it not for this."""
        standing = self.standings[device]
        self.standings[device] = _at(standing, standing.stage, self._now(), why)

    def sent(self, device: str) -> None:
        """The door has its order."""
        standing, now = self.standings.get(device, _NEW), self._now()
        first = now if standing.first_sent is None else standing.first_sent
        sent = _at(standing, Stage.SENT, now, "")
        self.standings[device] = replace(sent, first_sent=first, again=0.0)

    def took(self, device: str, outcome: Outcome, blind: bool, now: float) -> None:
        """The order has ended. `blind`: nothing shows whether it was done."""
        standing = self.standings.get(device)
        if standing is None:
            return
        if outcome.done and blind:
            after = _at(standing, Stage.UNCONFIRMED, now, UNSEEN)
            after = replace(after, tries=0, again=inf)
        elif outcome.done:
            after = _at(standing, Stage.CONFIRMED, now, "")
            after = replace(after, tries=0, again=0.0, confirmed_at=now)
        elif outcome.result == "dry-run":
            self.pretended.add(device)
            after = _at(standing, Stage.SKIPPED, now, outcome.text)
        else:
            after = self._failed(device, standing, outcome, now)
        self.standings[device] = after

    def _failed(self, device: str, standing: Standing, outcome: Outcome, now: float) -> Standing:
        stage = Stage.SKIPPED if outcome.result == "denied" else Stage.PENDING
        if outcome.sent:
            stage = Stage.UNCONFIRMED
        tries = standing.tries + 1
        after = replace(_at(standing, stage, now, outcome.text), tries=tries)
        wait = RETRY.wait(tries) * (0.8 + 0.4 * self._random())
        return self._later(device, after, wait)

    def _later(self, device: str, standing: Standing, wait: float) -> Standing:
        until = self._clock.seconds() + wait
        self._again[device] = max(until, self.again(device))
        return replace(standing, again=self._now() + wait)


def towards(verdict: Verdict, standing: Standing | None, began: float) -> Standing:
    """Where one is on its way to what it shall be now: what it was told before is no part of it.

    A power target that only changed since `began` counts as the same.
    """
    if standing is None or standing.mode is not verdict.mode:
        return Standing(Stage.PENDING, verdict.mode)
    old, new = standing.power_target, verdict.power_target
    if old == new or (old is not None and new is not None and standing.since >= began):
        return standing
    return Standing(Stage.PENDING, verdict.mode)


def is_taken(standing: Standing) -> bool:
    """Whether it said yes, and no more can ever be seen of it."""
    return standing.stage is Stage.UNCONFIRMED and standing.again == inf


def _at(standing: Standing, stage: Stage, now: float, why: str) -> Standing:
    """The same at another stage; the time is kept where it is at that already."""
    since = standing.since if standing.stage is stage else now
    return replace(standing, stage=stage, since=since, why=why)
