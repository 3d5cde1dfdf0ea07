"""A simulated farm as a process that prints every write; stdin: `HOST FAULT` sets one."""

from __future__ import annotations

import argparse
from typing import cast

from twisted.internet import reactor as global_reactor
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import LoopingCall
from twisted.protocols.basic import LineOnlyReceiver

from mother.core.clock import hasten
from mother.sim.farm import Farm
from mother.sim.options import add_arguments, plan_from

reactor = cast(EPollReactor, global_reactor)


class Faults(LineOnlyReceiver):
    delimiter = b"\n"

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        host, fault = line.decode().split()
        for device in self._farm.dragons:
            if device.host == host:
                device.fault = fault
        print(f"{host} has {fault}", flush=True)

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802
        """Serve on."""


def main() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    parser.add_argument("--speed", type=float, default=1.0)
    options = parser.parse_args()
    farm = Farm(plan_from(options), reactor, hasten(reactor, options.speed))
    told = dict.fromkeys(farm.dragons, 0)

    def witness() -> None:
        for device, before in told.items():
            for write in list(device.writes)[before:]:
                print(f"write {device.host} {write.path}", flush=True)
            told[device] = len(device.writes)

    async def start() -> None:
        await farm.start()
        LoopingCall(witness).start(0.02 * options.speed)
        stdio.StandardIO(Faults(farm))
        print("ready", flush=True)

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(start()))
    reactor.run()


if __name__ == "__main__":
    main()
