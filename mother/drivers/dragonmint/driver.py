"""DragonMint T1 and its Innosilicon sisters: HTTP on port 80, JSON, a login that lasts 6 h."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unsupported
from mother.core.model import (
    Address,
    Command,
    CommandKind,
    ConfiguredPool,
    Credential,
    Description,
    FirmwareOffer,
    NetworkSettings,
    Settings,
)
from mother.core.reading import Reading
from mother.drivers.base import Capability, Confirm, Evidence, Nameplate, Nature, Traces
from mother.drivers.dragonmint import configured, firmware, forms, metrics, parse
from mother.drivers.dragonmint.session import Session, accept
from mother.drivers.dragonmint.writes import WRITES
from mother.net.http import Http

MARKS = (b"<title>DragonMint</title>", b"<title>AsicMiner</title>")
"""What the index page of either maker's firmware holds."""

_HOW: dict[CommandKind, tuple[Confirm, float, Evidence]] = {
    CommandKind.REBOOT: (Confirm.RESTART, 600.0, Evidence.DOCUMENT),
    CommandKind.RESTART_MINING: (Confirm.RESTART, 300.0, Evidence.DOCUMENT),
    CommandKind.SET_POOLS: (Confirm.SETTINGS, 0.0, Evidence.RECORDING),
    CommandKind.SET_PROFILE: (Confirm.SETTINGS, 0.0, Evidence.RECORDING),
    CommandKind.UPGRADE: (Confirm.FIRMWARE, 1800.0, Evidence.DOCUMENT),
    CommandKind.SET_NETWORK: (Confirm.TAKEN, 0.0, Evidence.RECORDING),
    CommandKind.SET_PASSWORD: (Confirm.LOGIN, 0.0, Evidence.RECORDING),
    CommandKind.FACTORY_RESET: (Confirm.RESTART, 600.0, Evidence.DOCUMENT),
    CommandKind.POWER_OFF: (Confirm.TAKEN, 0.0, Evidence.DOCUMENT),
}
"""How each write shows that it has worked, after how long, and what we know that from."""

PAGE_LIMIT = 64 * 1024

UPLOAD_IDLE = 120.0
"""Seconds that an upload may stand still: a miner writes its flash meanwhile."""


class DragonMint:
    """The family. `timeout` is asked for the seconds of each exchange.

    `idle` are the seconds that an upload may stand still.
    """

    name = "dragonmint"
    title = "DragonMint T1, Innosilicon"
    maker = "Innosilicon"
    needs_login = True
    capabilities: Mapping[CommandKind, Capability] = {
        kind: Capability(confirm, within, evidence=evidence)
        for kind, (confirm, within, evidence) in _HOW.items()
        if kind in WRITES
    }
    nature = Nature()
    default_credentials: tuple[Credential, ...] = (
        Credential("admin", "dragonadmin"),
        Credential("admin", "admin"),
        Credential("admin", "innoadmin"),
    )
    profiles: tuple[str, ...] = forms.PROFILES
    most_pools = forms.MOST_POOLS

    def __init__(self, http: Http, timeout: Callable[[], float], idle: float = UPLOAD_IDLE) -> None:
        self._http = http
        self._timeout = timeout
        self._idle = idle

    def claims(self, traces: Traces) -> Address | None:
        """By the maker's title on its page."""
        if traces.status == 200 and any(mark in traces.page for mark in MARKS):
            return Address(traces.host, traces.page_port)
        return None

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether the index page carries the maker's title."""
        try:
            answer = await self._http.exchange(
                address, b"GET", "/", deadline=deadline, limit=PAGE_LIMIT
            )
        except DeviceError:
            return False
        return answer.status == 200 and any(mark in answer.body for mark in MARKS)

    def device(self, address: Address, credential: Credential) -> DragonMintDevice:
        """A miner at this address."""
        return DragonMintDevice(Session(self._http, self._timeout, self._idle, address, credential))

    def nameplate(self, model: str) -> Nameplate | None:
        """None: its readings tell what their model shall do."""
        return None

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """Hashrates and Alive, as 0."""
        return metrics.at_rest(native)

    def firmware_in(self, file_name: str) -> str:
        """`t1_20190101_000000.swu` -> `t1_20190101_000000`; empty for anything else."""
        return firmware.version_in(file_name)

    def is_newer(self, version: str, than: str) -> bool | None:
        """By the time it was built; None where either is no version, or they are of two types."""
        return firmware.is_newer(version, than)

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """Whether its type is this model; None where the version does not tell."""
        return firmware.fits(version, model)

    def safe_model(self, model: str) -> str:
        """The type as one segment of a metric name."""
        return metrics.safe_model(model)


