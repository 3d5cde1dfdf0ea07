"""Feed the watchdog of systemd while the daemon gets on, and let it bite when it does not."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from mother.host.manager import Manager


class Watchdog:
    """A job: one round feeds the watchdog, unless there are complaints.

    It runs in the reactor, so a blocked reactor does not feed. A loop that is stuck is told once;
    mother is then restarted within the watchdog's time, unless the loop moves again before.
    """

    name = "watchdog"
    log = Logger()

    def __init__(self, manager: Manager, complaints: Callable[[], tuple[str, ...]]) -> None:
        self._manager = manager
        self._complaints = complaints
        self._starving = False

    def interval(self) -> float:
        """A third of the watchdog's time, so that a lost message or a late round does no harm."""
        return (self._manager.watchdog or 3600.0) / 3

    async def run(self) -> None:
        """Feed, or say why not."""
        complaints = self._complaints()
        if not complaints:
            if self._starving:
                self.log.info("All loops move again: systemd does not restart mother.")
            self._starving = False
            self._manager.feed()
            return
        if not self._starving:
            self._starving = True
            self.log.critical(
                "{complaints} systemd restarts mother within {seconds:.0f} s.",
                complaints=" ".join(complaints),
                seconds=self._manager.watchdog or 0.0,
            )
