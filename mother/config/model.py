"""The configuration as one frozen value, replaced whole on reload."""

from __future__ import annotations

from msgspec import Struct

from mother.core.model import Credential


class PoolWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A pool the operator wants: `username` gets `.{worker}` appended."""

    url: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"PoolWish(url={self.url!r}, username={self.username!r}, password='***')"


class DeviceSettings(Struct, frozen=True):
    """What holds for one device. Seconds; `health_hashrate_minimum` in GH/s per board."""

    health_reboot: bool
    health_check_interval: float
    health_hashrate_duration: float
    health_hashrate_minimum: float
    auto_upgrade: bool
    autotune_mode: str | None
    autotune_level: int | None
    pools: tuple[PoolWish, ...]


class Block(Struct, frozen=True):
    """One `[[configs]]` block: `models` and `mac_addresses` restrict it, both empty means all."""

    models: tuple[str, ...]
    mac_addresses: tuple[str, ...]
    settings: DeviceSettings


class Statsd(Struct, frozen=True):
    """Where metrics go. `host` None: nowhere. `interval` in seconds."""

    host: str | None
    port: int
    prefix: str
    interval: float
    type_segment: bool


class Config(Struct, frozen=True):
    """Everything the daemon needs to know. Times in seconds, `scan_rate` in probes per second.

    `networks` and `exclude` are texts that netaddr has accepted (CIDR, range, address).
    `scan_rate` 0 means as fast as the machine allows.
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
    worker_template: str
    statsd: Statsd
    firmwares_path: str
    inventory_file: str
    state_file: str
    dry_run: bool
    site: str
    settings: DeviceSettings
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()

    def for_device(self, model: str, mac: str) -> DeviceSettings:
        """The settings of one device: the first block that fits best, else the general ones.

        Order: a block that names both model and MAC, then the model alone, then the MAC
        alone, then one without restrictions.
        """
        raise NotImplementedError
