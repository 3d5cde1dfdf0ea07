"""What can be wrong with a simulated device, and a dice that always falls the same way."""

from __future__ import annotations

import enum
import zlib


class Fault(enum.StrEnum):
    """One fault at a time; `none` is a healthy device."""

    NONE = "none"
    DEAD_BOARD = "dead-board"
    HOT_BOARD = "hot-board"
    SLOW_BOARD = "slow-board"
    MISSING_BOARD = "missing-board"
    HANG = "hang"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    HTTP_500 = "http-500"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105  # a fault's name
    VANISHED = "vanished"
    FLOOD = "flood"
    DRIP = "drip"
    RESET = "reset"


HOSTILE = (Fault.FLOOD, Fault.DRIP, Fault.RESET)
"""Those that happen to a device only where they are named: ten MiB, a byte a second, cut off."""

FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE and fault not in HOSTILE)
"""Those that come at random, and with `all`."""

BOARD_FAULTS = frozenset({Fault.DEAD_BOARD, Fault.SLOW_BOARD, Fault.MISSING_BOARD})
"""Those that a reboot may cure."""

WIRE_FAULTS = frozenset({Fault.HANG, Fault.GARBAGE, Fault.TRUNCATED, *HOSTILE})
"""Those that need to know nothing of the family: any listener can have them."""


def dice(*what: object) -> float:
    """A number in [0, 1) that depends on nothing but `what`; no secret may hang on it."""
    return zlib.crc32("|".join(map(str, what)).encode()) / 2**32


def between(low: float, high: float, *what: object) -> float:
    """A number in [low, high) that depends on nothing but `what`."""
    return low + (high - low) * dice(*what)
