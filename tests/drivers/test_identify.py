"""One pass over an address: what is asked, of whom, and for how long, on real sockets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mother.core.ports import Ports
from mother.drivers.base import Traces
from mother.drivers.identify import KEPT, PAGE_LIMIT, VERSION_LIMIT, Identifier
from mother.net.http import Http
from mother.net.jsonline import Lines
from mother.net.knock import Knocker
from mother.net.wire import Wire
from tests.drivers.traces import recorded
from tests.net.talkers import House, Talker, saying, silent
from tests.net.turning import in_reactor, reactor

HOST = "127.0.0.1"
EPIC = b"<html><title>Miner Web Dashboard</title></html>"
VERSION = json.dumps(recorded("antminer/v2020/version")).encode() + b"\0"

Says = Callable[[Talker], None] | None
"""What happens to who connects; None: nothing listens."""


def page(body: bytes, status: str = "200 OK", *headers: str) -> Callable[[Talker], None]:
    """A page, and no more requests on this connection."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return saying("\r\n".join((*lines, "", "")).encode("latin-1") + body)


def dripping(talker: Talker) -> None:
    """A page that comes by single bytes and never ends."""

    def drip() -> None:
        if talker not in talker.house.lost:
            talker.say(b"x")
            reactor.callLater(0.02, drip)

    talker.say(b"HTTP/1.1 200 OK\r\n\r\n")
    drip()


def flooding(size: int, head: bytes = b"") -> Callable[[Talker], None]:
    return saying(head + b"x" * size)


def hanging_up(talker: Talker) -> None:
    talker.leave()


class Place:
    """A host with up to four doors, and who looks at it."""

    def __init__(self, **says: Says) -> None:
        self.houses: dict[str, House] = {}
        self.listening: list[Any] = []
        numbers = {name: self._open(name, says.get(name)) for name in ("web", "cgminer")}
        third = self._open("whatsminer", says.get("whatsminer"))
        dragon = self._open("dragon", says["dragon"]) if "dragon" in says else numbers["web"]
        self.ports = Ports(numbers["web"], numbers["cgminer"], third, dragon)
        self.http = Http(reactor)
        self.families: tuple[str, ...] = ()
        self.knocks: list[int] = []

    def _open(self, name: str, says: Says) -> int:
        if says is None:
            with socket.socket() as one:
                one.bind((HOST, 0))
                return int(one.getsockname()[1])
        house = self.houses[name] = House(says)
        port = reactor.listenTCP(0, house, 50, HOST)
        self.listening.append(port)
        return int(port.getHost().port)

    def heard(self, name: str) -> list[bytes]:
        """What was said at this door, by connection."""
        return [one.heard for one in self.houses[name].connections]

    async def traces(self, deadline: float = 2.0, **changes: Any) -> Traces:
        wire = Wire(self.http, Lines(reactor), lambda: 9.0, lambda: self.ports, lambda: 0.0)
        knocker = Knocker(reactor)
        knock = knocker.knock

        async def counted(host: str, port: int, deadline: float) -> bool:
            self.knocks.append(port)
            return await knock(host, port, deadline)

        knocker.knock = counted  # type: ignore[method-assign]  # counts, and knocks
        one = Identifier(wire, lambda: knocker, lambda: self.families, lambda: 2.5)
        return await one.traces(HOST, deadline)

    async def close(self) -> None:
        await self.http.close()
        for house in self.houses.values():
            for connection in house.connections:
                if connection not in house.lost:
                    connection.reset()
        for port in self.listening:
            await port.stopListening()


@asynccontextmanager
async def at(*families: str, **says: Says) -> AsyncIterator[Place]:
    place = Place(**says)
    place.families = families
    try:
        yield place
    finally:
        await place.close()


@in_reactor
async def test_a_host_with_nothing_shows_nothing_and_is_done_at_once() -> None:
    async with at() as place:
        began = time.monotonic()
        found = await place.traces()
        assert time.monotonic() - began < 0.5
        assert found == Traces(HOST, frozenset(), place.ports)
        assert place.knocks == [place.ports.whatsminer]


@in_reactor
async def test_a_page_and_a_version_are_kept_with_what_names_their_maker() -> None:
    away = ('WWW-Authenticate: Digest realm="antMiner Configuration", nonce="1"', "Server: l/1")
    async with at(web=page(b"401", "401 No", *away), cgminer=saying(VERSION)) as place:
        found = await place.traces()
        assert found.open == {place.ports.web, place.ports.cgminer}
        assert (found.page_port, found.status, found.page) == (place.ports.web, 401, b"401")
        assert (found.realm, found.server) == ("antMiner Configuration", "l/1")
        assert found.version == recorded("antminer/v2020/version")
        assert found.said == VERSION.rstrip(b"\0")
        assert place.knocks == []
        assert place.heard("cgminer") == [b'{"command":"version"}']


@in_reactor
async def test_a_page_that_sends_elsewhere_is_not_followed() -> None:
    away = "Location: https://127.0.0.1/cgi-bin/luci"
    async with at(web=page(b"", "307 Go", away)) as place:
        found = await place.traces()
        assert (found.status, found.location) == (307, "https://127.0.0.1/cgi-bin/luci")
        assert len(place.heard("web")) == 1


