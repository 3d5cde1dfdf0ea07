"""A simulated farm, and what a person asks of the daemon that minds it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec.structs import replace

from mother.config.model import Config, PoolWish
from mother.core.model import Credential
from mother.fleet.roster import Entry
from mother.sim.dragonmint.settings import PoolSetting
from mother.sim.dragonmint.state import Dragon
from tests.fleet.world import CONFIG, HOUR, MINUTE, SETTINGS, World

SECRET = "geheim-pool-password"
LOGIN = "geheim-login-password"
POOLS = (PoolWish("stratum+tcp://one.example:3333", "ann", SECRET),)
OTHER = (PoolWish("stratum+tcp://two.example:3333", "bob", SECRET + "-2"),)
DEAD = (PoolWish("stratum+tcp://dead.example:3333", "ann", SECRET),)
LOGINS = (*CONFIG.credentials, Credential("admin", LOGIN))
SET_POOLS, SET_PROFILE, REBOOT = "/api/updatePools", "/api/setAutoTune", "/api/reboot"


def wishing(pools: tuple[PoolWish, ...] = POOLS, **settings: Any) -> Config:
    """The usual configuration with these wishes, and without reboots for health."""
    wish = replace(SETTINGS, **{"health_reboot": False, "pools": pools, **settings})
    return replace(CONFIG, settings=wish, credentials=LOGINS)


def minded(config: Config | None = None, miners: int = 1, **plan: Any) -> World:
    """All are adopted and were asked for their settings; no loop runs."""
    world = World(config=wishing() if config is None else config, miners=miners, **plan)
    world.adopted()
    world.do_survey()
    return world


def running(config: Config | None = None, miners: int = 1, **plan: Any) -> World:
    """The loops run, and everybody has the wish and hashes."""
    world = World(config=wishing() if config is None else config, miners=miners, **plan)
    world.daemon.start()
    settle(world)
    return world


def settle(world: World, most: float = 6 * HOUR) -> None:
    """Let time pass until nothing is to be written any more."""
    began = world.ether.seconds()
    while True:
        world.ether.run(MINUTE)
        if world.daemon.desk.progress()["settled"] and world.daemon.scan.progress.met:
            return
        assert world.ether.seconds() - began < most, world.daemon.desk.progress()


def entries(world: World) -> list[Entry]:
    """What is known of the farm's miners, in their order."""
    return [world.daemon.entry(dragon) for dragon in world.dragons]


def plain(**plan: Any) -> World:
    """A farm of which nothing is wished."""
    return minded(wishing(()), **plan)


def order(world: World, kind: str, args: dict[str, Any] | None = None, **what: Any) -> Any:
    """An order by hand to the first miner."""
    asked = {"miner": world.dragon.mac, "by": "ann", "despite_hold": False, **what}
    return world.daemon.do(world.daemon.desk.order(kind=kind, args=args or {}, **asked))


def give(dragon: Dragon, wishes: tuple[PoolWish, ...]) -> None:
    """It has these pools since long."""
    worker = "dragon-" + dragon.mac.replace(":", "")[-8:]
    dragon.pools = tuple(PoolSetting(w.url, f"{w.username}.{worker}", w.password) for w in wishes)


def urls(dragon: Dragon) -> list[str]:
    return [pool.url for pool in dragon.pools or ()]


def paths(world: World) -> list[str]:
    """All that was written to anybody, in order."""
    found = [(w.at, w.path) for dragon in world.dragons for w in dragon.writes]
    return [path for _, path in sorted(found, key=lambda one: one[0])]


def as_json(answer: Any) -> Any:
    """What comes out at the other end of the socket: plain values alone get there."""
    return json.loads(msgspec.json.encode(answer))
