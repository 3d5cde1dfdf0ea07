"""The values that outlive the process: health over time, what was done, what the farm did."""

from __future__ import annotations

import enum

from msgspec import Struct

from mother.core.model import Address
from mother.fleet.undertaken import DeviceSetup


class Ailment(enum.StrEnum):
    """All that makes a device ill."""

    DEAD = "dead"
    BELOW = "below"
    MISSING = "missing"
    ABSURD = "absurd"
    UNREACHABLE = "unreachable"
    STALLED = "stalled"
    SLOW = "slow"
    TUNES = "tunes"
    HALTED = "halted"


REPORTED = frozenset({Ailment.SLOW, Ailment.TUNES, Ailment.HALTED})
"""These are told to people, and nothing else."""

UNCURABLE = frozenset({Ailment.UNREACHABLE, Ailment.STALLED}) | REPORTED
"""No reboot is made for these: one cannot be ordered, or is no known cure (no pools are set)."""


class Condition(Struct, frozen=True, omit_defaults=True):
    """One ailment that holds, or held when it could last be judged.

    `since` is when it was first seen, for people. `counted` is the start of its timer, None
    while it cannot be judged. `ripe`: it has held long enough, without a break, to act on.
    `ill`: it has been ripe and was not seen to end. `found` and `wanted` are its numbers
    (H/s, boards, C).
    """

    ailment: Ailment
    since: float
    board: int | None = None
    counted: float | None = None
    ripe: bool = False
    ill: bool = False
    found: float | None = None
    wanted: float | None = None


class Watch(Struct, frozen=True, omit_defaults=True):
    """What is known of one device's health over time. Times in Unix seconds.

    `judged` is the time of the last reading that was judged; `hot` lists boards by index;
    `boards` is the most the device ever showed. `stalled` is the time of the last reading, if
    it found that the mining program was not ready.
    """

    conditions: tuple[Condition, ...] = ()
    judged: float | None = None
    ill_since: float | None = None
    well_since: float | None = None
    hot: tuple[int, ...] = ()
    boards: int = 0
    stalled: float | None = None

    @property
    def ill(self) -> bool:
        """Whether the device is ill."""
        return self.ill_since is not None


class Record(Struct, frozen=True, omit_defaults=True):
    """What was done to one device. Times in Unix seconds.

    `reboots` counts ours since it was last well for a day or was cleared; `written` is our
    last write of any kind; `started` the device's last known start; `left`: for a human.
    """

    reboots: int = 0
    rebooted: float | None = None
    not_before: float | None = None
    written: float | None = None
    started: float | None = None
    left: bool = False


class Phase(enum.StrEnum):
    """Where the breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


class Trial(Struct, frozen=True):
    """A device that was rebooted to see whether reboots cure again."""

    device: str
    at: float
    cured: bool = False


class BreakerState(Struct, frozen=True, omit_defaults=True):
    """The breaker. Times in Unix seconds.

    `onsets` maps devices to when they fell ill, for those of the last window; `evaluated` is
    the last evaluation, `tripped` the last one that found a cause, `since` the phase's start.
    """

    phase: Phase = Phase.CLOSED
    why: str = ""
    since: float | None = None
    onsets: dict[str, float] = {}
    evaluated: float | None = None
    tripped: float | None = None
    not_before: float | None = None
    trials: tuple[Trial, ...] = ()


class Ledger(Struct, frozen=True, omit_defaults=True):
    """When the farm's reboots of the last hour were."""

    at: tuple[float, ...] = ()


class Place(Struct, frozen=True, omit_defaults=True):
    """Where a device stands and whose it is, by an operator's word; empty: not known.

    `serial` is for those that do not tell their own.
    """

    site: str = ""
    rack: str = ""
    row: str = ""
    slot: str = ""
    pdu: str = ""
    outlet: str = ""
    owner: str = ""
    notes: str = ""
    serial: str = ""


class DeviceMemory(Struct, frozen=True, omit_defaults=True):
    """One device. `credential` is the place of its login in the configured list, no secret.

    `healthy` is what it hashed when it was well, in H/s by firmware, profile and power target.
    `failures` counts failed polls in a row, the first of them at `failing_since`; `retry_at` is
    when its back-off ends.
    """

    watch: Watch = Watch()
    record: Record = Record()
    address: Address | None = None
    mac: str = ""
    model: str = ""
    worker: str = ""
    family: str = ""
    credential: int | None = None
    failures: int = 0
    failing_since: float | None = None
    retry_at: float | None = None
    first_seen: float | None = None
    last_seen: float | None = None
    setup: DeviceSetup = DeviceSetup()
    maker: str = ""
    firmware: str = ""
    algorithm: str = ""
    serial: str = ""
    healthy: dict[str, float] = {}
    place: Place = Place()


class LastRun(Struct, frozen=True, omit_defaults=True):
    """The daemon itself. `seen` is when it was last known to run (None: never), `boot` what that
    start of the machine is called, `running`: it has not ended in order.
    """

    seen: float | None = None
    boot: str = ""
    running: bool = False


class FarmMemory(Struct, frozen=True, omit_defaults=True):
    """What concerns all devices together."""

    breaker: BreakerState = BreakerState()
    ledger: Ledger = Ledger()
    run: LastRun = LastRun()


class SightingMemory(Struct, frozen=True, omit_defaults=True):
    """A host that answers but could not be identified: refusals in a row, when to ask again."""

    failures: int = 0
    retry_at: float | None = None
