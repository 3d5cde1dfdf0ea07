"""The daemon as a service of this machine: it tells the service manager how it is."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mother.app import Daemon
from mother.core.loop import Loop
from mother.host.manager import Manager
from mother.host.sentence import Seen, last_words, sentence
from mother.host.watchdog import Watchdog

STATUS_EVERY = 5.0

BROKEN = "the new configuration is broken, the old one is in force"


class Minding:
    """Starts, reloads and stops the daemon, and tells the manager of it all."""

    log = Logger()

    def __init__(self, daemon: Daemon, manager: Manager, clock: IReactorTime) -> None:
        self._daemon = daemon
        self._manager = manager
        self._clock = clock
        self._trouble = ""
        self._started = False
        watchdog = Watchdog(manager, daemon.vitals.complaints)
        self._loops = []
        if manager.listens:
            self._loops.append(Loop(_Status(self), lambda: STATUS_EVERY, clock))
        if manager.watchdog is not None:
            self._loops.append(Loop(watchdog, watchdog.interval, clock))

    async def start(self) -> None:
        """Ready once the daemon minds the farm."""
        self._manager.status("starting")
        await self._daemon.start()
        self._started = True
        self._manager.ready()
        for loop in self._loops:
            loop.start()

    def reload(self, read: Callable[[], bool]) -> None:
        """`read` the configuration again; it says whether that went well.

        That may take a while, as where an address is the first of its kind: fed before, the
        watchdog waits.
        """
        if not self._daemon.vitals.complaints():
            self._manager.feed()
        self._manager.reloading()
        try:
            self._trouble = "" if read() else BROKEN
        finally:
            self._manager.ready()
            self.tell()

    async def stop(self) -> None:
        """End; what the farm is left like is said first, whatever hangs then."""
        self._manager.stopping("stopping")
        for loop in self._loops:
            await loop.stop()
        if self._started:
            self.log.info("{line}", line=self._last_words())
        try:
            await self._daemon.stop()
        finally:
            self._manager.close()

    def tell(self) -> None:
        """Tell the manager how the farm is."""
        if self._manager.listens:
            self._manager.status(sentence(self._seen()))

    def _seen(self) -> Seen:
        daemon = self._daemon
        sweeps, scans = daemon.loops["metrics"].counts, daemon.loops["scan"].counts
        trouble = (self._trouble, *(text.rstrip(".") for text in daemon.vitals.complaints()))
        return Seen(
            totals=daemon.view.totals(daemon.now()),
            swept=self._clock.seconds() - sweeps.last_end if sweeps.runs else None,
            first_scan=not scans.runs,
            scanned=daemon.scan.progress.tried,
            addresses=daemon.scan.progress.total,
            breaker_open=daemon.health.numbers()["health.breaker_open"] > 0,
            dry_run=daemon.config.dry_run,
            trouble=tuple(filter(None, trouble)),
        )

    def _last_words(self) -> str:
        daemon = self._daemon
        changing = sorted(map(daemon.setups.worker, daemon.setups.in_flight()))
        return last_words(daemon.view.totals(daemon.now()), changing)


class _Status:
    """A job: tells the manager how the farm is."""

    name = "status"

    def __init__(self, minding: Minding) -> None:
        self._minding = minding

    async def run(self) -> None:
        """One look."""
        self._minding.tell()


def stacks_on_abort() -> None:
    """A process that dies of a signal, as of the watchdog's, leaves its stacks on stderr."""
    try:
        faulthandler.enable(file=sys.stderr)
    except (AttributeError, OSError, ValueError, RuntimeError):
        return  # no stream with a number, as in tests
