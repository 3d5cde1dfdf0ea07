"""What a miner is asked and told by its third API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mother.core.errors import Declined, Garbled, Refused, Stranger, Unreachable, Unsupported
from mother.core.model import Command, CommandKind, Credential, NetworkSettings
from mother.core.reading import Mode
from mother.drivers.whatsminer import words
from tests.drivers.whatsminer import recorded, wire
from tests.drivers.whatsminer.recorded import order, pools
from tests.drivers.whatsminer.wire import CUT, HANG, Order, Third
from tests.net.turning import in_reactor

CHEAP = ["get.miner.status summary", "get.miner.status edevs"]
SELDOM = [*CHEAP, "get.device.info", "get.miner.setting", "get.miner.status pools"]
SALT = "get.device.info salt"


def info(**parts: Any) -> dict[str, Any]:
    return {**recorded.third("get_device_info"), "msg": recorded.info(**parts)}


SHUT = info(system={"apiswitch": "0"})
OFF = info(miner={"working": "false"})


async def calls(found: Third) -> list[str]:
    before = len(found.miner.asked)
    await found.device.read(1.0)
    return found.miner.asked[before:]


@in_reactor
async def test_a_reading_asks_two_things_and_the_rest_at_every_tenth() -> None:
    async with wire.third() as found:
        assert await calls(found) == SELDOM
        for _ in range(9):
            assert await calls(found) == CHEAP
        assert await calls(found) == SELDOM
        found.device.forget()
        assert await calls(found) == SELDOM


@in_reactor
async def test_what_broke_off_and_what_fell_silent_is_asked_for_all_again() -> None:
    well, silent = recorded.third("get_miner_status_summary"), {"code": -1, "msg": "fail"}
    async with wire.third({"get.miner.status summary": [CUT, well, silent, well]}) as found:
        with pytest.raises(Unreachable):
            await found.device.read(1.0)
        assert await calls(found) == SELDOM
        await found.device.read(3.0)
        assert await calls(found) == SELDOM
        assert await calls(found) == CHEAP


@in_reactor
async def test_the_reading_holds_what_all_answers_told() -> None:
    async with wire.third() as found:
        await found.device.read(1.0)
        reading = await found.device.read(2.0)
    assert (reading.model, reading.profile, len(reading.boards)) == ("M60S_VK40", "low", 3)
    assert len(reading.pools) == 3
    assert reading.boards[1].serial == "BKM3CSE1404812K43675"


@in_reactor
async def test_while_it_is_unwell_it_is_asked_for_its_errors_each_time() -> None:
    ill = recorded.third("get_device_info_with_errors")
    async with wire.third({"get.device.info": ill}) as found:
        assert len((await found.device.read(1.0)).faults) == 5
        assert await calls(found) == [*CHEAP, "get.device.info"]


@in_reactor
async def test_stopped_it_sleeps_whether_its_program_answers_or_not() -> None:
    async with wire.third({"get.device.info": OFF}) as found:
        assert (await found.device.read(1.0)).mode is Mode.SLEEP
    silent = {"code": -1, "msg": "fail"}
    both = {"get.device.info": [OFF, OFF, info()], "get.miner.status summary": silent}
    async with wire.third(both) as found:
        assert (await found.device.read(1.0)).mode is Mode.SLEEP
        assert (await found.device.read(2.0)).mode is Mode.SLEEP
        assert (await found.device.read(3.0)).mode is Mode.STARTING


@in_reactor
async def test_what_a_miner_does_not_know_costs_that_alone() -> None:
    no = {"code": -2, "msg": "invalid command"}
    unknown = {"get.miner.setting": no, "get.miner.status pools": no, "get.miner.status edevs": no}
    async with wire.third(unknown) as found:
        reading = await found.device.read(1.0)
    assert (reading.hashrate, reading.pools, reading.boards) == (171.2e12, (), ())
    assert reading.profile == "normal"


@in_reactor
async def test_what_is_remembered_of_a_chatty_miner_is_bounded() -> None:
    miner = {f"x{n}": "y" * 1000 for n in range(500)}
    errors = [{str(1000 + n): "z" * 1000} for n in range(300)]
    told = {**info(miner=miner), "msg": {**recorded.info(miner=miner), "error-code": errors}}
    async with wire.third({"get.device.info": told}) as found:
        reading = await found.device.read(1.0)
        assert len(reading.faults) == 64
        assert len(repr(found.device._seldom)) < 100_000


@in_reactor
async def test_another_mac_is_a_stranger() -> None:
    async with wire.third() as found:
        found.device.expect("00:11:22:33:44:55")
        with pytest.raises(Stranger):
            await found.device.describe()
        with pytest.raises(Stranger):
            await found.device.read(1.0)


@in_reactor
async def test_who_it_is_is_one_question_and_tells_a_closed_api() -> None:
    async with wire.third({"get.device.info": [info(), SHUT]}) as found:
        assert (await found.device.describe()).closed == ""
        assert (await found.device.describe()).closed == words.CLOSED_THIRD
        assert found.miner.asked == ["get.device.info"] * 2


@in_reactor
async def test_settings_and_network_are_asked_anew() -> None:
    async with wire.third() as found:
        settings = await found.device.settings()
        network = await found.device.network()
    assert settings.pools is not None
    assert (len(settings.pools), settings.profile) == (3, "low")
    assert (settings.power_target, settings.asleep) == (3600.0, False)
    assert network.dhcp is True


LIGHT = {"color": "red", "period": 200, "duration": 100, "start": 0}
ROWS = [
    {"pool": "stratum+tcp://pool0.example:3333", "worker": "farm.0", "passwd": "hunter20"},
    {"pool": "stratum+tcp://pool1.example:3333", "worker": "farm.1", "passwd": "hunter21"},
]
SENT: list[tuple[Command, str, object]] = [
    (order(CommandKind.PAUSE), "set.miner.service", "stop"),
    (order(CommandKind.RESUME), "set.miner.service", "start"),
    (order(CommandKind.RESTART_MINING), "set.miner.service", "restart"),
    (order(CommandKind.REBOOT), "set.system.reboot", None),
    (order(CommandKind.FACTORY_RESET), "set.system.factory_reset", None),
    (order(CommandKind.SET_POWER, watts=3000.4), "set.miner.power_limit", 3000),
    (order(CommandKind.SET_PROFILE, profile="high", level=None), "set.miner.power_mode", "high"),
    (order(CommandKind.SET_POOLS, pools=pools(2)), "set.miner.pools", ROWS),
    (order(CommandKind.LOCATE, on=True), "set.system.led", [LIGHT]),
    (order(CommandKind.LOCATE, on=False), "set.system.led", "auto"),
]


@pytest.mark.parametrize(("command", "name", "parameter"), SENT)
@in_reactor
async def test_an_order_arrives_as_two_libraries_send_it(
    command: Command, name: str, parameter: object
) -> None:
    async with wire.third() as found:
        await found.device.perform(command)
        assert found.miner.orders == [Order(name, {"param": parameter})]
        assert found.miner.asked == [SALT, name]


@in_reactor
async def test_an_order_is_dated_by_the_devices_own_clock() -> None:
    async with wire.third() as found:
        found.miner.when = 1_500_000_000
        await found.device.perform(order(CommandKind.PAUSE))
        assert len(found.miner.orders) == 1


@in_reactor
async def test_without_a_clock_of_its_own_ours_dates_the_order() -> None:
    salt = {"code": 0, "when": 1000, "msg": {"salt": "uhCiDyVj"}}
    async with wire.third({SALT: salt}) as found:
        found.miner.when = int(found.clock.now)
        await found.device.perform(order(CommandKind.PAUSE))
        assert len(found.miner.orders) == 1


@in_reactor
async def test_the_mode_is_set_by_the_name_that_it_knows() -> None:
    no = {"code": -2, "msg": "invalid command"}
    low = order(CommandKind.SET_PROFILE, profile="low", level=None)
    async with wire.third({"set.miner.power_mode": no}) as found:
        for _ in range(2):
            await found.device.perform(low)
        names = [one.name for one in found.miner.orders]
        assert names == ["set.miner.power_mode", "set.miner.mode", "set.miner.mode"]
    async with wire.third({"set.miner.power_mode": no, "set.miner.mode": no}) as found:
        for _ in range(2):
            with pytest.raises(Declined, match="invalid command"):
                await found.device.perform(low)
        assert len(found.miner.orders) == 4


@in_reactor
async def test_another_password_is_refused_with_the_cure() -> None:
    async with wire.third(password="other") as found:
        with pytest.raises(Refused, match="password is not the one"):
            await found.device.perform(order(CommandKind.PAUSE))
        assert found.miner.orders == []


@in_reactor
async def test_a_closed_switch_is_told_with_the_step_that_opens_it() -> None:
    no = {"code": -4, "msg": "permission denied"}
    both = {"get.device.info": SHUT, "set.miner.service": no, "set.miner.power_mode": no}
    async with wire.third(both) as found:
        with pytest.raises(Declined, match="API switch"):
            await found.device.perform(order(CommandKind.PAUSE))
        command = order(CommandKind.SET_PROFILE, profile="low", level=None)
        with pytest.raises(Declined, match="API switch"):
            await found.device.perform(command)
        assert "set.miner.mode" not in found.miner.asked


@in_reactor
async def test_an_answer_that_is_lost_counts_as_taken() -> None:
    async with wire.third({"set.miner.pools": CUT}) as found:
        await found.device.perform(order(CommandKind.SET_POOLS, pools=pools(1)))
        assert len(found.miner.orders) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (CUT, Unreachable),
        ({"code": 0, "msg": {}}, Garbled),
        ({"code": -1, "msg": "busy"}, Declined),
    ],
)
@in_reactor
async def test_without_a_salt_nothing_was_sent(answer: object, error: type[Exception]) -> None:
    async with wire.third({SALT: answer}) as found:
        with pytest.raises(error):
            await found.device.perform(order(CommandKind.PAUSE))
        assert found.miner.orders == []


@in_reactor
async def test_a_no_is_told_in_words_without_secrets() -> None:
    told = {"code": -1, "msg": "bad: mypass99"}
    async with wire.third({"set.miner.service": told}, "mypass99", "mypass99") as found:
        with pytest.raises(Declined, match=r"bad: \*\*\*"):
            await found.device.perform(order(CommandKind.PAUSE))


@pytest.mark.parametrize(
    "command",
    [
        order(CommandKind.SET_NETWORK, network=NetworkSettings(True)),
        order(CommandKind.SET_PASSWORD, credential=Credential("admin", "x")),
        order(CommandKind.UPGRADE),
    ],
)
@in_reactor
async def test_what_nobody_published_is_unsupported(command: Command) -> None:
    async with wire.third() as found:
        with pytest.raises(Unsupported):
            await found.device.perform(command)
        assert found.miner.asked == []


BAD: list[tuple[CommandKind, Mapping[str, object]]] = [
    (CommandKind.SET_POWER, {"watts": -1}),
    (CommandKind.SET_PROFILE, {"profile": "x"}),
    (CommandKind.SET_POOLS, {"pools": pools(1, None)}),
    (CommandKind.LOCATE, {"on": "yes"}),
]


@pytest.mark.parametrize(("kind", "args"), BAD)
@in_reactor
async def test_what_no_miner_could_take_is_a_value_error_before_a_word_is_said(
    kind: CommandKind, args: Mapping[str, object]
) -> None:
    async with wire.third() as found:
        with pytest.raises(ValueError, match=r".+"):
            await found.device.perform(order(kind, **args))
        assert found.miner.asked == []


@in_reactor
async def test_a_slow_miner_is_given_ten_seconds_whatever_the_others_get() -> None:
    miner = wire.ThirdMiner({"get.device.info": HANG}, "super")
    async with wire.bench(miner, third=True, patience=0.05) as found:
        device = found.family.device(found.address, Credential("super", "super"))
        waiting = wire.started(device.describe())
        await wire.pause(0.3)
        assert waiting.result is None
        waiting.stop()
