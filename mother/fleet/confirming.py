"""Whether a command has worked: read back by the rule that the family names, for as long as that.

A device that is away in the meantime (its mining program starts anew) is waited for; nothing is
ever sent a second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.interfaces import IReactorTime

from mother.core.clock import sleep
from mother.core.errors import DeviceError, Refused, Stranger, Unsupported
from mother.core.model import Command, CommandKind, Credential
from mother.core.reading import Reading
from mother.drivers.base import Capability, Confirm, Device
from mother.fleet.desired import reached
from mother.fleet.roster import Entry

FIRST = 0.5
"""Seconds from the first look to the second; twice as many to each after it, up to the family's."""

_SAID = frozenset({CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SET_PROFILE})
"""What a reading tells of, even where it only repeats that yes."""

KEPT_ELSE = "it said yes and kept something else"


class Confirming:
    """Looks at a device after a write. `now` is the wall clock, `clock` for pauses.

    `heard` takes the readings that are made for that.
    """

    def __init__(
        self,
        clock: IReactorTime,
        now: Callable[[], float],
        heard: Callable[[Entry, Reading], None],
    ) -> None:
        self._clock = clock
        self._heard = heard
        self._now = now
        self._looks: dict[Confirm, Callable[[Entry, Device, Command], Awaitable[str]]] = {
            Confirm.SETTINGS: self._settings,
            Confirm.ASLEEP: self._asleep,
            Confirm.AWAKE: self._awake,
            Confirm.TAKEN: self._taken,
        }

    async def failure(
        self, entry: Entry, device: Device, command: Command, capability: Capability
    ) -> str:
        """What is wrong, in words; empty where it has worked, or shows by itself later.

        The entry's lock is held. Raises the DeviceError where it gives no useful answer until the
        end; Stranger, Refused and Unsupported at once.
        """
        look = self._looks.get(capability.confirm)
        if look is None:
            return ""
        end, wait = self._clock.seconds() + capability.within, FIRST
        if capability.lag:
            await sleep(self._clock, capability.lag)
        while True:
            late = self._clock.seconds() >= end
            try:
                wrong = await look(entry, device, command)
            except (Stranger, Refused, Unsupported):
                raise
            except DeviceError:  # what a mining program says that is just starting is no verdict
                if late:
                    raise
                wrong = "it does not answer"
            if not wrong or late:
                return wrong
            left = end - self._clock.seconds()
            await sleep(self._clock, max(0.0, min(wait, capability.every, left)))
            wait *= 2

    async def _settings(self, entry: Entry, device: Device, command: Command) -> str:
        found = await device.settings()
        if entry.device is device:
            entry.settings, entry.settings_at = found, self._now()
        return "" if reached(command.kind, command.args, found) else KEPT_ELSE

    async def _asleep(self, entry: Entry, device: Device, command: Command) -> str:
        return await self._sleeps(entry, device, True)

    async def _awake(self, entry: Entry, device: Device, command: Command) -> str:
        return await self._sleeps(entry, device, False)

    async def _taken(self, entry: Entry, device: Device, command: Command) -> str:
        """Its yes is all there is; who cannot be read says so by its next reading."""
        if command.kind in _SAID and entry.device is device:
            self._heard(entry, await device.read(self._now()))
        return ""

    async def _sleeps(self, entry: Entry, device: Device, wanted: bool) -> str:
        reading = await device.read(self._now())
        if entry.device is device:
            self._heard(entry, reading)
        if reading.asleep is wanted:
            return ""
        return "it still sleeps" if reading.asleep else "it does not sleep"


async def takes_login(
    entry: Entry, device: Device, command: Command, login: Credential
) -> tuple[Device, str]:
    """After another login was set: the device by the login that it takes, and what is wrong.

    The old `login` is tried where the new one is refused: then nothing has changed. Where it is
    another account's, the one in use stays.
    """
    wanted = command.args["credential"]
    new = entry.family.device(device.address, wanted)
    new.expect(entry.mac)
    try:
        await new.describe()
    except Refused:
        pass
    else:
        return (new if wanted.username == login.username else device), ""
    device.forget()
    old = entry.family.device(device.address, login)
    old.expect(entry.mac)
    try:
        await old.describe()
    except DeviceError as error:
        return device, f"it takes neither the new nor the old login: {error}"
    return old, "it said yes and kept the old login"
