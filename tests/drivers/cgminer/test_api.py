"""Asking a device of cgminer's kind: one command to a connection, or several joined."""

from __future__ import annotations

from typing import Any

import pytest

from mother.core.errors import Declined, Garbled, Refused, Unreachable
from mother.drivers.cgminer.api import DOUBTS, Api, Joining
from mother.net.exchange import CutOff
from tests.drivers.cgminer.shelf import DENIED, INVALID, good, shelf
from tests.net.turning import in_reactor

SUMMARY = good(SUMMARY=[{"Elapsed": 5}])
POOLS = good(POOLS=[{"POOL": 0}])
BOTH = {"summary": SUMMARY, "pools": POOLS}
TOLD = {"summary": SUMMARY, "pools": POOLS}


def api_of(lines: Any, address: Any, joining: Joining | None = None, key: str = "") -> Api:
    return Api(lines, lambda: 2.0, address, joining, key)


# one command


@in_reactor
async def test_a_command_is_sent_as_an_object_with_its_parameter_and_more() -> None:
    async with shelf({"stats": SUMMARY}) as (one, lines, address):
        api = api_of(lines, address)
        assert await api.ask("stats") == SUMMARY
        await api.ask("stats", "0,x", new_api=True)
    assert one.asked == [
        {"command": "stats"},
        {"command": "stats", "parameter": "0,x", "new_api": True},
    ]


@in_reactor
async def test_a_no_is_declined_and_a_denial_refused() -> None:
    async with shelf({"quit": DENIED, "raw": INVALID}) as (_, lines, address):
        api = api_of(lines, address)
        with pytest.raises(Declined, match="Invalid command"):
            await api.ask("stats")
        with pytest.raises(Refused, match="Access denied"):
            await api.ask("quit")
        assert await api.raw("raw") == INVALID


@in_reactor
async def test_a_device_whose_program_is_down_is_unreachable() -> None:
    said = b"Socket connect failed: Connection refused\n"
    async with shelf({"stats": said}) as (_, lines, address):
        with pytest.raises(Unreachable, match="does not answer") as caught:
            await api_of(lines, address).ask("stats")
    assert not isinstance(caught.value, CutOff)


@in_reactor
async def test_a_device_that_hangs_up_is_cut_off() -> None:
    async with shelf({"ascset": None}) as (_, lines, address):
        with pytest.raises(CutOff):
            await api_of(lines, address).ask("ascset", "0,x")


@pytest.mark.parametrize("command", ["pools", "summary+pools", "setpool", "config"])
@in_reactor
async def test_a_broken_answer_that_may_hold_passwords_leaves_no_sample(command: str) -> None:
    async with shelf({command: b'{"Passwort":"hunter2"'}) as (_, lines, address):
        with pytest.raises(Garbled) as caught:
            await api_of(lines, address).raw(command)
    assert caught.value.sample == ""


@in_reactor
async def test_secrets_are_kept_out_of_a_refusal() -> None:
    said = {"STATUS": [{"STATUS": "E", "Msg": "bad pool a,hunter2"}]}
    async with shelf({"setpool": said}) as (_, lines, address):
        with pytest.raises(Declined) as caught:
            await api_of(lines, address).ask("setpool", "a,hunter2", secrets=("hunter2", ""))
    assert str(caught.value) == "bad pool a,***"


# several commands


@in_reactor
async def test_several_commands_go_in_one_connection_where_that_is_taken() -> None:
    async with shelf(BOTH) as (one, lines, address):
        one.joined = True
        api = api_of(lines, address)
        for _ in range(2):
            assert await api.ask_many(("summary", "pools")) == TOLD
    assert one.commands == ["summary+pools"] * 2


@pytest.mark.parametrize("said", [INVALID, SUMMARY, {"summary": [SUMMARY], "id": 1}])
@in_reactor
async def test_who_says_no_or_half_is_not_asked_so_again(said: dict[str, Any]) -> None:
    async with shelf({**BOTH, "summary+pools": said}) as (one, lines, address):
        api = api_of(lines, address)
        for _ in range(2):
            assert await api.ask_many(("summary", "pools")) == TOLD
    assert one.commands == ["summary+pools", "summary", "pools", "summary", "pools"]


@in_reactor
async def test_what_one_device_shows_holds_for_all_of_its_model_and_firmware() -> None:
    joining = Joining()
    async with shelf(BOTH) as (one, lines, address):
        await api_of(lines, address, joining, "S19|1").ask_many(("summary", "pools"))
        one.asked.clear()
        await api_of(lines, address, joining, "S19|1").ask_many(("summary", "pools"))
        assert one.commands == ["summary", "pools"]
        one.asked.clear()
        await api_of(lines, address, joining, "S19|2").ask_many(("summary", "pools"))
        assert one.commands[0] == "summary+pools"


@in_reactor
async def test_a_device_of_no_known_model_learns_for_itself() -> None:
    joining = Joining()
    async with shelf(BOTH) as (one, lines, address):
        await api_of(lines, address, joining).ask_many(("summary", "pools"))
        one.asked.clear()
        await api_of(lines, address, joining).ask_many(("summary", "pools"))
    assert one.commands[0] == "summary+pools"


@in_reactor
async def test_an_answer_that_was_lost_is_no_proof_but_three_are() -> None:
    async with shelf({**BOTH, "summary+pools": None}) as (one, lines, address):
        api = api_of(lines, address)
        for _ in range(DOUBTS + 1):
            assert await api.ask_many(("summary", "pools")) == TOLD
    assert one.commands.count("summary+pools") == DOUBTS


@in_reactor
async def test_a_model_that_has_taken_them_once_is_not_doubted_for_a_lost_answer() -> None:
    async with shelf(BOTH) as (one, lines, address):
        api = api_of(lines, address)
        one.joined = True
        await api.ask_many(("summary", "pools"))
        one.joined = False
        for _ in range(DOUBTS + 1):
            await api.ask_many(("summary", "pools"))
        one.joined = True
        one.asked.clear()
        await api.ask_many(("summary", "pools"))
    assert one.commands == ["summary+pools"]


@pytest.mark.parametrize("joined", [True, False])
@in_reactor
async def test_a_command_that_is_declined_costs_its_own_part_only(joined: bool) -> None:
    async with shelf({"summary": SUMMARY, "pools": DENIED}) as (one, lines, address):
        one.joined = joined
        assert await api_of(lines, address).ask_many(("summary", "pools")) == {"summary": SUMMARY}


@pytest.mark.parametrize("joined", [True, False])
@in_reactor
async def test_where_all_are_declined_the_first_no_is_told(joined: bool) -> None:
    async with shelf({"summary": DENIED}) as (one, lines, address):
        one.joined = joined
        with pytest.raises(Refused):
            await api_of(lines, address).ask_many(("summary", "pools"))


@in_reactor
async def test_one_command_alone_is_never_joined() -> None:
    async with shelf(BOTH) as (one, lines, address):
        assert await api_of(lines, address).ask_many(("summary",)) == {"summary": SUMMARY}
        assert await api_of(lines, address).ask_many(()) == {}
    assert one.commands == ["summary"]


@in_reactor
async def test_nobody_there_is_unreachable_at_once() -> None:
    async with shelf({}) as (_, lines, address):
        pass
    with pytest.raises(Unreachable):
        await api_of(lines, address).ask_many(("summary", "pools"))


def test_what_is_remembered_has_a_bound() -> None:
    joining = Joining()
    for number in range(5000):
        joining.learn(str(number), takes=True)
        joining.doubt(f"x{number}")
    assert len(joining._learned) == len(joining._doubts) == 1000
