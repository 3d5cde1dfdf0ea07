"""The driver against answers made by hand, over loopback: tokens, orders, what is told of them."""

from __future__ import annotations

import pytest
from twisted.internet.defer import gatherResults

from mother.core.errors import (
    Declined,
    DeviceError,
    Garbled,
    Refused,
    Unreachable,
    Unsupported,
)
from mother.core.model import Address, CommandKind
from mother.core.reading import Word
from mother.drivers.base import NO_LOGIN, Traces
from mother.drivers.minercontrol.driver import WRITES, MinerControl
from mother.drivers.minercontrol.session import place_of
from tests.drivers.minercontrol.wire import (
    ALREADY_IN,
    CUT,
    HANG,
    MINER,
    PAUSE,
    RESUME,
    TOKEN,
    UNAUTHORIZED,
    begun,
    gateway,
    logged_in,
    miner,
    ok,
    order,
    profile,
    said,
)
from tests.net.turning import in_reactor, until


@in_reactor
async def test_an_order_is_a_login_and_a_call_and_the_next_one_is_a_call_alone() -> None:
    async with miner({}) as (script, one, clock):
        await one.perform(PAUSE)
        clock.now += 50.0
        await one.perform(profile("normal"))
        await one.perform(RESUME)
    assert script.asked == [
        ("login", {"miner_ip": MINER}),
        ("curtail", {"token": TOKEN, "mode": "sleep"}),
        ("profileset", {"token": TOKEN, "profile": "normal"}),
        ("curtail", {"token": TOKEN, "mode": "active"}),
    ]


@pytest.mark.parametrize("ahead", [-7200.0, 0.0, 7200.0])
@in_reactor
async def test_a_token_is_renewed_before_it_ends_whatever_the_gateways_clock_says(
    ahead: float,
) -> None:
    async with miner({}, ahead=ahead) as (script, one, clock):
        await one.perform(PAUSE)
        clock.now += 54.0
        await one.perform(RESUME)
        assert script.calls == ["login", "curtail", "curtail"]
        clock.now += 2.0
        await one.perform(PAUSE)
    assert script.calls == ["login", "curtail", "curtail", "login", "curtail"]


@in_reactor
async def test_a_login_that_lasts_already_does_not_last_longer() -> None:
    async with miner({"login": [logged_in(), ALREADY_IN]}) as (script, one, clock):
        await one.perform(PAUSE)
        for _ in range(2):
            clock.now += 28.0
            await one.perform(RESUME)
        assert script.calls.count("login") == 2
        clock.now += 1.0
        await one.perform(PAUSE)
    assert script.calls.count("login") == 3


@in_reactor
async def test_a_token_whose_end_is_not_told_is_used_until_it_is_refused() -> None:
    answers = {"login": ALREADY_IN, "curtail": [ok("."), UNAUTHORIZED, ok(".")]}
    async with miner(answers) as (script, one, _):
        await one.perform(PAUSE)
        await one.perform(RESUME)
    assert script.calls == ["login", "curtail", "curtail", "login", "curtail"]


@pytest.mark.parametrize(
    "refusal", [UNAUTHORIZED, said(400, "Invalid token or mode", "error"), said(403, "no")]
)
@in_reactor
async def test_a_refused_token_is_followed_by_one_login_and_one_repetition(
    refusal: object,
) -> None:
    async with miner({"curtail": [refusal, ok("Set to sleep")]}) as (script, one, _):
        await one.perform(PAUSE)
        assert script.calls == ["login", "curtail", "login", "curtail"]
        assert (await one.read(1.0)).asleep


@in_reactor
async def test_a_gateway_that_refuses_its_own_tokens_is_not_hammered() -> None:
    async with miner({"curtail": UNAUTHORIZED}) as (script, one, _):
        with pytest.raises(Refused) as caught:
            await one.perform(PAUSE)
        assert script.calls == ["login", "curtail", "login", "curtail"]
        assert (await one.read(1.0)).word is Word.NONE
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("key", ["message", "error"])
@in_reactor
async def test_what_is_so_already_is_a_success(key: str) -> None:
    answers = {
        "curtail": said(400, "Miner is already in sleep mode.", key),
        "profileset": said(400, "Miner is already in normal profile.", key),
    }
    async with miner(answers) as (script, one, _):
        await one.perform(PAUSE)
        await one.perform(profile("normal"))
        found = await one.read(1.0)
        assert (found.asleep, found.profile) == (True, "normal")
    assert script.calls == ["login", "curtail", "profileset"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (said(400, "Invalid curtail mode. Use active or sleep."), Declined, "Invalid curtail"),
        (said(400, "Miner is broken", "error"), Declined, "Miner is broken"),
        ((404, b"<html>"), Unsupported, "404"),
        ((500, b"<html>"), Garbled, "500"),
    ],
)
@in_reactor
async def test_a_no_is_one_kind_of_error_and_is_not_asked_again(
    given: object, error: type[DeviceError], words: str
) -> None:
    async with miner({"curtail": given}) as (script, one, _):
        with pytest.raises(error, match=words):
            await one.perform(PAUSE)
    assert script.calls == ["login", "curtail"]


