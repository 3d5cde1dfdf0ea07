"""The gateway of `benchmarks.minercontrol`: a process that serves it and tells what it counted.

`python -m benchmarks.minercontrol_gateway PORT` prints `ready`. Each line of standard input is
answered with a line of JSON: `calls` by name, `writes` that changed something, and `since` how many
seconds ago the last call came. Ends when standard input does.
"""

from __future__ import annotations

import sys
from typing import cast

from msgspec import json
from twisted.internet import reactor as global_reactor
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.protocols.basic import LineReceiver

from mother.core.clock import steady
from mother.sim.minercontrol.serving import GatewayPlan, ServedGateway
from mother.sim.minercontrol.state import Gateway

reactor = cast(EPollReactor, global_reactor)


class Answering(LineReceiver):
    """Answers standard input."""

    delimiter = b"\n"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        one = self._gateway
        facts = {
            "calls": dict(one.calls),
            "writes": len(one.writes),
            "since": one.now() - one.called,
        }
        self.sendLine(json.encode(facts))  # type: ignore[no-untyped-call]  # Twisted's

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802
        reactor.stop()


def main() -> None:
    served = ServedGateway(GatewayPlan(port=int(sys.argv[1])), reactor, steady(reactor))

    async def begin() -> None:
        await served.start()
        print("ready", flush=True)
        stdio.StandardIO(Answering(served.gateway))

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(begin()))
    reactor.run()


if __name__ == "__main__":
    main()
