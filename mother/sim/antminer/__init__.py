"""A simulated Antminer with the maker's own firmware: page on 80, bmminer's API on 4028."""

from __future__ import annotations

from collections.abc import Callable

from mother.sim.antminer.models import MODELS, SHARES
from mother.sim.antminer.state import Antminer
from mother.sim.antminer.web import server
from mother.sim.faults import BOARD_FAULTS, Fault
from mother.sim.plan import Berth, FarmPlan

__all__ = ["FAULTS", "MODELS", "SHARES", "device"]

FAULTS = BOARD_FAULTS | {Fault.HOT_BOARD, Fault.HTTP_500, Fault.WRONG_PASSWORD, Fault.VANISHED}
"""The kinds of fault that it shows itself."""


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> Antminer:
    """The device of a berth."""
    ant = Antminer(
        berth.host,
        berth.mac,
        now,
        model=berth.model,
        uptime=berth.uptime,
        cure=plan.cure,
        server=server,
    )
    if berth.factory_fresh:
        ant.factory_fresh()
    return ant