class DragonMintDevice:
    """One miner; see `Session` for what its calls raise."""

    def __init__(self, session: Session) -> None:
        self.address = session.address
        self._session = session
        self._call = session.call

    @property
    def credential(self) -> Credential:
        """The login in use: another one after it changed its own password."""
        return self._session.credential

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger at the next login or description."""
        self._session.expected = mac

    def forget(self) -> None:
        """Drop the token; the next call logs in anew."""
        self._session.forget()

    async def describe(self) -> Description:
        """The overview; an unknown login is checked on the way."""
        return await self._session.describe()

    async def read(self, now: float) -> Reading:
        """One summary."""
        answer = await self._session.ask("/api/summary")
        if answer.get("success") is False and "message" in answer:
            accept(answer)
        return parse.reading(answer, self._session.model, now)

    async def perform(self, command: Command) -> None:
        """Carry out one write; nothing is sent twice.

        An answer that is lost after the request was sent counts as taken, and whether it was
        shows in what is read next. Raises ValueError for args that no miner could take.
        """
        write = WRITES.get(command.kind)
        if write is None:
            raise Unsupported(f"{command.kind.value} is not known to a DragonMint")
        await write(self._session, command.args)

    async def settings(self) -> Settings:
        """Pools and autotune; a miner that was never given pools has none."""
        try:
            pools = await self.pools()
        except Declined as error:
            if str(error) != "missing configuration":
                raise
            pools = ()
        tune = await self.autotune()
        return Settings(pools=pools, profile=tune.mode, level=tune.level)

    async def pools(self) -> tuple[ConfiguredPool, ...]:
        """The configured pools, in order of priority; Declined where none were ever set."""
        return configured.pools(await self._call("/api/pools", secret=True))

    async def autotune(self) -> configured.Autotune:
        """The configured autotune mode."""
        return configured.autotune(await self._call("/api/getAutoTune"))

    async def autotune_status(self) -> configured.AutotuneStatus:
        """What autotune does now."""
        return configured.autotune_status(await self._call("/api/getAutoTuneStatus"))

    async def network(self) -> NetworkSettings:
        """The network configured."""
        return configured.network(await self._call("/api/network"))

    async def type(self) -> str:
        """The type string, `T1`."""
        return parse.model_name((await self._call("/api/type")).get("type"))

    async def offered(self) -> FirmwareOffer:
        """What the miner's maker offers; slow, and Declined where the maker does not answer."""
        return configured.firmware(await self._call("/api/getLatestFirmwareVersion"))

    async def error_detail(self) -> configured.ErrorDetail:
        """The miner's own error code, by the call of newer firmware or that of 2018.

        Unsupported where neither is known.
        """
        for path in ("/api/getErrorDetail", "/api/getErrorMessage"):
            try:
                return configured.error_detail(await self._call(path))
            except (Refused, Garbled):  # an unknown call is "invalid request", or a page of nginx
                continue
        raise Unsupported("this firmware does not tell its error code")

    async def debug_stats(self) -> Mapping[str, Any]:
        """The debug counters of cgminer per board and chip, as the miner gives them."""
        return await self._call("/api/getDebugStats")
