"""Time plans on the clocks of walls: a year of them, minute by minute, on both clock changes."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from mother.config.schedule import Plan
from mother.config.subject import Reach
from mother.core.reading import Mode
from mother.schedule import plans
from mother.schedule.local_time import clock_changes, instant, zone_of
from mother.schedule.plans import LOOK_AHEAD, Span
from mother.schedule.values import Wish

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Asia/Kolkata": (),
}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
END = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
MINUTES = int(END - BEGIN) // 60
A_DAY = 1440
BERLIN = ZoneInfo("Europe/Berlin")


def plan(begins: str, ends: str, **more: Any) -> Plan:
    """A plan of Berlin, unless said otherwise."""
    more = {"name": "night", "zone": "Europe/Berlin", **more}
    return Plan(begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), **more)


def at(text: str, fold: int = 0) -> float:
    """Berlin's clock; `fold` 1 is the second time that it shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


# the oracle: a clock that never goes back, looked at once a minute


@cache
def shown(zone: str) -> array[int]:
    """Of each minute of the year the latest minute that the clock has shown, as a number."""
    there, latest, found = ZoneInfo(zone), 0, array("q")
    for number in range(MINUTES):
        clock = datetime.fromtimestamp(BEGIN + 60 * number, there)
        latest = max(latest, clock.toordinal() * A_DAY + clock.hour * 60 + clock.minute)
        found.append(latest)
    return found


