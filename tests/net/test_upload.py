"""Uploads: a file in pieces, and the ways in which a device may not take it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.web.http_headers import Headers

from mother.core.clock import sleep
from mother.core.errors import Garbled, Unreachable
from mother.core.model import Address
from mother.net.http import Answer, CutOff, FilePart, Http
from mother.net.upload import PIECE, Pieces
from tests.net.hosts import OK, deaf
from tests.net.receivers import Device, Line, device, once, when_whole
from tests.net.turning import in_reactor, reactor, until

BIG = 30 * 1024 * 1024
"""More than the kernel holds for a connection that nobody reads."""


def part_of(content: bytes, size: int | None = None, digest: str = "") -> FilePart:
    sha256 = digest or hashlib.sha256(content).hexdigest()
    return FilePart("upfile", "a.swu", BytesIO(content), size or len(content), sha256)


@pytest.fixture
def big(tmp_path: Path) -> Iterator[FilePart]:
    """A file of 30 MB, mostly holes."""
    with (tmp_path / "big").open("w+b") as file:
        file.truncate(BIG)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        yield FilePart("upfile", "a.swu", file, BIG, digest)


def send(http: Http, address: Address, part: FilePart, idle: float = 5.0) -> Deferred[Answer]:
    return http.upload(address, "/upload", part, idle=idle)


# the pieces


class Consumer:
    """Takes one piece, then has no room until it is asked to make some."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.producer: Any = None

    def write(self, data: bytes) -> None:
        self.taken.append(len(data))
        self.producer.pauseProducing()


def test_a_file_of_thirty_megabytes_is_never_in_memory_as_a_whole(big: FilePart) -> None:
    read: list[int] = []

    class Counted:
        def read(self, size: int) -> bytes:
            read.append(size)
            return big.file.read(size)

    clock, consumer = Clock(), Consumer()
    file: Any = Counted()
    pieces = Pieces(FilePart(big.field, big.name, file, big.size, big.sha256), clock)
    consumer.producer = pieces
    done = pieces.startProducing(consumer)  # type: ignore[arg-type]  # it takes pieces
    rounds = 0
    while not done.called:
        clock.advance(1.0)
        rounds += 1
        assert len(consumer.taken) <= rounds, "a piece came though there was no room"
        pieces.resumeProducing()
    assert max(read) <= PIECE
    assert max(consumer.taken) <= PIECE
    assert sum(consumer.taken) == pieces.length
    assert pieces.whole
    assert not clock.getDelayedCalls()


def test_a_turn_that_finds_no_room_any_more_reads_nothing() -> None:
    clock, consumer = Clock(), Consumer()
    pieces = Pieces(part_of(b"x"), clock)
    consumer.producer = pieces
    done = pieces.startProducing(consumer)  # type: ignore[arg-type]  # it takes pieces
    pieces.pauseProducing()
    clock.advance(0)
    assert consumer.taken == []
    for _ in range(4):
        pieces.resumeProducing()
        clock.advance(0)
    assert done.called


def test_a_stopped_producer_reads_no_more() -> None:
    clock, consumer = Clock(), Consumer()
    pieces = Pieces(part_of(b"x" * PIECE * 9), clock)
    consumer.producer = pieces
    pieces.startProducing(consumer)  # type: ignore[arg-type]  # it takes pieces
    clock.advance(0)
    pieces.resumeProducing()
    pieces.stopProducing()
    pieces.resumeProducing()
    clock.advance(0)
    assert len(consumer.taken) == 1
    assert not clock.getDelayedCalls()


# what is sent


@in_reactor
async def test_the_body_is_a_form_of_one_file(tmp_path: Path) -> None:
    content = b"\0\r\n--mother-\r\n" * 5000
    part = part_of(content)
    async with device(when_whole(lambda one: one.say(OK))) as (devices, http, address):
        headers = Headers({b"authorization": [b"Bearer x"]})
        answer = await http.upload(address, "/upload", part, headers=headers, idle=5.0)
    assert (answer.status, answer.body) == (200, b"hi")
    one = devices.connections[0]
    body = part.head + content + part.tail
    assert one.seen.hexdigest() == hashlib.sha256(body).hexdigest()
    assert one.head.startswith(b"POST /upload HTTP/1.1\r\n")
    assert b"\r\nContent-Type: " + part.content_type + b"\r\n" in one.head
    assert b"\r\nAuthorization: Bearer x\r\n" in one.head
    assert not headers.hasHeader("content-type")


