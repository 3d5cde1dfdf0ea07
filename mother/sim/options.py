"""The command line of the simulated farm, and what it means."""

from __future__ import annotations

import argparse
import ipaddress
import math
from collections.abc import Mapping, Sequence
from typing import Any

from mother.sim.dragonmint.models import MODELS, is_version
from mother.sim.families import DRAGONMINT, FAMILIES, SimFamily
from mother.sim.faults import FAULTS, HOSTILE, Fault
from mother.sim.mix import check_ports, parsed_mix
from mother.sim.plan import WEB, FarmPlan, berths, usable

LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")
MINERS, PORT = 10, 8080
KINDS = (*FAULTS, *HOSTILE)

_HOSTILE = "flood (ten MiB as an answer), drip (a byte a second), reset (in mid-answer)"

_OPTIONS: dict[str, dict[str, Any]] = {
    "--miners": {"type": int, "metavar": "N", "help": "how many (default 10)"},
    "--network": {
        "default": "127.77.0.0/16",
        "help": "loopback network they live in, one address each (default %(default)s)",
    },
    "--port": {"type": int, "help": "TCP port of all of them (default 8080)"},
    "--seed": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "the same seed gives the same farm (default 0)",
    },
    "--fault": {
        "action": "append",
        "default": [],
        "metavar": "KIND[:COUNT]",
        "help": "miners that are faulty from the start, may be repeated: "
        f"{', '.join(FAULTS)}; all for one of each of these, none; and {_HOSTILE}",
    },
    "--faulty": {
        "type": float,
        "default": 0.0,
        "metavar": "PERCENT",
        "help": "share of the miners that fall ill at random within half an hour (default 0)",
    },
    "--model": {
        "default": "T1",
        "metavar": "MIX",
        "help": "models of DragonMints, such as T1 or T1:8,T2:2, of "
        f"{', '.join(MODELS)} (default %(default)s; only T1 is made from recordings)",
    },
    "--newest-firmware": {
        "default": "",
        "metavar": "VERSION",
        "help": "the build that the vendor offers, such as t1_20190101_000000 "
        "(default: the one that runs)",
    },
    "--firmware-url": {
        "default": "",
        "metavar": "URL",
        "help": "where the vendor says that build is, such as a server of yours on loopback "
        "(default: the miner itself)",
    },
    "--bricking-firmware": {
        "action": "append",
        "default": [],
        "metavar": "VERSION",
        "help": "a build that no miner survives: what is flashed with it never comes back; may "
        "be repeated",
    },
    "--failing-firmware": {
        "action": "append",
        "default": [],
        "metavar": "VERSION",
        "help": "a build with which a miner comes back but never mines; may be repeated",
    },
    "--factory-fresh": {
        "type": float,
        "nargs": "?",
        "default": 0.0,
        "const": 100.0,
        "metavar": "PERCENT",
        "help": "share of the miners that nobody has set up yet: no pools, default mode and "
        "passwords (all where no number follows)",
    },
    "--cured-by-reboot": {
        "type": float,
        "default": 50.0,
        "metavar": "PERCENT",
        "help": "chance that a reboot cures a dead, slow or missing board (default 50)",
    },
    "--fresh": {"action": "store_true", "help": "all start now, as after a power cut"},
    "--scatter": {"action": "store_true", "help": "spread the miners over the whole network"},
}


_MIXED: dict[str, dict[str, Any]] = {
    "--mix": {
        "default": "",
        "metavar": "FAMILY=N,...",
        "help": "how many of which family, in place of --miners, such as "
        f"antminer=40,dragonmint=5; of {', '.join(FAMILIES)}. Every port is then as far above "
        "the real one as --port is above 80",
    },
    "--real-ports": {
        "action": "store_true",
        "help": "listen where real miners do: 80, 4028, 4433; needs root",
    },
}
"""What a farm of several families has besides."""


def add_arguments(parser: argparse.ArgumentParser, *, mixed: bool = False) -> None:
    """All options of the simulated farm; `mixed`: also those for several families."""
    for name, settings in {**_OPTIONS, **(_MIXED if mixed else {})}.items():
        parser.add_argument(name, **settings)


