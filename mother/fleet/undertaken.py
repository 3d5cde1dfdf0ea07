"""What was undertaken, and outlives the process: flights, rollouts, holds, what to go back to."""

from __future__ import annotations

import enum

from msgspec import Struct

from mother.core.model import (
    CommandKind,
    ConfiguredPool,
    Credential,
    FirmwareOffer,
    NetworkSettings,
)


class Before(Struct, frozen=True, omit_defaults=True):
    """What a write of ours replaced, in the fields that it changed; `at` in Unix seconds.

    `key` is the change that it made (see `fleet.desired`), empty for one made by hand. It
    holds pool passwords: the file it is kept in is for its owner only.
    """

    at: float
    kind: CommandKind
    by: str
    batch: str = ""
    key: str = ""
    pools: tuple[ConfiguredPool, ...] | None = None
    profile: str | None = None
    level: str | None = None
    network: NetworkSettings | None = None
    power_target: float | None = None
    frequency: float | None = None
    voltage: float | None = None
    asleep: bool | None = None

    @property
    def can_be_undone(self) -> bool:
        """Whether it can be put back."""
        clock = self.frequency is not None or self.voltage is not None
        told = (self.pools, self.profile, self.network, self.power_target, self.asleep)
        return clock or any(one is not None for one in told)


class Restart(Struct, frozen=True):
    """We told a device something that restarts it; `at` in Unix seconds."""

    at: float
    kind: CommandKind


class Flight(Struct, frozen=True, omit_defaults=True):
    """A device was written to and is not yet known to hash again. Times in Unix seconds.

    `keys` are the changes it got; `hashed`: it did before; `version` is the firmware it must
    come back with; `since` is when it was first seen to hash again. `whole`: all that was to
    be written was written and read back.
    """

    at: float
    keys: tuple[str, ...]
    hashed: bool = True
    canary: bool = False
    version: str = ""
    since: float | None = None
    whole: bool = True


class DeviceSetup(Struct, frozen=True, omit_defaults=True):
    """One device's part of it.

    `left_alone` are changes that a person has undone; `undoing`: `before` is to be put back,
    in the name of this person, who may know of a hold (`undoing_held`). `got` says which changes
    it got when, `again` how often it changed them back since.
    `failures` counts tries in a row that failed, `why` says how, `retry_at` when the next one
    is. `checked` is when it was last asked for newer firmware, `offer` what it said. `boards`
    is how many it shall have by an operator's word. `logins` are those that we set on it, the
    newest first: an older one is kept until the newer was taken. `passwords` is a digest of the
    pool passwords that we wrote: most devices do not tell them. `slept` is the profile that it
    had when we told it to sleep. `factory_login`: it took an order by its maker's own login.
    """

    flight: Flight | None = None
    restart: Restart | None = None
    before: tuple[Before, ...] = ()
    left_alone: tuple[str, ...] = ()
    undoing: str = ""
    undoing_held: bool = False
    got: dict[str, float] = {}
    again: int = 0
    failures: int = 0
    retry_at: float | None = None
    why: str = ""
    checked: float | None = None
    offer: FirmwareOffer | None = None
    boards: int | None = None
    logins: tuple[Credential, ...] = ()
    passwords: str = ""
    slept: str = ""
    factory_login: bool = False


class Trust(enum.StrEnum):
    """How far a change is known to do no harm."""

    UNPROVED = "unproved"
    PROVED = "proved"
    STOPPED = "stopped"


class Rollout(Struct, frozen=True, omit_defaults=True):
    """How one change spreads: who is `flying`, how the wave under way went so far.

    `what` names the change for people; `launched`, `landed`, `failed` count the wave's
    devices, `in_a_row` the failures since the last success; `done` all that ever succeeded.
    """

    what: str
    trust: Trust = Trust.UNPROVED
    flying: tuple[str, ...] = ()
    launched: int = 0
    landed: int = 0
    failed: int = 0
    in_a_row: int = 0
    done: int = 0
    waves: int = 0
    why: str = ""
    since: float | None = None


class HoldOrder(Struct, frozen=True, omit_defaults=True):
    """Nothing is written by itself to what `scope` names. `until` None: until released."""

    scope: str
    why: str
    by: str
    since: float
    until: float | None = None


class Curtailment(Struct, frozen=True, omit_defaults=True):
    """A curtailment that a person or a demand-response program ordered.

    `scope` as people write it. One of `to` (W), `by` (a share, 0.2) and `all_` is said; `base` is
    what was drawn when it was given (W), of which `by` is a share. `key` makes it idempotent, `ref`
    is the orderer's own. `until` None: until it is resumed. `ended` is when it was.
    """

    id: str
    scope: str
    actor: str
    at: float
    why: str = ""
    to: float | None = None
    by: float | None = None
    all_: bool = False
    base: float = 0.0
    until: float | None = None
    key: str = ""
    ref: str = ""
    emergency: bool = False
    ended: float | None = None


class Undertakings(Struct, frozen=True, omit_defaults=True):
    """The farm's part. `rollouts` by change key; `successors` maps a MAC to the one it replaced;
    `curtailments` in the order in which they were given, those that have ended lately too.
    """

    rollouts: dict[str, Rollout] = {}
    holds: tuple[HoldOrder, ...] = ()
    successors: dict[str, str] = {}
    curtailments: tuple[Curtailment, ...] = ()
