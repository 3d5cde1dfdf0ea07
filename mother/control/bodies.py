"""What each order by hand takes: checked before it reaches the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from mother.core.model import CommandKind

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Seconds = Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)]


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """What a call takes: the fields, and no other."""


class NoArgs(Body, frozen=True):
    """An order that needs no more than its name."""


class Locate(Body, frozen=True):
    """The lamp on or off."""

    on: bool


class Power(Body, frozen=True):
    """A power limit or target."""

    watts: Annotated[float, Meta(gt=0, le=100_000)]


class Clock(Body, frozen=True):
    """MHz, and V of the chips; at least one of them."""

    frequency: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    voltage: Annotated[float, Meta(gt=0, le=100)] | None = None

    def __post_init__(self) -> None:
        if self.frequency is None and self.voltage is None:
            raise ValueError("must name a frequency or a voltage")


class Profile(Body, frozen=True):
    """A profile of the family, and its level where it has some."""

    profile: Word
    level: Word | None = None


class Pool(Body, frozen=True):
    """A pool; the worker's name is put behind the user."""

    url: Annotated[str, Meta(min_length=1, max_length=500)]
    username: Word
    password: Annotated[str, Meta(min_length=1, max_length=200)] = "x"  # noqa: S105  # what most pools take

    def __repr__(self) -> str:
        return f"Pool(url={self.url!r}, username={self.username!r}, password='***')"


class Pools(Body, frozen=True):
    """All pools, in their order."""

    pools: Annotated[list[Pool], Meta(min_length=1, max_length=8)]


class Network(Body, frozen=True):
    """With `dhcp`, nothing else; without, all of it."""

    dhcp: bool
    address: Text = ""
    netmask: Text = ""
    gateway: Text = ""
    dns: Annotated[list[Text], Meta(max_length=2)] = []


class Password(Body, frozen=True):
    """A new login."""

    username: Word
    password: Annotated[str, Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        return f"Password(username={self.username!r}, password='***')"


class Upgrade(Body, frozen=True):
    """A file on the daemon's machine with its digest, or a URL that the miner fetches."""

    path: Annotated[str, Meta(min_length=1, max_length=4000)] | UnsetType = UNSET
    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")] | UnsetType = UNSET
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        given = tuple(one is not UNSET for one in (self.path, self.sha256, self.url))
        if given not in {(True, True, False), (False, False, True)}:
            raise ValueError("must be path and sha256, or url")


ARGS: Mapping[str, type[Struct]] = {
    CommandKind.REBOOT.value: NoArgs,
    CommandKind.RESTART_MINING.value: NoArgs,
    CommandKind.FACTORY_RESET.value: NoArgs,
    CommandKind.POWER_OFF.value: NoArgs,
    CommandKind.LOCATE.value: Locate,
    CommandKind.SET_NETWORK.value: Network,
    CommandKind.SET_PASSWORD.value: Password,
    CommandKind.UPGRADE.value: Upgrade,
    CommandKind.PAUSE.value: NoArgs,
    CommandKind.RESUME.value: NoArgs,
    CommandKind.SET_POWER.value: Power,
    CommandKind.SET_FREQUENCY.value: Clock,
    CommandKind.SET_PROFILE.value: Profile,
    CommandKind.SET_POOLS.value: Pools,
}
"""What can be ordered by hand, and what each order takes."""
