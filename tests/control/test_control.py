"""The control socket, over a real socket."""

from __future__ import annotations

import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_twisted
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime, IReactorUNIX
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from mother.control.client import Denied, NoDaemon, ask
from mother.control.server import Control
from mother.schedule.sources import NoSuchSignal
from tests.control.desk import Desk

reactor = cast(IReactorUNIX, global_reactor)


async def asked(path: Path, call: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return await deferToThread(ask, path, call, body)


@asynccontextmanager
async def serving(path: Path, desk: Desk) -> AsyncIterator[Path]:
    control = Control(path / "m.sock", desk, reactor)
    control.start()
    try:
        yield path / "m.sock"
    finally:
        await control.stop()


@pytest_twisted.ensureDeferred
async def test_status_and_clear_reach_the_daemon(tmp_path: Path) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        assert (await asked(path, "status"))["networks"] == ["10.1.2.0/24"]
        assert await asked(path, "clear", {"miner": "dragon-1"}) == {
            "text": "dragon-1 is healed again"
        }
        assert desk.asked == [("clear", "dragon-1")]
        with pytest.raises(Denied, match="no miner is called dragon-2"):
            await asked(path, "clear", {"miner": "dragon-2"})
        with pytest.raises(Denied, match="another method"):
            await asked(path, "clear")
        with pytest.raises(Denied, match="no such call"):
            await asked(path, "nothing-like-it")
    assert not path.exists()


BY = {"by": "ann"}
REACHED: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("apply", {"scope": "all", **BY}, ("apply", "all", "ann")),
    ("release", {"scope": "model:T1", **BY}, ("release", "model:T1", "ann")),
    (
        "undo",
        {"target": "last", "preview": True, "despite_hold": True, **BY},
        ("undo", "last", "ann", True, True),
    ),
    (
        "hold",
        {"scope": "all", "seconds": 60, "why": "moving", **BY},
        ("hold", "all", 60.0, "moving", "ann"),
    ),
    (
        "hold",
        {"scope": "all", "seconds": None, "why": "moving", **BY},
        ("hold", "all", None, "moving", "ann"),
    ),
    ("accept", {"miner": "dragon-1", "boards": 2, **BY}, ("accept", "dragon-1", 2, "ann")),
    ("accept", {"miner": "dragon-1", "boards": None, **BY}, ("accept", "dragon-1", None, "ann")),
    ("replace", {"old": "a", "new": "b", **BY}, ("replace", "a", "b", "ann")),
    (
        "order",
        {"miner": "dragon-1", "kind": "reboot", "args": {}, "despite_hold": True, **BY},
        ("order", "dragon-1", "reboot", {}, "ann", True),
    ),
    (
        "order",
        {"miner": "dragon-1", "kind": "set_network", "args": {"dhcp": True}, **BY},
        (
            "order", "dragon-1", "set_network",
            {"dhcp": True, "address": "", "netmask": "", "gateway": "", "dns": []}, "ann", False,
        ),
    ),
    (
        "order",
        {"miner": "dragon-1", "kind": "upgrade", "args": {"url": "https://a/b"}, **BY},
        ("order", "dragon-1", "upgrade", {"url": "https://a/b"}, "ann", False),
    ),
    ("resume", {"order": "all", **BY}, ("resume", "all", "ann")),
    ("curtailment", {"order": "dr-7"}, ("curtailment", "dr-7")),
    ("signal", {"name": "price", "value": -3, **BY}, ("signal", "price", -3.0, None, "ann")),
    (
        "signal",
        {"name": "price", "value": 3.5, "at": 1_700_000_000, **BY},
        ("signal", "price", 3.5, 1_700_000_000.0, "ann"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "body", "noted"), REACHED)
@pytest_twisted.ensureDeferred
async def test_every_call_reaches_the_desk_as_it_was_meant(
    tmp_path: Path, call: str, body: dict[str, Any], noted: tuple[Any, ...]
) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        await asked(path, call, body)
    assert desk.asked == [noted]


LASTING = [
    ("resume", {"order": "all", **BY}, "all is ended."),
    ("hold", {"scope": "all", "why": "moving", **BY}, "all is held."),
    ("release", {"scope": "all", **BY}, "all is released."),
    ("clear", {"miner": "dragon-1"}, "dragon-1 is healed again"),
    ("accept", {"miner": "dragon-1", "boards": 2, **BY}, ""),
    ("replace", {"old": "dragon-1", "new": "dragon-2", **BY}, ""),
]


@pytest.mark.parametrize(("call", "body", "said"), LASTING)
@pytest_twisted.ensureDeferred
async def test_what_will_not_outlast_the_daemon_is_said_with_the_answer(
    tmp_path: Path, call: str, body: dict[str, Any], said: str
) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        before = (await asked(path, call, body))["text"]
        desk.trouble = "state.json cannot be written: the disk is full"
        after = (await asked(path, call, body))["text"]
    assert before.startswith(said)
    assert "until mother ends" not in before
    assert after == f"{before} It lasts only until mother ends: {desk.trouble}."


@pytest_twisted.ensureDeferred
async def test_plan_and_progress_are_read(tmp_path: Path) -> None:
    async with serving(tmp_path, Desk()) as path:
        assert (await asked(path, "plan"))["items"] == []
        assert (await asked(path, "progress"))["settled"] is True


ORDER = {"miner": "dragon-1", "by": "ann"}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("clear", {}, "miner: missing"),
    ("clear", {"miner": 7}, "miner: expected `str`, got `int`"),
    ("clear", {"miner": ""}, "miner: expected `str` of length >= 1"),
    ("clear", {"miner": "a", "more": 1}, "more: unknown"),
    ("hold", {"scope": "all", "seconds": -1, "why": "x", **BY}, "seconds: expected `float` > 0"),
    ("hold", {"scope": "all", "seconds": "4h", "why": "x", **BY}, "seconds: expected `float | nul"),
    ("hold", {"scope": "all", **BY}, "why: missing"),
    ("undo", {"target": "last", **BY}, "preview: missing"),
    ("curtail", {**BY}, "must name one of to (W), share (0.2 is 20 %) and all (true)"),
    ("curtail", {"to": 1, "all": True, **BY}, "must name one of to (W)"),
    ("curtail", {"to": 0, **BY}, "to: expected `float` > 0"),
    ("curtail", {"share": 1, **BY}, "share: expected `float` < 1"),
    ("curtail", {"share": 0.2, "seconds": 0, **BY}, "seconds: expected `float` > 0"),
    ("curtail", {"all": True}, "by: missing"),
    ("signal", {"name": "price", "value": "high", **BY}, "value: expected `float`, got `str`"),
    ("signal", {"name": "price", "value": 1e16, **BY}, "value: expected `float` <= 1000000000000"),
    ("accept", {"miner": "a", **BY}, "boards: missing"),
    ("accept", {"miner": "a", "boards": 0, **BY}, "boards: expected `int` >= 1"),
    ("order", {**ORDER, "kind": "explode"}, "kind: explode is no order by hand; there are reboot"),
    ("order", {**ORDER, "kind": "dance"}, "kind: dance is no order by hand"),
    ("order", {**ORDER, "kind": "reboot", "args": {"now": 1}}, "args.now: unknown"),
    ("order", {**ORDER, "kind": "locate", "args": {"on": "yes"}}, "args.on: expected `bool`"),
    ("order", {**ORDER, "kind": "set_network", "args": {"dhcp": False, "dns": [1, 2]}},
     "args.dns[0]: expected `str`"),
    ("order", {**ORDER, "kind": "upgrade", "args": {}}, "args: must be path and sha256, or url"),
    ("order", {**ORDER, "kind": "upgrade", "args": {"path": "/f", "sha256": "12"}},
     "args.sha256: expected"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "body", "line"), REFUSED)
