"""One simulated AxeOS device: everything about it but how it is served."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mother.sim.axeos.models import MODELS
from mother.sim.axeos.patience import Patience
from mother.sim.axeos.replies import INFO
from mother.sim.axeos.settings import POOLS, Setting, defaults, untouched
from mother.sim.faults import BOARD_FAULTS, Fault, between
from mother.sim.life import Life
from mother.sim.rates import Rate

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

    from mother.sim.device import FarmReactor

ABSENCE_S = (6.0, 12.0)
MINING_START_S = (4.0, 9.0)
OVERHEATED_MHZ = 50
OVERHEATED_MV = 1000
SLOW_FACTOR = 0.3
IDLE_W = 2.65
SHARE_DIFFICULTY = 1000
HASHES_A_SHARE = SHARE_DIFFICULTY * 2**32 / 1e9
"""In the unit of the rate, GH/s, times seconds."""

WINDOWS_S = (5.0, 60.0, 600.0, 3600.0)


class Write(Struct, frozen=True):
    """A call that changed something: Unix seconds, method and path, what it asked for."""

    at: float
    path: str
    change: dict[str, Setting]

    def __repr__(self) -> str:
        return f"Write(at={self.at}, path={self.path!r}, change={sorted(self.change)})"


class Axe(Life):
    """The state of one device; `now` gives its Unix time and is all that drives it.

    `requests` counts what came in by path, `writes` keeps the last 200 calls that changed
    something. `settings` is what it remembers; `pools` what the running program knows of
    them, read at its start. `patience` tells how it was treated: its `abused` counts every
    request that came beside another or too soon.
    """

    family = "axeos"
    absence = ABSENCE_S

    def __init__(
        self,
        host: str,
        mac: str,
        now: Callable[[], float],
        *,
        model: str = "bitaxe-supra",
        uptime: float = 86400.0,
        cure: float = 0.5,
        fresh: bool = False,
    ) -> None:
        super().__init__(host, mac, now, model=model, cure=cure)
        self.about = MODELS[model]
        self.firmware = self.about.firmware
        recorded = INFO[self.firmware.info]
        self.settings = (untouched if fresh else defaults)(self.about, recorded)
        self.patience = Patience(now)
        self.requests: Counter[str] = Counter()
        self.writes: deque[Write] = deque(maxlen=200)
        self.paused = False
        self.identifying_until = -math.inf
        self.dead_pools: frozenset[int] = frozenset()
        self._rate = Rate(mac, WINDOWS_S)
        self._tripped_at = -math.inf
        self._ill = Fault.NONE
        self.booted_at = now() - uptime
        self.booted(self.booted_at)

    @property
    def abused(self) -> int:
        """How many requests came beside another or too soon."""
        return self.patience.abused

    @property
    def uptime(self) -> float:
        """Seconds since it booted."""
        return max(0.0, self.now() - self.booted_at)

    # Mining

    @property
    def working(self) -> bool:
        """Whether it has work, and nothing keeps it from it."""
        return self.active_pool is not None and not self.paused and not self.overheated

    @property
    def active_pool(self) -> int | None:
        """0 for the pool, 1 for the fallback, None when neither is there."""
        there = [i for i, pool in enumerate(self.pools) if pool[0] and i not in self.dead_pools]
        return there[0] if there else None

    @property
    def pools_dead(self) -> bool:
        """Whether no pool is within reach, as when the uplink is down."""
        return self.dead_pools >= {0, 1}

    @pools_dead.setter
    def pools_dead(self, dead: bool) -> None:
        self.lose_pools(0, 1) if dead else self.lose_pools()

    def lose_pools(self, *indices: int) -> None:
        """These pools are out of reach from now on, the others are not."""
        self.dead_pools = frozenset(indices)
        self._settle()

    def pause(self, paused: bool) -> None:
        """Stop or go on hashing; a restart forgets it."""
        self.paused = paused
        self._settle()

    def keep(self, change: Mapping[str, Setting]) -> None:
        """Remember; frequency, voltage and fan change at once, pools with the next start."""
        self.settings.update(change)
        self._settle()

    @property
    def hashrate(self) -> float:
        """The shortest window, GH/s."""
        return self.window(5.0)

    def window(self, seconds: float) -> float:
        """The mean over 5, 60, 600 or 3600 s, GH/s; a pause ends them all."""
        return 0.0 if self.paused else self._rate.window(seconds, self.now())

    @property
    def expected(self) -> float:
        """What its chips should do at the frequency that is set, GH/s."""
        return self.about.rate(self.frequency)

    @property
    def frequency(self) -> float:
        """MHz as set."""
        return float(self.settings["frequency"])

    @property
    def millivolts(self) -> float:
        """The core voltage as set."""
        return float(self.settings["coreVoltage"])

    @property
    def chips(self) -> int:
        """How many of its chips answer."""
        return 0 if self._ill is Fault.MISSING_BOARD else self.about.chips

    @property
    def shares(self) -> int:
        """Found since the start and taken by the pool; one in a thousand is not."""
        return int(self._rate.total(self.now()) / HASHES_A_SHARE)

    @property
    def watts(self) -> float:
        """What it draws."""
        if not self._rate.true:
            return IDLE_W
        speed = self.frequency / self.about.frequency
        square = (self.millivolts / self.about.voltage) ** 2
        noise = between(-0.01, 0.01, self.mac, "power", int(self.now() // 5))
        return IDLE_W + (self.about.watts - IDLE_W) * speed * square * (1 + noise)

    # Health

    @property
    def overheated(self) -> bool:
        """Whether it protects itself: slow, and no work done."""
        return bool(self.settings.get("overheat_mode"))

    @property
    def temperature(self) -> float:
        """Of the chip, C, in the steps of the sensor."""
        idle = 24.0 + between(0.0, 6.0, self.mac, "room")
        if self.overheated:
            gone = max(0.0, self.now() - self._tripped_at)
            return _eighths(idle + (79.0 - idle) * math.exp(-gone / 400))
        load = min(1.6, self.watts / self.about.watts)
        wiggle = between(-0.7, 0.7, self.mac, "chip", int(self.now() // 10))
        fade = 1.0 - math.exp(-max(1.0, self.uptime) / 60)
        return _eighths(idle + 31.0 * load * fade + wiggle)

    def may_be_cured(self, fault: Fault) -> bool:
        """Whether a restart has a chance against it."""
        return fault in BOARD_FAULTS

    def hurt(self, fault: Fault) -> None:
        """Show a fault from now on."""
        self._ill = fault
        if fault is Fault.HOT_BOARD:
            self._trip()
        self._settle()

    def healed(self) -> None:
        """Show no fault any more; what it was set to by its protection is set back."""
        ill, self._ill = self._ill, Fault.NONE
        if ill is Fault.HOT_BOARD:
            about = self.about
            self.settings |= {"frequency": about.frequency, "coreVoltage": about.voltage}
            self.settings["overheat_mode"] = 0
        self._settle()

    def services(self, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
        """Its page and API."""
        from mother.sim.axeos.web import web_server  # noqa: PLC0415  # the web knows the state

        return {80: web_server(self, reactor)}

    # Inside

    def _trip(self) -> None:
        """As the firmware does it: the slowest speed is kept, until somebody sets another."""
        self._tripped_at = self.now()
        self.settings |= {
            "overheat_mode": 1,
            "frequency": OVERHEATED_MHZ,
            "coreVoltage": OVERHEATED_MV,
        }

    def booted(self, at: float) -> None:
        """It comes up with what it remembers."""
        self.patience = Patience(self.now, self.patience.abused)
        self.paused = False
        self.pools = tuple(
            (str(self.settings[host]), int(self.settings[port]), str(self.settings[user]))
            for host, port, user, _ in POOLS
        )
        begin = at + between(*MINING_START_S, self.mac, "start", self.boots)
        self._rate.start(begin, self._true_rate())

    def _settle(self) -> None:
        self._rate.settle(self.now(), self._true_rate())

    def _true_rate(self) -> float:
        if not self.working or self._ill in (Fault.DEAD_BOARD, Fault.MISSING_BOARD):
            return 0.0
        slow = SLOW_FACTOR if self._ill is Fault.SLOW_BOARD else 1.0
        luck = between(0.985, 1.015, self.mac, "luck")
        return self.expected * luck * slow * self._starving()

    def _starving(self) -> float:
        """1.0 with enough voltage for the frequency, 0.0 with a tenth too little."""
        wanted = self.about.voltage * 0.93 * math.sqrt(self.frequency / self.about.frequency)
        return min(1.0, max(0.0, 1.0 - (wanted - self.millivolts) / (wanted * 0.1)))


def _eighths(degrees: float) -> float:
    return round(degrees * 8) / 8
