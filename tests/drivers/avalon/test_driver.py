"""What the driver asks of an Avalon, one command at a time, and what it makes of the answers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from mother.core.errors import (
    Declined,
    DeviceError,
    Garbled,
    Refused,
    Stranger,
    Unreachable,
    Unsupported,
)
from mother.core.model import Address, CommandKind, Credential
from mother.core.ports import Ports
from mother.core.reading import Mode
from mother.drivers.avalon.driver import SELDOM, WRITES, Avalon
from mother.drivers.avalon.models import PROFILES
from mother.drivers.base import Confirm, Traces
from mother.net.exchange import CutOff
from mother.net.jsonline import Lines
from tests.drivers.avalon.miner import (
    MAC,
    NO_LOGIN,
    A,
    Q,
    miner,
    order,
    recorded,
    section,
    wire_of,
)
from tests.drivers.cgminer.shelf import DENIED, INVALID, shelf
from tests.net.turning import in_reactor, reactor

FAMILY = Avalon(wire_of(Lines(reactor)))


# whose it is


def test_what_names_itself_an_avalon_is_claimed_at_the_port_of_its_api() -> None:
    ports = Ports(web=8080, cgminer=12028)
    traces = Traces("10.0.0.1", frozenset({12028}), ports=ports, version=recorded("version"))
    assert FAMILY.claims(traces) == Address("10.0.0.1", 12028)


@pytest.mark.parametrize(
    "version", [{}, {"VERSION": [{"Type": "Antminer S19"}]}, {"VERSION": "Avalon"}, INVALID]
)
def test_nothing_else_is_claimed(version: dict[str, Any]) -> None:
    traces = Traces("10.0.0.1", frozenset({80, 4028}), page=b"Avalon", status=200, version=version)
    assert FAMILY.claims(traces) is None


@pytest.mark.parametrize(
    ("said", "is_one"),
    [(recorded("version"), True), (INVALID, False), (b"<html>", False), (None, False)],
)
@in_reactor
async def test_an_address_is_recognised_by_one_harmless_question(said: Any, is_one: bool) -> None:
    async with shelf({"version": said}) as (one, lines, address):
        assert await Avalon(wire_of(lines)).recognise(address, 2.0) is is_one
    asked_again = said is None  # it may have been busy
    assert one.commands == ["version"] * (1 + asked_again)


@in_reactor
async def test_an_empty_address_is_not_recognised() -> None:
    async with shelf({}) as (_, lines, address):
        pass
    assert not await Avalon(wire_of(lines)).recognise(address, 2.0)


def test_every_capability_has_a_write_and_time_to_show() -> None:
    assert set(FAMILY.capabilities) == set(WRITES)
    for kind, capability in FAMILY.capabilities.items():
        assert capability.within or capability.confirm is Confirm.TAKEN, kind
    assert set(FAMILY.profiles) == set(PROFILES)


def test_versions_are_ordered_by_their_date() -> None:
    assert FAMILY.is_newer("25052801_14a19a2", "24120101_0000000") is True
    assert FAMILY.is_newer("24120101_0000000", "25052801_14a19a2") is False
    assert FAMILY.is_newer("25052801_14a19a2", "25052801_14a19a2") is False
    assert FAMILY.is_newer("25052801_a", "25052801_b") is None
    assert FAMILY.is_newer("new", "25052801_14a19a2") is None


def test_a_model_is_one_segment_of_a_name() -> None:
    assert FAMILY.safe_model("Avalon Nano3s+") == "Avalon-Nano3s-plus"
    assert FAMILY.safe_model("") == "unknown"


def test_only_what_its_boards_do_now_rests() -> None:
    native = {"ps.board_watts": 3189.0, "ping_ms": 443.0}
    assert FAMILY.at_rest(native) == {"ps.board_watts": 0.0}


# who it is


@in_reactor
async def test_a_description_takes_two_questions() -> None:
    async with miner(Q) as (one, device):
        who = await device.describe()
    assert (who.mac, who.model, who.closed) == (MAC, "Avalon Q", "")
    assert one.commands == ["version", "check|ascset"]


@in_reactor
async def test_an_api_that_is_closed_for_writes_says_how_to_open_it() -> None:
    closed = section(CHECK=[{"Exists": "Y", "Access": "N"}])
    async with miner(Q, check=closed) as (_, device):
        assert "--api-allow" in (await device.describe()).closed


@pytest.mark.parametrize("check", [INVALID, DENIED, None, b"{"])
@in_reactor
async def test_who_does_not_tell_what_is_allowed_is_not_called_closed(check: Any) -> None:
    async with miner(Q, check=check) as (_, device):
        assert (await device.describe()).closed == ""


@in_reactor
async def test_another_mac_than_expected_is_a_stranger() -> None:
    async with miner(Q) as (_, device):
        device.expect("b4:a2:eb:3f:00:01")
        for ask in (device.describe, lambda: device.read(1.0), device.settings):
            with pytest.raises(Stranger, match="expected b4:a2:eb:3f:00:01, found aa:bb"):
                await ask()
        device.expect(MAC)
        await device.describe()


@in_reactor
async def test_one_without_a_mac_is_garbled() -> None:
    async with miner(Q, version=section(VERSION=[{"PROD": "AvalonNano"}])) as (_, device):
        with pytest.raises(Garbled, match="MAC"):
            await device.describe()


# readings


@in_reactor
async def test_a_q_is_asked_little_and_the_rest_seldom() -> None:
    async with miner(Q) as (one, device):
        readings = [await device.read(float(number)) for number in range(SELDOM)]
        assert one.commands[:5] == ["version", "pools", "litestats", "stats", "summary"]
        assert one.commands[5:] == ["litestats", "summary"] * (SELDOM - 1)
        one.asked.clear()
        await device.read(1.0)
        assert one.commands == ["version", "pools", "litestats", "stats", "summary"]
    for reading in readings:
        assert reading.mode is Mode.SLEEP
        assert reading.pools[0].user == "worker1"
        assert reading.boards[0].chips == 160
        assert reading.accepted == 890.0


@in_reactor
async def test_an_a1246_is_asked_for_stats_once_it_has_said_that_it_knows_no_shorter() -> None:
    async with miner(A) as (one, device):
        reading = await device.read(1.0)
        assert one.commands == ["version", "pools", "litestats", "stats", "summary"]
        one.asked.clear()
        assert (await device.read(2.0)).hashrate == reading.hashrate
        assert one.commands == ["stats", "summary"]
    assert (reading.model, reading.power) == ("Avalon 1246", 3504.0)
    assert [board.chips for board in reading.boards] == [120] * 3


@in_reactor
async def test_what_one_device_answers_is_remembered_for_its_model() -> None:
    async with shelf(A) as (one, lines, address):
        family = Avalon(wire_of(lines))
        await family.device(address, NO_LOGIN).read(1.0)
        one.asked.clear()
        await family.device(address, NO_LOGIN).read(1.0)
    assert "litestats" not in one.commands


@in_reactor
async def test_one_that_answers_estats_only_is_read() -> None:
    said = {**A, "estats": A["stats"], "stats": INVALID}
    async with miner(said) as (_, device):
        assert (await device.read(1.0)).expected_boards == 3


@pytest.mark.parametrize("part", ["summary", "pools"])
@pytest.mark.parametrize("said", [INVALID, DENIED, b'{"a":', None])
@in_reactor
async def test_a_part_that_does_not_come_costs_that_part_only(part: str, said: Any) -> None:
    async with miner(Q, **{part: said}) as (_, device):
        reading = await device.read(1.0)
    assert reading.mode is Mode.SLEEP
    assert (reading.accepted is None) is (part == "summary")
    assert bool(reading.pools) is (part != "pools")


@in_reactor
async def test_pools_that_do_not_come_again_are_those_of_before() -> None:
    async with miner(Q) as (one, device):
        await device.read(1.0)
        one.said["pools"] = None
        for _ in range(SELDOM):
            reading = await device.read(1.0)
    assert len(reading.pools) == 1


@in_reactor
async def test_without_its_name_nothing_is_read_the_first_time_but_later() -> None:
    async with miner(Q) as (one, device):
        one.said["version"] = None
        with pytest.raises(CutOff):
            await device.read(1.0)
        one.said["version"] = Q["version"]
        await device.read(1.0)
        one.said["version"] = None
        for _ in range(SELDOM):
            reading = await device.read(1.0)
    assert reading.model == "Avalon Q"


@pytest.mark.parametrize(
    ("said", "error"), [(None, CutOff), (INVALID, Declined), (DENIED, Refused), (b"{", Garbled)]
)
@in_reactor
async def test_without_stats_there_is_no_reading(said: Any, error: type[Exception]) -> None:
    async with miner(Q, litestats=said, stats=said, estats=said) as (_, device):
        with pytest.raises(error):
            await device.read(1.0)


@in_reactor
async def test_one_whose_boards_are_not_there_yet_is_starting() -> None:
    empty = section(STATS=[{"ID": "POOL0"}])
    async with miner(Q, litestats=empty, stats=empty) as (one, device):
        assert (await device.read(1.0)).mode is Mode.STARTING
        one.said.update(Q)
        assert (await device.read(1.0)).mode is Mode.SLEEP


@in_reactor
async def test_what_is_forgotten_is_asked_anew() -> None:
    async with miner(Q) as (one, device):
        await device.read(1.0)
        device.forget()
        one.asked.clear()
        await device.read(1.0)
    assert one.commands[:2] == ["version", "pools"]


@in_reactor
async def test_nobody_there_is_unreachable() -> None:
    async with miner(Q) as (_, device):
        pass
    with pytest.raises(Unreachable):
        await device.read(1.0)


# settings and the rest


@in_reactor
async def test_settings_are_asked_anew_each_time() -> None:
    async with miner(Q) as (one, device):
        for _ in range(2):
            found = await device.settings()
        assert one.commands == ["version", "pools", "litestats"] * 2
    assert (found.profile, found.asleep) == ("eco", True)
    assert found.pools is not None
    assert found.pools[0].password == "x"


@in_reactor
async def test_what_it_cannot_tell_is_unsupported() -> None:
    async with miner(Q) as (_, device):
        for ask in (device.network, device.offered):
            with pytest.raises(Unsupported):
                await ask()


@in_reactor
async def test_no_password_reaches_a_description_a_reading_or_an_error() -> None:
    pools = recorded("pools")
    pools["POOLS"][0]["Password"] = "hunter2"
    async with miner(Q, pools=pools) as (one, device):
        told = [repr(await device.describe()), repr(await device.read(1.0))]
        told.append(repr(await device.settings()))
        one.said["pools"] = b'{"POOLS":[{"Passw0rd":"hunter2"'
        with pytest.raises(Garbled) as caught:
            await device.settings()
    told += [str(caught.value), caught.value.sample]
    assert "hunter2" not in "".join(told)


def test_the_login_is_kept_as_it_was_given() -> None:
    login = Credential("root", "secret")
    assert FAMILY.device(Address("10.0.0.1", 4028), login).credential == login
    assert CommandKind.POWER_OFF not in FAMILY.capabilities


HOSTILE: dict[str, bytes | None] = {
    "hangs up": None,
    "garbage": b"\x00\xff\x13garbage",
    "another API's words": b"STATUS=E,When=1,Code=14,Msg=Invalid command|",
    "its program is down": b"Socket connect failed: Connection refused\n",
    "half an answer": b'{"STATUS":[{"STATUS":"S"}],"STATS":[{"MM ID0":"Ver[',
    "a list": b"[1,2]",
    "ten MiB": b"x" * (10 << 20),
    "deep": b'{"STATUS":' * 5000,
    "wrong types": b'{"STATUS":[{"STATUS":"S"}],"VERSION":5,"STATS":"x","POOLS":{"URL":[]}}',
}


@pytest.mark.parametrize("case", HOSTILE)
@in_reactor
async def test_whatever_it_says_only_device_errors_leave_the_driver(case: str) -> None:
    names = ("version", "litestats", "stats", "estats", "summary", "pools", "check", "ascset")
    async with miner(Q) as (one, device):
        await device.read(1.0)
        one.said = dict.fromkeys(names, HOSTILE[case])
        for ask in (device.describe, device.settings, lambda: device.read(1.0)):
            with pytest.raises(DeviceError) if case != "wrong types" else suppress(DeviceError):
                await ask()
        one.said["version"] = Q["version"]
        with suppress(DeviceError):
            await device.perform(order(CommandKind.PAUSE))