@pytest_twisted.ensureDeferred
async def test_a_field_that_is_missing_or_of_another_shape_is_named_in_one_line(
    tmp_path: Path, call: str, body: dict[str, Any], line: str
) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        with pytest.raises(Denied) as denied:
            await asked(path, call, body)
    assert str(denied.value).startswith(line)
    assert "\n" not in str(denied.value)
    assert denied.value.status == 400
    assert desk.asked == []


@pytest_twisted.ensureDeferred
async def test_a_refused_password_is_told_to_nobody(tmp_path: Path) -> None:
    args = {"username": "admin", "password": "hush-hush" * 100}
    async with serving(tmp_path, Desk()) as path:
        with pytest.raises(Denied) as denied:
            await asked(path, "order", {**ORDER, "kind": "set_password", "args": args})
    assert str(denied.value).startswith("args.password: ")
    assert "hush" not in str(denied.value)


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (LookupError("why"), 404),
        (NoSuchSignal("why"), 404),
        (ValueError("why"), 400),
        (PermissionError("why"), 403),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_refusal_is_a_sentence_and_its_kind(
    tmp_path: Path, refusal: Exception, status: int
) -> None:
    desk = Desk()
    desk.refusal = refusal
    async with serving(tmp_path, desk) as path:
        for call, body in (
            ("apply", {"scope": "all", **BY}),
            ("order", {**ORDER, "kind": "reboot"}),
        ):
            with pytest.raises(Denied) as denied:
                await asked(path, call, body)
            assert (str(denied.value), denied.value.status) == ("why", status)


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("secret detail"),
        KeyError("secret"),
        IndexError("secret"),
        PermissionError(13, "secret"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_failing_command_tells_no_details(tmp_path: Path, fault: Exception) -> None:
    desk = Desk()
    desk.refusal = fault
    async with serving(tmp_path, desk) as path:
        with pytest.raises(Denied, match="its log says why") as denied:
            await asked(path, "clear", {"miner": "dragon-1"})
    assert denied.value.status == 500


@pytest_twisted.ensureDeferred
async def test_what_is_given_up_by_a_daemon_that_ends_is_said_so(tmp_path: Path) -> None:
    desk = Desk()
    desk.refusal = CancelledError()
    async with serving(tmp_path, desk) as path:
        with pytest.raises(Denied, match="gave that up"):
            await asked(path, "order", {**ORDER, "kind": "reboot"})


def sent(path: Path, text: bytes) -> bytes:
    """The answer to raw bytes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(text)
        return client.recv(65536)


def post(body: bytes) -> bytes:
    head = b"POST /v1/clear HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"", b"the body must be a JSON object"),
        (b"miner=dragon-1", b"the body must be a JSON object"),
        (b"[]", b"expected `object`, got `array`"),
        (b'"' + b"x" * 70_000 + b'"', b"the body is longer than 65536 bytes"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_body_that_is_no_small_json_object_is_refused(
    tmp_path: Path, body: bytes, line: bytes
) -> None:
    desk = Desk()
    async with serving(tmp_path, desk) as path:
        answer = await deferToThread(sent, path, post(body))
    assert line in answer
    assert desk.asked == []


class Slow(Desk):
    """An order here takes until the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: Deferred[None] = Deferred()
        self.go_on: Deferred[None] = Deferred()
        self.finished: Deferred[None] = Deferred()

    async def order(self, *what: Any) -> Mapping[str, Any]:
        self.begun.callback(None)
        await self.go_on
        self.finished.callback(None)
        return self.result


@pytest_twisted.ensureDeferred
async def test_who_hangs_up_cancels_nothing_and_costs_no_traceback(tmp_path: Path) -> None:
    desk, client = Slow(), socket.socket(socket.AF_UNIX)
    seen: list[LogEvent] = []
    observer = cast(ILogObserver, seen.append)
    globalLogPublisher.addObserver(observer)
    try:
        async with serving(tmp_path, desk) as path:
            client.connect(str(path))
            body = b'{"miner": "dragon-1", "kind": "reboot", "by": "ann"}'
            client.sendall(post(body).replace(b"clear", b"order"))
            await desk.begun
            client.close()
            await deferLater(cast(IReactorTime, reactor), 0.05)
            desk.go_on.callback(None)
            await desk.finished
            assert (await asked(path, "status"))["version"] == "1"
    finally:
        globalLogPublisher.removeObserver(observer)
    assert [event for event in seen if "log_failure" in event] == []


@pytest_twisted.ensureDeferred
async def test_who_has_no_more_patience_is_told_for_how_long_it_was(tmp_path: Path) -> None:
    desk = Slow()
    async with serving(tmp_path, desk) as path:
        with pytest.raises(NoDaemon, match="has not answered for"):
            await deferToThread(ask, path, "order", {**ORDER, "kind": "reboot"}, 0.2)
        desk.go_on.callback(None)
        await desk.finished


@pytest_twisted.ensureDeferred
async def test_only_the_user_of_the_daemon_may_use_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "m.sock"
    control = Control(path, Desk(), reactor)
    control.start()
    try:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        await control.stop()


@pytest_twisted.ensureDeferred
async def test_a_socket_left_by_a_killed_daemon_is_replaced_but_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "m.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    first, second = Control(path, Desk(), reactor), Control(path, Desk(), reactor)
    first.start()
    second.start()
    await second.stop()
    try:
        assert (await asked(path, "status"))["version"] == "1"
    finally:
        await first.stop()


@pytest_twisted.ensureDeferred
async def test_a_hundred_commands_at_once_find_a_busy_daemon(tmp_path: Path) -> None:
    async with serving(tmp_path, Desk()) as path:
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(100)]
        for one in waiting:
            one.setblocking(False)  # BlockingIOError where there is no room
            one.connect(str(path))
        for one in waiting:
            one.close()


@pytest_twisted.ensureDeferred
async def test_a_file_in_the_way_is_kept_and_the_daemon_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "m.sock"
    path.write_text("precious")
    control = Control(path, Desk(), reactor)
    control.start()
    await control.stop()
    assert path.read_text() == "precious"


def test_without_a_daemon_it_is_said_where_one_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match=r"no daemon listens on .*m\.sock"):
        ask(tmp_path / "m.sock", "status")