@in_reactor
async def test_a_big_file_arrives_whole(big: FilePart) -> None:
    async with device(when_whole(lambda one: one.say(OK))) as (devices, http, address):
        answer = await send(http, address, big)
        assert answer.status == 200
        assert devices.connections[0].body == BIG + len(big.head) + len(big.tail)
        assert devices.connections[0].tail.endswith(big.tail)
        await until(lambda: devices.connections[0].lost)


# the idle deadline


@in_reactor
async def test_an_upload_that_is_read_no_further_ends_by_the_idle_deadline(big: FilePart) -> None:
    async with device(Device.stop_reading) as (devices, http, address):
        with pytest.raises(Unreachable, match=r"nothing moved for 0\.2 s") as caught:
            await send(http, address, big, idle=0.2)
        assert not isinstance(caught.value, CutOff), "it cannot have taken half a file"
        assert big.file.tell() < BIG
    assert len(devices.connections) == 1


@in_reactor
async def test_an_upload_that_is_not_answered_ends_by_the_idle_deadline() -> None:
    async with device(lambda one: None) as (devices, http, address):
        with pytest.raises(CutOff, match=r"nothing moved for 0\.1 s"):
            await send(http, address, part_of(b"x" * 1000), idle=0.1)
        await until(lambda: devices.connections[0].lost)
        assert devices.connections[0].whole


def begin(part: FilePart, idle: float) -> tuple[MemoryReactorClock, Line, list[Any]]:
    """An upload in memory: its clock, its connection, and what will be its outcome."""
    memory = MemoryReactorClock()
    outcome: list[Any] = []
    sending = send(Http(memory), Address("192.0.2.1", 80), part, idle)
    sending.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
    line = Line(memory)
    memory.advance(0)
    return memory, line, outcome


def test_an_upload_that_moves_on_and_on_outlives_its_idle_deadline() -> None:
    memory, line, outcome = begin(part_of(b"x" * PIECE * 20), idle=10.0)
    while line.room():
        memory.advance(9.0)
        assert not outcome
    for byte in OK:
        memory.advance(9.0)
        line.protocol.dataReceived(bytes((byte,)))
    assert [one.body for one in outcome] == [b"hi"]
    assert memory.seconds() > 200.0


@pytest.mark.parametrize("pieces", [0, 3])
def test_an_upload_that_stands_still_ends_after_just_the_idle_deadline(pieces: int) -> None:
    memory, line, outcome = begin(part_of(b"x" * PIECE * 20), idle=10.0)
    memory.advance(4.0)
    for _ in range(pieces):
        line.room()
        memory.advance(8.0)
    memory.advance(1.9 if pieces else 5.9)
    assert not outcome
    memory.advance(0.2)
    assert [type(one) for one in outcome] == [Unreachable]
    assert not memory.getDelayedCalls()


# what can go wrong


@in_reactor
async def test_cut_off_in_the_middle_it_was_not_taken(big: FilePart) -> None:
    async with device(Device.cut) as (devices, http, address):
        with pytest.raises(Unreachable) as caught:
            await send(http, address, big)
        assert not isinstance(caught.value, CutOff)
    assert len(devices.connections) == 1, "a write is never repeated"


@in_reactor
async def test_cut_off_after_the_whole_file_it_may_have_been_taken() -> None:
    async with device(when_whole(Device.cut)) as (devices, http, address):
        with pytest.raises(CutOff):
            await send(http, address, part_of(b"x" * 1000))
    assert len(devices.connections) == 1


NO = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"


@in_reactor
async def test_a_no_in_the_middle_of_the_upload_ends_it(big: FilePart) -> None:
    async with device(once(NO)) as (_, http, address):
        assert (await send(http, address, big)).status == 401
        stopped = big.file.tell()
        await sleep(reactor, 0.05)
        assert big.file.tell() == stopped < BIG, "it goes on though nobody wants it"