@in_reactor
async def test_a_lost_answer_is_asked_for_once_more() -> None:
    async with miner({"curtail": [CUT, said(400, "Miner is already in sleep mode.")]}) as (
        script,
        one,
        _,
    ):
        await one.perform(PAUSE)
        assert (await one.read(1.0)).asleep
    assert script.calls == ["login", "curtail", "curtail"]


@pytest.mark.parametrize("given", [CUT, HANG, (500, b"")])
@in_reactor
async def test_without_a_yes_nothing_is_known_any_more(given: object) -> None:
    async with miner({"curtail": [ok("Miner curtail state updated to sleep."), given]}, 0.2) as (
        _,
        one,
        _clock,
    ):
        await one.perform(PAUSE)
        assert (await one.read(1.0)).word is Word.TAKEN
        with pytest.raises(Garbled):
            await one.perform(RESUME)
        found = await one.read(2.0)
        assert (found.asleep, found.word) == (False, Word.NONE)


@in_reactor
async def test_a_no_leaves_what_was_said_yes_to_before() -> None:
    answers = {"curtail": [ok("."), said(400, "not now")], "profileset": [ok("."), said(400, "no")]}
    async with miner(answers) as (_, one, _clock):
        await one.perform(PAUSE)
        await one.perform(profile("overclock"))
        for again in (RESUME, profile("normal")):
            with pytest.raises(Declined):
                await one.perform(again)
        found = await one.read(1.0)
        assert (found.asleep, found.profile, found.word) == (True, "overclock", Word.TAKEN)


@in_reactor
async def test_a_login_that_was_lost_leaves_it_too() -> None:
    async with miner({"login": [logged_in(), CUT]}) as (_, one, clock):
        await one.perform(PAUSE)
        clock.now += 58.0
        with pytest.raises(Unreachable):
            await one.perform(RESUME)
        assert (await one.read(1.0)).asleep


@in_reactor
async def test_nothing_is_said_of_one_that_was_told_nothing() -> None:
    async with miner({}) as (_, one, _clock):
        found = await one.read(7.0)
        assert (found.at, found.word, found.hashrate, found.boards) == (7.0, Word.NONE, None, ())
        assert (await one.settings()).profile is None


@in_reactor
async def test_a_gateway_is_asked_once_a_minute_whether_it_is_there_for_all_its_miners() -> None:
    async with gateway({}) as (script, family, url, clock):
        some = [family.member(url, f"10.1.1.{number}", 10)[0] for number in range(2000)]
        for _ in range(2):
            await gatherResults([begun(one.read(1.0)) for one in some])
            clock.now += 50.0
        assert script.calls == ["login"]
        clock.now += 20.0
        await some[3].read(1.0)
    assert script.calls == ["login", "login"]


@pytest.mark.parametrize("login", [(500, b""), UNAUTHORIZED, said(400, "who?")])
@in_reactor
async def test_a_gateway_that_answers_anything_is_there(login: object) -> None:
    async with gateway({"login": login}) as (_, family, url, _clock):
        one, _ = family.member(url, MINER, 10)
        assert (await one.read(1.0)).word is Word.NONE
        assert await family.recognise(one.address, 5.0)


@in_reactor
async def test_one_that_is_away_costs_one_question_in_ten_seconds() -> None:
    async with gateway({"login": [HANG, HANG, logged_in()]}, 0.1) as (script, family, url, clock):
        some = [family.member(url, f"10.1.1.{number}", 10)[0] for number in range(1, 6)]
        for one in some:
            with pytest.raises(Unreachable):
                await one.read(1.0)
        assert script.calls == ["login", "login"]
        assert not await family.recognise(some[0].address, 5.0)
        clock.now += 11.0
        await some[1].read(1.0)
    assert script.calls == ["login"] * 3


