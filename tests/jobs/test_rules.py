"""When a miner is ill, one rule at a time."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mother.core.reading import Board, Pool, Reading
from mother.drivers.base import Nature
from mother.fleet.remembered import Ailment, Watch
from mother.jobs import rules
from mother.jobs.output import Output
from mother.jobs.rules import judge
from tests.jobs.readings import (
    CHECK,
    GH,
    GOOD,
    HOUR,
    SETTINGS,
    START,
    absurd,
    after,
    ailments,
    dead,
    fine,
    reading,
    ripe,
    short,
    slow,
    with_board,
)


def test_a_miner_that_hashes_is_well_from_its_first_reading() -> None:
    verdict = judge(Watch(), fine(START), SETTINGS, START)
    assert not verdict.findings
    assert verdict.watch.well_since == START


@pytest.mark.parametrize(
    "board", [{"alive": False, "status": ""}, {"alive": False, "status": " DEAD "}]
)
def test_a_dead_board_is_ill_at_once(board: dict[str, Any]) -> None:
    verdict = judge(Watch(), with_board(**board), SETTINGS, START)
    assert [(one.ailment, one.board, one.ripe) for one in verdict.findings] == [
        (Ailment.DEAD, 1, True)
    ]
    assert verdict.fell_ill
    assert verdict.watch.ill_since == START


STILL = replace(GOOD, alive=False, status="", hashrate_15m=0.0)


@pytest.mark.parametrize(
    "told",
    [
        {"uptime": 1799.0},
        {"tuning": True},
        {"asleep": True},
        {"halted": True},
        {"pools": (Pool(index=0, alive=False),)},
        {"pools": (), "hashrate": 0.0},
    ],
    ids=["young", "tuning", "asleep", "halted", "dead pools", "no pools"],
)
def test_a_board_that_nobody_calls_dead_may_stand_still_for_another_reason(
    told: dict[str, Any],
) -> None:
    output = Output(None, Nature(grace=1800.0))
    for what, ill in (({}, [Ailment.DEAD]), (told, [])):
        seen = judge(
            Watch(),
            reading(START, STILL, expected_boards=1, **what),
            SETTINGS,
            START,
            output=output,
        )
        assert [one.ailment for one in seen.findings if one.ailment is Ailment.DEAD] == ill
    said = reading(START, replace(STILL, status="Dead"), uptime=10.0)
    assert judge(Watch(), said, SETTINGS, START, output=output).findings


def test_a_family_that_starts_slowly_may_hash_little_for_longer() -> None:
    slow = replace(GOOD, hashrate_15m=1.0, elapsed=None)
    found = []
    for grace in (0.0, 900.0, 7200.0):
        watch, at, output = Watch(), START, Output(None, Nature(grace=grace))
        while at <= START + HOUR:
            said = reading(at, slow, uptime=1000.0 + at - START, expected_boards=1)
            verdict = judge(watch, said, SETTINGS, at, output=output)
            watch, at = verdict.watch, at + CHECK
        found.append(verdict.findings != ())
    assert found == [True, True, False]


def test_a_board_that_stands_while_others_hash_is_dead_also_where_no_pool_is_told() -> None:
    said = reading(START, STILL, replace(GOOD, index=1), expected_boards=2, pools=(), hashrate=1e12)
    assert ailments(judge(Watch(), said, SETTINGS, START)) == [Ailment.DEAD]


def test_a_sick_board_is_not_dead() -> None:
    assert not judge(Watch(), with_board(alive=False, status="Sick"), SETTINGS, START).findings


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
