"""The family: whom it claims, by which API it talks, and with which login."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mother.core.model import Address, CommandKind, Credential
from mother.core.ports import Ports
from mother.drivers.base import NO_LOGIN, Confirm, Traces
from mother.drivers.whatsminer.driver import Whatsminer, login
from mother.drivers.whatsminer.marks import claims
from mother.drivers.whatsminer.second import ORDERS as SECOND_ORDERS
from mother.drivers.whatsminer.third import ORDERS as THIRD_ORDERS
from tests.drivers.whatsminer import recorded, wire
from tests.drivers.whatsminer.wire import HANG, no
from tests.net.turning import in_reactor, reactor

HOST = "10.0.0.5"
BTMINER = {"STATUS": [{"STATUS": "S", "Description": "btminer 1.0"}], "VERSION": [{}]}
CGMINER = {"STATUS": [{"STATUS": "S", "Description": "cgminer 4.9.2"}], "VERSION": [{"API": "3.7"}]}


def traces(version: dict[str, Any] | None = None, *open_: int, **more: Any) -> Traces:
    said = json.dumps(version).encode() if version else b""
    return Traces(HOST, frozenset(open_), version=version or {}, said=said, **more)


@pytest.mark.parametrize(
    "version", [BTMINER, recorded.second("get_version"), no(14, "invalid cmd")]
)
def test_a_whatsminer_is_claimed_at_the_newest_api_it_has(version: dict[str, Any]) -> None:
    assert claims(traces(version, 80, 4028)) == Address(HOST, 4028)
    assert claims(traces(version, 4028, 4433)) == Address(HOST, 4433)


def test_what_it_said_is_enough_where_it_could_not_be_read() -> None:
    found = Traces(HOST, frozenset({4028}), said=b'{"Driver":"bitmicro"')
    assert claims(found) == Address(HOST, 4028)


def test_a_page_that_sends_to_luci_by_https_is_a_mark() -> None:
    away = {"status": 307, "location": f"https://{HOST}/cgi-bin/luci", "page_port": 80}
    assert claims(traces(None, 80, 4028, **away)) == Address(HOST, 4028)
    assert claims(traces(None, 80, **away)) is None


def test_the_third_port_alone_is_a_mark_where_nothing_else_is_told() -> None:
    assert claims(traces(None, 4433)) == Address(HOST, 4433)
    assert claims(traces(None, 80, 4433, status=200, page=b"<html>")) is None
    assert claims(traces(CGMINER, 4028, 4433)) is None


def test_others_are_not_claimed() -> None:
    assert claims(traces(CGMINER, 80, 4028)) is None
    assert claims(traces(None, 80, status=200, page=b"<title>DragonMint</title>")) is None
    assert claims(traces(None, 4028)) is None


def test_ports_may_be_shifted() -> None:
    shifted = Ports(web=8080, cgminer=12028, whatsminer=12433)
    found = Traces(HOST, frozenset({12028, 12433}), ports=shifted, version=BTMINER)
    assert claims(found) == Address(HOST, 12433)


@pytest.mark.parametrize("third", [False, True])
@in_reactor
async def test_it_recognises_its_own_by_one_question(third: bool) -> None:
    miner: Any = (wire.ThirdMiner if third else wire.SecondMiner)({}, "x")
    async with wire.bench(miner, third=third) as found:
        assert await found.family.recognise(found.address, 2.0) is True
    assert miner.asked == ["get.device.info" if third else "get_version"]


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize(
    "answer", [HANG, no(14, "invalid cmd"), {"code": 0, "msg": {}}, {"STATUS": "S", "Msg": {}}]
)
@in_reactor
async def test_it_recognises_nobody_else(third: bool, answer: object) -> None:
    answers = {"get_version": answer, "get.device.info": answer}
    miner: Any = (wire.ThirdMiner if third else wire.SecondMiner)(answers, "x")
    async with wire.bench(miner, third=third) as found:
        begun = reactor.seconds()
        assert await found.family.recognise(found.address, 0.2) is False
        assert reactor.seconds() - begun < 2.0


@in_reactor
async def test_the_port_says_by_which_api_it_talks() -> None:
    async with wire.bench(wire.ThirdMiner({}, "x"), third=True) as found:
        device = found.family.device(found.address, NO_LOGIN)
        assert device.credential == Credential("super", "super")
        other = found.family.device(Address("127.0.0.1", 4028), NO_LOGIN)
        assert other.credential == Credential("admin", "admin")


@pytest.mark.parametrize(
    ("given", "usual", "found"),
    [
        (("", ""), ("admin", "admin"), ("admin", "admin")),
        (("super", "super"), ("admin", "admin"), ("admin", "admin")),
        (("admin", "admin"), ("super", "super"), ("super", "super")),
        (("admin", "mine"), ("super", "super"), ("super", "mine")),
        (("super", "mine"), ("admin", "admin"), ("admin", "mine")),
        (("", "mine"), ("super", "super"), ("super", "mine")),
        (("user1", "mine"), ("super", "super"), ("user1", "mine")),
        (("super", "mine"), ("super", "super"), ("super", "mine")),
    ],
)
def test_one_login_serves_both_apis(
    given: tuple[str, str], usual: tuple[str, str], found: tuple[str, str]
) -> None:
    other = ("super", "super") if usual[0] == "admin" else ("admin", "admin")
    assert login(Credential(*given), Credential(*usual), Credential(*other)) == Credential(*found)


def test_every_capability_has_an_order_and_every_order_a_capability() -> None:
    assert set(Whatsminer.capabilities) == set(SECOND_ORDERS)
    assert set(THIRD_ORDERS) == set(SECOND_ORDERS) - {
        CommandKind.SET_NETWORK,
        CommandKind.SET_PASSWORD,
    }
    waited = (Confirm.SETTINGS, Confirm.ASLEEP, Confirm.AWAKE, Confirm.RESTART)
    for capability in Whatsminer.capabilities.values():
        assert (capability.within > 0) == (capability.confirm in waited)
        assert "API switch" in capability.limits
