"""The control socket, over a real socket."""

from __future__ import annotations

import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_twisted
from twisted.internet import reactor as global_reactor
from twisted.internet.interfaces import IReactorUNIX
from twisted.internet.threads import deferToThread

from mother.control.client import Denied, NoDaemon, ask
from mother.control.server import Control

reactor = cast(IReactorUNIX, global_reactor)


class Desk:
    def __init__(self) -> None:
        self.cleared: list[str] = []

    def status(self) -> Mapping[str, Any]:
        return {"miners": 3}

    def clear(self, miner: str) -> str:
        if miner == "broken":
            raise ValueError("secret detail")
        if miner != "dragon-1":
            raise LookupError(f"no miner is called {miner}")
        self.cleared.append(miner)
        return "dragon-1 is healed again"


async def asked(path: Path, call: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    return await deferToThread(ask, path, call, form)


@pytest_twisted.ensureDeferred
async def test_status_and_clear_reach_the_daemon(tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "m.sock"
    control = Control(path, desk, reactor)
    control.start()
    try:
        assert await asked(path, "status") == {"miners": 3}
        assert await asked(path, "clear", {"miner": "dragon-1"}) == {
            "text": "dragon-1 is healed again"
        }
        assert desk.cleared == ["dragon-1"]
        with pytest.raises(Denied, match="no miner is called dragon-2"):
            await asked(path, "clear", {"miner": "dragon-2"})
        with pytest.raises(Denied, match="name a miner"):
            await asked(path, "clear", {})
        with pytest.raises(Denied, match="another method"):
            await asked(path, "clear")
        with pytest.raises(Denied, match="no such call"):
            await asked(path, "nothing-like-it")
    finally:
        await control.stop()
    assert not path.exists()


@pytest_twisted.ensureDeferred
async def test_a_failing_command_tells_no_details(tmp_path: Path) -> None:
    path = tmp_path / "m.sock"
    control = Control(path, Desk(), reactor)
    control.start()
    try:
        with pytest.raises(Denied, match="its log says why"):
            await asked(path, "clear", {"miner": "broken"})
    finally:
        await control.stop()


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
        assert await asked(path, "status") == {"miners": 3}
    finally:
        await first.stop()


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
