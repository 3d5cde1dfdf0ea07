"""When an ill miner is rebooted, and above all when not."""

from __future__ import annotations

import math
import time
from datetime import timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.reading import Board, Reading
from mother.fleet.remembered import (
    Ailment,
    BreakerState,
    Condition,
    Ledger,
    Phase,
    Record,
    Trial,
    Watch,
)
from mother.jobs import healing
from mother.jobs.healing import Case, Decision, Farm, decide, observed

NOW = 1_700_000_000.0  # 22:13:20 UTC
MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

SETTINGS = DeviceSettings(
    health_reboot=True,
    health_check_interval=300.0,
    health_hashrate_duration=HOUR,
    health_hashrate_minimum=1000.0,
    auto_upgrade=False,
    autotune_mode=None,
    autotune_level=None,
    pools=(),
)
DEAD = Condition(Ailment.DEAD, since=NOW - 840, board=2, counted=NOW - 840, ripe=True, ill=True)
ILL = Watch(conditions=(DEAD,), judged=NOW, ill_since=NOW - 840)
FARM = Farm(miners=100)


def case(**changes: Any) -> Case:
    """A miner with a dead board that nothing keeps from a reboot, but for what is said."""
    values: dict[str, Any] = {
        "record": Record(),
        "watch": ILL,
        "reading": Reading(at=NOW, uptime=DAY),
        "farm": FARM,
        "settings": SETTINGS,
        "now": NOW,
    }
    return Case(**{**values, **changes})


def ailing(*conditions: Condition, **changes: Any) -> Watch:
    return Watch(conditions=conditions, judged=NOW, ill_since=NOW - 840, **changes)


def test_an_ill_miner_is_rebooted() -> None:
    decision = decide(case())
    assert decision == Decision(True, "Board 2 dead for 14 min.")


def test_a_well_miner_is_left_alone() -> None:
    assert decide(case(watch=Watch(well_since=NOW - 10))) == Decision(False)


def test_nothing_is_rebooted_unless_that_is_wanted() -> None:
    decision = decide(case(settings=replace(SETTINGS, health_reboot=False)))
    assert decision == Decision(False, "Board 2 dead for 14 min. Reboots are off.")


def test_a_hot_miner_is_never_rebooted_not_even_with_a_dead_board() -> None:
    decision = decide(case(watch=ailing(DEAD, hot=(1,))))
    assert not decision.reboot
    assert decision.because == "Board 2 dead for 14 min. It is hot: never rebooted."


def test_a_miner_that_cannot_be_reached_is_not_rebooted() -> None:
    gone = Condition(Ailment.UNREACHABLE, since=NOW - 300, counted=NOW - 300, ripe=True, ill=True)
    assert not decide(case(watch=ailing(gone), reading=None)).reboot
    assert not decide(case(watch=ailing(gone))).reboot
    assert not decide(case(reading=None)).reboot


def test_what_is_not_sure_now_is_no_reason() -> None:
    decision = decide(case(watch=ailing(replace(DEAD, ripe=False))))
    assert decision.because == "Board 2 dead for 14 min. It is watched on first."
    assert not decision.reboot


@pytest.mark.parametrize(
    ("reading", "reboot"),
    [
        (Reading(at=NOW - 900, uptime=DAY), True),
        (Reading(at=NOW - 901, uptime=DAY), False),
        (Reading(at=NOW, uptime=DAY, restarting=True), False),
        (Reading(at=NOW, uptime=DAY, asleep=True), False),
    ],
    ids=["recent", "old", "restarting", "asleep"],
)
def test_the_last_reading_must_be_recent_and_of_a_working_miner(
    reading: Reading, reboot: bool
) -> None:
    assert decide(case(reading=reading)).reboot is reboot


@pytest.mark.parametrize(
    ("uptime", "reboot"), [(0.0, False), (899.0, False), (900.0, True), (None, True)]
)
def test_nothing_is_rebooted_within_15_minutes_of_its_start(
    uptime: float | None, reboot: bool
) -> None:
    decision = decide(case(reading=Reading(at=NOW, uptime=uptime)))
    assert decision.reboot is reboot
    assert decision.not_before == (None if reboot else NOW - (uptime or 0) + 900)


def test_where_the_miner_tells_no_uptime_its_boards_do() -> None:
    young = Reading(at=NOW, boards=(Board(0, elapsed=DAY), Board(1, elapsed=600.0)))
    assert decide(case(reading=young)).not_before == NOW + 300


