"""Antminers with Bitmain's own firmware: figures on port 4028, all else on pages with a login."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from mother.core.errors import (
    Declined,
    DeviceError,
    Garbled,
    Refused,
    Unreachable,
    Unsupported,
)
from mother.core.model import (
    Address,
    Command,
    CommandKind,
    Credential,
    Description,
    FirmwareOffer,
    NetworkSettings,
    Settings,
)
from mother.core.reading import Reading
from mother.drivers import nameplates
from mother.drivers.antminer import configured, firmware, marks, parse
from mother.drivers.antminer.fields import SLEEP
from mother.drivers.antminer.session import Session
from mother.drivers.antminer.shape import Beside, starting
from mother.drivers.antminer.writes import WRITES
from mother.drivers.base import Capability, Confirm, Evidence, Nameplate, Nature, Traces
from mother.drivers.cgminer.api import Joining
from mother.drivers.cgminer.pools import pools
from mother.net.exchange import CutOff
from mother.net.wire import Wire

UPLOAD_IDLE = 300.0
"""Seconds that an upload may stand still: a miner checks and writes its flash meanwhile."""

SELDOM = 10
RARELY = 60.0
"""One read in so many asks for the pools, and none so many seconds after another."""

PAGES = 300.0
"""Of those, one asks its pages for mode and faults too, so many seconds after another: each is a
login.
"""

_LATER = "the mining program starts anew, which takes some minutes"

_CAPABILITIES: dict[CommandKind, Capability] = {
    CommandKind.REBOOT: Capability(Confirm.RESTART, 600.0),
    CommandKind.PAUSE: Capability(
        Confirm.ASLEEP,
        180.0,
        every=5.0,
        limits="S19 and later; sleeping overwrites the profile",
        lag=1.0,
        kept=True,
    ),
    CommandKind.RESUME: Capability(
        Confirm.AWAKE, 180.0, every=5.0, limits=f"S19 and later; {_LATER}", lag=1.0, kept=True
    ),
    CommandKind.SET_PROFILE: Capability(
        Confirm.SETTINGS, 30.0, limits=f"S19 and later, not while it sleeps; {_LATER}"
    ),
    CommandKind.SET_POOLS: Capability(
        Confirm.SETTINGS, 30.0, limits=f"S19 and later, three pools; {_LATER}"
    ),
    CommandKind.LOCATE: Capability(Confirm.TAKEN, limits="S19 and later"),
    CommandKind.SET_NETWORK: Capability(Confirm.TAKEN, limits="S19 and later"),
    CommandKind.SET_PASSWORD: Capability(
        Confirm.LOGIN, evidence=Evidence.UNTESTED, limits="S19 and later, the user root only"
    ),
    CommandKind.UPGRADE: Capability(
        Confirm.FIRMWARE,
        1800.0,
        evidence=Evidence.UNTESTED,
        limits="S19 and later, files named like FR-1.12(251009-S21).bmu",
    ),
}


class Antminer:
    """The family. `idle` are the seconds that an upload may stand still."""

    name = "antminer"
    title = "Antminer, stock firmware"
    maker = "Bitmain"
    needs_login = True
    capabilities: Mapping[CommandKind, Capability] = _CAPABILITIES
    default_credentials: tuple[Credential, ...] = (Credential("root", "root"),)
    profiles: tuple[str, ...] = tuple(configured.MODES)
    most_pools = configured.MOST_POOLS
    nature = Nature()

    def __init__(self, wire: Wire, idle: float = UPLOAD_IDLE) -> None:
        self._wire = wire
        self._idle = idle
        self._joining = Joining()

    def claims(self, traces: Traces) -> Address | None:
        """By what it says to `version`; by the realm of its page where it says nothing."""
        found = marks.is_ours(traces)
        return Address(traces.host, traces.ports.cgminer) if found else None

    async def recognise(self, address: Address, deadline: float) -> bool:
        """By `version`; by its page where that port is shut, as while it sleeps."""
        return await marks.recognise(self._wire, address, deadline)

    def device(self, address: Address, credential: Credential) -> AntminerDevice:
        """A miner at this address."""
        return AntminerDevice(Session(self._wire, address, credential, self._idle, self._joining))

    def nameplate(self, model: str) -> Nameplate | None:
        """What the maker says of a model."""
        return nameplates.of(self.maker, model)

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """The frequency, as 0."""
        return {name: 0.0 for name in native if name == "total_freqavg"}

    def firmware_in(self, file_name: str) -> str:
        """`FR-1.12(251009-S21).bmu` -> `FR-1.12(251009-S21)`; empty for anything else."""
        return firmware.version_in(file_name)

    def is_newer(self, version: str, than: str) -> bool | None:
        """By day and number; None where either does not tell them, or they are of two models."""
        return firmware.is_newer(version, than)

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """Whether its model is this one; None where the version does not tell."""
        return firmware.fits(version, model)

    def safe_model(self, model: str) -> str:
        """The model as one segment of a metric name: `S19j Pro+` is `S19j-Pro-plus`."""
        return marks.safe_model(model)


class AntminerDevice:
    """One miner; see `Session` and `Web` for what its calls raise."""

    def __init__(self, session: Session) -> None:
        self.address = session.address
        self._session = session
        self._beside = Beside()
        self._reads = 0
        self._looked: float | None = None
        self._paged: float | None = None
        self._missed = False
        self._tells_mode = False
        self._newer: bool | None = None
        self._unit = ""
        self._shut_out = False

    @property
    def credential(self) -> Credential:
        """The login in use: another one after it changed its own password."""
        return self._session.web.credential

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger from the next look at who it is."""
        if self._session.expected != mac:
            self._session.expected = mac
            self._session.met = False

    def forget(self) -> None:
        """Drop the login; the next call looks who it is."""
        self._session.forget()
        self._unit = ""
        self._newer = None

    async def describe(self) -> Description:
        """Its system page, and what it says to `version` where it does."""
        return await self._meet(await self._session.version())

    async def settings(self) -> Settings:
        """Pools with their passwords, profile, and whether it was told to sleep."""
        return configured.settings(await self._session.conf())

    async def network(self) -> NetworkSettings:
        """The network page."""
        return configured.network(await self._session.web.ask("get_network_info"))

    async def offered(self) -> FirmwareOffer:
        """Unsupported: it asks nobody."""
        raise Unsupported("an Antminer looks for no firmware")

    async def perform(self, command: Command) -> None:
        """Carry out one write; nothing is sent twice. ValueError for args no miner could take."""
        write = WRITES.get(command.kind)
        if write is None:
            raise Unsupported(f"{command.kind.value} is not known to an Antminer")
        try:
            await write(self._session, command.args)
        finally:
            self._session.changed = True

    async def read(self, now: float) -> Reading:
        """One `stats`; pools and configuration seldom, and the pages where port 4028 is shut.

        A miner that hashes nothing is asked whether it has a pool, and was told to sleep.
        """
        session = self._session
        if not session.met:
            await self._meet(None)
        try:
            answer = await self._ask_stats()
        except Unreachable as error:
            return await self._by_page(error, now)
        looked = await self._look_beside(now)
        said = parse.stats(answer, self._beside, now)
        self._tells_mode = said.mode is not None
        if said.unit != self._unit:
            await self._met_again(said.unit)
        if not looked and not said.reading.hashrate:
            await self._look_at_pools()
            if said.mode is None:
                await self._look_at_mode()
            said = parse.stats(answer, self._beside, now)
        return said.reading

    async def _meet(self, version: dict[str, Any] | None) -> Description:
        found = await self._session.meet(version)
        self._beside = replace(self._beside, model=found.model)
        self._shut_out = False
        return found

    async def _met_again(self, unit: str) -> None:
        """Another controller answers than at the last read: look who it is."""
        if self._unit:
            await self._meet(None)
        self._unit = unit

    async def _ask_stats(self) -> dict[str, Any]:
        """In the newer shape where the firmware knows that, which is learned once."""
        api = self._session.api
        if self._newer is not None:
            return await (api.raw("stats", new_api=True) if self._newer else api.raw("stats"))
        try:
            answer = await api.raw("stats", new_api=True)
            said = parse.stats(answer, self._beside, 0.0)
        except (CutOff, Garbled, Refused, Declined):
            answer = await api.raw("stats")
            self._newer = False
            return answer
        if said.reading.uptime is not None:
            self._newer = said.newer
        return answer

    def _is_time(self, now: float) -> bool:
        """Whether what changes seldom shall be asked with this read."""
        if self._session.changed:
            self._session.changed = False
            self._looked = self._paged = None
        self._reads += 1
        if self._looked is None:
            return True
        return self._reads >= SELDOM and not 0.0 <= now - self._looked < RARELY

    async def _look_beside(self, now: float) -> bool:
        """Ask what changes seldom, if it is time for that; whether it was."""
        if not self._is_time(now):
            return False
        self._reads, self._looked = 0, now
        if not await self._look_at_pools():
            self._missed = not self._missed
            if self._missed:  # once more with the next read, and then only when it is time
                self._looked = None
            return False
        self._missed = False
        if self._paged is None or not 0.0 <= now - self._paged < PAGES:
            self._paged = now
            await self._look_at_pages()
        return True

    async def _look_at_pages(self) -> None:
        if not self._tells_mode:
            await self._look_at_mode()
        await self._look_at_faults()

    async def _look_at_pools(self) -> bool:
        """Whether an answer came, if only a no."""
        try:
            told = pools(await self._session.api.ask("pools"))
        except Unreachable:
            return False
        except DeviceError:
            told = ()
        self._beside = replace(
            self._beside,
            pools=told,
            accepted=_sum(pool.accepted for pool in told),
            rejected=_sum(pool.rejected for pool in told),
        )
        return True

    async def _look_at_mode(self) -> None:
        if self._shut_out:
            return
        try:
            mode = configured.mode_in(await self._session.conf())
        except Refused:
            self._shut_out = True
        except DeviceError:
            return
        else:
            self._beside = replace(self._beside, mode=mode)

    async def _look_at_faults(self) -> None:
        if self._shut_out or self._session.old:
            return
        try:
            found = configured.faults(await self._session.web.ask("summary"))
        except DeviceError:
            found = ()
        self._beside = replace(self._beside, faults=found)

    async def _by_page(self, error: Unreachable, now: float) -> Reading:
        """What its pages tell while its mining program says nothing; `error` where they are shut.

        Where no page tells figures either, it is starting.
        """
        try:
            mode = configured.mode_in(await self._session.conf())
        except Unreachable:
            raise error from None
        self._beside = beside = replace(self._beside, mode=mode)
        if mode != SLEEP and not self._session.old:
            with suppress(DeviceError):
                said = parse.stats(await self._session.web.ask("stats"), beside, now).reading
                return said if said.hashrate else replace(said, restarting=True)
        return starting(beside, beside.model, now)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
