"""What starts, keeps and stops the timers of a miner's health: restarts, gaps, clocks."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from mother.core.reading import Reading
from mother.fleet.remembered import Ailment, Watch
from mother.jobs import rules
from mother.jobs.rules import judge
from tests.jobs.readings import (
    CHECK,
    GOOD,
    HOUR,
    SETTINGS,
    START,
    after,
    ailments,
    dead,
    fine,
    reading,
    ripe,
    short,
    slow,
)


def test_a_restarting_miner_is_not_judged() -> None:
    verdict = judge(Watch(), replace(dead(START), restarting=True), SETTINGS, START)
    assert not verdict.findings
    assert verdict.watch.well_since is None


def test_a_short_restart_keeps_the_timers() -> None:
    before = after(HOUR - CHECK, short).watch
    at = START + HOUR - 60
    during = judge(before, replace(fine(at), restarting=True, boards=()), SETTINGS, at).watch
    assert ripe(judge(during, short(START + HOUR), SETTINGS, START + HOUR)) == [Ailment.MISSING]


def test_an_ill_miner_that_restarts_stays_ill_but_nothing_is_due() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    at = START + 60
    verdict = judge(ill, replace(fine(at), restarting=True), SETTINGS, at)
    assert ailments(verdict) == [Ailment.DEAD]
    assert not ripe(verdict)
    assert verdict.watch.ill_since == START


def test_a_slow_miner_stays_ill_while_it_warms_up_and_must_earn_its_next_reboot() -> None:
    ill = after(HOUR, slow).watch
    at = START + HOUR + CHECK
    warming = judge(ill, replace(slow(at), uptime=120.0), SETTINGS, at)
    assert ailments(warming) == [Ailment.BELOW]
    assert rules.unsure(warming.watch)
    assert not ripe(warming)
    still = after(HOUR - 1, slow, warming.watch, begin=at + CHECK)
    assert ailments(still) == [Ailment.BELOW]
    assert not ripe(still)
    assert ripe(after(HOUR, slow, warming.watch, begin=at + CHECK)) == [Ailment.BELOW]


def test_an_ill_miner_is_well_once_it_is_seen_to_be() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    verdict = judge(ill, fine(START + 60), SETTINGS, START + 60)
    assert verdict.got_well
    assert verdict.watch.well_since == START + 60
    assert verdict.watch.ill_since is None


@pytest.mark.parametrize(
    ("seconds", "failures", "ill"), [(180, 3, True), (179, 3, False), (180, 2, False)]
)
def test_a_miner_is_not_reachable_after_three_minutes_and_three_polls(
    seconds: float, failures: int, ill: bool
) -> None:
    now = START + seconds
    verdict = judge(Watch(), None, SETTINGS, now, failing_since=START, failures=failures)
    assert ailments(verdict) == ([Ailment.UNREACHABLE] if ill else [])


def test_a_miner_that_answers_again_is_reachable() -> None:
    now = START + 300
    gone = judge(Watch(), None, SETTINGS, now, failing_since=START, failures=5).watch
    assert gone.ill_since == now
    assert not judge(gone, fine(now + 60), SETTINGS, now + 60).findings


def test_a_miner_that_comes_back_with_a_dead_board_fell_ill_anew() -> None:
    now = START + 300
    gone = judge(Watch(), None, SETTINGS, now, failing_since=START, failures=5).watch
    assert judge(gone, dead(now + 60), SETTINGS, now + 60).watch.ill_since == now + 60


def test_an_ill_miner_that_was_away_for_its_reboot_is_still_the_same_illness() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    away = judge(ill, None, SETTINGS, START + 300, failing_since=START + 60, failures=4)
    assert set(ailments(away)) == {Ailment.DEAD, Ailment.UNREACHABLE}
    assert judge(away.watch, dead(START + 400), SETTINGS, START + 400).watch.ill_since == START


def test_a_restart_of_the_daemon_resets_no_timer() -> None:
    kept = msgspec.json.encode(after(HOUR - CHECK, slow).watch)
    watch = msgspec.json.decode(kept, type=Watch)
    assert ripe(judge(watch, slow(START + HOUR), SETTINGS, START + HOUR)) == [Ailment.BELOW]


def test_a_long_stop_of_the_daemon_is_no_time_of_illness() -> None:
    before = after(HOUR - CHECK, slow).watch
    later = START + HOUR - CHECK + 3 * CHECK + 1
    assert not after(HOUR - 1, slow, before, begin=later).findings
    assert ripe(after(HOUR, slow, before, begin=later)) == [Ailment.BELOW]


def test_three_check_intervals_are_no_gap_yet() -> None:
    before = after(HOUR - 3 * CHECK, slow).watch
    assert ripe(judge(before, slow(START + HOUR), SETTINGS, START + HOUR)) == [Ailment.BELOW]


def test_an_ill_miner_keeps_the_time_it_fell_ill_over_a_long_stop_but_is_not_acted_on() -> None:
    ill = after(HOUR, short).watch
    verdict = judge(ill, short(START + 9 * HOUR), SETTINGS, START + 9 * HOUR)
    assert ailments(verdict) == [Ailment.MISSING]
    assert not ripe(verdict)
    assert verdict.watch.ill_since == START + HOUR


def test_a_long_stop_of_the_daemon_is_no_time_of_health() -> None:
    well = after(HOUR, fine).watch
    later = START + 30 * HOUR
    assert judge(well, fine(later), SETTINGS, later).watch.well_since == later


def test_the_same_reading_judged_again_lets_no_timer_run() -> None:
    watch = judge(Watch(), slow(START), SETTINGS, START).watch
    for minutes in range(0, 120, 5):
        watch = judge(watch, slow(START), SETTINGS, START + minutes * 60).watch
    assert not watch.ill


def test_a_reading_older_than_the_last_one_judged_changes_nothing() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    assert judge(ill, fine(START - 60), SETTINGS, START + 60).watch == ill


def test_what_was_seen_before_a_long_stop_is_not_said_to_have_lasted() -> None:
    before = judge(Watch(), slow(START), SETTINGS, START).watch
    later = START + 9 * HOUR
    (condition,) = after(HOUR, slow, before, begin=later).findings
    assert condition.since == later


def test_a_clock_set_back_wedges_no_timer() -> None:
    before = after(HOUR / 2, slow).watch
    back = START - 5 * HOUR
    assert not after(HOUR - 1, slow, before, begin=back).findings
    assert ripe(after(HOUR, slow, before, begin=back)) == [Ailment.BELOW]


def test_a_clock_set_back_makes_no_old_illness_new() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    verdict = judge(ill, dead(START - HOUR), SETTINGS, START - HOUR)
    assert verdict.watch.ill_since == START
    assert not verdict.new


def test_a_dead_board_that_vanishes_from_the_list_is_not_cured() -> None:
    ill = judge(Watch(), dead(START), SETTINGS, START).watch
    gone = reading(START + 60, GOOD, replace(GOOD, index=2))
    assert ailments(judge(ill, gone, SETTINGS, START + 60)) == [Ailment.DEAD]


def stalled(at: float) -> Reading:
    return Reading(at=at, restarting=True, expected_boards=3)


def test_a_mining_program_that_is_not_ready_for_the_duration_makes_its_miner_ill() -> None:
    assert not after(HOUR - CHECK, stalled).findings
    verdict = after(HOUR, stalled)
    assert ailments(verdict) == [Ailment.STALLED]
    text = rules.sentences(verdict.findings, START + HOUR)
    assert text == "Mining program not ready for 1 h."
    well = judge(verdict.watch, fine(START + HOUR + CHECK), SETTINGS, START + HOUR + CHECK)
    assert well.got_well
    assert well.watch.stalled is None


def test_a_stalled_miner_that_was_not_seen_meanwhile_begins_anew() -> None:
    at = START + HOUR - CHECK
    before = after(HOUR - 2 * CHECK, stalled).watch
    silent = judge(before, None, SETTINGS, at, failing_since=at, failures=1).watch
    assert not judge(silent, stalled(START + HOUR), SETTINGS, START + HOUR).findings
    late = START + 3 * HOUR
    assert not judge(before, stalled(late), SETTINGS, late).findings
