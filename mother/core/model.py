"""The words of the trade: addresses, devices, readings, commands and events.

Hashrate in H/s, temperature in C, time in Unix seconds (wall clock), all as floats.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Address(Struct, frozen=True, order=True, gc=False):
    """Where a device answers now. Never its identity."""

    host: str
    port: int

    def __str__(self) -> str:
        return self.host if self.port == 80 else f"{self.host}:{self.port}"


class Credential(Struct, frozen=True, gc=False):
    """A login; the password never reaches a repr, a log or an error."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r}, password='***')"


class Description(Struct, frozen=True):
    """What a device says it is, as read once after a login.

    `mac` is lower case with colons. `overview` is the family's own answer, for the
    inventory; it holds no secret. `uptime` is the system's, in seconds.
    """

    family: str
    mac: str
    model: str
    firmware: str = ""
    hardware: str = ""
    uptime: float | None = None
    overview: Mapping[str, Any] = field(default_factory=dict)


class Board(Struct, frozen=True, gc=False):
    """One hashboard. `hashrate` is the shortest window that is meaningful at this uptime."""

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


class Pool(Struct, frozen=True, gc=False):
    """One pool as the device reports it; `active` is the one it mines for now."""

    index: int
    url: str = ""
    user: str = ""
    alive: bool | None = None
    active: bool | None = None
    accepted: float | None = None
    rejected: float | None = None


class Reading(Struct, frozen=True):
    """What a device said at one moment.

    `uptime` is the mining program's, in seconds. `restarting` means the device answers but
    its mining program is not ready. `expected_boards` is None where the model is unknown.
    `power` is in W; `power_source` says whether the device `measured` or `reported` it, or it is
    the maker's `nameplate`. `native` maps the family's own metric names (already safe, such as
    `dev.0.MHS-5m`) to numbers; the sinks send them below the worker's name.
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

    @property
    def boards_alive(self) -> int | None:
        """How many boards say they are alive; None while no board is reported."""
        return sum(1 for board in self.boards if board.alive) if self.boards else None

    @property
    def temperature_max(self) -> float | None:
        """The hottest board, in C."""
        return max((b.temperature for b in self.boards if b.temperature is not None), default=None)

    @property
    def efficiency(self) -> float | None:
        """J/TH; None where power or hashrate is not known, or it does not hash."""
        return efficiency(self.power, self.hashrate)

    @property
    def pool_alive(self) -> bool | None:
        """Whether any pool is alive; None when no pool says."""
        said = [pool.alive for pool in self.pools if pool.alive is not None]
        return any(said) if said else None


def efficiency(power: float | None, hashrate: float | None) -> float | None:
    """J/TH of so many W and H/s; None where either is not known, or nothing hashes."""
    return power / (hashrate / 1e12) if power is not None and hashrate else None


class ConfiguredPool(Struct, frozen=True, gc=False):
    """A pool as it is configured on a device; the password never reaches a repr."""

    url: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"ConfiguredPool(url={self.url!r}, user={self.user!r}, password='***')"


class Settings(Struct, frozen=True):
    """What is configured on a device: the ordered pools, and its profile (autotune mode).

    `pools` is None where the device did not say.
    """

    pools: tuple[ConfiguredPool, ...] | None = None
    profile: str | None = None
    level: str | None = None


class NetworkSettings(Struct, frozen=True):
    """The network of a device; texts as written there, empty where it gives none."""

    dhcp: bool
    address: str = ""
    netmask: str = ""
    gateway: str = ""
    dns: tuple[str, ...] = ()


class FirmwareOffer(Struct, frozen=True):
    """What a device found when it asked its maker.

    `updated`: it runs that or a newer one already; None where it does not say.
    """

    version: str
    url: str
    current: str
    updated: bool | None


class FirmwareImage(Struct, frozen=True):
    """A firmware file on this machine's disk: `size` in bytes, `sha256` in lower-case hex."""

    version: str
    path: str
    sha256: str
    size: int


class State(enum.StrEnum):
    """The six states a person ever sees."""

    HASHING = "hashing"
    TUNING = "tuning"
    ASLEEP = "asleep"
    ILL = "ill"
    GONE = "gone"
    UNKNOWN = "unknown"


