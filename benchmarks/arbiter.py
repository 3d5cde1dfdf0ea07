"""How long the arbiter takes for a whole farm: 5,000 devices under 50 limits.

`python -m benchmarks.arbiter` prints the table, `--write` puts it into the page. It needs no root
and no namespace: nothing is sent. A third of the farm takes power targets, some are held, gone or
found asleep, and a fifth sleeps by our order. In the farm racks have caps of their own below those
of sites and of all; in the other every limit names every device, each time in a set of its own,
and no two have the same cap.
"""

from __future__ import annotations

import gc
import random
import sys
import time

from benchmarks.results import Row, median_of, told
from mother.core.reading import Mode
from mother.schedule.arbiter import rule
from mother.schedule.values import Bounds, Limit, Ruling, Unit, Wish

DEVICES = 5_000
LIMITS = 50
MOST = 50.0
ROUNDS = 41
NOW = 1_790_000_000.0
RACK = 125
BOUNDS = Bounds()
_MODELS = ((3500.0, 17.5), (3250.0, 29.5), (3344.0, 38.0), (1320.0, 94.0), (3420.0, 34.2))


def unit(number: int, chance: random.Random) -> Unit:
    """One of a farm of several models, in some state or other."""
    full, joules = chance.choice(_MODELS)
    full, joules = full * chance.uniform(0.97, 1.03), joules * chance.uniform(0.97, 1.03)
    asleep, fate = chance.random() < 0.2, chance.random()
    return Unit(
        id=f"main/mac:02:00:00:00:{number // 256:02x}:{number % 256:02x}",
        asleep=asleep,
        ours=asleep and fate > 0.01,
        held="held by ann: a fan" if fate > 0.99 else "",
        away=0.97 < fate < 0.98,
        draws=40.0 if asleep else full,
        full=full,
        rest=40.0,
        least=full * 0.6 if number % 3 == 0 else None,
        efficiency=joules,
        since=NOW - chance.uniform(0.0, 7200.0),
        starts=tuple(NOW - 3600.0 * hour for hour in range(chance.randrange(8))),
    )


def nested(units: list[Unit]) -> tuple[list[Wish], list[Limit]]:
    """Racks, sites and the farm with caps that bind, and prices for some of it."""
    ids = [one.id for one in units]
    racks = [frozenset(ids[at : at + RACK]) for at in range(0, DEVICES, RACK)]
    sites = [frozenset(ids[at : at + 1000]) for at in range(0, DEVICES, 1000)]
    limits = [
        Limit(f"rack {place}", f"rack {place}: 300 kW", rack, 300e3, NOW - 900)
        for place, rack in enumerate(racks)
    ]
    limits += [
        Limit(f"site {place}", f"site {place}: 2 MW", site, 2e6, NOW - 900)
        for place, site in enumerate(sites)
    ]
    limits.append(Limit("farm", "farm: 8 MW", None, 8e6, NOW - 900))
    limits += [
        Limit(f"price {place}", "price 112 > 80", sites[place], None, NOW - 900)
        for place in range(LIMITS - len(limits))
    ]
    return wishes(ids), limits


def flat(units: list[Unit]) -> tuple[list[Wish], list[Limit]]:
    """Every limit names every device, and each cap is below the one before."""
    ids = [one.id for one in units]
    limits = [
        Limit(f"cap {place:02}", "budget site", frozenset(ids), 12e6 - place * 1e5)
        for place in range(LIMITS)
    ]
    return wishes(ids), limits


def wishes(ids: list[str]) -> list[Wish]:
    """A plan for all and one that wants a tenth of them asleep."""
    night = Wish("plan night", "plan night until 06:00", None, profile="overclock")
    return [night, Wish("plan rest", "plan rest", frozenset(ids[::10]), 5, Mode.SLEEP)]


def timed(
    units: list[Unit], asked: tuple[list[Wish], list[Limit]]
) -> tuple[list[float], list[float], Ruling]:
    """Milliseconds of each round by the clock, and of CPU time, and the ruling."""
    wished, limits = asked
    ruling = rule(units, wished, limits, BOUNDS, NOW)
    spent, worked = [], []
    for _ in range(ROUNDS):
        gc.collect()
        began, busy = time.perf_counter(), time.process_time()
        ruling = rule(units, wished, limits, BOUNDS, NOW)
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    return spent, worked, ruling


def measure() -> list[Row]:
    chance = random.Random(6)
    units = [unit(number, chance) for number in range(DEVICES)]
    rows = []
    for what, asked in (
        ("racks below sites below the farm", nested(units)),
        ("every limit on every device", flat(units)),
    ):
        spent, worked, ruling = timed(units, asked)
        middle = sorted(spent)[len(spent) // 2]
        found = list(ruling.verdicts.values())
        asleep = sum(one.mode is Mode.SLEEP for one in found)
        lowered = sum(one.power_target is not None for one in found)
        rows += [
            Row(
                f"{DEVICES:,} devices, {len(asked[1])} limits, {what}: one ruling",
                median_of(spent, 1, " ms"),
                f"< {MOST:.0f} ms",
                middle < MOST,
            ),
            Row("— CPU time", median_of(worked, 1, " ms")),
            Row("— asleep, and with a lower power target", f"{asleep:,} and {lowered:,}"),
        ]
    return rows


if __name__ == "__main__":
    sys.exit(told("arbiter", measure()))
