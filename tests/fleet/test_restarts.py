"""Whether a device that we told to restart mines again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.model import CommandKind
from mother.core.reading import Pool, Reading
from mother.fleet.restarts import CERTAIN, PATIENCE, SLACK, has_restarted, hashes, is_over
from mother.fleet.undertaken import Restart

AT = 1_700_000_000.0
POOLS = Restart(AT, CommandKind.SET_POOLS)
REBOOT = Restart(AT, CommandKind.REBOOT)


def reading(after: float, uptime: float | None, **what: Any) -> Reading:
    """What it said so many seconds after our order; it does what it should."""
    whole = Reading(AT + after, hashrate=16e12, expected_hashrate=16e12, uptime=uptime)
    return replace(whole, **what)


def test_a_miner_that_does_what_it_should_hashes() -> None:
    assert hashes(reading(0, 100.0))
    assert hashes(reading(0, 100.0, pools=(Pool(0, alive=True), Pool(1, alive=False))))


@pytest.mark.parametrize(
    "what",
    [
        {"restarting": True},
        {"asleep": True},
        {"hashrate": None},
        {"hashrate": 0.0},
        {"hashrate": 3.9e12},
        {"pools": (Pool(0, alive=False), Pool(1, alive=False))},
    ],
    ids=lambda what: next(iter(what)),
)
def test_a_miner_that_does_no_work_does_not_hash(what: dict[str, Any]) -> None:
    assert not hashes(reading(0, 100.0, **what))


def test_a_quarter_of_what_its_model_should_is_work_at_least() -> None:
    assert hashes(reading(0, 100.0, hashrate=4e12))


def test_a_miner_whose_model_is_unknown_hashes_if_it_hashes_at_all() -> None:
    assert hashes(reading(0, 100.0, hashrate=1.0, expected_hashrate=None))


def test_who_was_never_read_does_not_hash() -> None:
    assert not hashes(None)
    assert not has_restarted(POOLS, None)


@pytest.mark.parametrize("order", [POOLS, REBOOT])
def test_a_start_after_the_order_is_the_restart(order: Restart) -> None:
    assert has_restarted(order, reading(90, 30.0))


@pytest.mark.parametrize("order", [POOLS, REBOOT])
def test_a_start_long_before_the_order_is_not(order: Restart) -> None:
    assert not has_restarted(order, reading(90, 90 + SLACK + 1))


def test_a_start_may_seem_a_little_earlier_than_the_order() -> None:
    assert has_restarted(REBOOT, reading(90, 90 + SLACK - 1))


@pytest.mark.parametrize("order", [POOLS, REBOOT])
def test_what_was_said_before_the_order_proves_nothing(order: Restart) -> None:
    assert not has_restarted(order, reading(0, 0.0))
    assert not has_restarted(order, reading(-10, 0.0))


@pytest.mark.parametrize("order", [POOLS, REBOOT])
def test_a_miner_whose_mining_program_is_not_ready_has_not_restarted_yet(order: Restart) -> None:
    assert not has_restarted(order, reading(CERTAIN + 90, 5.0, restarting=True))


def test_settings_that_are_taken_without_a_restart_are_believed_after_a_while() -> None:
    assert not has_restarted(POOLS, reading(CERTAIN - 1, 1e6))
    assert has_restarted(POOLS, reading(CERTAIN, 1e6))
    assert has_restarted(POOLS, reading(CERTAIN, None))


@pytest.mark.parametrize(
    "kind", [CommandKind.REBOOT, CommandKind.UPGRADE, CommandKind.FACTORY_RESET]
)
def test_a_reboot_that_was_not_seen_is_never_believed(kind: CommandKind) -> None:
    assert not has_restarted(Restart(AT, kind), reading(CERTAIN * 100, 1e9))


def test_a_restart_is_over_when_it_hashes_again_and_no_sooner() -> None:
    back = reading(90, 30.0)
    assert is_over(POOLS, back, AT + 91)
    assert not is_over(POOLS, replace(back, hashrate=0.0), AT + 91)
    assert not is_over(POOLS, reading(90, 1e6), AT + 91)


def test_a_restart_is_over_when_it_sleeps_after_it() -> None:
    asleep = reading(90, 30.0, asleep=True, hashrate=0.0)
    assert is_over(POOLS, asleep, AT + 91)
    assert not is_over(POOLS, replace(asleep, uptime=1e6), AT + 91)


@pytest.mark.parametrize("seen", [None, reading(90, 1e6), reading(90, 5.0, restarting=True)])
def test_who_does_not_come_back_counts_as_restarting_no_more_after_a_while(
    seen: Reading | None,
) -> None:
    assert not is_over(REBOOT, seen, AT + PATIENCE - 1)
    assert is_over(REBOOT, seen, AT + PATIENCE)


@given(
    after=st.floats(-1e4, 1e4),
    uptime=st.none() | st.floats(0, 1e7),
    kind=st.sampled_from(CommandKind),
    restarting=st.booleans(),
)
def test_nothing_that_was_heard_before_an_order_shows_its_restart(
    after: float, uptime: float | None, kind: CommandKind, restarting: bool
) -> None:
    order = Restart(AT, kind)
    said = reading(after, uptime, restarting=restarting)
    if has_restarted(order, said):
        assert said.at > AT
        assert not restarting
        assert is_over(order, said, AT + 1) is hashes(said)
