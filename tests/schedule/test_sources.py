"""Signals are asked when they are due, and believed as far as they make sense."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mother.config.schedule import Budget, Rule, Schedule, Signal, Silence
from mother.core.model import EventKind
from mother.net.asking import Asker, AskFailed
from mother.schedule.reading_signals import Said
from mother.schedule.sources import Sources
from tests.net.hosts import always
from tests.net.test_fetch import AUTHORITY, file, serving
from tests.net.turning import in_reactor, reactor, until
from tests.schedule.listening import BEGIN, PRICE, PUSHED, URL, Site, logged

RULE = Rule("dear", "price", 80.0, 60.0, hard=150.0)


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
        ("grit", 1, 0, "there is no signal grit; did you mean grid?"),
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
    with pytest.raises((LookupError, ValueError)) as raised:
        site.sources.push(name, value, BEGIN + at)
    assert str(raised.value).startswith(said)
    assert isinstance(raised.value, LookupError) == (name in {"x", "grit"})
    assert not isinstance(raised.value, KeyError)  # that would be a fault of ours
    assert site.value("grid") == 21


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
