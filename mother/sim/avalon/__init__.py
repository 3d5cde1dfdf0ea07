"""A simulated Avalon: cgminer's API on 4028, one command at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IProtocolFactory

from mother.sim.avalon.api import Cgminer
from mother.sim.avalon.models import MODELS, SHARES
from mother.sim.avalon.state import Avalon
from mother.sim.device import FarmReactor
from mother.sim.faults import BOARD_FAULTS, Fault
from mother.sim.lines import Lines
from mother.sim.plan import Berth, FarmPlan

__all__ = ["FAULTS", "MODELS", "SHARES", "device"]

FAULTS = BOARD_FAULTS | {Fault.HOT_BOARD, Fault.VANISHED}
"""The kinds of fault that it shows itself."""

CGMINER = 4028
DELAY_S = 0.02
THEN_S = 0.5


def device(berth: Berth, plan: FarmPlan, now: Callable[[], float]) -> Avalon:
    """The device of a berth."""
    avalon = Avalon(
        berth.host,
        berth.mac,
        now,
        model=berth.model,
        uptime=berth.uptime,
        cure=plan.cure,
        server=server,
    )
    if berth.factory_fresh:
        avalon.factory_fresh()
    return avalon


def server(avalon: Avalon, reactor: FarmReactor) -> Mapping[int, IProtocolFactory]:
    """All that listens on one device: a second connection is refused while one is served."""

    def soon(act: Callable[[], None]) -> None:
        reactor.callLater(THEN_S, act)

    cgminer = Cgminer(avalon, soon)
    return {
        CGMINER: Lines(cgminer.answer, reactor, delay=DELAY_S, idle=5.0, most=1)  # type: ignore[arg-type]  # the half it needs
    }
