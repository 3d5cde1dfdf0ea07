"""A sink for Prometheus with a farm in it, and what a scrape of it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock

from mother.core.bus import Sample
from mother.core.loop import Loop
from mother.core.model import State
from mother.core.reading import Board, Pool, Reading
from mother.sinks.figures import Figures, Queue
from mother.sinks.prometheus import PrometheusSink

from .farm import WORKER, sample

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

DEVICE = "mac:a0:b0:45:00:e3:ab"
BOARDS = tuple(
    Board(
        index,
        alive=True,
        temperature=70.0 + index,
        hashrate=5.4e12,
        accepted=100.0,
        rejected=1.0,
        hardware_errors=2.0,
    )
    for index in range(3)
)
POOLS = (
    Pool(0, "stratum+tcp://pool.example:3333", "u", True, True, 9.0, 1.0),
    Pool(1, "stratum+tcp://spare.example:3333", "u", True, False, 0.0, 0.0),
)


class Idle:
    name = "scan"

    async def run(self) -> None:
        """Nothing to do."""


def figures(clock: Clock | None = None) -> Figures:
    loop = Loop(Idle(), lambda: 60.0, clock or Clock())
    loop.start()
    return Figures(
        loops={"scan": loop},
        polls=lambda: 7,
        failed=lambda: 2,
        skipped=lambda: 1,
        queues={"statsd": Queue(lambda: 4, lambda: 3), "errands": Queue(lambda: 0)},
        breaker_open=lambda: 1.0,
    )


def sink() -> PrometheusSink:
    return PrometheusSink("home", figures())


def whole(**changes: Any) -> Reading:
    """A reading that says everything."""
    reading = sample().reading
    assert reading is not None
    told = {"boards": BOARDS, "pools": POOLS, "power": 1480.0, "power_source": "nameplate"}
    return replace(reading, **{**told, **changes})


def told(device: str = DEVICE, worker: str = WORKER, **changes: Any) -> Sample:
    """A miner that answers; `changes` are those of its sample."""
    return replace(sample(), **{"device": device, "worker": worker, "reading": whole(), **changes})


def gone(device: str = DEVICE, worker: str = WORKER) -> Sample:
    return replace(sample(state=State.GONE), device=device, worker=worker)


def text_of(one: PrometheusSink) -> str:
    return generate_latest(one.registry).decode()


def series(one: PrometheusSink) -> Series:
    """Every series by name and labels; fails where two are the same."""
    found: Series = {}
    for name, labels, value in parsed(text_of(one)):
        assert (name, labels) not in found, f"{name}{dict(labels)} is told twice"
        found[name, labels] = value
    return found


def parsed(text: str) -> Iterator[tuple[str, frozenset[tuple[str, str]], float]]:
    for metric in text_string_to_metric_families(text):
        for one in metric.samples:
            yield one.name, frozenset(one.labels.items()), one.value


def values(one: PrometheusSink, name: str, **labels: str) -> list[float]:
    """What the series of this name say that have these labels."""
    wanted = frozenset(labels.items())
    return [
        value for (found, all_), value in series(one).items() if found == name and wanted <= all_
    ]


def labels_of(one: PrometheusSink, name: str, label: str) -> list[str]:
    """The values of one label on the series of this name."""
    return [dict(all_)[label] for (found, all_) in series(one) if found == name]
