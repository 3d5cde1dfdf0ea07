"""Signals are asked when they are due, believed while they are fresh, and told when silent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from mother.config.schedule import Budget, Rule, Schedule, Signal, Silence
from mother.core.model import EventKind
from mother.net.asking import Asker, AskFailed
from mother.schedule.reading_signals import Said
from mother.schedule.sources import Remembered, Sources
from tests.net.hosts import always
from tests.net.test_fetch import AUTHORITY, file, serving
from tests.net.turning import in_reactor, reactor, until

BEGIN = 1_773_180_000.0
URL = "https://user.example/secret?key=secret"
PRICE = Signal("price", URL, "p", {"Authorization": "secret"}, unit="EUR/MWh", body="{secret}")
PUSHED = Signal("grid", factor=10.0, plus=1.0, unit="W")
RULE = Rule("dear", "price", 80.0, 60.0, hard=150.0)


@contextmanager
def logged() -> Iterator[list[str]]:
    """All lines of the log, ours and those of others."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def keep(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(keep)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(keep)


class Site:
    """Signals, and somebody who answers them: with a document, an error, or not at all."""

    def __init__(self, *signals: Signal, **config: Any) -> None:
        self.config = Schedule(signals=signals or (PRICE,), **config)
        self.clock = Clock()
        self.adrift = 0.0
        self.asked: list[tuple[str, Mapping[str, str], str]] = []
        self.answer: object = None
        self.waiting: list[Deferred[bytes]] = []
        self.events: list[tuple[EventKind, str]] = []
        self.hurries = 0
        self.sources = self.made()

    def made(self) -> Sources:
        sources = Sources(
            lambda: self.config, self._fetch, self.clock, self.now, self._tell, self._hurry
        )
        sources.start()
        return sources

    def now(self) -> float:
        return BEGIN + self.clock.seconds() + self.adrift

    async def _fetch(self, url: str, headers: Mapping[str, str], body: str) -> bytes:
        self.asked.append((url, headers, body))
        if self.answer is None:
            self.waiting.append(Deferred())
            return await self.waiting[-1]
        if isinstance(self.answer, Exception):
            raise self.answer
        return json.dumps(self.answer).encode()

    def _tell(
        self, kind: EventKind, severity: object, text: str, content: Mapping[str, object]
    ) -> None:
        assert "secret" not in text + str(content)
        assert json.dumps(content)
        self.events.append((kind, text))

    def _hurry(self) -> None:
        self.hurries += 1

    def live(self, seconds: float, answer: object = None) -> None:
        """So long, with a round every 15 s; the answer is from now on this."""
        if answer is not None:
            self.answer = answer
        for _ in range(round(seconds / 15)):
            self.sources.poll_due()
            self.clock.advance(15)
        self.sources.poll_due()

    def value(self, name: str = "price") -> float | None:
        said = self.sources.said(name)
        return None if said is None else said.value

    def kinds(self) -> list[EventKind]:
        return [kind for kind, _ in self.events]


def test_a_signal_is_asked_at_once_and_then_when_it_is_due() -> None:
    site = Site()
    site.live(0, {"p": 42})
    assert site.asked == [(URL, {"Authorization": "secret"}, "{secret}")]
    assert site.sources.said("price") == Said(42, BEGIN, "EUR/MWh")
    site.live(45)
    assert len(site.asked) == 1
    site.live(15)
    assert len(site.asked) == 2


def test_a_round_never_waits_and_asks_nobody_twice_at_once() -> None:
    site = Site()
    site.live(45)
    assert len(site.asked) == 1
    assert site.sources.said("price") is None
    site.waiting[0].callback(b'{"p": 1}')
    assert site.value() == 1


def test_a_question_that_hangs_is_given_up_and_asked_again() -> None:
    site = Site()
    with logged() as lines:
        site.live(60)
        assert site.sources.trouble("price") == "the signal price: it does not answer in time"
        site.live(30)
    assert len(site.asked) == 2
    assert [line for line in lines if "price" in line] == [
        "Nothing is known anew: the signal price: it does not answer in time."
    ]


def test_failures_are_asked_again_ever_later_and_logged_once() -> None:
    site = Site()
    with logged() as lines:
        site.live(3600, AskFailed("it refuses the connection"))
        assert 10 <= len(site.asked) <= 16
        assert site.sources.trouble("price") == "the signal price: it refuses the connection"
        site.live(300, {"p": 1})
    assert site.sources.trouble("price") == ""
    assert [line for line in lines if "price" in line] == [
        "Nothing is known anew: the signal price: it refuses the connection.",
        "The signal price answers well again.",
    ]


@pytest.mark.parametrize("bad", [{"p": True}, {"p": "secret"}, {"q": 1}, {"p": 1e13}, [], "x"])
def test_a_bad_answer_leaves_the_last_word_and_invents_none(bad: object) -> None:
    site = Site()
    site.live(60, {"p": 42})
    site.live(120, bad)
    assert site.value() == 42
    assert site.sources.trouble("price").startswith("the signal price: p is")
    site.live(1200)
    assert site.value() is None
    assert site.sources.last("price") is not None


def test_an_error_of_another_kind_is_told_without_its_text() -> None:
    site = Site()
    with logged() as lines:
        site.live(15, RuntimeError(f"{URL} is bad"))
    assert site.sources.trouble("price") == "the signal price: it cannot be asked (RuntimeError)"
    assert "secret" not in "".join(lines)


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


def test_nobody_is_hurried_by_a_word_that_changes_nothing() -> None:
    site = Site(rules=(RULE,))
    for value, hurries in [
        (10, 1),
        (40, 1),
        (70, 2),
        (75, 2),
        (81, 3),
        (149, 3),
        (151, 4),
        (10, 5),
    ]:
        site.live(60, {"p": value})
        assert site.hurries == hurries, value


