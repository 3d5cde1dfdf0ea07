"""What is configured on each miner, read after discovery and at each scan, against its wish."""

from __future__ import annotations

import os
from collections.abc import Callable
from zlib import crc32

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from mother.config.model import Config, DeviceSettings
from mother.core.bus import Bus
from mother.core.crowd import each
from mother.core.errors import DeviceError, Stranger, Unsupported
from mother.core.model import Address, EventKind, Settings, Severity
from mother.core.pulse import Pulse
from mother.fleet.desired import (
    Aspect,
    FirmwareSource,
    Found,
    aspects,
    firmware_aspect,
    wants_settings,
)
from mother.fleet.identity import recognised
from mother.fleet.news import tell_of
from mother.fleet.remembered import DeviceMemory
from mother.fleet.roster import Entry, Roster
from mother.fleet.setups import Setups
from mother.fleet.subjects import keeps_worker, remembered_subject, subject_of

AT_ONCE = 20
"""So many miners are asked for their settings at once."""

CHECKS_AT_ONCE = 5
CHECK_EVERY = 86400.0
"""A miner asks its maker for firmware this often, and up to as long again later."""


class Survey:
    """Reads settings and firmware offers; `unread` says why those of some are not known.

    `asked_for` are miners that a person wants to be configured before others.
    """

    log = Logger()

    def __init__(
        self,
        roster: Roster,
        setups: Setups,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        misplaced: Callable[[Address], None],
    ) -> None:
        self._roster = roster
        self._setups = setups
        self._bus = bus
        self._config = config
        self._now = now
        self._misplaced = misplaced
        self.pulse = Pulse()
        self._looked: dict[str, int] = {}
        self.asked_for: set[str] = set()
        self.unread: dict[str, str] = {}

    def settings(self, entry: Entry) -> DeviceSettings:
        """What the configuration says of this miner."""
        return self._config().for_miner(subject_of(entry))

    def is_wished(self, entry: Entry) -> bool:
        """Whether anything is wished of this miner."""
        settings = self.settings(entry)
        return wants_settings(settings) or settings.auto_upgrade

    def is_missed(self, known: DeviceMemory) -> bool:
        """Whether anything is wished of a miner that is not here."""
        mac = self._setups.undertaken.successors.get(known.mac, known.mac)
        settings = self._config().for_miner(remembered_subject(known, mac, self._config().site))
        return wants_settings(settings) or settings.auto_upgrade

    def asks(self, entry: Entry) -> bool:
        """Whether this miner's settings must be read for that."""
        return wants_settings(self.settings(entry))

    async def run(self, scan: int) -> None:
        """Ask whom nobody asked since scan number `scan`, or ever."""
        due = [one for one in self._roster if self._looked.get(one.id) != scan and _answers(one)]
        for entry in due:
            self._looked[entry.id] = scan
        await each([one for one in due if self.asks(one)], self._ask, AT_ONCE, self.pulse)
        offers = [one for one in due if self._is_offer_due(one)]
        await each(offers, self._check, CHECKS_AT_ONCE, self.pulse)
        for ident in [ident for ident in self._looked if self._roster.get(ident) is None]:
            del self._looked[ident]
            self.unread.pop(ident, None)

    def again(self, entry: Entry) -> None:
        """Ask this one anew in the next round, and write to it before others."""
        self._looked.pop(entry.id, None)
        self.asked_for.add(entry.id)

    def aspects(self, entry: Entry) -> tuple[Aspect, ...]:
        """Its wish against what was found; empty while that is not known."""
        settings = self.settings(entry)
        found: tuple[Aspect, ...] = ()
        if entry.settings is not None and entry.id not in self.unread:
            every = aspects(settings, self._found(entry, entry.settings), entry.family)
            found = tuple(
                one for one in every if one.step is None or one.step.kind not in entry.ruled
            )
        firmware = firmware_aspect(
            self._source(entry, settings), entry.description.firmware, entry.model, entry.family
        )
        return found if firmware is None else (*found, firmware)

    def _found(self, entry: Entry, settings: Settings) -> Found:
        return Found(
            entry.worker,
            entry.model,
            settings,
            self._setups.of(entry.id).passwords,
            entry.mac,
            keep_worker=keeps_worker(self._config(), entry),
        )

    async def _ask(self, entry: Entry) -> None:
        try:
            async with entry.lock:
                if not self._roster.housed(entry):
                    return
                await recognised(entry)
                found = await entry.device.settings()
                if found != entry.settings:
                    entry.settings, entry.settings_at = found, self._now()
        except CancelledError:
            raise
        except Exception as error:
            self._failed(entry, error)
            return
        self.unread.pop(entry.id, None)

    def _failed(self, entry: Entry, error: Exception) -> None:
        if isinstance(error, Stranger):
            self._misplaced(entry.address)
        elif not isinstance(error, DeviceError):
            self.log.failure("the settings of {worker} cannot be read", worker=entry.worker)
        why = str(error) if isinstance(error, DeviceError) else type(error).__name__
        first = entry.id not in self.unread
        self.unread[entry.id] = why
        tell_of(
            self._bus,
            entry,
            EventKind.FAULT,
            Severity.WARNING,
            f"the settings of {entry.worker} at {entry.address} could not be read: {why}",
            where="configure",
            first=first,
        )

    # firmware

    def _source(self, entry: Entry, settings: DeviceSettings) -> FirmwareSource | None:
        if not settings.auto_upgrade:
            return None
        if settings.firmware_file is not None:
            version = entry.family.firmware_in(os.path.basename(settings.firmware_file))
            return FirmwareSource(
                version, path=settings.firmware_file, sha256=settings.firmware_sha256
            )
        offer = self._setups.of(entry.id).offer
        if offer is None or offer.updated is True:
            return None
        return FirmwareSource(offer.version, url=offer.url, sha256=settings.firmware_sha256)

    def _is_offer_due(self, entry: Entry) -> bool:
        settings, now = self.settings(entry), self._now()
        if not settings.auto_upgrade or settings.firmware_file is not None:
            return False
        setup = self._setups.of(entry.id)
        if setup.flight is not None or setup.checked is None or setup.checked > now:
            return setup.flight is None
        spread = (crc32(entry.id.encode()) & 0xFFFF) / 0x10000
        return now - setup.checked >= CHECK_EVERY * (1 + spread)

    async def _check(self, entry: Entry) -> None:
        """What the miner's own check names; asked again a day later, whatever it says."""
        now, offer = self._now(), None
        try:
            async with entry.lock:
                await recognised(entry)
                offer = await entry.device.offered()
        except CancelledError:
            raise
        except Unsupported:
            pass
        except Exception as error:
            said = str(error)
            if not isinstance(error, DeviceError):
                self.log.failure("{worker} offers odd firmware", worker=entry.worker)
                said = type(error).__name__
            tell_of(
                self._bus,
                entry,
                EventKind.FAULT,
                Severity.WARNING,
                f"{entry.worker} at {entry.address} could not check for new firmware: {said}",
                where="firmware",
                first=self._setups.of(entry.id).checked is None,
            )
        self._setups.keep(entry.id, checked=now, offer=offer)


def _answers(entry: Entry) -> bool:
    return not entry.failures and not entry.dismissed and not entry.disputed
