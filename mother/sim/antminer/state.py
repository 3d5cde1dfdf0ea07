"""One simulated Antminer: everything about it but how it is asked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import partial

from twisted.internet.interfaces import IProtocolFactory

from mother.sim.antminer import conf
from mother.sim.antminer.models import MODELS
from mother.sim.device import FarmReactor
from mother.sim.faults import BOARD_FAULTS, Fault, between
from mother.sim.hashing import Boards
from mother.sim.life import Gate, Life

WINDOWS = (5.0, 1800.0)
BOOT_S = (25.0, 45.0)
RESTART_S = (10.0, 40.0)
WAKE_S = (40.0, 90.0)
RAMP_S = 60.0
WAKE_RAMP_S = 240.0
RAMP_STEPS = 6
FACTORY_LOGIN = ("root", "root")
CHIP_ABOVE_BOARD_C = 12
FAN_RPM = 6000.0

Server = Callable[["Antminer", FarmReactor], Mapping[int, IProtocolFactory]]


class Antminer(Life):
    """The state of one device. `server` makes what listens: the page and bmminer's API."""

    family = "antminer"

    def __init__(
        self,
        host: str,
        mac: str,
        now: Callable[[], float],
        *,
        model: str = "S19Pro",
        uptime: float = 86400.0,
        cure: float = 0.5,
        server: Server | None = None,
    ) -> None:
        super().__init__(host, mac, now, model=model, cure=cure)
        self.kind = MODELS[model]
        self.firmware = self.kind.firmware
        self.boards = Boards(self.kind.boards, self.kind.rate, mac, WINDOWS)
        self.login = FACTORY_LOGIN
        self.hostname = "Antminer"
        self.static: dict[str, str] = {}
        self.blinking = False
        self.stopped_fans: set[int] = set()
        self.conf = conf.fresh(self.firmware.old, f"ant-{mac.replace(':', '')[-6:]}")
        self.serial = "SIM" + hashlib.sha256(mac.encode()).hexdigest()[:14].upper()
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
    def asleep(self) -> bool:
        """Whether it was told to sleep."""
        return conf.mode_of(self.conf) == conf.SLEEP and not self.firmware.old

    @property
    def pools(self) -> list[conf.Pool]:
        """The configured pools in their order."""
        return [conf.Pool(pool) for pool in self.conf.get("pools", [])]

    @property
    def factor(self) -> float:
        """The share of its nominal rate that it would do, were it not for its boards."""
        if self.asleep or not any(pool.alive for pool in self.pools):
            return 0.0
        mode = conf.NORMAL if self.firmware.old else conf.mode_of(self.conf)
        return conf.FACTOR[mode] * conf.level_of(self.conf) * self._ramp

    @property
    def bmminer_up(self) -> bool:
        """Whether the mining program answers."""
        deaf = self.asleep and self.firmware.sleeps_deaf
        return not deaf and self.now() >= self.api_from

    @property
    def elapsed(self) -> int:
        """Seconds since the mining program came up."""
        return max(0, int(self.now() - self.mining_from))

    @property
    def power(self) -> float:
        """At the plug, in W: what stands still draws little."""
        now = self.now()
        share = sum(board.rate.true for board in self.boards) / self.kind.rate
        noise = between(0.99, 1.01, self.mac, "w", int(now // 10))
        return (self.kind.power * share + 25.0 if share else 18.0) * noise

    def fan(self, number: int) -> int:
        """Rotations per minute of a fan, by its number."""
        if number in self.stopped_fans:
            return 0
        duty = 0.7 if self.boards.hashing else 0.2
        noise = between(0.97, 1.03, self.mac, "fan", number, int(self.now() // 20))
        return int(FAN_RPM * duty * noise) // 60 * 60

    # What it is told

    def configure(self, sent: conf.Conf) -> None:
        """Take a configuration and restart the mining program; from sleep it takes longer."""
        slept = self.asleep
        self.conf = conf.written(self.conf, sent, self.firmware)
        self._restart(waking=slept and not self.asleep)

    def reset_conf(self) -> None:
        """As it left the factory, but for the login."""
        slept = self.asleep
        self.conf = conf.fresh(self.firmware.old, "")
        self._restart(waking=slept)

    def factory_fresh(self) -> None:
        """Nobody has set it up yet."""
        self.conf = conf.fresh(self.firmware.old, "")
        self.login = FACTORY_LOGIN
        self.booted(self.booted_at)
        self.catch_up()

    def set_network(self, sent: Mapping[str, str], host: str) -> None:
        """Take an address of its own, or go back to the lease where `sent` is empty."""
        self.static = dict(sent)
        self.host = host if sent else self.lease
        self.changed()

    # As a Life

    def booted(self, at: float) -> None:
        """The mining program comes up a little later."""
        self._start(at + between(*BOOT_S, self.mac, "boot", self.boots), RAMP_S)

    def may_be_cured(self, fault: Fault) -> bool:
        """A board that is dead, slow or missing."""
        return fault in BOARD_FAULTS

    def hurt(self, fault: Fault) -> None:
        """A board, or a login that nobody knows."""
        if fault is Fault.WRONG_PASSWORD:
            digest = hashlib.sha256(f"{self.mac}|locked".encode()).hexdigest()
            self.login = ("root", digest[:20])
        else:
            self.boards.hurt(fault, self.now())

    def healed(self) -> None:
        """Boards and login as before."""
        if self._fault is Fault.WRONG_PASSWORD:
            self.login = FACTORY_LOGIN
        self.boards.cure(self.now())

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """80 always, 4028 while the mining program answers."""
        if not self._served and self._server is not None:
            self._served = self._server(self, reactor)
        opens = math.inf if self.asleep and self.firmware.sleeps_deaf else self.api_from
        if self._gate.opens(opens, self, reactor):
            return self._served
        return {port: service for port, service in self._served.items() if port == 80}

    # Inside

    def _restart(self, *, waking: bool) -> None:
        lasts = WAKE_S if waking else RESTART_S
        wait = between(*lasts, self.mac, "restart", int(self.now()))
        self._start(self.now() + wait, WAKE_RAMP_S if waking else RAMP_S)
        self.changed()

    def _start(self, at: float, ramp: float) -> None:
        """The mining program answers at that second, and gets to its rate in steps."""
        self.api_from = self.mining_from = at
        self._ramp = 0.0
        self.boards.start(at, 0.0)
        self.forget("ramp")
        for step in range(1, RAMP_STEPS + 1):
            share = step / RAMP_STEPS
            self.plan(at + ramp * share, "ramp", partial(self._go, share))

    def _go(self, ramp: float, at: float) -> None:
        self._ramp = ramp
        self.boards.settle(at, self.factor)
