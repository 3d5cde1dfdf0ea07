"""Fans go off after their miners sleep and on before they wake; in doubt they are on."""

from __future__ import annotations

from typing import Any

import pytest

from mother.schedule.facility import LEAVING, WAKING
from tests.net.turning import in_reactor
from tests.schedule.halls import hall

# off


@in_reactor
async def test_fans_go_off_once_all_their_miners_sleep_for_long_enough() -> None:
    async with hall() as one:
        await one.round()
        one.sleep()
        await one.round(15.0)
        await one.round(299.0)
        assert one.fans.on
        await one.round(1.0)
        assert (one.fans.on, one.on()) == (False, False)
        assert one.fans.orders == ["/on", "/off"]


@pytest.mark.parametrize(
    "more", [{"asleep": False}, {"asleep": None}, {"away": True}, {"seen": False}]
)
@in_reactor
async def test_one_miner_that_is_not_confirmed_asleep_keeps_them_on(more: dict[str, Any]) -> None:
    async with hall() as one:
        one.sleep("a")
        one.sleep("b", **more)
        for _ in range(4):
            await one.round(1000.0)
        assert one.fans.orders == ["/on"]


@in_reactor
async def test_nobody_known_and_no_scan_yet_are_doubts() -> None:
    async with hall() as one:
        one.sleep()
        one.sought = False
        await one.round()
        await one.round(1000.0)
        one.sought, one.miners = True, {}
        await one.round(1000.0)
        await one.round(1000.0)
        one.ids = frozenset()
        await one.round(1000.0)
        await one.round(1000.0)
        assert one.fans.orders == ["/on"]


@in_reactor
async def test_who_woke_in_between_starts_the_wait_anew() -> None:
    async with hall() as one:
        one.sleep()
        await one.round()
        await one.round(200.0)
        one.wake("b")
        await one.round(50.0)
        one.sleep()
        await one.round(50.0)
        await one.round(299.0)
        assert one.fans.on
        await one.round(1.0)
        assert not one.fans.on


# on


@in_reactor
async def test_miners_may_wake_once_their_fans_are_on_for_long_enough() -> None:
    async with hall() as one:
        await one.to_sleep()
        assert not one.may_wake()
        await one.rest()
        assert one.fans.on
        one.now += 29.0
        assert not one.may_wake()
        one.now += 1.0
        assert one.may_wake()
        assert one.may_wake("a", "b")
        assert one.fans.orders.count("/on") == 2


@in_reactor
async def test_who_has_no_fans_waits_for_none() -> None:
    async with hall() as one:
        await one.to_sleep()
        assert one.may_wake("c")
        assert not one.may_wake("c", "b")


@in_reactor
async def test_fans_stay_on_while_miners_are_about_to_wake() -> None:
    async with hall(lag=0.0) as one:
        one.sleep()
        await one.round()
        await one.round(1.0)
        assert not one.fans.on
        one.may_wake()
        await one.rest()
        await one.round(WAKING - 1.0)
        assert one.fans.on
        await one.round(1.0)
        assert not one.fans.on


@in_reactor
async def test_who_wakes_by_itself_gets_its_fans_at_once() -> None:
    async with hall() as one:
        await one.to_sleep()
        one.wake("b")
        await one.round(15.0)
        assert one.fans.on


@in_reactor
async def test_nobody_wakes_before_the_first_round() -> None:
    async with hall() as one:
        assert not one.may_wake()
        one.switches = ()
        assert one.may_wake()


@in_reactor
async def test_a_clock_that_is_set_back_locks_no_gate() -> None:
    async with hall() as one:
        await one.round()
        one.now -= 5000.0
        assert not one.may_wake()
        one.now += 30.0
        assert one.may_wake()


# the end, and another configuration


@in_reactor
async def test_nothing_is_left_off_when_the_daemon_ends() -> None:
    async with hall() as one:
        await one.to_sleep()
        await one.facility.stop()
        assert one.fans.on
        await one.round(15.0)
        assert one.fans.orders[-1] == "/on"


@in_reactor
async def test_a_switch_that_is_no_longer_configured_goes_on() -> None:
    async with hall() as one:
        await one.to_sleep()
        one.switches = ()
        one.fans.status = 500
        await one.round(15.0)
        one.fans.status = 200
        await one.round(300.0)
        assert one.fans.on
        assert one.facility.plants() == ()
        assert one.may_wake()


@in_reactor
async def test_a_switch_that_is_gone_for_good_is_given_up() -> None:
    async with hall() as one:
        await one.to_sleep()
        one.switches = ()
        one.fans.status = 500
        for _ in range(LEAVING + 5):
            await one.round(301.0)
        assert one.fans.orders.count("/on") == LEAVING + 1


@in_reactor
async def test_a_dry_run_switches_nothing_and_bars_nobody() -> None:
    async with hall() as one:
        one.dry = True
        one.sleep()
        await one.round()
        await one.round(1000.0)
        assert one.may_wake()
        await one.facility.stop()
        assert one.fans.calls == []
