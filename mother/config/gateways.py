"""`[[minercontrol]]`: gateways of the Miner Control API, and the miners behind each."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

from mother.config.kinds import whole
from mother.config.networks import check_networks
from mother.config.problems import Problems, kind_of, wrong
from mother.config.references import References
from mother.config.schedule import Gateway
from mother.config.schedule_keys import Key, found_in
from mother.config.schedule_kinds import url
from mother.core.addresses import span

MOST = 65_536
"""Miners behind one gateway."""


def check_gateways(value: Any, references: References, problems: Problems) -> tuple[Gateway, ...]:
    """The blocks of a file, in its order. A miner is behind one gateway only."""
    found: list[Gateway] = []
    owners: dict[str, str] = {}
    for place, item in problems.items(value, "minercontrol"):
        if not isinstance(item, dict):
            problems.add(place, f"must be a table, not {kind_of(item)}")
            continue
        table = problems.table(item, place, [key.name for key in KEYS])
        if "url" in table:
            table["url"] = references.secret(table["url"], f"{place}.url", problems)
        said = found_in(table, place, KEYS, problems)
        shared = [host for host in said.get("miners", ()) if host in owners]
        if shared:
            many = f" and {len(shared) - 1:,} more" if len(shared) > 1 else ""
            says = f"{shared[0]}{many} is behind {owners[shared[0]]} already; keep one of both"
            problems.add(f"{place}.miners", says)
        owners.update(dict.fromkeys(said.get("miners", ()), place))
        if "url" in said and "miners" in said:
            found.append(Gateway(**said))
    return tuple(found)


def _gateway(value: Any, place: str) -> str:
    """An http address; gateways of this kind speak nothing else."""
    found = url(value, place)
    parts = urlsplit(found)
    if parts.scheme == "https" or parts.query or parts.fragment:
        raise wrong(place, "must be http, host, port and path, e.g. http://10.1.0.5:5000/api")
    return found


def _miners(value: Any, place: str) -> tuple[str, ...]:
    """Every address that a text or a list of texts names, in their order and once."""
    spans = [span(text) for text in check_networks(value, place)]
    count = sum(last - first + 1 for first, last in spans)
    if not count:
        raise wrong(place, 'empty; name some, e.g. ["10.1.1.1-10.1.1.200"]')
    if count > MOST:
        raise wrong(place, f"{count:,} addresses; behind one gateway are {MOST:,} at most")
    numbers = (number for first, last in spans for number in range(first, last + 1))
    return tuple(str(IPv4Address(number)) for number in dict.fromkeys(numbers))


KEYS = (
    Key(
        "url",
        _gateway,
        "Its base, up to `/api`. Secret: `credential:NAME` or `env:NAME` will do.",
        "",
        'e.g. url = "http://10.1.0.5:5000/api"',
    ),
    Key(
        "miners",
        _miners,
        "The miners behind it, written like `network`: CIDR, a range or one address.",
        "",
        'e.g. miners = ["10.1.1.1-10.1.1.200"]',
    ),
    Key(
        "connections",
        whole("number of connections", 1, 1000, 10, "N").check,
        "So many are open at once, at most.",
        "10",
    ),
)
