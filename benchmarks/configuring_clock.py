"""One faster time for several processes, those that start later included."""

from __future__ import annotations

import time

from twisted.internet.base import ReactorBase

from mother.core.clock import Now, hasten


def shared_time(reactor: ReactorBase, speed: float, epoch: float) -> Now:
    """As `hasten`, but all processes with the same `epoch` (Unix seconds) tell the same time.

    At `epoch` it was this machine's; it has run `speed` times faster since. Must be called
    before anything is scheduled.
    """
    late = time.time() - epoch
    now = hasten(reactor, speed)
    return lambda: now() + late * (speed - 1)
