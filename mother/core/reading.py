"""What a device says at one moment: one model for every family.

Hashrate in H/s, temperature in C, power in W, frequency in MHz, voltage in V, time in Unix
seconds (wall clock), all as floats.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from msgspec import Struct, field


class Mode(enum.StrEnum):
    """What a device is at, by its own words."""

    ACTIVE = "active"
    SLEEP = "sleep"
    TUNING = "tuning"
    STARTING = "starting"
    ERROR = "error"


class Word(enum.StrEnum):
    """What it rests on that a reading says whether the device sleeps, and its profile."""

    READ = "read"  # the device says so
    TAKEN = "taken"  # it said yes when it was told to; nobody can ask it
    NONE = "none"  # nobody can ask it, and it has not been told: `asleep` says nothing


class Board(Struct, frozen=True, gc=False):
    """One hashboard. `hashrate` is the shortest window that is meaningful at this uptime.

    `temperature` is that of the board, `temperature_chip` its hottest chip. `chips` are those
    that work, of `chips_expected`. `voltage` is what its chips get together.
    """

    index: int
    alive: bool | None = None
    status: str = ""
    temperature: float | None = None
    hashrate: float | None = None
    hashrate_15m: float | None = None
    accepted: float | None = None
    rejected: float | None = None
    hardware_errors: float | None = None
    elapsed: float | None = None
    temperature_chip: float | None = None
    chips: int | None = None
    chips_expected: int | None = None
    frequency: float | None = None
    voltage: float | None = None
    serial: str = ""
    expected_hashrate: float | None = None


class Pool(Struct, frozen=True, gc=False):
    """One pool as the device reports it; `active` is the one it mines for now.

    `fee`: it is where the firmware mines for its maker, and none of the operator's.
    """

    index: int
    url: str = ""
    user: str = ""
    alive: bool | None = None
    active: bool | None = None
    accepted: float | None = None
    rejected: float | None = None
    stale: float | None = None
    fee: bool = False


class Fan(Struct, frozen=True, gc=False):
    """One fan. 0 rpm is a fan that stands still; None is not told."""

    index: int
    rpm: float | None = None
    percent: float | None = None


class DeviceFault(Struct, frozen=True, gc=False):
    """One error that the device tells of itself: its `code`, and what it means."""

    code: str
    text: str
    since: float | None = None


class Reading(Struct, frozen=True):
    """What a device said at one moment.

    `hashrate` is the shortest window that is meaningful; `windows` are all that it told, by their
    usual names (`5s`, `1m`, `5m`, `15m`, `30m`, `1h`, `av` since its start).
    `uptime` is the mining program's, in seconds. `restarting` means the device answers but
    its mining program is not ready. `expected_boards` is None where the model is unknown.
    `expected_hashrate` is what it shall do in its present mode and profile, `expected_source`
    who says so: the `device`, what it did when healthy (`learned`), or the `model`'s table.
    `power` is in W; `power_source` says whether the device `measured` or `reported` it, or it is
    the maker's `nameplate`; `power_target` is the limit or target set, None where it has none.
    `accepted` and `rejected` are the shares of the whole device where boards do not count them.
    `halted`: it stopped for an error of its own. `coolant` is the liquid's temperature.
    `word` is what its mode rests on: where it is not READ, the device cannot be read at all.
    `native` maps the family's own metric names (already safe, such as `dev.0.MHS-5m`) to
    numbers; the sinks send them below the worker's name.
    """

    at: float
    model: str = ""
    algorithm: str = ""
    boards: tuple[Board, ...] = ()
    pools: tuple[Pool, ...] = ()
    fan_percent: float | None = None
    hashrate: float | None = None
    expected_hashrate: float | None = None
    expected_boards: int | None = None
    uptime: float | None = None
    power: float | None = None
    power_source: str = ""
    tuning: bool = False
    restarting: bool = False
    asleep: bool = False
    native: Mapping[str, float] = field(default_factory=dict)
    windows: Mapping[str, float] = field(default_factory=dict)
    expected_source: str = ""
    power_target: float | None = None
    fans: tuple[Fan, ...] = ()
    coolant: float | None = None
    ambient: float | None = None
    accepted: float | None = None
    rejected: float | None = None
    faults: tuple[DeviceFault, ...] = ()
    halted: bool = False
    profile: str = ""
    word: Word = Word.READ

    @property
    def mode(self) -> Mode:
        """What it is at."""
        if self.asleep:
            return Mode.SLEEP
        if self.halted:
            return Mode.ERROR
        if self.restarting:
            return Mode.STARTING
        return Mode.TUNING if self.tuning else Mode.ACTIVE

    @property
    def idles(self) -> bool:
        """Whether it hashes nothing, awake and ready, and tells of no pool to mine for."""
        return self.hashrate == 0.0 and not (self.pools or self.asleep or self.restarting)

    @property
    def boards_alive(self) -> int | None:
        """How many boards say they are alive; None while no board is reported."""
        return len([1 for board in self.boards if board.alive]) if self.boards else None

    @property
    def temperature_max(self) -> float | None:
        """The hottest board, in C."""
        told = [b.temperature for b in self.boards if b.temperature is not None]
        return max(told, default=None)

    @property
    def temperature_chip_max(self) -> float | None:
        """The hottest chip, in C."""
        told = [b.temperature_chip for b in self.boards if b.temperature_chip is not None]
        return max(told, default=None)

    @property
    def efficiency(self) -> float | None:
        """J/TH; None where power or hashrate is not known, or it does not hash."""
        return efficiency(self.power, self.hashrate)

    @property
    def pool_alive(self) -> bool | None:
        """Whether any pool is alive; None when no pool says."""
        said = [pool.alive for pool in self.pools if pool.alive is not None]
        return any(said) if said else None

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """Accepted and rejected, of the device or else of all its boards."""
        accepted, rejected = self.accepted, self.rejected
        if accepted is None:
            accepted = _sum([board.accepted for board in self.boards])
        if rejected is None:
            rejected = _sum([board.rejected for board in self.boards])
        return accepted, rejected


def efficiency(power: float | None, hashrate: float | None) -> float | None:
    """J/TH of so many W and H/s; None where either is not known, or nothing hashes."""
    return power / (hashrate / 1e12) if power is not None and hashrate else None


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
