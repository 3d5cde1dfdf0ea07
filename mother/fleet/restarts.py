"""Whether a device that we told to restart mines again: pure."""

from __future__ import annotations

from mother.core.model import CommandKind
from mother.core.reading import Reading, Word
from mother.fleet.undertaken import Restart

PATIENCE = 900.0
"""After so many seconds a device counts as restarting no more: it is gone, or was never."""

CERTAIN = 180.0
"""Some settings are taken without a restart: so long after, one would have been seen."""

SLACK = 60.0
"""Its start may seem earlier than our order by so much: clocks and rounding."""

WORKING = 0.25
"""A miner hashes when it does this share of what its model should."""

_REBOOTS = frozenset({CommandKind.REBOOT, CommandKind.UPGRADE, CommandKind.FACTORY_RESET})


def hashes(reading: Reading | None) -> bool:
    """Whether it did some work for a pool at that moment."""
    if reading is None or reading.restarting or reading.asleep or not reading.hashrate:
        return False
    if reading.pool_alive is False:
        return False
    return reading.hashrate >= WORKING * (reading.expected_hashrate or 0.0)


def has_restarted(restart: Restart, reading: Reading | None) -> bool:
    """Whether this reading is of the time after the restart that we caused."""
    if reading is None or reading.at <= restart.at or reading.restarting:
        return False
    if reading.uptime is not None and reading.at - reading.uptime >= restart.at - SLACK:
        return True
    settled = reading.at - restart.at >= CERTAIN
    return settled and restart.kind not in _REBOOTS


def is_over(restart: Restart, reading: Reading | None, now: float) -> bool:
    """Whether it no longer counts among those that restart."""
    if now - restart.at >= PATIENCE:
        return True
    if reading is not None and reading.word is not Word.READ:
        return True  # nothing will ever show it
    if reading is None or not has_restarted(restart, reading):
        return False
    return reading.asleep or hashes(reading)