def test_a_no_in_the_middle_does_not_wait_for_a_device_that_reads_no_further() -> None:
    memory, line, outcome = begin(part_of(b"x" * PIECE * 20), idle=10.0)
    line.room()
    line.protocol.dataReceived(NO)
    assert [one.status for one in outcome] == [401]
    assert line.aborted
    memory.advance(0)
    assert not memory.getDelayedCalls()


@pytest.mark.parametrize("said", [OK, b"SSH-2.0-OpenSSH_9.2\r\n"], ids=["yes", "no HTTP"])
@in_reactor
async def test_a_yes_or_nonsense_before_the_whole_file_was_sent_is_garbled(
    big: FilePart, said: bytes
) -> None:
    async with device(once(said)) as (_, http, address):
        with pytest.raises(Garbled):
            await send(http, address, big, idle=2.0)


@in_reactor
async def test_nobody_there_is_unreachable() -> None:
    async with device(Device.cut) as (_, http, address):
        pass
    with pytest.raises(Unreachable) as caught:
        await send(http, address, part_of(b"x"))
    assert not isinstance(caught.value, CutOff)


@in_reactor
async def test_a_deadline_while_connecting_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        async with deaf() as address:
            await send(Http(reactor), address, part_of(b"x"), idle=0.1)
    assert not isinstance(caught.value, CutOff)


class Failing(BytesIO):
    """A disk that breaks in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > PIECE:
            raise OSError(5, "Input/output error")
        return super().read(size)


def failing() -> FilePart:
    file: BinaryIO = Failing(b"x" * PIECE * 5)
    return FilePart("upfile", "a.swu", file, PIECE * 5, "0" * 64)


SPOILED: dict[str, tuple[Callable[[], FilePart], type[Exception]]] = {
    "shorter": (lambda: part_of(b"x" * 99_000, size=100_000), ValueError),
    "another": (lambda: part_of(b"x" * 99_000, digest="0" * 64), ValueError),
    "a broken disk": (failing, OSError),
}


@pytest.mark.parametrize("what", SPOILED)
@in_reactor
async def test_a_spoiled_file_never_arrives_whole(what: str) -> None:
    make, error = SPOILED[what]
    async with device(when_whole(lambda one: one.say(OK))) as (devices, http, address):
        with pytest.raises(error):
            await send(http, address, make())
        await until(lambda: devices.connections[0].lost)
    assert not devices.connections[0].whole


@pytest.mark.parametrize("got", [Device.stop_reading, lambda one: None], ids=["middle", "end"])
@in_reactor
async def test_cancelling_closes_the_connection_and_reads_no_more(
    big: FilePart, got: Callable[[Device], None]
) -> None:
    async with device(got) as (devices, http, address):
        sending = send(http, address, big)
        await until(lambda: devices.connections and devices.connections[0].body)
        await sleep(reactor, 0.05)
        sending.cancel()
        with pytest.raises(CancelledError):
            await sending
        stopped = big.file.tell()
        big.file.close()
        await sleep(reactor, 0.02)
        assert stopped


def test_a_cancelled_upload_reads_no_more() -> None:
    memory, part = MemoryReactorClock(), part_of(b"x" * PIECE * 20)
    sending = send(Http(memory), Address("192.0.2.1", 80), part)
    line = Line(memory)
    memory.advance(0)
    line.room()
    line.producer.resumeProducing()
    sending.addErrback(lambda failure: failure.trap(CancelledError))
    sending.cancel()
    memory.advance(0)
    assert part.file.tell() == PIECE
    assert not memory.getDelayedCalls()


def test_nothing_is_left_on_the_clock_by_a_cancelled_upload() -> None:
    memory = MemoryReactorClock()
    sending = send(Http(memory), Address("192.0.2.1", 80), part_of(b"x"))
    sending.addErrback(lambda failure: failure.trap(CancelledError))
    sending.cancel()
    assert not memory.getDelayedCalls()