@pytest.mark.parametrize("families", [(), ("avalon",), ("whatsminer",), ("antminer", "avalon")])
@in_reactor
async def test_an_epic_never_gets_json_whoever_is_looked_for(families: tuple[str, ...]) -> None:
    async with at(*families, web=page(EPIC), cgminer=page(b"no")) as place:
        found = await place.traces()
        assert found.page == EPIC
        assert place.heard("cgminer") == []


@pytest.mark.parametrize(
    ("families", "asked"),
    [
        (("dragonmint",), {"web"}),
        (("axeos",), {"web"}),
        (("avalon",), {"web", "cgminer"}),
        (("antminer",), {"web", "cgminer"}),
        (("whatsminer",), {"web", "cgminer", "whatsminer"}),
        ((), {"web", "cgminer", "whatsminer"}),
    ],
)
@in_reactor
async def test_only_those_doors_are_tried_that_somebody_looked_for_may_have(
    families: tuple[str, ...], asked: set[str]
) -> None:
    async with at(*families, web=hanging_up, cgminer=hanging_up, whatsminer=silent) as place:
        await place.traces()
        assert {name for name, house in place.houses.items() if house.connections} == asked


@in_reactor
async def test_a_dragonmints_own_port_is_asked_first_and_the_other_where_it_is_silent() -> None:
    dragon = page(b"<title>DragonMint</title>")
    async with at(web=page(b"other"), dragon=dragon) as place:
        found = await place.traces()
        assert (found.page_port, found.page) == (place.ports.dragon, b"<title>DragonMint</title>")
        assert place.heard("web") == []
    async with at(web=page(b"other"), dragon=None) as place:
        found = await place.traces()
        assert (found.page_port, found.page) == (place.ports.web, b"other")


@pytest.mark.parametrize("deadline", [0.4, 1.0])
@pytest.mark.parametrize("bad", [silent, dripping])
@in_reactor
async def test_who_lets_wait_costs_no_more_than_the_deadline(
    bad: Callable[[Talker], None], deadline: float
) -> None:
    async with at(web=bad, dragon=bad, cgminer=bad, whatsminer=bad) as place:
        began = time.monotonic()
        found = await place.traces(deadline)
        assert time.monotonic() - began < deadline + 0.3
        assert (found.status, found.version, found.said) == (0, {}, b"")
        assert place.heard("cgminer") == [b'{"command":"version"}']


@in_reactor
async def test_a_page_that_hangs_leaves_time_for_the_version() -> None:
    def later(talker: Talker) -> None:
        reactor.callLater(0.15, saying(VERSION), talker)

    async with at(web=silent, cgminer=later) as place:
        found = await place.traces(0.8)
        assert found.version == recorded("antminer/v2020/version")


@in_reactor
async def test_garbage_is_kept_for_people_and_proves_only_that_the_door_is_open() -> None:
    async with at(web=saying(b"\xff\xfe nothing\r\n"), cgminer=saying(b"\x01\x02[]{")) as place:
        found = await place.traces()
        assert found.open >= {place.ports.web, place.ports.cgminer}
        assert (found.status, found.page, found.version) == (0, b"", {})
        assert found.said == b"\x01\x02[]{"
        assert place.knocks == [place.ports.whatsminer]


@in_reactor
async def test_what_cgminer_breaks_is_mended() -> None:
    broken = b'{"VERSION":[{"Type":"Antminer S9",}{"API":"3.1"}],}\0'
    async with at(cgminer=saying(broken)) as place:
        found = await place.traces()
        assert found.version == {"VERSION": [{"Type": "Antminer S9"}, {"API": "3.1"}]}


@in_reactor
async def test_ten_megabytes_are_not_taken() -> None:
    size = 10_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    async with at(web=flooding(size, head), cgminer=flooding(size)) as place:
        began = time.monotonic()
        found = await place.traces()
        assert time.monotonic() - began < 2.0
        assert found.open >= {place.ports.web, place.ports.cgminer}
        assert (found.status, found.page, found.version, found.said) == (0, b"", {}, b"")


@in_reactor
async def test_of_a_long_answer_only_the_beginning_is_kept() -> None:
    whole = b'{"x":"' + b"y" * (VERSION_LIMIT - 20) + b'"}'
    async with at(web=page(b"z" * PAGE_LIMIT), cgminer=saying(whole)) as place:
        found = await place.traces()
        assert len(found.page) == PAGE_LIMIT
        assert found.said == whole[:KEPT]
        assert found.version


@in_reactor
async def test_whatsminers_port_is_knocked_at_only_where_it_may_be_one() -> None:
    btminer = b'{"STATUS":[{"Description":"btminer"}]}'
    async with at(web=page(b"page"), cgminer=saying(btminer), whatsminer=silent) as place:
        assert place.ports.whatsminer in (await place.traces()).open
    async with at(web=page(b"page"), whatsminer=silent) as place:
        assert place.ports.whatsminer not in (await place.traces()).open
        assert place.knocks == []
    async with at(whatsminer=silent) as place:
        assert (await place.traces()).open == {place.ports.whatsminer}
        assert place.heard("whatsminer") == [b""]


@in_reactor
async def test_a_header_is_cut_and_never_breaks_anything() -> None:
    odd = ("WWW-Authenticate: Basic realm=" + "r" * 1000, "Server: " + "\xff" * 1000)
    async with at(web=page(b"", "401 No", *odd)) as place:
        found = await place.traces()
        assert found.realm == "r" * 64
        assert found.server == "\xff" * 256
