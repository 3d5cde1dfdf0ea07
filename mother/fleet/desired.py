"""What a miner shall be set to, against what was found: pure.

A wish has up to three aspects: pools, profile (autotune), firmware. Each is named by a key
that all miners share which shall get the same, so that a change can be tried on one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from mother.config.model import DeviceSettings, PoolWish
from mother.core.model import Change, CommandKind, ConfiguredPool, Settings
from mother.drivers.base import Family

NONE = "(none)"
WIDER = "urls:"
"""What begins the key that lists of pools share whose URLs are the same."""


class FirmwareSource(Struct, frozen=True):
    """Where a firmware version comes from: the operator's file, or a URL; and its digest."""

    version: str
    path: str = ""
    url: str = ""
    sha256: str | None = None


class Step(Struct, frozen=True):
    """One order that would bring a miner nearer to its wish.

    `args` are those of the command, but for firmware, whose file has yet to be fetched from
    `source`.
    """

    kind: CommandKind
    changes: tuple[Change, ...]
    args: Mapping[str, Any] = {}
    source: FirmwareSource | None = None


class Aspect(Struct, frozen=True):
    """One part of a wish: `what` it is for people, and the `step` to it; None where reached.

    `wider` names what it shares with other wishes: lists of pools with other accounts, at the
    same URLs. `provable`: a miner that has it already, and hashes, tells that it is good.
    """

    key: str
    what: str
    step: Step | None = None
    wider: str = ""
    provable: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        """All that must be good for this to be."""
        return (self.key, self.wider) if self.wider else (self.key,)


def aspects(
    settings: DeviceSettings, worker: str, model: str, family: Family, found: Settings
) -> tuple[Aspect, ...]:
    """The wish for pools and profile against what was found, in the order of writing.

    What the miner did not tell is left out: it can be neither reached nor changed.
    """
    both = (
        _pools(settings.pools, worker, model, found.pools),
        _profile(settings, model, family, found),
    )
    return tuple(one for one in both if one is not None)


def firmware_aspect(
    source: FirmwareSource | None, installed: str, model: str, family: Family
) -> Aspect | None:
    """The wish for firmware; None where there is none, or it is not for this model.

    Never older than what is installed, and never a version whose age cannot be told.
    """
    if source is None or not installed or not source.version:
        return None
    if not family.firmware_fits(source.version, model):
        return None
    newer = family.is_newer(source.version, installed)
    if newer is None:
        return None
    key = firmware_key(source, model)
    what = f"firmware {source.version} on {model}"
    if not newer:
        return Aspect(key, what, provable=False)
    change = Change("firmware", installed, source.version)
    step = Step(CommandKind.UPGRADE, (change,), source=source)
    return Aspect(key, what, step, provable=False)


def firmware_key(source: FirmwareSource, model: str) -> str:
    """A version from another file or place is another change."""
    origin = hashlib.sha256((source.sha256 or source.url).encode()).hexdigest()[:16]
    return f"firmware:{model}:{source.version}:{origin}"


def wants_settings(settings: DeviceSettings) -> bool:
    """Whether a miner with these settings must be asked what is configured on it."""
    return bool(settings.pools) or settings.autotune_mode is not None


def wished_pools(wishes: tuple[PoolWish, ...], worker: str) -> tuple[ConfiguredPool, ...]:
    """The pools as the miner shall have them: each user is `{username}.{worker}`."""
    return tuple(
        ConfiguredPool(wish.url, f"{wish.username}.{worker}", wish.password) for wish in wishes
    )


def reached(kind: CommandKind, args: Mapping[str, Any], found: Settings) -> bool:
    """Whether the settings found are what such a command would set."""
    if kind is CommandKind.SET_POOLS:
        return found.pools == tuple(args["pools"])
    if kind is CommandKind.SET_PROFILE:
        return _is_profile(found, args["profile"], args.get("level"))
    return False


def pool_changes(
    found: tuple[ConfiguredPool, ...], wished: tuple[ConfiguredPool, ...]
) -> tuple[Change, ...]:
    """Slot by slot, passwords never shown."""
    changes = []
    for slot in range(max(len(found), len(wished))):
        old = found[slot] if slot < len(found) else None
        new = wished[slot] if slot < len(wished) else None
        if old != new:
            shown = _shown(new)
            if old is not None and new is not None and (old.url, old.user) == (new.url, new.user):
                shown += " (another password)"
            changes.append(Change(f"pools[{slot}]", _shown(old), shown))
    return tuple(changes)


def profile_change(found: Settings, profile: str, level: str | None) -> Change:
    """Mode, and level where either side names one that differs."""
    levels = level is not None and found.level is not None
    old, new = (found.level, level) if levels else (None, level)
    return Change("profile", _tuned(found.profile or "unknown", old), _tuned(profile, new))


def _pools(
    wishes: tuple[PoolWish, ...],
    worker: str,
    model: str,
    found: tuple[ConfiguredPool, ...] | None,
) -> Aspect | None:
    if not wishes or found is None:
        return None
    key = f"pools:{model}:{_digest(wishes)}"
    wider = f"{WIDER}{model}:{_digest(tuple(PoolWish(wish.url, '', '') for wish in wishes))}"
    what = f"pools {', '.join(wish.url for wish in wishes)} on {model}"
    wished = wished_pools(wishes, worker)
    if found == wished:
        return Aspect(key, what, wider=wider)
    changes = pool_changes(found, wished)
    return Aspect(key, what, Step(CommandKind.SET_POOLS, changes, {"pools": wished}), wider)


def _profile(
    settings: DeviceSettings, model: str, family: Family, found: Settings
) -> Aspect | None:
    profile = settings.autotune_mode
    if profile is None or found.profile is None or profile not in family.profiles:
        return None
    level = None if settings.autotune_level is None else str(settings.autotune_level)
    what = f"profile {_tuned(profile, level)} on {model}"
    key = f"profile:{model}:{_tuned(profile, level)}"
    if _is_profile(found, profile, level):
        return Aspect(key, what)
    change = profile_change(found, profile, level)
    args = {"profile": profile, "level": level}
    return Aspect(key, what, Step(CommandKind.SET_PROFILE, (change,), args))


def _is_profile(found: Settings, profile: str, level: str | None) -> bool:
    """A level counts only where both sides name one: old firmware has none."""
    return found.profile == profile and (None in (level, found.level) or found.level == level)


def _tuned(profile: str, level: str | None) -> str:
    return profile if level is None else f"{profile} level {level}"


def _shown(pool: ConfiguredPool | None) -> str:
    return NONE if pool is None else f"{pool.url} as {pool.user}"


@lru_cache(maxsize=4096)
def _digest(wishes: tuple[PoolWish, ...]) -> str:
    """Names a list of pools without telling it."""
    text = "\0".join(part for wish in wishes for part in (wish.url, wish.username, wish.password))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