def test_a_budgets_signal_hurries_with_each_change() -> None:
    site = Site(budgets=(Budget("solar", signal="price", surplus=True),))
    site.live(120, {"p": 1})
    assert site.hurries == 1
    site.live(60, {"p": 2})
    assert site.hurries == 2


LIST = Signal("price", URL, at="t", value="v", step=1800.0, every=900.0)


def hours(*values: float | None) -> dict[str, Any]:
    return {"t": [BEGIN + 1800 * n for n in range(len(values))], "v": list(values)}


def test_a_list_of_prices_goes_on_while_its_source_is_gone_and_no_longer() -> None:
    site = Site(LIST)
    site.live(0, hours(1, 2, 3))
    site.live(1785, AskFailed("gone"))
    assert site.sources.said("price") == Said(1, BEGIN, "")
    site.live(15)
    assert site.sources.said("price") == Said(2, BEGIN + 1800, "")
    site.live(3585)
    assert site.value() == 3
    assert site.events == []
    site.live(465)
    assert site.kinds() == [EventKind.SIGNAL_SILENT]
    site.live(465)
    assert site.value() is None


def test_a_list_that_has_nothing_for_now_does_not_replace_one_that_has() -> None:
    site = Site(LIST)
    site.live(900, hours(1, 2, 3))
    site.live(3600, {"t": [BEGIN + 86_400], "v": [9]})
    assert site.value() == 3
    assert "has nothing for now" in site.sources.trouble("price")


def test_a_measurement_keeps_its_own_time_and_is_not_taken_for_a_new_one() -> None:
    site = Site(msgspec.structs.replace(LIST, step=120.0, every=15.0, silence=Silence(300)))
    site.live(60, {"t": BEGIN, "v": 7})
    assert site.sources.said("price") == Said(7, BEGIN, "")
    site.live(480)
    assert site.value() is None


def test_what_is_pushed_is_scaled_and_hurries() -> None:
    site = Site(PUSHED)
    site.sources.push("grid", 5, BEGIN - 30)
    assert site.sources.said("grid") == Said(51, BEGIN - 30, "W")
    assert site.hurries == 1
    site.live(60)
    assert site.asked == []


@pytest.mark.parametrize(
    ("name", "value", "at", "said"),
    [
        ("x", 1, 0, "there is no signal x; pushed can be: grid"),
        ("price", 1, 0, "the signal price is asked of its address, and is not pushed"),
        ("grid", True, 0, "the signal grid: the value is true or false, not a number"),
        ("grid", float("nan"), 0, "the signal grid: the value is a number out of range, not a"),
        ("grid", 1e12, 0, "the signal grid: the value is beyond all measure"),
        ("grid", 1, 121, "the signal grid: the time of its value has not come yet"),
        ("grid", 1, float("nan"), "the signal grid: the time of its value has not come yet"),
        ("grid", 1, -901, "the signal grid: its value is older than it would count"),
        ("grid", 1, -11, "the signal grid: a newer value is known already"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    name: str, value: object, at: float, said: str
) -> None:
    site = Site(PUSHED, PRICE)
    site.sources.push("grid", 2, BEGIN - 10)
    with pytest.raises((KeyError, ValueError)) as raised:
        site.sources.push(name, value, BEGIN + at)
    assert str(raised.value).startswith(said)
    assert isinstance(raised.value, KeyError) == (name == "x")
    assert site.value("grid") == 21


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


def test_a_stop_hangs_up_and_asks_no_more() -> None:
    site = Site()
    site.live(0)
    with logged() as lines:
        site.sources.stop()
        site.live(60)
    assert site.waiting[0].called
    assert len(site.asked) == 1
    assert [line for line in lines if "price" in line] == []


# over a real connection


async def spoken(url: str, **more: Any) -> tuple[Sources, list[str]]:
    """The signal after its first question ended, and what was logged."""
    config = Schedule(
        signals=(Signal("price", f"{url}/secret?secret", "p", {"X": "secret"}, **more),)
    )
    asker, clock = Asker(reactor, AUTHORITY.trust, whole=0.2), reactor
    sources = Sources(lambda: config, asker.ask, clock, reactor.seconds, print, lambda: None)
    with logged() as lines:
        sources.poll_due()
        await until(lambda: sources.trouble("price") or sources.said("price"))
        sources.stop()
    assert not [line for line in lines if "secret" in line or url in line]
    return sources, lines


@pytest.mark.parametrize("tls", [None, AUTHORITY.serves("127.0.0.1")])
@in_reactor
async def test_a_number_comes_over_a_real_connection(tls: Any) -> None:
    async with serving(file(b'{"p": "81.5"}'), tls) as (farm, url):
        said = (await spoken(url, body='{"secret": 1}'))[0].said("price")
    assert said is not None
    assert said.value == 81.5
    assert b"\r\nX: secret\r\n" in farm.requests[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (file(b'{"p": null}'), "p is null, not a number"),
        (file(b"<html>secret</html>"), "the answer is no JSON"),
        (file(b"secret", "403 Forbidden"), "it answers with status 403"),
        (always(b""), "it does not answer in time"),
        (always(b"", leave=True), "it cut the connection before the answer was whole"),
    ],
)
@in_reactor
async def test_what_went_wrong_is_logged_without_the_address(answer: Any, said: str) -> None:
    async with serving(answer) as (_, url):
        sources, lines = await spoken(url)
    assert sources.said("price") is None
    assert f"Nothing is known anew: the signal price: {said}." in lines