def test_an_uptime_that_is_no_number_is_unknown() -> None:
    assert decide(case(reading=Reading(at=NOW, uptime=math.nan))).reboot


def test_the_start_of_the_system_counts_too() -> None:
    assert decide(case(system_start=NOW - 899)).not_before == NOW + 1
    assert decide(case(system_start=NOW - 900)).reboot


def test_a_start_that_was_seen_counts_where_no_uptime_is_told() -> None:
    seen = observed(Record(), ILL, Reading(at=NOW, restarting=True), NOW)
    later = case(record=seen, now=NOW + 600, reading=Reading(at=NOW + 600))
    assert decide(later).not_before == NOW + 900


def test_nothing_is_rebooted_within_15_minutes_of_a_write_of_ours() -> None:
    record = healing.written(Record(), NOW - 899)
    decision = decide(case(record=record))
    assert decision.not_before == NOW + 1
    assert decision.because.endswith("It was written to lately.")
    assert decide(case(record=healing.written(Record(), NOW - 900))).reboot


def test_the_first_cool_down_is_15_minutes_and_the_next_an_hour() -> None:
    once = healing.rebooted(Record(), NOW - 899)
    assert not decide(case(record=once)).reboot
    assert decide(case(record=healing.rebooted(Record(), NOW - 900))).reboot
    twice = healing.cleared(healing.rebooted(once, NOW - 3599))
    assert decide(case(record=twice)).not_before == NOW + 1
    twice = healing.cleared(healing.rebooted(once, NOW - 3600))
    assert decide(case(record=twice)).reboot


def test_the_sentence_tells_what_was_done_and_what_comes_next() -> None:
    record = replace(healing.rebooted(Record(), NOW - 300), not_before=NOW + 1500)
    assert decide(case(record=record)).because == (
        "Board 2 dead for 14 min. Rebooted once at 22:08; next try not before 22:38."
    )


def test_times_are_told_in_the_farms_zone_and_with_a_date_where_it_is_another_day() -> None:
    record = replace(healing.rebooted(Record(), NOW - 300), not_before=NOW + 1500)
    ahead = timezone(timedelta(hours=1, minutes=30))
    assert decide(case(record=record), ahead).because == (
        "Board 2 dead for 14 min. Rebooted once at 23:38; next try not before 2023-11-15 00:08."
    )


def test_without_a_zone_times_are_told_in_that_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = replace(healing.rebooted(Record(), NOW - 300), not_before=NOW + 600)
    with monkeypatch.context() as there:
        there.setenv("TZ", "EST+5")
        time.tzset()
        because = decide(case(record=record)).because
    time.tzset()
    assert "Rebooted once at 17:08; next try not before 17:23." in because


def test_two_reboots_that_did_not_cure_it_leave_it_for_a_human_and_that_is_told_once() -> None:
    record = healing.rebooted(healing.rebooted(Record(), NOW - 3 * HOUR), NOW - 2 * HOUR)
    decision = decide(case(record=record))
    assert not decision.reboot
    assert decision.leave
    assert decision.because == (
        "Board 2 dead for 14 min. Rebooted twice, last at 20:13. Left for a human."
    )
    again = decide(case(record=healing.left(record)))
    assert not again.leave
    assert not again.reboot


def test_the_second_reboot_gets_its_15_minutes_before_it_is_called_a_failure() -> None:
    record = healing.rebooted(healing.rebooted(Record(), NOW - HOUR), NOW - 600)
    decision = decide(case(record=record, reading=Reading(at=NOW, uptime=500.0)))
    assert not decision.reboot
    assert not decision.leave


def test_a_cure_that_lasts_less_than_a_day_counts_as_none() -> None:
    record = healing.rebooted(healing.rebooted(Record(), NOW - 9 * HOUR), NOW - 8 * HOUR)
    well = Watch(judged=NOW, well_since=NOW - DAY + 1)
    assert observed(record, well, Reading(at=NOW, uptime=DAY), NOW).reboots == 2


def test_a_day_of_health_forgives() -> None:
    record = healing.left(replace(Record(), reboots=2, rebooted=NOW - 2 * DAY))
    well = Watch(judged=NOW, well_since=NOW - DAY)
    forgiven = observed(record, well, Reading(at=NOW, uptime=DAY), NOW)
    assert (forgiven.reboots, forgiven.left) == (0, False)
    assert decide(case(record=forgiven)).reboot


def test_one_that_is_cleared_is_tried_again() -> None:
    record = healing.left(replace(Record(), reboots=2, rebooted=NOW - 2 * HOUR))
    assert decide(case(record=healing.cleared(record))).reboot


