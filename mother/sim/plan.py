"""Which devices a simulated farm has: addresses, models, MACs and faults, all by the seed."""

from __future__ import annotations

import hashlib
import ipaddress
import random
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from mother.sim.families import DRAGONMINT, FAMILIES, SimFamily
from mother.sim.faults import Fault, between

WEB = 80


class FarmPlan(Struct, frozen=True):
    """What to simulate.

    `mix` is how many of which family; without one there are `miners` DragonMints. `port` is
    where the devices' web pages are: every service listens as far above the trade's port as
    `port` is above 80 (`offset`). 0 lets the system choose one, the same for all.

    `faults` maps kinds to counts and holds from the start; `faulty` is the percentage of miners
    that fall ill at a random time within `faulty_within` seconds. `models` are shares of the
    DragonMints. `cure` is the chance (0 to 1) that a reboot cures a board. `fresh` starts all
    miners now, as after a power cut. `scatter` spreads them over the network instead of using
    its first addresses. `factory_fresh` is the share of miners (0 to 1) that nobody has set up
    yet: no pools, default mode and logins.

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
    mix: dict[str, int] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of which family, in the order of their addresses."""
        return self.mix or {DRAGONMINT: self.miners}

    @property
    def total(self) -> int:
        """How many devices there are."""
        return sum(self.counts.values())

    @property
    def offset(self) -> int | None:
        """What is added to every port of the trade; None where the system chooses."""
        return self.port - WEB if self.port else None


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
    family: str = DRAGONMINT


def usable(network: str) -> range:
    """The addresses for devices, as numbers: all but the network's own and the broadcast one."""
    parsed = ipaddress.IPv4Network(network)
    ends = 0 if parsed.prefixlen >= 31 else 1
    return range(int(parsed[0]) + ends, int(parsed[-1]) + 1 - ends)


def berths(plan: FarmPlan, families: Mapping[str, SimFamily] = FAMILIES) -> list[Berth]:
    """The devices, in the order of their addresses: family after family."""
    dice = random.Random(f"farm {plan.seed}")  # noqa: S311  # a simulation, no secret
    addresses = usable(plan.network)
    chosen = sorted(dice.sample(addresses, plan.total)) if plan.scatter else addresses
    hosts = [str(ipaddress.IPv4Address(number)) for number in chosen[: plan.total]]
    kinds = [name for name, count in plan.counts.items() for _ in range(count)]
    macs = [mac for name in plan.counts for mac in _macs(plan, name, families[name].oui)]
    models = [model for name in plan.counts for model in _models(plan, name, families, dice)]
    faults = _faults(plan, [families[kind] for kind in kinds], dice)
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
            family=kind,
        )
        for index, (host, mac, model, kind) in enumerate(
            zip(hosts, macs, models, kinds, strict=True)
        )
    ]


def _factory_fresh(plan: FarmPlan) -> set[int]:
    """Has dice of its own, so that the rest of the farm is the same with and without."""
    dice = random.Random(f"factory-fresh {plan.seed}")  # noqa: S311  # a simulation, no secret
    return set(dice.sample(range(plan.total), round(plan.total * plan.factory_fresh)))


def _faults(
    plan: FarmPlan, kinds: list[SimFamily], dice: random.Random
) -> dict[int, tuple[Fault, float]]:
    """Faults and their times by the index of the device; the named ones come first.

    Each goes to a device that can have it; ValueError names the one for which none is left.
    """
    order = list(range(plan.total))
    dice.shuffle(order)
    hit: dict[int, tuple[Fault, float]] = {}
    for fault in _pickiest_first(plan, kinds):
        found = next((index for index in order if kinds[index].knows(fault)), None)
        if found is None:
            raise ValueError(f"--fault {fault}: no miner is left that can have it: name fewer")
        order.remove(found)
        hit[found] = (fault, 0.0)
    for index in order[: round(plan.total * plan.faulty / 100)]:
        fault = dice.choice(kinds[index].random_faults)
        hit[index] = (fault, dice.uniform(0.0, plan.faulty_within))
    return hit


def _pickiest_first(plan: FarmPlan, kinds: list[SimFamily]) -> list[Fault]:
    """The named faults; those that few devices can have come before the others."""
    named = [Fault(kind) for kind, count in plan.faults.items() for _ in range(count)]
    able = {fault: sum(kind.knows(fault) for kind in kinds) for fault in set(named)}
    return sorted(named, key=lambda fault: able[fault])


def _models(
    plan: FarmPlan, name: str, families: Mapping[str, SimFamily], dice: random.Random
) -> list[str]:
    """The models of the family's devices, one for each."""
    mix, total = plan.models if name == DRAGONMINT else families[name].shares, plan.counts[name]
    names, shares = list(mix), list(mix.values())
    if len(names) == 1:
        return names * total
    exact = [share * total / sum(shares) for share in shares]
    dealt = [each for each, count in zip(names, exact, strict=True) for _ in range(int(count))]
    dealt += dice.choices(names, shares, k=total - len(dealt))
    dice.shuffle(dealt)
    return dealt


def _macs(plan: FarmPlan, name: str, oui: str) -> Iterator[str]:
    """Unique addresses with the maker's prefix, one for each device of the family."""
    salt = "mac" if name == DRAGONMINT else f"mac {name}"
    seen: set[str] = set()
    tries = 0
    while len(seen) < plan.counts[name]:
        digest = hashlib.sha256(f"{salt} {plan.seed} {tries}".encode()).hexdigest()
        tries += 1
        mac = f"{oui}:{digest[0:2]}:{digest[2:4]}:{digest[4:6]}"
        if mac not in seen:
            seen.add(mac)
            yield mac
