"""Which networks `mother init` scans: those named, those this machine is in, or those typed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from msgspec import Struct
from netaddr import IPNetwork, IPSet

from mother.config.networks import LARGEST, PRIVATE
from mother.core.addresses import Addresses
from mother.net.local import LOOPBACK, Local

AGAIN = "Networks to scan:"

WHOLE = 16
"""A network larger than this prefix is proposed as the part round this machine only."""

LINK_LOCAL = IPNetwork("169.254.0.0/16")


class Proposal(Struct, frozen=True):
    """`networks` to scan; `notes` say what of this machine's networks is left out, and why."""

    networks: tuple[str, ...]
    notes: tuple[str, ...]


def proposal(here: Iterable[Local]) -> Proposal:
    """The private networks of this machine in which miners may be, each address once."""
    taken, notes = IPSet(), []
    networks: list[str] = []
    for one in here:
        if one.apart == LOOPBACK:
            continue
        apart = one.apart or _unfit(IPNetwork(one.network))
        if apart:
            notes.append(f"{one.network} on {one.interface} is left out: {apart}.")
            continue
        network, note = _narrowed(one)
        if IPSet([network]) <= taken:
            continue
        if (taken | IPSet([network])).size > LARGEST:
            notes.append(f"{network} on {one.interface} is left out: too many to scan at once.")
            continue
        taken.add(network)
        networks.append(str(network))
        notes += note
    return Proposal(tuple(networks), tuple(notes))


def _unfit(network: IPNetwork) -> str:
    if network in LINK_LOCAL:
        return "link-local, so that no DHCP server answered there"
    return "" if network in PRIVATE else "its addresses are public"


def _narrowed(one: Local) -> tuple[IPNetwork, list[str]]:
    whole = IPNetwork(one.network)
    if whole.prefixlen >= WHOLE:
        return whole, []
    part = IPNetwork(f"{one.address}/{WHOLE}").cidr
    note = (
        f"{whole} on {one.interface} has {whole.size:,} addresses: only {part} round this "
        "machine is proposed."
    )
    return part, [note]


def question(found: Proposal) -> str:
    """What is asked; Enter takes the proposal."""
    lines = list(found.notes)
    if not found.networks:
        lines.append("No network to propose. Type those to scan, e.g. 10.1.0.0/22:")
        return "\n".join(lines)
    lines.append("Networks to scan: Enter takes")
    lines += [f"  {network}  ({_size(network)})" for network in found.networks]
    lines.append("or type others, parted by commas:")
    return "\n".join(lines)


def _size(network: str) -> str:
    return f"{len(Addresses([network])):,} addresses"


def answered(found: Proposal, *, again: bool = False) -> Sequence[str] | None:
    """What the person wants scanned, after the question; None where nothing more is said."""
    print(AGAIN if again else question(found), end=" ", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        return None
    typed = [part.strip() for part in line.replace(",", " ").split()]
    return typed or list(found.networks)
