"""The farm of the soak: serves simulated miners and, when told to stop, tells every reboot.

Run by `benchmarks.soak`. Prints `ready`, ends at the end of its standard input, then prints
one JSON line: for each reboot the time, the MAC, the mining program's uptime and the fault.
"""

from __future__ import annotations

import json
import sys
from typing import cast

from twisted.internet import reactor as global_reactor
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.protocol import Protocol

from mother.core.clock import hasten
from mother.sim.dragonmint.state import Dragon
from mother.sim.farm import Farm
from mother.sim.faults import FAULTS
from mother.sim.plan import FarmPlan

reactor = cast(EPollReactor, global_reactor)


def watched(device: Dragon, told: list[dict[str, object]]) -> None:
    """Note every reboot of the device before it happens."""
    boot = device._boot

    def noting(at: float) -> None:
        told.append(
            {
                "at": device.now(),
                "mac": device.mac,
                "elapsed": device.elapsed,
                "fault": device.fault.value,
            }
        )
        boot(at)

    device._boot = noting  # type: ignore[method-assign]  # a witness, not a fake


class UntilEnd(Protocol):
    """Stops the farm when standard input ends."""

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802
        reactor.stop()


def main() -> None:
    miners, network, port, speed, seed = sys.argv[1:6]
    plan = FarmPlan(
        miners=int(miners),
        network=network,
        port=int(port),
        seed=int(seed),
        faults={fault.value: 1 for fault in FAULTS},
        faulty=15.0,
        faulty_within=3 * 3600.0,
        models={"T1": 8.0, "T2": 1.0, "B29+": 1.0},
    )
    farm = Farm(plan, reactor, hasten(reactor, float(speed)))
    told: list[dict[str, object]] = []
    for device in farm.dragons:
        watched(device, told)

    async def begin() -> None:
        await farm.start()
        stdio.StandardIO(UntilEnd())
        print("ready", flush=True)

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(begin()))
    reactor.run()
    requests = sum(sum(device.requests.values()) for device in farm.dragons)
    print(json.dumps({"reboots": told, "requests": requests}), flush=True)


if __name__ == "__main__":
    main()
