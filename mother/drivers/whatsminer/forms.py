"""What a Whatsminer's writing calls want: pure.

ValueError, in a sentence without secrets, for what no Whatsminer could take.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mother.core.model import ConfiguredPool, Credential, NetworkSettings

PROFILES = ("low", "normal", "high")
MOST_POOLS = 3
MOST_WATTS = 100_000.0

Form = dict[str, Any]
T = TypeVar("T")

_PASSWORD = re.compile(r"[A-Za-z0-9_]{1,8}")
LIGHT: Form = {"color": "red", "period": 200, "duration": 100, "start": 0}
"""A light that blinks five times a second; milliseconds (reference P, A)."""


def argument(args: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """One of a command's args, which must be there and of this kind."""
    value = args.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"the order names no {name}")  # noqa: TRY004  # as for all bad args
    return value


def pools(wanted: Sequence[ConfiguredPool]) -> list[tuple[str, str, str]]:
    """URL, account and password of each, in order."""
    if len(wanted) > MOST_POOLS:
        raise ValueError(f"a Whatsminer takes {MOST_POOLS} pools at most, not {len(wanted)}")
    if not wanted:
        raise ValueError("a Whatsminer needs one pool at least")
    return [_pool(place, pool) for place, pool in enumerate(wanted, 1)]


def _pool(place: int, pool: ConfiguredPool) -> tuple[str, str, str]:
    if pool.password is None:
        raise ValueError(f"pool {place} has no password: a Whatsminer does not tell the one it has")
    for name, value in (("URL", pool.url), ("account", pool.user)):
        if not value.strip():
            raise ValueError(f"pool {place} has no {name}")
    texts = (pool.url, pool.user, pool.password)
    if not all(text.isprintable() for text in texts):
        raise ValueError(f"pool {place} holds characters that cannot be printed")
    return texts


def watts(value: object) -> int:
    """The power limit in whole W."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("the order names no watts")
    if not 1 <= value <= MOST_WATTS:
        raise ValueError(f"{value:g} W is no power limit of a miner")
    return round(value)


def profile(args: Mapping[str, Any]) -> str:
    """One of the three power modes."""
    wanted = argument(args, "profile", str)
    if wanted not in PROFILES:
        raise ValueError(f"a Whatsminer has no profile {wanted!r}, only {', '.join(PROFILES)}")
    if args.get("level") is not None:
        raise ValueError("a Whatsminer's profiles have no levels")
    return wanted


def password(new: Credential) -> str:
    """The new password of `admin`, as the vendor's document bounds it."""
    if new.username not in ("", "admin"):
        raise ValueError(f"only the password of admin can be set, not that of {new.username!r}")
    if not _PASSWORD.fullmatch(new.password):
        raise ValueError(
            "a Whatsminer takes passwords of 1 to 8 letters, digits and underscores only"
        )
    return new.password


def network(wanted: NetworkSettings, hostname: str) -> Form:
    """`net_config`: DNS servers are parted by a blank; the host's name is set along."""
    if wanted.dhcp:
        return {"param": "dhcp"}
    address, gateway = _address(wanted.address, "address"), _address(wanted.gateway, "gateway")
    try:
        net = ipaddress.IPv4Network(f"{address}/{wanted.netmask}", strict=False)
    except ValueError:
        raise ValueError(f"the netmask {wanted.netmask!r} is none") from None
    if gateway not in net:
        raise ValueError(f"the gateway {gateway} is not in the network of {address}")
    if not wanted.dns:
        raise ValueError("a static network needs a DNS server")
    servers = [str(_address(server, "DNS server")) for server in wanted.dns]
    return {
        "ip": str(address),
        "mask": str(net.netmask),
        "gate": str(gateway),
        "dns": " ".join(servers),
        "host": hostname or "WhatsMiner",
    }


def _address(text: str, what: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError(f"the {what} {text!r} is no IPv4 address") from None
