"""Miners behind a gateway of the Miner Control API: mode and profile are set, nothing is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mother.core.errors import DeviceError, Unsupported
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
from mother.core.reading import Mode, Reading, Word
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
from mother.drivers.minercontrol.session import Gateway, Member, Place, place_of
from mother.net.wire import Wire

DOCUMENT = Evidence.DOCUMENT


class MinerControl:
    """The family; one instance per process. It knows the gateways, and every miner behind them."""

    name = "minercontrol"
    title = "miners behind a Miner Control API"
    maker = "unknown"
    needs_login = False
    capabilities: Mapping[CommandKind, Capability] = {
        CommandKind.PAUSE: Capability(
            Confirm.TAKEN,
            evidence=DOCUMENT,
            limits="its gateway cannot be asked whether it sleeps",
            by_login=False,
        ),
        CommandKind.RESUME: Capability(
            Confirm.TAKEN,
            evidence=DOCUMENT,
            limits="its gateway cannot be asked whether it is awake",
            by_login=False,
        ),
        CommandKind.SET_PROFILE: Capability(
            Confirm.TAKEN,
            evidence=DOCUMENT,
            limits="`underclock`, `normal` and `overclock`; which it has cannot be asked",
            by_login=False,
        ),
    }
    default_credentials: tuple[Credential, ...] = ()
    profiles: tuple[str, ...] = ("underclock", "normal", "overclock")
    most_pools = 0
    nature = Nature()

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._gateways: dict[Place, Gateway] = {}
        self._members: dict[str, Member] = {}
        self._at: dict[Address, Member] = {}

    def member(self, url: str, miner: str, connections: int) -> tuple[MinerControlDevice, str]:
        """The miner of that address behind the gateway at `url`, and its identity.

        What it said yes to is known as long as this process runs. Raises ValueError for a URL
        that can be no gateway's.
        """
        place, wire = place_of(url), self._wire
        gateway = self._gateways.get(place)
        if gateway is None:
            gateway = Gateway(wire.http, wire.timeout, wire.now, place, connections)
            self._gateways[place] = gateway
        gateway.widen(connections)
        fresh = Member(gateway, miner)
        member = self._members.setdefault(fresh.identity, fresh)
        device = MinerControlDevice(member)
        self._at[device.address] = member
        return device, member.identity

    def claims(self, traces: Traces) -> Address | None:
        """By `[[minercontrol]]` in the configuration alone: it is never scanned for."""
        del traces
        return None

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether its gateway answers."""
        del deadline  # every call has its own
        member = self._at.get(address)
        if member is None:
            return False
        try:
            await member.gateway.reach(member.miner)
        except DeviceError:
            return False
        return True

    def device(self, address: Address, credential: Credential) -> MinerControlDevice:
        """One that is configured, by its own address and its gateway's port; there is no login.

        ValueError for any other.
        """
        del credential
        member = self._at.get(address)
        if member is None:
            raise ValueError(f"{address} is behind no gateway that is configured")
        return MinerControlDevice(member)

    def nameplate(self, model: str) -> Nameplate | None:
        """None: its gateway does not say what it is."""
        del model
        return None

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """None of them: there are none."""
        del native
        return {}

    def firmware_in(self, file_name: str) -> str:
        """Empty: none can be sent."""
        del file_name
        return ""

    def is_newer(self, version: str, than: str) -> bool | None:
        """None: it tells no version."""
        del version, than
        return None

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """None, likewise."""
        del version, model
        return None

    def safe_model(self, model: str) -> str:
        """It tells none."""
        return segment(model)


class MinerControlDevice:
    """One miner behind a gateway. `address` is the miner's own with its gateway's port."""

    def __init__(self, member: Member) -> None:
        self.address = Address(member.miner, member.gateway.place.address.port)
        self._member = member

    @property
    def credential(self) -> Credential:
        """None is used: the gateway gives tokens to everybody."""
        return NO_LOGIN

    def expect(self, mac: str) -> None:
        """Nothing: who it is, is the gateway's word."""
        del mac

    def forget(self) -> None:
        """Log in anew for the next order."""
        self._member.forget()

    async def describe(self) -> Description:
        """Who it is by the configuration, once its gateway answers."""
        await self._reach()
        return Description(family=MinerControl.name, mac=self._member.identity, model="")

    async def read(self, now: float) -> Reading:
        """What it has said yes to, once its gateway answers: the miner itself cannot be read."""
        await self._reach()
        mode = self._member.mode
        return Reading(
            at=now,
            asleep=mode is Mode.SLEEP,
            profile=self._member.profile,
            word=Word.NONE if mode is None else Word.TAKEN,
        )

    async def settings(self) -> Settings:
        """None that is told."""
        await self._reach()
        return Settings()

    async def network(self) -> NetworkSettings:
        """Unsupported: the gateway knows none."""
        raise Unsupported("a Miner Control gateway does not tell a miner's network settings")

    async def offered(self) -> FirmwareOffer:
        """Unsupported: the gateway knows none."""
        raise Unsupported("a Miner Control gateway does not look for firmware")

    async def perform(self, command: Command) -> None:
        """Tell the gateway. That it is so already is a yes; no answer is none: Garbled."""
        write = WRITES.get(command.kind)
        if write is None:
            raise Unsupported(f"{command.kind.value} is not known to a Miner Control gateway")
        await write(self._member, command.args)

    async def _reach(self) -> None:
        await self._member.gateway.reach(self._member.miner)


async def _pause(member: Member, args: Mapping[str, Any]) -> None:
    del args
    await member.curtail(Mode.SLEEP)


async def _resume(member: Member, args: Mapping[str, Any]) -> None:
    """Its profile is its own: the gateway keeps that over a sleep."""
    del args
    await member.curtail(Mode.ACTIVE)


async def _set_profile(member: Member, args: Mapping[str, Any]) -> None:
    profile = args.get("profile")
    if profile not in MinerControl.profiles or args.get("level") is not None:
        raise ValueError(f"profile {profile!r}: there are {', '.join(MinerControl.profiles)}")
    await member.profileset(profile)


WRITES: Mapping[CommandKind, Callable[[Member, Mapping[str, Any]], Awaitable[None]]] = {
    CommandKind.PAUSE: _pause,
    CommandKind.RESUME: _resume,
    CommandKind.SET_PROFILE: _set_profile,
}
