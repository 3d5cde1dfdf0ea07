"""The simulated gateway says what the two mock servers of the public exercise say."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mother.core.model import Address
from mother.net.http import Answer, Http
from mother.sim.farm import CannotServe
from mother.sim.minercontrol.serving import OPTION, GatewayPlan, ServedGateway, plan_from
from mother.sim.minercontrol.state import Gateway, MissingKey, Trouble, Variant
from mother.sim.options import add_arguments
from tests.net.turning import in_reactor, reactor

NOW = 1_709_237_396.0
IP = "10.1.1.1"
TOKEN = "10.1.1.1_token"


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def gateway(variant: Variant = Variant.MESSAGE) -> tuple[Gateway, Clock]:
    clock = Clock()
    return Gateway(clock, variant), clock


def test_a_login_gives_a_token_and_the_date_at_which_it_ends() -> None:
    one, _ = gateway()
    assert one.answer("login", {"miner_ip": IP}) == (
        200,
        {"message": "Miner logged in.", "token": TOKEN, "ttl": "Thu, 29 Feb 2024 20:10:56 GMT"},
    )


def test_another_login_meanwhile_gives_no_date_and_no_more_time() -> None:
    one, clock = gateway()
    one.answer("login", {"miner_ip": IP})
    clock.now += 50
    said = {"message": "Miner already logged in.", "token": TOKEN}
    assert one.answer("login", {"miner_ip": IP}) == (200, said)
    clock.now += 11
    assert one.answer("curtail", {"token": TOKEN, "mode": "sleep"})[0] == 401


@pytest.mark.parametrize(
    ("call", "form", "status", "text"),
    [
        ("curtail", {"mode": "sleep"}, 200, "Miner curtail state updated to sleep."),
        ("curtail", {"mode": "active"}, 400, "Miner is already in active mode."),
        ("curtail", {"mode": "off"}, 400, "Invalid curtail mode. Use active or sleep."),
        ("profileset", {"profile": "overclock"}, 200, "Miner profile updated to overclock."),
        ("profileset", {"profile": "normal"}, 400, "Miner is already in normal profile."),
        (
            "profileset",
            {"profile": "turbo"},
            400,
            "Invalid profile. Use underclock, overclock or normal.",
        ),
    ],
)
def test_an_order_is_answered_in_these_words(
    call: str, form: dict[str, Any], status: int, text: str
) -> None:
    one, _ = gateway()
    one.answer("login", {"miner_ip": IP})
    assert one.answer(call, {"token": TOKEN, **form}) == (status, {"message": text})


def test_what_a_miner_was_told_outlives_its_token_but_no_restart() -> None:
    one, clock = gateway()
    again = {"token": TOKEN, "mode": "sleep"}
    one.answer("login", {"miner_ip": IP})
    one.answer("curtail", again)
    assert one.answer("logout", {"miner_ip": IP})[1] == {"message": "Miner logged out."}
    assert one.answer("logout", {"miner_ip": IP})[1] == {"message": "Miner not logged in."}
    assert one.answer("curtail", again)[0] == 401
    clock.now += 100
    one.answer("login", {"miner_ip": IP})
    assert one.answer("curtail", again)[0] == 400
    one.restart()
    one.answer("login", {"miner_ip": IP})
    assert one.answer("curtail", again)[0] == 200
    assert one.calls == {"login": 3, "curtail": 4, "logout": 2}


@pytest.mark.parametrize(
    ("call", "form"),
    [("login", {}), ("logout", {}), ("curtail", {"mode": "sleep"}), ("curtail", {"token": TOKEN})],
)
def test_it_falls_over_where_a_key_is_missing(call: str, form: dict[str, Any]) -> None:
    with pytest.raises(MissingKey):
        gateway()[0].answer(call, form)


def test_the_other_server_has_errors_of_its_own_and_no_end() -> None:
    one, clock = gateway(Variant.ERROR)
    assert one.answer("login", {"miner_ip": IP}) == (200, {"token": f"token_{IP}"})
    clock.now += 1e6
    good = {"token": f"token_{IP}", "mode": "sleep"}
    assert [one.answer("curtail", good)[0] for _ in range(2)] == [200, 200]
    bad = (400, {"error": "Invalid token or mode"})
    assert one.answer("curtail", {"token": "x", "mode": "sleep"}) == bad
    assert one.answer("curtail", {**good, "mode": "off"}) == bad
    assert len(one.writes) == 1


def test_it_can_refuse_every_token_and_let_them_end_soon() -> None:
    one, clock = gateway()
    one.suffer(Trouble.EXPIRING)
    one.answer("login", {"miner_ip": IP})
    clock.now += 2.5
    assert one.answer("curtail", {"token": TOKEN, "mode": "sleep"})[0] == 401
    one.suffer(Trouble.UNAUTHORIZED)
    one.answer("login", {"miner_ip": IP})
    assert one.answer("curtail", {"token": TOKEN, "mode": "sleep"})[0] == 401
    assert not one.writes


# on the wire


@asynccontextmanager
async def served(*troubles: Trouble) -> AsyncIterator[tuple[ServedGateway, Http]]:
    one = ServedGateway(GatewayPlan(("10.1.1.1",), 0, troubles=troubles), reactor, lambda: NOW)
    http = Http(reactor)
    await one.start()
    try:
        yield one, http
    finally:
        await http.close()
        await one.stop()


async def asked(
    one: ServedGateway, http: Http, body: bytes, path: str = "/api/login", method: bytes = b"POST"
) -> Answer:
    return await http.exchange(
        Address("127.0.0.1", one.port), method, path, body=body, deadline=5.0
    )


@in_reactor
async def test_it_answers_with_json_and_the_date() -> None:
    async with served() as (one, http):
        answer = await asked(one, http, b'{"miner_ip": "10.1.1.1"}')
    assert answer.status == 200
    assert json.loads(answer.body)["token"] == TOKEN
    assert answer.headers.getRawHeaders("date") == ["Thu, 29 Feb 2024 20:09:56 GMT"]


@pytest.mark.parametrize(
    ("body", "path", "method", "status"),
    [
        (b"{}", "/api/login", b"POST", 500),
        (b"no json", "/api/login", b"POST", 400),
        (b"[]", "/api/login", b"POST", 400),
        (b"{}", "/api/reboot", b"POST", 404),
        (b"{}", "/", b"POST", 404),
        (b"", "/api/login", b"GET", 405),
    ],
)
@in_reactor
async def test_whatever_else_is_asked_gets_a_page(
    body: bytes, path: str, method: bytes, status: int
) -> None:
    async with served() as (one, http):
        answer = await asked(one, http, body, path, method)
    assert (answer.status, answer.body[:7]) == (status, b"<title>")


@in_reactor
async def test_a_slow_one_takes_its_time() -> None:
    async with served() as (one, http):
        one.gateway.suffer(Trouble.SLOW, 0.3)
        began = reactor.seconds()
        await asked(one, http, b'{"miner_ip": "10.1.1.1"}')
    assert reactor.seconds() - began >= 0.3


@in_reactor
async def test_a_port_that_is_taken_is_named() -> None:
    async with served() as (one, _):
        other = ServedGateway(GatewayPlan(port=one.port), reactor, lambda: NOW)
        with pytest.raises(CannotServe, match=f"127.0.0.1:{one.port}"):
            await other.start()


# the command line


def plan(*words: str) -> GatewayPlan:
    parser = argparse.ArgumentParser()
    add_arguments(parser, mixed=True)
    parser.add_argument("--minercontrol", **OPTION)
    return plan_from(parser.parse_args(words))


def test_miners_are_addresses_of_the_network() -> None:
    assert plan("--minercontrol").miners == tuple(f"127.77.0.{n}" for n in range(1, 11))
    some = plan("--minercontrol", "error", "--miners=2", "--network=10.1.0.0/24", "--port=5001")
    assert some == GatewayPlan(("10.1.0.1", "10.1.0.2"), 5001, Variant.ERROR)
    assert ServedGateway(some, reactor, lambda: NOW).lines() == [
        "[[minercontrol]]",
        'url = "http://127.0.0.1:5001/api"',
        'miners = ["10.1.0.1-10.1.0.2"]',
    ]
    assert plan("--minercontrol", "--fault=slow").troubles == (Trouble.SLOW,)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--mix=antminer=2",), "--mix"),
        (("--miners=0",), "--miners 0"),
        (("--miners=300", "--network=10.1.0.0/24"), "1 to 254"),
        (("--network=10.1",), "--network 10.1"),
        (("--port=70000",), "--port 70000"),
        (("--fault=dead-board",), "slow, expiring, unauthorized"),
    ],
)
def test_what_makes_no_gateway_is_refused_by_name(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plan("--minercontrol", *words)