def plan_from(
    options: argparse.Namespace, families: Mapping[str, SimFamily] = FAMILIES
) -> FarmPlan:
    """The plan; raises ValueError with one line that names the option and the cure."""
    mix = parsed_mix(getattr(options, "mix", ""), families)
    if mix and options.miners is not None:
        raise ValueError(f"--miners {options.miners}: leave it out, --mix says how many")
    miners = MINERS if options.miners is None else options.miners
    _check_network(options.network, miners, mix)
    plan = FarmPlan(
        miners=miners,
        network=options.network,
        port=_port(options, [families[name] for name in mix or {DRAGONMINT: miners}]),
        seed=options.seed,
        faults=_faults(options.fault),
        faulty=_percent("--faulty", options.faulty),
        models=_models(options.model),
        newest_firmware=_version("--newest-firmware", options.newest_firmware),
        firmware_url=_firmware_url(options.firmware_url),
        bricking=_versions("--bricking-firmware", options.bricking_firmware),
        failing=_versions("--failing-firmware", options.failing_firmware),
        factory_fresh=_percent("--factory-fresh", options.factory_fresh) / 100,
        cure=_percent("--cured-by-reboot", options.cured_by_reboot) / 100,
        fresh=options.fresh,
        scatter=options.scatter,
        mix=mix,
    )
    _check_faults(plan, families)
    return plan


def _port(options: argparse.Namespace, families: Sequence[SimFamily]) -> int:
    port: int = PORT if options.port is None else options.port
    mixed = bool(getattr(options, "mix", ""))
    if getattr(options, "real_ports", False):
        if options.port is not None:
            raise ValueError(f"--port {port}: leave it out, --real-ports says where to listen")
        return WEB
    check_ports(f"--port {port}", port, families, shifted=mixed)
    return port


def _check_faults(plan: FarmPlan, families: Mapping[str, SimFamily]) -> None:
    named = sum(plan.faults.values())
    if named > plan.total:
        raise ValueError(
            f"--fault names {named} faulty miners of {plan.total}: "
            f"name fewer, or raise {'the numbers of --mix' if plan.mix else '--miners'}"
        )
    if named and plan.mix:
        berths(plan, families)


def _check_network(text: str, miners: int, mix: Mapping[str, int]) -> None:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise ValueError(
            f"--network {text}: write an IPv4 network with its mask, such as 127.77.0.0/16"
        ) from None
    if not network.subnet_of(LOOPBACK):
        raise ValueError(
            f"--network {text} is not loopback: choose one inside {LOOPBACK}, "
            "so that nothing leaves this machine"
        )
    room = len(usable(text))
    if miners < 1:
        raise ValueError(f"--miners {miners}: at least 1")
    total = sum(mix.values()) or miners
    if total > room:
        lower = f"lower the {total} miners of --mix" if mix else f"lower --miners {miners}"
        raise ValueError(
            f"--network {text} has room for {room}: {lower} "
            "or name a larger network, such as 127.77.0.0/16"
        )


def _versions(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    if "" in texts:
        raise ValueError(f"{option}: name a version, such as t1_20190101_000000")
    return tuple(_version(option, text) for text in texts)


def _version(option: str, text: str) -> str:
    if text and not is_version(text):
        raise ValueError(
            f"{option} {text}: write a version as the miners do, such as t1_20190101_000000"
        )
    return text


def _firmware_url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(
            f"--firmware-url {text}: write an address as http://127.0.0.1:8000/firmware.swu"
        )
    return text


def _percent(option: str, value: float) -> float:
    if not (math.isfinite(value) and 0 <= value <= 100):
        raise ValueError(f"{option} {value:g}: a percentage from 0 to 100")
    return value


def _faults(named: Sequence[str]) -> dict[str, int]:
    """`["hang:2", "all"]` -> counts by kind."""
    counts: dict[str, int] = {}
    for text in named:
        kind, _, count = text.partition(":")
        if kind not in {*Fault, "all"}:
            raise ValueError(f"--fault {text}: the kinds are {', '.join(KINDS)}, all, none")
        if count and not (count.isdecimal() and int(count)):
            raise ValueError(f"--fault {text}: the count is a number from 1, such as {kind}:2")
        for each in FAULTS if kind == "all" else [Fault(kind)]:
            if each is not Fault.NONE:
                counts[each.value] = counts.get(each.value, 0) + int(count or 1)
    return counts


def _models(text: str) -> dict[str, float]:
    """`T1:8,T2:2` -> shares by model; without a number each weighs 1."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition(":")
        if name not in MODELS:
            raise ValueError(f"--model {name}: the models are {', '.join(MODELS)}")
        try:
            weight = float(share or 1)
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise ValueError(f"--model {part}: the share is a number above 0, such as {name}:2")
        shares[name] = shares.get(name, 0.0) + weight
    return shares
