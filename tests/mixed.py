"""A farm of many families and the daemon that minds it, in this process and on a faster time."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from msgspec import Struct
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThread
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from mother.app import Daemon
from mother.config.flags import build_parser
from mother.config.load import Source
from mother.config.options import MOTHER
from mother.control.client import ask
from mother.core.bus import Sample
from mother.core.clock import sleep
from mother.core.model import Event
from mother.fleet.files import Files
from mother.fleet.memory import FileMemory
from mother.sim.avalon.state import Avalon
from mother.sim.axeos.state import Axe
from mother.sim.device import SimDevice
from mother.sim.families import FAMILIES, SimFamily
from mother.sim.farm import Farm, FarmReactor
from mother.sim.plan import WEB, FarmPlan
from mother.sim.whatsminer.state import Whatsminer
from tests.net.turning import reactor
from tests.terminal.processes import free_port

PORT_MOST = 28_000
"""So low that what the trade has on 4433 fits above it."""


class Call(Struct):
    """A timer of the faster time; its own figures are in that time, as those given to it."""

    real: IDelayedCall
    fast: Fast

    def active(self) -> int:
        return self.real.active()

    def cancel(self) -> None:
        self.real.cancel()

    def reset(self, seconds: float) -> None:
        self.real.reset(seconds / self.fast.speed)

    def delay(self, seconds: float) -> None:
        self.real.delay(seconds / self.fast.speed)

    def getTime(self) -> float:  # noqa: N802  # Twisted's name
        left: float = self.real.getTime() - reactor.seconds()
        return self.fast.seconds() + left * self.fast.speed


class Fast:
    """The test's reactor with `speed` times its time; all else is the reactor's own."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._began, self._wall = time.monotonic(), time.time()

    def seconds(self) -> float:
        """Never set back."""
        return self._began + (time.monotonic() - self._began) * self.speed

    def now(self) -> float:
        """Unix seconds of the faster time."""
        return self._wall + self.seconds() - self._began

    def callLater(  # noqa: N802  # Twisted's name
        self, delay: float, call: Callable[..., Any], *args: object, **more: object
    ) -> Call:
        return Call(reactor.callLater(delay / self.speed, call, *args, **more), self)

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class Chosen(SimFamily, frozen=True):
    """A family of which a farm has these models, one of each as far as they go."""

    models: tuple[str, ...] = ()

    @property
    def shares(self) -> Mapping[str, float]:
        return dict.fromkeys(self.models, 1.0) if self.models else super().shares


class Tap(WrappingFactory[Any]):
    """Hands everything on, and tells what a client says first on a connection."""

    noisy = False

    def __init__(self, service: Any, heard: Callable[[bytes], None]) -> None:
        super().__init__(service)  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.heard = heard

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  # Twisted's name
        wrapped = self.wrappedFactory.buildProtocol(addr)
        return None if wrapped is None else _Tapped(self, wrapped)


