"""What the driver tells an Avalon to do, word by word."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mother.core.errors import Declined, Refused, Stranger, Unreachable, Unsupported
from mother.core.model import CommandKind, ConfiguredPool, Credential
from mother.drivers.avalon import forms
from mother.drivers.avalon.driver import Avalon
from mother.net.exchange import CutOff
from tests.drivers.avalon.miner import (
    ASCSET_OK,
    NOW,
    A,
    Q,
    miner,
    order,
    recorded,
    section,
    wire_of,
)
from tests.drivers.cgminer.shelf import DENIED, shelf
from tests.net.turning import in_reactor

WHEN = 1753432244
"""The time of the recorded `version`."""

POOL = ConfiguredPool("stratum+tcp://pool.example.com:4444", "worker1", "x")
OTHER = ConfiguredPool("stratum+tcp://other.example.com:3333", "worker2", "hunter2")


def version_at(when: object) -> dict[str, Any]:
    answer = recorded("version")
    answer["STATUS"][0]["When"] = when
    return answer


# sleep


@pytest.mark.parametrize(
    ("kind", "option"), [(CommandKind.PAUSE, "softoff"), (CommandKind.RESUME, "softon")]
)
@in_reactor
async def test_it_sleeps_and_wakes_five_seconds_from_now_by_its_own_clock(
    kind: CommandKind, option: str
) -> None:
    async with miner(Q, ascset=recorded(f"ascset_{option}")) as (one, device):
        await device.perform(order(kind))
    assert one.commands == ["version", f"ascset|0,{option},1:{WHEN + 5}"]


@pytest.mark.parametrize("when", [24701, 0, None, "x", 9e15])
@in_reactor
async def test_by_our_clock_where_its_own_was_never_set(when: object) -> None:
    said = recorded("ascset_softoff")
    async with miner(Q, version=version_at(when), ascset=said) as (one, device):
        await device.perform(order(CommandKind.PAUSE))
    assert one.commands[1] == f"ascset|0,softoff,1:{int(NOW) + 5}"


@in_reactor
async def test_one_that_hangs_up_without_a_word_has_taken_it() -> None:
    async with miner(Q, ascset=None) as (one, device):
        await device.perform(order(CommandKind.RESUME))
    assert len(one.asked) == 2


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"STATUS": [{"STATUS": "E", "Code": 120, "Msg": "ASC 0 set failed: x"}]}, Declined),
        ({"STATUS": [{"STATUS": "I", "Msg": "ASC 0 set info: fail softoff"}]}, Declined),
        (recorded("ascset_help"), Declined),
        (DENIED, Refused),
    ],
)
@in_reactor
async def test_a_no_is_told_in_its_own_words(said: Any, error: type[Exception]) -> None:
    async with miner(Q, ascset=said) as (_, device):
        with pytest.raises(error, match=r"ASC 0|denied"):
            await device.perform(order(CommandKind.PAUSE))


@in_reactor
async def test_nothing_is_sent_to_a_stranger() -> None:
    async with miner(Q, ascset=ASCSET_OK) as (one, device):
        device.expect("b4:a2:eb:3f:00:01")
        for kind in CommandKind:
            args = {"profile": "eco", "pools": (POOL,)}
            with pytest.raises((Stranger, Unsupported)):
                await device.perform(order(kind, **args))
    assert set(one.commands) == {"version"}


@in_reactor
async def test_a_device_that_is_gone_was_sent_nothing() -> None:
    async with miner(Q) as (_, device):
        pass
    with pytest.raises(Unreachable) as caught:
        await device.perform(order(CommandKind.PAUSE))
    assert not isinstance(caught.value, CutOff)


# modes


@pytest.mark.parametrize(("profile", "number"), [("eco", 0), ("standard", 1), ("super", 2)])
@in_reactor
async def test_the_modes_of_a_q(profile: str, number: int) -> None:
    async with miner(Q, ascset=ASCSET_OK) as (one, device):
        await device.perform(order(CommandKind.SET_PROFILE, profile=profile, level=None))
    assert one.commands[1] == f"ascset|0,workmode,set,{number}"


@in_reactor
async def test_the_modes_of_a_nano_3s() -> None:
    version = section(VERSION=[{"PROD": "Avalon Nano3s", "MAC": "b4a2eb3f0001"}])
    async with miner(Q, version=version, ascset=ASCSET_OK) as (one, device):
        await device.perform(order(CommandKind.SET_PROFILE, profile="high"))
    assert one.commands[1] == "ascset|0,worklevel,set,2"


@pytest.mark.parametrize(("said", "profile"), [(Q, "high"), (A, "eco")])
@in_reactor
async def test_a_mode_that_the_model_is_not_known_to_have_is_not_sent(
    said: Any, profile: str
) -> None:
    async with miner(said, ascset=ASCSET_OK) as (one, device):
        with pytest.raises(Unsupported, match=f"no profile {profile}"):
            await device.perform(order(CommandKind.SET_PROFILE, profile=profile))
    assert one.commands == ["version"]


@pytest.mark.parametrize("args", [{}, {"profile": "fast"}, {"profile": "eco", "level": "2"}])
@in_reactor
async def test_a_mode_that_no_avalon_has_is_a_value_error(args: dict[str, Any]) -> None:
    async with miner(Q) as (one, device):
        with pytest.raises(ValueError, match="profile"):
            await device.perform(order(CommandKind.SET_PROFILE, **args))
    assert one.asked == []


# starts and light


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (CommandKind.REBOOT, "ascset|0,reboot,0"),
        (CommandKind.RESTART_MINING, "restart"),
        (CommandKind.LOCATE, "ascset|0,led,1-1"),
    ],
)
@in_reactor
async def test_the_plain_orders(kind: CommandKind, sent: str) -> None:
    said = {"ascset": ASCSET_OK, "restart": {"STATUS": "RESTART"}}
    async with miner({**Q, **said}) as (one, device):
        await device.perform(order(kind))
    assert one.commands == ["version", sent]


@in_reactor
async def test_a_light_goes_out_again() -> None:
    async with miner(Q, ascset=ASCSET_OK) as (one, device):
        await device.perform(order(CommandKind.LOCATE, on=False))
    assert one.commands[1] == "ascset|0,led,1-0"


@pytest.mark.parametrize("kind", [CommandKind.POWER_OFF, CommandKind.SET_POWER])
@in_reactor
async def test_what_an_avalon_does_not_know_is_unsupported(kind: CommandKind) -> None:
    async with miner(Q) as (one, device):
        with pytest.raises(Unsupported, match=kind.value):
            await device.perform(order(kind))
    assert one.asked == []


@in_reactor
async def test_after_an_order_everything_is_asked_anew() -> None:
    async with miner(Q, ascset=ASCSET_OK) as (one, device):
        await device.read(1.0)
        await device.perform(order(CommandKind.LOCATE))
        one.asked.clear()
        await device.read(1.0)
    assert "pools" in one.commands


# pools


@in_reactor
async def test_pools_that_differ_are_set_and_then_it_reboots() -> None:
    async with miner(Q, ascset=ASCSET_OK, setpool=ASCSET_OK) as (one, device):
        await device.perform(order(CommandKind.SET_POOLS, pools=(POOL, OTHER)))
    assert one.commands == [
        "version",
        "pools",
        "setpool|root,root,1,stratum+tcp://other.example.com:3333,worker2,hunter2",
        "ascset|0,reboot,0",
    ]


@in_reactor
async def test_pools_that_are_there_already_are_left_alone() -> None:
    async with miner(Q) as (one, device):
        await device.perform(order(CommandKind.SET_POOLS, pools=(POOL,)))
        unnamed = ConfiguredPool(POOL.url, POOL.user, None)
        await device.perform(order(CommandKind.SET_POOLS, pools=(unnamed,)))
    assert one.commands == ["version", "pools"] * 2


@in_reactor
async def test_the_login_of_its_page_is_used_where_one_is_known() -> None:
    async with shelf({**Q, "ascset": ASCSET_OK, "setpool": ASCSET_OK}) as (one, lines, address):
        device = Avalon(wire_of(lines)).device(address, Credential("me", "secret"))
        await device.perform(order(CommandKind.SET_POOLS, pools=(OTHER,)))
    assert one.commands[2].startswith("setpool|me,secret,0,")


@in_reactor
async def test_a_pool_cannot_be_taken_away() -> None:
    pools = recorded("pools")
    pools["POOLS"] *= 2
    async with miner(Q, pools=pools) as (one, device):
        with pytest.raises(Declined, match="it has 2 pools"):
            await device.perform(order(CommandKind.SET_POOLS, pools=(OTHER,)))
    assert one.commands == ["version", "pools"]


@in_reactor
async def test_a_new_pool_needs_a_password() -> None:
    pool = ConfiguredPool(OTHER.url, OTHER.user, None)
    async with miner(Q) as (one, device):
        with pytest.raises(Declined, match="pool 1 is new"):
            await device.perform(order(CommandKind.SET_POOLS, pools=(pool,)))
    assert one.commands == ["version", "pools"]


@pytest.mark.parametrize(
    "said",
    [
        {"STATUS": [{"STATUS": "E", "Msg": "bad setpool root,root,0,hunter2"}]},
        {"STATUS": [{"STATUS": "I", "Msg": "failed: hunter2"}]},
    ],
)
@in_reactor
async def test_a_pool_that_is_refused_leaves_no_password_in_the_words(said: Any) -> None:
    async with miner(Q, ascset=ASCSET_OK, setpool=said) as (one, device):
        with pytest.raises(Declined) as caught:
            await device.perform(order(CommandKind.SET_POOLS, pools=(OTHER,)))
    assert "hunter2" not in str(caught.value)
    assert "ascset|0,reboot,0" not in one.commands


@in_reactor
async def test_one_that_does_not_reboot_says_that_it_has_the_pools() -> None:
    async with miner(Q, setpool=ASCSET_OK) as (_, device):
        with pytest.raises(Declined, match="has 1 of 1 new pools, but did not reboot"):
            await device.perform(order(CommandKind.SET_POOLS, pools=(OTHER,)))


@pytest.mark.parametrize(
    ("last", "taken"), [("setpool|root,root,0", 1), ("setpool|root,root,1", 2)]
)
@in_reactor
async def test_one_that_is_gone_after_a_pool_was_set_was_sent_something(
    last: str, taken: int
) -> None:
    async with miner(Q, setpool=ASCSET_OK, ascset=ASCSET_OK) as (one, device):

        def shut(_: object) -> None:
            if one.commands[-1].startswith(last):
                device._api.address = replace(device.address, port=1)

        one.change = shut
        with pytest.raises(Declined, match=f"has {taken} of 2 new pools"):
            await device.perform(order(CommandKind.SET_POOLS, pools=(OTHER, POOL)))
    assert one.commands[-1].startswith(last)


def pool(**fields: Any) -> tuple[ConfiguredPool, ...]:
    return (ConfiguredPool(**{"url": "stratum+tcp://p:1", "user": "u", "password": "p", **fields}),)


@pytest.mark.parametrize(
    "pools",
    [
        None, [], (), pool() * 4, pool(url=""), pool(user=""), pool(user="a,b"), pool(user="a|b"),
        pool(password="a\nb"), pool(url="stratum+tcp://p:1,x"), pool(user="é"),
        pool(password="x" * 251), pool(user='a"b'),
    ],
)  # fmt: skip
def test_pools_that_no_avalon_could_take_are_a_value_error(pools: Any) -> None:
    with pytest.raises(ValueError, match=r"pool"):
        forms.check_pools(pools)


def test_no_error_about_a_pool_holds_its_password() -> None:
    with pytest.raises(ValueError, match="password of pool 1") as caught:
        forms.check_pools(pool(password="hunter2,"))
    assert "hunter2" not in str(caught.value)
