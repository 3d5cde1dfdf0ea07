"""A resolver whose answers the test gives, when it wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer


@implementer(IHostResolution)
class Question:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise AssertionError("nobody gives a question up: the sink waits for its answer")


@implementer(IHostnameResolver, IReactorPluggableNameResolver)
class Names:
    """A reactor's names and its resolver in one; `asked` lists the hosts of all questions."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._open: list[tuple[IResolutionReceiver, int]] = []

    @property
    def nameResolver(self) -> IHostnameResolver:  # noqa: N802
        return self

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:  # noqa: N802
        raise AssertionError("the sink never replaces the resolver of its reactor")

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[Any]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        question = Question(hostName)
        resolutionReceiver.resolutionBegan(question)
        self.asked.append(hostName)
        self._open.append((resolutionReceiver, portNumber))
        return question

    def answer(self, *addresses: str) -> None:
        """Answer every open question, as Twisted's own resolver would."""
        waiting, self._open = self._open, []
        for receiver, port in waiting:
            for address in addresses:
                kind = IPv6Address if ":" in address else IPv4Address
                receiver.addressResolved(kind("UDP", address, port))
            receiver.resolutionComplete()
