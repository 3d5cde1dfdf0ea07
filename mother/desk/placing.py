"""Where miners stand, by an operator's word: told, set, and taken back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.fleet.forgetting import MOST
from mother.fleet.identity import device_id
from mother.fleet.memory import Memory
from mother.fleet.places import NOWHERE, Placed, as_csv, in_words
from mother.fleet.remembered import DeviceMemory, Place
from mother.fleet.roster import Roster

TAKEN_BACK = 1000
"""So many of the last single placements can be taken back."""


class Step(Struct, frozen=True):
    """One miner was placed by hand: what was known before, and is known since."""

    mac: str
    before: Place
    after: Place


class Placing:
    """Keeps places by MAC address, also of devices that are not on the network yet."""

    def __init__(
        self,
        roster: Roster,
        memory: Memory,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._memory = memory
        self._bus = bus
        self._config = config
        self._now = now
        self._steps: deque[Step] = deque(maxlen=TAKEN_BACK)

    def rows(self) -> list[dict[str, Any]]:
        """Everybody that is remembered, here or not, as plain values of `Placed`."""
        rows: list[dict[str, Any]] = to_builtins(self._rows())
        return rows

    async def put(
        self, rows: Sequence[Mapping[str, Any]], by: str, backup: bool
    ) -> Mapping[str, Any]:
        """These are the places from now on, whole: text, miners, backup.

        With `backup` the former places are written to a file first; without, each can be taken
        back. Raises PermissionError, and changes nothing, where there is no room or no backup.
        """
        wished = [(convert(row["mac"], str), convert(row["place"], Place)) for row in rows]
        changes = [(mac, to) for mac, to in wished if self._of(mac).place != to]
        new = sum(1 for mac, _ in changes if self._ident(mac) not in self._memory.devices)
        if len(self._memory.devices) + new > MOST:
            raise PermissionError(
                f"no more than {MOST:,} devices are remembered: `mother retire` makes room"
            )
        file = await self._backed_up([mac for mac, _ in changes]) if backup and changes else ""
        if not backup:
            self._steps.extend(Step(mac, self._of(mac).place, to) for mac, to in wished)
        for mac, place in changes:
            self._keep(mac, place)
        if backup:
            self._steps.clear()
        text = self._told(changes, by, file)
        return {"text": text, "miners": len(changes), "backup": file}

    def take_back(self, by: str) -> str:
        """The last single placement is as it was before; what was done, as a sentence."""
        if not self._steps:
            raise LookupError("nothing was placed by `mother place` since mother started")
        step = self._steps.pop()
        name = self._of(step.mac).worker or step.mac
        if self._of(step.mac).place != step.after:
            raise PermissionError(f"{name} was placed anew since: nothing is taken back")
        self._keep(step.mac, step.before)
        where = in_words(step.before) or "nowhere"
        text = f"{name} is taken back from {in_words(step.after)}: it is {where} again"
        self._tell(step.mac, f"{by}: {text}", by, step.before)
        return f"{text}."

    async def _backed_up(self, macs: Iterable[str]) -> str:
        """Write all former places to a file, with a row for each of these; its path."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        known = self._rows()
        have = {row.mac for row in known}
        rows = [*known, *(Placed(mac) for mac in macs if mac not in have)]
        try:
            path = await self._memory.keep_beside(f"places-{stamp}.csv", as_csv(rows).encode())
        except OSError as error:
            raise PermissionError(
                f"the former places cannot be kept ({error}): nothing was changed"
            ) from None
        return str(path.absolute())

    def _rows(self) -> list[Placed]:
        return [self._row(ident, one) for ident, one in self._memory.devices.items() if one.mac]

    def _row(self, ident: str, known: DeviceMemory) -> Placed:
        entry = self._roster.get(ident)
        address = known.address if entry is None else entry.address
        return Placed(
            mac=known.mac,
            place=known.place,
            serial=known.serial or known.place.serial,
            worker=known.worker if entry is None else entry.worker,
            ip="" if address is None else address.host,
            model=known.model if entry is None else entry.model,
        )

    def _ident(self, mac: str) -> str:
        return device_id(self._config().site, mac)

    def _of(self, mac: str) -> DeviceMemory:
        return self._memory.device(self._ident(mac))

    def _keep(self, mac: str, place: Place) -> None:
        ident, known = self._ident(mac), self._of(mac)
        entry = self._roster.get(ident)
        if entry is not None:
            entry.place = place
        if place == NOWHERE and entry is None and known == DeviceMemory(mac=mac, place=known.place):
            self._memory.forget(ident)
        else:
            self._memory.remember(ident, replace(known, mac=mac, place=place))

    def _told(self, changes: Sequence[tuple[str, Place]], by: str, file: str) -> str:
        if not changes:
            return "Every place is so already."
        if len(changes) == 1 and not file:
            ((mac, place),) = changes
            text = f"{self._of(mac).worker or mac} is at {in_words(place) or 'no known place'}"
            self._tell(mac, f"{by}: {text}", by, place)
            return f"{text}."
        many = "1 miner" if len(changes) == 1 else f"{len(changes):,} miners"
        text = f"{many} placed"
        content = {"actor": by, "miners": len(changes), "backup": file}
        self._bus.tell(EventKind.PLACED, Severity.INFO, f"{by}: {text}", content=content)
        return f"{text}."

    def _tell(self, mac: str, text: str, by: str, place: Place) -> None:
        self._bus.tell(
            EventKind.PLACED,
            Severity.INFO,
            text,
            device=self._ident(mac),
            worker=self._of(mac).worker,
            content={"actor": by, "mac": mac, "place": to_builtins(place)},
        )