class _Tapped(ProtocolWrapper):
    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        self.factory.heard(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's


class News:
    """A sink that keeps all events, and when who was read, by MAC, in Unix seconds."""

    name = "kept"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reads: dict[str, list[float]] = defaultdict(list)

    def sample(self, sample: Sample) -> None:
        if sample.latency is not None:
            self.reads[sample.device.partition("/mac:")[2]].append(sample.at)

    def totals(self, totals: object) -> None:
        """Not kept."""

    def numbers(self, numbers: object) -> None:
        """Not kept."""

    def event(self, event: Event) -> None:
        self.events.append(event)


class Scene:
    """A served farm. `mind` it, once or again; `said` counts what each device was asked, by MAC:
    pairs of the trade's port and the first words.
    """

    def __init__(self, folder: Path, farm: Farm, fast: Fast, network: str, offset: int) -> None:
        self.farm = farm
        self.fast = fast
        self.folder = folder
        self.offset = offset
        self.where = [f"--network={network}", f"--port-offset={offset}"]
        self.said: dict[str, Counter[tuple[int, str]]] = {}
        self.events: list[Event] = []
        self.reads: dict[str, list[float]] = {}

    def tap(self) -> None:
        """Listen to what clients say; before the farm is started."""
        for device in self.farm.devices:
            self.said[device.mac] = Counter()
            _tap(device, self.said[device.mac])

    @asynccontextmanager
    async def minded(self, *words: str) -> AsyncIterator[Minded]:
        """A daemon that minds the farm, with its state in the scene's folder."""
        speed = self.fast.speed
        options = [
            *self.where,
            f"--scan-timeout={min(300, 10 * speed):g}",
            f"--dragon-timeout={5 * speed:g}",
            "--scan-rate=0",
            "--scan-interval=60",
            "--statsd-interval=10",
            "--dragon-health-check-interval=30",
            f"--state-file={self.folder / 'mother-state.json'}",
            f"--control-socket={self.folder / 'm.sock'}",
            f"--inventory-file={self.folder / 'inventory.json'}",
            *words,
        ]
        parsed = build_parser("run", MOTHER, "").parse_args(options, env_vars={})
        config = Source(parsed, MOTHER, environ={}).load()
        hastened, now = cast(EPollReactor, self.fast), self.fast.now
        files = Files(hastened)
        memory = FileMemory(Path(config.state_file), files, hastened, now)
        memory.load()
        daemon = Daemon(config, hastened, now, memory, files, speed)
        news = News()
        self.events, self.reads = news.events, news.reads
        daemon.bus.add(news)
        await daemon.start()
        try:
            yield Minded(self, daemon, self.folder / "m.sock")
        finally:
            await daemon.stop()


class Minded:
    """A daemon at its work, asked by its control socket."""

    def __init__(self, scene: Scene, daemon: Daemon, socket: Path) -> None:
        self.scene = scene
        self.daemon = daemon
        self._socket = socket

    async def ask(self, call: str, **body: Any) -> dict[str, Any]:
        """One call; without a body it is a GET."""
        return await deferToThread(ask, self._socket, call, body or None, 60.0)

    async def order(self, worker: str, kind: str, **args: Any) -> dict[str, Any]:
        return await self.ask("order", miner=worker, kind=kind, args=args, by="test")

    async def rows(self) -> dict[str, dict[str, Any]]:
        """The miners of the status, by MAC."""
        return {row["mac"]: row for row in (await self.ask("status"))["miners"]}

    async def met(self, count: int, seconds: float = 20.0) -> dict[str, dict[str, Any]]:
        """Wait until so many are known and read."""
        await self.until(lambda: len(self.read()) >= count, seconds)
        return await self.rows()

    def read(self) -> list[str]:
        """Who was read and answers."""
        return [e.mac for e in self.daemon.roster if e.reading is not None and not e.failures]

    def entry(self, mac: str) -> Any:
        """What the roster has of it."""
        return next(entry for entry in self.daemon.roster if entry.mac == mac)

    async def until(self, true: Callable[[], object], seconds: float = 20.0) -> None:
        """Let real time pass until this holds; fails after so many real seconds."""
        ends = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends:
                told = "\n".join(event.text for event in self.scene.events[-30:])
                raise AssertionError(f"it never came true; lately:\n{told}")
            await sleep(reactor, 0.05)

    async def scanned(self) -> None:
        """Wait for the end of a scan that begins from now on."""
        runs = self.daemon.loops["scan"].counts
        target = runs.runs + 2
        self.daemon.loops["scan"].hurry()
        await self.until(lambda: runs.runs >= target, 30.0)


@asynccontextmanager
async def scene(
    folder: Path,
    network: str,
    models: Mapping[str, Iterable[str]],
    *,
    speed: float = 15.0,
    **plan: Any,
) -> AsyncIterator[Scene]:
    """A served farm of these models by family, at an offset of its own."""
    chosen = {name: tuple(each) for name, each in models.items()}
    families: dict[str, SimFamily] = {
        name: Chosen(one.package, one.oui, one.ports, tuple(dict.fromkeys(chosen.get(name, ()))))
        for name, one in FAMILIES.items()
    }
    fast, port = Fast(speed), 10_000 + free_port() % PORT_MOST
    mix = {name: len(each) for name, each in chosen.items()}
    settings = FarmPlan(mix=mix, network=network, port=port, **plan)
    farm = Farm(settings, cast(FarmReactor, fast), fast.now, families)
    one = Scene(folder, farm, fast, network, port - WEB)
    one.tap()
    await farm.start()
    try:
        yield one
    finally:
        await farm.stop()


def sleeps(device: SimDevice) -> bool:
    """Whether it was told to pause, as the device itself knows it."""
    if isinstance(device, Axe):
        return device.paused
    if isinstance(device, Whatsminer | Avalon):
        return bool(device.off)
    return bool(getattr(device, "asleep", False))


def _tap(device: SimDevice, said: Counter[tuple[int, str]]) -> None:
    served = device.services

    def hear(port: int) -> Callable[[bytes], None]:
        return lambda data: said.update([(port, _first_words(data))])

    def tapped(reactor: FarmReactor) -> dict[int, Any]:
        return {port: Tap(service, hear(port)) for port, service in served(reactor).items()}

    setattr(device, "services", tapped)  # noqa: B010  # a method of this one device


def _first_words(data: bytes) -> str:
    line = data.partition(b"\r\n")[0][:120].decode("latin-1")
    return line.rpartition(" HTTP/")[0] or line
