"""What miners draw together: the widest meters, and the sum of what is known of the rest."""

from __future__ import annotations

import pytest
from msgspec import Struct

from mother.config.schedule import Meter, Schedule, Signal, Silence
from mother.config.subject import ANY, Reach
from mother.schedule.meter import Draw, Metered, alone, draw, metered
from mother.schedule.units import Power, Rated
from mother.schedule.values import Ids
from tests.schedule.herds import rated

HALL, ONE = Reach(groups=("hall",)), Reach(groups=("one",))
WHO: dict[Reach, Ids] = {
    ANY: frozenset("abcd"), HALL: frozenset("abc"), ONE: frozenset("a"),
}  # fmt: skip


class Word(Struct):
    value: float
    at: float


def farm(*more: Rated) -> dict[str, Rated]:
    """Four miners of 3,000 W each, of which `more` are otherwise."""
    found = {ident: rated(ident) for ident in "abcd"}
    return {**found, **{one.unit.id: one for one in more}}


def meter_of(ids: str, watts: float, source: str = "meter", error: float = 0.01) -> Metered:
    return Metered(f"m-{ids}", frozenset(ids), Power(watts, source, error))


def believed(
    words: dict[str, Word], *meters: Meter, pdus: str = "", now: float = 100.0, hold: float = 900.0
) -> tuple[Metered, ...]:
    signals = tuple(Signal(name, silence=Silence(hold=hold)) for name in words)
    schedule = Schedule(signals=signals, meters=meters)
    return metered(schedule, words.get, WHO.__getitem__, lambda _: pdus, now)


def test_what_is_metered_as_a_whole_counts_as_that_and_the_rest_is_summed() -> None:
    found = draw(farm(), [meter_of("abc", 9600.0)])
    assert found.watts == 12_600.0
    assert found.by == {"meter": 9600.0, "measured": 3000.0}
    assert found.source == "meter"
    assert found.error == pytest.approx((9600 * 0.01 + 3000 * 0.05) / 12_600)
    assert found.words == "meter 76 %, measured 24 %, ±2 %"


def test_a_meter_that_shows_others_too_says_nothing_of_a_part() -> None:
    found = draw(farm(), [meter_of("abcd", 12_400.0)], frozenset("ab"))
    assert (found.watts, found.words) == (6000.0, "measured ±5 %")


def test_nobody_counts_twice_where_meters_overlap() -> None:
    meters = [meter_of("abc", 9600.0), meter_of("cd", 6100.0), meter_of("d", 3100.0)]
    assert draw(farm(), meters).by == {"meter": 12_700.0}


def test_what_sleepers_draw_is_counted_and_told() -> None:
    found = draw(farm(rated("a", asleep=True, rest=60.0), rated("b", asleep=True)), [])
    assert (found.watts, found.asleep, found.resting) == (6110.0, 2, 110.0)
    whole = draw(farm(rated("a", asleep=True, rest=60.0)), [meter_of("abcd", 9100.0)])
    assert (whole.watts, whole.resting) == (9100.0, 60.0)


def test_who_is_not_known_is_counted_apart() -> None:
    found = draw(farm(rated("a", draws=0.0, source="unknown")), [])
    assert (found.watts, found.unknown) == (9000.0, 1)
    assert str(found).endswith("(measured ±5 %, without 1 miner)")


def test_nobody_draws_nothing() -> None:
    assert draw(farm(), [], frozenset()) == Draw()
    assert draw(farm(), [], frozenset("xyz")) == Draw()
    assert str(Draw()) == "0\u2009W"


# which meters are believed


def test_the_widest_meter_comes_first_and_has_its_error() -> None:
    words = {"site": Word(12_000.0, 99.0), "hall": Word(9000.0, 99.0)}
    found = believed(words, Meter("hall", 0.02, HALL), Meter("site", 0.03))
    assert [(one.signal, one.power) for one in found] == [
        ("site", Power(12_000.0, "meter", 0.03)),
        ("hall", Power(9000.0, "meter", 0.02)),
    ]


def test_an_old_word_counts_no_more() -> None:
    words = {"site": Word(12_000.0, 99.0)}
    assert believed(words, Meter("site"), now=99.0 + 900.0)
    assert not believed(words, Meter("site"), now=99.0 + 901.0)
    assert not believed({}, Meter("site"))


def test_less_than_nothing_is_no_word_of_a_meter() -> None:
    assert not believed({"site": Word(-1.0, 99.0)}, Meter("site"))


def test_a_meter_of_one_pdus_miners_is_the_pdus() -> None:
    words = {"hall": Word(9000.0, 99.0)}
    assert believed(words, Meter("hall", reach=HALL))[0].power.source == "meter"
    assert believed(words, Meter("hall", reach=HALL), pdus="p1")[0].power.source == "pdu"


def test_who_has_a_meter_alone_has_its_watts() -> None:
    words = {"site": Word(12_000.0, 99.0), "x": Word(3400.0, 99.0), "y": Word(3300.0, 99.0)}
    found = believed(words, Meter("site"), Meter("x", 0.05, ONE), Meter("y", 0.01, ONE))
    assert alone(found) == {"a": Power(3300.0, "meter", 0.01)}
