"""What a miner is told by its second API: what arrives there once it is decrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mother.core.errors import Declined, DeviceError, Garbled, Refused, Unreachable
from mother.core.model import Command, CommandKind, Credential, NetworkSettings
from mother.drivers.whatsminer import words
from mother.drivers.whatsminer.second_session import CLOSED_S, CROWDED_S, TICKET_S
from tests.drivers.whatsminer import recorded, wire
from tests.drivers.whatsminer.recorded import order, pools
from tests.drivers.whatsminer.wire import CUT, Order, no
from tests.net.turning import in_reactor

EMPTY = {"pool3": "", "worker3": "", "passwd3": ""}
TWO_POOLS = {
    "pool1": "stratum+tcp://pool0.example:3333",
    "worker1": "farm.0",
    "passwd1": "hunter20",
    "pool2": "stratum+tcp://pool1.example:3333",
    "worker2": "farm.1",
    "passwd2": "hunter21",
    **EMPTY,
}
STATIC = NetworkSettings(False, "10.0.0.5", "255.255.255.0", "10.0.0.1", ("10.0.0.1", "1.1.1.1"))
LIGHT = {"color": "red", "period": 200, "duration": 100, "start": 0}

SENT: list[tuple[Command, str, Mapping[str, Any]]] = [
    (order(CommandKind.PAUSE), "power_off", {"respbefore": "true"}),
    (order(CommandKind.RESUME), "power_on", {}),
    (order(CommandKind.REBOOT), "reboot", {}),
    (order(CommandKind.RESTART_MINING), "restart_btminer", {}),
    (order(CommandKind.FACTORY_RESET), "factory_reset", {}),
    (order(CommandKind.SET_POWER, watts=3000.4), "adjust_power_limit", {"power_limit": "3000"}),
    (order(CommandKind.SET_PROFILE, profile="low", level=None), "set_low_power", {}),
    (order(CommandKind.SET_PROFILE, profile="normal", level=None), "set_normal_power", {}),
    (order(CommandKind.SET_PROFILE, profile="high", level=None), "set_high_power", {}),
    (order(CommandKind.SET_POOLS, pools=pools(2)), "update_pools", TWO_POOLS),
    (order(CommandKind.LOCATE, on=True), "set_led", LIGHT),
    (order(CommandKind.LOCATE, on=False), "set_led", {"param": "auto"}),
    (
        order(CommandKind.SET_NETWORK, network=NetworkSettings(True)),
        "net_config",
        {"param": "dhcp"},
    ),
    (
        order(CommandKind.SET_NETWORK, network=STATIC),
        "net_config",
        {
            "ip": "10.0.0.5",
            "mask": "255.255.255.0",
            "gate": "10.0.0.1",
            "dns": "10.0.0.1 1.1.1.1",
            "host": "WhatsMiner",
        },
    ),
    (
        order(CommandKind.SET_PASSWORD, credential=Credential("admin", "Nu_3")),
        "update_pwd",
        {"old": "admin", "new": "Nu_3"},
    ),
]


@pytest.mark.parametrize(
    ("command", "name", "form"), SENT, ids=[f"{kind.kind.value}-{name}" for kind, name, _ in SENT]
)
@in_reactor
async def test_an_order_arrives_as_the_vendors_document_has_it(
    command: Command, name: str, form: Mapping[str, Any]
) -> None:
    async with wire.second() as found:
        await found.device.perform(command)
        assert found.miner.orders == [Order(name, dict(form))]


@in_reactor
async def test_a_token_serves_many_orders_and_is_renewed_before_it_ends() -> None:
    async with wire.second() as found:
        for _ in range(3):
            await found.device.perform(order(CommandKind.RESUME))
        assert found.miner.asked.count("get_token") == 1
        found.clock.now += TICKET_S
        await found.device.perform(order(CommandKind.RESUME))
        assert found.miner.asked.count("get_token") == 2
        found.clock.now -= 10 * TICKET_S
        await found.device.perform(order(CommandKind.RESUME))
        assert found.miner.asked.count("get_token") == 3


@in_reactor
async def test_after_a_reboot_the_token_is_another_one() -> None:
    async with wire.second() as found:
        await found.device.perform(order(CommandKind.REBOOT))
        await found.device.perform(order(CommandKind.RESUME))
        assert found.miner.asked == ["get_token", "reboot", "get_token", "power_on"]


@in_reactor
async def test_a_token_that_it_does_not_know_any_more_is_renewed_once() -> None:
    stale = no(135, "token check err")
    async with wire.second(power_on=[wire.YES, stale, wire.YES]) as found:
        await found.device.perform(order(CommandKind.RESUME))
        await found.device.perform(order(CommandKind.RESUME))
        assert found.miner.asked == ["get_token", *["power_on"] * 2, "get_token", "power_on"]
    async with wire.second(power_on=[wire.YES, stale]) as found:
        await found.device.perform(order(CommandKind.RESUME))
        with pytest.raises(Refused):
            await found.device.perform(order(CommandKind.RESUME))
        assert len(found.miner.orders) == 3


@in_reactor
async def test_an_answer_that_is_lost_counts_as_taken_and_nothing_is_sent_twice() -> None:
    async with wire.second(update_pools=CUT) as found:
        await found.device.perform(order(CommandKind.SET_POOLS, pools=pools(1)))
        assert [one.name for one in found.miner.orders] == ["update_pools"]


@in_reactor
async def test_without_a_token_nothing_was_sent() -> None:
    async with wire.second(get_token=CUT) as found:
        with pytest.raises(Unreachable):
            await found.device.perform(order(CommandKind.PAUSE))
        assert found.miner.orders == []


@in_reactor
async def test_another_password_is_refused_with_the_cure() -> None:
    async with wire.second("secret") as found:
        with pytest.raises(Refused, match="admin password is not the one"):
            await found.device.perform(order(CommandKind.PAUSE))
        assert found.miner.orders == []


@pytest.mark.parametrize("answer", [no(45, "permission denied"), no(132, "can't access write cmd")])
@in_reactor
async def test_a_closed_api_is_told_with_the_step_that_opens_it(answer: object) -> None:
    async with wire.second(power_off=[answer, wire.YES]) as found:
        assert (await found.device.describe()).closed == ""
        with pytest.raises(Declined, match="WhatsMinerTool"):
            await found.device.perform(order(CommandKind.PAUSE))
        found.device.forget()
        assert (await found.device.describe()).closed == words.CLOSED_SECOND
        await found.device.perform(order(CommandKind.PAUSE))
        assert (await found.device.describe()).closed == ""


@in_reactor
async def test_what_was_closed_may_have_been_opened_after_an_hour() -> None:
    async with wire.second(power_off=no(45, "permission denied")) as found:
        with pytest.raises(Declined):
            await found.device.perform(order(CommandKind.PAUSE))
        found.clock.now += CLOSED_S
        assert (await found.device.describe()).closed == ""


FULL = {"STATUS": "S", "When": 1, "Code": 134, "Msg": "over max connect", "Description": ""}


@pytest.mark.parametrize("answer", [no(136, "over max connect"), FULL])
@in_reactor
async def test_where_there_are_no_more_tokens_nobody_asks_for_some_time(answer: object) -> None:
    async with wire.second(get_token=[answer, recorded.TOKEN]) as found:
        for _ in range(3):
            with pytest.raises(Declined, match="no more tokens"):
                await found.device.perform(order(CommandKind.PAUSE))
        assert found.miner.asked == ["get_token"]
        found.clock.now += CROWDED_S
        await found.device.perform(order(CommandKind.PAUSE))
        assert len(found.miner.orders) == 1


@in_reactor
async def test_a_no_is_told_in_words_without_secrets() -> None:
    told = no(132, "hunter20 of admin is bad")
    async with wire.second(update_pools=told, set_low_power=no(14, "invalid cmd")) as found:
        with pytest.raises(Declined) as caught:
            await found.device.perform(order(CommandKind.SET_POOLS, pools=pools(1)))
        assert str(caught.value) == "it could not do it: *** of *** is bad"
        with pytest.raises(Declined, match="does not know this command"):
            await found.device.perform(order(CommandKind.SET_PROFILE, profile="low", level=None))


@in_reactor
async def test_a_new_password_is_used_from_then_on() -> None:
    async with wire.second() as found:
        new = Credential("admin", "Nu_3")
        await found.device.perform(order(CommandKind.SET_PASSWORD, credential=new))
        assert found.device.credential == new
        found.miner.password = "Nu_3"
        await found.device.perform(order(CommandKind.PAUSE))
        assert [one.name for one in found.miner.orders] == ["update_pwd", "power_off"]


@in_reactor
async def test_a_password_that_was_not_taken_is_not_used() -> None:
    async with wire.second(update_pwd=no(132, "API command ERROR")) as found:
        new = Credential("admin", "Nu_3")
        with pytest.raises(Declined):
            await found.device.perform(order(CommandKind.SET_PASSWORD, credential=new))
        assert found.device.credential.password == "admin"


@pytest.mark.parametrize(
    "command",
    [
        order(CommandKind.SET_POWER),
        order(CommandKind.SET_POWER, watts=0),
        order(CommandKind.SET_POWER, watts=float("nan")),
        order(CommandKind.SET_POWER, watts=True),
        order(CommandKind.SET_POWER, watts=1e9),
        order(CommandKind.SET_PROFILE, profile="turbo", level=None),
        order(CommandKind.SET_PROFILE, profile="low", level="2"),
        order(CommandKind.SET_POOLS, pools=()),
        order(CommandKind.SET_POOLS, pools=pools(4)),
        order(CommandKind.SET_POOLS, pools=pools(1, None)),
        order(CommandKind.SET_POOLS),
        order(CommandKind.LOCATE),
        order(CommandKind.SET_PASSWORD, credential=Credential("admin", "much too long")),
        order(CommandKind.SET_PASSWORD, credential=Credential("root", "short")),
        order(CommandKind.SET_PASSWORD, credential=Credential("admin", "")),
        order(CommandKind.SET_NETWORK, network=NetworkSettings(False)),
        order(
            CommandKind.SET_NETWORK,
            network=NetworkSettings(False, "10.0.0.5", "255.255.255.0", "10.0.1.1", ("1.1.1.1",)),
        ),
        order(
            CommandKind.SET_NETWORK,
            network=NetworkSettings(False, "10.0.0.5", "255.0.255.0", "10.0.0.1", ("1.1.1.1",)),
        ),
        order(
            CommandKind.SET_NETWORK,
            network=NetworkSettings(False, "10.0.0.5", "255.255.255.0", "10.0.0.1"),
        ),
    ],
)
@in_reactor
async def test_what_no_miner_could_take_is_a_value_error_before_a_word_is_said(
    command: Command,
) -> None:
    async with wire.second() as found:
        with pytest.raises(ValueError, match=r".+") as caught:
            await found.device.perform(command)
        assert found.miner.asked == []
    assert "much too long" not in str(caught.value)
    assert not isinstance(caught.value, DeviceError)


@pytest.mark.parametrize(
    "hidden", ["hunter2", wire.SecondMiner({}, "admin").hidden(b"hunter2 is no object")]
)
@in_reactor
async def test_an_answer_that_cannot_be_read_is_garbled_without_showing_it(hidden: str) -> None:
    async with wire.second(power_off={"enc": hidden}) as found:
        with pytest.raises(Garbled) as caught:
            await found.device.perform(order(CommandKind.PAUSE))
    assert "hunter2" not in str(caught.value) + caught.value.sample


@pytest.mark.parametrize("seed", [{}, {"time": "1", "salt": "2"}, "secret"])
@in_reactor
async def test_a_token_without_its_parts_is_garbled(seed: object) -> None:
    async with wire.second(get_token={"STATUS": "S", "Msg": seed}) as found:
        with pytest.raises(Garbled):
            await found.device.perform(order(CommandKind.PAUSE))


@in_reactor
async def test_after_an_order_all_is_asked_again() -> None:
    async with wire.second() as found:
        await found.device.read(1.0)
        await found.device.perform(order(CommandKind.PAUSE))
        before = len(found.miner.asked)
        await found.device.read(2.0)
        assert {"status", "pools"} <= set(found.miner.asked[before:])
