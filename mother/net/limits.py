"""How much the machine lets us have: open files, neighbours."""

from __future__ import annotations

import resource
from pathlib import Path

from mother.core.addresses import Span

PROBES_AT_MOST = 16_384
NEIGHBOURS = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
_GATEWAY = 0x2
"""RTF_GATEWAY of <linux/route.h>."""


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one; how many may be open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def probe_width(limit: int, on_link: bool, neighbours: int) -> int:
    """How many probes may wait at once, given the limit of open files.

    A sixth of the files is left to polls and the rest. On a network of our own each absent
    address takes a place in the kernel's neighbour table of `neighbours` places until it is
    given up: half of them are left to the hosts that exist.
    """
    width = min(PROBES_AT_MOST, limit * 5 // 6)
    return max(1, min(width, neighbours // 2) if on_link else width)


def neighbour_places(path: Path = NEIGHBOURS) -> int:
    """The size of the kernel's neighbour table; its default where the kernel does not say."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 1024


def on_link(network: Span, routes: str) -> bool:
    """Whether some of the addresses are neighbours (ARP), by the text of /proc/net/route.

    The narrowest route that holds the whole network decides, unless a narrower one inside
    it is on link. Loopback and default routes have no neighbours worth counting.
    """
    low, high = network
    for first, last, device, gateway in _routes(routes):
        if last < low or first > high:
            continue
        if not gateway and device != "lo":
            return True
        if first <= low and last >= high:
            return False
    return False


def _routes(text: str) -> list[tuple[int, int, str, bool]]:
    """First and last address, device, whether by gateway; the narrowest routes first."""
    routes = []
    for line in text.splitlines()[1:]:
        device, destination, _, flags, _, _, _, mask, *_ = line.split()
        first, width = _number(destination), 0xFFFFFFFF ^ _number(mask)
        if width != 0xFFFFFFFF:
            routes.append((first, first + width, device, bool(int(flags, 16) & _GATEWAY)))
    return sorted(routes, key=lambda route: route[1] - route[0])


def _number(swapped: str) -> int:
    """The kernel writes addresses as the hex of a little-endian word: 0002000A is 10.0.2.0."""
    return int.from_bytes(bytes.fromhex(swapped)[::-1])
