"""The farm of `benchmarks.configuring`: a process that serves simulated miners and witnesses.

`python -m benchmarks.configuring_farm SETUP_FILE`. Prints `ready`. Then each line of standard
input is one of `look`, `facts`, `deal` (addresses anew) and `blip N` (so many miners restart by
themselves); each is answered with a line of JSON. Ends when standard input does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from msgspec import json
from twisted.internet import reactor as global_reactor
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.protocols.basic import LineReceiver

from benchmarks.configuring_clock import shared_time
from benchmarks.configuring_setup import Setup
from benchmarks.configuring_witness import Witness, mines, wished_pools
from mother.sim.dragonmint import tokens
from mother.sim.farm import Farm
from mother.sim.faults import Fault, dice

reactor = cast(EPollReactor, global_reactor)
LOOK_EVERY = 5.0


class Answering(LineReceiver):
    """Answers the questions of standard input."""

    delimiter = b"\n"

    def __init__(self, farm: Farm, witness: Witness) -> None:
        self._farm = farm
        self._witness = witness
        self._answers: dict[str, Callable[[list[str]], Any]] = {
            "look": self._look,
            "facts": lambda _: witness.facts(),
            "deal": self._deal,
            "blip": self._blip,
        }

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        word, *more = line.decode().split()
        answer = json.encode(self._answers[word](more))
        self.sendLine(answer)  # type: ignore[no-untyped-call]  # Twisted's

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802
        reactor.stop()

    def _look(self, _: list[str]) -> dict[str, Any]:
        witness, devices = self._witness, self._farm.dragons
        left = [device for device in devices if not witness.wished(device)]
        return {
            "at": devices[0].now(),
            "writes": len(witness.records),
            "restarting": witness.look(),
            "left": len(left),
            "healthy_left": sum(device.fault is Fault.NONE for device in left),
            "away": sum(not device.present for device in devices),
            "mine": sum(mines(device) for device in devices),
            "firmware": sorted({device.firmware.version for device in devices}),
        }

    def _deal(self, _: list[str]) -> dict[str, Any]:
        self._farm.deal_addresses_anew()
        return {"moved": len(self._farm.devices)}

    def _blip(self, words: list[str]) -> dict[str, Any]:
        """Healthy miners that mine and have no order lose power for a moment."""
        able = [one for one in self._farm.dragons if mines(one) and one.fault is Fault.NONE]
        able.sort(key=lambda one: dice("blip", one.mac))
        for device in able[: int(words[0])]:
            device.reboot()
        return {"restarted": len(able[: int(words[0])])}


def dressed(farm: Farm, setup: Setup) -> None:
    """Some of the miners that have pools have lost all but the first wished one."""
    for device in farm.dragons:
        wish = setup.wishes.get(device.mac)
        short = dice("shorter", device.mac) < setup.shorter
        if wish is not None and wish.pools and device.pools and short:
            device.pools = wished_pools(wish, device.mac)[:1]


def main() -> None:
    setup = json.decode(Path(sys.argv[1]).read_bytes(), type=Setup)
    now = shared_time(reactor, setup.speed, setup.epoch)
    tokens.LIFETIME_S = setup.token_life
    farm = Farm(setup.plan, reactor, now)
    dressed(farm, setup)
    witness = Witness(farm.dragons, setup.wishes, now)
    witness.survivor = setup.survivor

    def look() -> None:
        witness.look()
        reactor.callLater(LOOK_EVERY, look)

    async def begin() -> None:
        await farm.start()
        print("ready", flush=True)
        stdio.StandardIO(Answering(farm, witness))
        look()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(begin()))
    reactor.run()


if __name__ == "__main__":
    main()
