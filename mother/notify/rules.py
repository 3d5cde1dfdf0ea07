"""The farm's own rules: is much of its hashrate missing, are many miners gone? All is pure.

Hashrate is judged as a share of what the miners make that shall hash (`Sight.due`), so that a
miner that sleeps, is held or was taken out of the configuration changes nothing. What the share
is measured against, its mean of the last hour, stands still while it is low: a farm that stays
low does not recover by becoming used to it. After a day it is, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

HOUR = 3600.0
DAY = 86400.0
HISTORY_LEAST = 900.0
"""Seconds of history that a mean needs."""

APART = 30.0
"""Seconds between two points of the history."""

SWEEPS = 2
"""A change counts when so many sweeps in a row show it."""

RAMPING_MOST = 1800.0
"""Miners that start or tune are left out, but not for ever: a farm that does nothing but start
is down."""

GROWN = 1.5
AGAIN = 120.0


class Sight(Struct, frozen=True):
    """One sweep: what the miners make and should make, in H/s; neither asleep nor held ones.

    `made` of `due` is of all but those that start or tune, which are `ramping_made` of
    `ramping_due`. `lost` is the part of `due` that belongs to those `gone` (worker by device).
    """

    at: float
    made: float = 0.0
    due: float = 0.0
    ramping_made: float = 0.0
    ramping_due: float = 0.0
    lost: float = 0.0
    gone: Mapping[str, str] = {}
    miners: int = 0


class Drop(Struct, frozen=True, omit_defaults=True):
    """The rule of the hashrate. `history` holds (when, share); `mean` is frozen while low.

    `due` is what was due when it fell.
    """

    history: tuple[tuple[float, float], ...] = ()
    ramping_since: float | None = None
    turning: int = 0
    low_since: float | None = None
    mean: float = 0.0
    due: float = 0.0


class Fall(Struct, frozen=True):
    """It is low: `made` in place of `usual` H/s, which is `percent` below."""

    made: float
    usual: float
    percent: float


class Rise(Struct, frozen=True):
    """It is low no more. `fewer`: since less is due, so nothing came back; `used`: for a day it
    stayed as it is, which is what it is measured against from now on.
    """

    made: float
    usual: float
    fewer: bool = False
    used: bool = False


def hashrate(
    drop: Drop, sight: Sight, percent: float, explained: bool
) -> tuple[Drop, Fall | Rise | None]:
    """The rule after a sweep. `explained`: the gone ones are told of already."""
    drop, made, due = _measured(_timely(drop, sight.at), sight, explained)
    if due <= 0.0:
        return replace(drop, turning=0), None
    share = made / due
    if drop.low_since is not None:
        return _low(drop, sight.at, percent, made, due)
    mean = _mean(drop, sight.at)
    if mean is None or share > mean * (1 - percent / 100):
        return replace(_noted(drop, sight.at, share), turning=0), None
    if drop.turning + 1 < SWEEPS:
        return replace(drop, turning=drop.turning + 1), None
    drop = replace(drop, turning=0, low_since=sight.at, mean=mean, due=due)
    return drop, Fall(made, mean * due, 100 * (1 - share / mean))


def _low(
    drop: Drop, now: float, percent: float, made: float, due: float
) -> tuple[Drop, Rise | None]:
    share, since = made / due, drop.low_since or now
    if now - since >= DAY:
        return Drop(history=((now, share),)), Rise(made, share * due, used=True)
    if share < drop.mean * (1 - percent / 200):
        return replace(drop, turning=0), None
    if drop.turning + 1 < SWEEPS:
        return replace(drop, turning=drop.turning + 1), None
    fewer = made < drop.mean * drop.due * (1 - percent / 200)
    rise = Rise(made, drop.mean * due, fewer=fewer)
    return replace(drop, turning=0, low_since=None, mean=0.0, due=0.0), rise


def _measured(drop: Drop, sight: Sight, explained: bool) -> tuple[Drop, float, float]:
    made, due = sight.made, sight.due - (sight.lost if explained else 0.0)
    if sight.ramping_due <= 0.5 * (due + sight.ramping_due):
        return replace(drop, ramping_since=None), made, due
    since = sight.at if drop.ramping_since is None else drop.ramping_since
    if sight.at - since >= RAMPING_MOST:
        made, due = made + sight.ramping_made, due + sight.ramping_due
    else:
        made = due = 0.0  # hardly anything is steady: there is nothing to compare
    return replace(drop, ramping_since=since), made, due


def _mean(drop: Drop, now: float) -> float | None:
    if not drop.history or now - drop.history[0][0] < HISTORY_LEAST:
        return None
    mean = sum(share for _, share in drop.history) / len(drop.history)
    return mean if mean > 0.0 else None


def _noted(drop: Drop, now: float, share: float) -> Drop:
    if drop.history and now - drop.history[-1][0] < APART:
        return drop
    return replace(drop, history=(*drop.history, (now, share)))


def _timely(drop: Drop, now: float) -> Drop:
    """The last hour alone; a clock that was set back begins anew."""
    return replace(
        drop,
        history=tuple(one for one in drop.history if now - HOUR <= one[0] <= now),
        low_since=None if drop.low_since is None else min(drop.low_since, now),
        ramping_since=None if drop.ramping_since is None else min(drop.ramping_since, now),
    )


class Missing(Struct, frozen=True, omit_defaults=True):
    """The rule of the gone. `waited` counts sweeps beyond the limit that were not told yet, `last`
    is the count of the last sweep, `told` the last one that was told; `all` those that were gone
    at any time since it was told (worker by device).
    """

    waited: int = 0
    calm: int = 0
    last: int = 0
    since: float | None = None
    told: int = 0
    told_at: float = 0.0
    all: dict[str, str] = {}

    @property
    def speaks(self) -> bool:
        """Whether the gone are told of, or about to be."""
        return self.since is not None or self.waited > 0


class Left(Struct, frozen=True):
    """Many are gone, or many more than told. `grown`: it was told before."""

    gone: Mapping[str, str]
    miners: int
    grown: bool = False


class Returned(Struct, frozen=True):
    """Not many are gone any more. `back` answer, `still` do not, the `others` do not count."""

    back: int
    still: Mapping[str, str]
    others: int


def gone(
    missing: Missing, sight: Sight, limit: int, answering: frozenset[str]
) -> tuple[Missing, Left | Returned | None]:
    """The rule after a sweep: more than `limit` are many. `answering` are those that are here.

    While the count still grows it is waited for two sweeps, so that one message has them all.
    """
    if missing.since is None:
        return _few(missing, sight, limit)
    count = len(sight.gone)
    missing = replace(missing, last=count, all={**missing.all, **sight.gone})
    if count <= limit - max(1, limit // 5):
        if missing.calm + 1 < SWEEPS:
            return replace(missing, calm=missing.calm + 1), None
        back = sum(ident in answering for ident in missing.all)
        return Missing(last=count), Returned(back, sight.gone, len(missing.all) - back - count)
    missing = replace(missing, calm=0)
    if count >= GROWN * missing.told and sight.at - min(missing.told_at, sight.at) >= AGAIN:
        missing = replace(missing, told=count, told_at=sight.at)
        return missing, Left(sight.gone, sight.miners, grown=True)
    return missing, None


def _few(missing: Missing, sight: Sight, limit: int) -> tuple[Missing, Left | None]:
    """Nothing is told yet."""
    count = len(sight.gone)
    growing, missing = count > missing.last, replace(missing, last=count)
    if count <= limit:
        return replace(missing, waited=0), None
    if growing and missing.waited < SWEEPS:
        return replace(missing, waited=missing.waited + 1), None
    told = Missing(0, 0, count, sight.at, count, sight.at, dict(sight.gone))
    return told, Left(sight.gone, sight.miners)
