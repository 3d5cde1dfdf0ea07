"""What simulated devices know of being put to sleep and woken: who was told, and obeyed, when."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from mother.sim.antminer.conf import Conf
from mother.sim.antminer.state import Antminer
from mother.sim.antminer.web import THEN_S
from mother.sim.avalon.state import Avalon
from mother.sim.axeos.state import Axe
from mother.sim.device import SimDevice
from mother.sim.faults import Fault
from mother.sim.whatsminer.listeners import AFTER_S
from mother.sim.whatsminer.state import Whatsminer


class Witness:
    """Looks on from inside the devices; `forget` begins anew. Times are Unix seconds."""

    def __init__(self, devices: Iterable[SimDevice]) -> None:
        self._devices = list(devices)
        self.forget()
        for device in self._devices:
            _watch(device, self)

    def forget(self) -> None:
        """Nobody was told anything yet."""
        self.told: dict[str, list[float]] = defaultdict(list)
        self.woken: dict[str, list[float]] = defaultdict(list)
        self.slept: dict[str, float] = {}
        self.needless: list[str] = []

    def tell(self, device: SimDevice, off: bool, after: float = 0.0) -> None:
        """An order has arrived `after` seconds ago."""
        if asleep(device) is off:
            self.needless.append(device.mac)
        (self.told if off else self.woken)[device.mac].append(time.time() - after)

    def obeyed(self, device: SimDevice, at: float) -> None:
        """It reads as asleep from then on."""
        self.slept.setdefault(device.mac, at)

    def seen(self) -> dict[str, Any]:
        """All of it in plain values; `able` are those that are well and can sleep."""
        return {
            "able": {one.mac: one.family for one in self._devices if can_sleep(one)},
            "asleep": [one.mac for one in self._devices if asleep(one)],
            "told": dict(self.told),
            "woken": dict(self.woken),
            "slept": self.slept,
            "needless": self.needless,
        }


def asleep(device: SimDevice) -> bool:
    """As it would say itself."""
    if isinstance(device, Antminer):
        return device.asleep
    if isinstance(device, Avalon):
        device.catch_up()
    return bool(getattr(device, "off", False) or getattr(device, "paused", False))


def can_sleep(device: SimDevice) -> bool:
    """Whether it is well, and its firmware can."""
    if device.fault is not Fault.NONE:
        return False
    if isinstance(device, Antminer):
        return not device.firmware.old
    if isinstance(device, Avalon):
        return "softoff" in device.kind.options
    return device.firmware.pauses if isinstance(device, Axe) else isinstance(device, Whatsminer)


def _watch(device: SimDevice, witness: Witness) -> None:
    for family, watch in _WATCHES.items():
        if isinstance(device, family):
            watch(device, witness)


def _watch_antminer(ant: Antminer, witness: Witness) -> None:
    configure = ant.configure

    def configured(sent: Conf) -> None:
        off = str(sent.get("miner-mode", sent.get("bitmain-work-mode"))) == "1"
        witness.tell(ant, off, THEN_S)
        configure(sent)
        if ant.asleep:
            witness.obeyed(ant, time.time())

    _replace(ant, "configure", configured)


def _watch_whatsminer(miner: Whatsminer, witness: Witness) -> None:
    power_off, power_on = miner.power_off, miner.power_on

    def off() -> None:
        witness.tell(miner, True, AFTER_S if miner.firmware.v3 else 0.0)
        power_off()
        witness.obeyed(miner, time.time())

    def on() -> None:
        witness.tell(miner, False)
        power_on()

    _replace(miner, "power_off", off)
    _replace(miner, "power_on", on)


def _watch_avalon(avalon: Avalon, witness: Witness) -> None:
    switch, sleep = avalon.switch, avalon._sleep

    def switched(*, off: bool, at: int) -> None:
        witness.tell(avalon, off)
        switch(off=off, at=at)

    def slept(at: float) -> None:
        sleep(at)
        witness.obeyed(avalon, at)

    _replace(avalon, "switch", switched)
    _replace(avalon, "_sleep", slept)


def _watch_axe(axe: Axe, witness: Witness) -> None:
    pause = axe.pause

    def paused(off: bool) -> None:
        witness.tell(axe, off)
        pause(off)
        if off:
            witness.obeyed(axe, time.time())

    _replace(axe, "pause", paused)


_WATCHES: dict[type[Any], Callable[[Any, Witness], None]] = {
    Antminer: _watch_antminer,
    Whatsminer: _watch_whatsminer,
    Avalon: _watch_avalon,
    Axe: _watch_axe,
}


def _replace(device: object, name: str, method: object) -> None:
    setattr(device, name, method)
