"""The text of a scrape: the same as in one go, made in slices, once for all who ask."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_open
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from mother.sinks.prometheus_text import (
    FRESH,
    OPEN,
    SLICE,
    TEXT,
    TURN,
    Exposition,
    Text,
    Wanted,
    wanted,
)

from .exposing import sink, told

PLAIN = Wanted(TEXT, gzip=False)


class Counted:
    """A registry that counts how often it is asked, without what differs from call to call."""

    def __init__(self, miners: int = 3) -> None:
        one = sink()
        for number in range(miners):
            one.sample(told(f"mac:{number:04}", f"w{number}", latency=0.2))
        self._registry = CollectorRegistry()
        self._registry.register(one)
        self.asked = 0

    def collect(self) -> Iterator[object]:
        self.asked += 1
        return iter(self._registry.collect())


class Watch:
    """Time that passes only while a slice is written: each look at it costs a little."""

    def __init__(self, each: float) -> None:
        self._each = each
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._each
        return self._now


def made(asked: Deferred[Text], clock: Clock) -> Text:
    got: list[Text] = []
    asked.addCallback(got.append)
    for _ in range(10_000):
        if got:
            return got[0]
        clock.advance(0)
    raise AssertionError("it was never made")


@pytest.mark.parametrize("miners", [0, 3, SLICE, 2 * SLICE + 1])
def test_slices_make_the_text_that_the_package_makes_in_one_go(miners: int) -> None:
    registry, clock = Counted(miners), Clock()
    exposition = Exposition(registry, clock)  # type: ignore[arg-type]  # a narrower iterator
    text = made(exposition.text(PLAIN), clock)
    assert b"".join(text.pieces) == generate_latest(registry)  # type: ignore[arg-type]  # as above
    assert text.content_type == "text/plain; version=0.0.4; charset=utf-8"
    text = made(exposition.text(Wanted(OPEN, gzip=False)), clock)
    assert b"".join(text.pieces) == generate_open(registry)  # type: ignore[no-untyped-call]  # has no types
    assert text.content_type.startswith("application/openmetrics-text; version=1.0.0")


def test_a_compressed_text_says_the_same() -> None:
    clock = Clock()
    exposition = Exposition(Counted(), clock)  # type: ignore[arg-type]  # a narrower iterator
    plain = made(exposition.text(PLAIN), clock)
    packed = made(exposition.text(Wanted(TEXT, gzip=True)), clock)
    assert packed.gzip
    assert packed.length < plain.length / 5
    assert zlib.decompress(b"".join(packed.pieces), wbits=31) == b"".join(plain.pieces)


def test_the_reactor_has_its_turn_between_slices() -> None:
    turns: list[float] = []

    class Turning(Clock):
        def callLater(self, delay: float, *what: Any, **how: Any) -> Any:  # noqa: N802
            turns.append(delay)
            return super().callLater(delay, *what, **how)

    clock = Turning()
    exposition = Exposition(Counted(), clock, Watch(2 * TURN))  # type: ignore[arg-type]  # as above
    made(exposition.text(PLAIN), clock)
    assert turns.count(0) > 40


def test_all_who_ask_at_once_share_one_text_and_so_do_those_of_the_next_second() -> None:
    registry, clock = Counted(), Clock()
    exposition = Exposition(registry, clock, Watch(2 * TURN))  # type: ignore[arg-type]  # as above
    first, second = exposition.text(PLAIN), exposition.text(PLAIN)
    text = made(first, clock)
    assert made(second, clock) is text
    clock.advance(FRESH / 2)
    assert made(exposition.text(PLAIN), clock) is text
    assert registry.asked == 1
    clock.advance(FRESH)
    assert made(exposition.text(PLAIN), clock) is not text
    assert registry.asked == 2


def test_who_gives_up_waiting_takes_the_text_from_nobody_else() -> None:
    clock = Clock()
    exposition = Exposition(Counted(), clock, Watch(2 * TURN))  # type: ignore[arg-type]  # as above
    first, second = exposition.text(PLAIN), exposition.text(PLAIN)
    first.addErrback(lambda failure: failure.trap(CancelledError))
    first.cancel()
    assert made(second, clock).length


def test_when_it_ends_who_waits_is_told_and_nothing_is_made_any_more() -> None:
    clock = Clock()
    exposition = Exposition(Counted(), clock, Watch(2 * TURN))  # type: ignore[arg-type]  # as above
    failed: list[object] = []
    exposition.text(PLAIN).addErrback(lambda failure: failed.append(failure.type))
    exposition.cancel()
    assert failed == [CancelledError]
    assert clock.getDelayedCalls() == []


def test_a_registry_that_fails_fails_this_scrape_and_not_the_next() -> None:
    class Broken(Counted):
        def collect(self) -> Iterator[object]:
            if not self.asked:
                self.asked += 1
                raise RuntimeError("broken")
            return super().collect()

    clock = Clock()
    exposition = Exposition(Broken(), clock)  # type: ignore[arg-type]  # a narrower iterator
    failed: list[object] = []
    exposition.text(PLAIN).addErrback(lambda failure: failed.append(failure.type))
    assert failed == [RuntimeError]
    assert made(exposition.text(PLAIN), clock).length


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (PROMETHEUS, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("application/openmetrics-text", OPEN),
        ("application/OpenMetrics-text; version=9.9.9\t", OPEN),
        ("application/json", TEXT),
    ],
)
def test_the_text_format_goes_to_all_but_those_who_take_openmetrics_only(
    accept: str, kind: str
) -> None:
    assert wanted(accept, "").kind == kind


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", True),
        ("deflate, GZip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_only_who_takes_gzip_gets_it(encoding: str, packed: bool) -> None:
    assert wanted("", encoding).gzip is packed
