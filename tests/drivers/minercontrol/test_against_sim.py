"""The driver and the simulated gateway, over loopback: neither knows how the other is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mother.core.errors import Garbled, Refused
from mother.core.model import CommandKind
from mother.core.ports import Ports
from mother.core.reading import Mode, Word
from mother.drivers.minercontrol.driver import MinerControl, MinerControlDevice
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.wire import Wire
from mother.sim.minercontrol.serving import GatewayPlan, ServedGateway
from mother.sim.minercontrol.state import Trouble, Variant
from tests.drivers.minercontrol.wire import PAUSE, RESUME, begun, order, profile
from tests.net.turning import in_reactor, reactor, until

NOW = 1_780_000_000.0
MINER = "10.1.1.1"
BOTH = pytest.mark.parametrize("variant", list(Variant))


class Shelf:
    """A simulated gateway and the family that talks to it; the time of both is ours to set."""

    def __init__(self, http: Http, variant: Variant, *troubles: Trouble) -> None:
        self.now = NOW
        plan = GatewayPlan(port=0, variant=variant, troubles=troubles)
        self.served = ServedGateway(plan, reactor, lambda: self.now)
        self.sim = self.served.gateway
        wire = Wire(http, Lines(reactor), lambda: 1.0, Ports, lambda: self.now)
        self.family = MinerControl(wire)

    def miner(self, miner: str = MINER, connections: int = 10) -> MinerControlDevice:
        return self.family.member(self.served.url, miner, connections)[0]


@asynccontextmanager
async def shelf(variant: Variant = Variant.MESSAGE, *troubles: Trouble) -> AsyncIterator[Shelf]:
    http = Http(reactor)
    one = Shelf(http, variant, *troubles)
    await one.served.start()
    try:
        yield one
    finally:
        await http.close()
        await one.served.stop()


@BOTH
@in_reactor
async def test_it_sleeps_wakes_and_changes_its_profile(variant: Variant) -> None:
    async with shelf(variant) as one:
        device = one.miner()
        assert (await device.read(1.0)).word is Word.NONE
        await device.perform(PAUSE)
        assert one.sim.miners[MINER].mode == "sleep"
        found = await device.read(1.0)
        assert (found.mode, found.word) == (Mode.SLEEP, Word.TAKEN)
        await device.perform(order(CommandKind.SET_PROFILE, profile="overclock"))
        await device.perform(RESUME)
        assert (one.sim.miners[MINER].mode, one.sim.miners[MINER].profile) == (
            "active",
            "overclock",
        )
        found = await device.read(1.0)
        assert (found.mode, found.profile) == (Mode.ACTIVE, "overclock")


@BOTH
@in_reactor
async def test_to_say_it_again_is_a_success_and_changes_nothing(variant: Variant) -> None:
    async with shelf(variant) as one:
        device = one.miner()
        for _ in range(3):
            await device.perform(PAUSE)
            await device.perform(profile("normal"))
            one.now += 61.0
    assert [(write.miner, write.value) for write in one.sim.writes] == [(MINER, "sleep")]


@BOTH
@in_reactor
async def test_a_gateway_that_forgot_who_is_logged_in_is_asked_for_a_token_again(
    variant: Variant,
) -> None:
    async with shelf(variant) as one:
        device = one.miner()
        await device.perform(PAUSE)
        one.sim.forget_tokens()
        one.sim.calls.clear()
        await device.perform(RESUME)
        assert one.sim.calls == {"curtail": 2, "login": 1}
        assert one.sim.miners[MINER].mode == "active"


@in_reactor
async def test_tokens_that_end_at_once_cost_a_login_each_and_no_order() -> None:
    async with shelf(Variant.MESSAGE, Trouble.EXPIRING) as one:
        device = one.miner()
        for what in (PAUSE, RESUME, PAUSE):
            await device.perform(what)
            one.now += 3.0
        assert one.sim.calls == {"login": 3, "curtail": 3}


@BOTH
@in_reactor
async def test_a_gateway_that_takes_no_token_is_told_so_and_not_hammered(
    variant: Variant,
) -> None:
    async with shelf(variant, Trouble.UNAUTHORIZED) as one:
        device = one.miner()
        with pytest.raises(Refused):
            await device.perform(PAUSE)
        assert one.sim.calls == {"login": 2, "curtail": 2}
        assert not one.sim.writes


@in_reactor
async def test_a_slow_gateways_order_is_no_success_without_its_yes() -> None:
    async with shelf() as one:
        device = one.miner()
        await device.perform(PAUSE)
        one.sim.suffer(Trouble.SLOW, 5.0)
        with pytest.raises(Garbled, match="not known"):
            await device.perform(RESUME)
        one.sim.slow = 0.0
        await device.perform(RESUME)
        assert (await device.read(1.0)).word is Word.TAKEN


@in_reactor
async def test_a_thousand_orders_use_as_many_connections_as_may_be_and_keep_them() -> None:
    async with shelf() as one:
        some = [one.miner(f"10.1.{n // 250}.{n % 250}", 7) for n in range(1000)]
        orders = [begun(device.perform(PAUSE)) for device in some]
        await until(lambda: sum(bool(each.called) for each in orders) == 1000)
        assert one.sim.calls == {"login": 1000, "curtail": 1000}
        assert len(one.sim.writes) == 1000
        assert (one.served.doors.most, one.served.doors.open) == (7, 7)
