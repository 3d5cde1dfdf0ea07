"""What the farm of `benchmarks.mixed` and `benchmarks.pausing` does to its devices, and counts."""

from __future__ import annotations

from collections import Counter

from benchmarks.simulated_farm import facts, slowed, spoil
from mother.sim.device import SimDevice
from mother.sim.families import FAMILIES
from mother.sim.faults import Fault
from mother.sim.plan import FarmPlan, berths
from mother.sim.whatsminer.state import Whatsminer, Write


def devices_of(**mix: int) -> list[SimDevice]:
    plan = FarmPlan(mix=mix)
    return [FAMILIES[one.family].device(one, plan, lambda: 1e9) for one in berths(plan)]


def whatsminer_of(devices: list[SimDevice]) -> Whatsminer:
    (miner,) = devices
    assert isinstance(miner, Whatsminer)
    return miner


def test_so_many_as_are_named_get_each_fault_and_nobody_gets_two() -> None:
    devices = devices_of(antminer=6, avalon=4)
    assert sum(spoil(devices, "hang=3,reset=2").values()) == 5
    spoil(devices, "flood=5")
    faults = Counter(device.fault for device in devices)
    assert faults == {Fault.HANG: 3, Fault.RESET: 2, Fault.FLOOD: 5}


def test_a_second_order_to_stop_is_counted() -> None:
    devices = devices_of(whatsminer=1)
    miner = whatsminer_of(devices)
    miner.writes += [Write(1e9, name, {}) for name in ("power_off", "set_led", "power_off")]
    miner.requests["summary"] += 2
    assert facts(devices) == {"requests": {miner.mac: 2}, "stops": {miner.mac: 2}, "off": 0}


def test_a_miner_that_is_off_is_counted_as_such() -> None:
    devices = devices_of(whatsminer=1, avalon=1)
    whatsminer_of(devices[:1]).power_off()
    assert facts(devices)["off"] == 1


def test_a_slowed_whatsminer_takes_so_long_at_every_port_and_takes_orders() -> None:
    miner = whatsminer_of(devices_of(whatsminer=1))
    slowed(miner, 50.0)
    assert set(miner.delays.values()) == {0.05}
    assert miner.access.may_write
