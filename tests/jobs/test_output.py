"""Whether a device hashes as much as it shall; whether it tunes for ever; whether it stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.reading import Board, Pool, Reading
from mother.core.units import si
from mother.drivers.base import Nature
from mother.fleet.pace import Mean
from mother.fleet.remembered import REPORTED, UNCURABLE, Ailment, Condition, Record, Watch
from mother.jobs import healing
from mother.jobs.output import SLOW_FOR, TUNES_FOR, Output, slow, tells, too_hot
from mother.jobs.rules import Verdict, judge, sentences
from tests.jobs.readings import CHECK, GOOD, HOUR, SETTINGS, START, ailments, reading

TH = 1e12
WANTED = 100 * TH
USUAL, NEW = Nature(), Watch()
FEW = Nature(low=0.70, clear=0.80, window=3600.0)


def mined(at: float = START, **told: Any) -> Reading:
    """A device that shall do 100 TH/s."""
    return reading(at, **{"expected_hashrate": WANTED, "uptime": 86400.0, **told})


def sign(share: float | None, nature: Nature = USUAL, watch: Watch = NEW, **told: Any) -> Any:
    mean = None if share is None else share * WANTED
    return slow(watch, mined(**told), Output(mean, nature)).holds


def run(
    seconds: float,
    make: Callable[[float], Reading],
    share: float | None = None,
    watch: Watch = NEW,
    begin: float = START,
    nature: Nature = USUAL,
) -> Verdict:
    """The verdict after readings every check; `share` of the expected is the mean meanwhile."""
    output = Output(None if share is None else share * WANTED, nature)
    verdict, at = None, begin
    while at <= begin + seconds:
        verdict = judge(watch, make(at), SETTINGS, at, output=output)
        watch, at = verdict.watch, at + CHECK
    assert verdict is not None
    return verdict


def test_below_its_share_for_half_an_hour_it_is_ill_and_not_before() -> None:
    assert not run(SLOW_FOR - CHECK, mined, 0.79).findings
    verdict = run(SLOW_FOR, mined, 0.79)
    assert ailments(verdict) == [Ailment.SLOW]
    assert sentences(verdict.findings, START + SLOW_FOR) == (
        f"Hashes {si(79 * TH, 'H/s')} of {si(WANTED, 'H/s')} expected, 79 %, for 30 min."
    )


@pytest.mark.parametrize("minutes", [5, 8, 10, 14])
def test_who_is_read_seldom_is_found_slow_too(minutes: int) -> None:
    mean, watch, seldom = Mean(USUAL.window), NEW, replace(SETTINGS, health_check_interval=600.0)
    for at in range(int(START), int(START + 2 * HOUR), 60 * minutes):
        found = mined(float(at), hashrate=0.5 * WANTED)
        mean.add(found.at, found.hashrate, "key")
        verdict = judge(watch, found, seldom, at, output=Output(mean.value(at)))
        watch = verdict.watch
    assert ailments(verdict) == [Ailment.SLOW]


def test_at_its_share_it_is_not_slow() -> None:
    assert not run(HOUR, mined, 0.80).watch.conditions


def test_one_that_is_ill_is_well_only_above_the_higher_share() -> None:
    ill = run(SLOW_FOR, mined, 0.5).watch
    later = START + SLOW_FOR + CHECK
    assert run(0, mined, 0.87, ill, later).watch.ill
    verdict = run(0, mined, 0.88, ill, later)
    assert verdict.got_well
    assert not verdict.watch.conditions


def test_one_that_was_slow_for_a_while_only_is_judged_by_the_lower_share() -> None:
    slow_once = run(CHECK, mined, 0.5).watch
    assert not run(0, mined, 0.81, slow_once, START + 2 * CHECK).watch.conditions


def test_one_of_few_chips_is_given_more_room() -> None:
    assert not run(SLOW_FOR, mined, 0.71, nature=FEW).findings
    assert run(SLOW_FOR, mined, 0.69, nature=FEW).watch.ill
    ill = run(SLOW_FOR, mined, 0.5, nature=FEW).watch
    assert run(0, mined, 0.79, ill, START + HOUR, FEW).watch.ill
    assert not run(0, mined, 0.80, ill, START + HOUR, FEW).watch.ill


@pytest.mark.parametrize(
    "told",
    [
        {"tuning": True},
        {"halted": True},
        {"restarting": True},
        {"uptime": 899.0},
        {"pools": (Pool(0, alive=False),)},
        {"expected_hashrate": None},
        {"expected_hashrate": 0.0},
        {"expected_hashrate": float("nan")},
    ],
)
def test_what_cannot_be_judged_is_neither_slow_nor_well(told: dict[str, Any]) -> None:
    assert sign(0.1) is True
    assert sign(0.1, **told) is None
    assert not tells(Watch(), mined(**told), Nature()) or "expected_hashrate" in told


def test_without_a_mean_nothing_is_judged() -> None:
    assert sign(None) is None
    assert sign(float("nan")) is None


def test_a_family_has_its_own_time_of_grace() -> None:
    patient = Nature(grace=1800.0)
    assert sign(0.1, patient, uptime=1799.0) is None
    assert sign(0.1, patient, uptime=1800.0) is True
    assert sign(0.1, Nature(grace=300.0), uptime=300.0) is True
    assert sign(0.1, uptime=None) is True


def test_who_sleeps_is_not_ill_and_was_not() -> None:
    assert sign(0.0, asleep=True) is False
    ill = run(SLOW_FOR, mined, 0.1).watch
    verdict = run(0, lambda at: mined(at, asleep=True), 0.0, ill, START + HOUR)
    assert not verdict.watch.ill


DEAD_BOARD = (GOOD, replace(GOOD, index=1, alive=False, status="Dead"), replace(GOOD, index=2))


@pytest.mark.parametrize("boards", [DEAD_BOARD, DEAD_BOARD[:1]], ids=["dead", "missing"])
def test_a_board_that_is_dead_or_missing_explains_a_low_hashrate(
    boards: tuple[Board, ...],
) -> None:
    def lacking(at: float) -> Reading:
        return replace(mined(at), boards=boards)

    verdict = run(2 * HOUR, lacking, 0.6)
    assert verdict.watch.ill
    assert Ailment.SLOW not in ailments(verdict)


def test_a_board_that_was_there_once_is_missing_where_the_model_is_not_known() -> None:
    def two(at: float) -> Reading:
        return replace(mined(at, expected_boards=None), boards=(GOOD, replace(GOOD, index=1)))

    assert sign(0.6, watch=Watch(boards=3), expected_boards=None) is True
    assert slow(Watch(boards=3), two(START), Output(0.6 * WANTED)).holds is None
    assert slow(Watch(boards=2), two(START), Output(0.6 * WANTED)).holds is True
    assert ailments(run(2 * HOUR, two, 0.6, Watch(boards=3))) == [Ailment.MISSING]


def test_who_tunes_is_exempt_for_six_hours_and_then_told() -> None:
    def tuning(at: float) -> Reading:
        return mined(at, tuning=True)

    assert not run(TUNES_FOR - CHECK, tuning, 0.1).findings
    verdict = run(TUNES_FOR, tuning, 0.1)
    assert ailments(verdict) == [Ailment.TUNES]
    assert sentences(verdict.findings, START + TUNES_FOR) == "Has been tuning for 6 h."
    assert run(0, mined, 0.9, verdict.watch, START + TUNES_FOR + CHECK).got_well


def test_one_reading_that_does_not_tune_starts_the_six_hours_anew() -> None:
    before = run(TUNES_FOR - 2 * CHECK, lambda at: mined(at, tuning=True)).watch
    broken = run(0, mined, 0.9, before, START + TUNES_FOR - CHECK).watch
    later = START + TUNES_FOR
    assert not run(HOUR, lambda at: mined(at, tuning=True), None, broken, later).findings


def test_who_has_stopped_for_an_error_of_its_own_is_ill_at_once() -> None:
    verdict = run(0, lambda at: mined(at, halted=True), 0.0)
    assert ailments(verdict) == [Ailment.HALTED]
    assert sentences(verdict.findings, START) == "Stopped for an error of its own."
    asleep = run(0, lambda at: mined(at, halted=True, asleep=True))
    assert not asleep.findings


@pytest.mark.parametrize("ailment", [Ailment.SLOW, Ailment.TUNES, Ailment.HALTED])
def test_none_of_these_is_ever_a_reason_to_reboot(ailment: Ailment) -> None:
    assert ailment in REPORTED
    assert ailment in UNCURABLE
    condition = Condition(ailment, START - HOUR, counted=START - HOUR, ripe=True, ill=True)
    watch = Watch((condition,), judged=START, ill_since=START - HOUR)
    decision = healing.decide(
        healing.Case(
            record=Record(),
            watch=watch,
            reading=mined(),
            farm=healing.Farm(1),
            settings=SETTINGS,
            now=START,
        )
    )
    assert not decision.reboot
    assert not decision.leave
    dead = Condition(Ailment.DEAD, START - HOUR, 1, counted=START - HOUR, ripe=True, ill=True)
    curable = replace(watch, conditions=(condition, dead))
    case = healing.Case(Record(), curable, mined(), healing.Farm(1), SETTINGS, START)
    assert healing.decide(case).reboot


def test_a_board_or_its_chips_are_too_hot_by_their_familys_limits() -> None:
    nature = Nature(hot=90.0, hot_chip=105.0)

    def hot(**told: Any) -> bool:
        return too_hot(Board(0, **told), nature, 200.0)

    assert hot(temperature=90.1)
    assert not hot(temperature=90.0)
    assert hot(temperature=50.0, temperature_chip=105.1)
    assert not hot(temperature_chip=105.0)
    assert not hot(temperature=255.0)
    assert not hot(temperature=float("nan"))
    assert not hot()
