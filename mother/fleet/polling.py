"""One poll of one miner, and what it means for the roster and the sinks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from mother.core.bus import Bus, Sample
from mother.core.errors import DeviceError, Refused, Stranger
from mother.core.model import Address, EventKind, Severity, State
from mother.core.reading import Mode, Reading
from mother.core.units import duration
from mother.drivers.base import Device
from mother.fleet.expected import completed, part, profile_key
from mother.fleet.identity import recognised
from mother.fleet.news import tell_of
from mother.fleet.pace import Mean, pause, smoothed
from mother.fleet.roster import REFUSED, Entry


class Poller:
    """Reads miners; `skipped` counts polls left out because the last one is still in flight.

    `spared` counts those left out because the device wants to be asked seldom. `healthy` gives
    what a device hashed when it was well.

    `misplaced` is told of an address where another device answers than we believed, or one
    that refuses our login: it shall look who is there now. `seconds` times the answers.
    """

    log = Logger()

    def __init__(
        self,
        bus: Bus,
        now: Callable[[], float],
        misplaced: Callable[[Address], None],
        seconds: Callable[[], float] = time.monotonic,
        healthy: Callable[[str], Mapping[str, float]] = lambda _: {},
    ) -> None:
        self._bus = bus
        self._seconds = seconds
        self._now = now
        self._misplaced = misplaced
        self._healthy = healthy
        self.skipped = 0
        self.spared = 0
        self.polls = 0
        self.failures = 0

    async def poll(self, entry: Entry, where: str) -> bool:
        """Read one miner and publish it; whether it answered. `where` names the asking loop.

        Never raises but for cancellation. A miner whose last poll is still in flight is left
        out; one that is asked something else has its turn afterwards. What comes of a miner
        that was given up, or fails at an address that it has left, meanwhile is nobody's.
        """
        if entry.polling:
            self.skipped += 1
            return False
        entry.polling = True
        try:
            return await self._poll(entry, where)
        finally:
            entry.polling = False

    async def _poll(self, entry: Entry, where: str) -> bool:
        now = self._now()
        if entry.quiet_until and entry.quiet(now):
            if not entry.dismissed:
                self._fail(entry, "it refuses our login", where)
            return False
        if 0.0 <= now - entry.tried < pause(entry.family.nature, entry.latency):
            self.spared += 1
            return not entry.failures
        self.polls += 1
        entry.tried = now
        if not entry.lock.taken_at_once():
            await entry.lock.acquire()
        device = entry.device
        try:
            if entry.doubtful:
                await recognised(entry)
            began = self._seconds()
            reading = await device.read(self._now())
            latency = self._seconds() - began
        except CancelledError:
            raise
        except Exception as error:
            self._failed(entry, device, error, where)
            return False
        finally:
            entry.lock.release()
        if not entry.dismissed:
            entry.latency = smoothed(entry.latency, latency)
            self._answered(entry, self._completed(entry, reading), latency)
        return True

    def heard(self, entry: Entry, reading: Reading) -> None:
        """Take and publish a reading that was made on another way than by a poll."""
        if not entry.dismissed:
            self._answered(entry, self._completed(entry, reading))

    def _completed(self, entry: Entry, reading: Reading) -> Reading:
        firmware, family = entry.description.firmware, entry.family
        known = self._healthy(entry.id)
        plate = family.nameplate(reading.model or entry.model)
        plate = part(plate, entry.boards, reading.expected_boards)
        whole = completed(with_boards(reading, entry.boards), firmware, known, plate)
        if entry.mean is None:
            entry.mean = Mean(family.nature.window)
        if whole.mode is Mode.ACTIVE:
            entry.mean.add(whole.at, whole.hashrate, profile_key(whole, firmware))
        else:
            entry.mean.reset()
        return whole

    def homeless(self, entry: Entry, where: str) -> None:
        """Another device answers at its address; it counts as not reachable until it is found."""
        self._fail(entry, "another device answers at its address", where)

    def farewell(self, entry: Entry) -> None:
        """Publish a miner that is given up one last time, as gone."""
        self._publish(entry, State.GONE)

    def rename(self, entry: Entry, worker: str) -> None:
        """Publish a miner under another name from now on: under the one it had it is gone."""
        told = worker != entry.worker and (entry.gone or entry.reading is not None)
        if told:
            self._publish(entry, State.GONE)
        entry.worker = worker
        if told:
            self._publish(entry, entry.state())

    def _answered(self, entry: Entry, reading: Reading, latency: float | None = None) -> None:
        silent = entry.failing_since if entry.gone else None
        _rest(entry, reading)
        entry.answered(self._now(), reading)
        if silent is not None:
            self._back(entry, silent)
        self._publish(entry, entry.state(), latency)

    def _publish(self, entry: Entry, state: State, latency: float | None = None) -> None:
        reading, gone = entry.reading, state is State.GONE
        at_rest: Mapping[str, float] = entry.resting
        if reading is not None and (gone or state is State.ASLEEP):
            at_rest = {**at_rest, **entry.family.at_rest(reading.native)}
        self._bus.sample(
            Sample(
                device=entry.id,
                worker=entry.worker,
                model=entry.model,
                state=state,
                reachable=not gone,
                last_seen=entry.last_seen,
                at=self._now(),
                reading=None if gone else reading,
                at_rest=at_rest,
                latency=latency,
            )
        )

    def _failed(self, entry: Entry, device: Device, error: Exception, where: str) -> None:
        if entry.device is not device or entry.dismissed:
            return
        fault = str(error)
        if isinstance(error, Stranger):
            fault = f"{error.found} answers there now"
            self._misplaced(device.address)
        elif isinstance(error, Refused):
            fault = f"it refuses our login: {error}"
            entry.refusals += 1
            entry.untried = True
            entry.quiet_until = self._now() + REFUSED.wait(entry.refusals)
            self._misplaced(device.address)
        elif not isinstance(error, DeviceError):
            fault = f"its answer makes our reading fail ({type(error).__name__})"
            if not entry.failures:
                self.log.failure("{worker} cannot be read", worker=entry.worker)
        self._fail(entry, fault, where)

    def _fail(self, entry: Entry, fault: str, where: str) -> None:
        self.failures += 1
        first, was_gone = entry.failures == 0, entry.gone
        entry.failed(self._now(), fault)
        tell_of(
            self._bus,
            entry,
            EventKind.FAULT,
            Severity.WARNING,
            f"{entry.worker} at {entry.address} could not be read: {fault}",
            where=where,
            first=first,
        )
        if entry.gone:
            self._publish(entry, State.GONE)
        if entry.gone and not was_gone:
            tell_of(
                self._bus,
                entry,
                EventKind.GONE,
                Severity.WARNING,
                f"{entry.worker} at {entry.address} is gone: {fault}",
            )

    def _back(self, entry: Entry, since: float) -> None:
        away = duration(self._now() - since)
        tell_of(
            self._bus,
            entry,
            EventKind.BACK,
            Severity.INFO,
            f"{entry.worker} at {entry.address} is back after {away}",
        )


def with_boards(reading: Reading, boards: int | None) -> Reading:
    """The reading of a miner that shall have so many boards; None: what its model has.

    Of boards that are taken out, some firmware still lists the slots, as dead ones.
    """
    if boards is None:
        return reading
    spare = max(0, len(reading.boards) - boards)
    left = []
    for board in reversed(reading.boards):
        if spare and board.alive is False:
            spare -= 1
        else:
            left.append(board)
    usual, expected = reading.expected_boards, reading.expected_hashrate
    if usual and expected is not None:
        expected *= boards / usual
    return replace(
        reading, boards=tuple(reversed(left)), expected_boards=boards, expected_hashrate=expected
    )


def _rest(entry: Entry, reading: Reading) -> None:
    """Note what the reading before this one said and this one does not: statsd would repeat it.

    So a board that is no longer listed falls to 0, and all of them while cgminer restarts.
    """
    before = entry.reading
    if before is not None and not before.native.keys() <= reading.native.keys():
        lost = before.native.keys() - reading.native.keys()
        entry.resting.update(entry.family.at_rest({name: before.native[name] for name in lost}))
    if entry.resting:
        for name in entry.resting.keys() & reading.native.keys():
            del entry.resting[name]