@in_reactor
async def test_who_asks_for_all_and_gives_up_leaves_that_to_the_next_one() -> None:
    async with gateway({"login": [HANG, logged_in()]}) as (script, family, url, _clock):
        some = [family.member(url, f"10.1.1.{number}", 10)[0] for number in range(4)]
        first, *others = [begun(one.read(1.0)) for one in some]
        await until(lambda: script.calls)
        others.pop().addErrback(lambda _: None).cancel()
        first.addErrback(lambda _: None).cancel()
        await gatherResults(others)
    assert script.calls == ["login", "login"]


@in_reactor
async def test_no_more_calls_are_under_way_than_there_may_be_connections() -> None:
    async with gateway({"login": HANG}, 0.3) as (script, family, url, _clock):
        some = [family.member(url, f"10.1.1.{number}", 3)[0] for number in range(1, 9)]
        orders = [begun(one.perform(PAUSE)).addErrback(lambda _: None) for one in some]
        await until(lambda: len(script.calls) == 3)
        family.member(url, MINER, 5)  # another configuration is in force
        more = [begun(one.perform(PAUSE)).addErrback(lambda _: None) for one in some]
        await until(lambda: len(script.calls) == 8)
        for one in (*orders, *more):
            one.cancel()


@in_reactor
async def test_what_it_said_yes_to_is_known_by_whoever_asks() -> None:
    async with gateway({"curtail": ok(".")}) as (_, family, url, _clock):
        one, identity = family.member(url, MINER, 10)
        await one.perform(PAUSE)
        again, same = family.member(url, MINER, 10)
        assert identity == same == f"via:127.0.0.1:{one.address.port}:{MINER}"
        assert (await again.read(1.0)).asleep
        assert (await family.device(one.address, NO_LOGIN).read(1.0)).asleep
        assert (await one.describe()).mac == identity
        with pytest.raises(ValueError, match=r"10\.9\.9\.9"):
            family.device(Address("10.9.9.9", 80), NO_LOGIN)


@in_reactor
async def test_what_it_cannot_do_is_unsupported_and_asked_of_nobody() -> None:
    async with miner({}) as (script, one, _):
        for kind in (CommandKind.REBOOT, CommandKind.SET_POOLS, CommandKind.POWER_OFF):
            with pytest.raises(Unsupported):
                await one.perform(order(kind))
        for asked in (one.network(), one.offered()):
            with pytest.raises(Unsupported):
                await asked
        for name in ("turbo", ""):
            with pytest.raises(ValueError, match="overclock"):
                await one.perform(profile(name))
        with pytest.raises(ValueError, match="overclock"):
            await one.perform(order(CommandKind.SET_PROFILE, profile="normal", level="3"))
    assert script.calls == []


def test_its_capabilities_are_what_it_carries_out_and_no_reboot() -> None:
    assert set(MinerControl.capabilities) == set(WRITES)
    assert CommandKind.REBOOT not in WRITES


@in_reactor
async def test_it_claims_nobody() -> None:
    async with gateway({}) as (_, family, _url, _clock):
        assert family.claims(Traces("10.1.1.1", frozenset({80}), page_port=80, status=200)) is None
        assert not await family.recognise(Address(MINER, 80), 5.0)
        assert (family.nameplate("S19"), family.safe_model("")) == (None, "unknown")
        assert (family.firmware_in("a.bin"), family.is_newer("2", "1")) == ("", None)
        assert (family.firmware_fits("a", "b"), family.at_rest({"a": 1.0})) == (None, {})


@pytest.mark.parametrize(
    ("url", "host", "port", "base"),
    [
        ("http://127.0.0.1:5000/api", "127.0.0.1", 5000, "/api"),
        ("http://10.0.0.9:5000", "10.0.0.9", 5000, "/api"),
        ("http://Gateway.example/miners/api/", "gateway.example", 80, "/miners/api"),
    ],
)
def test_a_gateway_is_named_by_its_url(url: str, host: str, port: int, base: str) -> None:
    found = place_of(url)
    assert (found.address, found.base) == (Address(host, port), base)


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.9/api",
        "10.0.0.9:5000",
        "http://",
        "http://u:hunter2@10.0.0.9/api",
        "http://10.0.0.9/api?key=hunter2",
        "http://[::1/api",
        "http://10.0.0.9:99999/api",
        "http://gäteway/api",
    ],
)
def test_what_can_be_no_gateways_url_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ValueError, match="gateway") as caught:
        place_of(url)
    assert "hunter2" not in str(caught.value)
