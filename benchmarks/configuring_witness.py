"""What the simulated farm itself saw of every write; it knows nothing of the daemon."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct

from benchmarks.configuring_setup import Wish
from mother.sim.dragonmint import php
from mother.sim.dragonmint.settings import PoolSetting, pools_from
from mother.sim.dragonmint.state import Dragon, Write

UPLOAD = "/upgrade/upload"
FLASHING = 30.0
"""A miner that got a file reboots within so many seconds."""

RESTART_MOST = 900.0
"""So long after it was written to, a miner that does not mine is no longer one that restarts."""

WAVE_MOST = 600.0
"""So long a wave waits for a miner that does not come back after its settings were written."""


class Record(Struct):
    """One write. `change` names what all miners of a kind get; `amiss` what is wrong with it.

    `restarting`: so many restart now by an order, this one included; `wave`: so many got the
    change since the last moment when none of those that got it was still restarting.
    """

    at: float
    mac: str
    path: str
    change: str
    amiss: str
    restarting: int
    wave: int


class Spread(Struct):
    """How a change went round: who `got` it, and the wave under way, both with the times.

    `proof`: so many seconds on end the first miner had mined with it before a second one got it.
    """

    got: dict[str, float]
    wave: dict[str, float]
    proof: float = 0.0
    largest: int = 0


class Order(Struct):
    """The last write to a miner."""

    at: float
    boots: int
    flashes: bool


class _Heard(deque[Write]):
    """A device's notes of its writes, with somebody who hears of each before it takes effect."""

    def __init__(self, heard: Callable[[Write], None]) -> None:
        super().__init__(maxlen=200)
        self._heard = heard

    def append(self, write: Write) -> None:
        self._heard(write)
        super().append(write)


class Witness:
    """Hears of every write to every device, and looks at what becomes of them."""

    def __init__(
        self, devices: list[Dragon], wishes: dict[str, Wish], now: Callable[[], float]
    ) -> None:
        self.devices = {device.mac: device for device in devices}
        self.records: list[Record] = []
        self.spreads: dict[str, Spread] = {}
        self.most_restarting = 0
        self.survivor = False
        self._wishes = wishes
        self._now = now
        self._orders: dict[str, Order] = {}
        for device in devices:
            device.writes = _Heard(partial(self._heard, device))

    def look(self) -> int:
        """How many restart by an order now; to be called often."""
        for mac in [mac for mac in self._orders if not self._restarts(mac, RESTART_MOST)]:
            del self._orders[mac]
        for spread in self.spreads.values():
            self._prove(spread)
        return self._count()

    def _count(self) -> int:
        self.most_restarting = max(self.most_restarting, len(self._orders))
        return len(self._orders)

    def _prove(self, spread: Spread) -> None:
        if len(spread.got) == 1:
            ((mac, at),) = spread.got.items()
            device = self.devices[mac]
            if mines(device):
                mined = self._now() - max(at, device.mining_from)
                spread.proof = max(spread.proof, mined)

    def wished(self, device: Dragon) -> bool:
        """Whether it has all that was wished of it."""
        wish = self._wishes.get(device.mac, Wish())
        if wish.pools is not None and device.pools != wished_pools(wish, device.mac):
            return False
        return wish.profile in (None, device.autotune.mode(device.firmware))

    def facts(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "at": self._now(),
            "most_restarting": self.most_restarting,
            "records": self.records,
            "spreads": self.spreads,
            "devices": [self._row(device) for device in self.devices.values()],
            "requests": sum(sum(one.requests.values()) for one in self.devices.values()),
        }

    def _row(self, device: Dragon) -> dict[str, Any]:
        return {
            "mac": device.mac,
            "worker": worker_of(device.mac),
            "address": f"{device.host}:{device.port}",
            "model": device.model,
            "fault": device.fault.value,
            "present": device.present,
            "mines": mines(device),
            "wished": self.wished(device),
            "users": [pool.user for pool in device.pools or ()],
            "urls": [pool.url for pool in device.pools or ()],
            "profile": device.autotune.mode(device.firmware),
            "firmware": device.firmware.version,
            "boots": device.boots,
            "logins": device.requests["/api/auth"],
        }

    def _heard(self, device: Dragon, write: Write) -> None:
        self.look()
        boots = device.boots
        self._orders[device.mac] = Order(write.at, boots, write.path.startswith("/upgrade/"))
        change = change_of(device, write)
        first = not any(one.mac == device.mac for one in self.records)
        self.records.append(
            Record(
                write.at,
                device.mac,
                write.path,
                change,
                self._amiss(device, write),
                self._count(),
                self._spread(device, write, change),
            )
        )
        if self.survivor and first and len(self.records) == 1:
            device.pool_alive = lambda pool: True  # type: ignore[method-assign]  # its luck

    def _spread(self, device: Dragon, write: Write, change: str) -> int:
        spread = self.spreads.setdefault(change, Spread({}, {}))
        spread.got.setdefault(device.mac, write.at)
        if not any(self._in_wave(mac, at) for mac, at in spread.wave.items() if mac != device.mac):
            spread.wave.clear()
        spread.wave[device.mac] = write.at
        spread.largest = max(spread.largest, len(spread.wave))
        return len(spread.wave)

    def _in_wave(self, mac: str, at: float) -> bool:
        return self._restarts(mac, WAVE_MOST) and self._now() - at < WAVE_MOST

    def _restarts(self, mac: str, most: float) -> bool:
        order, device = self._orders.get(mac), self.devices[mac]
        if order is None or self._now() - order.at >= most:
            return False
        flashes = order.flashes and device.boots == order.boots
        if flashes and self._now() - order.at < FLASHING:
            return True
        return not mines(device)

    def _amiss(self, device: Dragon, write: Write) -> str:
        """Whether this is what the operator wishes of this very device."""
        wish = self._wishes.get(device.mac, Wish())
        if write.path == "/api/updatePools":
            pools = pools_from(write.form)
            foreign = [one.user for one in pools if not is_own(one.user, device.mac)]
            if foreign:
                return f"the users {', '.join(foreign)} are not its own"
            if wish.pools is None or pools != wished_pools(wish, device.mac):
                return "these pools are not its wish"
        elif write.path == "/api/setAutoTune":
            mode = php.text(write.form, "autotune")
            passing = wish.profile == "balanced" and mode == "factory"
            if mode != wish.profile and not passing:
                return f"the mode {mode} is not its wish"
        elif write.path != UPLOAD:
            return f"nobody asked for {write.path}"
        return ""


def mines(device: Dragon) -> bool:
    """Whether it is there, its mining program runs and has work."""
    return device.present and device.ready and device.working


def worker_of(mac: str) -> str:
    """The worker name that this device shall have."""
    return "dragon-" + mac.replace(":", "")[-8:]


def is_own(user: str, mac: str) -> bool:
    """Whether a pool's user ends with this device's own worker name."""
    return user.endswith(f".{worker_of(mac)}")


def wished_pools(wish: Wish, mac: str) -> tuple[PoolSetting, ...]:
    """The pools as this device shall have them."""
    return tuple(
        PoolSetting(url, f"{username}.{worker_of(mac)}", password)
        for url, username, password in wish.pools or ()
    )


def change_of(device: Dragon, write: Write) -> str:
    """What is written, without what is of this one miner."""
    if write.path == "/api/updatePools":
        what = ", ".join(pool.url for pool in pools_from(write.form))
    elif write.path == "/api/setAutoTune":
        what = "mode"  # `balanced` comes as three writes
    else:
        what = php.text(write.form, "file")
    return f"{device.model} {write.path} {what}"
