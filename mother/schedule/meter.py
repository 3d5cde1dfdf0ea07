"""How much miners draw together, by whose word, and how far that may be off; pure.

What a meter shows as a whole counts as that; the rest is the sum of what is known of each. What
sleepers still draw is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from mother.config.schedule import Schedule, Signal
from mother.config.subject import Reach
from mother.core.units import si
from mother.schedule.units import METER, PDU, Power, Rated
from mother.schedule.values import Ids

UNTOLD = Signal("")
"""What is taken of a meter whose signal is not configured: its silence."""


class Word(Protocol):
    """The last word of a signal."""

    @property
    def value(self) -> float:
        """A number; of a meter, W."""

    @property
    def at(self) -> float:
        """When it was said, in Unix seconds."""


Said = Callable[[str], Word | None]
"""The last word of the signal with that name; None where it has not spoken."""


class Metered(Struct, frozen=True):
    """A meter that is to be believed now: what `ids` draw, as `power`. `at` is when it said so."""

    signal: str
    ids: Ids
    power: Power
    at: float = 0.0


class Draw(Struct, frozen=True):
    """What some miners draw together, in W.

    `by` splits it by source, the largest first. `error` is relative: what is not known of each
    device adds up, as makers are wrong in the same direction for all of a model. `resting` are
    the W that sleepers draw by what is known of each, `asleep` how many these are. Of `unknown`
    miners nobody knows what they draw: they are not in it.
    """

    watts: float = 0.0
    error: float = 0.0
    by: Mapping[str, float] = {}
    miners: int = 0
    asleep: int = 0
    resting: float = 0.0
    unknown: int = 0

    @property
    def source(self) -> str:
        """Whose word most of it is; empty where nothing is drawn."""
        return next(iter(self.by), "")

    def __str__(self) -> str:
        return f"{si(self.watts, 'W')} ({self.words})" if self.words else si(self.watts, "W")

    @property
    def words(self) -> str:
        """`meter ±1 %`, or `measured 80 %, nameplate 20 %, ±8 %, without 3 miners`."""
        parts = list(self.by)
        if len(parts) > 1:
            parts = [f"{name} {part / self.watts * 100:.0f} %" for name, part in self.by.items()]
        told = ", ".join(parts)
        if told:
            told += f"{',' if len(parts) > 1 else ''} ±{self.error * 100:.0f} %"
        many = "1 miner" if self.unknown == 1 else f"{self.unknown} miners"
        without = f"without {many}" if self.unknown else ""
        return ", ".join(filter(None, (told, without)))


def metered(
    schedule: Schedule,
    said: Said,
    members: Callable[[Reach], Ids],
    pdu_of: Callable[[str], str],
    now: float,
) -> tuple[Metered, ...]:
    """The meters to be believed now, the widest first.

    A word that is older than its signal may be silent for does not count, nor one below nothing.
    One whose miners all hang on one PDU (`pdu_of`) is that PDU's.
    """
    signals = {one.name: one for one in schedule.signals}
    found = []
    for meter in schedule.meters:
        word, ids = said(meter.signal), members(meter.reach)
        hold = signals.get(meter.signal, UNTOLD).silence.hold
        if word is None or not ids or word.value < 0 or now - word.at > hold:
            continue
        pdus = {pdu_of(ident) for ident in ids}
        source = PDU if len(pdus) == 1 and "" not in pdus else METER
        power = Power(word.value, source, meter.error)
        found.append(Metered(meter.signal, ids, power, word.at))
    return tuple(sorted(found, key=lambda one: (-len(one.ids), one.power.error, one.signal)))


def alone(meters: Iterable[Metered]) -> dict[str, Power]:
    """Those that have a meter for themselves, by DeviceId; of several the most exact counts."""
    found: dict[str, Power] = {}
    for one in meters:
        if len(one.ids) == 1:
            (ident,) = one.ids
            if ident not in found or one.power.error < found[ident].error:
                found[ident] = one.power
    return found


def draw(rated: Mapping[str, Rated], meters: Iterable[Metered], ids: Ids | None = None) -> Draw:
    """What these draw (None: all).

    A meter counts where all its miners are among them, and no wider one has counted for any.
    """
    wanted = rated.keys() if ids is None else ids & rated.keys()
    left = set(wanted)
    powers: list[Power] = []
    for meter in meters:
        if len(meter.ids) <= len(left) and meter.ids <= left:
            powers.append(meter.power)
            left -= meter.ids
    powers.extend(rated[ident].draws for ident in left)
    sleepers = [rated[ident].draws.watts for ident in wanted if rated[ident].unit.asleep]
    return _together(powers, len(wanted), sleepers)


def _together(powers: Iterable[Power], miners: int, sleepers: list[float]) -> Draw:
    sums: dict[str, float] = {}
    off, unknown = 0.0, 0
    for power in powers:
        sums[power.source] = sums.get(power.source, 0.0) + power.watts
        off += power.watts * power.error
        unknown += not power.known
    watts = sum(sums.values())
    by = dict(sorted(sums.items(), key=lambda one: (-one[1], one[0])))
    return Draw(
        watts=watts,
        error=off / watts if watts else 0.0,
        by={name: part for name, part in by.items() if part},
        miners=miners,
        asleep=len(sleepers),
        resting=sum(sleepers),
        unknown=unknown,
    )
