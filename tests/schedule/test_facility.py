"""Fans go off after their miners sleep and on before they wake; in doubt they are on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from twisted.logger import LogEvent

from mother.config.schedule import Switch
from mother.config.subject import Reach
from mother.core.model import Severity
from mother.net.asking import Asker, AskFailed
from mother.schedule.facility import LEAVING, TRIES, WAKING, Facility, state_in
from mother.schedule.units import Rated
from mother.schedule.values import Ids
from tests.fleet.world import logged
from tests.net.turning import in_reactor, reactor, until
from tests.schedule.herds import rated
from tests.schedule.relays import Relay, relay

SECRET = "geheim"
HALL: Ids = frozenset({"a", "b"})


class Hall:
    """Two miners and their fans, behind a relay that hangs on loopback."""

    def __init__(self, fans: Relay, **more: Any) -> None:
        self.fans = fans
        self.now = 1000.0
        self.miners: dict[str, Rated] = {ident: rated(ident) for ident in ("a", "b", "c")}
        self.told: list[tuple[Severity, str]] = []
        self.sought = True
        self.ids = HALL
        self.dry = False
        base = f"{fans.base}/{{}}?key={SECRET}"
        self.switch = replace(
            Switch("fans", base.format("on"), base.format("off"), lead=30.0, lag=300.0), **more
        )
        self.switches: tuple[Switch, ...] = (self.switch,)
        self.facility = Facility(
            lambda: self.switches,
            Asker(reactor, whole=0.5).ask,
            lambda: self.now,
            lambda severity, text: self.told.append((severity, text)),
            sought=lambda: self.sought,
            dry_run=lambda: self.dry,
        )

    def members(self, reach: Reach) -> Ids:
        return self.ids

    async def round(self, passed: float = 0.0) -> None:
        """One round, and what comes of it."""
        self.now += passed
        self.facility.round(self.miners, self.members, self.now)
        await self.rest()

    async def rest(self) -> None:
        await until(lambda: all(one.flight is None for one in self._minded()))

    def _minded(self) -> list[Any]:
        facility = self.facility
        return [*facility._minded.values(), *facility._leaving]

    def sleep(self, *idents: str, **more: Any) -> None:
        for ident in idents or ("a", "b"):
            self.miners[ident] = rated(ident, **{"asleep": True, **more})

    def wake(self, *idents: str) -> None:
        for ident in idents or ("a", "b"):
            self.miners[ident] = rated(ident)

    def on(self) -> bool | None:
        return self.facility.plants()[0].on

    def may_wake(self, *idents: str) -> bool:
        return self.facility.may_wake(idents or ("a",), self.now)

    async def to_sleep(self) -> None:
        """All sleep for long, and the fans are off."""
        self.sleep()
        await self.round()
        await self.round(301.0)
        await self.round(1.0)
        assert not self.fans.on
        assert self.on() is False


@asynccontextmanager
async def hall(*, tells: bool = False, **more: Any) -> AsyncIterator[Hall]:
    async with relay() as fans:
        if tells:
            more |= {"state_url": f"{fans.base}/state?key={SECRET}", "state_path": "relays.0.ison"}
        yield Hall(fans, **more)


def said_by_us(events: list[LogEvent]) -> list[str]:
    """All that is in our own events; the relay of the tests logs what it is asked."""
    ours = (one for one in events if str(one.get("log_namespace")).startswith("mother."))
    return [repr(one) for one in ours]


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
