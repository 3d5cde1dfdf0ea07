"""One simulated Avalon: everything about it but how it is asked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from msgspec import Struct
from twisted.internet.interfaces import IProtocolFactory

from mother.sim.avalon.models import MODELS, WorkMode
from mother.sim.device import FarmReactor
from mother.sim.faults import BOARD_FAULTS, Fault, between, dice
from mother.sim.hashing import Boards
from mother.sim.life import Gate, Life

WINDOWS = (5.0, 60.0, 300.0, 900.0)
BOOT_S = (15.0, 30.0)
RESTART_S = (10.0, 25.0)
RAMP_S = 150.0
RAMP_STEPS = 6
LATE_S = 5.0
"""How late an order for a certain second may come and still be obeyed (inferred)."""

LOGIN = ("root", "root")
AWAKE, IDLE = 0, 4
"""What SoftOFF says; both recorded."""

Server = Callable[["Avalon", FarmReactor], Mapping[int, IProtocolFactory]]


class Pool(Struct, frozen=True):
    """One configured pool."""

    url: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Pool(url={self.url!r}, user={self.user!r}, password='***')"

    @property
    def alive(self) -> bool:
        """Simulated pools live, but for `dead...` and `....invalid` hosts."""
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:
            return False
        return bool(host) and not (host.startswith("dead") or host.endswith(".invalid"))


class Avalon(Life):
    """The state of one device. `skew` is how far its own clock is ahead, in seconds."""

    family = "avalon"
    absence = (30.0, 60.0)

    def __init__(
        self,
        host: str,
        mac: str,
        now: Callable[[], float],
        *,
        model: str = "A1246",
        uptime: float = 86400.0,
        cure: float = 0.5,
        server: Server | None = None,
    ) -> None:
        super().__init__(host, mac, now, model=model, cure=cure)
        self.kind = MODELS[model]
        self.workmode = self.kind.default_mode
        self.worklevel = 0
        self.boards = Boards(self.kind.boards, self.mode.rate, mac, WINDOWS)
        self.skew = 0.0
        self.off = False
        self.off_at = self.on_at = 0
        self.mute_softon = dice(mac, "mute") < 0.5
        self.led = False
        self.fan_percent = -1
        self.stopped_fans: set[int] = set()
        worker = f"farm.av-{mac.replace(':', '')[-6:]}"
        self.pools = tuple(
            Pool(f"stratum+tcp://pool{index or ''}.example.com:4444", worker, "x")
            for index in range(self.kind.pools)
        )
        self.pending = self.pools
        self.dna = hashlib.sha256(mac.encode()).hexdigest()[:16]
        self.api_from = self.mining_from = -math.inf
        self._ramp = 1.0
        self._server = server
        self._gate = Gate()
        self._served: Mapping[int, IProtocolFactory] = {}
        self.booted_at = now() - uptime
        self.booted(self.booted_at)
        self.catch_up()

    # What it is at

    @property
    def clock(self) -> float:
        """Unix seconds by its own clock."""
        return self.now() + self.skew

    @property
    def mode(self) -> WorkMode:
        """The work mode that is set."""
        return self.kind.modes[self.workmode]

    @property
    def factor(self) -> float:
        """The share of its default rate that it would do, were it not for its boards."""
        if self.off or not any(pool.alive for pool in self.pools):
            return 0.0
        usual = self.kind.modes[self.kind.default_mode].rate
        return self.mode.rate / usual * (1 + 0.02 * self.worklevel) * self._ramp

    @property
    def up(self) -> bool:
        """Whether cgminer answers."""
        return self.now() >= self.api_from

    @property
    def elapsed(self) -> int:
        """Seconds since cgminer came up."""
        return max(0, int(self.now() - self.mining_from))

    @property
    def power(self) -> int:
        """At the plug, in W."""
        if not self.boards.hashing:
            return self.kind.idle_power
        share = sum(board.rate.true for board in self.boards) / self.mode.rate
        noise = between(0.99, 1.01, self.mac, "w", int(self.now() // 10))
        return round(self.mode.power * min(1.1, share) * noise)

    @property
    def room(self) -> int:
        """Degrees C of the air that comes in."""
        return round(between(26.0, 31.0, self.mac, "room", int(self.now() // 600)))

    def fan(self, number: int) -> int:
        """Rotations per minute of a fan, from 1; they stand still while it is idle."""
        if number in self.stopped_fans or not self.boards.hashing:
            return 0
        noise = between(0.98, 1.02, self.mac, "fan", number, int(self.now() // 20))
        return round(self.kind.fan_rpm * self.duty / 72 * noise)

    @property
    def duty(self) -> int:
        """Of the fans, in percent."""
        if not self.boards.hashing:
            return 0
        return self.fan_percent if self.fan_percent >= 0 else 72

    # What it is told

    def switch(self, *, off: bool, at: int) -> None:
        """Stop or go on at that second of its own clock; nothing, if that is long gone."""
        when = at - self.skew
        if when < self.now() - LATE_S:
            return
        self.forget("soft")
        self.plan(when, "soft", self._sleep if off else self._wake)
        if off:
            self.off_at = at
        else:
            self.on_at = at
        self.catch_up()

    def set_mode(self, workmode: int) -> bool:
        """Whether there is such a mode; it gets to its rate anew."""
        if workmode not in self.kind.modes:
            return False
        self.workmode = workmode
        self._go(RAMP_S, self.now())
        return True

    def set_level(self, level: int) -> bool:
        """Whether there is such a level of the mode."""
        if not 0 <= level <= 2:
            return False
        self.worklevel = level
        self.boards.settle(self.now(), self.factor)
        return True

    def set_pool(self, index: int, pool: Pool) -> bool:
        """Whether there is such a place; some models use it from the next start on only."""
        if not 0 <= index < 3:
            return False
        pools = [*self.pending, *[Pool("", "", "")] * 3][: max(index + 1, len(self.pending))]
        pools[index] = pool
        self.pending = tuple(pools)
        if not self.kind.pools_after_reboot:
            self.pools = self.pending
            self.boards.settle(self.now(), self.factor)
        return True

    def restart(self) -> None:
        """Cgminer starts anew: for a while nothing answers."""
        self._start(self.now() + between(*RESTART_S, self.mac, "restart", int(self.now())))
        self.changed()

    def factory_fresh(self) -> None:
        """Nobody has set it up yet."""
        self.pending = ()
        self.booted(self.booted_at)
        self.catch_up()

    # As a Life

    def booted(self, at: float) -> None:
        """Cgminer comes up a little later; it is awake after a start."""
        self.off = False
        self.forget("soft")
        self._start(at + between(*BOOT_S, self.mac, "boot", self.boots))

    def may_be_cured(self, fault: Fault) -> bool:
        """A board that is dead, slow or missing."""
        return fault in BOARD_FAULTS

    def hurt(self, fault: Fault) -> None:
        """One board."""
        self.boards.hurt(fault, self.now())

    def healed(self) -> None:
        """Boards as before."""
        self.boards.cure(self.now())

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """4028 while cgminer answers."""
        if not self._served and self._server is not None:
            self._served = self._server(self, reactor)
        return self._served if self._gate.opens(self.api_from, self, reactor) else {}

    # Inside

    def _start(self, at: float) -> None:
        self.pools = self.pending
        self.api_from = self.mining_from = at
        self._ramp = 0.0
        self.boards.start(at, 0.0)
        self._go(RAMP_S, at)

    def _sleep(self, at: float) -> None:
        self.off = True
        self.forget("ramp")
        self.boards.settle(at, self.factor)

    def _wake(self, at: float) -> None:
        if self.off:
            self.off = False
            self._go(RAMP_S, at)

    def _go(self, ramp: float, at: float) -> None:
        """Get to the full rate in steps."""
        self.forget("ramp")
        self._climb(0.0, at)
        for step in range(1, RAMP_STEPS + 1):
            share = step / RAMP_STEPS
            self.plan(at + ramp * share, "ramp", partial(self._climb, share))

    def _climb(self, ramp: float, at: float) -> None:
        self._ramp = ramp
        self.boards.settle(at, self.factor)
