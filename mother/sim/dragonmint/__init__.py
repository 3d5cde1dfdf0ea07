"""Simulated DragonMints, and other miners with the same maker's firmware."""

from mother.sim.dragonmint.device import device
from mother.sim.dragonmint.models import MODELS
from mother.sim.faults import FAULTS as _ALL

FAULTS = frozenset(_ALL)
SHARES = {"T1": 1.0}
"""Only T1 is made from recordings."""

__all__ = ["FAULTS", "MODELS", "SHARES", "device"]
