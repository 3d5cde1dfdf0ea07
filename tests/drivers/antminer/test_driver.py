"""What an Antminer is asked, how often, and what is made of its answers and silences."""

from __future__ import annotations

import pytest

from mother.core.errors import Garbled, Refused, Stranger, Unreachable, Unsupported
from mother.core.model import Command, CommandKind, Credential
from mother.core.reading import Mode
from mother.net.http import CutOff
from tests.drivers.antminer.answers import (
    MAC,
    asleep,
    conf,
    figures,
    newer,
    old_conf,
    old_info,
    recorded,
    s9,
    states,
    system_info,
)
from tests.drivers.antminer.wire import CUT, Page, miner
from tests.net.turning import in_reactor

NEW = "stats new_api"


def order(kind: CommandKind, **args: object) -> Command:
    return Command(
        id="1", key="1", actor="t", reason="", at=0.0, expires=1.0, device="", kind=kind, args=args
    )


# who it is


@in_reactor
async def test_a_miner_is_described() -> None:
    async with miner() as (fake, device):
        found = await device.describe()
    assert found.mac == MAC
    assert found.model == "S21"
    assert fake.asked == ["get_system_info"]
    assert fake.commands == ["version"]


@in_reactor
async def test_a_sleeping_miner_is_described_without_its_api() -> None:
    async with miner() as (fake, device):
        await fake.shut_api()
        assert (await device.describe()).firmware == "FR-1.12(251009-S21)"


@in_reactor
async def test_the_recorded_mac_identifies_nobody() -> None:
    async with miner(pages={"get_system_info": recorded("system_info")}) as (_, device):
        with pytest.raises(Garbled, match="MAC"):
            await device.describe()


@in_reactor
async def test_a_wrong_login_is_refused_and_not_repeated() -> None:
    async with miner(credential=Credential("root", "wrong")) as (fake, device):
        with pytest.raises(Refused):
            await device.describe()
        with pytest.raises(Refused):
            await device.read(0.0)
    assert fake.guard.seen == [False, False] * 2
    assert fake.commands == ["version"]


@in_reactor
async def test_another_mac_than_the_expected_is_a_stranger_to_every_call() -> None:
    async with miner() as (fake, device):
        device.expect("02:00:00:00:00:01")
        for call in (
            device.describe(),
            device.read(0.0),
            device.perform(order(CommandKind.REBOOT)),
        ):
            with pytest.raises(Stranger) as caught:
                await call
            assert caught.value.found == MAC
    assert "reboot" not in fake.asked
    assert "stats" not in fake.commands


@in_reactor
async def test_another_controller_at_the_same_address_is_looked_at_again() -> None:
    async with miner() as (fake, device):
        device.expect(MAC)
        await device.read(0.0)
        answer, fields = figures()
        fields["miner_id"] = "0123456789abcdef"
        fake.says["stats"] = answer
        fake.pages["get_system_info"] = system_info(macaddr="02:00:00:00:00:01")
        with pytest.raises(Stranger):
            await device.read(1.0)
        with pytest.raises(Stranger):
            await device.read(2.0)


@in_reactor
async def test_the_page_is_asked_who_it_is_once_and_again_after_it_was_forgotten() -> None:
    async with miner() as (fake, device):
        for now in range(3):
            await device.read(float(now))
        assert fake.asked.count("get_system_info") == 1
        device.forget()
        await device.read(3.0)
    assert fake.asked.count("get_system_info") == 2


@in_reactor
async def test_a_miner_that_was_read_is_looked_at_again_when_another_is_expected() -> None:
    async with miner() as (_, device):
        await device.read(0.0)
        device.expect(MAC)
        await device.read(1.0)
        device.expect("02:00:00:00:00:01")
        with pytest.raises(Stranger):
            await device.read(2.0)


# reading


@in_reactor
async def test_the_first_reading_has_all() -> None:
    async with miner(pages={"summary": states(fans="Fan lost")}) as (_, device):
        reading = await device.read(7.0)
    assert reading.at == 7.0
    assert reading.model == "S21"
    assert reading.hashrate == 110566.89e9
    assert [pool.user for pool in reading.pools] == ["farm.rig1"] * 3
    assert [pool.active for pool in reading.pools] == [True, False, False]
    assert (reading.accepted, reading.rejected) == (4057, 11)
    assert reading.profile == "normal"
    assert [fault.code for fault in reading.faults] == ["fans"]


@in_reactor
async def test_nine_of_ten_reads_are_one_call() -> None:
    async with miner() as (fake, device):
        await device.read(0.0)
        heard, sent = len(fake.heard), len(fake.sent)
        for now in range(1, 10):
            assert (await device.read(30.0 * now)).pools
        assert fake.heard[heard:] == [{"command": "stats"}] * 9
        assert len(fake.sent) == sent
        await device.read(300.0)
        assert fake.commands[heard + 9 :] == ["stats", "pools"]
        assert fake.asked[sent:] == ["get_miner_conf", "summary"]


