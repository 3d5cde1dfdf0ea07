"""Fans that fail, lie, or are switched by somebody else: in doubt they are on, and told of."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import LogEvent

from mother.core.model import Severity
from mother.net.asking import AskFailed
from mother.schedule.facility import TRIES, WAKING, state_in
from tests.fleet.world import logged
from tests.net.turning import in_reactor
from tests.schedule.halls import SECRET, hall


def said_by_us(events: list[LogEvent]) -> list[str]:
    """All that is in our own events; the relay of the tests logs what it is asked."""
    ours = (one for one in events if str(one.get("log_namespace")).startswith("mother."))
    return [repr(one) for one in ours]


# what fails


@in_reactor
async def test_fans_that_cannot_be_switched_on_are_told_once_and_tried_again() -> None:
    async with hall() as one:
        await one.to_sleep()
        one.fans.status = 503
        one.may_wake()
        await one.rest()
        for _ in range(TRIES + 2):
            await one.round(300.0)
            assert not one.may_wake()
            await one.rest()
        ((severity, text),) = one.told
        assert severity is Severity.ERROR
        assert text.startswith("fans cannot be switched on: it answers with status 503.")
        one.fans.status = 200
        await one.round(300.0)
        assert one.told[1] == (Severity.INFO, "fans can be switched again: it is on.")
        one.now += 30.0
        assert one.may_wake()


@in_reactor
async def test_what_failed_is_not_tried_again_at_once() -> None:
    async with hall() as one:
        one.fans.status = 503
        await one.round()
        for _ in range(10):
            one.may_wake()
            await one.rest()
        await one.round(4.0)
        assert len(one.fans.orders) == 1
        await one.round(1.0)
        assert len(one.fans.orders) == 2
        await one.round(9.0)
        assert len(one.fans.orders) == 2


@in_reactor
async def test_a_switch_that_may_be_off_lets_nobody_wake() -> None:
    async with hall() as one:
        await one.round()
        one.sleep()
        await one.round(15.0)
        assert one.may_wake("a") is False
        one.now += WAKING
        one.fans.silent = True
        one.facility.round(one.miners, one.members, one.now)
        assert one.on() is None
        assert not one.may_wake()
        await one.rest()
        assert one.on() is None
        one.now += 1000.0
        assert not one.may_wake()
        await one.rest()


@in_reactor
async def test_no_secret_of_an_address_is_told() -> None:
    with logged() as events:
        async with hall() as one:
            one.fans.status = 503
            for _ in range(TRIES + 1):
                await one.round(300.0)
            one.fans.status, one.fans.silent = 200, True
            await one.round(300.0)
            whole = f"{said_by_us(events)}{one.told}{one.facility.plants()}"
    assert "could not be switched" in whole
    assert SECRET not in whole
    assert "127.0.0.1" not in whole


# state


@in_reactor
async def test_what_is_so_already_is_not_switched() -> None:
    async with hall(tells=True) as one:
        await one.round()
        assert (one.fans.orders, one.on()) == ([], True)


@in_reactor
async def test_a_switch_that_says_yes_and_does_nothing_is_not_believed() -> None:
    async with hall(tells=True) as one:
        await one.to_sleep()
        one.fans.stuck = True
        one.may_wake()
        await one.rest()
        one.now += 60.0
        assert not one.may_wake()
        (plant,) = one.facility.plants()
        assert plant.why == "it took the call and is still off"
        await one.rest()


@in_reactor
async def test_a_switch_that_does_not_tell_its_state_any_more_is_in_doubt() -> None:
    async with hall(tells=True) as one:
        await one.round()
        one.now += 60.0
        assert one.may_wake()
        await one.rest()
        one.fans.status = 503
        await one.round(60.0)
        assert one.on() is None
        assert not one.may_wake()


@in_reactor
async def test_fans_that_somebody_switched_off_go_on_again() -> None:
    async with hall(tells=True) as one:
        await one.round()
        one.fans.on = False
        await one.round(15.0)
        assert not one.fans.on
        await one.round(60.0)
        assert one.fans.on
        assert one.told == [(Severity.WARNING, "fans was found switched off: it goes on.")]


@in_reactor
async def test_fans_that_somebody_switched_on_stay_on_until_their_miners_were_awake() -> None:
    async with hall(tells=True) as one:
        await one.to_sleep()
        one.fans.on = True
        for _ in range(3):
            await one.round(400.0)
        assert one.fans.on
        one.wake()
        await one.round(15.0)
        await one.to_sleep()


@in_reactor
async def test_method_body_and_headers_are_the_operators() -> None:
    more: dict[str, Any] = {
        "method": "PUT",
        "on_body": '{"on":1}',
        "headers": {"Authorization": "Bearer t"},
    }
    async with hall(**more) as one:
        one.fans.token = "Bearer t"
        await one.round()
        assert (one.fans.calls, one.on()) == ([("PUT", "/on", '{"on":1}')], True)
    async with hall() as one:
        await one.round()
        assert one.fans.calls == [("POST", "/on", "")]


@pytest.mark.parametrize(
    ("answer", "path", "on_value", "on"),
    [
        (b'{"ison":true}', "ison", "true", True),
        (b'{"ison":false}', "ison", "true", False),
        (b'{"relays":[{"ison":"On"}]}', "relays.0.ison", "on", True),
        (b'{"POWER":"OFF"}', "POWER", "ON", False),
        (b"1", "", "1", True),
        (b"1.0", "", "1", True),
        (b"0", "", "1", False),
        (b"7", "", "on", False),
    ],
)
def test_a_state_is_read_as_people_write_it(
    answer: bytes, path: str, on_value: str, on: bool
) -> None:
    assert state_in(answer, path, on_value) is on


@pytest.mark.parametrize(
    ("answer", "path"),
    [(b"<html>", ""), (b"{}", "ison"), (b'{"a":[1]}', "a.1"), (b"{}", ""), (b"[" * 10000, "")],
)
def test_a_state_that_cannot_be_read_is_no_state(answer: bytes, path: str) -> None:
    with pytest.raises(AskFailed):
        state_in(answer, path, "true")
