"""The text of a scrape, made in slices between turns of the reactor, once for all who ask."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from mother.core.clock import sleep

SLICE = 500
"""Series that are written in one go."""

TURN = 0.01
"""Seconds after which the reactor has its turn."""

FRESH = 1.0
"""For so many seconds the same text answers all who ask."""

TEXT = "text/plain"
OPEN = "application/openmetrics-text"
_EOF = b"# EOF\n"
_FASTEST = 1
_GZIP = 31


class Wanted(Struct, frozen=True):
    """What a scraper takes: the exposition's media type, and whether compressed."""

    kind: str
    gzip: bool


class Text(Struct, frozen=True):
    """A whole answer in pieces."""

    content_type: str
    gzip: bool
    pieces: tuple[bytes, ...]

    @property
    def length(self) -> int:
        """In bytes."""
        return sum(map(len, self.pieces))


def wanted(accept: str, encoding: str) -> Wanted:
    """What to make for these headers.

    The text format goes to whoever takes it, as Prometheus itself does: OpenMetrics tells the same
    and takes half as long again to write.
    """
    kinds = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    strict = OPEN in kinds and not {TEXT, "text/*", "*/*"}.intersection(kinds)
    return Wanted(OPEN if strict else TEXT, takes_gzip(encoding))


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding names gzip and does not refuse it."""
    for part in header.lower().split(","):
        name, *words = (word.strip() for word in part.split(";"))
        if name == "gzip":
            return not any(word.startswith("q=0") and not word.strip("q=0.") for word in words)
    return False


class Exposition:
    """Makes the text of a registry.

    prometheus-client's own resource for Twisted would make it in one go in a thread of the
    reactor's pool, which is for names; here its encoder writes a slice at a time.
    """

    def __init__(
        self,
        registry: Collector,
        clock: IReactorTime,
        spent: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._spent = spent
        self._fresh: dict[Wanted, tuple[float, Text]] = {}
        self._waiting: dict[Wanted, list[Deferred[Text]]] = {}
        self._making: set[Deferred[Text]] = set()

    def text(self, what: Wanted) -> Deferred[Text]:
        """The text; who asks while it is made gets the same, as do those of the next second."""
        known = self._fresh.get(what)
        asked: Deferred[Text] = Deferred()
        if known is not None and self._clock.seconds() - known[0] < FRESH:
            asked.callback(known[1])
            return asked
        first = what not in self._waiting
        self._waiting.setdefault(what, []).append(asked)
        if first:
            making = Deferred.fromCoroutine(self._make(what))
            self._making.add(making)
            making.addBoth(self._made, what, making)
        return asked

    def cancel(self) -> None:
        """Make nothing any more; who waits fails with CancelledError."""
        for making in tuple(self._making):
            making.cancel()

    def _made(self, result: Text | Failure, what: Wanted, making: Deferred[Text]) -> None:
        self._making.discard(making)
        if isinstance(result, Text):
            self._fresh[what] = (self._clock.seconds(), result)
            self._clock.callLater(FRESH, self._forget, what, result)
        for asked in self._waiting.pop(what):
            asked.callback(result)

    def _forget(self, what: Wanted, text: Text) -> None:
        known = self._fresh.get(what)
        if known is not None and known[1] is text:
            del self._fresh[what]

    async def _make(self, what: Wanted) -> Text:
        encode, content_type = choose_encoder(
            f"{what.kind}; version=1.0.0" if what.kind == OPEN else ""
        )
        squeeze = zlib.compressobj(_FASTEST, wbits=_GZIP) if what.gzip else None
        pieces: list[bytes] = []
        began = self._spent()
        for piece in written(self._registry, encode, what.kind == OPEN):
            pieces.append(piece if squeeze is None else squeeze.compress(piece))
            if self._spent() - began > TURN:
                await sleep(self._clock, 0)
                began = self._spent()
        if squeeze is not None:
            pieces.append(squeeze.flush())
        return Text(content_type, what.gzip, tuple(filter(None, pieces)))


def written(
    registry: Collector, encode: Callable[[Collector], bytes], ends: bool
) -> Iterator[bytes]:
    """What `encode` makes of the registry, in pieces; `ends`: with the mark that it is whole."""
    for metric in registry.collect():
        series = metric.samples
        for start in range(0, max(len(series), 1), SLICE):
            metric.samples = series[start : start + SLICE]
            piece = encode(_Only(metric)).removesuffix(_EOF)
            yield _bare(piece) if start else piece
    if ends:
        yield _EOF


class _Only:
    """A collector of one family."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _bare(piece: bytes) -> bytes:
    """Without the lines that begin a family: they were told with its first slice."""
    while piece.startswith(b"# "):
        piece = piece.partition(b"\n")[2]
    return piece
