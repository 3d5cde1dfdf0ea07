"""Whatever a farm is and whatever is asked of it: what the arbiter rules holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.reading import Mode
from mother.schedule.arbiter import FOUND_ASLEEP
from mother.schedule.values import Limit, Unit
from tests.schedule.ruled import NOW, Case, case, settled

MANY = settings(max_examples=400, deadline=None)


def draws(unit: Unit, one: Case, verdicts: dict[str, object]) -> float:
    """What a device draws at the least once all is carried out."""
    verdict = one.ruling().verdicts[unit.id]
    if verdict.mode is None and (unit.held or unit.asleep):
        return unit.draws
    if unit.away:
        return unit.draws
    if verdict.mode is Mode.SLEEP:
        return unit.rest
    target = verdict.power_target
    return unit.full if target is None else target


@MANY
@given(one=case(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(one: Case, order: st.Random) -> None:
    units, limits = list(one.units), list(one.limits)
    order.shuffle(units)
    order.shuffle(limits)
    assert Case(tuple(units), one.wishes, tuple(limits), one.bounds).ruling() == one.ruling()
