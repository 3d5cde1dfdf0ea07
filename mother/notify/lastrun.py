"""How the last run ended: in order, by a crash, or with the machine. Kept in the state file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from twisted.internet.interfaces import IReactorTime

from mother.core.bus import Bus
from mother.core.loop import Loop
from mother.core.model import EventKind, Severity
from mother.core.units import duration, moment
from mother.fleet.memory import Memory
from mother.fleet.remembered import LastRun

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STAMP = 300.0
"""Seconds between two notes that we still run; a crash is dated as well as that."""


def boot_id(path: Path = BOOT_ID) -> str:
    """What this start of the machine is called; empty where the machine does not say."""
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


class RunKeeper:
    """A service: says at the start how the last run ended, and at the stop that this one did.

    It stands right above the memory, so that it stops when nearly everything else has.
    """

    name = "last run"

    def __init__(
        self,
        bus: Bus,
        memory: Memory,
        clock: IReactorTime,
        now: Callable[[], float],
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._bus = bus
        self._memory = memory
        self._now = now
        self._boot = boot
        self._last = LastRun()
        self._stamps = Loop(_Stamp(self.stamp), lambda: STAMP, clock, delay=STAMP)

    def start(self) -> None:
        """Note that this run has begun; `tell` says how the last one ended."""
        self._last = self._memory.farm.run
        self._keep(LastRun(seen=self._now(), boot=self._boot(), running=True))
        self._memory.save()
        self._stamps.start()

    async def stop(self) -> None:
        """This run ended in order."""
        await self._stamps.stop()
        self._keep(replace(self._memory.farm.run, seen=self._now(), running=False))

    def tell(self) -> None:
        """Say how the last run ended, unless there was none or it ended in order."""
        last, now, boot = self._last, self._now(), self._boot()
        if last.seen is None:
            return
        away = duration(max(0.0, now - last.seen))
        seen = f"It was last known to run at {moment(last.seen, now)}, {away} ago"
        if boot and last.boot and boot != last.boot:
            how = f"{seen}, and did not end in order: power may have failed"
            if not last.running:
                how = f"mother was stopped in order at {moment(last.seen, now)}, {away} ago"
            text = f"This machine was restarted, and mother with it. {how}."
            self._bus.tell(EventKind.MACHINE_RESTARTED, Severity.WARNING, text)
        elif last.running:
            text = f"mother was started after a crash. {seen}; the log of that time may say why."
            self._bus.tell(EventKind.CRASHED, Severity.ERROR, text)

    def stamp(self) -> None:
        """We still run."""
        self._keep(replace(self._memory.farm.run, seen=self._now()))

    def _keep(self, run: LastRun) -> None:
        self._memory.remember_farm(replace(self._memory.farm, run=run))


class _Stamp:
    name = "last run"

    def __init__(self, stamp: Callable[[], None]) -> None:
        self._stamp = stamp

    async def run(self) -> None:
        self._stamp()
