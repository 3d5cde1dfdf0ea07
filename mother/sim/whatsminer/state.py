"""One simulated Whatsminer: everything about it but how it is served."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mother.sim.faults import Fault, between
from mother.sim.hashing import WORK, Board, Boards
from mother.sim.life import Life
from mother.sim.whatsminer.access import Access
from mother.sim.whatsminer.models import MODELS
from mother.sim.whatsminer.pools import Pool, recorded_pools

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

    from mother.sim.device import FarmReactor

WINDOWS_S = (5.0, 60.0, 300.0, 900.0)
TEST_S = (25.0, 45.0)
"""How long after its start the mining program checks boards before it hashes."""
RAMP = ((0.0, 0.25), (40.0, 0.5), (80.0, 0.75), (120.0, 0.9), (160.0, 1.0))
"""Seconds after that, and which share of the rate it does then: it takes minutes."""
STOP_S = (2.0, 6.0)
IDLE_W = 18.0
MODE_WATTS = {"low": 0.75, "normal": 1.0, "high": 1.12}
YIELD = 0.85
"""The rate goes with this power of the power: less of it is used better."""
SLOW_V3_S = (0.2, 1.0)


class Write(Struct, frozen=True):
    """A call that changed something: Unix seconds, command, what it asked for."""

    at: float
    command: str
    form: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Write(at={self.at}, command={self.command!r}, form={sorted(self.form)})"


class Whatsminer(Life):
    """The state of one device; `now` gives its Unix time and is all that drives it.

    `requests` counts what came in by command, `writes` keeps the last 200 calls that changed
    something. `delays` are the seconds before an answer by trade port. `pools` is what it is
    set to, passwords and all; `dead_pools` are the URLs that it does not reach.
    """

    family = "whatsminer"

    def __init__(
        self,
        host: str,
        mac: str,
        now: Callable[[], float],
        *,
        model: str = "M50_VH60",
        uptime: float = 86400.0,
        cure: float = 0.5,
        fresh: bool = False,
        delays: Mapping[int, float] | None = None,
    ) -> None:
        super().__init__(host, mac, now, model=model, cure=cure)
        self.about = MODELS[model]
        self.firmware = self.about.firmware
        self.access = Access(mac, now, strict=self.firmware.strict)
        slow = {4028: 0.05, 4433: between(*SLOW_V3_S, mac, "slow")}
        self.delays = slow if delays is None else delays
        self.requests: Counter[str] = Counter()
        self.writes: deque[Write] = deque(maxlen=200)
        self.boards = Boards(self.about.boards, self.about.rate * 1e9, mac, WINDOWS_S)
        self.dead_pools: frozenset[str] = frozenset()
        self.fan_failed_at = math.inf
        self.pools: tuple[Pool, ...] = recorded_pools()
        self.faulty_since = 0.0
        self._reset()
        if fresh:
            self.factory_fresh()
        self.booted_at = now() - uptime
        self.booted(self.booted_at)

    # Settings

    def factory_fresh(self) -> None:
        """As it leaves the factory: no pools, closed to writes, default passwords."""
        self._reset()
        self.pools = ()
        self.access.open = False

    def _reset(self) -> None:
        self.pools = recorded_pools()
        self.mode = "normal"
        self.limit = self.about.limit
        self.percent = 100
        self.led = "auto"
        self.hostname = "WhatsMiner"
        self.off_since: float | None = None
        self.fast_boot = False
        self.upfreq_speed = 0
        self.target_percent = 0

    def set_pools(self, pools: tuple[Pool, ...]) -> None:
        """Replace them all; the mining program restarts."""
        self.pools = pools
        self.restart_mining()

    def set_mode(self, mode: str) -> None:
        """low, normal or high; the mining program restarts."""
        self.mode = mode
        self.restart_mining()

    def set_limit(self, watts: int) -> bool:
        """The most it may draw; the mining program restarts. False where it cannot be."""
        if not 0 < watts <= self.about.limit:
            return False
        self.limit = watts
        self.restart_mining()
        return True

    def set_percent(self, percent: int) -> bool:
        """Of its power, at once, until the mining program restarts. False where it cannot be."""
        if not 0 <= percent <= 100:
            return False
        self.percent = percent
        self._settle()
        return True

    # Power

    def power_off(self) -> None:
        """The boards stop within seconds; the controller stays."""
        if self.off_since is None:
            self.off_since = self.now()
            self.forget("ramp")
            stop = self.now() + between(*STOP_S, self.mac, "stop", int(self.now()))
            self.plan(stop, "stop", lambda at: self.boards.start(at, 0.0))

    def power_on(self) -> None:
        """The boards start again, and take minutes to their rate."""
        if self.off_since is not None:
            self.off_since = None
            self._start_mining(self.now())

    def restart_mining(self) -> None:
        """The mining program restarts; it does not wake a device that is off."""
        self.catch_up()
        if self.off_since is None:
            self._start_mining(self.now())

    def booted(self, at: float) -> None:
        """It comes up mining, whatever it was at before."""
        self.off_since = None
        self.access.restarted()
        self._start_mining(at)

    @property
    def uptime(self) -> float:
        """Seconds since the system booted."""
        return max(0.0, self.now() - self.booted_at)

    @property
    def elapsed(self) -> float:
        """Seconds since the mining program started; none while it is off."""
        return 0.0 if self.off_since is not None else max(0.0, self.now() - self.mining_from)

    @property
    def off(self) -> bool:
        """Whether it was told to stop."""
        return self.off_since is not None

    @property
    def ramped(self) -> bool:
        """Whether it is at its full frequency."""
        return not self.off and self.now() >= self.full_from

    # Mining

    @property
    def active_pool(self) -> int | None:
        """The first pool within reach."""
        there = [i for i, pool in enumerate(self.pools) if self.reaches(pool)]
        return there[0] if there else None

    def reaches(self, pool: Pool) -> bool:
        """Whether a pool gives work."""
        return bool(pool.url) and pool.url not in self.dead_pools

    @property
    def pools_dead(self) -> bool:
        """Whether no pool is within reach, as when the uplink is down."""
        return self.active_pool is None

    @pools_dead.setter
    def pools_dead(self, dead: bool) -> None:
        self.lose_pools(*(pool.url for pool in self.pools)) if dead else self.lose_pools()

    def lose_pools(self, *urls: str) -> None:
        """These pools are out of reach from now on, the others are not."""
        self.dead_pools = frozenset(urls)
        self._settle()

    @property
    def shares(self) -> int:
        """Found since the mining program started."""
        return int(self.boards.work(self.now()) / self.difficulty)

    @property
    def difficulty(self) -> float:
        """Of a share: about one in five seconds."""
        return self.about.rate * 1e9 * 5 / WORK

    @property
    def watts(self) -> float:
        """What it draws."""
        if not self.boards.hashing:
            return IDLE_W
        share = sum(board.rate.true for board in self.boards) / (self.about.rate * 1e9)
        noise = between(-0.01, 0.01, self.mac, "power", int(self.now() // 5))
        return IDLE_W + (self.about.watts - IDLE_W) * math.pow(share, 1 / YIELD) * (1 + noise)

    def chip_temperature(self, board: Board) -> float:
        """The hottest of a board."""
        spread = 3.0 if not board.rate.true else between(12.0, 16.0, board.tag, "spread")
        return board.temperature(self.now()) + spread

    def room(self) -> float:
        """The temperature of the air that comes in."""
        return round(between(26.0, 31.0, self.mac, "room", int(self.now() // 600)), 1)

    @property
    def fans(self) -> tuple[int, int]:
        """In and out, rpm; 0 for a device that has none, or whose fan failed."""
        if not self.about.fans:
            return (0, 0)
        base = 5300.0 if self.boards.hashing else 2100.0
        wiggle = between(-60, 60, self.mac, "fan", int(self.now() // 10))
        first = 0 if self.fan_failed_at <= self.now() else round(base + 100 + wiggle)
        return (first, round(base - 20 + wiggle))

    # Faults

    @property
    def errors(self) -> list[tuple[int, float]]:
        """The error codes that it shows now, and since when."""
        since = self.faulty_since
        found = [
            (base + board.index, since)
            for board in self.boards
            for flag, base in _CODES.items()
            if getattr(board, flag)
        ]
        if any(board.slow for board in self.boards):
            found.append((2310, since))
        if self.fan_failed_at <= self.now():
            found.append((110, self.fan_failed_at))
        if not self.pools:
            found.append((2000, self.booted_at))
        found += [
            (2020 + index, since)
            for index, pool in enumerate(self.pools)
            if pool.url in self.dead_pools
        ]
        return found

    def may_be_cured(self, fault: Fault) -> bool:
        """Whether a reboot has a chance against it."""
        return fault in _CURABLE

    def hurt(self, fault: Fault) -> None:
        """Show a fault from now on."""
        self.faulty_since = self.now()
        if fault is Fault.WRONG_PASSWORD:
            self.access.lock()
        self.boards.hurt(fault, self.now())

    def healed(self) -> None:
        """Show no fault any more."""
        if self._fault is Fault.WRONG_PASSWORD:
            self.access.unlock()
        self.boards.cure(self.now())

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """4028, and 4433 where the firmware has it."""
        from mother.sim.whatsminer.listeners import listeners  # noqa: PLC0415  # they know the state

        return listeners(self, reactor)

    # Inside

    @property
    def _factor(self) -> float:
        """Which share of the nominal rate it is to do when it is at full frequency."""
        if self.off or self.pools_dead:
            return 0.0
        share: float = MODE_WATTS[self.mode] * self.limit / self.about.limit * self.percent / 100
        return math.pow(share, YIELD)

    def _start_mining(self, at: float) -> None:
        self.forget("ramp")
        self.forget("stop")
        self.percent = 100
        self.mining_from = at
        self.boards.start(at, 0.0)
        begin = at + between(*TEST_S, self.mac, "test", int(at))
        self._ramp = 0.0
        for after, share in RAMP:
            self.plan(begin + after, "ramp", self._step(share))
        self.full_from = begin + RAMP[-1][0]
        self.catch_up()

    def _step(self, share: float) -> Callable[[float], None]:
        def step(at: float) -> None:
            self._ramp = share
            self.boards.settle(at, self._factor * share)

        return step

    def _settle(self) -> None:
        self.catch_up()
        if not self.off:
            self.boards.settle(self.now(), self._factor * self._ramp)


_CODES = {"dead": 540, "missing": 530, "hot": 350}
"""The error codes of a board's faults (P): chip id error, not found, temperature protecting."""

_CURABLE = frozenset({Fault.DEAD_BOARD, Fault.SLOW_BOARD, Fault.MISSING_BOARD})
