"""The words of the trade: addresses, devices, readings, commands and events.

Hashrate in H/s, temperature in C, time in Unix seconds (wall clock), all as floats.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

USUAL_PORTS = frozenset({80, 4028, 4433})
"""Where miners listen: their pages, cgminer's API, Whatsminer's third API. Not worth telling."""


class Address(Struct, frozen=True, order=True, gc=False):
    """Where a device answers now. Never its identity."""

    host: str
    port: int

    def __str__(self) -> str:
        return self.host if self.port in USUAL_PORTS else f"{self.host}:{self.port}"


class Credential(Struct, frozen=True, gc=False):
    """A login; the password never reaches a repr, a log or an error."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r}, password='***')"


class Description(Struct, frozen=True):
    """What a device says it is, as read once after a login.

    `mac` is lower case with colons; behind a gateway it is `via:GATEWAY:MEMBER` in its place.
    `overview` is the family's own answer, for the
    inventory; it holds no secret. `uptime` is the system's, in seconds. `maker` is who built it,
    `firmware_name` whose firmware runs (`stock`), `firmware` its version. `closed` says why
    nothing can be written to it until its owner opens that, and the exact step; empty where
    writes are taken.
    """

    family: str
    mac: str
    model: str
    firmware: str = ""
    hardware: str = ""
    uptime: float | None = None
    overview: Mapping[str, Any] = field(default_factory=dict)
    maker: str = ""
    firmware_name: str = ""
    algorithm: str = ""
    serial: str = ""
    hostname: str = ""
    closed: str = ""


class ConfiguredPool(Struct, frozen=True, gc=False):
    """A pool as it is configured on a device; the password never reaches a repr.

    `password` is None where the device does not tell it: most hide it.
    """

    url: str
    user: str
    password: str | None

    def __repr__(self) -> str:
        return f"ConfiguredPool(url={self.url!r}, user={self.user!r}, password='***')"


class Settings(Struct, frozen=True):
    """What is configured on a device: the ordered pools, and its profile (mode, autotune).

    `power_target` in W, `frequency` in MHz, `voltage` of its chips in V; `asleep`: it was told
    to pause. Each is None where the device did not say.
    """

    pools: tuple[ConfiguredPool, ...] | None = None
    profile: str | None = None
    level: str | None = None
    power_target: float | None = None
    frequency: float | None = None
    voltage: float | None = None
    asleep: bool | None = None


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
    PAUSE = "pause"  # stop hashing, stay reachable
    RESUME = "resume"  # profile: str, the one it had before it slept, where that is known
    SET_POWER = "set_power"  # watts: float, the power limit or target
    SET_FREQUENCY = "set_frequency"  # frequency: float in MHz, voltage: float in V; each may miss


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
    `paced`: who gives it bounds by itself how many restart.
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
    paced: bool = False


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
    PAUSED = "device.paused"
    RESUMED = "device.resumed"
    POWER_CHANGED = "device.power_changed"
    CLOCK_CHANGED = "device.clock_changed"
    LOGIN_CHANGED = "device.login_changed"
    FACTORY_LOGIN = "device.factory_login"
    PLACED = "device.placed"
    RETIRED = "device.retired"
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
    PLAN_BEGAN = "schedule.plan_began"
    CURTAILED = "schedule.curtailed"
    CURTAILMENT_ENDED = "schedule.curtailment_ended"
    SIGNAL_SILENT = "schedule.signal_silent"
    SIGNAL_BACK = "schedule.signal_back"
    FOUND_ASLEEP = "schedule.found_asleep"
    CLOCK_ASTRAY = "schedule.clock_astray"
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
