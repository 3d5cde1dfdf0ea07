"""A hall with miners and fans whose relay hangs on loopback, minded by a Facility."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from mother.config.schedule import Switch
from mother.config.subject import Reach
from mother.core.model import Severity
from mother.net.asking import Asker
from mother.schedule.facility import Facility
from mother.schedule.units import Rated
from mother.schedule.values import Ids
from tests.net.turning import reactor, until
from tests.schedule.herds import rated
from tests.schedule.relays import Relay, relay

SECRET = "geheim"
HALL: Ids = frozenset({"a", "b"})


class Hall:
    """Two miners and their fans, behind a relay that hangs on loopback."""

    def __init__(self, fans: Relay, **more: Any) -> None:
        self.fans = fans
        self.now = 1000.0
        self.miners: dict[str, Rated] = {ident: rated(ident) for ident in ("a", "b", "c")}
        self.told: list[tuple[Severity, str]] = []
        self.sought = True
        self.ids = HALL
        self.dry = False
        base = f"{fans.base}/{{}}?key={SECRET}"
        self.switch = replace(
            Switch("fans", base.format("on"), base.format("off"), lead=30.0, lag=300.0), **more
        )
        self.switches: tuple[Switch, ...] = (self.switch,)
        self.facility = Facility(
            lambda: self.switches,
            Asker(reactor, whole=0.5).ask,
            lambda: self.now,
            lambda severity, text: self.told.append((severity, text)),
            sought=lambda: self.sought,
            dry_run=lambda: self.dry,
        )

    def members(self, reach: Reach) -> Ids:
        return self.ids

    async def round(self, passed: float = 0.0) -> None:
        """One round, and what comes of it."""
        self.now += passed
        self.facility.round(self.miners, self.members, self.now)
        await self.rest()

    async def rest(self) -> None:
        await until(lambda: all(one.flight is None for one in self._minded()))

    def _minded(self) -> list[Any]:
        facility = self.facility
        return [*facility._minded.values(), *facility._leaving]

    def sleep(self, *idents: str, **more: Any) -> None:
        for ident in idents or ("a", "b"):
            self.miners[ident] = rated(ident, **{"asleep": True, **more})

    def wake(self, *idents: str) -> None:
        for ident in idents or ("a", "b"):
            self.miners[ident] = rated(ident)

    def on(self) -> bool | None:
        return self.facility.plants()[0].on

    def may_wake(self, *idents: str) -> bool:
        return self.facility.may_wake(idents or ("a",), self.now)

    async def to_sleep(self) -> None:
        """All sleep for long, and the fans are off."""
        self.sleep()
        await self.round()
        await self.round(301.0)
        await self.round(1.0)
        assert not self.fans.on
        assert self.on() is False


@asynccontextmanager
async def hall(*, tells: bool = False, **more: Any) -> AsyncIterator[Hall]:
    async with relay() as fans:
        if tells:
            more |= {"state_url": f"{fans.base}/state?key={SECRET}", "state_path": "relays.0.ison"}
        yield Hall(fans, **more)
