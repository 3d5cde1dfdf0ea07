"""One simulated miner and the real driver on an Ether, with time in our hand."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

from twisted.internet.defer import Deferred

from mother.core.model import Address, Credential
from mother.drivers.dragonmint.driver import DragonMint, DragonMintDevice
from mother.net.http import Http
from mother.sim.dragonmint.state import Dragon, Write
from mother.sim.farm import Farm
from mother.sim.plan import FarmPlan
from tests.fleet.ether import Ether

PASSWORDS = {"T1": "dragonadmin"}


class Shed:
    """`model` as the simulator knows it; `timeout` in seconds for each exchange."""

    def __init__(self, model: str = "T1", timeout: float = 10.0, **plan: Any) -> None:
        self.ether = Ether()
        settings: dict[str, Any] = {"network": "127.78.0.0/26", **plan}
        farm = Farm(
            FarmPlan(miners=1, port=80, models={model: 1.0}, **settings),
            cast(Any, self.ether),
            self.ether.seconds,
        )
        Deferred.fromCoroutine(farm.start())
        self.dragon: Dragon = farm.dragons[0]
        self.family = DragonMint(Http(cast(Any, self.ether)), lambda: timeout)
        self.device = self.at(PASSWORDS.get(model, "admin"))

    def at(self, password: str, username: str = "admin") -> DragonMintDevice:
        """The miner where it is now, with this login."""
        place = Address(self.dragon.host, self.dragon.port)
        return self.family.device(place, Credential(username, password))

    def do(self, work: Awaitable[Any]) -> Any:
        """Let time pass until this is done; its result."""
        outcome: list[Any] = []
        coming = Deferred.fromCoroutine(cast(Any, work))
        coming.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
        self.ether.until(lambda: outcome)
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    @property
    def written(self) -> list[Write]:
        """What changed something, in order."""
        return list(self.dragon.writes)
