"""A device that will not come back: all that is known of it is forgotten, by a person's word."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mother.core.bus import Bus
from mother.core.model import EventKind, Severity
from mother.core.units import duration
from mother.fleet.memory import Memory
from mother.fleet.remembered import DeviceMemory
from mother.fleet.roster import Entry, Roster
from mother.fleet.scope import names_of
from mother.fleet.setups import Setups
from mother.jobs.flights import Flights


class Retiring:
    """Forgets a device: memory, place, name in metrics, holds. `sought`: a scan has ended."""

    def __init__(
        self,
        roster: Roster,
        memory: Memory,
        setups: Setups,
        flights: Flights,
        bus: Bus,
        now: Callable[[], float],
        sought: Callable[[], bool],
    ) -> None:
        self._roster = roster
        self._memory = memory
        self._setups = setups
        self._flights = flights
        self._bus = bus
        self._now = now
        self._sought = sought

    def retire(self, named: str, by: str) -> str:
        """What was done, as a sentence. Raises LookupError, PermissionError for one that answers.

        `named` is a worker name, a MAC or an IP address.
        """
        ident, entry = self._meant(named)
        known = self._memory.device(ident)
        name = known.worker or known.mac or ident
        if entry is not None and not entry.gone:
            raise PermissionError(
                f"{entry.worker} at {entry.address} is here: only who is gone can be retired, so "
                "take it off the network first"
            )
        if entry is None and known.worker and not self._sought():
            raise PermissionError(
                f"mother has just started and does not know yet whether {name} answers: wait for "
                "the first scan"
            )
        text = f"{name} ({known.mac}) is retired{self._since(known)}: what was known of it is gone"
        if entry is not None:
            self._leave(entry)
        self._forget(ident, known.mac)
        content = {"actor": by, "mac": known.mac, "ip": str(known.address or "")}
        self._bus.tell(
            EventKind.RETIRED,
            Severity.WARNING,
            f"{by}: {text}",
            device=ident,
            worker=known.worker,
            content=content,
        )
        return f"{text}."

    def _since(self, known: DeviceMemory) -> str:
        if known.last_seen is None:
            return ""
        return f", not seen for {duration(self._now() - known.last_seen)}"

    def _meant(self, named: str) -> tuple[str, Entry | None]:
        wanted = named.strip().lower()
        for entry in self._roster:
            if wanted in names_of(entry):
                return entry.id, entry
        absent = {i: one for i, one in self._memory.devices.items() if self._roster.get(i) is None}
        found = [i for i, one in absent.items() if wanted in _names(i, one)]
        found = found or [i for i, one in absent.items() if wanted in _homes(one)]
        if len(found) > 1:
            names = ", ".join(sorted(absent[one].mac for one in found)[:4])
            raise LookupError(f"several were known as {named}: name one by its MAC, {names}")
        if not found:
            raise LookupError(f"no miner {named} is known here: `mother status` lists them")
        return found[0], None

    def _leave(self, entry: Entry) -> None:
        """It is gone and not given up yet: the sinks hear that nobody minds it any more."""
        self._roster.remove(entry, self._now())
        self._bus.tell(
            EventKind.REMOVED,
            Severity.INFO,
            f"{entry.worker} ({entry.address}) is given up: it is retired",
            device=entry.id,
            worker=entry.worker,
            content={"ip": str(entry.address)},
        )

    def _forget(self, ident: str, mac: str) -> None:
        flight = self._setups.of(ident).flight
        if flight is not None:
            self._flights.recall(ident, flight.keys)
        self._memory.forget(ident)
        self._roster.forget(ident)
        undertaken = self._memory.undertaken
        holds = tuple(one for one in undertaken.holds if one.scope != mac)
        heirs = {new: old for new, old in undertaken.successors.items() if new != mac}
        if (holds, heirs) != (undertaken.holds, undertaken.successors):
            after = replace(undertaken, holds=holds, successors=heirs)
            self._memory.remember_undertaken(after)


def _names(ident: str, known: DeviceMemory) -> set[str]:
    mac = known.mac
    names = {known.worker.lower(), ident.lower(), mac, mac.replace(":", "-"), mac.replace(":", "")}
    return names - {""}


def _homes(known: DeviceMemory) -> set[str]:
    return set() if known.address is None else {known.address.host, str(known.address)}
