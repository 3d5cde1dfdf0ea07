"""What a miner calls into its network when somebody presses its IP-report button.

The families that have such a button send one datagram with their address and their MAC address.
Each has its own port and wording; what they share stands here.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address

from msgspec import Struct

LONGEST = 512
"""Bytes of a datagram that is still worth reading."""

HOST = r"(?P<host>[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
MAC = r"(?P<mac>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})"


class Report(Struct, frozen=True):
    """Whose button was pressed: `mac` is lower case with colons, `host` an IPv4 address."""

    mac: str
    host: str
    maker: str


def reported(data: bytes, shape: re.Pattern[str], host: str, maker: str) -> Report | None:
    """The report in a datagram from `host`, if it has that shape; never raises.

    The address is the one that the miner tells, where it is one: a router may have passed the
    datagram on.
    """
    if len(data) > LONGEST:
        return None
    found = shape.search(data.decode("ascii", "replace"))
    if found is None:
        return None
    mac = found["mac"].lower().replace("-", ":")
    if not _is_a_devices(mac):
        return None
    return Report(mac, _usable(found["host"]) or host, maker)


def _is_a_devices(mac: str) -> bool:
    """Not nobody's, and not that of many."""
    return mac != "00:00:00:00:00:00" and not int(mac[:2], 16) & 1


def _usable(host: str) -> str:
    try:
        address = IPv4Address(host)
    except AddressValueError:
        return ""
    odd = address.is_unspecified or address.is_multicast or address.is_reserved
    return "" if odd else str(address)
