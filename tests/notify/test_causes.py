"""When a cause is told, when it is told again, and when not."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mother.notify import causes
from mother.notify.causes import Cause, Outcome, Say
from mother.notify.message import Tone, Words

START = 1_700_000_000.0
MINUTE, HOUR = 60.0, 3600.0
BAD, GOOD = Words("It is bad", "Look."), Words("It is good", "Fine.")


class Life:
    """One cause and all that was said of it, with the minute it was said in."""

    def __init__(self) -> None:
        self.cause = Cause()
        self.said: list[tuple[float, Say]] = []

    def at(
        self, minute: float, turn: Callable[[Cause, Words, float], Outcome], words: Words
    ) -> None:
        self._take(turn(self.cause, words, START + minute * MINUTE), minute)

    def pass_until(self, minute: float, since: float, step: float = 1.0) -> None:
        while since < minute:
            self._take(causes.reviewed(self.cause, START + since * MINUTE), since)
            since += step

    def _take(self, outcome: Outcome, minute: float) -> None:
        self.cause, say = outcome
        if say is not None:
            self.said.append((minute, say))

    @property
    def titles(self) -> list[str]:
        return [say.words.title for _, say in self.said]


def test_a_cause_is_told_once_and_so_is_its_end() -> None:
    life = Life()
    life.at(0, causes.raised, BAD)
    life.pass_until(30, 1)
    life.at(30, causes.cleared, GOOD)
    life.pass_until(600, 31)
    assert life.titles == ["It is bad", "It is good"]
    assert [say.tone for _, say in life.said] == [Tone.PROBLEM, Tone.RECOVERY]
    assert life.said[1][1].words.body == "Fine. It lasted 30 min."


def test_what_was_not_raised_is_not_recovered() -> None:
    life = Life()
    life.at(0, causes.cleared, GOOD)
    assert life.titles == []


def test_what_lasts_is_told_again_every_four_hours() -> None:
    life = Life()
    life.at(0, causes.raised, BAD)
    life.pass_until(13 * 60, 1)
    assert [minute for minute, _ in life.said] == [0, 240, 480, 720]
    assert life.titles[1] == "Still, after 4 h: It is bad"


def test_what_grows_is_told_at_once_and_does_not_flap() -> None:
    life = Life()
    life.at(0, causes.raised, BAD)
    for minute in range(2, 12, 2):
        life.at(minute, causes.grew, BAD)
    assert len(life.said) == 6
    assert not life.cause.flapping


def test_the_fourth_turn_within_an_hour_is_told_as_flapping_and_then_nothing_for_an_hour() -> None:
    life = Life()
    for minute in range(0, 50, 5):
        life.at(
            minute, causes.cleared if minute % 10 else causes.raised, GOOD if minute % 10 else BAD
        )
    assert life.titles[:3] == ["It is bad", "It is good", "It is bad"]
    assert life.titles[3:] == ["It comes and goes: 4 changes within 15 min. Now: It is good"]


def test_a_flap_is_told_hourly_and_ends_an_hour_after_the_last_turn() -> None:
    life = Life()
    for minute in range(0, 185, 5):
        life.at(
            minute, causes.cleared if minute % 10 else causes.raised, GOOD if minute % 10 else BAD
        )
        life.pass_until(minute + 5, minute + 1)
    assert [minute for minute, _ in life.said] == [0, 5, 10, 15, 76, 136]
    assert "It still comes and goes: 12 changes within 1 h" in life.titles[4]
    life.pass_until(300, 185)
    assert [minute for minute, _ in life.said][6:] == [196, 240]
    assert life.titles[-1] == "Steady again for 1 h: It is bad"
    assert life.said[-1][1].tone is Tone.PROBLEM
    life.at(301, causes.cleared, GOOD)
    assert life.titles[-1] == "It is good"


def test_what_just_happens_is_told_and_then_counted_for_an_hour() -> None:
    life = Life()
    crashed = Words("It crashed", "Why?")
    for minute in (0, 10, 20, 30):
        life.at(minute, causes.happened, crashed)
    life.pass_until(200, 31)
    assert life.titles == ["It crashed", "It crashed (3 more times since 22:13)"]
    life.at(300, causes.happened, crashed)
    assert life.titles[2:] == ["It crashed"]


def test_a_clock_that_is_set_back_silences_nothing_for_ever() -> None:
    life = Life()
    life.at(10_000, causes.raised, BAD)
    life.pass_until(300, 0)
    assert len(life.said) == 2
    life.at(301, causes.happened, BAD)


def test_a_cause_is_forgotten_a_day_after_it_ended_and_not_while_it_holds() -> None:
    life = Life()
    life.at(0, causes.raised, BAD)
    assert not causes.is_over(life.cause, START + 99 * HOUR)
    life.at(1, causes.cleared, GOOD)
    assert not causes.is_over(life.cause, START + 23 * HOUR)
    assert causes.is_over(life.cause, START + 25 * HOUR)


steps = st.lists(
    st.tuples(st.floats(0.0, 90.0), st.sampled_from(["raise", "clear", "wait"])), max_size=60
)


@given(steps)
def test_nobody_is_told_more_than_four_times_within_any_hour(
    story: list[tuple[float, str]],
) -> None:
    life, minute = Life(), 0.0
    for pause, what in story:
        life.pass_until(minute + pause, minute)
        minute += pause
        if what == "raise" and not life.cause.open:
            life.at(minute, causes.raised, BAD)
        elif what == "clear":
            life.at(minute, causes.cleared, GOOD)
    times = [at for at, _ in life.said]
    for first in times:
        assert sum(first <= at < first + 60 for at in times) <= causes.FLAPS + 1


@given(steps)
def test_the_last_word_is_how_it_is_once_all_is_quiet(story: list[tuple[float, str]]) -> None:
    life, minute = Life(), 0.0
    for pause, what in story:
        life.pass_until(minute + pause, minute)
        minute += pause
        if what == "raise" and not life.cause.open:
            life.at(minute, causes.raised, BAD)
        elif what == "clear":
            life.at(minute, causes.cleared, GOOD)
    life.pass_until(minute + 130, minute)
    last = life.said[-1][1].tone if life.said else Tone.RECOVERY
    assert (last is Tone.PROBLEM) == life.cause.open
