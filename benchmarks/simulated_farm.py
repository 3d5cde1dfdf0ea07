"""The farm of `benchmarks.mixed`, `.pausing` and `.curtailing`: a process of simulated miners.

`python -m benchmarks.simulated_farm NETWORK PORT MIX [MILLISECONDS]`; with a number of
milliseconds each Whatsminer takes so long for an answer and takes orders; with `own` in its place
it takes orders, and as long for an answer as by itself. Prints `ready`. Then each line of standard
input is one of `spoil KIND=COUNT,...` (so many devices that are well have that fault from now on),
`facts`, `seen` (who was told to sleep and to wake, see `benchmarks.curtailing_witness`) and
`forget` (what was seen); each is answered with a line of JSON. Ends when standard input does.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any, cast

from msgspec import json
from twisted.internet import reactor as global_reactor
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.protocols.basic import LineReceiver

from benchmarks.curtailing_witness import Witness
from mother.core.clock import steady
from mother.net.limits import raise_file_limit
from mother.sim.device import SimDevice
from mother.sim.families import FAMILIES
from mother.sim.farm import Farm
from mother.sim.faults import Fault, dice
from mother.sim.mix import parsed_mix
from mother.sim.plan import FarmPlan
from mother.sim.whatsminer.state import Whatsminer

reactor = cast(EPollReactor, global_reactor)
PASSWORD = "benchmark"  # of simulated devices
STOP = frozenset({"power_off", "set.miner.service"})
"""The commands by which a Whatsminer is told to stop, of either API."""


class Answering(LineReceiver):
    """Answers the questions of standard input."""

    delimiter = b"\n"

    def __init__(self, devices: list[SimDevice]) -> None:
        self._devices = devices
        self._witness = Witness(devices)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        word, *more = line.decode().split()
        answer: dict[str, Any] = {}
        if word == "spoil":
            answer = dict(spoil(self._devices, more[0]))
        elif word == "facts":
            answer = facts(self._devices)
        elif word == "seen":
            answer = self._witness.seen()
        else:
            self._witness.forget()
        self.sendLine(json.encode(answer))  # type: ignore[no-untyped-call]  # Twisted's

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802
        reactor.stop()


def spoil(devices: list[SimDevice], counts: str) -> dict[str, int]:
    """Let so many devices that are well have each fault: `hang=5,reset=5`."""
    well = [device for device in devices if device.fault is Fault.NONE]
    well.sort(key=lambda device: dice("spoil", device.mac))
    spoilt: Counter[str] = Counter()
    for part in counts.split(","):
        kind, _, count = part.partition("=")
        for device in [well.pop() for _ in range(int(count))]:
            device.fault = Fault(kind)
            spoilt[device.family] += 1
    return dict(spoilt)


def facts(devices: list[SimDevice]) -> dict[str, Any]:
    """Of the Whatsminers: requests and orders to stop, each by MAC address; how many are off."""
    miners = [device for device in devices if isinstance(device, Whatsminer)]
    stops = {one.mac: sum(write.command in STOP for write in one.writes) for one in miners}
    return {
        "requests": {one.mac: one.requests.total() for one in miners},
        "stops": stops,
        "off": sum(one.off for one in miners),
    }


def slowed(device: SimDevice, milliseconds: float) -> None:
    """A Whatsminer that answers after so long, and takes orders with our password."""
    if isinstance(device, Whatsminer):
        device.delays = dict.fromkeys(device.delays, milliseconds / 1000)
    opened(device)


def opened(device: SimDevice) -> None:
    """A Whatsminer that takes orders with our password."""
    if isinstance(device, Whatsminer):
        device.access.change_password(PASSWORD)
        device.access.v3_password = PASSWORD


def main() -> None:
    network, port, mix, *more = sys.argv[1:]
    raise_file_limit()
    plan = FarmPlan(network=network, port=int(port), mix=parsed_mix(mix, FAMILIES), seed=1)
    farm = Farm(plan, reactor, steady(reactor))
    for device in farm.devices if more else ():
        opened(device) if more[0] == "own" else slowed(device, float(more[0]))

    async def begin() -> None:
        await farm.start()
        print("ready", flush=True)
        stdio.StandardIO(Answering(farm.devices))

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(begin()))
    reactor.run()


if __name__ == "__main__":
    main()
