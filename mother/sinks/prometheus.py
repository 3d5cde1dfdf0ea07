"""The farm as Prometheus scrapes it: the last sample of each miner, told when it is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from mother.core.bus import Sample
from mother.core.metrics import BOARD_METRICS, METRICS, POOL_METRICS, at_rest
from mother.core.model import Event, EventKind, Severity, State, Totals
from mother.core.reading import Board, Pool, Reading
from mother.sinks import prometheus_daemon as own
from mother.sinks import prometheus_names as names
from mother.sinks.figures import Figures
from mother.sinks.prometheus_daemon import Family, family
from mother.sinks.prometheus_labels import UNKNOWN, Models, cleaned, pool_address

Part = TypeVar("Part", Board, Pool)

MOST_BOARDS = 32
MOST_POOLS = 8
"""So many of a miner are told; the rest of what a mad device lists is left out."""

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram of answers, in seconds."""


class PrometheusSink:
    """A sink that keeps what came last and counts what happened; `registry` tells it when asked.

    A miner that was removed vanishes; one that is gone has the values that its tables name for
    it, for the boards and pools it had. Names in the exposition are unique: see `Snapshot`.
    """

    name = "prometheus"

    def __init__(self, site: str, figures: Figures) -> None:
        self._site = cleaned(site)
        self._figures = figures
        self._miners: dict[str, Kept] = {}
        self._models = Models()
        self._totals: Totals | None = None
        self._scan: object = None
        self._answers: dict[str, Answers] = {}
        self._events: Counter[tuple[str, str]] = Counter()
        self._actions: dict[str, Counter[str]] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def sample(self, sample: Sample) -> None:
        """Keep it in place of the one before."""
        reading = sample.reading
        if reading is None:
            before = self._miners.get(sample.device)
            reading = None if before is None else before.reading
        self._miners[sample.device] = Kept(sample, reading)
        if sample.latency is not None:
            self._answered(self._models.label(sample.model), sample.latency)

    def event(self, event: Event) -> None:
        """Count it; who was removed or replaced is forgotten."""
        kind = event.kind
        self._events[kind.value, event.severity.value] += 1
        action = names.ACTIONS.get(kind)
        if action is not None:
            self._actions.setdefault(event.device, Counter())[action] += 1
        elif kind in (EventKind.REMOVED, EventKind.REPLACED):
            device = event.content.get("replaced", event.device)
            self._miners.pop(device, None)
            self._actions.pop(device, None)
        elif kind is EventKind.SCANNED:
            self._scan = event.content.get("seconds")

    def totals(self, totals: Totals) -> None:
        """Keep the farm's sums; actions of miners that never came to be are forgotten."""
        self._totals = totals
        for device in self._actions.keys() - self._miners.keys():
            del self._actions[device]

    def numbers(self, numbers: Mapping[str, float]) -> None:
        """The daemon's own figures are asked at each scrape."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry need not collect to know what is here."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, of one moment; may be taken one by one while new samples come in."""
        shot = Snapshot(self._miners, self._site, self._models)
        actions = {device: Counter(counts) for device, counts in self._actions.items()}
        yield from shot.miners()
        yield shot.states()
        yield shot.actions(actions)
        yield from shot.boards()
        yield from shot.pools()
        yield from self._farm()
        yield self._told()
        yield family(names.SCAN, {(): self._scan})
        yield self._latencies()
        yield from own.collect(self._figures)

    def _answered(self, model: str, seconds: float) -> None:
        answers = self._answers.get(model)
        if answers is None:
            answers = self._answers[model] = Answers([0] * (len(BUCKETS) + 1))
        answers.counts[bisect_left(BUCKETS, seconds)] += 1
        answers.total += seconds

    def _farm(self) -> Iterator[Metric]:
        totals, site = self._totals, (self._site,)
        if totals is None:
            return
        for name, row in zip(names.FARM_NAMES, names.FARM_ROWS, strict=True):
            yield family(name, {site: row.value(totals)})
        states: dict[own.Labels, object] = {
            (self._site, row.name.removeprefix(names.IN_STATE)): row.value(totals)
            for row in names.STATE_ROWS
        }
        yield family(names.BY_STATE, states)

    def _told(self) -> Metric:
        """All kinds and severities, 0 where there was none: so the first one is an increase."""
        return family(
            names.EVENTS,
            {
                (self._site, kind.value, severity.value): self._events[kind.value, severity.value]
                for kind in EventKind
                for severity in Severity
            },
        )

    def _latencies(self) -> Metric:
        name = names.ANSWERS
        metric = HistogramMetricFamily(name.name, name.help, labels=name.labels)
        for model, answers in self._answers.items():
            metric.add_metric((model,), answers.buckets(), answers.total)
        return metric


