"""Which addresses are scanned: CIDR networks, ranges and single addresses, and their limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from netaddr import INET_PTON, AddrFormatError, IPAddress, IPNetwork, IPRange, IPSet

from mother.config.problems import ConfigError, Problems, kind_of, shown, wrong

LARGEST = 131_072
"""Addresses that may be scanned without a special word."""

_PREFIX = re.compile(r"(/[0-9]{1,2})?")
_DIGITS = re.compile(r"[0-9.]+")

PRIVATE = IPSet(
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # carrier-grade NAT
        "169.254.0.0/16",  # link-local
        "127.0.0.0/8",
        "198.18.0.0/15",  # benchmarks
    ]
)


def span(text: str) -> IPNetwork | IPRange:
    """The addresses a text names: `10.1.0.0/22`, `10.1.0.10-10.1.0.60` or `10.1.0.7`.

    Raises ValueError for anything else, IPv6 included.
    """
    first, dash, last = text.replace(" - ", "-").partition("-")
    try:
        if dash:
            return IPRange(_address(first), _address(last))
        base, slash, prefix = text.partition("/")
        if not _PREFIX.fullmatch(slash + prefix):
            raise ValueError(text)
        return IPNetwork(f"{_address(base)}/{prefix or 32}")
    except AddrFormatError as error:
        raise ValueError(text) from error


def _address(text: str) -> IPAddress:
    if not _DIGITS.fullmatch(text):
        raise ValueError(text)
    return IPAddress(text, version=4, flags=INET_PTON)


def addresses(texts: Iterable[str]) -> IPSet:
    """All addresses that the texts name, each once."""
    found = IPSet()
    for text in texts:
        found |= IPSet(span(text))
    return found


def check_networks(value: Any, place: str) -> tuple[str, ...]:
    """A text or a list of texts, each a network, a range or an address."""
    many = [value] if isinstance(value, str) else value
    if not isinstance(many, list) or not all(isinstance(one, str) for one in many):
        said = kind_of(value) if not isinstance(value, list) else "a list of something else"
        raise wrong(place, f'must be a list such as ["10.1.0.0/22"], not {said}')
    texts = tuple(text.strip() for text in many)
    lines = [line for text in texts for line in _misread(text, place)]
    if lines:
        raise ConfigError(lines)
    return texts


def check_some_networks(value: Any, place: str) -> tuple[str, ...]:
    """The same, with at least one."""
    found = check_networks(value, place)
    if not found:
        raise wrong(place, "empty; say what to scan, e.g. 10.1.0.0/22")
    return found


def _misread(text: str, place: str) -> list[str]:
    try:
        span(text)
    except ValueError:
        return [
            f"{place}: {shown(text)} is no IPv4 network, range or address, "
            "e.g. 10.1.0.0/22, 10.1.0.10-10.1.0.60 or 10.1.0.7"
        ]
    return []


def check_limits(
    networks: tuple[str, ...],
    exclude: tuple[str, ...],
    place: str,
    problems: Problems,
    *,
    large: bool,
    public: bool,
) -> None:
    """Many addresses, and public ones, are scanned only when that is said in so many words."""
    left_out = addresses(exclude)
    wanted = addresses(networks) - left_out
    if networks and not wanted:
        problems.add(place, "exclude leaves no address to scan")
    if wanted.size > LARGEST and not large:
        problems.add(
            place,
            f"{wanted.size:,} addresses are more than {LARGEST:,}; "
            "if that is meant, add --allow-large-network",
        )
    for text in networks if not public else ():
        if addresses([text]) - left_out - PRIVATE:
            problems.add(
                place,
                f"{shown(text)} holds public addresses; if they are yours to scan, "
                "add --allow-public-network",
            )
