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
from mother.config.subject import DRAGONMINT
from mother.core.model import Change, CommandKind, Settings
from mother.drivers.base import Family
from mother.fleet.pools import (
    all_same,
    digest_of,
    hides,
    password_changes,
    pool_changes,
    wished_pools,
)

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


class Found(Struct, frozen=True):
    """What is known of a miner before it is compared with its wish.

    `passwords` is the digest of the pool passwords that we wrote last; `salt` what it was made
    with. `keep_worker`: a worker name that is found in its pools is its own.
    """

    worker: str
    model: str
    settings: Settings
    passwords: str = ""
    salt: str = ""
    keep_worker: bool = False


def aspects(settings: DeviceSettings, found: Found, family: Family) -> tuple[Aspect, ...]:
    """The wish against what was found, in the order of writing.

    What the miner did not tell is left out: it can be neither reached nor changed.
    """
    every = (
        _frequency(settings, found, family),  # it restarts nothing, as the others may
        _pools(settings.pools, found, family),
        _profile(settings, found, family),
        _power(settings, found, family),
    )
    return tuple(one for one in every if one is not None)


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


def _kind(family: Family, model: str) -> str:
    """What shares a key: a model of one family, since makers' names for models may be the same."""
    return model if family.name == DRAGONMINT else f"{family.name}/{model}"


def firmware_key(source: FirmwareSource, model: str) -> str:
    """A version from another file or place is another change."""
    origin = hashlib.sha256((source.sha256 or source.url).encode()).hexdigest()[:16]
    return f"firmware:{model}:{source.version}:{origin}"


def wants_settings(settings: DeviceSettings) -> bool:
    """Whether a miner with these settings must be asked what is configured on it."""
    numbers = (settings.power_target, settings.frequency, settings.voltage)
    wishes = (profile_of(settings), *numbers)
    return bool(settings.pools) or any(wish is not None for wish in wishes)


def profile_of(settings: DeviceSettings) -> str | None:
    """The profile that is wished, by either name."""
    return settings.profile if settings.profile is not None else settings.autotune_mode


def reached(kind: CommandKind, args: Mapping[str, Any], found: Settings) -> bool:
    """Whether the settings found are what such a command would set, as far as they are told."""
    if kind is CommandKind.SET_POOLS:
        return all_same(found.pools, args["pools"])
    if kind is CommandKind.SET_PROFILE:
        return _is_profile(found, args["profile"], args.get("level"))
    if kind is CommandKind.SET_POWER:
        return is_near(found.power_target, args["watts"])
    if kind is CommandKind.SET_FREQUENCY:
        pairs = ((found.frequency, args.get("frequency")), (found.voltage, args.get("voltage")))
        return all(wished is None or is_near(has, wished) for has, wished in pairs)
    if kind in _SLEEP:
        return found.asleep is _SLEEP[kind]
    return False


def settled(kind: CommandKind, args: Mapping[str, Any], found: Settings, known: Found) -> bool:
    """Whether nothing need be written: `reached`, and hidden passwords are known to be the same."""
    if not reached(kind, args, found):
        return False
    if kind is not CommandKind.SET_POOLS or not hides(found.pools or ()):
        return True
    return known.passwords == digest_of(args["pools"], known.salt)


def is_near(found: float | None, wished: float) -> bool:
    """Whether a number that was read back is the one that was set: devices round."""
    return found is not None and abs(found - wished) <= 0.005 * abs(wished)


_SLEEP = {CommandKind.PAUSE: True, CommandKind.RESUME: False}


def profile_change(found: Settings, profile: str, level: str | None) -> Change:
    """Mode, and level where either side names one that differs."""
    levels = level is not None and found.level is not None
    old, new = (found.level, level) if levels else (None, level)
    return Change("profile", _tuned(found.profile or "unknown", old), _tuned(profile, new))


