"""The breaker: when nobody is rebooted, and how it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mother.core.model import EventKind, Severity
from mother.fleet.remembered import BreakerState, Phase
from mother.jobs import breaker
from mother.jobs.breaker import Change, Farm, allows, evaluate, tried

START = 1_700_000_000.0
MINUTE = 60.0
HOUR = 3600.0


def ill(count: int, at: float = START, spread: float = 0.0, name: str = "m") -> dict[str, float]:
    """So many miners that fell ill at `at`, over `spread` seconds."""
    return {f"{name}{i}": at + spread * i / max(1, count - 1) for i in range(count)}


def farm(
    who: dict[str, float] | None = None,
    miners: int = 100,
    well: Collection[str] = (),
    candidates: Iterable[str] | None = None,
    unsure: Collection[str] = (),
    polls: tuple[int, int] = (100, 100),
) -> Farm:
    """A farm with these ill miners, all of which may be rebooted unless said; polls (ok, all)."""
    sick = who or {}
    return Farm(
        miners=miners,
        ill=sick,
        well=well,
        candidates=set(sick if candidates is None else candidates),
        unsure=unsure,
        answered=polls[1],
        polls=polls[1],
        polls_ok=polls[0],
    )


def kinds(changes: tuple[Change, ...]) -> list[EventKind]:
    return [one.kind for one in changes]


def opened(now: float = START, count: int = 20) -> BreakerState:
    """A breaker that a wave has opened."""
    return evaluate(BreakerState(), farm(ill(count, now)), now)[0]


def trying(count: int = 20) -> tuple[BreakerState, dict[str, float], float]:
    """A breaker that tries, the ill ones and the time."""
    state, now, sick = opened(count=count), START, ill(count)
    while state.phase is not Phase.TRYING:
        now += MINUTE
        state = evaluate(state, farm(sick), now)[0]
        assert now < START + HOUR
    return state, sick, now


@pytest.mark.parametrize(
    ("count", "miners", "opens"),
    [(10, 100, False), (11, 100, True), (2, 10, False), (3, 10, True), (3, 30, False)],
)
def test_more_than_a_tenth_and_at_least_three_at_once_open_it(
    count: int, miners: int, opens: bool
) -> None:
    state, changes = evaluate(BreakerState(), farm(ill(count), miners), START)
    assert (state.phase is Phase.OPEN) is opens
    assert allows(state) is not opens
    assert kinds(changes) == ([EventKind.BREAKER_OPENED] if opens else [])


@pytest.mark.parametrize(("spread", "opens"), [(599.0, True), (600.0, False)])
def test_only_those_who_fell_ill_within_ten_minutes_count(spread: float, opens: bool) -> None:
    state, _ = evaluate(BreakerState(), farm(ill(11, START, spread)), START + spread)
    assert (state.phase is Phase.OPEN) is opens


def test_a_wave_between_two_looks_is_not_missed() -> None:
    state, _ = evaluate(BreakerState(), farm(), START)
    state, _ = evaluate(state, farm(ill(11, START + 10)), START + 15 * MINUTE)
    assert state.phase is Phase.OPEN


def test_those_who_got_well_again_still_count_as_having_fallen_ill() -> None:
    state, _ = evaluate(BreakerState(), farm(ill(6)), START)
    state, _ = evaluate(state, farm(ill(6, START + 300, name="n")), START + 300)
    assert state.phase is Phase.OPEN


def test_those_who_have_been_ill_for_long_are_no_wave_however_many() -> None:
    """Such as after a restart of the daemon, which knows their time from memory."""
    state, changes = evaluate(BreakerState(), farm(ill(60, START - HOUR)), START)
    assert state.phase is Phase.CLOSED
    assert not changes


def test_a_restart_of_the_daemon_keeps_it_open_and_tells_nothing_anew() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(opened()), type=BreakerState)
    state, changes = evaluate(kept, farm(ill(20)), START + 30)
    assert not allows(state)
    assert not changes


@pytest.mark.parametrize(
    ("ok", "polls", "opens"), [(80, 100, False), (79, 100, True), (0, 9, False), (7, 10, True)]
)
def test_fewer_than_four_polls_in_five_open_it_from_ten_devices_on(
    ok: int, polls: int, opens: bool
) -> None:
    state, _ = evaluate(BreakerState(), farm(polls=(ok, polls)), START)
    assert (state.phase is Phase.OPEN) is opens


def test_a_farm_that_was_never_polled_trips_nothing() -> None:
    assert allows(evaluate(BreakerState(), Farm(miners=0, ill={}, well=(), candidates=()), 0.0)[0])


def test_one_critical_line_says_why_and_is_not_repeated() -> None:
    state, (change,) = evaluate(BreakerState(), farm(ill(20)), START)
    assert change.severity is Severity.CRITICAL
    assert change.text == (
        "20 of 100 miners fell ill within 10 min: nobody is rebooted until the cause is gone."
    )
    for minute in range(1, 10):
        state, changes = evaluate(state, farm(ill(20), polls=(10, 100)), START + minute * MINUTE)
        assert not changes


def test_it_tries_three_once_the_cause_is_gone() -> None:
    state, _, now = trying()
    assert now >= START + breaker.CALM
    for number in range(3):
        assert allows(state)
        state = tried(state, f"m{number}", now)
    assert not allows(state)


def test_it_stays_open_while_miners_go_on_falling_ill() -> None:
    state, sick = opened(), ill(20)
    for minute in range(0, 120, 2):
        now = START + minute * MINUTE
        sick = {**sick, **ill(3, now, name=f"at{minute}-")}
        state, _ = evaluate(state, farm(sick), now)
        assert state.phase is Phase.OPEN


def test_it_closes_without_a_trial_when_nobody_is_ill_any_more() -> None:
    state, changes = evaluate(opened(), farm(), START + HOUR)
    assert state.phase is Phase.CLOSED
    assert kinds(changes) == [EventKind.BREAKER_CLOSED]


def try_three(state: BreakerState, now: float) -> BreakerState:
    for name in ("m0", "m1", "m2"):
        state = tried(state, name, now)
    return state


def without(sick: dict[str, float], *names: str) -> dict[str, float]:
    return {name: at for name, at in sick.items() if name not in names}


def test_it_closes_when_all_three_are_well_again() -> None:
    state, sick, now = trying()
    state = try_three(state, now)
    two = farm(without(sick, "m0", "m1"), well={"m0", "m1"})
    state, changes = evaluate(state, two, now + 5 * MINUTE)
    assert not changes
    assert not allows(state)
    three = farm(without(sick, "m0", "m1", "m2"), well={"m0", "m1", "m2"})
    state, changes = evaluate(state, three, now + 10 * MINUTE)
    assert state.phase is Phase.CLOSED
    assert [one.text for one in changes] == ["All 3 miners tried are well again: reboots as usual."]


def test_one_that_is_not_cured_within_20_minutes_opens_it_for_an_hour() -> None:
    state, sick, now = trying()
    state = try_three(state, now)
    most = farm(without(sick, "m0", "m1"), well={"m0", "m1"})
    state, changes = evaluate(state, most, now + 1199)
    assert state.phase is Phase.TRYING
    state, changes = evaluate(state, most, now + 1200)
    assert kinds(changes) == [EventKind.BREAKER_OPENED]
    for minute in range(59):
        state, changes = evaluate(state, most, now + 1200 + minute * MINUTE)
        assert not allows(state)
        assert not changes
    state, changes = evaluate(state, most, now + 1200 + HOUR)
    assert kinds(changes) == [EventKind.BREAKER_TRYING]


def test_one_that_cannot_be_judged_yet_is_given_40_minutes() -> None:
    state, sick, now = trying()
    state = try_three(state, now)
    warm = farm(without(sick, "m0", "m1"), well={"m0", "m1"}, unsure={"m2"})
    state, _ = evaluate(state, warm, now + 2399)
    assert state.phase is Phase.TRYING
    assert evaluate(state, warm, now + 2400)[0].phase is Phase.OPEN


def test_one_that_vanished_was_not_cured() -> None:
    state, sick, now = trying()
    state = tried(state, "m0", now)
    assert evaluate(state, farm(without(sick, "m0")), now + 1200)[0].phase is Phase.OPEN


def test_fewer_than_three_are_enough_when_no_other_may_be_tried() -> None:
    state, sick, now = trying()
    state = tried(state, "m0", now)
    rest = farm(without(sick, "m0"), well={"m0"}, candidates=())
    state, changes = evaluate(state, rest, now + MINUTE)
    assert state.phase is Phase.CLOSED
    assert changes[0].text == "The one miner tried is well again: reboots as usual."


def test_it_waits_for_more_trials_while_there_are_candidates() -> None:
    state, sick, now = trying()
    state = tried(state, "m0", now)
    state, _ = evaluate(state, farm(without(sick, "m0"), well={"m0"}), now + 2 * HOUR)
    assert state.phase is Phase.TRYING
    assert allows(state)


def test_with_nobody_to_try_it_closes_after_a_quiet_half_hour() -> None:
    state, sick, now = trying()
    nobody = farm(sick, candidates=())
    assert evaluate(state, nobody, now + 1799)[0].phase is Phase.TRYING
    assert evaluate(state, nobody, now + 1800)[0].phase is Phase.CLOSED
    fresh = farm({**sick, "late": now + 600}, candidates=())
    assert evaluate(state, fresh, now + 1800)[0].phase is Phase.TRYING
    assert evaluate(state, fresh, now + 2400)[0].phase is Phase.CLOSED


def test_a_new_wave_while_trying_opens_it_again() -> None:
    state, sick, now = trying()
    more = farm({**sick, **ill(11, now, name="n")})
    state, changes = evaluate(state, more, now + MINUTE)
    assert kinds(changes) == [EventKind.BREAKER_OPENED]
    assert not allows(state)


def test_a_clock_set_back_keeps_it_open_no_longer_than_its_waits() -> None:
    state, sick, now = trying()
    state, _ = evaluate(try_three(state, now), farm(sick), now + 1200)
    assert state.phase is Phase.OPEN
    back, seen = now - 48 * HOUR, []
    for minute in range(0, 75, 5):
        state, changes = evaluate(state, farm(sick), back + minute * MINUTE)
        seen += kinds(changes)
    assert seen == [EventKind.BREAKER_TRYING]


def test_a_reboot_while_it_is_closed_is_no_trial() -> None:
    assert tried(BreakerState(), "m0", START) == BreakerState()


def test_a_wave_of_five_thousand_is_seen_without_counting_each_against_each() -> None:
    state, _ = evaluate(BreakerState(), farm(ill(5000, START, 599), 5000), START + 599)
    assert state.phase is Phase.OPEN


@given(
    st.lists(
        st.tuples(
            st.floats(1, 1800), st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 600)),
            st.booleans(), st.booleans(), st.integers(0, 20),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_once_nobody_falls_ill_and_polls_succeed_it_never_stays_open(
    steps: list[tuple[float, dict[str, float], bool, bool, int]],
) -> None:
    state, now = BreakerState(), START
    for pause, ages, may, reboot, ok in steps:
        now += pause
        sick = {name: now - age for name, age in ages.items()}
        some = farm(sick, 6, set("abcdef") - set(sick), sick if may else (), polls=(ok, 20))
        before = state
        state, changes = evaluate(state, some, now)
        assert bool(changes) == (before.phase is not state.phase)
        if reboot and sick and allows(state):
            state = tried(state, next(iter(sick)), now)
        assert len(state.trials) <= breaker.TRIALS
    for _ in range(20):
        now += 10 * MINUTE
        state, _ = evaluate(state, farm({"a": START - HOUR}, 6, set("bcdef"), ()), now)
    assert state.phase is Phase.CLOSED
