"""The farm in the one line that `systemctl status` shows."""

from __future__ import annotations

from msgspec import Struct

from mother.core.model import State, Totals
from mother.core.units import THIN_SPACE, duration, si


class Seen(Struct, frozen=True):
    """What the line is made of.

    `swept` is for how many seconds the last sweep is over, None before the first; `scanned` how
    many addresses were tried, of `addresses`, while the first scan runs. `trouble` comes first.
    """

    totals: Totals
    swept: float | None = None
    first_scan: bool = False
    scanned: int = 0
    addresses: int = 0
    breaker_open: bool = False
    dry_run: bool = False
    trouble: tuple[str, ...] = ()


def sentence(seen: Seen) -> str:
    """`412 of 420 miners hash, 6.71 PH/s, 5 ill, 3 gone; last sweep 12 s ago`."""
    parts = [*seen.trouble, _farm(seen)]
    if seen.first_scan:
        parts.append(f"first scan: {seen.scanned:,} of {seen.addresses:,} addresses tried")
    if seen.swept is not None and seen.totals.miners:
        parts.append(f"last sweep {duration(seen.swept)} ago")
    if seen.breaker_open:
        parts.append("breaker open, nobody is rebooted")
    if seen.dry_run:
        parts.append("dry run")
    return "; ".join(parts).replace(THIN_SPACE, " ")


def _farm(seen: Seen) -> str:
    totals = seen.totals
    if not totals.miners:
        return "no miner is known yet"
    hashing = totals.states.get(State.HASHING.value, 0)
    words = [f"{hashing:,} of {totals.miners:,} miners hash", si(totals.hashrate, "H/s")]
    words += [
        f"{count:,} {state.value}"
        for state in (State.ILL, State.GONE)
        if (count := totals.states.get(state.value, 0))
    ]
    return ", ".join(words)


MOST_NAMES = 10
"""Of so many miners the names are told."""


def last_words(totals: Totals, changing: list[str]) -> str:
    """What the farm is left like when mother ends; `changing` are the miners in mid-change."""
    hashing = totals.states.get(State.HASHING.value, 0)
    if not totals.miners:
        return "No miner is known."
    parts = [f"{hashing:,} miners go on hashing with the pools they have"]
    if hashing == 1:
        parts = ["1 miner goes on hashing with the pools it has"]
    if changing:
        were = "1 was" if len(changing) == 1 else f"{len(changing):,} were"
        shown = ", ".join(changing[:MOST_NAMES])
        more = len(changing) - MOST_NAMES
        parts.append(
            f"{were} in the middle of a change: {shown}{f' and {more:,} more' if more > 0 else ''}"
        )
    return f"{'; '.join(parts)}; nobody watches the farm until mother runs again."
