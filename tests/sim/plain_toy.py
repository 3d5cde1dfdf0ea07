"""The toys again, from a package that exports no more than it must."""

from tests.sim.toy import MODELS, device

__all__ = ["MODELS", "device"]
