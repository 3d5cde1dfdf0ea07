"""The daemon's own figures as families of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from mother import __version__
from mother.core.units import finite
from mother.sinks import prometheus_names as names
from mother.sinks.figures import Figures
from mother.sinks.prometheus_names import Name

Labels = tuple[str, ...]


class Family:
    """A family that is being filled; what cannot be told is left out."""

    def __init__(self, name: Name) -> None:
        self._counter, self._divisor = name.counter, name.divisor
        make = CounterMetricFamily if name.counter else GaugeMetricFamily
        self.metric: CounterMetricFamily | GaugeMetricFamily = make(
            name.name, name.help, labels=name.labels
        )

    def add(self, labels: Labels, value: object) -> None:
        """One series; none for what is no finite number, or a counter below 0."""
        number = finite(value)
        if number is not None and not (self._counter and number < 0):
            self.metric.add_metric(labels, number / self._divisor)


def family(name: Name, series: Mapping[Labels, object]) -> Metric:
    """A family with all its series."""
    made = Family(name)
    for labels, value in series.items():
        made.add(labels, value)
    return made.metric


def collect(figures: Figures) -> Iterator[Metric]:
    """The families of loops, polls, queues, the breaker and the build."""
    loops = figures.loops
    counts = {name: loop.counts for name, loop in loops.items()}
    yield family(names.LOOP_RUNS, {(name,): of.runs for name, of in counts.items()})
    yield family(names.LOOP_FAILURES, {(name,): of.failures for name, of in counts.items()})
    yield family(names.LOOP_OVERRUNS, {(name,): of.overruns for name, of in counts.items()})
    yield family(names.LOOP_DURATION, {(name,): of.seconds for name, of in counts.items()})
    yield family(names.LOOP_LATE, {(name,): of.late for name, of in counts.items()})
    yield family(names.LOOP_STUCK, {(name,): loop.stuck() for name, loop in loops.items()})
    yield family(names.POLLS, {(): figures.polls()})
    yield family(names.POLLS_FAILED, {(): figures.failed()})
    yield family(names.POLLS_SKIPPED, {(): figures.skipped()})
    queues = figures.queues
    yield family(names.QUEUE_LENGTH, {(name,): one.length() for name, one in queues.items()})
    yield family(names.QUEUE_DROPPED, {(name,): one.dropped() for name, one in queues.items()})
    yield family(names.BREAKER, {(): figures.breaker_open()})
    yield family(names.BUILD, {(__version__,): 1})
