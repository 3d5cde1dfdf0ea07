"""Faults of the wire, which any service can have, as a client meets them on a real socket."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import cast

import pytest
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread

from mother.sim.device import FarmReactor
from mother.sim.faults import Fault
from mother.sim.wire import DRIP_S, FLOOD_BYTES, GARBAGE, Wire
from tests.sim.asking import GET, asked, shortly
from tests.sim.serving import on_the_reactor, served
from tests.sim.toy import PAGE, TOYS, Echo, Toy

NETWORKS = (f"127.79.{number}.1/32" for number in count(40))
WHOLE = b"you said: hello"


@asynccontextmanager
async def ill(
    fault: Fault, speed: float = 1.0, family: str = "toy"
) -> AsyncIterator[tuple[Toy, int, int]]:
    """A toy with that fault, and where its page and its echo are."""
    mix, network = {family: 1}, next(NETWORKS)
    async with served(speed=speed, families=TOYS, mix=mix, network=network) as farm:
        [toy] = farm.devices
        assert isinstance(toy, Toy)
        page, echo = map(int, farm.lines()[0].split()[0].partition(":")[2].split(","))
        toy.fault = fault
        yield toy, page, echo


@on_the_reactor
async def test_a_hanging_service_takes_the_question_and_never_answers() -> None:
    async with ill(Fault.HANG) as (toy, page, echo):
        began = time.monotonic()
        assert await asked(toy.host, echo, b"hello", 0.5) == b""
        assert await asked(toy.host, page, GET, 0.5) == b""
        assert time.monotonic() - began >= 1.0


@on_the_reactor
async def test_a_flood_is_ten_mebibytes_that_begin_as_an_answer_does() -> None:
    async with ill(Fault.FLOOD) as (toy, page, echo):
        line = await asked(toy.host, echo, b"hello", 20)
        assert len(line) == FLOOD_BYTES + 1
        assert line.startswith(b'[{"x":0},{"x":0}')
        head, _, body = (await asked(toy.host, page, GET, 20)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert len(body) == FLOOD_BYTES + 1


@on_the_reactor
async def test_a_dripping_answer_is_whole_after_a_second_for_each_byte() -> None:
    async with ill(Fault.DRIP, speed=50) as (toy, _, echo):
        began = time.monotonic()
        assert await asked(toy.host, echo, b"hello") == WHOLE
        assert time.monotonic() - began >= (len(WHOLE) - 1) * DRIP_S / 50


@on_the_reactor
async def test_a_dripping_page_has_hardly_begun_when_patience_ends() -> None:
    async with ill(Fault.DRIP) as (toy, page, _):
        assert await asked(toy.host, page, GET, 0.5) == b"H"


@on_the_reactor
async def test_a_reset_comes_after_half_an_answer() -> None:
    def half(host: str, port: int) -> bytes:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"hello")
            came = connection.recv(1024)
            with pytest.raises(ConnectionResetError):
                connection.recv(1024)
            return came

    async with ill(Fault.RESET) as (toy, _, echo):
        assert await deferToThread(half, toy.host, echo) == b"you said"


@on_the_reactor
async def test_a_truncated_answer_ends_in_the_middle_and_properly() -> None:
    async with ill(Fault.TRUNCATED) as (toy, page, echo):
        assert await asked(toy.host, echo, b"hello") == b"you said"
        head, _, body = (await asked(toy.host, page)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert PAGE.startswith(body)
        assert 0 < len(body) < len(PAGE)


@on_the_reactor
async def test_what_the_family_shows_itself_is_left_to_it() -> None:
    async with ill(Fault.GARBAGE) as (toy, _, echo):
        assert await asked(toy.host, echo, b"hello") == WHOLE


@on_the_reactor
async def test_a_fault_shows_on_a_connection_that_is_open_already_and_ends_with_it() -> None:
    async with ill(Fault.NONE) as (toy, page, _):
        alive = GET.replace(b"Connection: close\r\n", b"")
        connection = await deferToThread(socket.create_connection, (toy.host, page), 5)

        def ask() -> bytes:
            connection.sendall(alive)
            return connection.recv(65536)

        assert PAGE in await deferToThread(ask)
        toy.fault = Fault.FLOOD
        assert b'[{"x":0}' in await deferToThread(ask)
        connection.close()
        toy.fault = Fault.NONE
        await shortly()
        assert PAGE in await asked(toy.host, page)


@on_the_reactor
async def test_a_client_that_leaves_leaves_nothing_behind() -> None:
    for fault in (Fault.HANG, Fault.FLOOD, Fault.DRIP, Fault.RESET):
        async with ill(fault, speed=10) as (toy, page, echo):
            for port, question in ((page, GET), (echo, b"hello")):
                await asked(toy.host, port, question, 0.05)
            await shortly(0.5)
            assert connections(toy.host) == []


def connections(host: str) -> list[str]:
    """The connections of this process that are open at that address, as the kernel lists them."""
    written = socket.inet_aton(host)[::-1].hex().upper()
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    gone = {"06", "0A"}  # TIME_WAIT, LISTEN
    return [row[1] for row in rows if row[1].startswith(written) and row[3] not in gone]


@on_the_reactor
async def test_garbage_is_neither_a_page_nor_a_line() -> None:
    async with ill(Fault.GARBAGE, family="plain") as (toy, page, echo):
        assert await asked(toy.host, page) == GARBAGE
        assert await asked(toy.host, echo, b"hello") == GARBAGE


def reached(wire: Wire) -> StringTransport:
    """A new connection that has asked something."""
    transport = StringTransport()
    protocol = wire.buildProtocol(None)
    protocol.makeConnection(transport)
    protocol.dataReceived(b"hello")
    return transport


def test_a_flood_on_a_framed_service_begins_with_its_length() -> None:
    clock = cast(FarmReactor, Clock())
    wire = Wire(Factory.forProtocol(Echo), 4433, lambda: Fault.FLOOD, clock)
    head = reached(wire).value()[:5]
    assert int.from_bytes(head[:4], "little") == FLOOD_BYTES
    assert head[4:] == b"["


def test_a_service_that_wants_no_more_connections_refuses_them() -> None:
    class Full(Factory):
        def buildProtocol(self, addr: object) -> None:  # noqa: N802  # Twisted's name
            """No."""

    wire = Wire(Full(), 80, lambda: Fault.NONE, cast(FarmReactor, Clock()))
    assert wire.buildProtocol(None) is None
