"""`mother demo`: a simulated farm and the daemon that minds it, on one screen."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text
from twisted.internet.interfaces import IReactorTime

from mother.app import Daemon
from mother.core.bus import Sample
from mother.core.model import Event, EventKind, Severity, Totals
from mother.terminal.logs import one_line
from mother.terminal.table import farm_table, headline, reasons, states, worst_first

QUIET = frozenset({EventKind.AUDIT, EventKind.SCANNED, EventKind.ADDED, EventKind.FAULT})
_STYLES = {Severity.WARNING: "yellow", Severity.ERROR: "red", Severity.CRITICAL: "bold red"}

REASON_LINES, NEWS_LINES = 5, 6
HEADER = 2
"""Lines of the table above its rows."""


class Chapter(Struct, frozen=True):
    """A fault that befalls one miner `at` and is mended by a person at `mended`, farm seconds."""

    at: float
    fault: str
    mended: float


STORY = (
    Chapter(300, "dead-board", 2600),
    Chapter(900, "hot-board", 1800),
    Chapter(1300, "vanished", 2500),
    Chapter(2000, "hang", 3300),
    Chapter(2400, "missing-board", 3700),
)
"""No three miners fall ill within ten minutes: the breaker would, rightly, stop all reboots."""

CYCLE = 3900.0
"""Farm seconds until it begins anew, elsewhere: a small farm has one reboot an hour."""


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Faulty(Protocol):
    """A simulated miner, as far as the story goes."""

    fault: Any


Able = Callable[[Any, str], bool]
"""Whether a simulated miner can have a fault of that name."""


class Story:
    """Lets STORY happen to the miners, again and again, to others each time that can have it."""

    def __init__(
        self,
        miners: Sequence[Faulty],
        clock: IReactorTime,
        able: Able = lambda miner, fault: True,
    ) -> None:
        self._miners = miners
        self._clock = clock
        self._able = able
        self._turns = 0

    def begin(self) -> None:
        """Tell it once, and then anew."""
        for chapter in STORY:
            miner = self._next(chapter.fault)
            self._clock.callLater(chapter.at, setattr, miner, "fault", chapter.fault)
            self._clock.callLater(chapter.mended, self._mend, miner, chapter.fault)
        self._clock.callLater(CYCLE, self.begin)

    def _next(self, fault: str) -> Faulty:
        """Whose turn it is; of those that cannot have it the one after."""
        count = len(self._miners)
        turn = self._turns * 7 % count
        self._turns += 1
        order = (self._miners[(turn + step) % count] for step in range(count))
        return next((miner for miner in order if self._able(miner, fault)), self._miners[turn])

    @staticmethod
    def _mend(miner: Faulty, fault: str) -> None:
        if miner.fault == fault:
            miner.fault = "none"


class News:
    """A sink that keeps the last events for the screen."""

    name = "news"

    def __init__(self, most: int = NEWS_LINES) -> None:
        self.events: deque[Event] = deque(maxlen=most)

    def sample(self, sample: Sample) -> None:
        """The table shows readings."""

    def totals(self, totals: Totals) -> None:
        """The headline shows sums."""

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """Not on this screen."""

    def event(self, event: Event) -> None:
        """Something happened that a person wants to read."""
        if event.kind not in QUIET:
            self.events.append(event)


class Screen:
    """A job that paints the farm; `with` it around the whole demo."""

    name = "screen"

    def __init__(self, daemon: Daemon, speed: float, console: Console) -> None:
        self._daemon = daemon
        self._console = console
        self._news = News()
        self._note = Text(
            f"A simulated farm whose time runs {speed:g} times faster. Ctrl-C ends it.",
            style="bright_black",
        )
        self._live = Live(console=console, auto_refresh=False)
        daemon.bus.add(self._news)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    async def run(self) -> None:
        """Paint once."""
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        rows = worst_first(self._daemon.view.rows())
        totals = self._daemon.view.totals(self._daemon.now())
        width = self._console.width
        head = [headline(totals), states(totals), self._note]
        why = fitting(reasons(rows), REASON_LINES, width, self._wrapped)
        newest = map(_news, reversed(self._news.events))
        news = fitting(newest, NEWS_LINES, width, self._wrapped)
        room = self._console.height - 1 - len(head) - HEADER - len(why) - 1 - len(news)
        return Group(
            *map(_cut, head),
            farm_table(rows, max(3, room)),
            *why,
            Text("Lately, the newest first", style="bold"),
            *news,
        )

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        first, *rest = text.wrap(self._console, width - 2)
        return [first, *(Text("  ").append_text(line) for line in rest)]


def fitting(
    texts: Iterable[Text], most: int, width: int, wrapped: Callable[[Text, int], list[Text]]
) -> list[Text]:
    """The lines of the first texts: whole texts only, at most `most` lines; the first always."""
    lines: list[Text] = []
    for text in texts:
        more = wrapped(text, width)
        if lines and len(lines) + len(more) > most:
            break
        lines += more
    return lines[:most]


def _news(event: Event) -> Text:
    at = time.strftime("%H:%M", time.localtime(event.at))
    return Text(f"{at} {one_line(event.text)}", style=_STYLES.get(event.severity, ""))


def _cut(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


EVERY_FAMILY = """\
[[miners]]
health_reboot = true
health_check_interval = 60
health_hashrate_duration = 900
"""
"""The configuration file of a mixed farm: flags reach one family only."""


def minding(
    hosts: Sequence[str], port: str, speed: float, folder: str, *, scattered: bool
) -> list[str]:
    """The daemon's own options for minding a simulated farm; deadlines are real seconds.

    `port` is the option that says where the miners listen.
    """
    network = ",".join(hosts) if scattered else f"{hosts[0]}-{hosts[-1]}"
    return [
        f"--network={network}",
        port,
        f"--scan-timeout={min(300, 10 * speed):g}",
        f"--dragon-timeout={min(3600, 5 * speed):g}",
        "--scan-rate=0",
        "--dragon-health-reboot",
        "--dragon-health-check-interval=60",
        "--dragon-health-hashrate-duration=900",
        f"--inventory-file={folder}/inventory.json",
    ]


class Mined(Protocol):
    """A pool that a simulated miner mines for."""

    @property
    def url(self) -> str:
        """Such as `stratum+tcp://host:3333`."""

    @property
    def user(self) -> str:
        """Account and worker, parted by a dot."""

    @property
    def password(self) -> str:
        """What most pools ignore."""


def wishing(pools: Iterable[Sequence[Mined] | None]) -> list[str]:
    """The option that wishes for all miners what the first one has that has any pools."""
    found = next((each for each in pools if each), ())
    wishes = [
        {"url": one.url, "username": one.user.rpartition(".")[0], "password": one.password}
        for one in found
    ]
    return [f"--pools={msgspec.json.encode(wishes).decode()}"] if wishes else []