@in_reactor
async def test_who_is_read_often_is_asked_for_its_pages_once_a_minute() -> None:
    async with miner() as (fake, device):
        for now in range(60):
            await device.read(float(now))
        assert fake.commands.count("pools") == 1
        await device.read(60.0)
        assert fake.commands[-1] == "pools"
        await device.read(2.0)  # the clock was set back: one time too many, not one too few
        for now in range(3, 12):
            await device.read(float(now))
        assert fake.commands.count("pools") == 3


@in_reactor
async def test_pages_behind_a_login_are_asked_for_more_seldom_than_pools() -> None:
    async with miner() as (fake, device):
        for now in range(0, 300, 5):
            await device.read(float(now))
        assert fake.commands.count("pools") == 5
        assert fake.asked.count("summary") == 1
        await device.read(300.0)
        assert fake.asked.count("summary") == 2


@in_reactor
async def test_the_configured_mode_is_not_asked_for_where_the_stats_tell_it() -> None:
    async with miner({NEW: newer()}) as (fake, device):
        for now in range(11):
            assert (await device.read(60.0 * now)).profile == "normal"
    assert fake.commands.count("pools") == 2
    assert fake.asked.count("get_miner_conf") == 1


@in_reactor
async def test_the_newer_stats_are_asked_for_ever_where_they_are_known() -> None:
    async with miner({NEW: newer(watt=3301)}) as (fake, device):
        assert (await device.read(0.0)).power == 3301
        assert (await device.read(1.0)).power == 3301
    stats = [one for one in fake.heard if one["command"] == "stats"]
    assert stats == [{"command": "stats", "new_api": True}] * 2


@pytest.mark.parametrize(
    "said",
    [
        {"STATUS": [{"STATUS": "E", "Code": 23, "Msg": "Invalid JSON"}]},
        CUT,
        b"garbage",
    ],
)
@in_reactor
async def test_firmware_that_does_not_know_the_newer_stats_is_asked_once(said: object) -> None:
    async with miner({NEW: said}) as (fake, device):
        assert (await device.read(0.0)).hashrate
        assert (await device.read(1.0)).hashrate
    stats = [one for one in fake.heard if one["command"] == "stats"]
    assert [("new_api" in one) for one in stats] == [True, False, False]


@in_reactor
async def test_a_miner_that_starts_is_asked_again_for_the_newer_stats() -> None:
    starting = recorded("stats")
    del starting["STATS"][1]
    async with miner({"stats": starting}) as (fake, device):
        assert (await device.read(0.0)).mode is Mode.STARTING
        fake.says[NEW] = newer(watt=3301)
        assert (await device.read(1.0)).power == 3301


@in_reactor
async def test_a_miner_that_hashes_nothing_is_asked_whether_it_sleeps() -> None:
    async with miner() as (fake, device):
        await device.read(0.0)
        fake.says["stats"] = asleep()
        fake.pages["get_miner_conf"] = conf(**{"bitmain-work-mode": "1"})
        assert (await device.read(1.0)).mode is Mode.SLEEP
        fake.pages["get_miner_conf"] = conf()
        assert (await device.read(2.0)).mode is Mode.ACTIVE


@in_reactor
async def test_a_miner_that_hashes_nothing_is_asked_whether_it_has_a_pool() -> None:
    answer = recorded("pools")
    for pool in answer["POOLS"]:
        pool["Status"] = "Dead"
    async with miner() as (fake, device):
        assert (await device.read(0.0)).pool_alive
        fake.says |= {"stats": asleep(), "pools": answer}
        reading = await device.read(1.0)
    assert reading.pool_alive is False
    assert [board.alive for board in reading.boards] == [True] * 3


@in_reactor
async def test_pools_of_which_no_answer_came_are_asked_for_at_the_next_read() -> None:
    async with miner({"pools": CUT}) as (fake, device):
        assert (await device.read(0.0)).pools == ()
        fake.says["pools"] = recorded("pools")
        assert (await device.read(1.0)).pools
        assert (await device.read(2.0)).pools
    assert fake.commands.count("pools") == 2


@in_reactor
async def test_pools_that_are_never_told_are_asked_for_twice_in_ten_reads() -> None:
    async with miner({"pools": CUT}) as (fake, device):
        for now in range(11):
            assert (await device.read(float(now))).hashrate
    assert fake.commands.count("pools") == 2


