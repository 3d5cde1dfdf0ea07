"""The configuration as one frozen value, replaced whole on reload."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec import Struct

from mother.config.cascade import Cascade, Rule, laid
from mother.config.schedule import Gateway, Schedule
from mother.config.subject import ANY, DRAGONMINT, Group, Reach, Subject, plain_algorithm
from mother.core.model import Credential
from mother.core.ports import CGMINER, WEB, WHATSMINER, Ports

MOST_KNOWN = 65_536
"""So many miners are remembered with their settings; those of more are worked out anew."""


class PoolWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A pool the operator wants: `username` gets `.{worker}` appended.

    `algorithm` is what the pool takes, in one spelling; empty: whatever its miners hash.
    """

    url: str
    username: str
    password: str
    algorithm: str = ""

    def __repr__(self) -> str:
        return f"PoolWish(url={self.url!r}, username={self.username!r}, password='***')"


class DeviceSettings(Struct, frozen=True):
    """What holds for one device. Seconds; `health_hashrate_minimum` in GH/s per board.

    No pools, no mode, no firmware: those are left as they are. `firmware_file` is a file of
    the operator's, which comes with its `firmware_sha256` (lower-case hex); that digest alone
    pins what the device's own check names. `profile` with its `level` is what counts, of which
    `autotune_mode` and `autotune_level` are DragonMint's words. `power_target` in W, `frequency`
    in MHz, `voltage` in V.
    """

    health_reboot: bool
    health_check_interval: float
    health_hashrate_duration: float
    health_hashrate_minimum: float
    auto_upgrade: bool
    autotune_mode: str | None
    autotune_level: int | None
    pools: tuple[PoolWish, ...]
    firmware_file: str | None = None
    firmware_sha256: str | None = None
    profile: str | None = None
    level: str | None = None
    power_target: float | None = None
    frequency: float | None = None
    voltage: float | None = None


class Block(Struct, frozen=True):
    """One `[[configs]]` block: `models` and `mac_addresses` restrict it, both empty means all.

    Models are upper case, MAC addresses lower case with colons. `own_pools` is False when the
    block does not speak of pools and its settings merely repeat the general ones.
    """

    models: tuple[str, ...]
    mac_addresses: tuple[str, ...]
    settings: DeviceSettings
    own_pools: bool = True


class Statsd(Struct, frozen=True):
    """Where metrics go. `host` None: nowhere. `interval` in seconds.

    `tags`: the uniform metrics go out a second time, with tags.
    """

    host: str | None
    port: int
    prefix: str
    interval: float
    type_segment: bool
    tags: bool = False


class Alarm(Struct, frozen=True):
    """Who is told what. `urls` are apprise's and secret, as is `heartbeat_url`.

    `drop` is in percent of the farm's mean hashrate of the last hour, `gone` in miners,
    `heartbeat_interval` in seconds.
    """

    urls: tuple[str, ...] = ()
    drop: float = 20.0
    gone: int = 5
    heartbeat_url: str | None = None
    heartbeat_interval: float = 60.0

    def __repr__(self) -> str:
        beat = "None" if self.heartbeat_url is None else "'***'"
        return (
            f"Alarm(urls={len(self.urls)} of them, drop={self.drop:g}, gone={self.gone}, "
            f"heartbeat_url={beat}, heartbeat_interval={self.heartbeat_interval:g})"
        )


class Waves(Struct, frozen=True):
    """How fast a change may spread.

    After one canary, which must hash for `canary_time` seconds, at most `least` or `percent`
    of the farm, whichever is more, make one wave; never more than `restarts_at_once` miners
    restart by our orders at any time. Firmware goes to `upgrades_at_once` miners at a time.
    `restarts_said`: a person chose that number. Else it does not bound the schedule, which has
    ramps of its own.
    """

    percent: float = 5.0
    least: int = 5
    restarts_at_once: int = 20
    upgrades_at_once: int = 5
    canary_time: float = 120.0
    restarts_said: bool = False


