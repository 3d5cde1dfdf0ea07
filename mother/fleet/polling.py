"""One poll of one miner, and what it means for the roster and the sinks."""

from __future__ import annotations

from collections.abc import Callable

from mother.core.bus import Bus, Sample
from mother.core.errors import DeviceError, Refused, Stranger
from mother.core.model import Address, EventKind, Severity, State
from mother.core.units import duration
from mother.fleet.adoption import REFUSED
from mother.fleet.roster import Entry


class Poller:
    """Reads miners; `skipped` counts polls left out because the last one is still in flight.

    `misplaced` is told of an address where another device answers than we believed.
    """

    def __init__(
        self, bus: Bus, now: Callable[[], float], misplaced: Callable[[Address], None]
    ) -> None:
        self._bus = bus
        self._now = now
        self._misplaced = misplaced
        self.skipped = 0
        self.polls = 0
        self.failures = 0

    async def poll(self, entry: Entry, where: str) -> bool:
        """Read one miner and publish it; whether it answered. `where` names the asking loop.

        Never raises DeviceError. A miner that is busy (one call in flight) is left out.
        """
        if entry.lock.locked:
            self.skipped += 1
            return False
        if self._now() < entry.quiet_until:
            self._fail(entry, "it refuses our login", where)
            return False
        self.polls += 1
        entry.tried = self._now()
        async with entry.lock:
            try:
                reading = await entry.device.read(self._now())
            except Stranger as error:
                self._misplaced(entry.address)
                self._fail(entry, str(error), where)
                return False
            except Refused as error:
                entry.refusals += 1
                entry.quiet_until = self._now() + REFUSED.wait(entry.refusals)
                self._fail(entry, f"it refuses our login: {error}", where)
                return False
            except DeviceError as error:
                self._fail(entry, str(error), where)
                return False
        was_gone, silent = entry.gone, entry.failing_since
        entry.answered(self._now(), reading)
        if was_gone and silent is not None:
            self._back(entry, silent)
        self._publish(entry)
        return True

    def homeless(self, entry: Entry, where: str) -> None:
        """Another device answers at its address; it counts as not reachable until it is found."""
        self._fail(entry, "another device answers at its address", where)

    def _publish(self, entry: Entry) -> None:
        reading = entry.reading
        state = entry.state()
        resting = state in (State.GONE, State.ASLEEP)
        native = reading.native if reading is not None else {}
        self._bus.sample(
            Sample(
                device=entry.id,
                worker=entry.worker,
                model=entry.model,
                state=state,
                reachable=not entry.gone,
                last_seen=entry.last_seen,
                at=self._now(),
                reading=None if entry.gone else reading,
                at_rest=entry.family.at_rest(native) if resting else {},
            )
        )

    def _fail(self, entry: Entry, fault: str, where: str) -> None:
        self.failures += 1
        first, was_gone = entry.failures == 0, entry.gone
        entry.failed(self._now(), fault)
        self._bus.tell(
            EventKind.FAULT,
            Severity.WARNING,
            f"{entry.worker} at {entry.address} could not be read: {fault}",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address), "where": where, "first": first},
        )
        if entry.gone:
            self._publish(entry)
        if entry.gone and not was_gone:
            self._bus.tell(
                EventKind.GONE,
                Severity.WARNING,
                f"{entry.worker} at {entry.address} is gone: {fault}",
                device=entry.id,
                worker=entry.worker,
                content={"ip": str(entry.address)},
            )

    def _back(self, entry: Entry, since: float) -> None:
        away = duration(self._now() - since)
        self._bus.tell(
            EventKind.BACK,
            Severity.INFO,
            f"{entry.worker} at {entry.address} is back after {away}",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address)},
        )

    def farewell(self, entry: Entry) -> None:
        """Publish a miner that is given up one last time, as gone."""
        self._publish(entry)
