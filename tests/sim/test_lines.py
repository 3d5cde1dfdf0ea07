"""One request and one answer per connection, and frames: what a line API of a miner does."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from mother.sim.lines import Answer, Frames, Lines, whole

DONE = Failure(ConnectionDone())


class Wire:
    """A connection in memory; `closed` once either side has ended it."""

    def __init__(self) -> None:
        self.closed = False
        self._written = b""

    def write(self, data: bytes) -> None:
        self._written += data

    def value(self) -> bytes:
        return self._written

    def loseConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.closed = True

    def abortConnection(self) -> None:  # noqa: N802  # Twisted's name
        self.closed = True


def connected(lines: Lines) -> tuple[Any, Wire]:
    """A connection of this listener, open."""
    talk = lines.buildProtocol(None)
    assert talk is not None
    wire = Wire()
    talk.makeConnection(wire)
    return talk, wire


def echo(request: bytes) -> bytes:
    return b"<" + request + b">"


def test_a_json_object_is_answered_and_the_connection_closed() -> None:
    talk, wire = connected(Lines(echo, cast(Any, Clock())))
    talk.dataReceived(b'{"command":"version"}')
    assert wire.value() == b'<{"command":"version"}>'
    assert wire.closed


def test_a_request_in_pieces_is_waited_for() -> None:
    talk, wire = connected(Lines(echo, cast(Any, Clock())))
    talk.dataReceived(b'{"command":{"a":"}')
    assert wire.value() == b""
    talk.dataReceived(b'"}}')
    assert wire.value() == b'<{"command":{"a":"}"}}>'


def test_text_is_a_request_at_once() -> None:
    talk, wire = connected(Lines(echo, cast(Any, Clock()), end=b"\0"))
    talk.dataReceived(b"setpool|0,user,1,two\n")
    assert wire.value() == b"<setpool|0,user,1,two\n>\0"


def test_an_unfinished_request_is_handed_over_after_a_pause() -> None:
    clock = Clock()
    talk, wire = connected(Lines(echo, cast(Any, clock)))
    talk.dataReceived(b'{"command":')
    clock.advance(1.0)
    assert wire.value() == b'<{"command":>'
    assert wire.closed


def test_none_closes_without_a_reply() -> None:
    talk, wire = connected(Lines(lambda _: None, cast(Any, Clock()), end=b"\0"))
    talk.dataReceived(b"softon")
    assert wire.value() == b""
    assert wire.closed


def test_a_deferred_is_answered_when_it_fires() -> None:
    coming: Deferred[Answer] = Deferred()
    talk, wire = connected(Lines(lambda _: coming, cast(Any, Clock())))
    talk.dataReceived(b"stats")
    assert not wire.closed
    coming.callback(b"later")
    assert wire.value() == b"later"
    assert wire.closed


def test_an_answer_that_nobody_waits_for_is_cancelled() -> None:
    cancelled: list[object] = []
    coming: Deferred[Answer] = Deferred(cancelled.append)
    lines = Lines(lambda _: coming, cast(Any, Clock()))
    talk, _ = connected(lines)
    talk.dataReceived(b"stats")
    talk.connectionLost(DONE)
    assert cancelled == [coming]
    assert lines.open == 0


def test_the_delay_comes_before_the_answer() -> None:
    clock = Clock()
    talk, wire = connected(Lines(echo, cast(Any, clock), delay=2.0))
    talk.dataReceived(b"stats")
    clock.advance(1.9)
    assert wire.value() == b""
    clock.advance(0.2)
    assert wire.value() == b"<stats>"


def test_a_silent_connection_is_closed_after_the_idle_time() -> None:
    clock = Clock()
    talk, wire = connected(Lines(echo, cast(Any, clock), idle=10.0))
    clock.advance(9.9)
    assert not wire.closed
    clock.advance(0.2)
    assert wire.closed
    talk.connectionLost(DONE)
    assert clock.getDelayedCalls() == []


def test_a_request_that_hangs_is_no_silence() -> None:
    clock = Clock()
    talk, wire = connected(Lines(lambda _: Deferred(), cast(Any, clock), idle=1.0))
    talk.dataReceived(b"stats")
    clock.advance(60.0)
    assert not wire.closed


def test_a_request_beyond_the_limit_is_cut_off() -> None:
    asked: list[bytes] = []
    talk, wire = connected(Lines(asked.append, cast(Any, Clock()), limit=100))
    talk.dataReceived(b"{" + b"x" * 100)
    talk.dataReceived(b"}")
    assert wire.closed
    assert asked == []


def test_only_so_many_connections_are_served_at_once() -> None:
    lines = Lines(echo, cast(Any, Clock()), most=1)
    talk, _ = connected(lines)
    assert lines.buildProtocol(cast(Any, None)) is None
    talk.connectionLost(DONE)
    assert lines.buildProtocol(cast(Any, None)) is not None


def test_a_peer_that_ends_its_side_still_gets_the_answer() -> None:
    coming: Deferred[Answer] = Deferred()
    talk, wire = connected(Lines(lambda _: coming, cast(Any, Clock())))
    told_of_half: bool = IHalfCloseableProtocol.providedBy(talk)
    talk.dataReceived(b"stats")
    talk.readConnectionLost()
    assert told_of_half
    coming.callback(b"later")
    assert wire.value() == b"later"


class Suspicious(Lines):
    def handle(self, request: bytes, peer: str) -> bytes:
        return peer.encode()


def test_a_subclass_may_know_who_asks() -> None:
    lines = Suspicious(echo, cast(Any, Clock()))
    talk = lines.buildProtocol(_Peer())
    assert isinstance(talk, Protocol)
    wire = Wire()
    talk.makeConnection(cast(Any, wire))
    talk.dataReceived(b"x")
    assert wire.value() == b"127.0.0.9"


class _Peer:
    host = "127.0.0.9"


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "little") + body


def test_frames_are_answered_one_after_the_other_on_one_connection() -> None:
    talk, wire = connected(Frames(echo, cast(Any, Clock())))
    both = frame(b"one") + frame(b"two")
    for at in range(len(both)):
        talk.dataReceived(both[at : at + 1])
    assert wire.value() == frame(b"<one>") + frame(b"<two>")
    assert not wire.closed


def test_thousands_of_frames_at_once_do_no_harm() -> None:
    talk, wire = connected(Frames(echo, cast(Any, Clock())))
    talk.dataReceived(frame(b"") * 10_000)
    assert wire.value() == frame(b"<>") * 10_000


def test_the_second_frame_waits_for_the_first_answer() -> None:
    coming: list[Deferred[Answer]] = []

    def slow(request: bytes) -> Deferred[Answer]:
        coming.append(Deferred())
        return coming[-1]

    talk, wire = connected(Frames(slow, cast(Any, Clock())))
    talk.dataReceived(frame(b"one") + frame(b"two"))
    assert len(coming) == 1
    coming[0].callback(b"1")
    assert len(coming) == 2
    coming[1].callback(b"2")
    assert wire.value() == frame(b"1") + frame(b"2")


def test_a_frame_of_an_absurd_length_ends_the_connection() -> None:
    talk, wire = connected(Frames(echo, cast(Any, Clock())))
    talk.dataReceived(b"\xff\xff\xff\xff")
    assert wire.closed


def test_none_closes_a_framed_connection_too() -> None:
    talk, wire = connected(Frames(lambda _: None, cast(Any, Clock())))
    talk.dataReceived(frame(b"reboot"))
    assert wire.value() == b""
    assert wire.closed


def test_a_silent_framed_connection_is_closed() -> None:
    clock = Clock()
    talk, wire = connected(Frames(echo, cast(Any, clock), idle=10.0))
    talk.dataReceived(frame(b"one"))
    clock.advance(10.1)
    assert wire.closed


@pytest.mark.parametrize(
    ("request_", "complete"),
    [
        (b"", False),
        (b"\r\n", False),
        (b"summary", True),
        (b'{"command":"summary"}', True),
        (b'{"command":"summary"}\0', True),
        (b'{"command":"summary"', False),
        (b'{"parameter":"{"}', True),
        (b'{"parameter":"}', False),
        (b"{broken}", True),
    ],
)
def test_a_request_is_whole_when_its_json_is(request_: bytes, complete: bool) -> None:
    assert whole(request_) is complete
