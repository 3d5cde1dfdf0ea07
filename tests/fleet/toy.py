"""A family of made-up devices that can do what a DragonMint cannot, and one of them in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from mother.core.errors import DeviceError, Refused, Stranger
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
from mother.core.reading import Board, Reading
from mother.drivers.base import Capability, Confirm, Nameplate, Nature, Traces
from mother.fleet.commands import Outcome
from mother.fleet.roster import Entry
from tests.fleet.world import World

HOST = "127.78.0.50"
MAC = "02:00:00:00:00:50"
LOGIN = Credential("root", "toy")
WITHIN, EVERY = 60.0, 5.0
POOL = ConfiguredPool("stratum+tcp://one.example:3333", "ann.toy", "geheim")

_LOOKED = Capability(Confirm.SETTINGS, WITHIN, EVERY)
CAPABILITIES: Mapping[CommandKind, Capability] = {
    CommandKind.PAUSE: Capability(Confirm.ASLEEP, WITHIN, EVERY),
    CommandKind.RESUME: Capability(Confirm.AWAKE, WITHIN, EVERY),
    CommandKind.SET_POOLS: _LOOKED,
    CommandKind.SET_POWER: _LOOKED,
    CommandKind.SET_FREQUENCY: _LOOKED,
    CommandKind.LOCATE: Capability(Confirm.TAKEN),
    CommandKind.REBOOT: Capability(Confirm.RESTART, 600.0),
    CommandKind.SET_PASSWORD: Capability(Confirm.LOGIN),
}


class Box:
    """The state of one. `sent` are the orders that reached it.

    `profile` is what its readings tell, `taken` are the orders themselves.

    What it is told holds after `slow` seconds, and never where it is `stubborn`. `hides`: it
    does not tell passwords. `keeps`: its settings tell at once what it was told of its sleep.
    `trouble` is raised by every look after an order, until `away`
    seconds have passed since; `deaf` by everything, `deaf_to_orders` by orders alone.
    """

    def __init__(self, now: Callable[[], float], mac: str = MAC) -> None:
        self.now = now
        self.mac = mac
        self.settings = Settings(pools=(), power_target=3000.0, frequency=500.0, voltage=1.2)
        self.asleep = False
        self.closed = ""
        self.password = LOGIN.password
        self.hides = False
        self.keeps = False
        self.slow = 0.0
        self.stubborn = False
        self.away = 0.0
        self.trouble: DeviceError | None = None
        self.deaf: DeviceError | None = None
        self.deaf_to_orders: DeviceError | None = None
        self.sent: list[CommandKind] = []
        self.taken: list[Command] = []
        self.profile = ""
        self.told = 0.0
        self._later: Callable[[], None] = lambda: None

    def look(self) -> None:
        if self.deaf is not None:
            raise self.deaf
        if self.sent and self.trouble is not None and self.now() < self.told + self.away:
            raise self.trouble
        if self.now() >= self.told + self.slow and not self.stubborn:
            self._later()
            self._later = lambda: None

    def take(self, command: Command) -> None:
        error = self.deaf or self.deaf_to_orders
        if error is not None:
            raise error
        self.sent.append(command.kind)
        self.taken.append(command)
        self.told = self.now()
        if self.keeps and command.kind in {CommandKind.PAUSE, CommandKind.RESUME}:
            self.settings = replace(self.settings, asleep=command.kind is CommandKind.PAUSE)
        self._later = lambda: self._do(command.kind, command.args)

    def _do(self, kind: CommandKind, args: Mapping[str, Any]) -> None:
        if kind in {CommandKind.PAUSE, CommandKind.RESUME}:
            self.asleep = kind is CommandKind.PAUSE
        elif kind is CommandKind.SET_POOLS:
            self.settings = replace(self.settings, pools=args["pools"])
        elif kind is CommandKind.SET_POWER:
            self.settings = replace(self.settings, power_target=float(round(args["watts"], -1)))
        elif kind is CommandKind.SET_FREQUENCY:
            self.settings = replace(self.settings, **args)


class ToyDevice:
    def __init__(self, box: Box, address: Address, credential: Credential) -> None:
        self.address = address
        self.credential = credential
        self._box = box
        self._mac = ""

    async def describe(self) -> Description:
        self._box.look()
        if self.credential.password != self._box.password:
            raise Refused("no")
        if self._mac not in ("", self._box.mac):
            raise Stranger(self._mac, self._box.mac)
        return Description("toy", self._box.mac, "Toy 1", "1.0", closed=self._box.closed)

    async def read(self, now: float) -> Reading:
        self._box.look()
        rate = 0.0 if self._box.asleep else 90e12
        native = {} if self._box.asleep else {"toy.clock": 500.0}
        return Reading(
            now,
            "Toy 1",
            "sha256",
            (Board(0, True, hashrate=rate),),
            hashrate=rate,
            uptime=1e6,
            asleep=self._box.asleep,
            native=native,
            profile="" if self._box.asleep else self._box.profile,
        )

    async def settings(self) -> Settings:
        self._box.look()
        found = self._box.settings
        if self._box.hides and found.pools:
            found = replace(found, pools=tuple(replace(p, password=None) for p in found.pools))
        return found

    async def network(self) -> NetworkSettings:
        return NetworkSettings(True)

    async def offered(self) -> FirmwareOffer:
        return FirmwareOffer("", "", "", None)

    async def perform(self, command: Command) -> None:
        self._box.take(command)
        if command.kind is CommandKind.SET_PASSWORD:
            self._box.password = command.args["credential"].password

    def expect(self, mac: str) -> None:
        self._mac = mac

    def forget(self) -> None:
        """It has no session."""


class Toy:
    """The family; `boxes` are its devices by host."""

    title = "Toys"
    maker = "Toymaker"
    capabilities: Mapping[CommandKind, Capability] = CAPABILITIES
    profiles: tuple[str, ...] = ()
    most_pools = 3
    nature = Nature()

    def __init__(self, name: str = "toy", *, needs_login: bool = True) -> None:
        self.name = name
        self.needs_login = needs_login
        self.default_credentials: tuple[Credential, ...] = (LOGIN,)
        self.boxes: dict[str, Box] = {}
        self.offered: list[Credential] = []
        self.recognised: list[tuple[Address, float]] = []

    def claims(self, traces: Traces) -> Address | None:
        return Address(traces.host, 4028) if self.name.encode() in traces.page else None

    async def recognise(self, address: Address, deadline: float) -> bool:
        self.recognised.append((address, deadline))
        box = self.boxes.get(address.host)
        return box is not None and box.deaf is None

    def device(self, address: Address, credential: Credential) -> ToyDevice:
        self.offered.append(credential)
        return ToyDevice(self.boxes[address.host], address, credential)

    def nameplate(self, model: str) -> Nameplate | None:
        return Nameplate(100e12, 3300.0) if model == "Toy 1" else None

    def at_rest(self, native: Mapping[str, float]) -> Mapping[str, float]:
        return dict.fromkeys(native, 0.0)

    def firmware_in(self, file_name: str) -> str:
        return ""

    def is_newer(self, version: str, than: str) -> bool | None:
        return None

    def firmware_fits(self, version: str, model: str) -> bool | None:
        return None

    def safe_model(self, model: str) -> str:
        return model.replace(" ", "-")


class Playroom:
    """One toy that a whole daemon minds."""

    def __init__(self, closed: str = "") -> None:
        self.world = World(miners=1)
        self.daemon = self.world.daemon
        self.box = Box(self.world.ether.seconds)
        self.box.closed = closed
        self.family = Toy()
        self.family.boxes[HOST] = self.box
        address = Address(HOST, 4028)
        who = Description("toy", MAC, "Toy 1", "1.0", closed=closed)
        device = self.family.device(address, LOGIN)
        self.entry = Entry(f"home/mac:{MAC}", "toy-50", self.family, device, who)
        self.daemon.roster.add(self.entry)
        assert self.daemon.poll(self.entry)

    def submit(self, kind: CommandKind, **what: Any) -> Outcome:
        command = self.daemon.order(self.entry, kind, **what)
        outcome = self.daemon.do(self.daemon.commands.submit(command))
        assert isinstance(outcome, Outcome)
        return outcome

    def begin(self, kind: CommandKind, **what: Any) -> list[Any]:
        command = self.daemon.order(self.entry, kind, **what)
        return self.daemon.begin(self.daemon.commands.submit(command))

    def set_pools(self, *pools: ConfiguredPool, **what: Any) -> Outcome:
        return self.submit(CommandKind.SET_POOLS, args={"pools": pools}, **what)
