"""When a miner is ill, one rule at a time."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.config.model import DeviceSettings
from mother.core.model import Board, Pool, Reading
from mother.fleet.remembered import Ailment, Watch
from mother.jobs import rules
from mother.jobs.rules import Verdict, judge

GH = 1e9
CHECK = 300.0
HOUR = 3600.0
START = 1_700_000_000.0

SETTINGS = DeviceSettings(
    health_reboot=True,
    health_check_interval=CHECK,
    health_hashrate_duration=HOUR,
    health_hashrate_minimum=1000.0,
    auto_upgrade=False,
    autotune_mode=None,
    autotune_level=None,
    pools=(),
)

GOOD = Board(
    index=0,
    alive=True,
    status="Alive",
    temperature=70.0,
    hashrate_15m=5400 * GH,
    elapsed=86400.0,
)


def reading(at: float = START, *boards: Board, **changes: Any) -> Reading:
    """A T1 that hashes well, but for what is said."""
    shown = boards or tuple(replace(GOOD, index=i) for i in range(3))
    values: dict[str, Any] = {
        "algorithm": "SHA-256",
        "expected_boards": 3,
        "uptime": 86400.0,
        "pools": (Pool(index=0, alive=True),),
    }
    return Reading(at=at, model="T1", boards=shown, **{**values, **changes})


def with_board(at: float = START, **changes: Any) -> Reading:
    """The same with board 1 changed."""
    return reading(at, GOOD, replace(GOOD, index=1, **changes), replace(GOOD, index=2))


def after(
    seconds: float,
    make: Any,
    watch: Watch | None = None,
    step: float = CHECK,
    settings: DeviceSettings = SETTINGS,
    begin: float = START,
) -> Verdict:
    """The verdict once readings made by `make(at)` were judged every `step` over `seconds`."""
    verdict = judge(watch or Watch(), make(begin), settings, begin)
    at = begin
    while at < begin + seconds:
        at = min(at + step, begin + seconds)
        verdict = judge(verdict.watch, make(at), settings, at)
    return verdict


def ailments(verdict: Verdict) -> list[Ailment]:
    return [one.ailment for one in verdict.findings]


def ripe(verdict: Verdict) -> list[Ailment]:
    return [one.ailment for one in verdict.watch.conditions if one.ripe]


def dead(at: float) -> Reading:
    return with_board(at, alive=False, status="Dead", hashrate_15m=0.0, temperature=0.0)


def slow(at: float) -> Reading:
    return with_board(at, hashrate_15m=999.0 * GH)


def short(at: float) -> Reading:
    return reading(at, GOOD, replace(GOOD, index=1))


def absurd(at: float) -> Reading:
    return with_board(at, temperature=255.0)


def fine(at: float) -> Reading:
    return reading(at)


def test_a_miner_that_hashes_is_well_from_its_first_reading() -> None:
    verdict = judge(Watch(), fine(START), SETTINGS, START)
    assert not verdict.findings
    assert verdict.watch.well_since == START


@pytest.mark.parametrize("board", [{"alive": False}, {"alive": None, "status": " DEAD "}])
def test_a_dead_board_is_ill_at_once(board: dict[str, Any]) -> None:
    verdict = judge(Watch(), with_board(**board), SETTINGS, START)
    assert [(one.ailment, one.board, one.ripe) for one in verdict.findings] == [
        (Ailment.DEAD, 1, True)
    ]
    assert verdict.fell_ill
    assert verdict.watch.ill_since == START


def test_a_board_that_says_nothing_is_not_dead() -> None:
    assert not judge(Watch(), with_board(alive=None, status=""), SETTINGS, START).findings


@pytest.mark.parametrize(
    ("make", "ailment"),
    [(slow, Ailment.BELOW), (short, Ailment.MISSING), (absurd, Ailment.ABSURD)],
)
def test_a_timed_condition_is_ill_after_its_duration_and_not_before(
    make: Any, ailment: Ailment
) -> None:
    assert not after(HOUR - 1, make).findings
    verdict = after(HOUR, make)
    assert ailments(verdict) == ripe(verdict) == [ailment]
    assert verdict.watch.ill_since == START + HOUR


@pytest.mark.parametrize("make", [slow, short, absurd])
def test_one_good_reading_starts_the_timer_anew(make: Any) -> None:
    before = after(HOUR - CHECK, make).watch
    good = judge(before, fine(START + HOUR - 1), SETTINGS, START + HOUR - 1)
    again = after(HOUR - CHECK, make, good.watch, begin=START + HOUR)
    assert not again.findings


def test_the_minimum_is_compared_in_gigahashes_and_the_minimum_itself_is_enough() -> None:
    assert not after(HOUR, lambda at: with_board(at, hashrate_15m=1000.0 * GH)).findings
    assert ailments(after(HOUR, lambda at: with_board(at, hashrate_15m=999.9 * GH)))


def test_each_board_has_a_timer_of_its_own() -> None:
    first = after(HOUR / 2, slow).watch
    other = after(
        HOUR / 2,
        lambda at: reading(at, replace(GOOD, hashrate_15m=0.0), *fine(at).boards[1:]),
        first,
        begin=START + HOUR / 2 + 1,
    )
    assert not other.findings


@pytest.mark.parametrize("algorithm", ["Scrypt", "Equihash", "X11", ""])
def test_the_minimum_in_gigahashes_is_for_sha_256_only(algorithm: str) -> None:
    assert not after(2 * HOUR, lambda at: replace(slow(at), algorithm=algorithm)).findings


EXCUSES = {
    "the mining program started lately": lambda at: replace(slow(at), uptime=899.0),
    "the board started lately": lambda at: with_board(at, hashrate_15m=0.0, elapsed=899.0),
    "it is tuning": lambda at: replace(slow(at), tuning=True),
    "it is asleep": lambda at: replace(slow(at), asleep=True),
    "all its pools are dead": lambda at: replace(
        slow(at), pools=(Pool(index=0, alive=False), Pool(index=1, alive=False))
    ),
    "the hashrate is not told": lambda at: with_board(at, hashrate_15m=None),
    "the hashrate is no number": lambda at: with_board(at, hashrate_15m=math.nan),
}


@pytest.mark.parametrize("make", EXCUSES.values(), ids=EXCUSES)
def test_a_low_hashrate_is_excused_while(make: Any) -> None:
    assert not after(3 * HOUR, make).findings


@pytest.mark.parametrize("make", EXCUSES.values(), ids=EXCUSES)
def test_excused_time_stops_the_timer_and_it_begins_anew(make: Any) -> None:
    before = after(HOUR - CHECK, slow).watch
    excused = judge(before, make(START + HOUR - 1), SETTINGS, START + HOUR - 1).watch
    later = after(HOUR - 1, slow, excused, begin=START + HOUR)
    assert not later.findings
    assert ailments(after(HOUR, slow, excused, begin=START + HOUR)) == [Ailment.BELOW]


def test_one_live_pool_excuses_nothing() -> None:
    pools = (Pool(index=0, alive=False), Pool(index=1, alive=True))
    assert ailments(after(HOUR, lambda at: replace(slow(at), pools=pools))) == [Ailment.BELOW]


def test_a_dead_board_is_not_called_slow_too() -> None:
    assert ailments(after(2 * HOUR, dead)) == [Ailment.DEAD]


def test_where_the_model_is_unknown_the_most_boards_ever_shown_are_expected() -> None:
    four = judge(
        Watch(),
        reading(START, *(replace(GOOD, index=i) for i in range(4)), expected_boards=None),
        SETTINGS,
        START,
    ).watch
    three = after(HOUR, lambda at: replace(fine(at), expected_boards=None), four, begin=START + 1)
    assert [(c.ailment, c.found, c.wanted) for c in three.findings] == [(Ailment.MISSING, 3.0, 4.0)]


def test_a_model_with_two_boards_is_not_short_of_a_third() -> None:
    assert not after(2 * HOUR, lambda at: replace(short(at), expected_boards=2)).findings


@pytest.mark.parametrize(
    ("temperature", "ill"),
    [(200.0, False), (200.1, True), (-50.0, False), (-50.1, True), (0.0, False)],
)
def test_a_temperature_is_absurd_beyond_its_bounds(temperature: float, ill: bool) -> None:
    verdict = after(HOUR, lambda at: with_board(at, temperature=temperature))
    assert bool(verdict.findings) is ill


@pytest.mark.parametrize(
    ("temperature", "hot"), [(100.0, ()), (100.5, (1,)), (200.0, (1,)), (255.0, ())]
)
def test_a_board_above_100_degrees_is_hot_unless_that_is_absurd(
    temperature: float, hot: tuple[int, ...]
) -> None:
    verdict = judge(Watch(), with_board(temperature=temperature), SETTINGS, START)
    assert verdict.hot == hot
    assert verdict.grew_hot is bool(hot)
    assert not verdict.watch.ill


def test_a_board_that_cooled_is_told_once() -> None:
    hot = judge(Watch(), with_board(temperature=120.0), SETTINGS, START).watch
    cool = judge(hot, fine(START + CHECK), SETTINGS, START + CHECK)
    assert cool.cooled
    assert not judge(cool.watch, fine(START + 2 * CHECK), SETTINGS, START + 2 * CHECK).cooled


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


def test_what_is_wrong_is_told_in_a_sentence() -> None:
    conditions = judge(Watch(), dead(START), SETTINGS, START).findings
    assert rules.sentences(conditions, START + 840) == "Board 1 dead for 14 min."
    slowly = after(HOUR, slow).findings
    assert rules.sentences(slowly, START + HOUR) == (
        "Board 1 at 999\u2009GH/s, below 1.00\u2009TH/s, for 1 h."
    )
    assert rules.sentences(after(HOUR, short).findings, START + HOUR) == "2 of 3 boards for 1 h."
    assert rules.sentences(after(HOUR, absurd).findings, START + HOUR) == (
        "Board 1 claims 255 °C for 1 h."
    )


numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True)
boards = st.builds(
    Board,
    index=st.integers(0, 3),
    alive=st.none() | st.booleans(),
    status=st.sampled_from(["", "Alive", "Dead", "Sick"]),
    temperature=numbers,
    hashrate_15m=numbers,
    elapsed=numbers,
)
readings = st.builds(
    Reading,
    at=st.floats(START - 1e5, START + 1e5),
    algorithm=st.sampled_from(["SHA-256", "X11", ""]),
    boards=st.lists(boards, max_size=4).map(tuple),
    expected_boards=st.none() | st.integers(-1, 4),
    uptime=numbers,
    tuning=st.booleans(),
    restarting=st.booleans(),
    asleep=st.booleans(),
)


@given(st.lists(st.tuples(st.none() | readings, st.floats(START - 1e5, START + 1e5)), max_size=12))
def test_whatever_comes_in_whatever_order_a_watch_stays_sane(
    steps: list[tuple[Reading | None, float]],
) -> None:
    watch = Watch()
    for one, now in steps:
        watch = judge(watch, one, SETTINGS, now, failing_since=now - 200, failures=3).watch
        assert watch.ill == any(c.ill for c in watch.conditions)
        assert not (watch.ill and watch.well_since is not None)
        assert all(c.ill for c in watch.conditions if c.ripe)
        assert all(c.since <= now for c in watch.conditions)
        assert msgspec.json.decode(msgspec.json.encode(watch), type=Watch) == watch
