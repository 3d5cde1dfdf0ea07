"""What is sent to change a device, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.errors import Declined, DeviceError, Garbled, Stranger, Unreachable, Unsupported
from mother.core.model import CommandKind, ConfiguredPool
from mother.drivers.axeos import forms
from mother.drivers.base import NO_LOGIN
from tests.drivers.axeos.wire import (
    CUT,
    HANG,
    Page,
    device,
    listening,
    new,
    old,
    order,
    recording,
)
from tests.net.turning import in_reactor

INFO = "GET /api/system/info"
CHANGE = "PATCH /api/system"
RESTART = "POST /api/system/restart"
DONE = Page(200, b"")
TAKES = {CHANGE: DONE, RESTART: DONE}

SAME = (
    ConfiguredPool("stratum+tcp://btc.example.pool:3333", "asic-rs.test", None),
    ConfiguredPool("stratum+tcp://btc2.example.pool:3333", "asic-rs.test", None),
)
FIRST = ConfiguredPool("stratum+tcp://pool.example:4444", "farm.one", "hunter2")


def pools(*wanted: ConfiguredPool) -> Any:
    return order(CommandKind.SET_POOLS, pools=wanted)


@in_reactor
async def test_only_what_differs_is_sent_and_then_it_restarts() -> None:
    async with device(TAKES) as (bitaxe, one):
        await one.perform(pools(FIRST, SAME[1]))
    assert bitaxe.calls == [INFO, CHANGE, RESTART]
    assert bitaxe.writes[0].form == {
        "stratumURL": "pool.example",
        "stratumPort": 4444,
        "stratumUser": "farm.one",
        "stratumPassword": "hunter2",
    }
    assert bitaxe.writes[0].headers["content-type"] == "application/json"
    assert "origin" not in bitaxe.writes[0].headers
    assert bitaxe.most_open == 1


@in_reactor
async def test_another_user_alone_is_sent_alone_and_without_a_password() -> None:
    user = ConfiguredPool(SAME[0].url, "farm.two", None)
    async with device(TAKES) as (bitaxe, one):
        await one.perform(pools(user, SAME[1]))
    assert bitaxe.writes[0].form == {"stratumUser": "farm.two"}


@in_reactor
async def test_a_fallback_that_is_not_wished_is_emptied() -> None:
    async with device(TAKES) as (bitaxe, one):
        await one.perform(pools(SAME[0]))
    assert bitaxe.writes[0].form == {"fallbackStratumURL": ""}


@in_reactor
async def test_pools_that_are_there_already_cost_no_restart() -> None:
    async with device(TAKES) as (bitaxe, one):
        await one.perform(pools(*SAME))
    assert bitaxe.calls == [INFO]


@in_reactor
async def test_tls_is_switched_where_the_firmware_knows_it_and_declined_where_not() -> None:
    secure = ConfiguredPool("stratum+ssl://pool.example:443", "farm.one", None)
    async with device({**TAKES, INFO: new()}) as (bitaxe, one):
        await one.perform(pools(secure))
    assert bitaxe.writes[0].form["stratumTLS"] == 1
    async with device(TAKES) as (bitaxe, one):
        with pytest.raises(Declined, match="TLS"):
            await one.perform(pools(secure))
    assert bitaxe.writes == []


def test_tls_is_switched_off_again() -> None:
    plain = ConfiguredPool("stratum+tcp://btc2.example.pool:4333", "farm.gamma-7", None)
    first = ConfiguredPool("stratum+tcp://btc.example.pool:3333", "farm.gamma-7", None)
    form = forms.pools((first, plain), new())
    assert form["fallbackStratumTLS"] == 0
    assert "stratumTLS" not in form


@pytest.mark.parametrize(
    "wanted",
    [
        (),
        (*SAME, SAME[0]),
        (ConfiguredPool("pool.example:3333", "a", None),),
        (ConfiguredPool("http://pool.example:3333", "a", None),),
        (ConfiguredPool("stratum+tcp://pool.example", "a", None),),
        (ConfiguredPool("stratum+tcp://pool.example:99999", "a", None),),
        (ConfiguredPool("stratum+tcp://pool.example:3333/x", "a", None),),
        (ConfiguredPool("stratum+tcp://u:p@pool.example:3333", "a", None),),
        (ConfiguredPool("stratum+tcp://pool.example:3333", " ", None),),
        (ConfiguredPool("stratum+tcp://pool.example:3333", "a" * 300, None),),
    ],
)
@in_reactor
async def test_pools_that_none_could_take_are_refused_before_a_word_is_said(
    wanted: tuple[ConfiguredPool, ...],
) -> None:
    async with device(TAKES) as (bitaxe, one):
        with pytest.raises(ValueError, match=r"pool"):
            await one.perform(pools(*wanted))
    assert bitaxe.calls == []


@in_reactor
async def test_a_stranger_is_not_written_to() -> None:
    async with device(TAKES) as (bitaxe, one):
        one.expect("a0:b7:65:00:00:01")
        with pytest.raises(Stranger):
            await one.perform(pools(FIRST))
    assert bitaxe.writes == []


@pytest.mark.parametrize("lost", [CUT, HANG], ids=["cut", "hang"])
@in_reactor
async def test_a_change_whose_answer_is_lost_was_taken_and_is_not_repeated(lost: object) -> None:
    async with device({CHANGE: lost, RESTART: lost}, patience=0.3) as (bitaxe, one):
        await one.perform(pools(FIRST))
    assert bitaxe.calls == [INFO, CHANGE, RESTART]


@pytest.mark.parametrize("given", [Page(404), Page(500), Page(401)])
@in_reactor
async def test_pools_without_the_restart_are_no_success(given: object) -> None:
    async with device({CHANGE: DONE, RESTART: given}) as (_, one):
        with pytest.raises(Declined, match="did not restart"):
            await one.perform(pools(FIRST))


@pytest.mark.parametrize(
    ("given", "error"),
    [(Page(400), Declined), (Page(404), Unsupported), (Page(500), Garbled)],
)
@in_reactor
async def test_a_change_that_is_not_taken_restarts_nothing(
    given: object, error: type[DeviceError]
) -> None:
    async with device({CHANGE: given, RESTART: DONE}) as (bitaxe, one):
        with pytest.raises(error):
            await one.perform(pools(FIRST))
    assert RESTART not in bitaxe.calls


@pytest.mark.parametrize("status", [401, 403])
@in_reactor
async def test_one_that_wants_a_code_says_how_to_switch_that_off(status: int) -> None:
    answers = {INFO: recording("handmade/info_nerdqaxe"), CHANGE: Page(status, b"otp")}
    async with device(answers) as (bitaxe, one):
        with pytest.raises(Declined, match="one-time code") as caught:
            await one.perform(pools(FIRST))
    assert len(bitaxe.writes) == 1
    assert "hunter2" not in str(caught.value)


@in_reactor
async def test_clock_and_voltage_go_as_mhz_and_millivolts_and_alone() -> None:
    async with device(TAKES) as (bitaxe, one):
        await one.perform(order(CommandKind.SET_FREQUENCY, frequency=525.0, voltage=1.2))
        await one.perform(order(CommandKind.SET_FREQUENCY, frequency=487.5))
        await one.perform(order(CommandKind.SET_FREQUENCY, voltage=1.166))
    sent = [one.form for one in bitaxe.writes]
    assert sent == [
        {"frequency": 525, "coreVoltage": 1200},
        {"frequency": 487.5},
        {"coreVoltage": 1166},
    ]
    assert RESTART not in bitaxe.calls


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"frequency": 5000.0},
        {"frequency": 0.0},
        {"frequency": "fast"},
        {"frequency": float("nan")},
        {"voltage": 1200.0},
        {"voltage": 0.1},
        {"frequency": 525.0, "voltage": True},
    ],
)
@in_reactor
async def test_a_clock_that_no_chip_takes_is_refused_before_a_word_is_said(
    args: dict[str, object],
) -> None:
    async with device(TAKES) as (bitaxe, one):
        with pytest.raises(ValueError, match=r"frequency|voltage"):
            await one.perform(order(CommandKind.SET_FREQUENCY, **args))
    assert bitaxe.calls == []


@pytest.mark.parametrize(
    ("info", "asic", "args", "said"),
    [
        (old(), Page(404), {"frequency": 600.0}, "400 and 575 MHz"),
        (old(), Page(404), {"voltage": 1.4}, "1.1 and 1.3 V"),
        (new(), recording("handmade/asic_2_14"), {"frequency": 650.0}, "400 and 625 MHz"),
        (new(), recording("handmade/asic_2_14"), {"voltage": 1.3}, "1 and 1.25 V"),
        ({**old(), "ASICModel": "BM1"}, Page(404), {"voltage": 1.3}, "1 and 1.25 V"),
    ],
)
@in_reactor
async def test_what_its_own_menu_does_not_offer_is_declined(
    info: object, asic: object, args: dict[str, object], said: str
) -> None:
    answers = {INFO: info, "GET /api/system/asic": asic, **TAKES}
    async with device(answers) as (bitaxe, one):
        with pytest.raises(Declined, match=said):
            await one.perform(order(CommandKind.SET_FREQUENCY, **args))
    assert bitaxe.writes == []


@in_reactor
async def test_one_that_was_too_hot_is_not_driven_on() -> None:
    hot = {**old(), "overheat_mode": 1, "frequency": 50, "coreVoltage": 1000}
    async with device({**TAKES, INFO: hot}) as (bitaxe, one):
        with pytest.raises(Declined, match="too hot"):
            await one.perform(order(CommandKind.SET_FREQUENCY, frequency=525.0, voltage=1.2))
    assert bitaxe.writes == []


@in_reactor
async def test_a_stranger_is_not_written_to_though_it_answered_a_moment_ago() -> None:
    async with device(TAKES) as (bitaxe, one):
        await one.describe()
        one.expect("a0:b7:65:00:00:01")
        with pytest.raises(Stranger):
            await one.perform(pools(FIRST))
    assert bitaxe.writes == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (CommandKind.REBOOT, "restart"),
        (CommandKind.PAUSE, "pause"),
        (CommandKind.RESUME, "resume"),
        (CommandKind.LOCATE, "identify"),
    ],
)
@in_reactor
async def test_an_order_is_one_post_and_unsupported_where_the_firmware_is_too_old(
    kind: CommandKind, path: str
) -> None:
    call = f"POST /api/system/{path}"
    async with device({call: DONE}) as (bitaxe, one):
        await one.perform(order(kind))
    assert bitaxe.calls == [call]
    async with device({}) as (bitaxe, one):
        with pytest.raises(Unsupported, match="firmware"):
            await one.perform(order(kind))
    assert bitaxe.calls == [call]


@in_reactor
async def test_the_end_of_locating_needs_no_word() -> None:
    async with device({}) as (bitaxe, one):
        await one.perform(order(CommandKind.LOCATE, on=False))
    assert bitaxe.calls == []


@in_reactor
async def test_a_reboot_whose_answer_is_lost_was_taken() -> None:
    async with device({RESTART: CUT}) as (bitaxe, one):
        await one.perform(order(CommandKind.REBOOT))
    assert bitaxe.calls == [RESTART]


@in_reactor
async def test_a_write_to_an_absent_one_is_not_taken() -> None:
    async with listening({}) as (_, family, address):
        one = family.device(address, NO_LOGIN)
    with pytest.raises(Unreachable):
        await one.perform(order(CommandKind.REBOOT))


@in_reactor
async def test_an_order_of_another_trade_is_unsupported() -> None:
    async with device({}) as (bitaxe, one):
        with pytest.raises(Unsupported, match="set_power"):
            await one.perform(order(CommandKind.SET_POWER, watts=10.0))
    assert bitaxe.calls == []
