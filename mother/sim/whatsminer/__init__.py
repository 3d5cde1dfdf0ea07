"""A simulated Whatsminer, made from recordings."""

from __future__ import annotations

from collections.abc import Callable

from mother.sim.faults import Fault
from mother.sim.plan import Berth, FarmPlan
from mother.sim.whatsminer.models import MODELS, SHARES
from mother.sim.whatsminer.state import Whatsminer

__all__ = ["FAULTS", "MODELS", "SHARES", "device"]

FAULTS = frozenset(
    {
        Fault.DEAD_BOARD,
        Fault.HOT_BOARD,
        Fault.MISSING_BOARD,
        Fault.SLOW_BOARD,
        Fault.VANISHED,
        Fault.WRONG_PASSWORD,
    }
)
"""What the device itself can have."""


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> Whatsminer:
    """The device of a berth."""
    return Whatsminer(
        berth.host,
        berth.mac,
        now,
        model=berth.model,
        uptime=berth.uptime,
        cure=plan.cure,
        fresh=berth.factory_fresh,
    )
