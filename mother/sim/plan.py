"""Which devices a simulated farm has: addresses, models, MACs and faults, all by the seed."""

from __future__ import annotations

import hashlib
import ipaddress
import random
from collections.abc import Iterator

from msgspec import Struct, field

from mother.sim.faults import FAULTS, Fault, between

OUI = "a0:b0:45"


class FarmPlan(Struct, frozen=True):
    """What to simulate.

    `port` 0 lets the system choose one, the same for all. `faults` maps kinds to counts and
    holds from the start; `faulty` is the percentage of miners that fall ill at a random time
    within `faulty_within` seconds. `models` are shares. `cure` is the chance (0 to 1) that a
    reboot cures a board. `fresh` starts all miners now, as after a power cut. `scatter`
    spreads them over the network instead of using its first addresses. `factory_fresh` is
    the share of miners (0 to 1) that nobody has set up yet: no pools, default mode and logins.

    A miner that is flashed with a `bricking` version never comes back by itself; with a
    `failing` one it never mines. `firmware_url` is where the newest build is to be had.
    """

    miners: int = 10
    network: str = "127.77.0.0/16"
    port: int = 8080
    seed: int = 0
    faults: dict[str, int] = {}
    faulty: float = 0.0
    faulty_within: float = 1800.0
    models: dict[str, float] = field(default_factory=lambda: {"T1": 1.0})
    newest_firmware: str = ""
    cure: float = 0.5
    fresh: bool = False
    scatter: bool = False
    factory_fresh: float = 0.0
    bricking: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    firmware_url: str = ""


class Berth(Struct, frozen=True):
    """One device of the plan: `fault` sets in `after` seconds from the start.

    `factory_fresh`: nobody has set it up yet.
    """

    host: str
    mac: str
    model: str
    uptime: float
    fault: Fault
    after: float
    factory_fresh: bool = False


def usable(network: str) -> range:
    """The addresses for devices, as numbers: all but the network's own and the broadcast one."""
    parsed = ipaddress.IPv4Network(network)
    ends = 0 if parsed.prefixlen >= 31 else 1
    return range(int(parsed[0]) + ends, int(parsed[-1]) + 1 - ends)


def berths(plan: FarmPlan) -> list[Berth]:
    """The devices, in the order of their addresses."""
    dice = random.Random(f"farm {plan.seed}")  # noqa: S311  # a simulation, no secret
    addresses = usable(plan.network)
    chosen = sorted(dice.sample(addresses, plan.miners)) if plan.scatter else addresses
    hosts = [str(ipaddress.IPv4Address(number)) for number in chosen[: plan.miners]]
    macs = list(_macs(plan.seed, plan.miners))
    models = _models(plan, dice)
    faults = _faults(plan, dice)
    untouched = _factory_fresh(plan)
    return [
        Berth(
            host=host,
            mac=mac,
            model=model,
            uptime=0.0 if plan.fresh else between(2400.0, 2_000_000.0, mac, "uptime"),
            fault=faults.get(index, (Fault.NONE, 0.0))[0],
            after=faults.get(index, (Fault.NONE, 0.0))[1],
            factory_fresh=index in untouched,
        )
        for index, (host, mac, model) in enumerate(zip(hosts, macs, models, strict=True))
    ]


def _factory_fresh(plan: FarmPlan) -> set[int]:
    """Has dice of its own, so that the rest of the farm is the same with and without."""
    dice = random.Random(f"factory-fresh {plan.seed}")  # noqa: S311  # a simulation, no secret
    return set(dice.sample(range(plan.miners), round(plan.miners * plan.factory_fresh)))


def _faults(plan: FarmPlan, dice: random.Random) -> dict[int, tuple[Fault, float]]:
    """Faults and their times by the index of the device; the named ones come first."""
    order = list(range(plan.miners))
    dice.shuffle(order)
    named = [Fault(kind) for kind, count in plan.faults.items() for _ in range(count)]
    hit = {index: (fault, 0.0) for index, fault in zip(order, named, strict=False)}
    rest = order[len(named) :]
    for index in rest[: round(plan.miners * plan.faulty / 100)]:
        hit[index] = (dice.choice(FAULTS), dice.uniform(0.0, plan.faulty_within))
    return hit


def _models(plan: FarmPlan, dice: random.Random) -> list[str]:
    names, shares = list(plan.models), list(plan.models.values())
    if len(names) == 1:
        return names * plan.miners
    exact = [share * plan.miners / sum(shares) for share in shares]
    dealt = [name for name, count in zip(names, exact, strict=True) for _ in range(int(count))]
    dealt += dice.choices(names, shares, k=plan.miners - len(dealt))
    dice.shuffle(dealt)
    return dealt


def _macs(seed: int, count: int) -> Iterator[str]:
    """Unique addresses with the recorded maker's prefix."""
    seen: set[str] = set()
    tries = 0
    while len(seen) < count:
        digest = hashlib.sha256(f"mac {seed} {tries}".encode()).hexdigest()
        tries += 1
        mac = f"{OUI}:{digest[0:2]}:{digest[2:4]}:{digest[4:6]}"
        if mac not in seen:
            seen.add(mac)
            yield mac