class Config(Struct, frozen=True, dict=True):
    """Everything the daemon needs to know. Times in seconds, `scan_rate` in probes per second.

    `networks` and `exclude` are texts that netaddr has accepted (CIDR, range, address).
    `scan_rate` 0 means as fast as the machine allows. `pools_by_mac` are the pools that hold
    in place of the general ones for single miners. `notes` are sentences for the operator.
    `worker_template` None: each family's own. `families` are those looked for, none named is all.
    The n-th of `credentials` is for whom the n-th of `login_limits` says, for all where it has
    none. `rules` lie over the settings of all families, `settings` and `blocks` are DragonMint's.
    """

    networks: tuple[str, ...]
    exclude: tuple[str, ...]
    scan_interval: float
    scan_timeout: float
    connect_timeout: float
    scan_rate: float
    dragon_timeout: float
    dragon_port: int
    credentials: tuple[Credential, ...]
    worker_template: str | None
    statsd: Statsd
    firmwares_path: str
    inventory_file: str
    state_file: str
    control_socket: str
    dry_run: bool
    site: str
    settings: DeviceSettings
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    pools_by_mac: Mapping[str, tuple[PoolWish, ...]] = {}
    waves: Waves = Waves()
    alarm: Alarm = Alarm()
    metrics_listen: str | None = None
    log_format: str = "auto"
    port_offset: int = 0
    families: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    login_limits: tuple[Reach, ...] = ()
    schedule: Schedule = Schedule()
    gateways: tuple[Gateway, ...] = ()

    @cached_property
    def ports(self) -> Ports:
        """Where miners listen."""
        return Ports(
            WEB + self.port_offset,
            CGMINER + self.port_offset,
            WHATSMINER + self.port_offset,
            self.dragon_port,
        )

    def for_miner(self, subject: Subject) -> DeviceSettings:
        """The settings of one miner: what `[[miners]]` says, and below it, for DragonMint, what
        `for_device` gives; any other family is left alone.

        Pools of another algorithm than the miner's are not among them. Cheap: remembered.
        """
        settings = self._known_miners.get(subject)
        if settings is None:
            if len(self._known_miners) >= MOST_KNOWN:
                self._known_miners.clear()
                self._shared.clear()
            settings = self._known_miners[subject] = self._laid_over(subject)
        return settings

    def logins(self, subject: Subject) -> tuple[Credential, ...]:
        """The logins for this miner in their order; none: its family's own are meant."""
        groups = self.groups_of(subject) if self.login_limits else ()
        pairs = zip_longest(self.credentials, self.login_limits[: len(self.credentials)])
        fit = (login for login, limit in pairs if (limit or ANY).fits(subject, groups))
        return tuple(dict.fromkeys(fit))

    def groups_of(self, subject: Subject) -> tuple[str, ...]:
        """The names of the groups that hold this miner, in the order of the file."""
        return self._cascade.groups_of(subject)

    def _laid_over(self, subject: Subject) -> DeviceSettings:
        dragon = subject.family.casefold() == DRAGONMINT
        below = self.for_device(subject.model, subject.mac) if dragon else self._alone
        rules = self._cascade.fitting(subject)
        algorithm = plain_algorithm(subject.algorithm)
        key = (below, tuple(map(id, rules)), algorithm)
        settings = self._shared.get(key)
        if settings is None:
            said = laid(rules)
            settings = self._shared[key] = _settled(below, said, algorithm)
        return settings

    @cached_property
    def _alone(self) -> DeviceSettings:
        """Of a family that mother-of-dragons did not know: nothing is wished of it."""
        return DeviceSettings(
            health_reboot=False,
            health_check_interval=self.settings.health_check_interval,
            health_hashrate_duration=self.settings.health_hashrate_duration,
            health_hashrate_minimum=0.0,
            auto_upgrade=False,
            autotune_mode=None,
            autotune_level=None,
            pools=(),
        )

    @cached_property
    def _cascade(self) -> Cascade:
        return Cascade(self.groups, self.rules)

    @cached_property
    def _known_miners(self) -> dict[Subject, DeviceSettings]:
        return {}

    @cached_property
    def _shared(self) -> dict[tuple[DeviceSettings, tuple[int, ...], str], DeviceSettings]:
        """By what is below, the blocks on top and the algorithm: most miners have the same."""
        return {}

    def for_device(self, model: str, mac: str) -> DeviceSettings:
        """What the options and `[[configs]]` say of one DragonMint: the first block that fits
        best, else the general settings.

        Order: a block that names both model and MAC, then the model alone, then the MAC
        alone, then one without restrictions. Model and MAC are compared without case.
        Cheap: looked up, and remembered, so that the same device gets the same value.
        """
        key = (model.upper(), mac.lower())
        settings = self._known.get(key)
        if settings is None:
            settings = self._known[key] = self._settle(*key)
        return settings

    def _settle(self, model: str, mac: str) -> DeviceSettings:
        block = self._index.find(model, mac)
        settings = self.settings if block is None else block.settings
        pools = self.pools_by_mac.get(mac)
        if pools is None or (block is not None and block.own_pools):
            return settings
        return msgspec.structs.replace(settings, pools=pools)

    @cached_property
    def _known(self) -> dict[tuple[str, str], DeviceSettings]:
        return {}

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.blocks)


def _settled(below: DeviceSettings, said: Mapping[str, Any], algorithm: str) -> DeviceSettings:
    """`below` with what is said on top, and no pools of another algorithm.

    DragonMint's own words for the profile follow it.
    """
    level = None if below.autotune_level is None else str(below.autotune_level)
    tuned = msgspec.structs.replace(below, profile=below.autotune_mode, level=level)
    settings = msgspec.structs.replace(tuned, **said)
    pools = tuple(wish for wish in settings.pools if wish.algorithm in ("", algorithm))
    mode, told = settings.profile, settings.level
    number = int(told) if told is not None and told.isdecimal() else None
    return msgspec.structs.replace(settings, pools=pools, autotune_mode=mode, autotune_level=number)


class _Index:
    """Blocks by what they name; of two that name the same, the first counts."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self._both: dict[tuple[str, str], Block] = {}
        self._model: dict[str, Block] = {}
        self._mac: dict[str, Block] = {}
        self._rest: Block | None = None
        for block in blocks:
            self._add(block)

    def _add(self, block: Block) -> None:
        models, macs = block.models, block.mac_addresses
        if models and macs:
            for model in models:
                for mac in macs:
                    self._both.setdefault((model, mac), block)
        for model in models if not macs else ():
            self._model.setdefault(model, block)
        for mac in macs if not models else ():
            self._mac.setdefault(mac, block)
        if not models and not macs and self._rest is None:
            self._rest = block

    def find(self, model: str, mac: str) -> Block | None:
        """The block that speaks for this device."""
        return (
            self._both.get((model, mac))
            or self._model.get(model)
            or self._mac.get(mac)
            or self._rest
        )
