"""What is asked of a miner by its second API, and how often."""

from __future__ import annotations

import pytest

from mother.core.errors import Declined, Garbled, Stranger, Unreachable, Unsupported
from mother.core.model import CommandKind, NetworkSettings
from mother.core.reading import Mode
from mother.drivers.whatsminer.second_session import Session
from tests.drivers.whatsminer import recorded, wire
from tests.drivers.whatsminer.wire import CUT, HANG, Second, no
from tests.net.talkers import Talker
from tests.net.turning import in_reactor

CHEAP = ["summary", "devs"]
SELDOM = ["summary", "pools", "get_psu", "devdetails", "devs", "status", "get_error_code"]
OFF = {**recorded.second("status"), "Msg": {**recorded.second("status")["Msg"], "mineroff": "true"}}


async def calls(found: Second) -> list[str]:
    """What one reading asks for."""
    before = len(found.miner.asked)
    await found.device.read(1.0)
    return found.miner.asked[before:]


@in_reactor
async def test_a_reading_asks_two_things_and_the_rest_at_every_tenth() -> None:
    async with wire.second() as found:
        assert await calls(found) == SELDOM
        for _ in range(9):
            assert await calls(found) == CHEAP
        assert "pools" in await calls(found)
        found.device.forget()
        assert "pools" in await calls(found)


@in_reactor
async def test_a_reading_that_broke_off_has_not_asked_for_the_rest() -> None:
    well = recorded.second("summary")
    async with wire.second(summary=[CUT, well, CUT, well]) as found:
        with pytest.raises(Unreachable):
            await found.device.read(1.0)
        assert await calls(found) == SELDOM
        found.device.forget()
        with pytest.raises(Unreachable):
            await found.device.read(3.0)
        assert "pools" in await calls(found)


@in_reactor
async def test_once_a_silent_program_speaks_again_it_is_asked_for_all() -> None:
    well, silence = recorded.second("summary"), no(132, "")
    async with wire.second(summary=[well, silence, silence, well]) as found:
        await found.device.read(1.0)
        for _ in range(2):
            assert await calls(found) == ["summary", "status", "get_error_code"]
        assert "pools" in await calls(found)
        assert await calls(found) == CHEAP


@in_reactor
async def test_the_reading_holds_what_all_answers_told() -> None:
    async with wire.second() as found:
        first = await found.device.read(1.0)
        again = await found.device.read(2.0)
    assert first.model == again.model == "M30S+_VE40"
    assert [pool.url for pool in again.pools] == [pool.url for pool in first.pools] != []
    assert (again.profile, again.native["psu.fan_rpm"]) == ("low", 6000.0)
    assert len(again.boards) == 3


@in_reactor
async def test_while_it_is_unwell_it_is_asked_for_its_errors_each_time() -> None:
    slow = {**recorded.second("summary"), "SUMMARY": [recorded.row(**{"HS RT": 60e6})]}
    ill = recorded.second("get_error_code_with_errors")
    well = recorded.second("summary")
    async with wire.second(summary=[well, slow, well], get_error_code=[ill]) as found:
        assert "get_error_code" in await calls(found)
        reading = await found.device.read(1.0)
        assert [fault.code for fault in reading.faults] == ["218", "110"]
        assert await calls(found) == [*CHEAP, "status", "get_error_code"]


@in_reactor
async def test_errors_of_the_summary_and_of_their_own_call_are_told_together() -> None:
    told = recorded.row(**{"Error Code Count": 2, "Error Code 0": 530, "Error Code 1": 218})
    counting = {**recorded.second("summary"), "SUMMARY": [told]}
    ill = recorded.second("get_error_code_with_errors")
    summaries = [recorded.second("summary"), counting]
    async with wire.second(summary=summaries, get_error_code=[{"STATUS": "S"}, ill]) as found:
        assert (await found.device.read(1.0)).faults == ()
        reading = await found.device.read(2.0)
    assert [fault.code for fault in reading.faults] == ["218", "110", "530"]


@in_reactor
async def test_what_a_miner_does_not_know_costs_that_alone() -> None:
    unknown = {name: no(14, "invalid cmd") for name in ("get_psu", "status", "devdetails", "devs")}
    async with wire.second(**unknown, get_error_code={"STATUS": "S"}) as found:
        reading = await found.device.read(1.0)
        assert "edevs" in found.miner.asked
    assert (reading.hashrate, reading.boards, reading.model) == (124.5e12, (), "")


@in_reactor
async def test_boards_are_read_by_the_one_name_it_knows() -> None:
    async with wire.second(devs=no(14, "invalid cmd"), edevs=recorded.second("devs")) as found:
        assert len((await found.device.read(1.0)).boards) == 3
        assert await calls(found) == ["summary", "edevs"]


