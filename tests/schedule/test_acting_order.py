"""Who is told first where no ramp says it: who takes longest to answer and to obey."""

from __future__ import annotations

from msgspec.structs import replace

from mother.config.schedule import Ramp
from mother.core.model import CommandKind
from tests.fleet.toy import CAPABILITIES
from tests.schedule.nursery import PLAIN, SLEEP, Nursery

PAUSE = CommandKind.PAUSE


def told(nursery: Nursery) -> list[str]:
    """Who was put to sleep, in that order."""
    return [sleeper.worker for sleeper in nursery.journal.sleepers.values()]


def with_latencies(nursery: Nursery, *latencies: float) -> Nursery:
    for entry, latency in zip(nursery.entries, latencies, strict=True):
        entry.latency = latency
    return nursery


def test_who_answers_slowly_is_told_first() -> None:
    nursery = with_latencies(Nursery(3), 0.01, 1.5, 0.4)
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert told(nursery) == ["toy-1", "toy-2", "toy-0"]


def test_a_ramp_does_not_ask_how_slowly_they_answer() -> None:
    nursery = with_latencies(
        Nursery(3, replace(PLAIN, down=Ramp(batch=2, gap=1.0))), 0.01, 1.5, 0.4
    )
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert told(nursery) == ["toy-0", "toy-1", "toy-2"]


def test_a_family_that_takes_its_time_by_design_goes_before_one_that_may_take_longer() -> None:
    nursery = Nursery(2)
    quick = replace(CAPABILITIES[PAUSE], within=600.0)
    late = replace(CAPABILITIES[PAUSE], lag=5.0)
    for entry, capability in zip(nursery.entries, (quick, late), strict=True):
        family = type(nursery.family)()
        family.capabilities = {**CAPABILITIES, PAUSE: capability}
        entry.family = family
    nursery.pursue(SLEEP)
    nursery.run(10.0)
    assert told(nursery) == ["toy-1", "toy-0"]
