"""Who accepts a TCP connection: a scanner that does no more than knock."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from mother.core.addresses import span
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
        met = await self.sweep(iter((host,)), port, width=1, rate=0, deadline=deadline)
        return met.open == 1

    def sweep(
        self,
        hosts: Iterator[str],
        port: int,
        *,
        width: int,
        rate: float,
        deadline: float,
        found: Callable[[str], None] = lambda host: None,
    ) -> Deferred[Knocks]:
        """Knock once at each of `hosts` (IPv4 literals, taken lazily); tells what it met.

        At most `width` wait at once, each for `deadline` seconds; at most `rate` new ones are
        sent a second, evenly (0: as many as the machine takes). `found` is called at once for
        each that accepts, and must not block. Where the machine itself is short (of files,
        memory or ports) the probe is repeated, never counted; OSError when that lasts.
        Cancelling closes all sockets.
        """
        sweep = Sweep(self._descriptors, self._clock, hosts, port, width, deadline, found)
        return sweep.begin(rate)


class Wanted(Protocol):
    """What a sweep needs of the configuration. Seconds; `scan_rate` in probes per second."""

    @property
    def networks(self) -> tuple[str, ...]:
        """CIDR networks, ranges, addresses."""

    @property
    def dragon_port(self) -> int:
        """The port to knock at."""

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
) -> Callable[[Iterator[str], Wanted, Callable[[str], None]], Coroutine[Any, Any, Knocks]]:
    """A sweep by the configuration, as wide as open files and the neighbour table allow."""
    files = raise_file_limit()

    def near(wanted: Wanted) -> bool:
        table = routes.read_text() if routes.exists() else ""
        return any(on_link(span(network), table) for network in wanted.networks)

    async def sweep(hosts: Iterator[str], wanted: Wanted, found: Callable[[str], None]) -> Knocks:
        return await knocker.sweep(
            hosts,
            wanted.dragon_port,
            width=probe_width(files, near(wanted), neighbour_places()),
            rate=wanted.scan_rate,
            deadline=min(wanted.connect_timeout, wanted.scan_timeout),
            found=found,
        )

    return sweep
