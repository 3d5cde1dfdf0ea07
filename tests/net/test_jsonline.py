"""The client of cgminer-like APIs: answers whole and broken, with and without lengths."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, gatherResults

from mother.core.errors import Garbled, Unreachable
from mother.core.model import Address
from mother.net.exchange import CutOff
from mother.net.jsonline import Lines
from mother.net.switchboard import CHUNK, Line, Switchboard
from tests.net.talkers import REQUEST, Talker, ask, framed, house, saying, silent
from tests.net.turning import in_reactor, reactor, until

# one request, one answer


@pytest.mark.parametrize("leave", [True, False])
@in_reactor
async def test_an_answer_ends_with_a_nul_whether_the_peer_closes_or_not(leave: bool) -> None:
    async with house(saying(b'{"STATUS":1}\0', leave=leave)) as (home, lines, address):
        assert await ask(lines, address) == b'{"STATUS":1}'
        await until(lambda: home.lost)
    assert home.connections[0].heard == REQUEST


@in_reactor
async def test_an_answer_without_a_nul_ends_with_the_connection() -> None:
    async with house(saying(b'{"STATUS":1}')) as (_, lines, address):
        assert await ask(lines, address) == b'{"STATUS":1}'


@in_reactor
async def test_what_follows_a_nul_is_not_part_of_the_answer() -> None:
    async with house(saying(b"{}\0more\0")) as (_, lines, address):
        assert await ask(lines, address) == b"{}"


@in_reactor
async def test_an_answer_in_many_parts_is_put_together() -> None:
    def answer(talker: Talker, number: int = 0) -> None:
        talker.say(b"%03d" % number)
        if number < 50:
            reactor.callLater(0.001, answer, talker, number + 1)
        else:
            talker.say(b"\0")

    async with house(answer) as (_, lines, address):
        got = await ask(lines, address)
    assert got == b"".join(b"%03d" % number for number in range(51))


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 900_000])
@pytest.mark.parametrize("nul", [b"", b"\0"])
@in_reactor
async def test_a_large_answer_comes_whole(size: int, nul: bytes) -> None:
    async with house(saying(b"x" * size, nul)) as (_, lines, address):
        assert await ask(lines, address) == b"x" * size


@in_reactor
async def test_a_large_request_is_sent_whole() -> None:
    request = bytes(range(1, 256)) * 40_000

    def answer(talker: Talker) -> None:
        if len(talker.heard) == len(request):
            talker.say(b"ok\0")

    async with house(answer) as (home, lines, address):
        assert await lines.ask(address, request, deadline=10) == b"ok"
    assert home.connections[0].heard == request


@in_reactor
async def test_each_call_has_a_connection_of_its_own() -> None:
    async with house(lambda talker: talker.say(b"you\0")) as (home, lines, address):
        answers = await gatherResults([ask(lines, address) for _ in range(600)])
    assert answers == [b"you"] * 600
    assert len(home.connections) == 600


@in_reactor
async def test_calls_that_follow_one_another_reuse_numbers_of_files_and_get_their_own_answers() -> (
    None
):
    def answer(talker: Talker) -> None:
        if talker.heard.endswith(b"!"):
            talker.say(talker.heard + b"\0")

    async def series(lines: Lines, address: Address, name: int) -> None:
        for number in range(40):
            request = b"%d.%d!" % (name, number)
            assert await lines.ask(address, request, deadline=5) == request

    async with house(answer) as (_, lines, address):
        await gatherResults(
            [Deferred.fromCoroutine(series(lines, address, name)) for name in range(25)]
        )


# lengths before both


@in_reactor
async def test_a_framed_request_and_its_answer_carry_their_length_lowest_byte_first() -> None:
    async with house(saying(b"\x03\0\0\0a\0b", leave=False)) as (home, lines, address):
        assert await framed(lines, address) == b"a\0b"
    assert home.connections[0].heard == b"\x15\0\0\0" + REQUEST


@in_reactor
async def test_a_framed_answer_may_come_byte_by_byte() -> None:
    def answer(talker: Talker, rest: bytes = b"\x02\x01\0\0" + b"y" * 258 + b"more") -> None:
        talker.say(rest[:1])
        if rest[1:]:
            reactor.callLater(0.0005, answer, talker, rest[1:])

    async with house(answer) as (_, lines, address):
        assert await framed(lines, address) == b"y" * 258


@in_reactor
async def test_a_framed_answer_that_is_announced_too_large_is_garbled_at_once() -> None:
    async with house(saying(b"\xff\xff\xff\xff", leave=False)) as (_, lines, address):
        with pytest.raises(Garbled, match="larger than 1048576 bytes"):
            await framed(lines, address)


@pytest.mark.parametrize("said", [b"", b"\x03\0", b"\x03\0\0\0ab", b"\0\0\0\0"])
@in_reactor
async def test_a_framed_answer_that_is_not_whole_is_cut_off(said: bytes) -> None:
    async with house(saying(said)) as (_, lines, address):
        with pytest.raises(CutOff):
            await framed(lines, address)


# what can go wrong


@in_reactor
async def test_nobody_there_is_unreachable_and_nothing_was_sent() -> None:
    async with house(silent) as (_, lines, address):
        pass
    with pytest.raises(Unreachable, match="refused") as caught:
        await ask(lines, address)
    assert not isinstance(caught.value, CutOff)
    assert str(address) in str(caught.value)


@pytest.mark.parametrize("host", ["miner.example", "", "::1", "127.0.0.1\0", "300.1.1.1"])
@in_reactor
async def test_a_name_is_never_looked_up(host: str) -> None:
    with pytest.raises(Unreachable, match="no IPv4 address"):
        await ask(Lines(reactor), Address(host, 4028))


@pytest.mark.parametrize("port", [-1, 65_536, 10**30])
@in_reactor
async def test_an_impossible_port_is_unreachable(port: int) -> None:
    with pytest.raises(Unreachable):
        await ask(Lines(reactor), Address("127.0.0.1", port))


@pytest.mark.parametrize("said", [b"", b"\0", b"\0more"])
@in_reactor
async def test_an_empty_answer_is_cut_off(said: bytes) -> None:
    async with house(saying(said)) as (_, lines, address):
        with pytest.raises(CutOff):
            await ask(lines, address)


@in_reactor
async def test_a_reset_within_the_answer_is_cut_off() -> None:
    def answer(talker: Talker) -> None:
        talker.say(b'{"half":')
        reactor.callLater(0.02, talker.reset)

    async with house(answer) as (_, lines, address):
        with pytest.raises(CutOff, match="reset"):
            await ask(lines, address)


@in_reactor
async def test_a_reset_before_the_answer_is_cut_off() -> None:
    async with house(Talker.reset) as (_, lines, address):
        with pytest.raises(CutOff, match="reset"):
            await ask(lines, address)


@in_reactor
async def test_a_peer_that_leaves_before_the_request_is_whole_is_unreachable() -> None:
    async with house(Talker.reset) as (_, lines, address):
        with pytest.raises(Unreachable) as caught:
            await lines.ask(address, b"x" * 20_000_000, deadline=5)
    assert not isinstance(caught.value, CutOff)


@in_reactor
async def test_an_answer_that_is_too_large_is_garbled_and_not_kept() -> None:
    async with house(saying(b"x" * 10_000_000, leave=False)) as (home, lines, address):
        with pytest.raises(Garbled, match="larger than 1000 bytes"):
            await ask(lines, address, limit=1000)
        await until(lambda: home.lost)
        home.answer = saying(b"x" * 1000 + b"\0")
        assert len(await ask(lines, address, limit=1000)) == 1000
        home.answer = saying(b"x" * 1001 + b"\0")
        with pytest.raises(Garbled):
            await ask(lines, address, limit=1000)


@in_reactor
async def test_no_more_is_kept_of_an_answer_than_its_limit_and_one_part() -> None:
    kept = [0]

    class Watched(Line):
        def _keep(self, part: bytes) -> None:
            super()._keep(part)
            kept.append(len(self._got))

    async with house(saying(b"x" * 10_000_000, leave=False)) as (_, _lines, address):
        call = Watched(Switchboard(reactor, reactor), address, REQUEST, 100_000)
        with pytest.raises(Garbled):
            await call.begin(1, 5)
    assert 100_000 < max(kept) <= 100_000 + CHUNK
    assert not call._got


@given(parts=st.lists(st.binary(max_size=40).filter(bool), max_size=20))
def test_however_an_answer_is_cut_into_parts_it_is_the_same(parts: list[bytes]) -> None:
    board = Switchboard(reactor, reactor)
    call = Line(board, Address("127.0.0.1", 4028), REQUEST, 10_000)
    for part in parts:
        call._keep(part)
    assert bytes(call._got) == b"".join(parts)


def busy_for(turns: int) -> Callable[[Talker], None]:
    """Hangs up without a word on so many, then answers."""

    def answer(talker: Talker) -> None:
        if len(talker.house.connections) > turns:
            talker.say(b"late\0")
        talker.leave()

    return answer


@in_reactor
async def test_a_read_is_made_once_more_where_the_device_hung_up_at_once() -> None:
    async with house(busy_for(1)) as (home, lines, address):
        assert await ask(lines, address, again=0.05) == b"late"
    assert len(home.connections) == 2


@in_reactor
async def test_nothing_is_asked_a_third_time_and_a_write_not_even_twice() -> None:
    for turns, again, times in ((2, 0.05, 2), (1, 0.0, 1)):
        async with house(busy_for(turns)) as (home, lines, address):
            with pytest.raises(CutOff):
                await ask(lines, address, again=again)
        assert len(home.connections) == times


@in_reactor
async def test_who_says_nothing_within_a_short_deadline_did_not_hang_up_at_once() -> None:
    async with house(silent) as (home, lines, address):
        began = reactor.seconds()
        with pytest.raises(CutOff):
            await ask(lines, address, deadline=0.2, again=0.3)
        assert reactor.seconds() - began < 0.45
    assert len(home.connections) == 1
