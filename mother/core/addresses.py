"""Which addresses to scan: networks less exclusions, in an order that spreads the load."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from netaddr import IPAddress, IPNetwork, IPRange


class Span(NamedTuple):
    """A run of IPv4 addresses as numbers, both ends included."""

    first: int
    last: int


def span(text: str) -> Span:
    """`10.1.0.0/22`, `10.1.0.10-10.1.0.60` or one address as a span.

    A CIDR network gives its hosts: without network and broadcast address below /31.
    Raises netaddr's AddrFormatError or ValueError for anything else.
    """
    if "-" in text:
        first, last = (part.strip() for part in text.split("-", 1))
        whole = IPRange(first, last)
        return Span(int(whole.first), int(whole.last))
    if "/" in text:
        network = IPNetwork(text).cidr
        low, high = int(network.first), int(network.last)
        return Span(low, high) if network.prefixlen >= 31 else Span(low + 1, high - 1)
    alone = int(IPAddress(text))
    return Span(alone, alone)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same addresses as sorted spans that do not touch."""
    result: list[Span] = []
    for low, high in sorted(spans):
        if result and low <= result[-1][1] + 1:
            result[-1] = Span(result[-1].first, max(result[-1].last, high))
        else:
            result.append(Span(low, high))
    return result


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """The spans less the holes."""
    left = list(spans)
    for low, high in holes:
        cut: list[Span] = []
        for first, last in left:
            if high < first or last < low:
                cut.append(Span(first, last))
                continue
            if first < low:
                cut.append(Span(first, low - 1))
            if high < last:
                cut.append(Span(high + 1, last))
        left = cut
    return left


class Addresses:
    """The IPv4 addresses of `networks` less `exclude`; holds spans, not addresses."""

    def __init__(self, networks: Iterable[str], exclude: Iterable[str] = ()) -> None:
        holes = merged(_whole(text) for text in exclude)
        self._spans = without(merged(span(text) for text in networks), holes)
        self._starts: list[int] = []
        count = 0
        for low, high in self._spans:
            self._starts.append(count)
            count += high - low + 1
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __contains__(self, host: str) -> bool:
        number = int(IPAddress(host))
        place = bisect_right(self._spans, (number, math.inf)) - 1
        return place >= 0 and self._spans[place][0] <= number <= self._spans[place][1]

    def shuffled(self, random: Random) -> Iterator[str]:
        """Every address once, scattered, so that no switch or rack gets all probes at once.

        The order is a stride that is coprime to the count: it needs no memory.
        """
        count = self._count
        if not count:
            return
        stride = max(1, int(count * random.uniform(0.55, 0.69)))
        while math.gcd(stride, count) != 1:
            stride += 1
        place = random.randrange(count)
        for _ in range(count):
            yield self._at(place)
            place = (place + stride) % count

    def _at(self, place: int) -> str:
        index = bisect_right(self._starts, place) - 1
        number = self._spans[index][0] + place - self._starts[index]
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _whole(text: str) -> Span:
    """Like `span`, with network and broadcast address: an excluded network is out whole."""
    if "/" not in text:
        return span(text)
    network = IPNetwork(text).cidr
    return Span(int(network.first), int(network.last))