class CommandKind(enum.StrEnum):
    """Everything that can be asked of a device through the door; behind each its `args`."""

    REBOOT = "reboot"
    RESTART_MINING = "restart_mining"
    SET_POOLS = "set_pools"  # pools: tuple[ConfiguredPool, ...], the whole ordered list
    SET_PROFILE = "set_profile"  # profile: str, level: str | None
    UPGRADE = "upgrade"  # firmware: FirmwareImage; or url: str, which the device fetches itself
    SET_NETWORK = "set_network"  # network: NetworkSettings
    SET_PASSWORD = "set_password"  # noqa: S105  # credential: Credential, the new login
    FACTORY_RESET = "factory_reset"
    POWER_OFF = "power_off"
    LOCATE = "locate"  # on: bool


class Change(Struct, frozen=True):
    """One thing that a write changes: both values in words, without secrets."""

    setting: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.old} -> {self.new}"


class Command(Struct, frozen=True, kw_only=True):
    """One order to one device. `key` makes it idempotent; `device` is a DeviceId.

    `changes` tells a person what it changes. `batch` is shared by orders that are undone
    together, `wish` names the wish that it serves. `by_hand`: a person asked for it, now;
    `despite_hold`: and knows of the hold. `undoes`: it puts back what was there before.
    """

    id: str
    key: str
    actor: str
    reason: str
    at: float
    expires: float
    device: str
    kind: CommandKind
    args: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    batch: str = ""
    wish: str = ""
    by_hand: bool = False
    despite_hold: bool = False
    undoes: bool = False


class Severity(enum.StrEnum):
    """How loud an event is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class EventKind(enum.StrEnum):
    """The closed table of what can happen."""

    ADDED = "device.added"
    REMOVED = "device.removed"
    MOVED = "device.moved"
    GONE = "device.gone"
    BACK = "device.back"
    ILL = "device.ill"
    WELL = "device.well"
    HOT = "device.hot"
    COOL = "device.cool"
    CONFLICT = "device.conflict"
    AGREED = "device.agreed"
    LEFT = "device.left_for_a_human"
    REBOOTED = "device.rebooted"
    POOLS_CHANGED = "device.pools_changed"
    PROFILE_CHANGED = "device.profile_changed"
    UPGRADING = "device.upgrading"
    UPGRADED = "device.upgraded"
    UNDONE = "device.undone"
    WISH_REACHED = "device.wish_reached"
    WISH_FAILED = "device.wish_failed"
    ORDERED = "device.ordered"
    HELD = "device.held"
    RELEASED = "device.released"
    ACCEPTED = "device.accepted"
    REPLACED = "device.replaced"
    RESTARTED = "device.restarted"
    REBOOT_CONFIRMED = "device.reboot_confirmed"
    REBOOT_FAILED = "device.reboot_failed"
    WOULD_WRITE = "device.would_write"
    SIGHTED = "host.sighted"
    SCANNED = "scan.done"
    FAULT = "fault"
    AUDIT = "audit"
    ROLLOUT_PROVED = "rollout.proved"
    WAVE = "rollout.wave"
    ROLLOUT_STOPPED = "rollout.stopped"
    ROLLOUT_RESUMED = "rollout.resumed"
    BREAKER_OPENED = "breaker.opened"
    BREAKER_TRYING = "breaker.trying"
    BREAKER_CLOSED = "breaker.closed"
    HASHRATE_LOW = "farm.hashrate_low"
    HASHRATE_BACK = "farm.hashrate_back"
    MANY_GONE = "farm.many_gone"
    MANY_BACK = "farm.many_back"
    CRASHED = "daemon.crashed"
    MACHINE_RESTARTED = "daemon.machine_restarted"
    ALARM_SENT = "alarm.sent"
    ALARM_FAILED = "alarm.failed"


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened. `content` holds plain values only; `text` is the sentence."""

    id: str
    at: float
    site: str
    kind: EventKind
    severity: Severity
    text: str
    device: str = ""
    worker: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""


class Totals(Struct, frozen=True, kw_only=True):
    """The farm in one line; `states` counts miners by State value.

    `given_up` are those that were known and are not looked for by polls any more. `power` (W)
    sums what is known of those that hash; `efficiency` (J/TH) is of those whose power is known.
    """

    at: float
    miners: int
    states: Mapping[str, int]
    hashrate: float
    expected_hashrate: float
    boards_alive: int
    boards_expected: int
    temperature_max: float | None
    accepted: float
    rejected: float
    given_up: int = 0
    power: float = 0.0
    efficiency: float | None = None
