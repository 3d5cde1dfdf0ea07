"""One simulated DragonMint: everything about it but how it is served."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable

from msgspec import Struct

from mother.sim.dragonmint import php
from mother.sim.dragonmint.access import Access
from mother.sim.dragonmint.boards import Board
from mother.sim.dragonmint.models import MODELS, Builds, Firmware, Model
from mother.sim.dragonmint.settings import (
    Autotune,
    Network,
    PoolSetting,
    recorded_pools,
)
from mother.sim.faults import BOARD_FAULTS, Fault, between, dice

ABSENCE_S = (60.0, 90.0)
MINING_START_S = (45.0, 75.0)
TUNING_S = (60.0, 240.0)
VANISHED_S = (300.0, 1800.0)


class Write(Struct, frozen=True):
    """A call that changed something: Unix seconds, path, the form as it was understood."""

    at: float
    path: str
    form: php.Form

    def __repr__(self) -> str:
        return f"Write(at={self.at}, path={self.path!r}, form={sorted(self.form)})"


class Dragon:
    """The state of one device; `now` gives its Unix time and is all that drives it.

    `requests` counts what came in by path, `writes` keeps the last 200 calls that changed
    something. `changed` is called whenever the device may have come, gone or moved.
    """

    family = "dragonmint"

    def __init__(
        self,
        host: str,
        port: int,
        mac: str,
        now: Callable[[], float],
        *,
        model: Model = MODELS["T1"],
        uptime: float = 86400.0,
        cure: float = 0.5,
        newest: str = "",
        builds: Builds = Builds(),  # noqa: B008  # frozen
        network: Network | None = None,
    ) -> None:
        self.host = self.lease = host
        self.port = port
        self.mac = mac
        self.make = model
        self.now = now
        self.cure = cure
        self.firmware = Firmware(model.firmware)
        self.newest = newest or model.firmware
        self.builds = builds
        self.access = Access(self.firmware, mac)
        self.pools: tuple[PoolSetting, ...] | None = recorded_pools(mac)
        self.bricked_over: Firmware | None = None
        self.autotune = Autotune()
        self.leased_network = network or Network("255.255.0.0", "127.0.0.1", "127.0.0.1")
        self.network = self.leased_network
        self.boards = [Board(i, model.board_rate, mac) for i in range(model.boards)]
        self.error_code = 0
        self.requests: Counter[str] = Counter()
        self.writes: deque[Write] = deque(maxlen=200)
        self.changed: Callable[[], None] = _nobody
        self.boots = 0
        self.absent_until = -math.inf
        self.powered = True
        self._fault = Fault.NONE
        self._pools_dead = False
        self._booted(now() - uptime)

    @property
    def model(self) -> str:
        """The name of its model."""
        return self.make.name

    # Presence

    @property
    def present(self) -> bool:
        """Whether anything listens at its address now."""
        return self.now() >= self.absent_until

    def vanish(self, seconds: float = math.inf) -> None:
        """Drop off the network, as with a pulled cable; it mines on."""
        self.absent_until = max(self.absent_until, self.now() + seconds)
        self.changed()

    def come_back(self) -> None:
        """Be there again at once; what was powered off boots, what was bricked is rescued.

        The rescue, somebody with a memory card, brings back the build that ran before.
        """
        if self.bricked_over is not None:
            self.firmware = self.access.firmware = self.bricked_over
            self.bricked_over = None
            self.powered = False
        if not self.powered:
            self._boot(self.now())
        self.absent_until = -math.inf
        if self._fault is Fault.VANISHED:
            self._fault = Fault.NONE
        self.changed()

    def move(self, host: str) -> None:
        """DHCP deals another address."""
        self.host = self.lease = host
        self.changed()

    def apply_network(self, network: Network, host: str) -> None:
        """Take settings and address; a lease is remembered for the way back to DHCP."""
        self.network = network
        if host != self.host:
            self.host = host
            self.changed()

    # Power

    def reboot(self, version: str = "") -> None:
        """Go down now; come back after 60 to 90 s, with `version` if one is given.

        Not at all with a build that bricks, until `come_back`.
        """
        back = self.now() + between(*ABSENCE_S, self.mac, "absence", self.boots)
        if version in self.builds.bricking:
            self.bricked_over = self.firmware
        self.absent_until = back if self.bricked_over is None else math.inf
        if version:
            self.firmware = self.access.firmware = Firmware(version)
        self._boot(back)
        self.changed()

    def factory_fresh(self) -> None:
        """As it leaves the factory: no pools, and whatever else was set forgotten."""
        self.pools = None
        self.autotune = Autotune()
        self.access.reset()
        self.network = self.leased_network
        self.host = self.lease
        self._start_mining(self.booted_at)

    def power_off(self) -> None:
        """Go down and stay there until `come_back`."""
        self.powered = False
        self.absent_until = math.inf
        self.changed()

    def factory_reset(self) -> None:
        """Forget all settings and reboot."""
        self.factory_fresh()
        self.reboot()

    @property
    def uptime(self) -> float:
        """Seconds since the system booted."""
        return max(0.0, self.now() - self.booted_at)

    # Mining

    @property
    def ready(self) -> bool:
        """Whether the mining program answers. Without any pool it never starts (inferred)."""
        return bool(self.pools) and not self._fails and self.now() >= self.mining_from

    @property
    def elapsed(self) -> float:
        """Seconds since the mining program answered first."""
        return max(0.0, self.now() - self.mining_from)

    @property
    def tuning(self) -> bool:
        """True for a while after a start, and for as long as every board is dead (recorded)."""
        length = between(*TUNING_S, self.mac, "tuning", int(self.mining_from))
        return self.elapsed < length or all(board.dead for board in self.boards)

    @property
    def working(self) -> bool:
        """Whether any pool gives work to a mining program that runs."""
        return not self._fails and any(self.pool_alive(pool) for pool in self.pools or ())

    @property
    def _fails(self) -> bool:
        return self.firmware.version in self.builds.failing

    def pool_alive(self, pool: PoolSetting) -> bool:
        """Whether this device reaches a pool."""
        return pool.alive and not self._pools_dead

    @property
    def pools_dead(self) -> bool:
        """Whether all pools are out of reach, as when the uplink is down."""
        return self._pools_dead

    @pools_dead.setter
    def pools_dead(self, dead: bool) -> None:
        self._pools_dead = dead
        self._settle()

    def restart_mining(self) -> None:
        """The mining program restarts: for about a minute it does not answer."""
        self._start_mining(self.now())

    # Health

    @property
    def fault(self) -> Fault:
        """What is wrong now."""
        if self._fault is Fault.VANISHED and self.present:
            return Fault.NONE
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | str) -> None:
        kind = Fault(fault)
        self._heal()
        self._fault = kind
        if kind is Fault.WRONG_PASSWORD:
            self.access.lock()
        elif kind is Fault.VANISHED:
            self.vanish(between(*VANISHED_S, self.mac, "vanished"))
        elif kind in BOARD_FAULTS or kind is Fault.HOT_BOARD:
            board = self.boards[int(dice(self.mac, "board") * len(self.boards))]
            setattr(board, _BOARD_FLAGS[kind], True)
            self._settle()

    def has_always_had(self, fault: Fault | str) -> None:
        """As if it had been so since the mining program started."""
        self.fault = fault
        for board in self.boards:
            board.start(self.mining_from, self._factor)

    def kill_board(self, index: int, temperature: float | None = None) -> None:
        """A board dies now; `temperature` is what its sensor says from then on."""
        board = self.boards[index]
        board.dead, board.stuck_c = True, temperature
        self._fault = Fault.DEAD_BOARD
        self._settle()

    def _heal(self) -> None:
        if self._fault is Fault.WRONG_PASSWORD:
            self.access.reset()
        if self._fault is Fault.VANISHED:
            self.come_back()
        self._fault = Fault.NONE
        for board in self.boards:
            board.cure()
        self._settle()

    # Inside

    @property
    def _factor(self) -> float:
        return self.autotune.factor if self.working else 0.0

    def _settle(self) -> None:
        for board in self.boards:
            board.settle(self.now(), self._factor)

    def _boot(self, at: float) -> None:
        self.boots += 1
        self.powered = True
        if self._fault is Fault.VANISHED:
            self._fault = Fault.NONE
        self.access.booted(self.boots)
        if self._fault in BOARD_FAULTS and dice(self.mac, "cure", self.boots) < self.cure:
            self._fault = Fault.NONE
            for board in self.boards:
                board.cure()
        self._booted(at)

    def _booted(self, at: float) -> None:
        self.booted_at = at
        self._start_mining(at)

    def _start_mining(self, at: float) -> None:
        self.mining_from = at + between(*MINING_START_S, self.mac, "start", int(at))
        for board in self.boards:
            board.start(self.mining_from, self._factor)


_BOARD_FLAGS = {
    Fault.DEAD_BOARD: "dead",
    Fault.SLOW_BOARD: "slow",
    Fault.MISSING_BOARD: "missing",
    Fault.HOT_BOARD: "hot",
}


def _nobody() -> None:
    """Nobody watches."""