def _pools(wishes: tuple[PoolWish, ...], known: Found, family: Family) -> Aspect | None:
    found, model = known.settings.pools, known.model
    if not wishes or found is None or CommandKind.SET_POOLS not in family.capabilities:
        return None
    kind = _kind(family, model)
    key = f"pools:{kind}:{_digest(wishes)}"
    wider = f"{WIDER}{kind}:{_digest(tuple(PoolWish(wish.url, '', '') for wish in wishes))}"
    what = f"pools {', '.join(wish.url for wish in wishes)} on {model}"
    wished = wished_pools(wishes, known.worker, found, keep=known.keep_worker)
    changes = pool_changes(found, wished)
    if not changes and known.passwords and hides(found):
        others = known.passwords != digest_of(wished, known.salt)
        changes = password_changes(wished) if others else ()
    if not changes:
        return Aspect(key, what, wider=wider)
    return Aspect(key, what, Step(CommandKind.SET_POOLS, changes, {"pools": wished}), wider)


def _profile(settings: DeviceSettings, known: Found, family: Family) -> Aspect | None:
    found, model, profile = known.settings, known.model, profile_of(settings)
    if profile is None or found.profile is None or profile not in family.profiles:
        return None
    level = settings.level
    if level is None and settings.autotune_level is not None:
        level = str(settings.autotune_level)
    what = f"profile {_tuned(profile, level)} on {model}"
    key = f"profile:{_kind(family, model)}:{_tuned(profile, level)}"
    if _is_profile(found, profile, level):
        return Aspect(key, what)
    change = profile_change(found, profile, level)
    args = {"profile": profile, "level": level}
    return Aspect(key, what, Step(CommandKind.SET_PROFILE, (change,), args))


def _power(settings: DeviceSettings, known: Found, family: Family) -> Aspect | None:
    wished, found = settings.power_target, known.settings.power_target
    if wished is None or found is None or CommandKind.SET_POWER not in family.capabilities:
        return None
    what = f"power target {wished:g} W on {known.model}"
    key = f"power:{_kind(family, known.model)}:{wished:g}"
    if is_near(found, wished):
        return Aspect(key, what)
    change = Change("power target", f"{found:g} W", f"{wished:g} W")
    return Aspect(key, what, Step(CommandKind.SET_POWER, (change,), {"watts": wished}))


def _frequency(settings: DeviceSettings, known: Found, family: Family) -> Aspect | None:
    found = known.settings
    rows = (
        ("frequency", settings.frequency, found.frequency, "MHz"),
        ("voltage", settings.voltage, found.voltage, "V"),
    )
    wishes = [row for row in rows if row[1] is not None and row[2] is not None]
    if not wishes or CommandKind.SET_FREQUENCY not in family.capabilities:
        return None
    texts = [f"{wish:g} {unit}" for _, wish, _, unit in wishes]
    what = f"{' at '.join(texts)} on {known.model}"
    key = f"clock:{_kind(family, known.model)}:{':'.join(texts)}"
    changes = tuple(
        Change(name, f"{has:g} {unit}", f"{wish:g} {unit}")
        for name, wish, has, unit in wishes
        if wish is not None and not is_near(has, wish)
    )
    if not changes:
        return Aspect(key, what)
    args = {name: wish for name, wish, _, _ in wishes}
    return Aspect(key, what, Step(CommandKind.SET_FREQUENCY, changes, args))


def _is_profile(found: Settings, profile: str, level: str | None) -> bool:
    """A level counts only where both sides name one: old firmware has none."""
    return found.profile == profile and (None in (level, found.level) or found.level == level)


def _tuned(profile: str, level: str | None) -> str:
    return profile if level is None else f"{profile} level {level}"


@lru_cache(maxsize=4096)
def _digest(wishes: tuple[PoolWish, ...]) -> str:
    """Names a list of pools without telling it."""
    text = "\0".join(part for wish in wishes for part in (wish.url, wish.username, wish.password))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