@in_reactor
async def test_a_miner_whose_api_is_shut_and_that_was_told_to_sleep_is_asleep() -> None:
    async with miner(pages={"get_miner_conf": conf(**{"bitmain-work-mode": "1"})}) as pair:
        fake, device = pair
        await fake.shut_api()
        reading = await device.read(3.0)
    assert reading.mode is Mode.SLEEP
    assert (reading.at, reading.hashrate, reading.model) == (3.0, 0.0, "S21")
    assert "stats" not in fake.asked


@in_reactor
async def test_a_miner_whose_api_is_shut_is_read_from_its_page() -> None:
    async with miner(pages={"stats": newer()}) as (fake, device):
        await fake.shut_api()
        reading = await device.read(0.0)
    assert reading.mode is Mode.ACTIVE
    assert reading.hashrate == 110566.89e9


@pytest.mark.parametrize(
    "page",
    [
        Page(200, b"Socket connect failed: Connection refused\n"),
        Page(404, b""),
        newer(rate_5s=0, rate_avg=0, chain=[]),
        CUT,
    ],
)
@in_reactor
async def test_a_miner_that_answers_by_its_page_alone_is_starting(page: object) -> None:
    async with miner(pages={"stats": page}) as (fake, device):
        await fake.shut_api()
        reading = await device.read(0.0)
    assert reading.mode is Mode.STARTING
    assert reading.hashrate == 0.0


@in_reactor
async def test_a_miner_whose_proxy_answers_for_a_dead_program_is_starting() -> None:
    down = b"Socket connect failed: Connection refused\n"
    async with miner({"stats": down}, {"stats": Page(200, down)}) as (_, device):
        assert (await device.read(0.0)).mode is Mode.STARTING


@in_reactor
async def test_a_miner_that_is_gone_is_unreachable() -> None:
    async with miner() as (fake, device):
        await device.read(0.0)
        await fake.shut_api()
        await fake.shut_site()
        with pytest.raises(Unreachable):
            await device.read(1.0)


@in_reactor
async def test_a_login_that_is_refused_later_costs_the_configuration_alone() -> None:
    async with miner() as (fake, device):
        await device.read(0.0)
        fake.guard.shut = True
        for now in range(1, 25):
            assert (await device.read(float(now))).hashrate
    assert fake.guard.seen.count(False) <= 3


@in_reactor
async def test_pools_that_are_not_told_cost_the_pools_alone() -> None:
    denied = {"STATUS": [{"STATUS": "E", "Code": 45, "Msg": "Access denied"}]}
    async with miner({"pools": denied}) as (_, device):
        reading = await device.read(0.0)
    assert reading.hashrate
    assert reading.pools == ()
    assert (reading.accepted, reading.profile) == (None, "normal")


@in_reactor
async def test_a_refused_api_is_told() -> None:
    denied = {"STATUS": [{"STATUS": "E", "Code": 45, "Msg": "Access denied to 'stats'"}]}
    async with miner({"stats": denied}) as (_, device):
        with pytest.raises(Refused):
            await device.read(0.0)


@in_reactor
async def test_an_s9_is_read() -> None:
    pages = {"get_system_info": old_info(), "get_miner_conf": old_conf()}
    async with miner({"stats": s9()}, pages) as (fake, device):
        reading = await device.read(0.0)
        assert (await device.settings()).pools
    assert (reading.model, reading.hashrate, reading.profile) == ("S9", 13487.49e9, "")
    assert "summary" not in fake.asked


# settings


@in_reactor
async def test_settings_are_asked_anew_and_no_error_tells_a_pools_password() -> None:
    async with miner() as (fake, device):
        assert (await device.settings()).profile == "normal"
        fake.pages["get_miner_conf"] = Page(200, b'{"pools":[{"url":"tcp://u:secret0@x"},')
        with pytest.raises(Garbled) as caught:
            await device.settings()
        fake.pages["get_miner_conf"] = Page(500, b"secret0")
        with pytest.raises(Garbled) as other:
            await device.settings()
    for error in (caught, other):
        assert "secret0" not in str(error.value) + error.value.sample


@in_reactor
async def test_the_network_is_told_and_firmware_is_not_offered() -> None:
    async with miner() as (_, device):
        assert (await device.network()).address == "10.1.0.25"
        with pytest.raises(Unsupported):
            await device.offered()


@in_reactor
async def test_a_page_that_breaks_off_is_cut_off() -> None:
    async with miner(pages={"get_network_info": CUT}) as (_, device):
        with pytest.raises(CutOff):
            await device.network()


@in_reactor
async def test_a_page_that_may_not_be_seen_is_refused() -> None:
    async with miner(pages={"get_network_info": Page(403, b"")}) as (_, device):
        with pytest.raises(Refused):
            await device.network()
