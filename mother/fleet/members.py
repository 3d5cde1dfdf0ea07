"""Miners behind gateways: in the roster because the configuration says so, and as long as it does.

They have no address of their own that answers, no MAC address, and nothing to be found by: they
are entries of the roster all the same, so that holds, orders, scopes and the schedule reach them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace
from twisted.logger import Logger

from mother.config.model import Config
from mother.core.bus import Bus
from mother.core.model import Description, EventKind, Severity
from mother.drivers.base import Device, Family
from mother.fleet.identity import device_id, worker_name
from mother.fleet.memory import Memory
from mother.fleet.news import tell_of
from mother.fleet.roster import Entry, Roster

_WHOLE = "{family}-{mac}"


class GatewayFamily(Family, Protocol):
    """A family whose devices are told of, not found."""

    def member(self, url: str, miner: str, connections: int) -> tuple[Device, str]:
        """One miner behind a gateway, and its identity: `via:GATEWAY:MEMBER`.

        Raises ValueError for a URL that can be no gateway's.
        """


class Members:
    """Keeps the roster true to the gateways of the configuration.

    `settled` hears of each that is new; `farewell` of each that is not minded any more, before.
    """

    log = Logger()

    def __init__(
        self,
        family: GatewayFamily,
        roster: Roster,
        bus: Bus,
        config: Callable[[], Config],
        now: Callable[[], float],
        memory: Memory,
        settled: Callable[[Entry], None],
        farewell: Callable[[Entry], None],
    ) -> None:
        self._family = family
        self._roster = roster
        self._bus = bus
        self._config = config
        self._now = now
        self._memory = memory
        self._settled = settled
        self._farewell = farewell

    def settle(self) -> None:
        """Take in who is configured, and give up who is not any more. Asks nobody anything."""
        wanted: set[str] = set()
        for gateway in self._config().gateways:
            try:
                found = [
                    self._family.member(gateway.url, miner, gateway.connections)
                    for miner in gateway.miners
                ]
            except ValueError as error:
                self.log.warn("[[minercontrol]]: {error}", error=error)
                continue
            for device, identity in found:
                ident = device_id(self._config().site, identity)
                if ident not in wanted and self._roster.get(ident) is None:
                    self._welcome(ident, device, identity)
                wanted.add(ident)
        for entry in self._roster:
            if entry.via and entry.id not in wanted:
                self._give_up(entry)

    def _welcome(self, ident: str, device: Device, identity: str) -> None:
        family, known = self._family, self._memory.device(ident)
        template = self._config().worker_template
        worker = self._roster.free_worker(
            worker_name(template, identity, "", family.name),
            worker_name(_WHOLE, identity, "", family.name),
            ident,
        )
        who = Description(family=family.name, mac=identity, model="")
        entry = Entry(ident, worker, family, device, who)
        entry.place = known.place
        self._roster.add(entry)
        self._memory.remember(
            ident,
            replace(
                known,
                mac=identity,
                worker=worker,
                family=family.name,
                first_seen=known.first_seen or self._now(),
            ),
        )
        self._tell(entry, EventKind.ADDED, Severity.INFO, "is minded through its gateway")
        self._settled(entry)

    def _give_up(self, entry: Entry) -> None:
        self._farewell(entry)
        self._roster.remove(entry, self._now())
        why = "is given up: the configuration names it no more"
        self._tell(entry, EventKind.REMOVED, Severity.WARNING, why)

    def _tell(self, entry: Entry, kind: EventKind, severity: Severity, what: str) -> None:
        text = f"{entry.worker} ({entry.address}) {what}"
        tell_of(self._bus, entry, kind, severity, text, mac=entry.mac)
