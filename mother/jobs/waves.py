"""How a change spreads over a farm: one canary, then waves, and a stop at the first real doubt.

A change is unproved until one miner hashes with it: a canary, or one that has it already.
From then on it goes out in waves; the next wave begins when all of the one before are known
to hash again. It stops when the canary fails, when more than a tenth of a wave does (so one
of a small wave), or, where a limit is given, when so many fail in a row. A stopped change goes
to nobody until a person says so. A proof lapses when nobody hashes with it any more. All is
pure.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from mother.config.model import Waves
from mother.fleet.undertaken import Rollout, Trust

TOLERATED = 10
"""One of so many may fail: with thousands, one always does, whatever is changed."""


class Limits(Struct, frozen=True):
    """`wave` devices make a wave, `at_once` of them may be in flight; `in_a_row` may not fail."""

    wave: int
    at_once: int
    in_a_row: int | None = None


def limits_for(waves: Waves, miners: int, firmware: bool) -> Limits:
    """What holds for a farm of so many miners."""
    if firmware:
        return Limits(waves.upgrades_at_once, waves.upgrades_at_once, in_a_row=2)
    wave, at_once = max(waves.least, int(miners * waves.percent / 100)), waves.restarts_at_once
    if wave > at_once:
        wave -= wave % at_once  # no wave that ends with a few
    return Limits(max(1, wave), at_once)


def room(rollout: Rollout, limits: Limits) -> int:
    """How many more devices may get the change now."""
    if rollout.trust is Trust.STOPPED:
        return 0
    if rollout.trust is Trust.UNPROVED:
        return 0 if rollout.flying else 1
    if rollout.flying and not rollout.launched:
        return 0  # they got it before it was proved, or before it was stopped
    left = limits.wave - rollout.launched
    if left <= 0 and not rollout.flying:
        left = limits.wave  # the wave is complete: the next one may begin
    return max(0, min(left, limits.at_once - len(rollout.flying)))


def launched(rollout: Rollout, device: str, limits: Limits, now: float) -> Rollout:
    """A device is about to get the change."""
    if not rollout.flying and (rollout.launched >= limits.wave or not rollout.launched):
        rollout = replace(
            rollout, launched=0, landed=0, failed=0, waves=rollout.waves + 1, since=now
        )
    return replace(rollout, flying=(*rollout.flying, device), launched=rollout.launched + 1)


def recalled(rollout: Rollout, device: str) -> Rollout:
    """The device did not get it after all: nothing was written."""
    if device not in rollout.flying:
        return rollout
    left = max(0, rollout.launched - 1)
    return replace(rollout, flying=_without(rollout.flying, device), launched=left)


def landed(rollout: Rollout, device: str, now: float) -> Rollout:
    """The device hashes with the change."""
    if device not in rollout.flying:
        return rollout
    after = replace(
        rollout,
        flying=_without(rollout.flying, device),
        landed=rollout.landed + 1,
        done=rollout.done + 1,
        in_a_row=0,
    )
    return proved(after, now) if rollout.trust is Trust.UNPROVED else after


def proved(rollout: Rollout, now: float) -> Rollout:
    """A miner was seen to hash with it: waves may begin. What was stopped stays so."""
    if rollout.trust is not Trust.UNPROVED:
        return rollout
    return replace(rollout, trust=Trust.PROVED, launched=0, landed=0, failed=0, waves=0, since=now)


def lapsed(rollout: Rollout, now: float) -> Rollout:
    """Nobody hashes with it any more: what held then need not hold now."""
    if rollout.trust is not Trust.PROVED or rollout.flying:
        return rollout
    return Rollout(rollout.what, done=rollout.done, since=now)


def crashed(rollout: Rollout, device: str, limits: Limits, why: str, now: float) -> Rollout:
    """The device got the change and did not come back hashing; `why` in words."""
    if device not in rollout.flying:
        return rollout
    after = replace(
        rollout,
        flying=_without(rollout.flying, device),
        landed=rollout.landed + 1,
        failed=rollout.failed + 1,
        in_a_row=rollout.in_a_row + 1,
    )
    cause = _cause(after, limits, why)
    return stopped(after, cause, now) if cause else after


def stopped(rollout: Rollout, why: str, now: float) -> Rollout:
    """From now on nobody gets it."""
    return replace(rollout, trust=Trust.STOPPED, why=why, since=now)


def resumed(rollout: Rollout, now: float) -> Rollout:
    """A person wants it all the same: it begins with a canary again."""
    if rollout.trust is not Trust.STOPPED:
        return rollout
    return Rollout(rollout.what, flying=rollout.flying, done=rollout.done, since=now)


def _cause(rollout: Rollout, limits: Limits, why: str) -> str:
    if rollout.trust is Trust.UNPROVED:
        return f"the first miner to get it failed: {why}"
    if limits.in_a_row is not None:
        many = rollout.in_a_row >= limits.in_a_row
        return f"{rollout.in_a_row} miners in a row failed, the last: {why}" if many else ""
    if rollout.failed * TOLERATED <= max(rollout.launched, rollout.landed):
        return ""
    return f"{rollout.failed} of {rollout.landed} miners of wave {rollout.waves} failed: {why}"


def _without(devices: tuple[str, ...], device: str) -> tuple[str, ...]:
    return tuple(one for one in devices if one != device)