@in_reactor
async def test_told_to_stop_it_sleeps_whether_its_program_answers_or_not() -> None:
    async with wire.second(status=OFF) as found:
        assert (await found.device.read(1.0)).mode is Mode.SLEEP
    for silence in (no(132, "API command ERROR"), no(14, "")):
        async with wire.second(status=OFF, summary=silence) as found:
            assert (await found.device.read(1.0)).mode is Mode.SLEEP
            assert (await found.device.read(2.0)).mode is Mode.SLEEP
            assert found.miner.asked[-3:] == ["summary", "status", "get_error_code"]


@in_reactor
async def test_a_program_that_does_not_answer_is_starting() -> None:
    async with wire.second(summary=[recorded.second("summary"), no(132, "")]) as found:
        await found.device.read(1.0)
        reading = await found.device.read(2.0)
    assert reading.mode is Mode.STARTING
    assert (reading.hashrate, reading.expected_hashrate) == (0.0, 126e12)


@in_reactor
async def test_old_firmware_that_knows_the_other_word_is_asked_with_it() -> None:
    missing = no(24, "Missing JSON 'command'")
    async with wire.second(summary=[missing, recorded.second("summary")]) as found:
        await found.device.read(1.0)
        assert found.miner.asked[:2] == ["summary", "summary"]
        assert found.miner.keys[:3] == ["cmd", "command", "command"]


@in_reactor
async def test_who_it_is_is_asked_with_three_questions() -> None:
    async with wire.second() as found:
        description = await found.device.describe()
        assert found.miner.asked == ["get_miner_info", "get_version", "devdetails"]
    assert (description.mac, description.model) == ("d4:01:02:03:04:05", "M30S+_VE40")


@in_reactor
async def test_a_miner_that_sleeps_keeps_the_model_it_told() -> None:
    details = [recorded.DEVDETAILS, no(132, "")]
    async with wire.second(devdetails=details) as found:
        await found.device.describe()
        assert (await found.device.describe()).model == "M30S+_VE40"


@in_reactor
async def test_another_mac_is_a_stranger_to_a_description_and_to_a_reading() -> None:
    async with wire.second() as found:
        found.device.expect("00:11:22:33:44:55")
        with pytest.raises(Stranger):
            await found.device.describe()
        with pytest.raises(Stranger):
            await found.device.read(1.0)
        found.device.expect("d4:01:02:03:04:05")
        await found.device.read(1.0)


@in_reactor
async def test_settings_and_network_are_asked_anew() -> None:
    told = {"proto": "dhcp", "ip": "10.0.0.5", "mac": "d4:01:02:03:04:05", "hostname": "w"}
    async with wire.second(get_miner_info={"STATUS": "S", "Msg": told}) as found:
        settings = await found.device.settings()
        assert found.miner.asked == ["pools", "status", "summary"]
        assert await found.device.network() == NetworkSettings(True, "10.0.0.5")
    assert settings.pools is not None
    assert len(settings.pools) == 3
    assert (settings.profile, settings.power_target, settings.asleep) == ("low", 3600.0, False)


@pytest.mark.parametrize("answer", [HANG, CUT])
@in_reactor
async def test_a_miner_that_says_nothing_cannot_be_reached(answer: object) -> None:
    miner = wire.SecondMiner({"summary": answer}, "admin")
    async with wire.bench(miner, third=False, patience=0.2) as found:
        device = found.family.device(found.address, found.family.default_credentials[0])
        with pytest.raises(Unreachable):
            await device.read(1.0)


@in_reactor
async def test_nonsense_is_garbled_and_what_no_miner_has_is_unsupported() -> None:
    async with wire.second(summary={"STATUS": "S"}, pools={"STATUS": "S"}) as found:
        with pytest.raises(Garbled):
            await found.device.read(1.0)
        with pytest.raises(Unsupported):
            await found.device.offered()
        with pytest.raises(Unsupported):
            await found.device.perform(recorded.order(CommandKind.UPGRADE))


@in_reactor
async def test_a_read_that_is_denied_does_not_close_the_api() -> None:
    denied = no(45, "access denied")
    async with wire.second(pools=denied, get_miner_info=[denied, denied]) as found:
        assert (await found.device.settings()).pools is None
        with pytest.raises(Declined):
            await found.device.network()
        assert (await found.device.describe()).closed == ""


@in_reactor
async def test_a_proxy_that_reaches_no_program_is_silence() -> None:
    class Proxy(wire.SecondMiner):
        def __call__(self, talker: Talker) -> None:
            if b"summary" not in talker.heard:
                return super().__call__(talker)
            talker.say(b"Socket connect failed: Connection refused\n")
            talker.leave()
            return None

    async with wire.bench(Proxy({}, "admin"), third=False) as found:
        device = found.family.device(found.address, found.family.default_credentials[0])
        assert (await device.read(1.0)).mode is Mode.STARTING


@in_reactor
async def test_a_session_shows_no_password() -> None:
    async with wire.second("secret", "secret") as found:
        assert "secret" not in repr(found.device.credential)
        assert "secret" not in repr(found.device.session)
        assert isinstance(found.device.session, Session)
