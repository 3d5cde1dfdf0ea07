"""What orders of ours change of what is expected of miners: another profile, no power.

A miner that was given another profile, power target or frequency makes more or less from then on,
which is what was wanted: it is left out of the farm's hashrate until it hashes steadily, and is
measured against what it makes then. One that was woken is left out until it has had time to get
going, one that was powered off is not missed until it answers again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from mother.core.bus import Sample
from mother.core.model import CommandKind, Event, EventKind, State

SETTLES = 1200.0
"""Seconds after which what a miner makes with another profile is believed."""

TUNES_MOST = 7200.0
"""Seconds after which a miner with another profile is expected to make what it made before."""

LEAST, MOST = 0.5, 2.0
"""No profile takes more than half, or gives more than as much again: what is beyond is a fault."""

OFF_WITHIN = 300.0
"""A miner that is told to go off may answer for so many seconds more."""

_TUNED = frozenset({EventKind.PROFILE_CHANGED, EventKind.POWER_CHANGED, EventKind.CLOCK_CHANGED})

_RESETS = frozenset(
    {
        (CommandKind.SET_PROFILE.value, "failed"),
        (CommandKind.SET_POWER.value, "failed"),
        (CommandKind.SET_FREQUENCY.value, "failed"),
        (CommandKind.FACTORY_RESET.value, "done"),
        (CommandKind.FACTORY_RESET.value, "failed"),
    }
)
"""A profile that is done may have been so already: a change is told besides."""

_OFFS = frozenset({(CommandKind.POWER_OFF.value, "done"), (CommandKind.POWER_OFF.value, "failed")})


class Orders(Struct, frozen=True, omit_defaults=True):
    """What outlives the process, by device: `pace` is the share that a miner makes of what its
    model should, `changed` when it got another profile that is not measured yet, `off` when it
    was powered off. Times in Unix seconds.
    """

    pace: Mapping[str, float] = {}
    changed: Mapping[str, float] = {}
    off: Mapping[str, float] = {}


class Ordered:
    """Hears of orders and readings; `pace` tells by how much another hashrate is expected."""

    def __init__(self, orders: Orders | None = None) -> None:
        orders = Orders() if orders is None else orders
        self._pace = dict(orders.pace)
        self._changed = dict(orders.changed)
        self._off = dict(orders.off)
        self._woken: dict[str, float] = {}

    def event(self, event: Event) -> None:
        """An order was carried out, or may have been."""
        if event.kind in _TUNED:
            self._changed[event.device] = event.at
        elif event.kind is EventKind.RESUMED:
            self._woken[event.device] = event.at
        elif event.kind is EventKind.AUDIT:
            # What failed may have been taken all the same.
            order = (event.content.get("kind"), event.content.get("result"))
            if order in _RESETS:
                self._changed[event.device] = event.at
            elif order in _OFFS:
                self._off[event.device] = event.at

    def sample(self, sample: Sample) -> None:
        """A miner was read, or found gone."""
        reading = sample.reading
        off = self._off.get(sample.device)
        if off is not None and reading is not None and not 0.0 <= sample.at - off < OFF_WITHIN:
            del self._off[sample.device]
        woken = self._woken.get(sample.device)
        if woken is not None and not 0.0 <= sample.at - woken < SETTLES:
            del self._woken[sample.device]
        changed = self._changed.get(sample.device)
        if changed is None:
            return
        since = sample.at - changed
        if since < 0.0:  # the clock was set back
            self._changed[sample.device] = sample.at
        elif since >= TUNES_MOST:
            del self._changed[sample.device]
        elif since >= SETTLES and sample.state is State.HASHING and reading is not None:
            del self._changed[sample.device]
            if reading.hashrate and reading.expected_hashrate:
                pace = reading.hashrate / reading.expected_hashrate
                self._pace[sample.device] = min(max(pace, LEAST), MOST)

    def pace(self, ident: str) -> float:
        """The share of what its model should that this miner is expected to make."""
        return self._pace.get(ident, 1.0)

    def is_changing(self, ident: str) -> bool:
        """Whether what it makes by our order is not known yet."""
        return ident in self._changed or ident in self._woken

    def is_off(self, ident: str) -> bool:
        """Whether it was powered off by our order."""
        return ident in self._off

    def kept(self, known: Collection[str]) -> Orders:
        """What is to outlive the process, of the miners that are known."""
        parts = (self._pace, self._changed, self._off)
        return Orders(
            *({ident: at for ident, at in part.items() if ident in known} for part in parts)
        )
