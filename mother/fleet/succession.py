"""A control board was swapped: wishes, name and history move to the new MAC address."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mother.fleet.identity import device_id
from mother.fleet.memory import Memory
from mother.fleet.remembered import DeviceMemory, Place, Watch
from mother.fleet.roster import Entry, Roster


class Succession:
    """Moves what is known of one control board to another, the holds on it included.

    `rename` gives a miner that is here the name of the old one, in metrics too.
    """

    def __init__(
        self, roster: Roster, memory: Memory, site: str, rename: Callable[[Entry, str], None]
    ) -> None:
        self._roster = roster
        self._memory = memory
        self._site = site
        self._rename = rename

    def check(self, old: str, new: str) -> None:
        """Raises PermissionError or LookupError, with a sentence, where it must not be."""
        if old == new:
            raise PermissionError("old and new are the same miner")
        entry = self._roster.get(device_id(self._site, old))
        if entry is not None and not entry.gone:
            raise PermissionError(
                f"{entry.worker} ({old}) still answers at {entry.address}: take its control board "
                "out first, or name the one that is gone"
            )
        if entry is None and device_id(self._site, old) not in self._memory.devices:
            raise LookupError(f"nothing is known of {old}: `mother status` lists the miners")
        other = self._memory.undertaken.successors.get(new)
        if other is not None and other != old:
            raise PermissionError(f"{new} stands for {other} already")

    def replace(self, old: str, new: str) -> str:
        """The new one's worker name from now on; `old` and `new` are MAC addresses."""
        self.check(old, new)
        before, after = (device_id(self._site, mac) for mac in (old, new))
        known = self._memory.device(before)
        entry = self._roster.get(before)
        worker = known.worker or ("" if entry is None else entry.worker)
        known = replace(known, worker=worker)
        if entry is not None:
            self._roster.remove(entry, 0.0)
        self._roster.forget(before)
        self._memory.forget(before)
        self._memory.remember(after, _moved(known, self._memory.device(after), new))
        undertaken = self._memory.undertaken
        successors = dict(undertaken.successors)
        first = successors.pop(old, old)  # who was replaced before stays what the file names
        successors[new] = first
        holds = tuple(
            replace(one, scope=new) if one.scope == old else one for one in undertaken.holds
        )
        self._memory.remember_undertaken(replace(undertaken, successors=successors, holds=holds))
        self._take_over(after, worker, first, known.setup.boards)
        return worker

    def _take_over(self, ident: str, worker: str, first: str, boards: int | None) -> None:
        entry = self._roster.get(ident)
        self._roster.forget(ident)
        self._roster.reserve(worker, ident)
        if entry is not None:
            entry.stands_for, entry.boards = first, boards
            entry.place = self._memory.device(ident).place
            self._rename(entry, worker)


def _moved(old: DeviceMemory, new: DeviceMemory, mac: str) -> DeviceMemory:
    """History of the old one, presence of the new one and what is under way with it."""
    return replace(
        old,
        mac=mac,
        address=new.address,
        watch=Watch(boards=old.watch.boards),
        record=replace(old.record, reboots=0, left=False),
        credential=new.credential,
        failures=new.failures,
        failing_since=new.failing_since,
        retry_at=new.retry_at,
        last_seen=new.last_seen,
        model=new.model or old.model,
        place=old.place if old.place != Place() else new.place,
        setup=replace(new.setup, left_alone=old.setup.left_alone, boards=old.setup.boards),
    )
