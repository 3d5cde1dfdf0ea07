"""Canaan's Avalon: cgminer's API on port 4028, one connection and one command at a time."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Stranger, Unsupported
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
from mother.core.reading import Pool, Reading
from mother.drivers import nameplates
from mother.drivers.avalon import forms, parse
from mother.drivers.avalon.blocks import Block, modules
from mother.drivers.avalon.models import PROFILES
from mother.drivers.base import Capability, Confirm, Evidence, Nameplate, Nature, Traces, segment
from mother.drivers.cgminer import picks
from mother.drivers.cgminer.api import Api
from mother.drivers.cgminer.pools import configured
from mother.drivers.cgminer.pools import pools as pools_of
from mother.drivers.cgminer.status import status_of
from mother.drivers.cgminer.wire import repaired
from mother.net.exchange import CutOff
from mother.net.wire import Wire

SELDOM = 10
"""Every so many readings it is asked again who it is, for its pools and its chips."""

WEB_LOGIN = Credential("root", "root")
"""What the maker gives them; `setpool` asks for it, nothing else does."""

QUICK = ("litestats", "stats", "estats")
FULL = ("stats", "estats")
"""What tells of boards, the shortest first, and what lists chips; not every model knows all."""

KEYS_LIMIT = 1000

BUSY = 0.5
"""It serves one connection at a time: seconds until a read is made once more."""

VERSION = b'{"command":"version"}'
VERSION_LIMIT = 1 << 16

_LOST: tuple[type[DeviceError], ...] = (Declined, Refused, Garbled, CutOff)
"""What costs a part of a reading only."""

DOCUMENT, RECORDING = Evidence.DOCUMENT, Evidence.RECORDING


class Manners:
    """Which command of QUICK and of FULL each model answers; one object for the family."""

    def __init__(self) -> None:
        self.quick: dict[str, str] = {}
        self.full: dict[str, str] = {}


class Avalon:
    """The family; one instance per process."""

    name = parse.FAMILY
    title = "Avalon (A-series, Q, Mini, Nano)"
    maker = "Canaan"
    needs_login = False
    capabilities: Mapping[CommandKind, Capability] = {
        CommandKind.PAUSE: Capability(
            Confirm.ASLEEP, within=90.0, every=5.0, evidence=RECORDING,
            limits="its clock must be right", by_login=False, lag=forms.AHEAD,
        ),
        CommandKind.RESUME: Capability(
            Confirm.AWAKE, within=120.0, every=5.0, evidence=RECORDING,
            limits="its clock must be right", by_login=False, lag=forms.AHEAD,
        ),
        CommandKind.SET_PROFILE: Capability(
            Confirm.SETTINGS, within=60.0, every=5.0, evidence=DOCUMENT,
            by_login=False,
            limits="Avalon Q (eco, standard, super) and Nano 3S (low, medium, high)",
        ),
        CommandKind.SET_POOLS: Capability(
            Confirm.SETTINGS, within=300.0, every=10.0, evidence=DOCUMENT,
            limits="as many pools as it has, at most three; it reboots, since it uses them only "
            "then; its page must have the maker's login",
        ),
        CommandKind.REBOOT: Capability(Confirm.RESTART, 300.0, by_login=False),
        CommandKind.RESTART_MINING: Capability(Confirm.RESTART, 180.0, by_login=False),
        CommandKind.LOCATE: Capability(
            Confirm.TAKEN, evidence=DOCUMENT, by_login=False, limits="A-series with a light"
        ),
    }  # fmt: skip
    default_credentials: tuple[Credential, ...] = (WEB_LOGIN,)
    profiles: tuple[str, ...] = PROFILES
    most_pools = forms.MOST_POOLS
    nature = Nature(interval=5.0, hot=90.0, hot_chip=105.0)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._manners = Manners()

    def claims(self, traces: Traces) -> Address | None:
        """By the product that it names to `version`."""
        if parse.is_avalon(traces.version):
            return Address(traces.host, traces.ports.cgminer)
        return None

    async def recognise(self, address: Address, deadline: float) -> bool:
        """Whether it names such a product to `version`."""
        try:
            said = await self._wire.lines.ask(
                address, VERSION, deadline=deadline, limit=VERSION_LIMIT, again=BUSY
            )
            return parse.is_avalon(repaired(said))
        except DeviceError:
            return False

    def device(self, address: Address, credential: Credential) -> AvalonDevice:
        """A miner at this address; the login is that of its page."""
        return AvalonDevice(self._wire, self._manners, address, credential)

    def nameplate(self, model: str) -> Nameplate | None:
        """What the maker says of a model."""
        return nameplates.of(self.maker, model)

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        """What its boards draw and what they do now, as 0."""
        return {name: 0.0 for name in native if name in parse.AT_REST}

    def firmware_in(self, file_name: str) -> str:
        """Empty: we send it no firmware."""
        del file_name
        return ""

    def is_newer(self, version: str, than: str) -> bool | None:
        """By the date that versions begin with (`25052801_14a19a2`); None where either has none."""
        one, other = (re.match(r"(\d{8})(?!\d)", text) for text in (version, than))
        if one is None or other is None or (one[1] == other[1] and version != than):
            return None
        return one[1] > other[1]

    def firmware_fits(self, version: str, model: str) -> bool | None:
        """None: a version does not tell for which model it is."""
        del version, model
        return None

    def safe_model(self, model: str) -> str:
        """`Avalon Q` as `Avalon-Q`."""
        return segment(model)


class AvalonDevice:
    """One miner; callers see to it that one call is in flight."""

    def __init__(
        self, wire: Wire, manners: Manners, address: Address, credential: Credential
    ) -> None:
        self.address = address
        self.credential = credential
        self._api = Api(wire.lines, wire.timeout, address, again=BUSY)
        self._now = wire.now
        self._manners = manners
        self._expected: str | None = None
        self._who: Description | None = None
        self._clock: float | None = None
        self.forget()

    def expect(self, mac: str) -> None:
        """Another MAC than this one raises Stranger when it is asked who it is the next time."""
        self._expected = mac

    def forget(self) -> None:
        """Ask for everything anew."""
        self._reads = 0
        self._pools: tuple[Pool, ...] = ()
        self._chips: dict[int, tuple[int, int]] = {}

    async def describe(self) -> Description:
        """Who it is, and whether its API lets us write."""
        who = await self._meet()
        return replace(who, closed=await self._closed())

    async def _meet(self) -> Description:
        """Ask who it is; Stranger where it is another, Garbled where it tells no MAC."""
        answer = await self._api.ask("version")
        who = parse.description(answer)
        if self._expected is not None and who.mac != self._expected:
            self.forget()
            raise Stranger(self._expected, who.mac)
        self._who = who
        self._clock = picks.number(picks.first(answer.get("STATUS")).get("When"))
        return who

    async def _closed(self) -> str:
        """Why nothing can be written; empty where it can, or nobody knows."""
        try:
            told = picks.first((await self._api.ask("check", "ascset")).get("CHECK"))
        except _LOST:
            return ""
        if picks.boolean(told.get("Exists")) and picks.boolean(told.get("Access")) is False:
            return "its API lets this machine read only: its cgminer needs --api-allow with W:"
        return ""

    async def read(self, now: float) -> Reading:
        """What its boards do and its summary; who it is, pools and chips seldom."""
        seldom = self._reads % SELDOM == 0
        if seldom:
            await self._learn()
        stats = await self._stats()
        if seldom and not parse.chips(stats):
            await self._count()
        summary = await self._part("summary")
        self._reads += 1
        return parse.reading(
            stats, summary, self._model, now, pools=self._pools, known_chips=self._chips
        )

    async def _learn(self) -> None:
        try:
            await self._meet()
        except _LOST:
            if self._who is None:
                raise
        pools = await self._part("pools")
        if pools:
            self._pools = pools_of(pools)

    async def _count(self) -> None:
        """Its chips, by another command than the short one that does not list them."""
        known = self._manners.full.get(self._key)
        for command in FULL if known is None else (known,):
            if command != self._manners.quick.get(self._key):
                chips = parse.chips(modules(await self._part(command)))
                if chips:
                    self._chips = chips
                    self._remember(self._manners.full, command)
                    return

    async def _stats(self) -> list[Block]:
        """The shortest answer that tells of its boards; none of them where it mines not yet."""
        known = self._manners.quick.get(self._key)
        answered = False
        error: DeviceError | None = None
        for command in QUICK if known is None else (known,):
            try:
                found = modules(await self._api.ask(command))
            except (Declined, Garbled) as wrong:
                error = error or wrong
                continue
            if found:
                self._remember(self._manners.quick, command)
                return found
            answered = True
        if not answered:
            raise error or Garbled("it tells nothing of its boards")
        return []

    async def _part(self, command: str) -> Mapping[str, Any]:
        """An answer without which a reading is poorer; an empty one where it does not come."""
        try:
            return await self._api.ask(command)
        except _LOST:
            return {}

    @property
    def _model(self) -> str:
        return "" if self._who is None else self._who.model

    @property
    def _key(self) -> str:
        return "" if self._who is None else f"{self._who.model}|{self._who.firmware}"

    def _remember(self, memory: dict[str, str], command: str) -> None:
        if self._key and len(memory) < KEYS_LIMIT:
            memory[self._key] = command

    async def settings(self) -> Settings:
        """Pools, mode, and whether it was told to sleep."""
        who = await self._meet()
        pools = await self._api.ask("pools")
        return parse.settings(pools, await self._stats(), who.model)

    async def network(self) -> NetworkSettings:
        """Unsupported: its API does not tell."""
        raise Unsupported("an Avalon does not tell its network settings")

    async def offered(self) -> FirmwareOffer:
        """Unsupported: it does not look by itself."""
        raise Unsupported("an Avalon does not look for firmware by itself")

    # what changes it

    async def perform(self, command: Command) -> None:
        """Carry out one order, once it has said who it is; nothing is sent twice."""
        write = WRITES.get(command.kind)
        if write is None:
            raise Unsupported(f"{command.kind.value} is not known to an Avalon")
        await write(self, command.args)
        self.forget()

    async def pause(self, _: Mapping[str, Any]) -> None:
        """Its boards go off some seconds from now, by its own clock."""
        await self._switch("softoff")

    async def resume(self, _: Mapping[str, Any]) -> None:
        """They go on again some seconds from now."""
        await self._switch("softon")

    async def _switch(self, option: str) -> None:
        await self._meet()
        await self._set(f"0,{option},1:{forms.moment(self._clock, self._now())}", "success")

    async def set_profile(self, args: Mapping[str, Any]) -> None:
        """Another mode."""
        profile = forms.mode(args)
        who = await self._meet()
        await self._set(forms.set_mode(profile, who.model))

    async def reboot(self, _: Mapping[str, Any]) -> None:
        """The whole device."""
        await self._meet()
        await self._set("0,reboot,0")

    async def restart(self, _: Mapping[str, Any]) -> None:
        """Its mining program."""
        await self._meet()
        await self._say("restart", None)

    async def locate(self, args: Mapping[str, Any]) -> None:
        """Its light, on or off."""
        on = args.get("on", True) is True
        await self._meet()
        await self._set(f"0,led,1-{int(on)}")

    async def set_pools(self, args: Mapping[str, Any]) -> None:
        """Those that differ, one by one, and then it reboots: it looks at them only then."""
        wanted = forms.check_pools(args.get("pools"))
        login = self.credential if self.credential.username else WEB_LOGIN
        await self._meet()
        found = configured(await self._api.ask("pools"))
        orders = forms.pools(wanted, found, login)
        secrets = (login.password, *(pool.password or "" for pool in (*wanted, *found)))
        taken = 0
        try:
            for order in orders:
                await self._say("setpool", order, secrets=secrets)
                taken += 1
            if orders:
                await self._set("0,reboot,0")
        except DeviceError as error:
            if not taken:
                raise
            told = f"it has {taken} of {len(orders)} new pools, but did not reboot"
            raise Declined(f"{told}, and uses them only then ({error})") from None

    async def _set(self, parameter: str, needed: str = "") -> None:
        await self._say("ascset", parameter, needed=needed)

    async def _say(
        self,
        command: str,
        parameter: str | None,
        *,
        needed: str = "",
        secrets: tuple[str, ...] = (),
    ) -> None:
        """Send one write. Taken where it says yes, or hangs up without a word.

        An answer may say in words what its letter does not: Declined where `needed` is missing
        from one that only informs, or it says that it failed.
        """
        try:
            answer = await self._api.ask(command, parameter, secrets=secrets)
        except CutOff:
            return
        said = status_of(answer)
        words = "" if said is None else said.message
        informs = said is not None and said.letter == "I"
        if "fail" in words.lower() or (informs and needed not in words.lower()):
            raise Declined("it said no to this" if secrets else words)


WRITES: dict[CommandKind, Callable[[AvalonDevice, Mapping[str, Any]], Awaitable[None]]] = {
    CommandKind.PAUSE: AvalonDevice.pause,
    CommandKind.RESUME: AvalonDevice.resume,
    CommandKind.SET_PROFILE: AvalonDevice.set_profile,
    CommandKind.SET_POOLS: AvalonDevice.set_pools,
    CommandKind.REBOOT: AvalonDevice.reboot,
    CommandKind.RESTART_MINING: AvalonDevice.restart,
    CommandKind.LOCATE: AvalonDevice.locate,
}
