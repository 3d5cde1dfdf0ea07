"""A simulated AxeOS device (Bitaxe), made from recordings."""

from __future__ import annotations

from collections.abc import Callable

from mother.sim.axeos.models import MODELS, SHARES
from mother.sim.axeos.state import Axe
from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan

__all__ = ["FAULTS", "MODELS", "SHARES", "device"]

FAULTS = frozenset(
    {
        Fault.DEAD_BOARD,
        Fault.HOT_BOARD,
        Fault.MISSING_BOARD,
        Fault.SLOW_BOARD,
        Fault.VANISHED,
    }
)
"""What the device itself can have: its only board is all of it."""


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> Axe:
    """The device of a berth."""
    return Axe(
        berth.host,
        berth.mac,
        now,
        model=berth.model,
        uptime=berth.uptime,
        cure=plan.cure,
        fresh=berth.factory_fresh,
    )
