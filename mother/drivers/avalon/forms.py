"""The parameters of an Avalon's writes: pure. ValueError for what none could take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mother.core.errors import Declined, Unsupported
from mother.core.model import ConfiguredPool, Credential
from mother.drivers.avalon.models import PROFILES, model_of

MOST_POOLS = 3
LONGEST = 250

AHEAD = 5
"""Seconds from now at which it shall sleep or wake, as public libraries send it."""

_PLAUSIBLE = (1_577_836_800.0, 4_102_444_800.0)
"""2020 and 2100: a clock outside was never set."""


def moment(device: float | None, ours: float) -> int:
    """When it shall happen, in Unix seconds: by the device's clock, where that was ever set."""
    low, high = _PLAUSIBLE
    return int(device if device is not None and low < device < high else ours) + AHEAD


def mode(args: Mapping[str, Any]) -> str:
    """The profile asked for; ValueError for one that no Avalon has, or a level."""
    profile, level = args.get("profile"), args.get("level")
    if profile not in PROFILES:
        raise ValueError(f"an Avalon has no profile {profile!r}; there are {', '.join(PROFILES)}")
    if level is not None:
        raise ValueError("the profiles of an Avalon have no levels")
    return str(profile)


def set_mode(profile: str, model: str) -> str:
    """The parameter of `ascset`; Unsupported where this model is not known to have it."""
    modes = model_of(model).modes
    if modes is None or profile not in modes.names:
        known = "none that we know" if modes is None else ", ".join(modes.names)
        raise Unsupported(f"{model or 'this Avalon'} has no profile {profile}; it has {known}")
    return f"0,{modes.option},set,{modes.names.index(profile)}"


def check_pools(wanted: object) -> tuple[ConfiguredPool, ...]:
    """The pools asked for, if an Avalon could take them."""
    if not isinstance(wanted, tuple):
        raise ValueError("the order gives no pools")  # noqa: TRY004  # as for all bad args
    if not 1 <= len(wanted) <= MOST_POOLS:
        raise ValueError(f"an Avalon takes 1 to {MOST_POOLS} pools, not {len(wanted)}")
    for place, pool in enumerate(wanted, 1):
        for name, value in (("URL", pool.url), ("user", pool.user)):
            if not value:
                raise ValueError(f"the {name} of pool {place} is empty")
        for name, value in (("URL", pool.url), ("user", pool.user), ("password", pool.password)):
            _check(f"the {name} of pool {place}", value or "")
    return wanted


def _check(name: str, value: str) -> None:
    """Fields are parted by commas and cannot hold one; a bar or control would end the command."""
    if any(sign in value for sign in ',|"\\') or not value.isprintable() or not value.isascii():
        raise ValueError(f"{name} holds a sign that an Avalon cannot take")
    if len(value) > LONGEST:
        raise ValueError(f"{name} is longer than {LONGEST} signs")


def pools(
    wanted: Sequence[ConfiguredPool], found: Sequence[ConfiguredPool], login: Credential
) -> list[str]:
    """The parameters of those `setpool` that change something, in order.

    A password that is not named stays where the pool stays. Declined where none can be sent, and
    where it has more pools than asked for: no command is known that takes one away.
    """
    if len(found) > len(wanted):
        raise Declined(f"it has {len(found)} pools and cannot be told to forget one: name as many")
    known = {(pool.url, pool.user): pool.password for pool in found}
    orders = []
    for place, pool in enumerate(wanted):
        password = pool.password
        if password is None:
            password = known.get((pool.url, pool.user))
        if password is None:
            raise Declined(f"pool {place + 1} is new to it and needs a password")
        if place < len(found) and found[place] == ConfiguredPool(pool.url, pool.user, password):
            continue
        fields = (login.username, login.password, str(place), pool.url, pool.user, password)
        for field in fields:
            _check("a field", field)
        orders.append(",".join(fields))
    return orders
