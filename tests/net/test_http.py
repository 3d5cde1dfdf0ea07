"""The HTTP client against hosts that hang, cut, lie and flood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.testing import MemoryReactorClock
from twisted.web.http_headers import Headers

from mother.core.clock import sleep
from mother.core.errors import DeviceError, Garbled, Unreachable
from mother.core.model import Address
from mother.net.http import Answer, CutOff, Http
from tests.net.hosts import OK, Farm, Host, always, deaf, host
from tests.net.turning import in_reactor, listen, reactor, until

POST = b"POST"


def ask(http: Http, address: Address, **options: Any) -> Deferred[Answer]:
    return http.exchange(address, POST, "/api/x", **{"deadline": 5.0, **options})


def first_then(first: Callable[[Host], None]) -> Callable[[Host, int], None]:
    """Treat the first request of all so, and answer the others well."""

    def answer(one: Host, number: int) -> None:
        if len(one.farm.requests) == 1:
            first(one)
        else:
            one.say(OK)

    return answer


# what is sent and given back


@in_reactor
async def test_status_headers_and_body_come_back_whole() -> None:
    async with host(always(OK)) as (_, http, address):
        answer = await ask(http, address)
    assert (answer.status, answer.body) == (200, b"hi")
    assert answer.headers.getRawHeaders("x-kind") == ["test"]


@in_reactor
async def test_a_request_carries_its_path_host_headers_and_body() -> None:
    async with host(always(OK)) as (farm, http, address):
        headers = Headers({b"Authorization": [b"Bearer x"]})
        await ask(http, address, headers=headers, body=b"a=1", content_type=b"text/plain")
        await until(lambda: farm.connections[0].seen == b"a=1")
    head = farm.requests[0]
    assert head.startswith(b"POST /api/x HTTP/1.1\r\n")
    for line in (b"Host: " + str(address).encode(), b"Authorization: Bearer x"):
        assert line + b"\r\n" in head
    assert b"Content-Length: 3\r\n" in head
    assert b"Content-Type: text/plain\r\n" in head
    assert not headers.hasHeader("content-type")


@in_reactor
async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    async with host(always(moved)) as (farm, http, address):
        assert (await ask(http, address)).status == 302
    assert len(farm.requests) == 1


@in_reactor
async def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    async with host(always(b"HTTP/1.0 200 OK\r\n\r\nall of it", leave=True)) as (_, http, address):
        assert (await ask(http, address)).body == b"all of it"


@in_reactor
async def test_a_chunked_answer_is_put_together() -> None:
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    async with host(always(text)) as (_, http, address):
        assert (await ask(http, address)).body == b"abc"


# connections


@in_reactor
async def test_connections_are_kept_and_used_again() -> None:
    async with host(always(OK)) as (farm, http, address):
        for _ in range(3):
            await ask(http, address)
    assert (len(farm.connections), len(farm.requests)) == (1, 3)


@in_reactor
async def test_closing_the_client_closes_kept_connections() -> None:
    async with host(always(OK)) as (farm, http, address):
        await ask(http, address)
        await http.close()
        await until(lambda: farm.lost)


@in_reactor
async def test_a_host_that_serves_many_keeps_as_many_connections_as_it_had_at_once() -> None:
    async with host(always(OK)) as (farm, http, address):
        for _ in range(3):
            await gatherResults([ask(http, address, many=True) for _ in range(4)])
        assert (len(farm.connections), farm.lost) == (4, [])
        await http.close()
        await until(lambda: len(farm.lost) == 4)


@in_reactor
async def test_a_fresh_exchange_has_a_connection_of_its_own_and_leaves_none() -> None:
    async with host(always(OK)) as (farm, http, address):
        await ask(http, address)
        await ask(http, address, fresh=True)
        await until(lambda: len(farm.lost) == 1)
        await ask(http, address)
    assert len(farm.connections) == 2
    assert farm.lost[0] is farm.connections[1]


@in_reactor
async def test_a_read_on_a_kept_connection_that_has_died_is_repeated_once() -> None:
    def answer(one: Host, number: int) -> None:
        one.say(OK) if number == 0 else one.leave()

    async with host(answer) as (farm, http, address):
        await ask(http, address)
        assert (await ask(http, address, repeat=True)).body == b"hi"
    assert (len(farm.connections), len(farm.requests)) == (2, 3)


@in_reactor
async def test_a_read_is_repeated_only_once() -> None:
    async with host(lambda one, number: one.leave()) as (farm, http, address):
        with pytest.raises(CutOff):
            await ask(http, address, repeat=True)
    assert len(farm.requests) == 2


@in_reactor
async def test_a_write_is_never_repeated() -> None:
    async with host(first_then(Host.leave)) as (farm, http, address):
        with pytest.raises(CutOff):
            await ask(http, address)
    assert len(farm.requests) == 1


@in_reactor
async def test_a_read_whose_answer_had_begun_is_not_repeated() -> None:
    def half(one: Host) -> None:
        one.say(OK[:-1])
        one.leave()

    async with host(first_then(half)) as (farm, http, address):
        with pytest.raises(CutOff):
            await ask(http, address, repeat=True)
    assert len(farm.requests) == 1


# what can go wrong

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WRONG: dict[str, tuple[bytes, type[DeviceError]]] = {
    "cut in the headers": (b"HTTP/1.1 200 OK\r\nConte", CutOff),
    "cut in the body": (OK[:-1], CutOff),
    "cut in a chunk": (CHUNKED + b"5\r\nab", CutOff),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", Garbled),
    "no number for a status": (b"HTTP/1.1 two OK\r\n\r\n", Garbled),
    "no version": (b"ICY 200 OK\r\n\r\n", Garbled),
    "a header without a colon": (b"HTTP/1.1 200 OK\r\nwhat\r\n\r\n", Garbled),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
        Garbled,
    ),
    "a length that is no number": (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Garbled),
    "an unknown coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: zip\r\n\r\n", Garbled),
    "a chunk without a size": (CHUNKED + b"zz\r\n", Garbled),
}


@pytest.mark.parametrize("case", WRONG)
@in_reactor
async def test_a_bad_answer_is_cut_off_or_garbled(case: str) -> None:
    said, error = WRONG[case]
    async with host(always(said, leave=True)) as (farm, http, address):
        with pytest.raises(error):
            await ask(http, address)
        await until(lambda: farm.lost)
        farm.answer = always(OK)
        assert (await ask(http, address)).body == b"hi"


@in_reactor
async def test_a_garbled_answer_is_kept_as_a_sample() -> None:
    async with host(always(b"SSH-2.0-OpenSSH_9.2\r\n")) as (_, http, address):
        with pytest.raises(Garbled) as caught:
            await ask(http, address)
    assert caught.value.sample == "SSH-2.0-OpenSSH_9.2"


@in_reactor
async def test_nobody_there_is_unreachable_and_nothing_was_sent() -> None:
    async with host(always(OK)) as (_, http, address):
        pass
    with pytest.raises(Unreachable) as caught:
        await ask(http, address)
    assert not isinstance(caught.value, CutOff)
    assert "refused" in str(caught.value)


HANGING: dict[str, bytes] = {
    "at once": b"",
    "in the headers": b"HTTP/1.1 200 OK\r\nConte",
    "in the body": OK[:-1],
}


@pytest.mark.parametrize("where", HANGING)
@in_reactor
async def test_the_deadline_covers_the_whole_exchange_and_closes_the_connection(where: str) -> None:
    async with host(always(HANGING[where])) as (farm, http, address):
        with pytest.raises(CutOff, match=r"within 0\.1 s"):
            await ask(http, address, deadline=0.1, repeat=True)
        await until(lambda: farm.lost)
    assert len(farm.requests) == 1


@in_reactor
async def test_a_trickle_does_not_put_the_deadline_off() -> None:
    def trickle(one: Host, number: int) -> None:
        if one not in one.farm.lost:
            one.say(b"x")
            reactor.callLater(0.02, trickle, one, number)

    def begin(one: Host, number: int) -> None:
        one.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        trickle(one, number)

    async with host(begin) as (farm, http, address):
        with pytest.raises(CutOff):
            await ask(http, address, deadline=0.15)
        await until(lambda: farm.lost)


@in_reactor
async def test_a_deadline_while_connecting_is_unreachable_and_nothing_was_sent() -> None:
    http = Http(reactor)
    with pytest.raises(Unreachable) as caught:
        async with deaf() as address:
            await ask(http, address, deadline=0.1)
    assert not isinstance(caught.value, CutOff)


def test_each_new_connection_asks_for_its_own_deadline() -> None:
    memory = MemoryReactorClock()
    patience = iter((0.5, 2.5))
    http = Http(memory, connect=lambda: next(patience))
    asked = [ask(http, Address("192.0.2.1", 80)) for _ in range(2)]
    assert [client[3] for client in memory.tcpClients] == [0.5, 2.5]
    for one in asked:
        one.addErrback(lambda failure: failure.trap(CancelledError))
        one.cancel()


def test_nothing_is_left_on_the_clock_by_a_cancelled_exchange() -> None:
    memory = MemoryReactorClock()
    asked = ask(Http(memory), Address("192.0.2.1", 80))
    asked.addErrback(lambda failure: failure.trap(CancelledError))
    asked.cancel()
    assert not memory.getDelayedCalls()


def flood(head: bytes, part: bytes) -> Callable[[Host, int], None]:
    def more(one: Host) -> None:
        if one not in one.farm.lost:
            one.say(part)
            reactor.callLater(0, more, one)

    def answer(one: Host, number: int) -> None:
        one.say(head)
        more(one)

    return answer


FLOODS = {
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
    "a body of known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"x" * 4096),
    "chunks": (CHUNKED, b"400\r\n" + b"x" * 0x400 + b"\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: of the same\r\n" * 100),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 4096),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
}


@pytest.mark.parametrize("what", FLOODS)
@in_reactor
async def test_a_flood_is_cut_off_at_the_limit(what: str) -> None:
    async with host(flood(*FLOODS[what])) as (farm, http, address):
        with pytest.raises(DeviceError) as caught:
            await ask(http, address, limit=10_000, deadline=30.0)
        assert "within" not in str(caught.value), "it ended by the limit, not by the deadline"
        await until(lambda: farm.lost)


@in_reactor
async def test_a_body_as_long_as_the_limit_is_taken() -> None:
    async with host(always(OK)) as (_, http, address):
        assert (await ask(http, address, limit=2)).body == b"hi"
        with pytest.raises(Garbled):
            await ask(http, address, limit=1)


@pytest.mark.parametrize("where", HANGING)
@in_reactor
async def test_cancelling_closes_the_connection_and_is_passed_on(where: str) -> None:
    async with host(always(HANGING[where])) as (farm, http, address):
        exchange = ask(http, address)
        await until(lambda: farm.requests)
        await sleep(reactor, 0.02)
        exchange.cancel()
        with pytest.raises(CancelledError):
            await exchange
        await until(lambda: farm.lost)


@in_reactor
async def test_cancelling_while_connecting_is_passed_on() -> None:
    async with deaf() as address:
        exchange = ask(Http(reactor), address)
        exchange.cancel()
        with pytest.raises(CancelledError):
            await exchange


@in_reactor
async def test_chatter_on_an_idle_connection_spoils_only_that_connection() -> None:
    async with host(always(OK + b"and more")) as (farm, http, address):
        for _ in range(3):
            assert (await ask(http, address, repeat=True)).body == b"hi"
            farm.connections[-1].say(b"unasked")
            await until(lambda: farm.lost)


@in_reactor
async def test_two_exchanges_with_one_host_do_not_mix() -> None:
    farm = Farm(lambda one, number: one.say(OK.replace(b"hi", one.farm.requests[-1][6:8])))
    port = listen(farm)
    http = Http(reactor)
    address = Address("127.0.0.1", port.getHost().port)
    asked = [http.exchange(address, POST, f"/{name}", deadline=5.0) for name in ("aa", "bb")]
    assert [(await one).body for one in asked] == [b"aa", b"bb"]
    await http.close()
    await port.stopListening()