@pytest.mark.parametrize(
    ("miners", "limit"), [(0, 1), (1, 1), (99, 1), (100, 2), (149, 2), (150, 3), (5000, 100)]
)
def test_a_farm_may_reboot_two_percent_an_hour_and_at_least_one(miners: int, limit: int) -> None:
    assert healing.farm_limit(miners) == limit
    full = Farm(miners, Ledger((NOW - 60,) * limit))
    assert not decide(case(farm=full)).reboot
    almost = Farm(miners, Ledger((NOW - 60,) * (limit - 1)))
    assert decide(case(farm=almost)).reboot


def test_the_farms_hour_slides() -> None:
    full = Farm(100, Ledger((NOW - 3599, NOW - 60)))
    decision = decide(case(farm=full))
    assert decision.not_before == NOW + 1
    assert decision.because.endswith("The farm's limit of 2 an hour is reached.")
    assert decide(case(farm=Farm(100, Ledger((NOW - 3600, NOW - 60))))).reboot


def test_the_ledger_keeps_an_hour() -> None:
    ledger = healing.entered(Ledger((NOW - 3601, NOW - 3600, NOW - 3599)), NOW)
    assert ledger.at == (NOW - 3599, NOW)


def test_nobody_is_rebooted_while_the_breaker_is_open() -> None:
    decision = decide(case(farm=Farm(100, breaker=BreakerState(phase=Phase.OPEN))))
    assert not decision.reboot
    assert decision.because.endswith("The breaker is open: nobody is rebooted.")


def test_three_are_rebooted_while_the_breaker_tries() -> None:
    two = BreakerState(phase=Phase.TRYING, trials=(Trial("a", NOW), Trial("b", NOW)))
    assert decide(case(farm=Farm(100, breaker=two))).reboot
    three = replace(two, trials=(*two.trials, Trial("c", NOW)))
    assert not decide(case(farm=Farm(100, breaker=three))).reboot


def test_what_time_does_not_end_has_no_time_of_a_next_try() -> None:
    record = healing.rebooted(Record(), NOW - 300)
    decision = decide(case(record=record, watch=ailing(DEAD, hot=(0,))))
    assert decision.not_before is None
    assert decision.because == (
        "Board 2 dead for 14 min. Rebooted once at 22:08. It is hot: never rebooted."
    )


def test_a_clock_set_back_delays_by_no_more_than_the_wait_itself() -> None:
    record = healing.rebooted(replace(Record(), started=NOW), NOW)
    back = NOW - 9 * DAY
    settled = observed(record, ILL, Reading(at=back, uptime=DAY), back)
    held = decide(case(record=settled, now=back, reading=Reading(at=back, uptime=DAY)))
    assert held.not_before is not None
    assert held.not_before <= back + HOUR
    ledger = healing.kept(Ledger((NOW, NOW)), back)
    assert healing.kept(ledger, back + HOUR).at == ()


def test_the_daemons_own_start_delays_nothing() -> None:
    """A decision knows nothing of the daemon: all it looks at was kept, or was just read."""
    fresh = observed(Record(), ILL, Reading(at=NOW, uptime=DAY), NOW)
    assert decide(case(record=fresh)).reboot


def test_a_start_is_noted_once_though_its_time_wavers() -> None:
    record = observed(Record(), ILL, Reading(at=NOW, uptime=DAY), NOW)
    later = observed(record, ILL, Reading(at=NOW + 60, uptime=DAY + 57), NOW + 60)
    assert later.started == record.started == NOW - DAY
    anew = observed(later, ILL, Reading(at=NOW + 600, uptime=100.0), NOW + 600)
    assert anew.started == NOW + 500


def test_a_stalled_miner_is_reported_and_not_rebooted() -> None:
    since = NOW - 2 * HOUR
    stalled = Condition(Ailment.STALLED, since=since, counted=since, ripe=True, ill=True)
    reading = Reading(at=NOW, restarting=True)
    decision = decide(case(watch=ailing(stalled), reading=reading))
    assert not decision.reboot
    assert decision.because == "Mining program not ready for 2 h. Not rebooted for that."


def test_a_family_that_starts_slowly_is_given_time() -> None:
    young = Reading(at=NOW, uptime=1000.0)
    assert decide(case(reading=young, grace=300.0)).reboot
    assert not decide(case(reading=young, grace=1800.0)).reboot
    assert decide(case(reading=replace(young, uptime=1801.0), grace=1800.0)).reboot