def held(one: Plan) -> bytes:
    """Of each minute of the year whether the plan holds: 1 or 0."""
    clock = shown(one.zone)
    first = clock[0] // A_DAY - 1
    wanted = bytearray((clock[-1] // A_DAY - first + 3) * A_DAY)
    begins, ends = (each.hour * 60 + each.minute for each in (one.begins, one.ends))
    length = (ends - begins) % A_DAY or A_DAY
    for number in range(len(wanted) // A_DAY - 1):
        day = date.fromordinal(first + number)
        if (one.days and day.weekday() not in one.days) or (one.dates and day not in one.dates):
            continue
        start = number * A_DAY + begins
        wanted[start : start + length] = b"\1" * length
    return bytes(wanted[minute - first * A_DAY] for minute in clock)


def together(some: list[Plan]) -> list[bytes]:
    """Of each minute which of them hold."""
    return [bytes(minute) for minute in zip(*map(held, some), strict=True)]


def expanded(found: list[Span], some: list[Plan]) -> Iterator[bytes]:
    """The same of spans."""
    for span in found:
        holding = bytes(any(one is each for each in span.plans) for one in some)
        minutes, rest = divmod(span.end - span.begin, 60)
        assert rest == 0
        yield from [holding] * int(minutes)


def clocks() -> st.SearchStrategy[time]:
    """Any minute; often one near the change of a clock, or the whole hours of people."""
    near = st.integers(0, 4 * 60)
    whole = st.integers(0, 23).map(lambda hour: hour * 60)
    number = st.one_of(near, whole, st.integers(0, A_DAY - 1))
    return number.map(lambda minute: time(minute // 60, minute % 60))


@st.composite
def written(draw: st.DrawFn, zones: tuple[str, ...]) -> Plan:
    """A plan as people may write it."""
    zone = draw(st.sampled_from(zones))
    begins = draw(clocks())
    ends = draw(st.one_of(clocks(), st.just(begins)))
    dates: tuple[date, ...] = ()
    if draw(st.integers(0, 3)) == 0:
        of_year = st.integers(0, 364).map(lambda day: date(2026, 1, 1) + timedelta(days=day))
        special = [day + timedelta(days=n) for day in CHANGES[zone] for n in (-1, 0, 1)]
        any_day = st.one_of(of_year, st.sampled_from(special)) if special else of_year
        dates = tuple(sorted(draw(st.sets(any_day, min_size=1, max_size=30))))
    days = draw(st.one_of(st.just(set[int]()), st.sets(st.integers(0, 6), min_size=1)))
    return Plan("p", begins, ends, zone, tuple(sorted(days)), dates)


def check_the_year(some: list[Plan], looks: list[int]) -> None:
    """Spans, changes and single moments are as the oracle has them."""
    wanted = together(some)
    cut = plans.spans(some, BEGIN, END)
    assert all(one.plans != other.plans for one, other in pairwise(cut)), "the same plans twice"
    assert list(expanded(cut, some)) == wanted, "the spans differ"
    changes = [BEGIN + 60 * n for n in range(1, MINUTES) if wanted[n] != wanted[n - 1]]
    found, now = [], BEGIN
    while (change := plans.next_change(some, now)) is not None and change < END:
        assert change > now, "it does not go on"
        found.append(change)
        now = change
    assert found == changes, "the changes differ"
    for look in looks:
        now = BEGIN + 60 * look + 29.5
        assert bytes(plans.holds(one, now) for one in some) == wanted[look]
        change = plans.next_change(some, now)
        number = bisect_right(changes, now)
        assert number == len(changes) or change == changes[number]
        for one, holds in zip(some, wanted[look], strict=True):
            if holds:
                assert plans.begin_of(one, now) <= now < (plans.end_of(one, now) or END)


AT_ONCE = (Phase.explicit, Phase.reuse, Phase.generate)
"""A smaller example takes minutes, and tells no more."""

LOOKS = st.lists(st.integers(1, MINUTES - 1), max_size=5)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_a_plan_is_that_of_a_clock_looked_at_each_minute(zone: str) -> None:
    @settings(max_examples=25, deadline=None, phases=AT_ONCE)
    @given(written((zone,)), LOOKS)
    @example(Plan("p", time(2, 30), time(2, 30), zone), [])
    @example(Plan("p", time(1, 45), time(2, 15), zone), [])
    @example(Plan("p", time(2, 15), time(2, 45), zone), [])
    @example(Plan("p", time(22), time(2, 30), zone, (5,)), [])
    @example(Plan("p", time(0), time(0), zone, (), CHANGES[zone]), [])
    def checked(one: Plan, looks: list[int]) -> None:
        check_the_year([one], looks)

    checked()


@settings(max_examples=20, deadline=None, phases=AT_ONCE)
@given(st.lists(written(ZONES), min_size=2, max_size=4), LOOKS)
def test_plans_of_several_zones_change_when_one_of_them_does(
    some: list[Plan], looks: list[int]
) -> None:
    check_the_year(some, looks)


@pytest.mark.parametrize("zone", ZONES)
def test_plans_that_follow_on_one_another_do_so_on_each_day(zone: str) -> None:
    hours = ["00:00", "02:15", "02:45", "12:00", "18:00", "00:00"]
    some = [plan(*pair, zone=zone) for pair in pairwise(hours)]
    found = plans.spans(some, BEGIN, END)
    assert {len(span.plans) for span in found} == {1}
    assert len(found) > 4 * 365


# clock changes, spelled out


def test_a_time_that_is_skipped_begins_when_the_clock_has_passed_it() -> None:
    assert plans.spans([plan("02:30", "04:00")], at("2026-03-29T00:00"), at("2026-03-29T12:00"))[
        1
    ] == Span(at("2026-03-29T03:00"), at("2026-03-29T04:00"), (plan("02:30", "04:00"),))
    within = plan("02:15", "02:45")
    assert plans.next_change([within], at("2026-03-28T12:00")) == at("2026-03-30T02:15")
    assert plans.end_of(plan("22:00", "02:30"), at("2026-03-29T01:00")) == at("2026-03-29T03:00")


def test_a_time_that_comes_twice_counts_when_it_comes_first() -> None:
    one = plan("02:30", "02:45")
    first = at("2026-10-25T02:30")
    assert plans.next_change([one], at("2026-10-25T00:00")) == first
    assert plans.next_change([one], first) == first + 15 * 60
    assert not plans.holds(one, at("2026-10-25T02:35", fold=1))
    whole = plan("02:00", "03:00")
    assert plans.begin_of(whole, at("2026-10-25T02:59", fold=1)) == at("2026-10-25T02:00")
    assert plans.end_of(whole, at("2026-10-25T02:00")) == at("2026-10-25T02:00") + 2 * 3600


def test_clocks_that_change_at_midnight_or_by_half_an_hour_are_right() -> None:
    beirut = instant(datetime(2026, 3, 29), "Asia/Beirut")
    assert datetime.fromtimestamp(beirut, ZoneInfo("Asia/Beirut")).hour == 1
    (change,) = clock_changes("Australia/Lord_Howe", at("2026-04-01"), at("2026-04-10"))
    assert (change.before - change.after, change.at % 60) == (1800.0, 0.0)
    assert clock_changes("Asia/Kolkata", BEGIN, END) == []
    assert len(clock_changes("America/New_York", BEGIN, END)) == 2


def test_universal_time_needs_no_zone_database() -> None:
    assert zone_of("UTC") is UTC


# days


def test_the_day_of_a_night_is_the_one_on_which_it_begins() -> None:
    friday = plan("22:00", "06:00", days=(4,))
    assert plans.holds(friday, at("2026-07-04T05:59"))  # a Saturday
    assert not plans.holds(friday, at("2026-07-03T05:59"))
    assert not plans.holds(friday, at("2026-07-04T23:00"))


def test_dates_restrict_days_further() -> None:
    one = plan("10:00", "11:00", days=(0,), dates=(date(2026, 7, 6), date(2026, 7, 7)))
    assert plans.holds(one, at("2026-07-06T10:00"))  # a Monday
    assert not plans.holds(one, at("2026-07-07T10:00"))
    assert not plans.holds(one, at("2026-07-13T10:00"))


def test_whole_days_in_a_row_are_one_time_without_a_change() -> None:
    week = plan("00:00", "00:00", days=(0, 1, 2, 3, 4))
    tuesday = at("2026-07-07T12:00")
    assert plans.end_of(week, tuesday) == at("2026-07-11T00:00")
    assert plans.next_change([week], tuesday) == at("2026-07-11T00:00")
    assert plans.begin_of(week, tuesday) == at("2026-07-07T00:00")
    for days in ((), (0, 1, 2, 3, 4, 5, 6)):
        always = plan("06:00", "06:00", days=days)
        assert plans.end_of(always, tuesday) is None
        assert plans.next_change([always], tuesday) is None


def test_what_does_not_hold_has_no_beginning_and_no_end() -> None:
    for asked in (plans.begin_of, plans.end_of):
        with pytest.raises(ValueError, match="plan night does not hold"):
            asked(plan("22:00", "06:00"), at("2026-07-07T12:00"))


# the next change


def test_a_change_too_far_away_is_none() -> None:
    now = at("2026-01-01T00:00")
    day = date(2026, 1, 1) + timedelta(days=LOOK_AHEAD)
    near, far = (plan("00:00", "01:00", dates=(each,)) for each in (day - timedelta(1), day))
    assert plans.next_change([near], now) == now + (LOOK_AHEAD - 1) * 86_400
    assert plans.next_change([far], now) is None
    assert plans.next_change([plan("00:00", "01:00", dates=(date(2025, 1, 1),))], now) is None
    assert plans.next_change([], now) is None


@pytest.mark.parametrize(
    ("one", "most"),
    [
        (plan("22:00", "06:00"), 10),
        (plan("22:00", "06:00", days=(6,)), 10),
        (plan("22:00", "06:00", dates=(date(2027, 1, 20),)), 10),
        (plan("00:00", "00:00"), 10),
    ],
)
def test_the_next_change_is_found_without_looking_at_each_hour(one: Plan, most: int) -> None:
    before = instant.cache_info()
    plans.next_change([one], at("2026-01-05T12:00"))
    after = instant.cache_info()
    assert after.hits + after.misses - before.hits - before.misses <= most


def test_a_time_that_is_over_has_no_spans() -> None:
    assert plans.spans([plan("22:00", "06:00")], END, BEGIN) == []
    assert plans.spans([], BEGIN, END) == [Span(BEGIN, END, ())]


# wishes


def test_a_plan_that_holds_wishes_of_whom_it_names() -> None:
    reach = Reach(groups=("hall-a",))
    some = [
        plan("22:00", "06:00", profile="underclock", priority=3),
        plan("00:00", "00:00", name="rest", mode=Mode.ACTIVE, power_target=3000.0, reach=reach),
        plan("08:00", "18:00", name="day"),
    ]
    members = {reach: frozenset({"a", "b"})}
    assert plans.wishes(some, at("2026-07-07T23:00"), members.__getitem__) == (
        Wish("plan night", "plan night until 06:00", None, 3, None, "underclock"),
        Wish("plan rest", "plan rest", members[reach], 0, Mode.ACTIVE, "", 3000.0),
    )


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (plan("18:00", "00:00"), "plan night until 24:00"),
        (plan("22:00", "22:00", days=(1,)), "plan night until 22:00"),
        (plan("00:00", "00:00", days=(1, 2, 3)), "plan night until Thu 24:00"),
        (
            plan("00:00", "00:00", dates=tuple(date(2026, 7, n) for n in range(1, 21))),
            "plan night until 2026-07-20 24:00",
        ),
    ],
)
def test_a_reason_says_until_when_by_the_clock_of_its_zone(one: Plan, reason: str) -> None:
    (wish,) = plans.wishes([one], at("2026-07-07T22:30"), lambda _: frozenset())
    assert wish.reason == reason
