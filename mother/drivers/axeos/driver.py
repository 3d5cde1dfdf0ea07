"""Bitaxe and NerdAxe: HTTP with JSON, no login; asked rarely and by one connection at a time."""

from __future__ import annotations

import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mother.core.errors import Declined, DeviceError, Unreachable, Unsupported
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
from mother.drivers.axeos import forms, parse
from mother.drivers.axeos.session import (
    IDENTIFY,
    INFO,
    LIMIT,
    PAUSE,
    RESTART,
    RESUME,
    Session,
)
from mother.drivers.base import (
    NO_LOGIN,
    Capability,
    Confirm,
    Evidence,
    Nameplate,
    Nature,
    Traces,
    segment,
)
from mother.net.http import Http
from mother.net.wire import Wire

MARK = b"AxeOS"
"""What the index page of Bitaxe's and NerdAxe's firmware holds."""

GZIP = b"\x1f\x8b"
PAGE = 64 * 1024

SELDOM = 10
"""Every so many readings it is asked again for its chips."""

DOCUMENT = Evidence.DOCUMENT


class AxeOS:
    """The family; one instance per process."""

    name = "axeos"
    title = "Bitaxe, NerdAxe (AxeOS)"
    maker = "Bitaxe"
    needs_login = False
    capabilities: Mapping[CommandKind, Capability] = {
        CommandKind.SET_POOLS: Capability(
            Confirm.SETTINGS,
            within=90.0,
            every=5.0,
            evidence=DOCUMENT,
            limits="one pool and one fallback; the device restarts, since it uses them only then",
        ),
        CommandKind.SET_FREQUENCY: Capability(
            Confirm.SETTINGS,
            within=20.0,
            every=5.0,
            evidence=DOCUMENT,
            limits="within what the device's own menu offers; not after it was too hot",
        ),
        CommandKind.REBOOT: Capability(Confirm.RESTART, within=120.0, evidence=DOCUMENT),
        CommandKind.PAUSE: Capability(
            Confirm.ASLEEP, within=60.0, every=5.0, evidence=DOCUMENT, limits="AxeOS 2.14 or newer"
        ),
        CommandKind.RESUME: Capability(
            Confirm.AWAKE, within=120.0, every=5.0, evidence=DOCUMENT, limits="AxeOS 2.14 or newer"
        ),
        CommandKind.LOCATE: Capability(
            Confirm.TAKEN, evidence=DOCUMENT, limits="it ends by itself after half a minute"
        ),
    }
    default_credentials: tuple[Credential, ...] = ()
    profiles: tuple[str, ...] = ()
    most_pools = forms.MOST_POOLS
    nature = Nature(
        interval=30.0,
        grace=300.0,
        low=0.70,
        clear=0.80,
        window=3600.0,
        hot=100.0,
        hot_chip=72.0,
    )

    def __init__(self, wire: Wire) -> None:
        self._http: Http = wire.http
        self._timeout = wire.timeout
        self._now = wire.now

    def claims(self, traces: Traces) -> Address | None:
        """By the name on its page, which comes packed, whether one wants it so or not."""
        if traces.status == 200 and MARK in unpacked(traces.page):
            return Address(traces.host, traces.page_port)
        return None

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether it tells of itself what only AxeOS does."""
        try:
            answer = await self._http.exchange(
                address, b"GET", INFO, deadline=deadline, limit=LIMIT, fresh=True
            )
            return answer.status == 200 and bool(parse.mac(parse.information(answer.body)))
        except DeviceError:
            return False

    def device(self, address: Address, credential: Credential) -> AxeOSDevice:
        """A device at this address; it asks for no login, so the credential is not used."""
        del credential
        return AxeOSDevice(Session(self._http, self._timeout, address, self._now))

    def nameplate(self, model: str) -> Nameplate | None:
        """What the maker says of a model."""
        return nameplates.of(self.maker, model)

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """None of them: they are what electricity and radio do, and last whether it mines."""
        del native
        return {}

    def firmware_in(self, file_name: str) -> str:
        """Empty: its files are all named alike (`esp-miner.bin`)."""
        del file_name
        return ""

    def is_newer(self, version: str, than: str) -> bool | None:
        """By the numbers of `v2.4.5`; None where either has none, or only what follows differs."""
        one, other = _numbers(version), _numbers(than)
        if one is None or other is None or (one == other and version != than):
            return None
        return one > other

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """None: a version does not tell for which board it is."""
        del version, model
        return None

    def safe_model(self, model: str) -> str:
        """`Bitaxe Gamma` as `Bitaxe-Gamma`."""
        return segment(model)


class AxeOSDevice:
    """One device; callers see to it that one call is in flight."""

    def __init__(self, session: Session) -> None:
        self.address = session.address
        self._session = session
        self._asic: dict[str, Any] | None = None
        self._reads = 0

    @property
    def credential(self) -> Credential:
        """None is used."""
        return NO_LOGIN

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger with the next answer."""
        self._session.expected = mac

    def forget(self) -> None:
        """Ask for everything anew."""
        self._session.forget()
        self._asic = None
        self._reads = 0

    async def describe(self) -> Description:
        """What it tells of itself. Garbled where it tells no MAC."""
        info = await self._session.info()
        return parse.description(info, await self._chips(info))

    async def read(self, now: float) -> Reading:
        """One `/api/system/info`, in which nearly all stands."""
        info = await self._session.info()
        asic = await self._chips(info)
        self._reads += 1
        return parse.reading(info, asic, now)

    async def settings(self) -> Settings:
        """Pools, without passwords, clock and voltage, and whether it was told to pause."""
        return parse.settings(await self._session.info())

    async def network(self) -> NetworkSettings:
        """Unsupported: it has what its Wi-Fi gives it."""
        raise Unsupported("AxeOS does not tell its network settings")

    async def offered(self) -> FirmwareOffer:
        """Unsupported: only its page looks for newer firmware, from the reader's browser."""
        raise Unsupported("AxeOS does not look for firmware by itself")

    async def perform(self, command: Command) -> None:
        """Carry out one order; its settings are read first, in the same go."""
        write = WRITES.get(command.kind)
        if write is None:
            raise Unsupported(f"{command.kind.value} is not known to AxeOS")
        await write(self, command.args)

    async def _chips(self, info: Mapping[str, Any]) -> dict[str, Any]:
        """Newer firmware tells here how many chips it has; asked only where that is not known.

        An answer that does not come costs these few fields.
        """
        if "asicCount" in info:
            return {}
        if self._asic is None or (self._reads and self._reads % SELDOM == 0):
            try:
                self._asic = await self._session.asic()
            except Unreachable:
                return self._asic or {}
        return self._asic

    async def set_pools(self, args: Mapping[str, Any]) -> None:
        """What differs is sent, and then it restarts: it looks at its pools only then."""
        wanted = args.get("pools")
        if not isinstance(wanted, tuple):
            raise ValueError("the order gives no pools")  # noqa: TRY004  # as for all bad args
        forms.check_pools(wanted)
        form = forms.pools(wanted, await self._session.info())
        if not form:
            return
        await self._session.change(form)
        try:
            await self._session.order(RESTART, "restart")
        except DeviceError as error:
            raise Declined(
                f"it has the new pools, but did not restart, and uses them only then ({error})"
            ) from None
        self.forget()

    async def set_frequency(self, args: Mapping[str, Any]) -> None:
        """Clock and voltage of its chips, which it follows at once.

        One that was too hot has taken them back itself: it is not driven on.
        """
        forms.check_clock(args)
        info = await self._session.info()
        if parse.overheated(info):
            raise Declined(
                "it was too hot and has throttled itself: cool it, and end that on its page first"
            )
        menu = await self._session.asic()
        await self._session.change(forms.clock(args, info, menu))

    async def reboot(self, _: Mapping[str, Any]) -> None:
        """It is away for some ten seconds."""
        await self._session.order(RESTART, "restart")
        self.forget()

    async def pause(self, _: Mapping[str, Any]) -> None:
        """It stops hashing and goes on answering."""
        await self._session.order(PAUSE, "pause; AxeOS 2.14 and newer does")

    async def resume(self, _: Mapping[str, Any]) -> None:
        """It hashes again."""
        await self._session.order(RESUME, "resume; AxeOS 2.14 and newer does")

    async def locate(self, args: Mapping[str, Any]) -> None:
        """It says hello on its display for half a minute; there is nothing that ends it earlier."""
        if args.get("on", True) is True:
            await self._session.order(IDENTIFY, "show where it stands")


WRITES: dict[CommandKind, Callable[[AxeOSDevice, Mapping[str, Any]], Awaitable[None]]] = {
    CommandKind.SET_POOLS: AxeOSDevice.set_pools,
    CommandKind.SET_FREQUENCY: AxeOSDevice.set_frequency,
    CommandKind.REBOOT: AxeOSDevice.reboot,
    CommandKind.PAUSE: AxeOSDevice.pause,
    CommandKind.RESUME: AxeOSDevice.resume,
    CommandKind.LOCATE: AxeOSDevice.locate,
}


def unpacked(page: bytes) -> bytes:
    """The page as it reads; one that is packed badly, or only begun, as far as it goes."""
    if not page.startswith(GZIP):
        return page
    try:
        return zlib.decompressobj(wbits=31).decompress(page, PAGE)
    except zlib.error:
        return b""


def _numbers(version: str) -> tuple[int, ...] | None:
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", version)
    return None if found is None else tuple(int(part or 0) for part in found.groups())
