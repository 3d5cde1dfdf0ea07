"""The client of cgminer-like APIs: its deadlines, and what it leaves behind."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, DeferredList
from twisted.internet.task import Clock

from mother.core.errors import Unreachable
from mother.core.model import Address
from mother.net.exchange import CutOff
from mother.net.jsonline import Lines
from mother.net.switchboard import TICK, Switchboard
from tests.net.files import open_files
from tests.net.hosts import deaf
from tests.net.talkers import Talker, ask, house, saying, silent
from tests.net.turning import in_reactor, reactor, until


@contextmanager
def file_limit(count: int) -> Iterator[None]:
    """This process may have no more than so many files open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# time


@in_reactor
async def test_the_deadline_covers_the_whole_call_and_closes_the_connection() -> None:
    async with house(silent) as (home, lines, address):
        with pytest.raises(CutOff, match=r"no whole answer within 0\.1 s"):
            await ask(lines, address, deadline=0.1)
        await until(lambda: home.lost)


@in_reactor
async def test_a_trickle_does_not_put_the_deadline_off() -> None:
    def trickle(talker: Talker) -> None:
        if not talker.house.lost:
            talker.say(b"x")
            reactor.callLater(0.02, trickle, talker)

    async with house(trickle) as (home, lines, address):
        began = time.monotonic()
        with pytest.raises(CutOff):
            await ask(lines, address, deadline=0.2)
        assert 0.2 <= time.monotonic() - began < 0.2 + 4 * TICK
        await until(lambda: home.lost)


@in_reactor
async def test_the_connection_has_a_deadline_of_its_own_asked_for_each_time() -> None:
    waits = iter([0.15, 30.0])
    lines = Lines(reactor, lambda: next(waits))
    async with deaf() as address:
        with pytest.raises(Unreachable, match=r"no connection within 0\.15 s") as caught:
            await ask(lines, address, deadline=30)
        assert not isinstance(caught.value, CutOff)
        with pytest.raises(Unreachable, match=r"no connection within 0\.2 s"):
            await ask(lines, address, deadline=0.2)


@in_reactor
async def test_once_connected_the_deadline_of_the_connection_counts_no_more() -> None:
    def answer(talker: Talker) -> None:
        reactor.callLater(0.3, talker.say, b"late\0")

    async with house(answer) as (_, _lines, address):
        assert await ask(Lines(reactor, lambda: 0.1), address) == b"late"


@in_reactor
async def test_an_answer_that_came_while_the_reactor_was_blocked_is_taken() -> None:
    def answer(talker: Talker) -> None:
        talker.handle.send(b"here\0")
        time.sleep(0.3)

    async with house(answer) as (_, lines, address):
        assert await ask(lines, address, deadline=0.2) == b"here"


# what is left behind


@in_reactor
async def test_cancelling_closes_the_connection() -> None:
    async with house(silent) as (home, lines, address):
        answer = ask(lines, address)
        await until(lambda: home.connections)
        answer.cancel()
        with pytest.raises(CancelledError):
            await answer
        await until(lambda: home.lost)


@in_reactor
async def test_cancelling_a_sibling_while_answers_are_dealt_out_harms_no_other() -> None:
    async with house(saying(b"a\0")) as (_, lines, address):
        calls = [ask(lines, address) for _ in range(40)]

        def cancel_the_odd(got: bytes) -> bytes:
            for call in calls[1::2]:
                call.cancel()
            return got

        calls[0].addCallback(cancel_the_odd)
        ends: Any = await DeferredList(calls, consumeErrors=True)
    assert [end for end in ends[0::2] if end != (True, b"a")] == []
    assert all(good or why.check(CancelledError) for good, why in ends[1::2])
    assert not all(good for good, _ in ends)


@in_reactor
async def test_an_idle_client_holds_no_file_and_no_timer() -> None:
    def watched() -> list[object]:
        return [one for one in reactor.getReaders() if isinstance(one, Switchboard)]

    await until(lambda: not watched())
    before = open_files()
    async with house(saying(b"a\0")) as (home, lines, address):
        for _ in range(3):
            assert await ask(lines, address) == b"a"
        home.answer = silent
        with pytest.raises(CutOff):
            await ask(lines, address, deadline=0.05)
        with pytest.raises(Unreachable):
            await ask(lines, Address("127.0.0.1", 1))
        await until(lambda: len(home.lost) == 4)
        await until(lambda: not watched())
        home.answer = saying(b"again\0")
        assert await ask(lines, address) == b"again"
        await until(lambda: not watched())
    await until(lambda: not open_files() - before)


@in_reactor
async def test_a_machine_without_a_free_file_costs_that_call_only() -> None:
    async with house(saying(b"a\0")) as (_, lines, address):
        assert await ask(lines, address) == b"a"
        with file_limit(3):
            calls = [ask(lines, address) for _ in range(3)]
            fresh = ask(Lines(reactor), address)
        for call in (*calls, fresh):
            with pytest.raises(Unreachable, match="Too many open files"):
                await call
        assert await ask(lines, address) == b"a"


@in_reactor
async def test_a_reactor_that_goes_down_ends_the_calls() -> None:
    async with house(silent) as (home, lines, address):
        answer = ask(lines, address)
        await until(lambda: home.connections and home.connections[0].heard)
        for one in reactor.getReaders():
            if isinstance(one, Switchboard):
                one.connectionLost(None)  # type: ignore[arg-type]  # the reason is not looked at
        with pytest.raises(CutOff, match="the program ends"):
            await answer


def test_a_reactor_that_watches_no_sockets_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Lines(Clock())


@in_reactor
async def test_no_error_carries_what_was_sent() -> None:
    async with house(silent) as (_, lines, address):
        with pytest.raises(CutOff) as caught:
            await lines.ask(address, b'{"password":"hunter2"}', deadline=0.05)
    assert "hunter2" not in repr(caught.value)