class Kept(Struct, frozen=True):
    """A miner's last sample, and the last reading there was."""

    sample: Sample
    reading: Reading | None


class Answers(Struct):
    """How often a model answered within each bucket, and for how many seconds in all."""

    counts: list[int]
    total: float = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bounds with how many answers were at most as slow."""
        told, sum_ = [], 0
        for bound, count in zip((*BUCKETS, "+Inf"), self.counts, strict=True):
            sum_ += count
            told.append((str(bound), float(sum_)))
        return told


class Shown(Struct, frozen=True):
    """One miner in a snapshot: `labels` are worker, model and site, which nobody else has."""

    device: str
    labels: tuple[str, str, str]
    sample: Sample
    reading: Reading | None

    @property
    def boards(self) -> Iterable[Board]:
        """Those it has, or had before it was gone; one for each index."""
        told = () if self.reading is None else self.reading.boards
        if self.sample.state is State.ASLEEP:
            told = tuple(map(at_rest, told))
        return told if _few(told, MOST_BOARDS) else _first(told, MOST_BOARDS)

    @property
    def pools(self) -> Iterable[Pool]:
        """Those it has, or had before it was gone; one for each index."""
        told = () if self.reading is None else self.reading.pools
        return told if _few(told, MOST_POOLS) else _first(told, MOST_POOLS)


class Snapshot:
    """The miners of one moment as families.

    Two miners may have the same worker name. The one with the lower DeviceId keeps it, each
    other has its DeviceId behind it, so that no two series are the same and none is lost.
    """

    def __init__(self, miners: Mapping[str, Kept], site: str, models: Models) -> None:
        self._miners: list[Shown] = []
        taken: set[str] = set()
        for device, kept in sorted(miners.items()):
            worker = cleaned(kept.sample.worker)
            while worker in taken:
                worker = f"{worker} {cleaned(device)}"
            taken.add(worker)
            labels = (worker, models.label(kept.sample.model), site)
            self._miners.append(Shown(device, labels, kept.sample, kept.reading))

    def miners(self) -> Iterator[Metric]:
        """The rows of METRICS."""
        for name, row in zip(names.MINER_NAMES, METRICS, strict=True):
            made = Family(name)
            for one in self._miners:
                reading = one.sample.reading
                value = row.gone if reading is None else row.value(one.sample, reading)
                if value is not None:
                    labels = one.labels if row.name != names.POWER else (*one.labels, _source(one))
                    made.add(labels, value)
            yield made.metric

    def states(self) -> Metric:
        """The state that each miner is in."""
        made = Family(names.STATE)
        for one in self._miners:
            made.add((*one.labels, one.sample.state.value), 1)
        return made.metric

    def actions(self, counts: Mapping[str, Mapping[str, int]]) -> Metric:
        """What was done to each miner, 0 for what was not: so the first one is an increase."""
        made = Family(names.ACTED)
        for one in self._miners:
            done = counts.get(one.device, {})
            for action in names.ACTIONS.values():
                made.add((*one.labels, action), done.get(action, 0))
        return made.metric

    def boards(self) -> Iterator[Metric]:
        """The rows of BOARD_METRICS."""
        for name, row in zip(names.BOARD_NAMES, BOARD_METRICS, strict=True):
            made = Family(name)
            for one in self._miners:
                gone = one.sample.reading is None
                for board in one.boards:
                    value = row.gone if gone else row.value(board)
                    if value is not None:
                        made.add((*one.labels, str(board.index)), value)
            yield made.metric

    def pools(self) -> Iterator[Metric]:
        """The rows of POOL_METRICS."""
        urls: dict[str, str] = {}
        for name, row in zip(names.POOL_NAMES, POOL_METRICS, strict=True):
            made = Family(name)
            for one in self._miners:
                gone = one.sample.reading is None
                for pool in one.pools:
                    value = row.gone if gone else row.value(pool)
                    if value is not None:
                        url = urls.get(pool.url)
                        if url is None:
                            url = urls[pool.url] = pool_address(pool.url)
                        made.add((*one.labels, str(pool.index), url), value)
            yield made.metric


def _source(one: Shown) -> str:
    return UNKNOWN if one.reading is None else cleaned(one.reading.power_source)


def _few(parts: Sequence[Board | Pool], most: int) -> bool:
    """Whether there is nothing to leave out: few, numbered one after the other."""
    return len(parts) <= most and all(part.index == place for place, part in enumerate(parts))


def _first(parts: tuple[Part, ...], most: int) -> Iterable[Part]:
    """One for each index, the first, and no more than `most`."""
    told: dict[int, Part] = {}
    for part in parts:
        if len(told) < most:
            told.setdefault(part.index, part)
    return told.values()
