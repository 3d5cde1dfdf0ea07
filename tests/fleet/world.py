"""A simulated farm on an Ether and the real parts that mind it, put together as the daemon does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, cast
from weakref import finalize

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.web.resource import Resource
from twisted.web.server import Site

from mother.config.model import Config, DeviceSettings, Statsd
from mother.core.clock import sleep
from mother.core.loop import Loop
from mother.core.model import (
    Address,
    Command,
    CommandKind,
    Credential,
)
from mother.drivers.dragonmint.driver import DragonMint
from mother.finder import Finder
from mother.fleet.memory import FileMemory
from mother.fleet.roster import Entry
from mother.jobs.health import Health
from mother.jobs.metrics import Metrics
from mother.jobs.plan import News
from mother.net.jsonline import Lines
from mother.sim.dragonmint.state import Dragon
from mother.sim.farm import Farm
from mother.sim.plan import FarmPlan
from tests.fleet.ether import Ether
from tests.fleet.parts import Disk, Ear, Shelf

NETWORK = "127.78.0.0/26"
PORT = 80
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

SETTINGS = DeviceSettings(
    health_reboot=True,
    health_check_interval=300.0,
    health_hashrate_duration=3600.0,
    health_hashrate_minimum=1000.0,
    auto_upgrade=False,
    autotune_mode=None,
    autotune_level=None,
    pools=(),
)
CONFIG = Config(
    networks=(NETWORK,),
    exclude=(),
    scan_interval=300.0,
    scan_timeout=10.0,
    connect_timeout=2.5,
    scan_rate=0.0,
    dragon_timeout=5.0,
    dragon_port=PORT,
    credentials=(
        Credential("admin", "guess"),
        Credential("admin", "dragonadmin"),
        Credential("admin", "admin"),
    ),
    worker_template="dragon-{mac8}",
    statsd=Statsd(None, 8125, "dragons", 60.0, True),
    firmwares_path="",
    inventory_file="",
    state_file="",
    control_socket="",
    dry_run=False,
    site="home",
    settings=SETTINGS,
    blocks=(),
    families=("dragonmint",),
)


RUNNING: list[Daemon] = []
"""Those that were started: a coroutine that is left in the middle ends in another test."""


class Daemon(Finder):
    """All parts of one run of the daemon, over a memory on disk."""

    def __init__(self, ether: Ether, folder: Path, config: Config, lag: Callable[[], float]):
        self.ether = ether
        now: Callable[[], float] = lambda: ether.seconds() + lag()  # noqa: E731  # a clock
        self.looked: list[Address] = []
        self.disk = Disk()
        self.memory = FileMemory(folder / "state.json", self.disk, cast(Any, ether), now)
        self.memory.load()
        self.ear = Ear()
        super().__init__(config, cast(Any, ether), now, self.memory, Random(1))
        self.bus.add(self.ear)
        self.family = cast(DragonMint, self.families[0])
        self._started = False
        self.scans = 0
        self.adoption.recall()
        self.ready: bool | None = None
        self._make_loops()

    def _make_loops(self) -> None:
        ether, now = cast(Any, self.ether), self.now
        self.health = Health(
            self.roster,
            self.poller,
            self.memory,
            self.commands,
            self.bus,
            self.current,
            now,
            self._is_ready,
        )
        self.metrics = Metrics(
            self.roster,
            self.poller,
            self.view,
            self.bus,
            lambda: self.config.statsd.interval,
            ether,
            now,
            self.health.numbers,
        )
        self._make_configure()
        self.loops = (
            Loop(self.scan, lambda: self.config.scan_interval, ether),
            Loop(self.metrics, lambda: self.config.statsd.interval, ether),
            Loop(self.health, self.health.interval, ether),
            Loop(self.configure, self.configure.interval, ether),
        )

    def _make_configure(self) -> None:
        self.shelf = Shelf()
        self.news = News()
        self.bus.add(self.news)
        self.configure = self.build_configure(
            self.shelf, lambda: self.loops[0].counts.runs if self._started else self.scans
        )
        self.desk = self.build_desk(
            self.memory, self.shelf, self.news, self.health.numbers, self._hurry
        )

    def _is_ready(self) -> bool:
        scan = self.loops[0].counts
        return scan.runs > 0 or not self._started if self.ready is None else self.ready

    def _hurry(self) -> None:
        self.loops[3].hurry()

    def make_lines(self) -> Lines:
        return cast(Lines, None)  # nobody here speaks so

    async def wrote(self, entry: Entry, command: Command) -> None:
        await self.health.wrote(entry, command)

    def change(self, **what: Any) -> None:
        """Another configuration is in force."""
        self.config = replace(self.config, **what)

    def misplaced(self, address: Address) -> None:
        self.looked.append(address)
        Deferred.fromCoroutine(self.adoption.look(address))

    def settled(self, entry: Entry) -> None:
        if entry.reading is None:
            Deferred.fromCoroutine(self.poller.poll(entry, "stats"))

    async def _sweep(
        self, hosts: Iterator[str], config: Config, found: Callable[[str], None]
    ) -> object:
        await sleep(cast(Any, self.ether), 0)
        for host in hosts:
            if self.ether.is_open(host, config.dragon_port):
                found(host)
        return None

    # one thing at a time

    def start(self) -> None:
        self._started = True
        RUNNING.append(self)
        for loop in self.loops:
            loop.start()

    def halt(self) -> None:
        """End at once what runs, as the end of a process does; nothing is kept."""
        for loop in reversed(self.loops):
            self.begin(loop.stop())
        self.metrics.cancel()
        self.errands.cancel()
        self.ether.run()

    def stop(self) -> None:
        for loop in reversed(self.loops):
            self.do(loop.stop())
        self.metrics.cancel()
        self.do(self.memory.stop())
        closing = Deferred.fromCoroutine(self.http.close())
        self.ether.run()
        assert closing.called

    def do(self, work: Awaitable[Any], most: float = 300.0) -> Any:
        """Let time pass until this is done; its result."""
        outcome = self.begin(work)
        self.ether.until(lambda: outcome, most)
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def begin(self, work: Awaitable[Any]) -> list[Any]:
        """Start something; its result, or the exception, will be in the list."""
        outcome: list[Any] = []
        coming = Deferred.fromCoroutine(cast(Any, work))
        coming.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
        return outcome

    def look(self, dragon: Dragon) -> Entry | None:
        return cast("Entry | None", self.do(self.adoption.look(place(dragon))))

    def poll(self, entry: Entry) -> bool:
        return bool(self.do(self.poller.poll(entry, "stats")))

    def sweep(self) -> None:
        """One round of the metrics loop."""
        self.do(self.metrics.run())
        self.ether.run(10.0)

    def scan_once(self) -> None:
        self.do(self.scan.run())
        self.scans += 1
        self.ether.run()

    def check(self) -> None:
        """One round of the health loop."""
        self.do(self.health.run())

    def turn(self) -> None:
        """One round of the configure loop."""
        self.do(self.configure.run())

    def entry(self, dragon: Dragon) -> Entry:
        """What is known of it."""
        entry = self.roster.get(f"home/mac:{dragon.mac}")
        assert entry is not None
        return entry

    def order(self, entry: Entry, kind: CommandKind = CommandKind.REBOOT, **what: Any) -> Command:
        given: dict[str, Any] = {
            "id": "1",
            "key": "1",
            "actor": "tester",
            "reason": "It shall.",
            "at": self.now(),
            "expires": self.now() + 60,
            "device": entry.id,
            "kind": kind,
        }
        return Command(**{**given, **what})


class World:
    """An ether, a farm on it, and daemons that come and go."""

    def __init__(self, folder: Path | None = None, config: Config = CONFIG, **plan: Any) -> None:
        self.ether = Ether()
        if folder is None:
            folder = Path(mkdtemp(prefix="mother-test-"))
            finalize(self, rmtree, folder, ignore_errors=True)
        self.folder = folder
        self.lag = 0.0
        settings: dict[str, Any] = {"miners": 1, "port": PORT, "network": NETWORK, **plan}
        self.farm = Farm(FarmPlan(**settings), cast(Any, self.ether), self.ether.seconds)
        Deferred.fromCoroutine(self.farm.start())
        self.ether.run()
        self.daemon = self.another(config)

    @property
    def dragons(self) -> list[Dragon]:
        return self.farm.dragons

    @property
    def dragon(self) -> Dragon:
        return self.farm.dragons[0]

    def another(self, config: Config = CONFIG) -> Daemon:
        """A daemon that starts now."""
        return Daemon(self.ether, self.folder, config, lambda: self.lag)

    def restart(self) -> Daemon:
        """The daemon is stopped and another one started over the same memory."""
        self.daemon.stop()
        self.daemon = self.another(self.daemon.config)
        return self.daemon

    def adopted(self) -> list[Entry]:
        """All miners known and read once."""
        self.daemon.scan_once()
        return [self.daemon.entry(dragon) for dragon in self.dragons]

    def do_survey(self) -> None:
        """Everybody is asked for settings once."""
        self.daemon.do(self.daemon.survey.run(self.daemon.scans))

    def writes(self) -> dict[str, list[str]]:
        """What was written, to whom."""
        return {d.mac: [write.path for write in d.writes] for d in self.dragons if d.writes}


class Stranger(Resource):
    """A web server that is no miner: one answer to everything; `asked` keeps method and path."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is untyped
        self.asked: list[tuple[str, str]] = []
        self._body = body
        self._status = status

    def render(self, request: Any) -> bytes:
        self.asked.append((request.method.decode(), request.path.decode()))
        request.setResponseCode(self._status)
        return self._body

    def listen(self, ether: Ether, host: str, port: int = PORT) -> Any:
        site: Any = Site(self, reactor=ether)
        site.startFactory = site.stopFactory = lambda: None
        site.noisy = False
        site.log = lambda request: None
        return ether.listenTCP(port, site, interface=host)


def place(dragon: Dragon) -> Address:
    """Where it answers now."""
    return Address(dragon.host, dragon.port)


@contextmanager
def logged() -> Iterator[list[LogEvent]]:
    """Everything that is logged meanwhile."""
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    try:
        yield events
    finally:
        globalLogPublisher.removeObserver(observer)


def failures(events: list[LogEvent]) -> list[str]:
    """The tracebacks among what was logged."""
    return [str(event["log_failure"]) for event in events if "log_failure" in event]
