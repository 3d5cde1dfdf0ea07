"""What counts of a signal that is silent, over restarts and other configurations too."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mother.config.schedule import Budget, Meter, Rule, Schedule, Silence
from mother.core.model import EventKind
from mother.net.asking import AskFailed
from mother.schedule.reading_signals import Said
from mother.schedule.sources import Remembered
from tests.schedule.listening import BEGIN, PRICE, PUSHED, Site


def test_a_silence_is_told_once_after_half_of_the_hold_and_so_is_its_end() -> None:
    site = Site()
    site.live(0, {"p": 42})
    site.live(450, AskFailed("it refuses the connection"))
    assert site.events == []
    site.live(15)
    assert site.events == [
        (
            EventKind.SIGNAL_SILENT,
            "The signal price has been silent for 465 s: in 435 s the miners run as if it held "
            "nothing (the signal price: it refuses the connection).",
        )
    ]
    site.live(3600)
    assert len(site.events) == 1
    site.live(300, {"p": 42})
    assert site.events[1:] == [(EventKind.SIGNAL_BACK, "The signal price speaks again.")]


RUNS = "the miners run as if it held nothing"
RULES = (Rule("dear", "grid", 80.0, 60.0),)
BUDGETS = (Budget("sun", signal="grid"),)
METERS = (Meter("grid"),)


@pytest.mark.parametrize(
    ("then", "used", "words"),
    [
        ("curtail", {"rules": RULES}, "its rules curtail"),
        ("curtail", {"budgets": BUDGETS}, "its budgets let nothing run"),
        ("curtail", {"meters": METERS}, "it does not count as a meter"),
        (
            "curtail",
            {"rules": RULES, "meters": METERS},
            "it does not count as a meter and its rules curtail",
        ),
        ("curtail", {}, "nothing changes, as nothing goes by it"),
        ("run", {"rules": RULES}, RUNS),
        ("run", {"budgets": BUDGETS, "meters": METERS}, f"it does not count as a meter and {RUNS}"),
        ("run", {"meters": METERS}, "it does not count as a meter"),
        ("run", {}, RUNS),
    ],
)
def test_what_is_told_of_a_silence_is_what_will_come_of_it(
    then: str, used: dict[str, Any], words: str
) -> None:
    site = Site(msgspec.structs.replace(PUSHED, silence=Silence(600, then)), **used)
    site.live(315)
    assert site.events == [
        (
            EventKind.SIGNAL_SILENT,
            f"The signal grid has been silent for 315 s: in 285 s {words}.",
        )
    ]


@pytest.mark.parametrize("then", ["run", "curtail"])
def test_after_the_hold_the_operators_choice_holds_and_not_the_last_word(then: str) -> None:
    site = Site(msgspec.structs.replace(PRICE, silence=Silence(600, then)))
    site.live(0, {"p": 42})
    site.live(600, AskFailed("gone"))
    assert site.value() == 42
    assert site.sources.fallback("price", site.now()) is None
    assert not site.sources.silent("price", site.now())
    site.live(15)
    assert site.value() is None
    assert site.sources.fallback("price", site.now()) == then
    assert site.sources.silent("price", site.now())
    site.live(600, {"p": 43})
    assert site.value() == 43
    assert site.sources.fallback("price", site.now()) is None


def test_a_signal_that_never_spoke_falls_silent_too() -> None:
    site = Site(msgspec.structs.replace(PRICE, silence=Silence(600, "curtail")), PUSHED)
    site.live(600, AskFailed("gone"))
    assert site.sources.fallback("price", site.now()) is None
    site.live(30)
    assert site.sources.fallback("price", site.now()) == "curtail"
    assert site.kinds() == [EventKind.SIGNAL_SILENT] * 2


def test_a_signal_that_is_asked_seldom_is_not_called_silent_in_between() -> None:
    site = Site(msgspec.structs.replace(PRICE, every=600.0))
    site.live(7200, {"p": 42})
    assert site.events == []
    assert len(site.asked) == 13


def test_a_pushed_signal_falls_silent_and_comes_back() -> None:
    site = Site(PUSHED)
    site.sources.push("grid", 5, BEGIN)
    site.live(915)
    assert site.sources.fallback("grid", site.now()) == "run"
    site.sources.push("grid", 5, site.now())
    assert site.kinds() == [EventKind.SIGNAL_SILENT, EventKind.SIGNAL_BACK]
    assert site.sources.fallback("grid", site.now()) is None


def restarted(site: Site) -> None:
    kept = msgspec.json.encode(site.sources.states())
    site.sources.stop()
    site.sources = site.made()
    site.sources.restore(msgspec.json.decode(kept, type=dict[str, Remembered]))


def test_a_word_outlives_a_restart_for_as_long_as_it_counts() -> None:
    site = Site(PUSHED)
    site.sources.push("grid", 5, BEGIN)
    site.clock.advance(600)
    restarted(site)
    assert site.sources.said("grid") == Said(51, BEGIN, "W")
    site.clock.advance(301)
    assert site.value("grid") is None


def test_after_a_long_pause_nobody_is_called_silent_before_he_was_asked() -> None:
    site = Site()
    site.live(0, {"p": 42})
    site.clock.advance(7200)
    restarted(site)
    assert site.value() is None
    assert site.sources.fallback("price", site.now()) is None
    site.live(0, {"p": 43})
    assert site.value() == 43
    assert site.events == []


def test_a_silence_that_was_told_is_told_over_after_a_restart() -> None:
    site = Site()
    site.live(900, AskFailed("gone"))
    restarted(site)
    site.live(600, AskFailed("gone"))
    assert site.kinds() == [EventKind.SIGNAL_SILENT]
    site.live(600, {"p": 1})
    assert site.kinds() == [EventKind.SIGNAL_SILENT, EventKind.SIGNAL_BACK]


def test_a_clock_that_is_set_back_keeps_nobody_fresh_for_ever() -> None:
    site = Site()
    site.live(0, {"p": 42})
    site.adrift = -86_400.0
    site.live(915, AskFailed("gone"))
    assert site.value() is None


def test_a_signal_that_is_asked_otherwise_keeps_its_last_word() -> None:
    site = Site()
    site.live(0, {"p": 42})
    site.config = Schedule(signals=(msgspec.structs.replace(PRICE, headers={"A": "b"}),))
    assert site.value() == 42
    site.live(0, {"p": 43})
    assert site.asked[-1][1] == {"A": "b"}
    assert site.value() == 43


def test_a_signal_that_means_something_else_now_says_nothing_until_it_is_asked() -> None:
    site = Site()
    site.live(0, {"p": 42})
    site.answer = None
    site.config = Schedule(signals=(msgspec.structs.replace(PRICE, factor=1000.0),))
    site.live(0)
    assert site.sources.said("price") is None
    assert site.sources.fallback("price", site.now()) is None


def test_a_signal_that_is_no_more_is_hung_up_on_and_unknown() -> None:
    site = Site()
    site.live(15)
    site.config = Schedule()
    site.live(0)
    assert site.waiting[0].called
    assert site.sources.said("price") is None
    assert site.sources.fallback("price", site.now()) == "run"
    assert site.sources.states() == {}
