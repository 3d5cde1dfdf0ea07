"""The listener and its visitors: those that hang, flood or leave cost themselves."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent, eventAsText
from twisted.web.http import Request

from mother.core.clock import sleep
from mother.web import listen
from mother.web.listen import AGAIN, MOST_BODY, VISITORS, Web
from mother.web.pages import Answer, Page
from tests.net.turning import in_reactor, reactor, until

from .visiting import serving, web_of

LOTS = 64 * 1024 * 1024


def said(logged: list[LogEvent], words: str) -> list[str]:
    """The lines of the log with these words."""
    lines = [eventAsText(one, includeTimestamp=False, includeSystem=False) for one in logged]
    return [line for line in lines if words in line]


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def is_cut(talk: socket.socket) -> bool:
    """Whether the other side has hung up by now."""
    talk.settimeout(0.01)
    try:
        return talk.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def large(shown: dict[bytes, Page]) -> None:
    pieces = (b"x" * 65536,) * (LOTS // 65536)
    shown[b"/large"] = lambda request: Answer(200, "text/plain", pieces)


@in_reactor
async def test_a_port_that_is_taken_is_told_once_and_tried_again_until_it_is_free(
    logged: list[LogEvent],
) -> None:
    clock = Clock()
    async with serving() as served:
        late = web_of({}, served.port, clock)
        await late.start()
        clock.advance(AGAIN)
        clock.advance(AGAIN)
        (line,) = said(logged, "metrics_listen")
        assert "Address already in use" in line
        assert "name another" in line
        assert late.port is None
    clock.advance(AGAIN)
    assert late.port is not None
    await late.stop()


@in_reactor
async def test_one_that_waits_for_its_port_can_be_stopped(logged: list[LogEvent]) -> None:
    clock = Clock()
    async with serving() as served:
        late = web_of({}, served.port, clock)
        await late.start()
        await late.stop()
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("socket_", ["index=0", "name=metrics"])
@in_reactor
async def test_a_socket_that_systemd_did_not_pass_is_told_in_one_line(
    socket_: str, logged: list[LogEvent]
) -> None:
    web = Web(f"systemd:domain=INET:{socket_}", {}, reactor)
    await web.start()
    await web.stop()
    (line,) = said(logged, "metrics_listen")
    assert "systemd has passed no such socket" in line


@in_reactor
async def test_a_unix_socket_will_do(tmp_path: Path) -> None:
    web = Web(f"unix:{tmp_path / 's'}:mode=600", {}, reactor)
    await web.start()
    assert (tmp_path / "s").is_socket()
    await web.stop()
    assert not (tmp_path / "s").exists()


@in_reactor
async def test_a_unix_socket_of_one_that_was_killed_is_replaced_and_a_living_one_is_not(
    tmp_path: Path, logged: list[LogEvent]
) -> None:
    path, lock = tmp_path / "s", tmp_path / "s.lock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    lock.symlink_to("1")  # its process id is another's by now, as in a container it always is
    web = Web(f"unix:{path}", {}, reactor)
    await web.start()
    second = Web(f"unix:address={path}", {}, reactor)
    await second.start()
    await second.stop()
    assert said(logged, "cannot be listened on")
    assert path.is_socket()
    await web.stop()
    assert not path.exists()


@in_reactor
async def test_a_file_where_the_unix_socket_shall_be_is_left_alone(
    tmp_path: Path, logged: list[LogEvent]
) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    web = Web(f"unix:{path}", {}, reactor)
    await web.start()
    await web.stop()
    assert said(logged, "cannot be listened on")
    assert path.read_text() == "precious"


@in_reactor
async def test_it_stops_within_a_second_whoever_still_hangs_on() -> None:
    async with serving(large) as served:
        silent, slow = connected(served.port), connected(served.port)
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await sleep(reactor, 0.1)
        port, began = served.port, time.monotonic()
        await served.web.stop()
        assert time.monotonic() - began < 1
        await until(lambda: is_cut(silent))
        with pytest.raises(ConnectionRefusedError):
            connected(port)
        silent.close()
        slow.close()


@in_reactor
async def test_who_asks_while_it_stops_is_cut_and_nothing_is_logged_as_unhandled(
    logged: list[dict[str, Any]],
) -> None:
    waiting: Deferred[Answer] = Deferred()
    async with serving(
        lambda shown: shown.update({b"/metrics": lambda request: waiting})
    ) as served:
        talk = connected(served.port)
        talk.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await sleep(reactor, 0.05)
    await until(lambda: is_cut(talk))
    waiting.callback(Answer(200, "text/plain", (b"late",)))
    talk.close()
    assert [event for event in logged if event.get("log_failure")] == []


@in_reactor
async def test_a_client_that_never_asks_is_cut_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "WAIT", 0.2)
    async with serving() as served:
        silent, dripping = connected(served.port), connected(served.port)
        for sign in b"GET /metr":
            if is_cut(dripping):
                break
            dripping.sendall(bytes([sign]))
            await sleep(reactor, 0.05)
        else:
            raise AssertionError("who drips lives on")
        await until(lambda: is_cut(silent))
        silent.close()
        dripping.close()


@in_reactor
async def test_a_client_that_does_not_take_its_answer_is_cut_and_does_not_fill_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listen, "ANSWER", 0.3)
    async with serving(large) as served:
        slow = connected(served.port)
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await sleep(reactor, 0.1)
        (visit,) = served.web._door.protocols
        held = len(visit.transport.dataBuffer) + visit.transport._tempDataLen
        assert held < LOTS / 50
        await until(lambda: not served.web._door.protocols)
        slow.close()


@in_reactor
async def test_a_client_that_takes_its_answer_gets_all_of_it() -> None:
    async with serving(large) as served:
        reply = await served.get("/large")
        assert len(reply.body) == LOTS


@in_reactor
async def test_one_connection_may_ask_again_and_again() -> None:
    async with serving() as served:
        ask = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        reply = await served.ask(ask * 3 + last)
        assert reply.body.count(b"200 OK") == 3


@in_reactor
async def test_one_visitor_too_many_takes_the_place_of_the_oldest_that_asks_nothing() -> None:
    async with serving() as served:
        idle = [connected(served.port) for _ in range(VISITORS)]
        await until(lambda: len(served.web._door.protocols) == VISITORS)
        assert (await served.get("/healthz")).code == 200
        await until(lambda: is_cut(idle[0]))
        assert not is_cut(idle[1])
        assert len(served.web._door.protocols) < VISITORS
        for one in idle:
            one.close()


@in_reactor
async def test_while_all_places_are_being_answered_one_more_is_refused() -> None:
    waiting: list[Deferred[Answer]] = []

    def slow(request: Request) -> Deferred[Answer]:
        waiting.append(Deferred())
        return waiting[-1]

    async with serving(lambda shown: shown.update({b"/slow": slow})) as served:
        busy = [connected(served.port) for _ in range(VISITORS)]
        for one in busy:
            one.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: len(waiting) == VISITORS)
        more = connected(served.port)
        await until(lambda: is_cut(more))
        waiting[3].callback(Answer(200, "text/plain", (b"at last",)))
        assert b"at last" in await deferToThread(busy[3].recv, 4096)
        assert (await served.get("/healthz")).code == 200
        for one in (*busy, more):
            one.close()


@pytest.mark.parametrize(
    "length", [f"Content-Length: {8 * MOST_BODY}", "Transfer-Encoding: chunked"]
)
@in_reactor
async def test_a_body_without_end_is_not_kept_and_the_connection_is_cut(length: str) -> None:
    async with serving() as served:
        talk = connected(served.port)
        talk.sendall(f"POST /metrics HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        part = b"x" * 65536 if "Length" in length else b"10000\r\n" + b"x" * 65536 + b"\r\n"

        def pour() -> str:
            try:
                for _ in range(64):
                    talk.sendall(part)
                    time.sleep(0.01)
            except OSError:
                return "cut"
            return "taken"

        assert await deferToThread(pour) == "cut"
        talk.close()
