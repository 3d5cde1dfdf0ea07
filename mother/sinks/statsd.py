"""Readings, events and sums as statsd lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IReactorPluggableNameResolver, IReactorTime
from twisted.logger import Logger

from mother.config.model import Statsd
from mother.core.bus import Sample
from mother.core.loop import Loop
from mother.core.model import Event, EventKind, Totals
from mother.sinks.lookup import Lookup, is_numeric
from mother.sinks.statsd_names import (
    COUNTERS_OF,
    FLEET,
    SCAN_METRICS,
    SUM_METRICS,
    Worker,
    dotted,
    stem,
    tags,
    worker_of,
)
from mother.sinks.statsd_parts import Seen
from mother.sinks.statsd_wire import PacketClient, Socket

FLUSH = 1.0
FULL = 400
HOLD = 20_000
CALM = 60

_UNIFORM = "miner."


class StatsdSink:
    """A sink and a service: gathers lines, sends them in full datagrams at least every second.

    `settings` is asked anew each time, so a reload moves host, port, prefix, naming and tags at
    once. `site` is one of the tags. Without a host nothing is gathered. While the host's address
    is unknown at most 20,000 lines are held, the newest; what is lost is counted in `dropped`,
    and its beginning and end are logged.
    """

    name = "statsd"
    log = Logger()

    def __init__(
        self,
        settings: Callable[[], Statsd],
        clock: IReactorTime,
        resolver: IReactorPluggableNameResolver,
        site: str = "",
    ) -> None:
        self._ask_settings = settings
        self._site = site
        self._settings: Statsd | None = None
        self._prefix = ""
        self._tagged = False
        self._socket = Socket()
        self._pipe = PacketClient(self._socket.send).pipeline()
        self._pending = 0
        self._overflowed = 0
        self._told = 0
        self._losing_for = 0
        self._workers: dict[str, Worker] = {}
        lookup = Lookup(self._host, self._found, resolver, clock)
        self._lookups = Loop(lookup, lookup.interval, clock)
        self._flushes = Loop(_Flush(self._tick), lambda: FLUSH, clock, delay=FLUSH)

    @property
    def dropped(self) -> int:
        """Lines that never left, since the start."""
        return self._overflowed + self._socket.refused

    @property
    def pending(self) -> int:
        """Lines that wait to be sent."""
        return self._pending

    def start(self) -> None:
        """Begin to send."""
        self._lookups.start()
        self._flushes.start()

    async def stop(self) -> None:
        """Send what is gathered, then close."""
        await self._lookups.stop()
        await self._flushes.stop()
        self._flush()
        self._socket.point(None)

    def sample(self, sample: Sample) -> None:
        """One miner's gauges: the family's own below `worker.`, the uniform ones below `miner.`.

        What rests (gone, asleep, a board or pool that vanished) is sent as 0, because statsd
        repeats a gauge's last value.
        """
        if not self._wanted():
            return
        names = self._names(sample.worker, sample.model)
        reading = sample.reading
        if reading is None:
            native, uniform = sample.at_rest, names.seen.gone()
        else:
            native, uniform = reading.native, names.seen.told(sample, reading)
            if sample.at_rest:
                native = {**native, **sample.at_rest}
        self._gauges(names.native, native)
        self._pending += self._pipe.gauges(names.uniform, *uniform)
        if self._tagged:
            stemmed = self._prefix + _UNIFORM
            self._pending += self._pipe.gauges(stemmed, *uniform, names.tags)
        self._flush_if_full()

    def event(self, event: Event) -> None:
        """The counters and the scan's numbers that this event moves."""
        if not self._wanted():
            return
        for counter in COUNTERS_OF[event.kind]:
            if counter.counts(event):
                stemmed = self._stem_of(event) if counter.per_worker else self._prefix
                self._pipe.incr(stemmed + counter.name)
                self._pending += 1
        if event.kind is EventKind.SCANNED:
            self._scanned(event)
        elif event.kind is EventKind.REMOVED:
            self._workers.pop(event.worker, None)
        self._flush_if_full()

    def totals(self, totals: Totals) -> None:
        """The farm's gauges."""
        if not self._wanted():
            return
        sums = ((row.name, row.value(totals)) for row in SUM_METRICS)
        known = {name: value for name, value in sums if value is not None}
        self._gauges(self._prefix, known)
        if self._tagged:
            fleet = {name: value for name, value in known.items() if name.startswith(FLEET)}
            self._gauges(self._prefix, fleet, tags(site=self._site))
        self._flush_if_full()

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """The daemon's own gauges, and how this sink fares."""
        if not self._wanted():
            return
        self._gauges(self._prefix, {dotted(name): value for name, value in numbers.items()})
        own = {"sink.statsd.lines": self._socket.lines, "sink.statsd.dropped": self.dropped}
        self._gauges(self._prefix, own)
        self._flush_if_full()

    def _gauges(self, stemmed: str, values: Mapping[str, float], tagged: str = "") -> None:
        self._pending += self._pipe.gauges(stemmed, tuple(values), tuple(values.values()), tagged)

    def _scanned(self, event: Event) -> None:
        for row in SCAN_METRICS:
            value = row.value(event)
            if value is None:
                continue
            if row.timer:
                self._pipe.timing(self._prefix + row.name, value)
                self._pending += 1
            else:
                self._gauges(self._prefix, {row.name: value})

    def _names(self, worker: str, model: str) -> Worker:
        known = self._workers.get(worker)
        if known is None or known.model != model:
            segmented = self._settings is None or self._settings.type_segment
            seen = Seen() if known is None else known.seen
            known = worker_of(self._prefix, worker, model, segmented, self._site, seen)
            self._workers[worker] = known
        return known

    def _stem_of(self, event: Event) -> str:
        """An event names its worker; the type is its content's `model` or that last sampled."""
        known = self._workers.get(event.worker)
        model = event.content.get("model") or (known.model if known else "")
        return self._names(event.worker, str(model)).native

    def _wanted(self) -> bool:
        settings = self._ask_settings()
        if settings is not self._settings:
            self._adopt(settings)
        return settings.host is not None

    def _adopt(self, settings: Statsd) -> None:
        before, self._settings = self._settings, settings
        if settings == before:
            return
        self._flush()
        self._prefix, self._tagged = stem(dotted(settings.prefix)), settings.tags
        if before is None or _naming(settings) != _naming(before):
            self._workers.clear()
        if before is None or (settings.host, settings.port) != (before.host, before.port):
            self._move(settings)

    def _move(self, settings: Statsd) -> None:
        self._socket.point(None)
        if settings.host is None:
            self._lose_pending()
            return
        self.log.info(
            "Metrics go to statsd at {host}:{port}.", host=settings.host, port=settings.port
        )
        if is_numeric(settings.host):
            self._socket.point((settings.host, settings.port))
        else:
            self._lookups.hurry()

    def _host(self) -> str | None:
        return self._ask_settings().host

    def _found(self, host: str, address: str) -> None:
        if self._wanted() and self._settings is not None and self._settings.host == host:
            self._socket.point((address, self._settings.port))

    def _flush_if_full(self) -> None:
        if self._pending >= FULL:
            self._flush()

    def _flush(self) -> None:
        if self._socket.address is not None:
            self._pipe.send()
            self._pending = 0
        elif self._pending >= HOLD:
            self._lose_pending()

    def _lose_pending(self) -> None:
        self._overflowed += self._pending
        self._pipe = PacketClient(self._socket.send).pipeline()
        self._pending = 0

    def _tick(self) -> None:
        self._wanted()
        self._flush()
        if self.dropped > self._told:
            if not self._losing_for:
                why = self._socket.why or "its address is not known"
                self.log.warn("Metrics are being lost ({why}); they are counted.", why=why)
            self._losing_for = CALM
        elif self._losing_for:
            self._losing_for -= 1
            if not self._losing_for:
                self.log.info("Metrics go out again; {lost} lines were lost.", lost=self.dropped)
        self._told = self.dropped


def _naming(settings: Statsd) -> tuple[str, bool]:
    return settings.prefix, settings.type_segment


class _Flush:
    name = "statsd.flush"

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush

    async def run(self) -> None:
        self._flush()
