"""Who accepts a TCP connection: a scanner that does no more than knock."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from mother.core.addresses import span
from mother.core.ports import Ports, knocks
from mother.net.limits import neighbour_places, on_link, probe_width, raise_file_limit
from mother.net.sweep import Knocks, Sweep

ROUTES = Path("/proc/net/route")


class Knocker:
    """Knocks on TCP ports; needs a Linux kernel (epoll)."""

    def __init__(self, reactor: IReactorTime) -> None:
        """The reactor must provide IReactorFDSet too; TypeError where it does not."""
        self._descriptors = IReactorFDSet(reactor)
        self._clock = reactor

    async def knock(self, host: str, port: int, deadline: float) -> bool:
        """Whether something accepts at this IPv4 literal within `deadline` seconds."""
        met = await self.sweep(iter((host,)), (port,), width=1, rate=0, deadline=deadline)
        return met.open == 1

    def sweep(
        self,
        hosts: Iterator[str],
        ports: tuple[int, ...],
        *,
        width: int,
        rate: float,
        deadline: float,
        found: Callable[[str], None] = lambda host: None,
        refused: Callable[[str], None] = lambda host: None,
    ) -> Deferred[Knocks]:
        """Knock once at each of `ports` of each of `hosts` (IPv4 literals, taken lazily).

        Tells what it met, door by door.

        A host is tried at one door after the other; one that was silent at a door has little
        time at the next. At most `width` wait at once, each for `deadline` seconds; at most `rate`
        new ones are sent a second, evenly (0: as many as the machine takes). `found` is called at
        once for each that accepts, `refused` for each that answers with a reset; neither may
        block. Where the machine itself is short (of files,
        memory or ports) the probe is repeated, never counted; OSError when that lasts.
        Cancelling closes all sockets.
        """
        sweep = Sweep(self._descriptors, self._clock, hosts, ports, width, deadline, found, refused)
        return sweep.begin(rate)


class Wanted(Protocol):
    """What a sweep needs of the configuration. Seconds; `scan_rate` in probes per second."""

    @property
    def networks(self) -> tuple[str, ...]:
        """CIDR networks, ranges, addresses."""

    @property
    def ports(self) -> Ports:
        """Where miners listen."""

    @property
    def families(self) -> tuple[str, ...]:
        """Who is looked for; empty for all."""

    @property
    def scan_rate(self) -> float:
        """New probes a second, 0 without a limit."""

    @property
    def scan_timeout(self) -> float:
        """For all that is done to one address."""

    @property
    def connect_timeout(self) -> float:
        """For the connection alone."""


def sweep_with(
    knocker: Knocker, routes: Path = ROUTES
) -> Callable[
    [Iterator[str], Wanted, Callable[[str], None]], Coroutine[Any, Any, tuple[Knocks, ...]]
]:
    """A sweep by the configuration, as wide as open files and the neighbour table allow.

    `found` hears of each host once. Those that only refused are tried where hardly anything
    answers alone.
    """
    files = raise_file_limit()

    def near(wanted: Wanted) -> bool:
        table = routes.read_text() if routes.exists() else ""
        return any(on_link(span(network), table) for network in wanted.networks)

    async def sweep(
        hosts: Iterator[str], wanted: Wanted, found: Callable[[str], None]
    ) -> tuple[Knocks, ...]:
        width = probe_width(files, near(wanted), neighbour_places())
        return await _Tour(knocker, wanted, width, found).whole(hosts)

    return sweep


class _Tour:
    """One scan: all hosts at the usual ports, then those that only refused at the rare one."""

    def __init__(
        self, knocker: Knocker, wanted: Wanted, width: int, found: Callable[[str], None]
    ) -> None:
        self._knocker = knocker
        self._wanted = wanted
        self._width = width
        self._found = found
        self._met: set[str] = set()
        self._refusing: set[str] = set()

    async def whole(self, hosts: Iterator[str]) -> tuple[Knocks, ...]:
        """What both met."""
        doors = knocks(self._wanted.ports, self._wanted.families)
        note = self._refusing.add if doors.then else _nothing
        first = await self._knock(hosts, doors.first, note)
        rest = [host for host in self._refusing if host not in self._met]
        return (first, await self._knock(iter(rest), doors.then, _nothing)) if rest else (first,)

    def _knock(
        self, hosts: Iterator[str], ports: tuple[int, ...], refused: Callable[[str], None]
    ) -> Deferred[Knocks]:
        return self._knocker.sweep(
            hosts,
            ports,
            width=self._width,
            rate=self._wanted.scan_rate,
            deadline=min(self._wanted.connect_timeout, self._wanted.scan_timeout),
            found=self._opened,
            refused=refused,
        )

    def _opened(self, host: str) -> None:
        if host not in self._met:
            self._met.add(host)
            self._found(host)


def _nothing(_: str) -> None:
    """Nobody wants to know."""
