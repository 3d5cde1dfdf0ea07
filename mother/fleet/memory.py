"""What must outlive the process: per device, per farm, per sighting; kept in one file."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, TimeoutError  # noqa: A004
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from mother.core.clock import sleep
from mother.fleet.files import Writer
from mother.fleet.pieces import decoded, undertaken_in
from mother.fleet.remembered import DeviceMemory, FarmMemory, SightingMemory
from mother.fleet.undertaken import Undertakings

VERSION = 4
"""2 added what was undertaken: a version 1 would lose holds. 3 added what other families need: a
version 2 would forget the devices that have it, with the logins that were set on them. 4 added
curtailments: a version 3 would lose those in force.
"""

PATIENCE = 5.0
"""Seconds that a write to the disk may hold up who waits for it."""

GATHER = 0.1
"""Seconds from one write to the next for those who all want it now: each writes the whole farm."""


class MemoryRefused(Exception):
    """The memory is there but must not be used or replaced; the text says what to do."""


class Memory(Protocol):
    """Keeps what must outlive the process. Devices are keyed by DeviceId, sightings by address.

    The `remember...` and `forget...` calls are kept soon; `save_now` before a reboot.
    """

    @property
    def devices(self) -> Mapping[str, DeviceMemory]:
        """All devices, to be looked at only."""

    @property
    def sightings(self) -> Mapping[str, SightingMemory]:
        """All sightings, to be looked at only."""

    @property
    def farm(self) -> FarmMemory:
        """What concerns all devices together."""

    @property
    def undertaken(self) -> Undertakings:
        """What was undertaken with the farm as a whole."""

    @property
    def trouble(self) -> str:
        """Why nothing of this outlives the process; empty while it does."""

    def device(self, device: str) -> DeviceMemory:
        """One device; an empty memory where there is none."""

    def remember_undertaken(self, undertaken: Undertakings) -> None:
        """From now on this holds."""

    def remember(self, device: str, memory: DeviceMemory) -> None:
        """From now on this holds for the device."""

    def remember_farm(self, farm: FarmMemory) -> None:
        """From now on this holds for the farm."""

    def remember_sighting(self, address: str, sighting: SightingMemory) -> None:
        """From now on this holds for the address."""

    def forget(self, device: str) -> None:
        """The device is no more; unknown ones are fine."""

    def forget_sighting(self, address: str) -> None:
        """The sighting is no more; unknown ones are fine."""

    def save_soon(self) -> None:
        """Keep what changed within some seconds."""

    def save(self) -> None:
        """Begin to keep what is known now."""

    def save_now(self) -> Awaitable[None]:
        """Return when what is known now is kept, or could not be."""

    def keep_beside(self, name: str, content: bytes) -> Awaitable[Path]:
        """Keep another file under this name beside it; where it is. Raises OSError."""


class Kept(Struct):
    """The file, its members still undecoded: one bad device costs that device."""

    version: int
    devices: dict[str, msgspec.Raw] = {}
    sightings: dict[str, msgspec.Raw] = {}
    farm: msgspec.Raw = msgspec.Raw(b"{}")
    undertaken: msgspec.Raw = msgspec.Raw(b"{}")


class Image(Struct):
    """The file as it is written."""

    version: int
    devices: dict[str, DeviceMemory]
    sightings: dict[str, SightingMemory]
    farm: FarmMemory
    undertaken: Undertakings


class Version(Struct):
    """All that is asked of a file before its shape is known."""

    version: int


class FileMemory:
    """A Memory in one JSON file, and a service: `stop` saves.

    `delay` is how many seconds changes are gathered before they are written. Nothing is
    written before `load` has succeeded.
    """

    log = Logger()
    name = "memory"

    def __init__(
        self,
        path: Path,
        files: Writer,
        clock: IReactorTime,
        now: Callable[[], float],
        delay: float = 10.0,
    ) -> None:
        self._path = path
        self._files = files
        self._clock = clock
        self._now = now
        self._delay = delay
        self._devices: dict[str, DeviceMemory] = {}
        self._sightings: dict[str, SightingMemory] = {}
        self._farm = FarmMemory()
        self._undertaken = Undertakings()
        self._loaded = False
        self._owed: list[Deferred[None]] = []
        self._saving = False
        self._timer: IDelayedCall | None = None
        self._encoder = msgspec.json.Encoder()

    def start(self) -> None:
        """Load, if nobody did yet. Raises MemoryRefused."""
        if not self._loaded:
            self.load()

    async def stop(self) -> None:
        """Save."""
        await self.save_now()

    def load(self) -> None:
        """Read the file; blocks, so it is called before the reactor is busy.

        A missing one is an empty memory, a broken one is kept aside with a line in the log.
        Raises MemoryRefused for one that cannot be read, or that a newer version wrote.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            with contextlib.suppress(OSError):  # the first write tells
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise MemoryRefused(f"{self._path} cannot be read: {error.strerror}") from error
        else:
            self._take(content)
        self._loaded = True

    def peek(self) -> None:
        """Know what the file says, and never write it; what is missing or broken is nothing.

        Raises MemoryRefused for a file that a newer version wrote.
        """
        try:
            content = self._path.read_bytes()
            self._check_version(content)
            self._fill(msgspec.json.decode(content, type=Kept), [])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.log.debug("{path} is not read: {error}", path=str(self._path), error=str(error))

    @property
    def devices(self) -> Mapping[str, DeviceMemory]:
        """All devices, to be looked at only."""
        return self._devices

    @property
    def sightings(self) -> Mapping[str, SightingMemory]:
        """All sightings, to be looked at only."""
        return self._sightings

    @property
    def farm(self) -> FarmMemory:
        """What concerns all devices together."""
        return self._farm

    @property
    def undertaken(self) -> Undertakings:
        """What was undertaken with the farm as a whole."""
        return self._undertaken

    @property
    def trouble(self) -> str:
        """Why nothing of this outlives the process; empty while it does."""
        why = self._files.trouble(self._path)
        return f"{self._path} cannot be written: {why}" if why else ""

    def device(self, device: str) -> DeviceMemory:
        """One device; an empty memory where there is none."""
        return self._devices.get(device) or DeviceMemory()

    def remember(self, device: str, memory: DeviceMemory) -> None:
        """From now on this holds for the device."""
        self._devices[device] = memory
        self.save_soon()

    def remember_farm(self, farm: FarmMemory) -> None:
        """From now on this holds for the farm."""
        self._farm = farm
        self.save_soon()

    def remember_undertaken(self, undertaken: Undertakings) -> None:
        """From now on this holds."""
        self._undertaken = undertaken
        self.save_soon()

    def remember_sighting(self, address: str, sighting: SightingMemory) -> None:
        """From now on this holds for the address."""
        self._sightings[address] = sighting
        self.save_soon()

    def forget(self, device: str) -> None:
        """The device is no more; unknown ones are fine."""
        if self._devices.pop(device, None) is not None:
            self.save_soon()

    def forget_sighting(self, address: str) -> None:
        """The sighting is no more; unknown ones are fine."""
        if self._sightings.pop(address, None) is not None:
            self.save_soon()

    def save_soon(self) -> None:
        """Write what changed once `delay` seconds have gathered the changes."""
        if self._timer is None:
            self._timer = self._clock.callLater(self._delay, self.save)

    async def save_now(self) -> None:
        """Write what is known; returns when the disk has it, refused it, or hangs.

        All who ask while one is under way share the next one.
        """
        kept: Deferred[None] = Deferred()
        self._owed.append(kept)
        if not self._saving:
            self._saving = True
            Deferred.fromCoroutine(self._save_owed())
        await kept

    async def _save_owed(self) -> None:
        while self._owed:
            owed, self._owed = self._owed, []
            try:
                self.save()
                if not await self._flushed():
                    self.log.error(
                        "{path} is not written in time: the disk hangs.", path=str(self._path)
                    )
            except Exception:
                self.log.failure("{path} was not written", path=str(self._path))
            for kept in [one for one in owed if not one.called]:
                kept.callback(None)
            if self._owed:
                await sleep(self._clock, GATHER)
        self._saving = False

    async def _flushed(self) -> bool:
        """Whether the disk took what waits, or refused it, in time."""
        written = Deferred.fromCoroutine(self._files.flush())
        written.addTimeout(PATIENCE, self._clock)
        try:
            await written
        except TimeoutError:
            return False
        return True

    async def keep_beside(self, name: str, content: bytes) -> Path:
        """Write another file under this name beside it; where it is. Raises OSError."""
        path = self._path.with_name(name)
        self._files.write(path, content)
        if not await self._flushed():
            raise OSError("the disk hangs")
        if why := self._files.trouble(path):
            raise OSError(why)
        return path

    def save(self) -> None:
        """Begin to write what is known now."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        if self._loaded:
            image = Image(VERSION, self._devices, self._sightings, self._farm, self._undertaken)
            self._files.write(self._path, self._encoder.encode(image))

    def _take(self, content: bytes) -> None:
        bad: list[str] = []
        try:
            self._check_version(content)
            kept = msgspec.json.decode(content, type=Kept)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._keep_aside(f"is broken ({error})")
            return
        self._fill(kept, bad)
        if bad:
            self._keep_aside(f"holds {len(bad)} broken entries, the first is {bad[0]}")
            self.save_soon()

    def _fill(self, kept: Kept, bad: list[str]) -> None:
        self._devices = decoded(kept.devices, DeviceMemory, bad)
        self._sightings = decoded(kept.sightings, SightingMemory, bad)
        self._farm = decoded({"the farm": kept.farm}, FarmMemory, bad).get("the farm", self._farm)
        self._undertaken = undertaken_in(kept.undertaken, bad)

    def _check_version(self, content: bytes) -> None:
        version = msgspec.json.decode(content, type=Version).version
        if version > VERSION:
            raise MemoryRefused(
                f"{self._path} was written by a newer mother (version {version}, this one knows "
                f"{VERSION}): run that one, or move the file away and begin without memory."
            )

    def _keep_aside(self, why: str) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        aside = self._path.with_name(f"{self._path.name}.bad-{stamp}")
        try:
            os.replace(self._path, aside)
        except OSError as error:
            raise MemoryRefused(
                f"{self._path} {why} and cannot be moved aside: {error.strerror}"
            ) from error
        self.log.error(
            "{path} {why}: kept as {aside}; what could not be read begins anew.",
            path=str(self._path),
            why=why,
            aside=aside.name,
        )
