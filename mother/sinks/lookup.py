"""A host's address, kept fresh, without ever holding up the reactor or the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTime,
    IResolutionReceiver,
)
from twisted.logger import Logger
from zope.interface import implementer

from mother.core.backoff import Backoff

FRESH = 300.0
PATIENCE = 15.0
RETRY = Backoff(first=1.0, most=60.0)


def is_numeric(host: str) -> bool:
    """Whether the host is an address already."""
    return isIPAddress(host) or isIPv6Address(host)


class Lookup:
    """A job: resolves `host()` and hands host and address to `found`.

    Asked again every five minutes; after a failure sooner, with the old address left in
    force. A failure is logged once, and so is its end. IPv4 is preferred: statsd listens
    there by default.
    """

    name = "statsd.lookup"
    log = Logger()

    def __init__(
        self,
        host: Callable[[], str | None],
        found: Callable[[str, str], None],
        resolver: IReactorPluggableNameResolver,
        clock: IReactorTime,
    ) -> None:
        self._host = host
        self._found = found
        self._resolver = resolver
        self._clock = clock
        self._failures = 0

    def interval(self) -> float:
        """Seconds until it is worth asking again."""
        return RETRY.wait(self._failures) if self._failures else FRESH

    async def run(self) -> None:
        """One question."""
        host = self._host()
        if host is None:
            self._failures = 0
            return
        try:
            address = host if is_numeric(host) else await self._ask(host)
        except CancelledError:
            raise
        except Exception as error:
            self._failed(host, str(error) or type(error).__name__)
            return
        if address is None:
            self._failed(host, "no such name")
            return
        if self._failures:
            self.log.info("Found statsd host {host}: {address}.", host=host, address=address)
        self._failures = 0
        self._found(host, address)

    def _failed(self, host: str, why: str) -> None:
        self._failures += 1
        if self._failures == 1:
            self.log.warn(
                "Cannot find the address of statsd host {host} ({why}); trying again.",
                host=host,
                why=why,
            )

    async def _ask(self, host: str) -> str | None:
        answers = _Answers()
        self._resolver.nameResolver.resolveHostName(
            answers, host, addressTypes=[IPv4Address, IPv6Address], transportSemantics="UDP"
        )
        found = await answers.done.addTimeout(PATIENCE, self._clock)
        plain = [one.host for one in found if isinstance(one, (IPv4Address, IPv6Address))]
        return min(plain, key=isIPv6Address, default=None)


@implementer(IResolutionReceiver)
class _Answers:
    def __init__(self) -> None:
        self.done: Deferred[Sequence[IAddress]] = Deferred()
        self._found: list[IAddress] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803  # Twisted's names
        """Twisted asks."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802  # Twisted's name
        """One of possibly several."""
        self._found.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802  # Twisted's name
        """All there is; too late is no error."""
        if not self.done.called:
            self.done.callback(self._found)
